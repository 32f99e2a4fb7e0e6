"""The token of the environment: long enough, and kept as a digest only."""

import hashlib

import pytest
from django.core.exceptions import ImproperlyConfigured

from switchbot_site.api_token import environment_tokens
from tests.site.test_environment import run_check

SECRET = "of this test, and of 32 characters or more"


def test_kept_as_a_digest():
    assert environment_tokens(None) == environment_tokens("") == []
    assert environment_tokens(SECRET) == [
        {"name": "OPS_API_TOKEN", "sha256": hashlib.sha256(SECRET.encode()).hexdigest(), "reach": "writes"}
    ]


def test_a_short_one_is_refused_and_not_repeated(tmp_path):
    with pytest.raises(ImproperlyConfigured, match="has 31 characters; it must have at least 32"):
        environment_tokens("x" * 31)
    done = run_check(VAR_DIR=str(tmp_path), OPS_API_TOKEN="hunter2")
    assert done.returncode != 0
    assert "OPS_API_TOKEN has 7 characters" in done.stderr
    assert "hunter2" not in done.stdout + done.stderr
