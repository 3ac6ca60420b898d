"""The recorder: one performed call in, its CloudTrail records out (reference §11).

What a result may tell the record, by attribute: `audit_outcome` ("Success" or "Failure": a
remembered result that is a failure, such as a wrong password), `audit_error` (code, sentence),
`audit_account` (the account whose trail it is), `audit_silent` (bookkeeping that is no act: no
record), `audit_events` (names to record instead of the
call's own, each with its outcome), `audit_read_only` (it would have changed nothing),
`audit_bounded` (a failure that a stranger can repeat without end: `admits` decides),
`audit_identity` (userIdentity, of a caller that a proof other
than a signature or a session names) and `audit_data` (additionalEventData).
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import msgspec

from genkan.audit import store
from genkan.audit.codes import error_of
from genkan.audit.records import Entry, resources_text
from genkan.audit.redaction import redact
from genkan.audit.resources import resources_of
from genkan.audit.sealing import SealingRequests
from genkan.core.call import Anonymous, Call, Person, SessionIssuer, Signer
from genkan.core.clock import iso8601
from genkan.core.errors import Refusal
from genkan.core.ids import request_id
from genkan.db.database import Tx

SERVICE_EVENT_SOURCES = frozenset({"signin.amazonaws.com"})
_ACCESS_KEY_ID = re.compile(r"A[KS]IA[A-Z0-9]{16}", re.ASCII)
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The instance's account and identity store: where a person's acts are recorded."""

    account_id: str
    identity_store_arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorder:
    """`record(tx, call, outcome)` writes what `core.app.App.record` promises.

    With `sealing`, whoever works on this store is asked to seal what was recorded. `admits` says
    whether a failure that can be repeated without end is recorded once more (`audit.refusals`).
    """

    home: Callable[[Tx], Home]
    admits: Callable[[Call, object], bool] = lambda call, outcome: True
    sealing: SealingRequests | None = None

    def record(self, tx: Tx, call: Call, outcome: object) -> None:
        """Append the records of one call; `outcome` is its result or its `Refusal`."""
        if getattr(outcome, "audit_silent", False):
            return
        if getattr(outcome, "audit_bounded", False) and not self.admits(call, outcome):
            return
        home = self.home(tx)
        account = getattr(outcome, "audit_account", None) or _account(call, home)
        for name, success in _names(call, outcome):
            record = _record(tx, call, outcome, name, success, home, account)
            store.append(
                tx,
                Entry(
                    event_id=record["eventID"],
                    event_time=tx.now,
                    account_id=account,
                    event_name=name,
                    event_source=call.event_source,
                    user_name=_user_name(call) or record["userIdentity"].get("userName", ""),
                    access_key_id=record["userIdentity"].get("accessKeyId", ""),
                    read_only=record["readOnly"],
                    record=_encode(record).decode(),
                    resources=resources_text(resources_of(record)),
                ),
            )
        if self.sealing is not None:
            self.sealing.recorded(tx)


def _names(call: Call, outcome: object) -> Iterable[tuple[str, bool]]:
    events = getattr(outcome, "audit_events", None)
    if events:
        return [(name, word == "Success") for name, word in events]
    success = not isinstance(outcome, Refusal) and (
        getattr(outcome, "audit_outcome", "Success") == "Success"
    )
    return [(call.event_name or call.operation.name, success)]


def _record(
    tx: Tx, call: Call, outcome: object, name: str, success: bool, home: Home, account: str
) -> dict[str, Any]:
    service_event = call.event_source in SERVICE_EVENT_SOURCES
    record: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": _identity(call, outcome, home),
        "eventTime": iso8601(tx.now),
        "eventSource": call.event_source,
        "eventName": name,
        "awsRegion": call.region,
        "sourceIPAddress": call.origin.source_ip,
        "userAgent": call.origin.user_agent[:1024],
        "requestParameters": None,
        "responseElements": None,
        "requestID": call.origin.request_id,
        "eventID": request_id(),
        "readOnly": call.operation.reads is not None
        or bool(getattr(outcome, "audit_read_only", False)),
        "eventType": "AwsServiceEvent" if service_event else "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }
    error = error_of(call, outcome)
    if error is not None:
        record["errorCode"], record["errorMessage"] = error
    if not service_event:
        record["requestParameters"] = redact(call.params, call.operation.secret) or None
        if error is None:
            record["responseElements"] = _response(call, outcome)
    else:
        record["serviceEventDetails"] = {name: "Success" if success else "Failure"}
    concerns = _RESOURCES.get((call.event_source, name))
    if concerns is not None and error is None:
        record["resources"] = [concerns(call, home)]
    extra = getattr(outcome, "audit_data", None)
    if extra:
        record["additionalEventData"] = dict(extra)
    return record


def _assumed(call: Call, home: Home) -> dict[str, str]:
    arn = call.params["role_arn"]
    return {"accountId": arn.split(":")[4], "type": "AWS::IAM::Role", "ARN": arn}


def _identity_store(call: Call, home: Home) -> dict[str, str]:
    name = home.identity_store_arn.rpartition("/")[2]
    return {"accountId": home.account_id, "type": "IdentityStoreId", "ARN": name}


_RESOURCES: dict[tuple[str, str], Callable[[Call, Home], dict[str, str]]] = {
    ("sts.amazonaws.com", "AssumeRole"): _assumed,
    ("sts.amazonaws.com", "AssumeRoleWithSAML"): _assumed,
    ("sso.amazonaws.com", "CreateToken"): _identity_store,
}
"""What CloudTrail names as the resource of a record (reference §11)."""


def _response(call: Call, outcome: object) -> Any:
    if outcome is None or isinstance(outcome, str | int | bool | bytes):
        return None
    shown = redact(outcome, call.operation.conceals)
    return shown or None


def _account(call: Call, home: Home) -> str:
    return call.caller.account_id if isinstance(call.caller, Signer) else home.account_id


def _user_name(call: Call) -> str:
    if isinstance(call.caller, Signer):
        return call.caller.arn.rpartition("/")[2]
    return call.caller.user_name if isinstance(call.caller, Person) else ""


def _identity(call: Call, outcome: object, home: Home) -> dict[str, Any]:
    caller = call.caller
    if isinstance(caller, Person):
        return _person_identity(caller.user_id, caller.token_id or caller.session_id, home)
    if isinstance(caller, Signer):
        return _signer_identity(caller, home)
    if isinstance(caller, Anonymous):
        given = getattr(outcome, "audit_identity", None)
        if given:
            return dict(given)
        person = getattr(outcome, "audit_person", None)
        if person:
            return _person_identity(person, getattr(outcome, "audit_credential", ""), home)
        return _unknown_identity(outcome, home)
    return {"type": "AWSService", "invokedBy": "sso.amazonaws.com"}


def _unknown_identity(outcome: object, home: Home) -> dict[str, Any]:
    """Nobody is proven. A key that was named is shown if it can be one: nothing else was meant."""
    identity = {"type": "Unknown", "accountId": home.account_id}
    claimed = str(getattr(outcome, "claimed", ""))
    if _ACCESS_KEY_ID.fullmatch(claimed):
        identity["accessKeyId"] = claimed
    return identity


def _person_identity(user_id: str, credential_id: str, home: Home) -> dict[str, Any]:
    return {
        "type": "IdentityCenterUser",
        "accountId": home.account_id,
        "onBehalfOf": {"userId": user_id, "identityStoreArn": home.identity_store_arn},
        "credentialId": credential_id,
    }


def _signer_identity(caller: Signer, home: Home) -> dict[str, Any]:
    identity: dict[str, Any] = {
        "type": "AssumedRole" if caller.role_session else "IAMUser",
        "principalId": caller.user_id,
        "arn": caller.arn,
        "accountId": caller.account_id,
        "accessKeyId": caller.access_key_id,
    }
    if caller.role_session is None:
        identity["userName"] = caller.arn.rpartition("/")[2]
    if caller.session_issuer is not None:
        identity["sessionContext"] = _session_context(caller.session_issuer, caller.account_id)
    if caller.person_id:
        identity["onBehalfOf"] = {
            "userId": caller.person_id,
            "identityStoreArn": home.identity_store_arn,
        }
    return identity


def _session_context(issuer: SessionIssuer, account_id: str) -> dict[str, Any]:
    """CloudTrail's sessionContext (its userIdentity element), by which a SIEM knows the role.

    `mfaAuthenticated` is of the MFA device of an IAM user, which no session here was made with.
    """
    return {
        "sessionIssuer": {
            "type": "Role",
            "principalId": issuer.role_id,
            "arn": issuer.role_arn,
            "accountId": account_id,
            "userName": issuer.role_arn.rpartition("/")[2],
        },
        "attributes": {"creationDate": iso8601(issuer.issued_at), "mfaAuthenticated": "false"},
    }
