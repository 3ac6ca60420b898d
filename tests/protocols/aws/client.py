"""botocore as the other end of the wire: its serializers ask, its parsers read the answers."""

from functools import cache
from typing import Any
from urllib.parse import urlsplit

import botocore.session
from botocore.awsrequest import AWSRequest, create_request_object, prepare_request_dict
from botocore.model import OperationModel as BotocoreOperation
from botocore.parsers import create_parser
from botocore.serialize import create_serializer

from genkan.protocols.aws.wire import Request, Response

ENDPOINT = "http://localhost:8080"


@cache
def operation(service: str, name: str) -> BotocoreOperation:
    return _service(service).operation_model(name)


@cache
def _service(service: str) -> Any:
    return botocore.session.Session().get_service_model(service)


def request(service: str, name: str, params: dict[str, Any]) -> Request:
    """The bytes that botocore would send, unsigned."""
    model = operation(service, name)
    serializer = create_serializer(model.service_model.protocol, include_validation=False)
    prepared = serializer.serialize_to_request(params, model)
    prepare_request_dict(prepared, ENDPOINT)
    return received(create_request_object(prepared))


def received(sent: AWSRequest) -> Request:
    """What a server sees of a request of botocore."""
    prepared = sent.prepare()
    target = urlsplit(prepared.url)
    headers = [
        (name.lower().encode(), value if isinstance(value, bytes) else value.encode())
        for name, value in prepared.headers.items()
    ]
    if not any(name == b"host" for name, _ in headers):
        headers.append((b"host", target.netloc.encode()))
    body = prepared.body or b""
    return Request(
        method=prepared.method,
        path=target.path.encode() or b"/",
        query=target.query.encode(),
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
    )


def answer(service: str, name: str, response: Response) -> dict[str, Any]:
    """What botocore hands to its caller, ResponseMetadata included."""
    model = operation(service, name)
    parser = create_parser(model.service_model.protocol)
    wire = {
        "status_code": response.status,
        "headers": {key.decode(): value.decode() for key, value in response.headers},
        "body": response.body,
    }
    parsed = parser.parse(wire, model.output_shape)
    assert isinstance(parsed, dict)
    return parsed
