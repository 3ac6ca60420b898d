"""The IAM policy language: parse, evaluate, decide with a reason.

Owns what a policy document means, and AWS's managed policies as data. Leaves to others which
policies speak about a request (`perform`, injected through `App`), where documents are stored
(`iam`, `permission_sets`, `organization`, `applications`) and which error code carries a refusal.

Pure: no database, no network, no clock; what time it is comes in as `aws:CurrentTime`.

    document = compile_policy(text, PolicyKind.IDENTITY)        # or PolicySyntaxError
    decision = decide(Request(...), PolicySet(identity=(PolicySource("inline", document),)))
    if not decision.allowed: raise Denied(decision.access_denied_message)

The path of a policy: `strict_json` → `parse` (with `grammar`, `conditions`, `principals`) →
`document`; of a question: `request` → `evaluate` → `decision`, and `explain` for the long answer.
"""

from genkan.authorization.cache import compile_policy
from genkan.authorization.decision import Decision, Reason
from genkan.authorization.document import Document, Effect, PolicyKind, Statement
from genkan.authorization.errors import PolicySyntaxError
from genkan.authorization.evaluate import PolicySet, PolicySource, decide
from genkan.authorization.explain import StatementTrace, explain
from genkan.authorization.parse import parse, policy_size
from genkan.authorization.request import Principal, PrincipalKind, Request

__all__ = [
    "Decision",
    "Document",
    "Effect",
    "PolicyKind",
    "PolicySet",
    "PolicySource",
    "PolicySyntaxError",
    "Principal",
    "PrincipalKind",
    "Reason",
    "Request",
    "Statement",
    "StatementTrace",
    "compile_policy",
    "decide",
    "explain",
    "parse",
    "policy_size",
]
