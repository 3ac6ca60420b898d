"""Mixed writes from several threads against a server that comes and goes."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from tests.faults.lost import Lost, answered
from tests.support.server import Server

PAUSE_SECONDS = 0.02


@dataclass
class Acknowledged:
    """What the server said it had done; filled by several threads, each with its own names."""

    users: dict[str, str] = field(default_factory=dict)
    permission_sets: dict[str, str] = field(default_factory=dict)
    assignments: dict[str, str] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.users) + len(self.permission_sets) + len(self.assignments)


class Load:
    """Threads that write until told to stop. A request that is cut off is not tried again."""

    def __init__(self, server: Server, threads: int = 4) -> None:
        self.acknowledged = Acknowledged()
        self.cut_off = 0
        self._stopping = threading.Event()
        self._instance = server.facts["instance_arn"]
        self._store = server.facts["identity_store_id"]
        self._account = server.account("sakura-security")
        self._admin = server.client("sso-admin")
        self._identity_store = server.client("identitystore")
        self._threads = [
            threading.Thread(target=self._work, args=(number,), daemon=True)
            for number in range(threads)
        ]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, more: int, deadline_seconds: float = 120) -> None:
        """Return once so many more writes were acknowledged."""
        wanted = len(self.acknowledged) + more
        deadline = time.monotonic() + deadline_seconds
        while len(self.acknowledged) < wanted:
            assert time.monotonic() < deadline, "the load does not go on"
            time.sleep(0.002)

    def _work(self, thread: int) -> None:
        number = 0
        while not self._stopping.is_set():
            number += 1
            name = f"load-{thread}-{number}"
            for act in (self._user, self._permission_set, self._assignment):
                self._try(act, name)
                if self._stopping.is_set():
                    return

    def _try(self, act: Callable[[str], None], name: str) -> None:
        try:
            with answered():
                act(name)
        except Lost:
            self.cut_off += 1
            time.sleep(PAUSE_SECONDS)
        except ClientError as error:
            self.acknowledged.refusals.append(error.response["Error"]["Code"])

    def _user(self, name: str) -> None:
        made: dict[str, Any] = self._identity_store.create_user(
            IdentityStoreId=self._store,
            UserName=name,
            DisplayName=name,
            Name={"GivenName": "A", "FamilyName": "B"},
        )
        self.acknowledged.users[name] = made["UserId"]

    def _permission_set(self, name: str) -> None:
        made = self._admin.create_permission_set(InstanceArn=self._instance, Name=name)
        arn = made["PermissionSet"]["PermissionSetArn"]
        self.acknowledged.permission_sets[name] = arn

    def _assignment(self, name: str) -> None:
        if name not in self.acknowledged.users or name not in self.acknowledged.permission_sets:
            return
        made = self._admin.create_account_assignment(
            InstanceArn=self._instance,
            TargetId=self._account,
            TargetType="AWS_ACCOUNT",
            PermissionSetArn=self.acknowledged.permission_sets[name],
            PrincipalType="USER",
            PrincipalId=self.acknowledged.users[name],
        )
        status = made["AccountAssignmentCreationStatus"]
        self.acknowledged.assignments[name] = status["RequestId"]
