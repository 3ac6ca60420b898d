"""AWS service models: what each operation takes, answers and refuses.

Owns reading `models/<service>.json` (written by scripts/refresh_models.py). A model is read when
its service is first asked for, and nothing is compiled here: walkers and encoders are made from
these records by `walker`, `encoder` and `query`, per operation, when first used. Everything is
immutable after loading.
"""

from functools import cache, cached_property
from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

Protocol: TypeAlias = Literal["json", "rest-json", "query"]

SERVICES = (
    "sso-admin",
    "identitystore",
    "organizations",
    "cloudtrail",
    "sts",
    "iam",
    "sso",
    "sso-oidc",
)


class Member(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """A place that a shape is used in. `location` is None for the body."""

    shape: str
    location: Literal["header", "querystring"] | None = None
    location_name: str | None = None


class ErrorTrait(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """How an error shape shows on the wire: its code if not the shape's name, its status."""

    http_status_code: int = 400
    code: str | None = None
    sender_fault: bool = False


class Shape(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A type of the model with its constraints. `sensitive` values are never echoed."""

    type: Literal[
        "structure",
        "list",
        "map",
        "string",
        "integer",
        "long",
        "float",
        "double",
        "boolean",
        "timestamp",
        "blob",
    ]
    members: dict[str, Member] = {}
    required: list[str] = []
    member: Member | None = None
    key: Member | None = None
    value: Member | None = None
    min: int | float | None = None
    max: int | float | None = None
    pattern: str | None = None
    enum: list[str] = []
    sensitive: bool = False
    union: bool = False
    document: bool = False
    exception: bool = False
    fault: bool = False
    error: ErrorTrait | None = None


class Route(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """Method and target of an operation; `request_uri` may carry a literal query."""

    method: str
    request_uri: str


class Pagination(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which members page an operation, as clients' paginators know them."""

    input_token: str
    output_token: str
    result_key: str | list[str]
    limit_key: str | None = None
    more_results: str | None = None


class _Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    http: Route
    input: str | None = None
    output: str | None = None
    errors: list[str] = []
    idempotent: bool = False
    readonly: bool = False
    unsigned: bool = False
    result_wrapper: str | None = msgspec.field(default=None, name="resultWrapper")
    pagination: Pagination | None = None


class Metadata(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True):
    """The service's own facts. `signing_name` is what a credential scope must name."""

    api_version: str
    protocol: Protocol
    service_id: str
    service_full_name: str
    endpoint_prefix: str
    json_version: str = ""
    signing_name: str = ""
    target_prefix: str = ""
    xml_namespace: str = ""


class _Document(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    source: dict[str, str]
    metadata: Metadata
    operations: dict[str, _Operation]
    shapes: dict[str, Shape]


class OperationModel:
    """One operation of one service. Compared and hashed by identity: there is one per name."""

    __slots__ = (
        "errors",
        "idempotent",
        "input",
        "method",
        "model",
        "name",
        "output",
        "pagination",
        "path",
        "protocol",
        "query",
        "readonly",
        "result_wrapper",
        "service",
        "unsigned",
    )

    def __init__(self, model: "Model", name: str, raw: _Operation) -> None:
        self.model = model
        self.service = model.service
        self.protocol: Protocol = model.protocol
        self.name = name
        self.method = raw.http.method
        self.path, _, self.query = raw.http.request_uri.partition("?")
        self.input = model.shapes[raw.input] if raw.input else None
        self.output = model.shapes[raw.output] if raw.output else None
        self.errors = tuple(raw.errors)
        self.result_wrapper = raw.result_wrapper
        self.unsigned = raw.unsigned
        self.idempotent = raw.idempotent
        self.readonly = raw.readonly
        self.pagination = raw.pagination

    def __repr__(self) -> str:
        return f"<{self.service} {self.name}>"

    @property
    def signing_name(self) -> str:
        """The service that a SigV4 credential scope for this operation must name."""
        return self.model.signing_name


class Model:
    """One service: its operations and shapes."""

    def __init__(self, service: str, document: _Document) -> None:
        self.service = service
        self.metadata = document.metadata
        self.protocol: Protocol = document.metadata.protocol
        self.signing_name = document.metadata.signing_name or document.metadata.endpoint_prefix
        self.version = document.source["version"]
        self.shapes = document.shapes
        self._raw = document.operations
        self._operations: dict[str, OperationModel] = {}

    @cached_property
    def operation_names(self) -> tuple[str, ...]:
        """Every operation of the service, sorted."""
        return tuple(sorted(self._raw))

    def operation(self, name: str) -> OperationModel | None:
        """The operation of that exact name, or None."""
        found = self._operations.get(name)
        if found is None and name in self._raw:
            found = self._operations[name] = OperationModel(self, name, self._raw[name])
        return found

    @cached_property
    def _error_shapes(self) -> dict[str, str]:
        names = {}
        for name, shape in self.shapes.items():
            if shape.exception or shape.error is not None:
                names[name] = name
                if shape.error is not None and shape.error.code:
                    names[shape.error.code] = name
        return names

    def error_shape(self, code: str) -> Shape | None:
        """The error of that shape name or wire code (`NoSuchEntityException`, `NoSuchEntity`)."""
        name = self._error_shapes.get(code)
        return self.shapes[name] if name else None


_DIRECTORY = Path(__file__).with_name("models")
_decode = msgspec.json.Decoder(_Document).decode


@cache
def load(service: str) -> Model:
    """The model of one of `SERVICES`, read when first asked for; KeyError for another name."""
    if service not in SERVICES:
        raise KeyError(service)
    return Model(service, _decode((_DIRECTORY / f"{service}.json").read_bytes()))
