"""Kinds of members that many parts of a seed document have."""

from typing import Annotated

from msgspec import Meta

from genkan.organization.control_policies import CONTENT_LIMIT
from genkan.sandbox import seed_rules as rules
from genkan.sandbox.seed_rules import text

KEPT = "Given, it is kept; else a new one is chosen."
"""What an id's description says."""


_policy = "A policy document: a mapping, or its JSON text."
Policy = Annotated[
    str,
    Meta(extra={"policy": True}, extra_json_schema={"x-policy": True}, description=_policy),
]
ControlPolicyText = Annotated[
    str,
    Meta(
        extra={"policy": True, "longest": CONTENT_LIMIT},
        extra_json_schema={"x-policy": True},
        description=_policy,
    ),
]
Attribute = Annotated[str, text(rules.ATTRIBUTE)]
Reference = Annotated[str, text(rules.REFERENCE)]
Tags = dict[Annotated[str, text(rules.TAG_KEY)], Annotated[str, text(rules.TAG_VALUE)]]
