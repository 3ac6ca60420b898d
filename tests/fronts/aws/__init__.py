"""The AWS front over HTTP: boto3 and raw bytes against a running server."""

import pytest

pytest.register_assert_rewrite("tests.fronts.aws.refusal", "tests.fronts.aws.world")
