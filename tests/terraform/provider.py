"""How Terraform's AWS provider talks to the two services: its clients, retries and waiters.

Owns: what of an error the provider takes for "gone" and for "try again", and what it tells when a
state it waited for is not the one it wanted. Facts are of terraform-provider-aws 5.100 to 6 and of
terraform-plugin-sdk's state waiter. Leaves each resource to its own class.

The provider sleeps five to ten seconds before the first look at a status; this one looks at once
and often, so it sees every state that the provider would miss.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from botocore.exceptions import ClientError

from tests.support.server import Server

#: Its client for sso-admin retries these (service_package.go), that for identitystore the last one.
RETRIED = {
    "sso-admin": frozenset({"ConflictException", "ThrottlingException"}),
    "identitystore": frozenset({"ThrottlingException"}),
}
ATTEMPTS = 25
POLL_SECONDS = 0.02
#: Its own doubles until twenty seconds; this is for a service that has no distance to go.
LONGEST_PAUSE_SECONDS = 3
WAIT_SECONDS = 120

T = TypeVar("T")


class Failed(Exception):
    """What the provider tells of a resource that it could not bring about."""


class Provider:
    """The configured provider: one key, both services."""

    def __init__(self, server: Server, keys: Mapping[str, str] | None = None) -> None:
        self._clients = {service: server.client(service, keys) for service in RETRIED}
        self.retried: list[str] = []
        self._before_retry: Callable[[], None] = lambda: None

    def sso(self, operation: str, **params: Any) -> Any:
        """Call sso-admin."""
        return self._call("sso-admin", operation, params)

    def store(self, operation: str, **params: Any) -> Any:
        """Call identitystore."""
        return self._call("identitystore", operation, params)

    def pages(self, service: str, operation: str, member: str, **params: Any) -> list[Any]:
        """Everything that a list operation has, page by page."""
        found: list[Any] = []
        token = None
        while True:
            page = self._call(service, operation, {**params, "NextToken": token})
            found += page[member]
            token = page.get("NextToken")
            if not token:
                return found

    def before_retry(self, do: Callable[[], None]) -> None:
        """Have something happen while the provider waits to try again."""
        self._before_retry = do

    def _call(self, service: str, operation: str, params: Mapping[str, Any]) -> Any:
        given = {name: value for name, value in params.items() if value is not None}
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return getattr(self._clients[service], operation)(**given)
            except ClientError as error:
                if code_of(error) not in RETRIED[service] or attempt == ATTEMPTS:
                    raise
                self.retried.append(operation)
                self._before_retry()
                time.sleep(min(POLL_SECONDS * 2**attempt, LONGEST_PAUSE_SECONDS))
        raise AssertionError("unreachable")


def code_of(error: ClientError) -> str:
    """The error's code."""
    code: str = error.response["Error"]["Code"]
    return code


def found(look: Callable[[], T]) -> T | None:
    """What a look finds; None for what the provider takes for "not there any more"."""
    try:
        return look()
    except ClientError as error:
        if code_of(error) != "ResourceNotFoundException":
            raise
        return None


def wait(look: Callable[[], Mapping[str, Any] | None], pending: set[str], target: str) -> None:
    """Wait until a status is the wanted one; `look` answers the object that has `Status`.

    Raises Failed with the provider's words when the status is one it did not expect.
    """
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        seen = look()
        status = "" if seen is None else seen["Status"]
        if status == target:
            return
        if status not in pending:
            reason = (seen or {}).get("FailureReason", "")
            raise Failed(
                f"unexpected state '{status}', wanted target '{target}'. last error: {reason}"
            )
        assert time.monotonic() < deadline, f"timeout while waiting for state to become '{target}'"
        time.sleep(POLL_SECONDS)
