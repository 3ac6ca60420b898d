"""Which IAM question each operation of applications asks, and of whose account it is asked.

Resources are those of AWS's service authorization reference for `sso`. The owner is read off the
instance that an ARN names, before anything is looked for: another account learns nothing of which
applications there are. Operations whose model has no ResourceNotFoundException deny an unknown
instance, as DescribeInstance does.
"""

from collections.abc import Callable, Mapping
from typing import Any

from genkan.applications.lookup import find_application, find_issuer
from genkan.core import arns
from genkan.core.call import Call, Check, Iam, Signer
from genkan.core.errors import Denied, NotFound
from genkan.db.database import Tx
from genkan.instances import operations as instances
from genkan.instances.tags import Context as TagContext
from genkan.instances.tags import request_context, resource_context, resource_contexts
from genkan.organization import operations as organization

APPLICATION_ACCOUNT = "sso:ApplicationAccount"
"""The condition key for the account that made an application."""

_WITHOUT_NOT_FOUND = frozenset(
    {"ListApplications", "ListTrustedTokenIssuers", "CreateTrustedTokenIssuer"}
)
"""Operations on an instance whose model has no ResourceNotFoundException."""


def on_application(action: str) -> Iam:
    """The action on the application, with its tags and account as condition keys."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["application_arn"]
        return (Check(action=f"sso:{action}", resources=(arn,), context=_context_of(tx, arn)),)

    return Iam(checks=checks, owner=_owner_by("application_arn"), delegable=True)


def on_issuer(action: str) -> Iam:
    """The action on the trusted token issuer, with its tags as condition keys."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["trusted_token_issuer_arn"]
        found = find_issuer(tx, arn)
        context = resource_context(found.tags if found is not None else ())
        return (Check(action=f"sso:{action}", resources=(arn,), context=context),)

    return Iam(checks=checks, owner=_owner_by("trusted_token_issuer_arn"), delegable=True)


def creating_application(action: str) -> Iam:
    """The action on the instance and the provider, with the tags that the request would give."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        params = call.params
        context = dict(request_context(params.get("tags") or ()))
        context[APPLICATION_ACCOUNT] = maker(call, instances.owner_of(tx, call))
        resources = (params["instance_arn"], params["application_provider_arn"])
        return (
            Check(
                action=f"sso:{action}",
                resources=resources,
                context=context,
                of_resource=_instance_tags(tx, params["instance_arn"]),
            ),
        )

    return Iam(checks=checks, owner=instances.owner_of, delegable=True)


def creating_issuer(action: str) -> Iam:
    """The action on the instance, with the tags that the request would give."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        context = request_context(call.params.get("tags") or ())
        return (_on_instance(tx, action, call, context),)

    return Iam(checks=checks, owner=_instance_owner(action), delegable=True)


def on_instance(action: str) -> Iam:
    """The action on the instance."""
    return Iam(
        checks=lambda tx, call: (_on_instance(tx, action, call),),
        owner=_instance_owner(action),
        delegable=True,
    )


def on_instance_by_members(action: str, own: Callable[[Mapping[str, Any]], str | None]) -> Iam:
    """The action on the instance, also for a member account about what is its own.

    `own(filter)` names the account whose applications the filter asks for; what is asked about then
    belongs to that account (reference §1.7), and to the owner of the instance as everything does.
    """
    whole = _instance_owner(action)

    def owner(tx: Tx, call: Call) -> str:
        owner_account_id = whole(tx, call)
        asked = own(call.params.get("filter") or {})
        caller = call.caller
        if isinstance(caller, Signer) and caller.account_id == asked and _is_member(tx, call):
            return caller.account_id
        return owner_account_id

    return Iam(
        checks=lambda tx, call: (_on_instance(tx, action, call),), owner=owner, delegable=True
    )


def on_catalogue(action: str) -> Iam:
    """The action on the catalogue of providers, which is nobody's: every account may ask."""
    return Iam(checks=lambda tx, call: (Check(action=f"sso:{action}"),))


def on_provider(action: str) -> Iam:
    """The action on one provider of the catalogue."""

    def checks(tx: Tx, call: Call) -> tuple[Check, ...]:
        arn = call.params["application_provider_arn"]
        return (Check(action=f"sso:{action}", resources=(arn,)),)

    return Iam(checks=checks)


def maker(call: Call, instance_owner: str) -> str:
    """The account that something made by this call is said to be made by."""
    return call.caller.account_id if isinstance(call.caller, Signer) else instance_owner


def instance_arn_in(arn: str) -> str:
    """The ARN of the instance that an application's or issuer's ARN names."""
    return arns.instance(arn.split("/")[1])


def _context_of(tx: Tx, application_arn: str) -> dict[str, str | tuple[str, ...]]:
    found = find_application(tx, application_arn)
    if found is None:
        return {APPLICATION_ACCOUNT: application_arn.split(":")[4]}
    return {**resource_context(found.tags), APPLICATION_ACCOUNT: found.application_account}


def _on_instance(
    tx: Tx, action: str, call: Call, context: Mapping[str, str | tuple[str, ...]] | None = None
) -> Check:
    arn = call.params["instance_arn"]
    return Check(
        action=f"sso:{action}",
        resources=(arn,),
        context=context or {},
        of_resource=_instance_tags(tx, arn),
    )


def _instance_tags(tx: Tx, instance_arn: str) -> dict[str, TagContext]:
    return resource_contexts({instance_arn: instances.tags_or_none(tx, instance_arn)})


def _owner_by(parameter: str) -> Callable[[Tx, Call], str]:
    def owner(tx: Tx, call: Call) -> str:
        arn = call.params[parameter]
        instance = instances.find_instance(tx, instance_arn_in(arn))
        if instance is None:
            raise NotFound(f"Resource with ARN {arn} was not found.")
        return instance.owner_account_id

    return owner


def _instance_owner(action: str) -> Callable[[Tx, Call], str]:
    def owner(tx: Tx, call: Call) -> str:
        arn = call.params["instance_arn"]
        if action in _WITHOUT_NOT_FOUND and instances.find_instance(tx, arn) is None:
            raise Denied(
                f"User: {_name(call)} is not authorized to perform: sso:{action} on resource: {arn}"
            )
        return instances.owner_of(tx, call)

    return owner


def _is_member(tx: Tx, call: Call) -> bool:
    """Whether a member account asks about the organization instance.

    Nobody else may, however rightly they claim an account: answers tell which principals there are.
    """
    instance = instances.find_instance(tx, call.params["instance_arn"])
    return (
        instance is not None
        and instance.kind == instances.ORGANIZATION
        and isinstance(call.caller, Signer)
        and organization.find_account(tx, call.caller.account_id) is not None
    )


def _name(call: Call) -> str:
    return call.caller.arn if isinstance(call.caller, Signer) else type(call.caller).__name__
