"""The table of rates: AWS's numbers, of operations that are served, as the pages tell them."""

import re

from genkan.core.rates import RATES
from genkan.fronts.aws.services import SERVICES
from tests.tree.files import ROOT


def test_the_numbers_are_those_of_the_reference() -> None:
    """Reference §12; that of LookupEvents is in AWS CloudTrail's user guide."""
    numbers = {(r.service, r.operations, r.scope, r.each): r.per_second for r in RATES}
    assert numbers == {
        ("sso-admin", (), "account", False): 20,
        ("identitystore", (), "store", True): 20,
        ("sso-oidc", ("RegisterClient",), "address", False): 20,
        ("sso-oidc", ("CreateToken", "StartDeviceAuthorization"), "client", True): 80,
        ("sso-oidc", ("CreateToken",), "instance", False): 250,
        ("cloudtrail", ("LookupEvents",), "account", False): 2,
    }


def test_each_rate_is_of_operations_that_are_served() -> None:
    for rate in RATES:
        assert set(rate.operations) <= SERVICES[rate.service].operations.keys()


def test_the_pages_name_each_rate() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \| (\d+) \|", page, re.MULTILINE)
    told = [
        (service, tuple(re.findall(r"`(\w+)`", operations)), "each" in operations, int(number))
        for service, operations, number in rows
    ]
    assert told == [(r.service, r.operations, r.each, r.per_second) for r in RATES]
    metrics = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    (row,) = re.findall(r"^\| `genkan_throttled_requests_total` .*$", metrics, re.MULTILINE)
    assert [name for name in re.findall(r"`([a-z-]+)`", row) if name != "rate"] == [
        rate.name for rate in RATES
    ]
