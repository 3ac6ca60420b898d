"""The burst's own rules: what is asked again and when, and what the page says of it."""

import asyncio
import os
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from benchmarks import burst
from benchmarks.assignments import BEGIN, END, PAGE, Figure, expectation, rewrite, told
from benchmarks.burst import Asked, Burst, Line, ask_all, middle
from benchmarks.load import Answer, Wrong
from benchmarks.sites import GENKAN, Site
from tests.benchmarks.test_load import Counting, serving

ACCEPTED = Answer(200, b"", b"{}")
REFUSED = Answer(400, b"", b'{"__type":"ConflictException"}')


class FakeLine:
    """Answers as it is told to, without a server."""

    def __init__(self, answer: Callable[[bytes], Answer]) -> None:
        self._answer = answer

    async def ask(self, request: bytes) -> Answer:
        await asyncio.sleep(0)
        return self._answer(request)


def _burst(seconds: float, *, name: str = "1,000 CreateAccountAssignment") -> Burst:
    return Burst(
        name=name,
        acts=1_000,
        seconds=seconds,
        cpu_us=1_234.5,
        database_us=0.0,
        conflicts=7,
        probe_p99=seconds * 10,
    )


async def test_what_another_request_was_in_the_way_of_is_asked_again_until_accepted(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(burst, "_FIRST_PAUSE_SECONDS", 0.001)
    monkeypatch.setattr(burst, "_NOTHING_YET_SECONDS", 0.001)
    seen: list[bytes] = []

    def answer(request: bytes) -> Answer:
        seen.append(request)
        return REFUSED if request == b"two" and seen.count(b"two") < 4 else ACCEPTED

    asked = Asked(fresh=deque([b"one", b"two", b"three"]))
    lines = [FakeLine(answer) for _ in range(2)]
    await ask_all(asked, lines)  # type: ignore[arg-type]
    assert len(asked.accepted) == 3
    assert asked.conflicts == 3
    assert sorted(seen) == [b"one", b"three", *[b"two"] * 4]


def test_what_waits_is_not_asked_before_its_time_nor_in_the_way_of_others() -> None:
    asked = Asked(fresh=deque([b"fresh"]))
    asked.refused(0, b"refused")
    assert asked.next() == (0, b"fresh")
    assert asked.next() is None
    asked.again = [(0.0, 1, b"refused")]
    assert asked.next() == (1, b"refused")


def test_a_wrong_answer_to_somebody_beside_the_burst_ends_it() -> None:
    refusal = b"HTTP/1.1 503 Busy\r\ncontent-length: 2\r\n\r\n{}"
    right = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n<Arn>"
    for answer, ends in ((right, False), (refusal, True)):
        with serving(Counting(answer)) as port:
            site = _site(port)

            async def work(asked: Asked, lines: Sequence[Line]) -> None:
                """Over at once, before any answer."""

            if ends:
                with pytest.raises(Wrong):
                    burst.run(site, "nothing", 1, [], work)
            else:
                assert burst.run(site, "nothing", 1, [], work).probe_p99 > 0


def _site(port: int) -> Site:
    return Site(
        kind=GENKAN,
        host="localhost",
        ports=(port,),
        pids=(os.getpid(),),
        facts={
            "administrator": {"access_key_id": "AKIA", "secret_access_key": "secret"},
            "region": "us-east-1",
        },
    )


def test_the_middle_burst_carries_the_worst_percentile() -> None:
    assert middle([_burst(3.0), _burst(1.0), _burst(2.0)]).seconds == 2.0
    assert middle([_burst(3.0), _burst(1.0), _burst(2.0)]).probe_p99 == 30.0


@pytest.mark.parametrize(("seconds", "said"), [(4.99, "reached."), (5.0, "**not reached**.")])
def test_five_seconds_in_the_sandbox_are_reached_or_not(seconds: float, said: str) -> None:
    figures = [
        Figure(server="PostgreSQL", nodes=1, burst=_burst(1.0)),
        Figure(server="SQLite", nodes=1, burst=_burst(1.0, name="1,000 DeleteAccountAssignment")),
        Figure(server="SQLite", nodes=1, burst=_burst(seconds)),
    ]
    assert expectation(figures).endswith(f"{seconds:.2f} s, {said}")


def test_every_burst_has_a_row() -> None:
    text = told([Figure(server="SQLite", nodes=1, burst=_burst(2.0))])
    row = "| 1,000 CreateAccountAssignment | SQLite | 1 | 2.00 | 500 | 1,234 |  | 7 | 20.0 |"
    assert row in text.splitlines()


def test_only_what_stands_between_the_marks_is_rewritten(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    rewrite(page, "new")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"


def test_the_page_has_the_marks() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert text.count(BEGIN) == text.count(END) == 1
