"""AWS's own protocols: signatures, JSON 1.1, REST JSON and Query, driven by AWS's models.

Owns what stands between raw bytes and named parameters: `identify` (which operation is this),
`sigv4` (who claims to have signed it, and did they), `decode` with validation, `encode` and
`encode_error`. Leaves to others: finding secrets, deciding anything, the HTTP server. Pure
functions; time is a parameter.

Reading order: `wire` (request and response), `model`, `walker`, then one codec.
"""

from .codec import decode, encode
from .encoder import EncodingError
from .errors import ErrorAnswer, encode_error, refusal_error, signature_error
from .identify import Unknown, identify
from .model import SERVICES, Model, OperationModel, Protocol, load
from .refusals import (
    ConstraintViolations,
    RequestRefused,
    SerializationFailure,
    UnsupportedMediaType,
)
from .sigv4 import Claimed, SignatureFault, SignatureRefusal, parse_authorization, verify
from .wire import MAX_BODY, Request, Response

__all__ = [
    "MAX_BODY",
    "SERVICES",
    "Claimed",
    "ConstraintViolations",
    "EncodingError",
    "ErrorAnswer",
    "Model",
    "OperationModel",
    "Protocol",
    "Request",
    "RequestRefused",
    "Response",
    "SerializationFailure",
    "SignatureFault",
    "SignatureRefusal",
    "Unknown",
    "UnsupportedMediaType",
    "decode",
    "encode",
    "encode_error",
    "identify",
    "load",
    "parse_authorization",
    "refusal_error",
    "signature_error",
    "verify",
]
