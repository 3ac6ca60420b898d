"""Every operation that the product has, found by looking into every module."""

import importlib
import inspect
import pkgutil
from functools import cache

import genkan
from genkan.core.call import Operation


@cache
def operations() -> dict[str, Operation]:
    """The operations by `module.Name` of what they run, each once."""
    found: dict[str, Operation] = {}
    for module in pkgutil.walk_packages(genkan.__path__, "genkan."):
        for value in vars(importlib.import_module(module.name)).values():
            for one in value if isinstance(value, tuple) else (value,):
                if isinstance(one, Operation):
                    found[f"{one.run.__module__.removeprefix('genkan.')}.{one.name}"] = one
    return dict(sorted(found.items()))


def parameters(operation: Operation) -> frozenset[str]:
    """What `run` takes besides its transaction."""
    return frozenset(list(inspect.signature(operation.run).parameters)[1:])
