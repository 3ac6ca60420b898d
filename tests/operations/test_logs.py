"""Log lines: their two forms, what they carry, and what they never do."""

import io
import json
import logging
import re
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genkan import logs
from genkan.core import trace
from genkan.core.trace import Trace
from genkan.logs import JsonLines, TextLines
from tests.operations.exchange import Listening, a_server, ask
from tests.security.test_secrets import Run, everything
from tests.support.server import Server

TIMESTAMP = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
FLAGS = ("_srcfile", "logThreads", "logProcesses", "logMultiprocessing", "logAsyncioTasks")
_log = logging.getLogger("genkan.test")


@pytest.fixture
def configured() -> Iterator[Callable[..., io.StringIO]]:
    """Logs as a process would configure them; whatever there was before comes back."""
    root, own = logging.getLogger(), logging.getLogger("genkan")
    before = (list(root.handlers), root.level, own.level)
    flags = {name: getattr(logging, name, None) for name in FLAGS}

    def configure(level: str, form: Any) -> io.StringIO:
        stream = io.StringIO()
        logs.configure(level, form, stream)
        return stream

    yield configure
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])
    logging.captureWarnings(False)
    for name, value in flags.items():
        setattr(logging, name, value)


def objects(stream: io.StringIO) -> list[dict[str, Any]]:
    """The lines, each of which must be an object."""
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def record(message: str, *arguments: Any, **more: Any) -> logging.LogRecord:
    made = logging.LogRecord("genkan.test", logging.INFO, __file__, 1, message, arguments, None)
    made.__dict__.update(more)
    return made


def test_a_line_of_json_has_time_level_logger_event_and_fields(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "json")
    _log.info("job %s ended", "x", extra={"fields": {"seconds": 1.5, "kind": "Work", "none": None}})
    (line,) = objects(stream)
    assert TIMESTAMP.fullmatch(line.pop("timestamp"))
    assert line == {
        "level": "info",
        "logger": "genkan.test",
        "event": "job x ended",
        "seconds": 1.5,
        "kind": "Work",
        "none": None,
    }


def test_the_time_is_that_of_the_record_in_utc() -> None:
    made = record("x", created=1_800_000_000.0415)
    assert json.loads(JsonLines().format(made))["timestamp"] == "2027-01-15T08:00:00.041Z"
    assert TextLines().format(made) == "2027-01-15T08:00:00.041Z INFO genkan.test x"


def test_an_exception_is_one_line_with_its_traceback_in_a_field(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "json")
    try:
        raise ValueError('first\n{"event":"forged"}')
    except ValueError:
        _log.exception("it failed")
    (line,) = objects(stream)
    assert (line["level"], line["event"]) == ("error", "it failed")
    assert line["exception"].startswith("Traceback (most recent call last):")
    assert "test_logs.py" in line["exception"]
    assert line["exception"].endswith('{"event":"forged"}')


def test_for_people_a_traceback_follows_in_marked_lines(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "text")
    try:
        raise ValueError("first\n2027-01-15T08:00:00.041Z INFO genkan.access forged")
    except ValueError:
        _log.exception("it failed")
    first, *others = stream.getvalue().splitlines()
    assert first.endswith(" ERROR genkan.test it failed")
    assert all(line.startswith("    | ") for line in others)
    assert len(others) > 3


@given(st.text(), st.text())
def test_no_text_begins_another_line(event: str, value: str) -> None:
    made = record("%s", event, fields={"field": value})
    for formatter in (JsonLines(), TextLines()):
        line = formatter.format(made)
        assert len(line.splitlines()) == 1
        assert line.isprintable() or isinstance(formatter, TextLines)
        assert "\x1b" not in line
    assert json.loads(JsonLines().format(made))["field"] == value[: logs.LONGEST_FIELD]


def test_a_field_of_a_text_line_cannot_make_another_field() -> None:
    made = record("x", fields={"path": '/ status=200 a="b"', "empty": ""})
    line = TextLines().format(made)
    assert line.endswith(r' x path="/ status=200 a=\"b\"" empty=""')


def test_a_line_has_a_bounded_length() -> None:
    try:
        raise ValueError("x" * 100_000)
    except ValueError as error:
        caught = (ValueError, error, error.__traceback__)
    made = record("%s", "y" * 100_000, fields={"a": "z" * 100_000}, exc_info=caught)
    for formatter in (JsonLines(), TextLines()):
        assert len(formatter.format(made)) < 30_000


def test_a_mistaken_log_call_costs_neither_the_line_nor_the_request() -> None:
    assert json.loads(JsonLines().format(record("%s and %s", "one")))["event"] == "%s and %s"


def test_debug_is_for_our_own_loggers_only(configured: Callable[..., io.StringIO]) -> None:
    stream = configured("debug", "json")
    _log.debug("ours")
    for name in ("botocore.auth", "signxml", "asyncio", "urllib3.connectionpool"):
        logging.getLogger(name).debug("secret")
        logging.getLogger(name).info("told")
    assert [line["event"] for line in objects(stream)] == ["ours", *["told"] * 4]


def test_levels_below_the_one_wanted_are_left_out(configured: Callable[..., io.StringIO]) -> None:
    stream = configured("warning", "text")
    _log.info("not this")
    logging.getLogger("uvicorn.error").info("nor this")
    logging.getLogger("uvicorn.error").warning("this")
    assert "this" in stream.getvalue()
    assert "not" not in stream.getvalue()
    assert "nor" not in stream.getvalue()


def test_warnings_of_libraries_are_lines_too(configured: Callable[..., io.StringIO]) -> None:
    stream = configured("info", "json")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        logging.captureWarnings(True)
        warnings.warn("two\nlines", UserWarning, stacklevel=1)
    (line,) = objects(stream)
    assert line["logger"] == "py.warnings"


# --- requests -------------------------------------------------------------------------------------


async def test_an_answer_and_every_line_of_its_request_carry_one_id(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "json")

    class Talking(Listening):
        async def pages(self, scope: Any, receive: Any, send: Any) -> None:
            logging.getLogger("genkan.test").warning("in the page")
            await super().pages(scope, receive, send)

    answers = [
        await ask(a_server(Talking()), "/start"),
        await ask(a_server(Talking()), "/start"),
        await ask(a_server(), "/start", host="evil.example"),
    ]
    logging.getLogger("genkan.test").warning("outside")
    ids = [answer.header("x-amzn-requestid") for answer in answers]
    assert len(set(ids)) == 3
    lines = objects(stream)
    told = [(line["event"], line.get("request_id")) for line in lines]
    assert told == [
        ("in the page", ids[0]),
        ("request", ids[0]),
        ("in the page", ids[1]),
        ("request", ids[1]),
        ("request", ids[2]),
        ("outside", None),
    ]


async def test_the_line_of_a_request_says_who_asked_what_and_how_it_ended(
    configured: Callable[..., io.StringIO],
) -> None:
    async def answered_as(path: str, **options: Any) -> dict[str, Any]:
        stream = configured("info", "json")
        await ask(a_server(), path, **options)
        (line,) = objects(stream)
        assert line["logger"] == "genkan.access"
        assert isinstance(line.pop("duration_ms"), float)
        return {key: line[key] for key in ("method", "path", "status", "source_ip", "bytes")}

    assert await answered_as("/start") == {
        "method": "GET",
        "path": "/start",
        "status": 200,
        "source_ip": "192.0.2.7",
        "bytes": 4,
    }
    assert (await answered_as("/", method="POST"))["bytes"] == 2
    assert (await answered_as("/start", host="x"))["status"] == 421
    assert (await answered_as(f"/{'x' * 70_000}"))["status"] == 414
    assert (await answered_as("/start", body=b"x" * 300_000))["status"] == 413
    assert (await answered_as("/sandbox/reset/very-secret"))["path"] == "/sandbox/reset/***"


async def test_for_people_the_line_begins_with_what_was_asked(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "text")
    answer = await ask(a_server(), "/start")
    line = stream.getvalue()
    assert re.search(r" INFO genkan\.access GET /start 200 duration_ms=[0-9.]+ operation=", line)
    assert line.endswith(f" request_id={answer.header('x-amzn-requestid')}\n")
    assert line.count("/start") == 1


async def test_a_page_that_fails_is_logged_with_the_request_that_it_failed(
    configured: Callable[..., io.StringIO],
) -> None:
    stream = configured("info", "json")

    class Failing(Listening):
        async def pages(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 500, "headers": []})
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await ask(a_server(Failing()), "/start")
    (line,) = objects(stream)
    assert (line["event"], line["status"]) == ("request", 500)


def test_a_job_has_its_own_id() -> None:
    token = trace.current.set(Trace(job_id="0123-4"))
    try:
        line = json.loads(JsonLines().format(record("x")))
    finally:
        trace.current.reset(token)
    assert line["job_id"] == "0123-4"
    assert "request_id" not in line


# --- a whole run ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Everything that the sandbox can do, logged as JSON at the most talkative level."""
    data_dir = tmp_path_factory.mktemp("json") / "data"
    talkative = {"GENKAN_LOG_LEVEL": "debug", "GENKAN_LOG_FORMAT": "json"}
    server = Server(data_dir, environment=talkative).start()
    server.reset()
    made = Run(server)
    everything(made)
    server.stop()
    made.log = server.log()
    return made


def lines_of(run: Run) -> list[dict[str, Any]]:
    """Its log without the banner, which is on standard output."""
    found = [line for line in run.log.splitlines() if line.startswith("{")]
    return [json.loads(line) for line in found]


def test_the_log_of_a_run_is_objects_that_say_what_was_asked(run: Run) -> None:
    lines = lines_of(run)
    assert {"timestamp", "level", "logger", "event"} <= set.intersection(*map(set, lines))
    asked = [line for line in lines if line["event"] == "request"]
    assert len(asked) > 50
    assert len({line["request_id"] for line in asked}) == len(asked)
    operations = {line["operation"] for line in asked}
    assert {"CreateToken", "GetRoleCredentials", "post_sign_in", "RegisterClient"} <= operations
    assert all(re.fullmatch(r"\w*", operation) for operation in operations)


def test_no_secret_of_the_run_is_in_its_log(run: Run) -> None:
    assert len(run.secrets) > 35
    text = "\n".join(json.dumps(line, ensure_ascii=False) for line in lines_of(run))
    raw = "\n".join(line for line in run.log.splitlines() if line.startswith("{"))
    for name, secret in run.secrets.items():
        assert secret not in text, name
        assert secret not in raw, name
