"""What the HTTP header says of who sends, as it was sent."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest

from adapters.pmpgateway import ADAPTER
from gateway.ports import BearerToken, ClientPassword, DigestConstruction, PasswordDigest
from tests.unit.pmpgateway.helpers import inbound

DIGEST = {
    "x_auth_username": "ehr-1",
    "x_auth_nonce": "648db976-6428-459d-873e-891169e5a4e2",
    "x_auth_timestamp": "1795700000",
    "x_auth_passworddigest": "AB" * 32,
}


def test_the_digest_is_told_as_sent() -> None:
    told = ADAPTER.credentials(inbound(**DIGEST))
    assert told == PasswordDigest(
        client_id="ehr-1",
        digest="AB" * 32,
        nonce="648db976-6428-459d-873e-891169e5a4e2",
        created="1795700000",
        created_at=datetime.fromtimestamp(1795700000, UTC),
        construction=DigestConstruction.PMP_GATEWAY,
        path="X-Auth-PasswordDigest",
    )
    assert "ehr-1" not in repr(told)


@pytest.mark.parametrize("left_out", DIGEST)
def test_what_is_left_out_is_empty_and_for_security_to_refuse(left_out: str) -> None:
    told = ADAPTER.credentials(inbound(**{k: v for k, v in DIGEST.items() if k != left_out}))
    assert isinstance(told, PasswordDigest)
    assert "" in (told.client_id, told.nonce, told.created, told.digest)


def test_a_time_that_is_none() -> None:
    told = ADAPTER.credentials(inbound(**{**DIGEST, "x_auth_timestamp": "soon"}))
    assert isinstance(told, PasswordDigest)
    assert (told.created, told.created_at) == ("soon", None)


def test_a_token_counts_before_the_digest_and_the_digest_before_a_password() -> None:
    basic = base64.b64encode("ehr-1:s\u00e9cret:x".encode()).decode()
    assert ADAPTER.credentials(inbound(authorization="Bearer abc", **DIGEST)) == BearerToken("abc")
    assert isinstance(ADAPTER.credentials(inbound(authorization=f"Basic {basic}", **DIGEST)), PasswordDigest)
    assert ADAPTER.credentials(inbound(authorization=f"basic {basic}")) == ClientPassword(
        "ehr-1", "s\u00e9cret:x"
    )


@pytest.mark.parametrize("header", ["", "Basic", "Basic !!!", "Basic /w==", "Basic YQ==", "Digest x"])
def test_no_credentials(header: str) -> None:
    assert ADAPTER.credentials(inbound(authorization=header)) is None
