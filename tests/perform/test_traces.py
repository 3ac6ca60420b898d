"""What a call leaves behind when it is refused, and when it meets a bug (DESIGN §4).

The operations' own `run` is replaced by one that has written, spent a job and told subscribers
before it fails, which is the worst moment for whoever must undo it.
"""

import asyncio
import json
import logging
from dataclasses import replace
from typing import Any

import pytest

from genkan.core.call import Operation, Owner, Public
from genkan.core.errors import Conflict
from genkan.db import jobs
from genkan.fronts.aws.gateway import Gateway
from genkan.fronts.aws.services import SERVICES
from genkan.protocols.aws.wire import Response
from tests.fronts.aws.samples import sample
from tests.fronts.aws.wire import PROTOCOLS, scope_of
from tests.perform.dump import AUDIT, changes, dump
from tests.perform.house import ORIGIN, House, as_request
from tests.perform.inventory import operations

pytestmark = pytest.mark.asyncio(loop_scope="module")

OPERATIONS = operations()
WRITES = [name for name, one in OPERATIONS.items() if one.reads is None]
SERVED = [(model, name) for model, service in SERVICES.items() for name in service.operations]
OWNER = Owner(reason="test")


def spoil(tx: Any) -> None:
    """Change much of the store."""
    tx.run("UPDATE users SET display_name = 'spoilt'")
    tx.run("DELETE FROM group_memberships")
    jobs.enqueue(tx, "Nothing", {"spoilt": True}, key="spoilt")


def refusing(operation: Operation) -> Operation:
    def run(tx: Any, **params: Any) -> None:
        spoil(tx)
        raise Conflict("Not now.", detail="a detail for operators")

    return replace(operation, run=run)


def broken(operation: Operation) -> Operation:
    def run(tx: Any, **params: Any) -> None:
        if operation.reads is None:
            spoil(tx)
        raise ZeroDivisionError("a detail of the bug")

    return replace(operation, run=run, access=Public(reason="for a test"))


@pytest.mark.parametrize("name", WRITES)
async def test_a_refused_write_leaves_its_record_and_nothing_else(house: House, name: str) -> None:
    operation = OPERATIONS[name]
    before = dump(house.database)
    with pytest.raises(Conflict):
        await house.do(refusing(operation), OWNER)
    after = dump(house.database)
    assert changes(before, after) == ({AUDIT: (1, 0)} if operation.recorded else {})
    for row in after[AUDIT] - before[AUDIT]:
        record = json.loads(next(cell for cell in row if str(cell).startswith("{")))
        assert record["errorMessage"] == "Not now."
        assert record["errorCode"] == "ConflictException"
        assert record["responseElements"] is None
        assert "operators" not in str(row)


@pytest.mark.parametrize("name", WRITES)
async def test_a_bug_in_a_write_propagates_and_leaves_nothing(house: House, name: str) -> None:
    before = dump(house.database)
    with pytest.raises(ZeroDivisionError):
        await house.do(broken(OPERATIONS[name]), OWNER)
    assert changes(before, dump(house.database)) == {}


async def test_neighbours_of_a_bug_and_of_a_refusal_are_committed(house: House) -> None:
    """They may share one transaction, which is none of their business."""
    create = SERVICES["identitystore"].operations["CreateGroup"]
    bad = OPERATIONS["permission_sets.operations.CreatePermissionSet"]
    before = dump(house.database)
    store = {"identity_store_id": house.world.store}
    answers = await asyncio.gather(
        *(
            house.do(one, OWNER, **params)
            for number in range(5)
            for one, params in (
                (create, {**store, "display_name": f"Neighbour {number}"}),
                (broken(bad), {}),
                (refusing(bad), {}),
            )
        ),
        return_exceptions=True,
    )
    assert [type(answer) for answer in answers[1::3]] == [ZeroDivisionError] * 5
    assert [type(answer) for answer in answers[2::3]] == [Conflict] * 5
    assert not any(isinstance(answer, Exception) for answer in answers[0::3])
    changed = changes(before, dump(house.database))
    assert changed["groups"] == (5, 0)
    assert changed[AUDIT] == (10, 0)
    assert changed.keys() == {"groups", AUDIT, "identity_stores"}


@pytest.mark.parametrize(("service", "name"), SERVED)
async def test_a_bug_is_answered_500_without_a_word_about_it(
    house: House,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    service: str,
    name: str,
) -> None:
    table = SERVICES[service].operations
    monkeypatch.setitem(table, name, broken(table[name]))
    before = dump(house.database)
    with caplog.at_level(logging.ERROR, "genkan.aws"):
        response = await ask(house, service, name)
    assert changes(before, dump(house.database)) == {}
    assert response.status == 500
    headers = dict(response.headers)
    assert headers[b"x-amzn-requestid"].decode() == ORIGIN.request_id
    text = response.body.decode()
    for word in ("Zero", "division", "detail", "Traceback", "genkan", ".py"):
        assert word not in text
    is_internal_error(service, headers, text)
    (logged,) = [record for record in caplog.records if record.name == "genkan.aws"]
    assert ORIGIN.request_id in logged.getMessage()
    assert logged.exc_info is not None
    assert logged.exc_info[0] is ZeroDivisionError


def is_internal_error(service: str, headers: dict[bytes, bytes], text: str) -> None:
    """As the protocol writes it; sso-oidc in the words of RFC 6749 (reference §8.3)."""
    sentence = "An internal error occurred."
    if PROTOCOLS[service] == "query":
        assert "<Type>Receiver</Type><Code>InternalFailure</Code>" in text
        assert f"<Message>{sentence}</Message>" in text
        return
    assert headers[b"x-amzn-errortype"] == b"InternalServerException"
    body = json.loads(text)
    if service == "sso-oidc":
        assert body == {"error": "server_error", "error_description": sentence}
    elif PROTOCOLS[service] == "json":
        assert body["__type"] == "InternalServerException"
        assert body.get("Message", body.get("message")) == sentence
    else:
        assert body == {"message": sentence}


async def ask(house: House, service: str, name: str) -> Response:
    """A good request through the front."""
    world = house.world
    world.more |= {"client_id": "c", "client_secret": "s", "refresh_token": "r"}
    sent = world.wire.request(service, name, sample(world, service, name))
    if SERVICES[service].authentication == "signature":
        keys = house.facts["administrator"]
        sent = world.wire.sign(sent, keys, scope_of(service))
    if SERVICES[service].authentication == "bearer":
        sent = sent.with_header("x-amz-sso_bearer_token", world.more["token"])
    return await Gateway(house.app).answer(as_request(sent, world.wire.host), ORIGIN)
