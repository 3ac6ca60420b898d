"""What a client sees of a server that dies: no answer, or half of one."""

from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError


class Lost(Exception):
    """Nobody knows whether what was asked was done."""


@contextmanager
def answered() -> Iterator[None]:
    """Ask by boto3 in here and take what is wanted out of the answer; raises Lost without one.

    Half of an answer is an empty one to botocore, half of a refusal one whose code is its status.
    """
    try:
        yield
    except (BotoCoreError, ResponseParserError, KeyError) as error:
        raise Lost from error
    except ClientError as error:
        if error.response["Error"]["Code"].isdecimal():
            raise Lost from error
        raise
