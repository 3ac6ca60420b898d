"""The sample organization: `sample.yaml`, read as any seed file is."""

from functools import cache
from pathlib import Path

from genkan.sandbox.document import SeedDocument
from genkan.sandbox.seed_reader import read_seed

SAMPLE_FILE = Path(__file__).with_name("sample.yaml")


@cache
def sample_document() -> SeedDocument:
    """What a newcomer sees first. Shared: not to be changed."""
    return read_seed(SAMPLE_FILE)
