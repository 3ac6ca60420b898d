"""A contract type for `.importlinter`: a module that only certain packages may import.

Owns: the contract type `only`. Unlike import-linter's own `protected`, it accepts names that do not
exist yet, and one rule covers the `store` of every slice, those to come included.
Leaves to others: the rules themselves (`.importlinter`).
"""

from typing import Any, cast

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output


def _is_inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


class OnlyContract(Contract):
    """Each of `modules` is directly imported by `importers` only, and by itself.

    Options: `modules`, where `*` stands for one part of a name, and third-party packages count by
    their first part; `importers`, packages; without them, the package that the module stands in.
    """

    type_name = "only"

    modules = fields.ListField(subfield=fields.StringField())
    importers = fields.ListField(subfield=fields.StringField(), required=False)

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Every import of a module by a package that may not."""
        illegal = [
            (importer, module)
            for expression in cast(Any, self.modules)
            for named in _matching(graph, expression)
            for module in _with_descendants(graph, named)
            for importer in graph.find_modules_that_directly_import(module)
            if not any(_is_inside(importer, package) for package in self._allowed(named))
        ]
        lines = [
            f"{importer} -> {module} (l.{detail['line_number']})"
            for importer, module in sorted(illegal)
            for detail in graph.get_import_details(importer=importer, imported=module)
        ]
        return ContractCheck(kept=not illegal, metadata={"lines": lines})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """One line for each import that is not allowed."""
        for line in check.metadata["lines"]:
            output.print_error(f"- {line}", bold=False)
        output.new_line()

    def _allowed(self, module: str) -> list[str]:
        importers = cast(list[str] | None, self.importers)
        return [module, *(importers or [module.rpartition(".")[0]])]


def _matching(graph: ImportGraph, expression: str) -> set[str]:
    return (
        set(graph.find_matching_modules(expression))
        if "*" in expression
        else {expression} & graph.modules
    )


def _with_descendants(graph: ImportGraph, module: str) -> set[str]:
    inside = set() if graph.is_module_squashed(module) else graph.find_descendants(module)
    return {module} | inside
