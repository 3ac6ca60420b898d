"""Authentication methods: who may ask for an application's tokens (reference §5.3).

The only type is IAM: a resource policy that names the principals whose signed requests count.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from genkan.applications import store
from genkan.applications.lookup import existing_application
from genkan.applications.parts import delete_part, existing_part, list_parts
from genkan.applications.records import Part
from genkan.authorization import PolicyKind, PolicySyntaxError, parse
from genkan.core.errors import Invalid
from genkan.db.database import Tx

_PAGE = 100

Answer = dict[str, Any]


def put_application_authentication_method(
    tx: Tx,
    *,
    application_arn: str,
    authentication_method_type: str,
    authentication_method: Mapping[str, Any],
) -> Answer:
    """PutApplicationAuthenticationMethod: adds or replaces; the policy is read strictly."""
    application = existing_application(tx, application_arn)
    _check_actor_policy(authentication_method["iam"]["actor_policy"])
    part = Part(name=authentication_method_type, document=authentication_method)
    store.put_part(tx, application.application_id, "authentication_method", part)
    return {}


def get_application_authentication_method(
    tx: Tx, *, application_arn: str, authentication_method_type: str
) -> Answer:
    """GetApplicationAuthenticationMethod: the policy as it was put, a JSON object."""
    found = existing_part(tx, application_arn, "authentication_method", authentication_method_type)
    return {"authentication_method": found.document}


def delete_application_authentication_method(
    tx: Tx, *, application_arn: str, authentication_method_type: str
) -> Answer:
    """DeleteApplicationAuthenticationMethod; there need not be one."""
    delete_part(tx, application_arn, "authentication_method", authentication_method_type)
    return {}


def list_application_authentication_methods(
    tx: Tx, *, application_arn: str, next_token: str | None = None
) -> Answer:
    """ListApplicationAuthenticationMethods."""
    methods, token = list_parts(
        tx, application_arn, "authentication_method", _shape, _PAGE, next_token
    )
    return {"authentication_methods": methods, "next_token": token}


def _check_actor_policy(document: Any) -> None:
    """`Invalid` with the parser's sentence unless it is a resource policy."""
    try:
        parse(msgspec.json.encode(document).decode(), PolicyKind.RESOURCE)
    except PolicySyntaxError as error:
        place = f" ({error.path})" if error.path else ""
        raise Invalid(f"{error.message}{place} {error.detail}".rstrip()) from None


def _shape(part: Part) -> Answer:
    return {"authentication_method_type": part.name, "authentication_method": part.document}
