"""Log lines: one form for everything that this process logs, for machines (`json`) or people.

Every logger of the standard library ends here: ours, uvicorn's, those of libraries. A record may
carry fields (`extra={"fields": {…}}`); what runs for a request carries its id by itself.

Invariants: one record is one line (for people, a traceback follows in lines that are marked), and
no text in it, whoever wrote it, begins another; a line has a bounded length; `debug` is for our own
loggers only, since libraries log what they send, secrets included.
"""

import json
import logging
import re
import sys
import time
from functools import lru_cache
from typing import Any, Literal, TextIO

from genkan.core import trace

Form = Literal["json", "text"]
LONGEST_EVENT = 4_096
LONGEST_FIELD = 2_048
LONGEST_TRACE = 16_384
_OWN = "genkan"
_TRACE_MARK = "    | "
# Control characters, and what some programs take for the end of a line or show the wrong way round.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")
_PLAIN = re.compile(r"[^\s\"=\\]+")
_encode = json.JSONEncoder(separators=(",", ":"), default=str).encode  # in ASCII


def configure(level: str, form: Form, stream: TextIO | None = None) -> None:
    """Log from `level` (debug, info, warning, error) on to `stream`, standard error if not given.

    Replaces whatever the root logger had. For the command line, before anything is logged.
    """
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(JsonLines() if form == "json" else TextLines())
    root = logging.getLogger()
    for old in list(root.handlers):
        root.removeHandler(old)
    root.addHandler(handler)
    wanted = logging.getLevelNamesMapping()[level.upper()]
    root.setLevel(max(wanted, logging.INFO))
    logging.getLogger(_OWN).setLevel(wanted)
    logging.captureWarnings(True)
    # What no line of ours shows need not be found out for each of them (Python's logging how-to,
    # "Optimization"): that is a third of what a line costs.
    logging._srcfile = None
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    if sys.version_info >= (3, 12):
        logging.logAsyncioTasks = False


class JsonLines(logging.Formatter):
    """One JSON object a line, in ASCII: `timestamp` (RFC 3339, UTC), `level`, `logger`, `event`,
    `request_id` or `job_id`, the record's fields, `exception` with the traceback.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, without its end."""
        line: dict[str, Any] = {
            "timestamp": _timestamp(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": getattr(record, "event", "") or _message(record),
            **_context(),
        }
        for name, value in getattr(record, "fields", {}).items():
            line[name] = value if isinstance(value, int | float) else _bounded(value)
        if trace_text := _traceback(self, record):
            line["exception"] = trace_text
        return _encode(line)


class TextLines(logging.Formatter):
    """For people: time, level, logger, what happened, then fields as `name=value`.

    A record may say how many of its fields its message tells already (`told`).
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line of a record, with the marked lines of its traceback, without its end."""
        fields = list(getattr(record, "fields", {}).items())[getattr(record, "told", 0) :]
        parts = [
            _timestamp(record),
            record.levelname,
            record.name,
            _printable(_message(record)),
            *(f"{name}={_value(value)}" for name, value in [*fields, *_context().items()]),
        ]
        text = " ".join(parts)
        if trace_text := _traceback(self, record):
            lines = "".join(f"\n{_TRACE_MARK}{_printable(one)}" for one in trace_text.split("\n"))
            return text + lines
        return text


def _timestamp(record: logging.LogRecord) -> str:
    milliseconds = int(record.created * 1000)
    return f"{_second(milliseconds // 1000)}.{milliseconds % 1000:03d}Z"


@lru_cache(maxsize=4)
def _second(epoch: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(epoch))


def _context() -> dict[str, str]:
    running = trace.current.get()
    if running is None:
        return {}
    if running.job_id:
        return {"job_id": running.job_id}
    return {"request_id": running.request_id}


def _message(record: logging.LogRecord) -> str:
    try:
        text = record.getMessage()
    except Exception:  # a mistake in a log call must not cost the line
        text = str(record.msg)
    return text if len(text) <= LONGEST_EVENT else f"{text[:LONGEST_EVENT]}…"


def _bounded(value: object) -> str | None:
    if value is None:
        return None
    text = str(value)
    return text if len(text) <= LONGEST_FIELD else f"{text[:LONGEST_FIELD]}…"


def _value(value: object) -> str:
    text = _printable(_bounded(value) or "")
    return text if _PLAIN.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _printable(text: str) -> str:
    return _UNPRINTABLE.sub(lambda match: repr(match[0])[1:-1], text)


def _traceback(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    """The end of it: where it was raised stands there."""
    text = ""
    if record.exc_info:
        text = formatter.formatException(record.exc_info)
    elif record.stack_info:
        text = formatter.formatStack(record.stack_info)
    return text if len(text) <= LONGEST_TRACE else f"…{text[-LONGEST_TRACE:]}"
