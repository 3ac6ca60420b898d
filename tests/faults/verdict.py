"""The verdict on an installation after the faults: what the journal, the store and the audit say.

What was committed is read from the audit: an act is committed when it has a record of success.
Every acknowledged act must be, no refused one may be, none twice; then the committed acts, done
again on paper, must give exactly what the store holds. And whatever the acts were, nothing may be
half: a role without assignments, an assignment without a role, a request that never ended.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tests.faults.deeds.table import EFFECTS, FACTS
from tests.faults.journal import DONE, REFUSED, Act, Journal, Says
from tests.faults.leftovers import Rows, leftovers
from tests.faults.paper import Facts, Key, Paper, Value, found

_READS = ("Describe", "List", "Get", "Start")
"""How acts begin that leave no record of success."""
_RECORDED_READS = frozenset({"GetRoleCredentials"})
_PAGES = frozenset({"SignIn", "SignOut"})
"""Acts of several requests."""
_GONE = "Received a 404 status error"
"""How FailureReason begins when the principal was removed meanwhile."""


class Audit:
    """The records of our acts: of success and of refusal, by the name that the act carried."""

    def __init__(self, rows: Rows) -> None:
        self.successes: dict[str, list[dict[str, Any]]] = defaultdict(list)
        self.failures: dict[str, list[str]] = defaultdict(list)
        self.ids: Counter[str] = Counter()
        for (text,) in rows.all("SELECT record FROM audit_events"):
            record = json.loads(text)
            self.ids[record["eventID"]] += 1
            agent = record["userAgent"]
            if not agent.startswith("act-"):
                continue
            if "errorCode" in record:
                self.failures[agent].append(record["errorCode"])
            else:
                self.successes[agent].append(record)

    def committed(self, act: Act) -> dict[str, Any] | None:
        """The record of an act that was done, whatever its asker learned."""
        records = self.successes.get(act.agent)
        return records[0] if records else None


def what_is(rows: Rows) -> Facts:
    """Every fact of the table that the store has."""
    return {
        kind: {key: value for row in rows.all(fact.sql) for key, value in fact.stored(row)}
        for kind, fact in FACTS.items()
    }


def judge(journal: Journal, database: str, before: Facts) -> list[str]:
    """Everything that is wrong, worst first; nothing must be. `before`: what was so at first."""
    rows = Rows(database)
    audit = Audit(rows)
    return [
        *journal.wrong,
        *_records(journal, audit),
        *_facts(journal, audit, rows, before),
        *_tokens(journal, audit),
        *_assignments(journal, audit, rows),
        *_roles(rows),
        *_contents(journal, rows),
        *leftovers(rows),
    ]


def is_read(act: Act) -> bool:
    """Whether an act leaves no record of success."""
    return act.name.startswith(_READS) and act.name not in _RECORDED_READS


def _records(journal: Journal, audit: Audit) -> Iterator[str]:
    yield from (f"an event id occurs twice: {one}" for one, count in audit.ids.items() if count > 1)
    for act in journal.acts:
        said = f"{act.agent} {act.name} {dict(act.asked)} {act.outcome} {act.told}"
        names = Counter(record["eventName"] for record in audit.successes.get(act.agent, ()))
        if act.outcome == DONE and not names and not is_read(act):
            yield f"acknowledged but not recorded: {said}"
        if act.name not in _PAGES:
            yield from _records_of_one(act, said, names, audit.failures.get(act.agent, []))
    yield from _refusals(journal, audit)


def _refusals(journal: Journal, audit: Audit) -> Iterator[str]:
    """Each refusal has its record; where there was no transaction to write it, or a line of log."""
    excused = journal.unrecorded
    for act in journal.acts:
        if act.outcome != REFUSED or not act.service:
            continue
        said = f"{act.agent} {act.name} {dict(act.asked)} {act.told}"
        code, failures = act.told.partition(" ")[2], audit.failures.get(act.agent, [])
        if failures and not code.startswith(failures[0]):
            yield f"its refusal is recorded as {failures[0]}: {said}"
        elif not failures and excused and (is_read(act) or code == "ValidationException"):
            excused -= 1
        elif not failures:
            yield f"its refusal is not recorded: {said}"


def _records_of_one(act: Act, said: str, names: Counter[str], failures: list[str]) -> Iterator[str]:
    if any(count > 1 for count in names.values()):
        yield f"recorded twice: {said}"
    if len(names) > 1 or (names and act.name not in names):
        yield f"recorded as {sorted(names)}: {said}"
    if act.outcome == REFUSED and names:
        yield f"refused but recorded as done: {said}"
    if len(failures) > 1:
        yield f"its refusal is recorded twice: {said}"
    if failures and (names or act.outcome == DONE):
        yield f"done but recorded as refused: {said}"


def _facts(journal: Journal, audit: Audit, rows: Rows, before: Facts) -> Iterator[str]:
    paper = Paper(before)
    for act in journal.acts:
        effect = EFFECTS.get((act.service, act.name))
        record = audit.committed(act)
        if effect is not None and record is not None:
            effect(paper, act.asked, record["responseElements"] or {})
        elif effect is not None and act.done and is_read(act):
            effect(paper, act.asked, act.answer)
    for kind, stored in what_is(rows).items():
        yield from _compare(kind, _shown(paper.of(kind)), _shown(stored))
    for column, table in (("user_count", "users"), ("group_count", "groups")):
        counted = rows.all(
            f"SELECT {column}, (SELECT COUNT(*) FROM {table} AS t WHERE t.identity_store_id = s.id)"
            " FROM identity_stores AS s"
        )
        if any(kept != real for kept, real in counted):
            yield f"{column} is not what there is: {counted}"


def _shown(facts: Mapping[Key, Value]) -> set[tuple[Key, str]]:
    return {(key, json.dumps(value, sort_keys=True)) for key, value in facts.items()}


def _tokens(journal: Journal, audit: Audit) -> Iterator[str]:
    """What one client token made is one thing, however often it was asked for."""
    made: dict[tuple[str, str], set[str]] = defaultdict(set)
    for act in journal.acts:
        record = audit.committed(act)
        if "ClientToken" in act.asked and record is not None:
            made[act.name, act.asked["ClientToken"]].add(
                json.dumps(record["responseElements"], sort_keys=True)
            )
    yield from (
        f"one token, several things: {of} {told}" for of, told in made.items() if len(told) > 1
    )


def _of(journal: Journal, audit: Audit, *names: str) -> Iterator[tuple[Act, dict[str, Any]]]:
    for act in journal.acts:
        if act.name in names and (record := audit.committed(act)) is not None:
            yield act, record


def _answered(record: dict[str, Any], member: str) -> Any:
    value = found(record["responseElements"], member)
    assert value is not None, f"a record of {record['eventName']} names no {member}"
    return value


def _compare(what: str, expected: Iterable[Any], actual: Iterable[Any]) -> Iterator[str]:
    missing = set(expected) - set(actual)
    extra = set(actual) - set(expected)
    if missing:
        yield f"{what} recorded but not there: {sorted(missing, key=str)[:5]} ({len(missing)})"
    if extra:
        yield f"{what} there but not recorded: {sorted(extra, key=str)[:5]} ({len(extra)})"


def _removed(journal: Journal, audit: Audit, name: str, member: str) -> set[Any]:
    return {act.asked[member] for act, _ in _of(journal, audit, name)}


def _assignments(journal: Journal, audit: Audit, rows: Rows) -> Iterator[str]:
    ends = {
        row[0]: (row[1], row[2])
        for row in rows.all("SELECT request_id, status, failure_reason FROM assignment_requests")
    }
    for request_id, (status, reason) in ends.items():
        if status == "IN_PROGRESS":
            yield f"request {request_id} never ended"
        if status == "FAILED" and not reason.startswith(_GONE):
            yield f"request {request_id} failed: {reason}"
    kinds = ("CreateAccountAssignment", "DeleteAccountAssignment", "ProvisionPermissionSet")
    for act, record in _of(journal, audit, *kinds):
        if _answered(record, "requestId") not in ends:
            yield f"{act.agent} {act.name} was accepted and is not there"

    gone = _removed(journal, audit, "DeleteUser", "UserId")
    gone |= _removed(journal, audit, "DeleteGroup", "GroupId")
    taken = {_key(act) for act, _ in _of(journal, audit, "DeleteAccountAssignment")}
    expected = {
        _key(act)
        for act, record in _of(journal, audit, "CreateAccountAssignment")
        if ends.get(_answered(record, "requestId"), ("",))[0] == "SUCCEEDED"
    }
    stored = rows.all(
        "SELECT a.account_id, a.permission_set_id, a.principal_id FROM assignments AS a"
        " JOIN permission_sets AS p ON p.permission_set_id = a.permission_set_id"
        " WHERE p.name LIKE 'L-%'"
    )
    yield from _compare(
        "assignments", {key for key in expected - taken if key[2] not in gone}, stored
    )


def _key(act: Act) -> tuple[str, str, str]:
    asked = act.asked
    return (
        asked["TargetId"],
        asked["PermissionSetArn"].rpartition("/")[2],
        asked["PrincipalId"],
    )


def _roles(rows: Rows) -> Iterator[str]:
    assigned = set(rows.all("SELECT DISTINCT account_id, permission_set_id FROM assignments"))
    recorded = {
        (row[0], row[1]): row[2:]
        for row in rows.all(
            "SELECT account_id, permission_set_id, role_name, content_hash"
            " FROM provisioned_permission_sets"
        )
    }
    yield from _compare("roles for what is assigned", assigned, recorded)
    unfinished = [key for key, (_, content_hash) in recorded.items() if not content_hash]
    if unfinished:
        yield f"roles that were never finished: {unfinished}"
    yield from _compare(
        "roles in the accounts",
        {(account, role) for (account, _), (role, _) in recorded.items()},
        rows.all("SELECT account_id, role_name FROM iam_roles WHERE path LIKE '/aws-reserved/%'"),
    )
    sets = Counter((account, role.rpartition("_")[0]) for account, role in _role_names(recorded))
    yield from (f"two roles of one set: {key}" for key, count in sets.items() if count > 1)


def _role_names(recorded: dict[Any, Any]) -> Iterator[tuple[str, str]]:
    for (account, _), (role, _) in recorded.items():
        yield account, role


def _contents(journal: Journal, rows: Rows) -> Iterator[str]:
    """Each role says what was provisioned last, whatever was edited since."""
    may_say = {arn.rpartition("/")[2]: says for arn, says in journal.says.items()}
    attached: dict[tuple[str, str], set[str]] = defaultdict(set)
    for account, role, policy in rows.all(
        "SELECT account_id, role_name, policy_arn FROM iam_role_attachments"
    ):
        attached[account, role].add(policy.rpartition("/")[2])
    for permission_set, account, role, boundary, document in rows.all(
        "SELECT p.permission_set_id, r.account_id, r.role_name, r.boundary_arn, i.document"
        " FROM provisioned_permission_sets AS p JOIN iam_roles AS r"
        " ON r.account_id = p.account_id AND r.role_name = p.role_name"
        " LEFT JOIN iam_role_policies AS i ON i.account_id = r.account_id"
        " AND i.role_name = r.role_name"
    ):
        named = frozenset(attached[account, role])
        says = Says(named, document or "", (boundary or "").rpartition("/")[2])
        allowed = may_say.get(permission_set)
        if allowed is not None and says not in allowed:
            yield f"role {role} says {says} instead of {allowed}"
