"""An installation under load while its processes, its database and its network fail at random."""

import random
import signal
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.faults.chaos import KILLS, SEED, Fault, Run, schedule
from tests.faults.house import through
from tests.faults.site import LEASE_MS, Knobs, Site, knobs_of
from tests.support.forwarder import Forwarder
from tests.support.nodes import Member, Nodes
from tests.support.postgresql import Cluster

_SKEW_MS = LEASE_MS // 8
"""How wrong a member's clock may be; two may differ by twice as much."""


@pytest.mark.timeout(1800)
def test_nothing_is_lost_or_half_whatever_happens_to_nodes_workers_and_postgresql(
    site: Site, tmp_path: Path
) -> None:
    with (
        site.postgres(tmp_path, nodes=2, workers=1, works=False) as nodes,
        far_worker(site.cluster, nodes) as forwarder,
    ):
        faults = faults_of(nodes, site.cluster, forwarder)
        nodes.start()
        run = Run(nodes, tmp_path, SEED, faults)
        some = max(1, KILLS // 20)
        others = {
            "restart of PostgreSQL": some,
            "crash of PostgreSQL": some,
            "connections terminated": some,
            "connections of a worker cut": some,
            "network of a worker frozen": some,
            "worker paused": some,
            "node told to stop": some,
            "everything killed": some,
            "clock of a member set": some,
        }
        kinds = ["kill of a node", "kill of a worker"]
        wrong = run.under(schedule(SEED, KILLS, others, kinds))
        assert not wrong, "\n".join(wrong)


def faults_of(nodes: Nodes, cluster: Cluster, forwarder: Forwarder) -> dict[str, Fault]:
    """What may be done to nodes on PostgreSQL, one worker of which is behind a forwarder."""
    knobs = {member.name: Knobs(knobs_of(member.log_file)) for member in nodes.members}

    def killed(member: Member, dice: random.Random) -> None:
        member.kill()
        time.sleep(dice.choice((0, dice.random() / 2)))
        nodes.revive(member)

    def terminated(dice: random.Random) -> None:
        share = dice.random()
        with psycopg.connect(nodes.database, autocommit=True) as raw:
            raw.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE random() < %s"
                " AND datname = current_database() AND pid <> pg_backend_pid()",
                [share],
            )

    def frozen(dice: random.Random) -> None:
        forwarder.freeze()
        time.sleep(dice.random() + dice.choice((0, LEASE_MS / 1000)))
        forwarder.thaw()

    def paused(dice: random.Random) -> None:
        member = dice.choice(nodes.working)
        member.signal(signal.SIGSTOP)
        time.sleep(dice.random() + dice.choice((0, LEASE_MS / 1000)))
        member.signal(signal.SIGCONT)

    def everything(dice: random.Random) -> None:
        for member in nodes.members:
            member.signal(signal.SIGKILL)
        cluster.restart(crash=True)
        for member in nodes.members:
            member.kill()
            nodes.revive(member)

    def told_to_stop(dice: random.Random) -> None:
        member = dice.choice(nodes.members)
        member.end(signal.SIGTERM)
        nodes.revive(member)

    return {
        "kill of a node": lambda dice: killed(dice.choice(nodes.serving), dice),
        "kill of a worker": lambda dice: killed(dice.choice(nodes.working), dice),
        "restart of PostgreSQL": lambda dice: cluster.restart(),
        "crash of PostgreSQL": lambda dice: cluster.restart(crash=True),
        "connections terminated": terminated,
        "connections of a worker cut": lambda dice: forwarder.cut(),
        "network of a worker frozen": frozen,
        "worker paused": paused,
        "node told to stop": told_to_stop,
        "everything killed": everything,
        "clock of a member set": lambda dice: knobs[dice.choice(nodes.members).name].clock(
            dice.randint(-_SKEW_MS, _SKEW_MS)
        ),
    }


@contextmanager
def far_worker(cluster: Cluster, nodes: Nodes) -> Iterator[Forwarder]:
    """One worker more, which reaches the database through a forwarder."""
    port = int(cluster.url().rpartition(":")[2].partition("/")[0])
    with closing(Forwarder(lambda: [port])) as forwarder:
        nodes.another("far", "worker", through(forwarder, cluster, nodes))
        yield forwarder
