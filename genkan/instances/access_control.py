"""Attributes for access control: which of a user's attributes become session tags (§3.5)."""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from genkan.core import arns
from genkan.core.errors import Conflict, Invalid, NotFound
from genkan.db.database import Tx
from genkan.identity_store.attributes import ENTERPRISE
from genkan.identity_store.documents import plain
from genkan.identity_store.records import User
from genkan.instances import store
from genkan.instances.lookup import required_organization_instance
from genkan.instances.records import AccessControlAttribute

ATTRIBUTE_LIMIT = 50
"""Attributes of one configuration; the service model has the same bound (reference §3.5)."""

_SOURCE = re.compile(r"\$\{path:([^{}]{1,250})\}")
_STEP = re.compile(r'(\w{1,64})(?:\[(\w{1,64}) eq (?:(true|false)|"([^"\]]{0,200})")\])?')
_LONGEST_VALUE = 256
_PUNCTUATION = frozenset("_.:/=+-@")
_CATEGORIES = frozenset("LZN")

Answer = Mapping[str, Any]


def create_configuration(
    tx: Tx,
    *,
    instance_arn: str,
    instance_access_control_attribute_configuration: Mapping[str, Any],
) -> Answer:
    """CreateInstanceAccessControlAttributeConfiguration: in force at once, `Conflict` on a second.

    Account instances have no access to accounts, so none of this (`Invalid`).
    """
    instance = required_organization_instance(tx, instance_arn)
    attributes = _read(instance_access_control_attribute_configuration)
    if store.access_control_attributes(tx, instance.instance_id) is not None:
        raise Conflict(
            "An InstanceAccessControlAttributeConfiguration already exists for the instance"
            f" {instance_arn}."
        )
    store.put_access_control_attributes(tx, instance.instance_id, attributes)
    return {}


def update_configuration(
    tx: Tx,
    *,
    instance_arn: str,
    instance_access_control_attribute_configuration: Mapping[str, Any],
) -> Answer:
    """UpdateInstanceAccessControlAttributeConfiguration: the whole list anew."""
    instance_id = _existing(tx, instance_arn)[0]
    attributes = _read(instance_access_control_attribute_configuration)
    store.put_access_control_attributes(tx, instance_id, attributes)
    return {}


def describe_configuration(tx: Tx, *, instance_arn: str) -> Answer:
    """DescribeInstanceAccessControlAttributeConfiguration; `NotFound` when not enabled."""
    attributes = _existing(tx, instance_arn)[1]
    return {
        "status": "ENABLED",
        "instance_access_control_attribute_configuration": {
            "access_control_attributes": [
                {"key": attribute.key, "value": {"source": [attribute.source]}}
                for attribute in attributes
            ]
        },
    }


def delete_configuration(tx: Tx, *, instance_arn: str) -> Answer:
    """DeleteInstanceAccessControlAttributeConfiguration: new sessions carry no tags any more."""
    store.delete_access_control_attributes(tx, _existing(tx, instance_arn)[0])
    return {}


def access_control_attributes(tx: Tx, instance_id: str) -> Sequence[AccessControlAttribute]:
    """The attributes in the order given; none without a configuration."""
    return store.access_control_attributes(tx, instance_id) or ()


def session_tags(tx: Tx, instance_id: str, user: User) -> dict[str, str]:
    """The tags of a role session that begins now for this user.

    An attribute that the user does not have gives no tag; nor does one whose value STS takes for
    none: longer than 256 characters, or with others than letters, digits, blanks and `_.:/=+-@`.
    """
    attributes = tx.remembered(
        ("access_control_attributes", instance_id),
        lambda: store.access_control_attributes(tx, instance_id),
    )
    if not attributes:
        return {}
    values = {attribute.key: value_of(attribute.source, user) for attribute in attributes}
    return {key: value for key, value in values.items() if value is not None and _fits(value)}


def value_of(source: str, user: User) -> str | None:
    """What a source expression means for a user; None when it means nothing.

    `${path:…}` reads the user in the words of SCIM: `name.familyName`,
    `emails[primary eq true].value`, `enterprise.costCenter`. Sources of a directory that is not
    here (`${dir:…}`) mean nothing.
    """
    match = _SOURCE.fullmatch(source)
    if match is None:
        return None
    found: Any = {
        **user.attributes,
        "user_name": user.user_name,
        "display_name": user.display_name,
        "enterprise": user.extensions.get(ENTERPRISE),
    }
    for step in match[1].split("."):
        parts = _STEP.fullmatch(step)
        found = None if parts is None else _down(found, *parts.groups())
    if isinstance(found, bool):
        return "true" if found else "false"
    return found if isinstance(found, str) else None


def _down(within: Any, name: str, of: str | None, truth: str | None, text: str | None) -> Any:
    """The member `name` of a structure; with `of`, the first of a list in which `of` is so."""
    found = _member(within, name)
    if of is None:
        return found
    wanted: bool | str | None = truth == "true" if truth else text
    candidates: Iterable[Any] = found if isinstance(found, list | tuple) else ()
    return next((one for one in candidates if _member(one, of) == wanted), None)


def _member(structure: Any, name: str) -> Any:
    if not isinstance(structure, Mapping):
        return None
    wanted = plain(name)
    return next((value for key, value in structure.items() if plain(key) == wanted), None)


def _fits(value: str) -> bool:
    return 0 < len(value) <= _LONGEST_VALUE and all(
        char in _PUNCTUATION or unicodedata.category(char)[0] in _CATEGORIES for char in value
    )


def _existing(tx: Tx, instance_arn: str) -> tuple[str, Sequence[AccessControlAttribute]]:
    instance = required_organization_instance(tx, instance_arn)
    found = store.access_control_attributes(tx, instance.instance_id)
    if found is None:
        raise NotFound(
            "There is no InstanceAccessControlAttributeConfiguration for the instance"
            f" {arns.instance(instance.instance_id)}."
        )
    return instance.instance_id, found


def check_keys(given: Iterable[str]) -> None:
    """`Invalid` for keys that no session could carry together."""
    keys = [key.casefold() for key in given]
    if len(set(keys)) < len(keys):
        raise Invalid("Keys of access control attributes must be unique, in whatever case.")
    if any(key.startswith("aws:") for key in keys):
        raise Invalid("Keys of access control attributes that begin with aws: are reserved.")


def _read(configuration: Mapping[str, Any]) -> tuple[AccessControlAttribute, ...]:
    given = configuration["access_control_attributes"]
    attributes = tuple(
        AccessControlAttribute(key=one["key"], source=one["value"]["source"][0]) for one in given
    )
    check_keys(attribute.key for attribute in attributes)
    return attributes
