"""The actor that gives people permission sets in accounts, uses them, edits and takes them away.

Leaves to others: permission sets in no account (`deeds.permission_sets`), the end (`verdict`).
What it looks at at once: a status is SUCCEEDED only with its effect, a role keeps its old policies
until it is provisioned again, a session ends with the acknowledged removal of its assignment.
"""

import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tests.faults.actors import PATIENCE_SECONDS
from tests.faults.deeds import directory
from tests.faults.deeds import permission_sets as sets
from tests.faults.deeds.deed import Deed, Params, Room
from tests.faults.journal import REFUSED, Act, Asker, Says
from tests.faults.keeper import Keeper, says_later
from tests.support.person import device_token

_PAUSE_SECONDS = 0.02
_IN_PROGRESS = "IN_PROGRESS"
_SHARED = "KeptShared"
"""A customer managed policy that every account has; of the other one no account has heard."""
_NOWHERE = "NobodyHasThis"
_SHARES = sets.inline_policy("Shared")
_WHILE_RUNNING = frozenset({"ConflictException"})
"""No permission set is changed while a request of its own runs."""
_ROOM = Room(name="access", facts=(*sets.FACTS, *directory.FACTS), deeds=())


@dataclass(frozen=True)
class Session:
    """Credentials of a role, and the assignment that they stand on: (account, set, principal)."""

    credentials: Mapping[str, str]
    stands_on: tuple[str, str, str]


class Access(Keeper):
    """One permission set after the other, for one person in some accounts."""

    def __init__(self, *arguments: Any, user_name: str, aliases: Sequence[str]) -> None:
        super().__init__(*arguments, _ROOM)
        self._instance = {"InstanceArn": self.hand.instance}
        self._aliases = {self.server.account(alias): alias for alias in aliases}
        self._user_name = user_name
        self._user_id = self.server.user(user_name)["user_id"]
        self._token = ""
        self.sessions: list[Session] = []
        self._taken_away: set[tuple[str, str, str]] = set()

    def prepare(self) -> None:
        """Somebody to use what is given, and a policy to refer to in every account."""
        self._token = device_token(self.server, self._user_name)["accessToken"]
        for alias in self._aliases.values():
            self.become(alias)
            iam = self.server.client("iam", self.keys[alias])
            listed = iam.list_policies(Scope="Local")["Policies"]
            if _SHARED not in {policy["PolicyName"] for policy in listed}:
                iam.create_policy(PolicyName=_SHARED, PolicyDocument=_SHARES)

    def step(self) -> None:
        """The life of one permission set."""
        name = self.hand.a_name().replace("load-access", "L")
        made = self._known(sets.CREATE, {**self._instance, "Name": name})
        if made is None:
            return
        self._take(sets.CREATE, made)
        arn = made.answer["PermissionSet"]["PermissionSetArn"]
        self._fill(arn)
        self.journal.says[arn] = [self._content(arn)]
        given = {account: self._give(arn, account) for account in self._some_accounts()}
        self._look_at_statuses(arn, given)
        if self.dice.random() < 0.35:
            self._give_to_who_leaves(arn)
        live = [
            session
            for account, status in given.items()
            if status == "SUCCEEDED" and (session := self._session(name, arn, account))
        ]
        if self.dice.random() < 0.4:
            self._edit(name, arn, given)
        if live and self.dice.random() < 0.3:
            self._must_stay(arn)
        if self.dice.random() < 0.3:
            self.sessions += live
            return
        gone = [self._unassign(arn, account) for account in given]
        self._all_ended(live)
        if all(gone) and self.dice.random() < 0.5:
            self._do(
                replace(sets.DELETE, may_be=_WHILE_RUNNING),
                {**self._instance, "PermissionSetArn": arn},
            )

    def _some_accounts(self) -> list[str]:
        return self.dice.sample(sorted(self._aliases), self.dice.randint(1, 2))

    def _op(self, name: str, **params: Any) -> Act:
        return self.aws("sso-admin", name, **self._instance, **params)

    # --- what it says -----------------------------------------------------------------------------

    def _fill(self, arn: str) -> None:
        """Policies of every kind, each perhaps."""
        deeds: list[tuple[float, Deed, Params]] = [
            (0.6, sets.ATTACH, {"ManagedPolicyArn": sets.AWS_POLICIES[0]}),
            (0.4, sets.ATTACH_CUSTOMER, {"CustomerManagedPolicyReference": _named(_SHARED)}),
            (0.06, sets.ATTACH_CUSTOMER, {"CustomerManagedPolicyReference": _named(_NOWHERE)}),
            (0.6, sets.PUT_INLINE, {"InlinePolicy": sets.inline_policy(self.hand.a_name())}),
            (
                0.3,
                sets.PUT_BOUNDARY,
                {"PermissionsBoundary": {"ManagedPolicyArn": sets.AWS_POLICIES[1]}},
            ),
            (
                0.2,
                sets.PUT_BOUNDARY,
                {"PermissionsBoundary": {"CustomerManagedPolicyReference": _named(_SHARED)}},
            ),
        ]
        for chance, deed, asked in deeds:
            if self.dice.random() < chance:
                self._do(deed, {**self._instance, "PermissionSetArn": arn, **asked})

    def _content(self, arn: str) -> Says:
        """What a role made now says."""
        names = {
            key[1].rpartition("/")[2] for key in self.paper.of("managed policies") if key[0] == arn
        }
        names |= {key[2] for key in self.paper.of("customer policies") if key[0] == arn}
        inline = self.paper.get("inline policies", arn)
        boundary = self.paper.get("boundaries", arn) or ("",)
        name = next((text for text in boundary if text != "/"), "")
        return Says(
            frozenset(names),
            json.dumps(inline, separators=(",", ":")) if inline else "",
            name.rpartition("/")[2],
        )

    def _edit(self, name: str, arn: str, given: Mapping[str, str]) -> None:
        before = self._content(arn)
        put = replace(sets.PUT_INLINE, may_be=_WHILE_RUNNING)
        policy = sets.inline_policy(self.hand.a_name())
        asked = {**self._instance, "PermissionSetArn": arn, "InlinePolicy": policy}
        act = self._known(put, asked)
        if act is not None:
            self._take(put, act)
            self._look_at_roles(name, given, [before])
        after = replace(before, inline=policy)
        self.journal.says[arn] = [before, after]
        target: dict[str, str] = {"TargetType": "ALL_PROVISIONED_ACCOUNTS"}
        if list(given.values()) == ["SUCCEEDED"] and self.dice.random() < 0.5:
            target = {"TargetType": "AWS_ACCOUNT", "TargetId": next(iter(given))}
        provisioned = self._op("ProvisionPermissionSet", PermissionSetArn=arn, **target)
        status = self._end_of(provisioned, "PermissionSetProvisioning")
        if act is None or status != "SUCCEEDED":
            return  # what the set says, or whether the roles do, is not known
        self._look_at_roles(name, given, [after])
        if target["TargetType"] != "AWS_ACCOUNT":
            self.journal.says[arn] = [after]

    def _look_at_roles(self, name: str, given: Mapping[str, str], allowed: Sequence[Says]) -> None:
        """What the roles say in the accounts in which the assignment stands."""
        for account, status in given.items():
            if status == "SUCCEEDED" and self.dice.random() < 0.4:
                says = self._role_says(name, account)
                if says is not None and says not in allowed:
                    self.journal.object_to(f"role of {name} in {account}: {says}, not {allowed}")

    def _role_says(self, name: str, account: str) -> Says | None:
        """What the role says now to IAM; None when somebody did not answer."""
        iam = self.asker_at(self._aliases[account])
        listed = iam.aws("iam", "ListRoles", PathPrefix="/aws-reserved/", MaxItems=1000)
        if not listed.done:
            return None
        prefix = f"AWSReservedSSO_{name}_"
        names = [one["RoleName"] for one in listed.answer["Roles"]]
        role = next((one for one in names if one.startswith(prefix)), None)
        if role is None:
            self.journal.object_to(f"{name} was given in {account} and has no role")
            return None
        told = iam.aws("iam", "GetRole", RoleName=role)
        attached = iam.aws("iam", "ListAttachedRolePolicies", RoleName=role)
        inline = iam.aws("iam", "GetRolePolicy", RoleName=role, PolicyName="AwsSSOInlinePolicy")
        if not (told.done and attached.done and (inline.done or inline.outcome == REFUSED)):
            return None
        document = inline.answer.get("PolicyDocument")
        boundary = told.answer["Role"].get("PermissionsBoundary", {})
        return Says(
            frozenset(one["PolicyName"] for one in attached.answer["AttachedPolicies"]),
            json.dumps(document, separators=(",", ":")) if document else "",
            boundary.get("PermissionsBoundaryArn", "").rpartition("/")[2],
        )

    # --- who has it -------------------------------------------------------------------------------

    def _assignment(self, arn: str, account: str, **principal: str) -> dict[str, str]:
        return {
            "TargetId": account,
            "TargetType": "AWS_ACCOUNT",
            "PermissionSetArn": arn,
            "PrincipalType": "USER",
            "PrincipalId": self._user_id,
            **principal,
        }

    def _give(self, arn: str, account: str) -> str:
        asked = self._op("CreateAccountAssignment", **self._assignment(arn, account))
        return self._end_of(asked, "AccountAssignmentCreation")

    def _look_at_statuses(self, arn: str, given: Mapping[str, str]) -> None:
        """FAILED where a policy is missing, and there only."""
        wanted = "FAILED" if _NOWHERE in self._content(arn).attached else "SUCCEEDED"
        for account, status in given.items():
            if status not in ("", wanted):
                self.journal.object_to(f"{arn} in {account} {status}, should be {wanted}")

    def _give_to_who_leaves(self, arn: str) -> None:
        """A principal that is removed while its assignment is being made."""
        store = {"IdentityStoreId": self.hand.store}
        account = self.dice.choice(sorted(self._aliases))
        kind = self.dice.choice(("USER", "GROUP"))
        create, delete, member = (
            (directory.CREATE_USER, directory.DELETE_USER, "UserId")
            if kind == "USER"
            else (directory.CREATE_GROUP, directory.DELETE_GROUP, "GroupId")
        )
        made = self._known(create, self._a_principal(kind))
        if made is None:
            return
        self._take(create, made)
        principal = made.answer[member]
        assignment = self._assignment(arn, account, PrincipalId=principal, PrincipalType=kind)
        self._op("CreateAccountAssignment", **assignment)
        if self.dice.random() < 0.6:
            time.sleep(self.dice.random() / 10)
            self._do(delete, {**store, member: principal})

    def _a_principal(self, kind: str) -> Params:
        name = self.hand.a_name()
        store = {"IdentityStoreId": self.hand.store}
        if kind == "GROUP":
            return {**store, "DisplayName": name, "Description": "A"}
        person = {"DisplayName": "A", "Name": {"GivenName": "A", "FamilyName": "B"}}
        return {**store, "UserName": name, **person}

    def _must_stay(self, arn: str) -> None:
        """A permission set that somebody has is not deleted."""
        asked = {**self._instance, "PermissionSetArn": arn}
        self._do(replace(sets.DELETE, refused="ConflictException"), asked)

    def _unassign(self, arn: str, account: str) -> bool:
        """Whether the assignment is known to be gone, with all that hung on it."""
        asked = self._op("DeleteAccountAssignment", **self._assignment(arn, account))
        if not asked.done:
            return False
        gone = (account, arn, self._user_id)
        self._taken_away.add(gone)
        self._all_ended([one for one in self.sessions if one.stands_on == gone])
        return self._end_of(asked, "AccountAssignmentDeletion") == "SUCCEEDED"

    def _end_of(self, asked: Act, kind: str) -> str:
        """The terminal status of an accepted request; empty for one that was not accepted."""
        if not asked.done:
            return ""
        member = f"{kind}Status"
        request_id = asked.answer[member]["RequestId"]
        name = {
            "AccountAssignmentCreation": "AccountAssignmentCreationRequestId",
            "AccountAssignmentDeletion": "AccountAssignmentDeletionRequestId",
            "PermissionSetProvisioning": "ProvisionPermissionSetRequestId",
        }[kind]
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self.stopping.is_set():
            act = self._op(f"Describe{member}", **{name: request_id})
            if act.outcome == REFUSED and not says_later(act):
                self.journal.object_to(f"an accepted request is unknown: {request_id} {act.told}")
                return ""
            status: str = act.answer[member]["Status"] if act.done else _IN_PROGRESS
            if status != _IN_PROGRESS:
                return status
            if time.monotonic() > deadline:
                self.journal.object_to(f"{kind} {request_id} does not end")
                return ""
            time.sleep(_PAUSE_SECONDS)
        return ""

    # --- who uses it ------------------------------------------------------------------------------

    def _session(self, name: str, arn: str, account: str) -> Session | None:
        """A session of the role that was just given, which must be usable at once."""
        answered = self.until(
            lambda: self.asker.plain(
                "GetRoleCredentials",
                {"account": account, "role": name},
                "GET",
                "/federation/credentials",
                params={"account_id": account, "role_name": name},
                headers={"x-amz-sso_bearer_token": self._token},
            )
        )
        if answered is None:
            return None
        if not answered.done:
            self.journal.object_to(f"{name} is assigned but cannot be used: {answered.told}")
            return None
        given = answered.answer["roleCredentials"]
        keys = {
            "access_key_id": given["accessKeyId"],
            "secret_access_key": given["secretAccessKey"],
            "session_token": given["sessionToken"],
        }
        caller = self.until(lambda: self.asker.identity(keys))
        if caller is not None and not caller.done:
            self.journal.object_to(f"a fresh session of {name} is dead: {caller.told}")
        return Session(keys, (account, arn, self._user_id))

    def _all_ended(self, sessions: list[Session]) -> None:
        """The sessions of assignments that an acknowledged deletion took away are dead."""
        for session in sessions:
            if session.stands_on not in self._taken_away:
                self.sessions.append(session)
                continue
            caller = self.until(lambda kept=session: self.asker.identity(kept.credentials))  # type: ignore[misc]
            if caller is not None and caller.done:
                self.journal.object_to(f"a session outlives its assignment {session.stands_on}")

    def asker_at(self, alias: str) -> Asker:
        """One who looks as an account's administrator, at the next node."""
        return self._asker(alias, next(self._turns), "eyes")


def _named(name: str) -> Params:
    return {"Name": name, "Path": "/"}
