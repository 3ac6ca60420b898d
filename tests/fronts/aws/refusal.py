"""What boto3 raises, read in full: code, status, sentence, further members, headers."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.fronts.aws.wire import is_request_id


def refused(
    call: Callable[..., Any],
    code: str,
    message: str | None = None,
    /,
    *,
    status: int = 400,
    members: dict[str, Any] | None = None,
    **params: Any,
) -> str:
    """Call, and expect this error; its message. `members` are the further ones, all of them."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    response: dict[str, Any] = caught.value.response
    found = response["Error"]
    about = response["ResponseMetadata"]
    assert (found["Code"], about["HTTPStatusCode"]) == (code, status), found
    assert is_request_id(about["RequestId"])
    headers = about["HTTPHeaders"]
    assert headers["x-amzn-requestid"] == about["RequestId"]
    if headers["content-type"] != "text/xml":
        assert headers["x-amzn-errortype"] == code
        # A modelled error is an exception class of the client, which programs catch by name.
        model = caught.value.__class__.__name__
        assert model in (code, "ClientError")
    if message is not None:
        assert found["Message"] == message
    if members is not None:
        further = response.keys() - {"Error", "ResponseMetadata", "message", "Message"}
        assert {name: response[name] for name in further} == members | (
            {"RequestId": about["RequestId"]} if "RequestId" in further else {}
        )
    return str(found["Message"])
