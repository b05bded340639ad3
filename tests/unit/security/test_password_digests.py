"""Password digests: what holds, once and for how long, and what does not."""

from __future__ import annotations

import hashlib
from base64 import b64decode, b64encode
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from adapters._wire.instants import instant, unix_or_instant
from gateway.errors import Unauthenticated, Unavailable
from gateway.model import Requester
from gateway.ports import BearerToken, ClientPassword, DigestConstruction, PasswordDigest
from gateway.security.clients import Client, ClientRegistry
from gateway.security.password_digests import CLOCKS, DigestChecker, digest_of, new_digest_password
from gateway.security.vault import IdentifierVault, VaultKeys
from tests.unit.security.conftest import WINDOW

WS, PMP = DigestConstruction
THUMBPRINT = "ab" * 32


@pytest.fixture
def password(served: Any) -> str:
    """That of `oak`, which has nothing else."""
    shown, sealed = new_digest_password(served.vault)
    served.clients.put(_oak(sealed))
    return shown


def _oak(*sealed: bytes, **more: Any) -> Client:
    return Client(
        client_id="oak", name="Oak Street", scopes=("pdmp/history",), digest_passwords=sealed, **more
    )


def ws_security(
    password: str, *, at: datetime, nonce: bytes = b"sixteen bytes ..", client_id: str = "oak"
) -> PasswordDigest:
    """As a sender of WS-Security makes it, written after the profile and not with the code under test."""
    created = f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z"
    made = hashlib.sha1(nonce + created.encode() + password.encode()).digest()
    return PasswordDigest(
        client_id=client_id,
        digest=b64encode(made).decode(),
        nonce=b64encode(nonce).decode(),
        created=created,
        created_at=instant(created),
        construction=WS,
    )


def pmp_gateway(
    password: str, *, at: datetime, nonce: str = "c0ffee", client_id: str = "oak"
) -> PasswordDigest:
    """As public integrations of PMP Gateway make it."""
    created = str(int(at.timestamp()))
    return PasswordDigest(
        client_id=client_id,
        digest=hashlib.sha256(f"{password}:{nonce}:{created}".encode()).hexdigest(),
        nonce=nonce,
        created=created,
        created_at=unix_or_instant(created),
        construction=PMP,
        path="X-Auth-PasswordDigest",
    )


MAKERS = pytest.mark.parametrize("made", [ws_security, pmp_gateway])


def _refused(served: Any, told: Any, **more: Any) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refused:
        served.security.authenticate(told, **more)
    assert refused.value.remedy
    return refused.value


# --- what holds -----------------------------------------------------------------------------------------------


def test_both_constructions_as_openssl_computes_them() -> None:
    nonce = b64decode("WScqanjCEAC4mQoBE07sAQ==")
    made = digest_of("password", nonce=nonce, created="2003-07-16T01:24:32Z", construction=WS)
    assert made == "35G+fVLJOPu0MSJRj20Be9HMkuQ="
    made = digest_of("password", nonce=b"c0ffee", created="1764081005", construction=PMP)
    assert made == "49daefabd8f2b2095cb4830b75500eab7691fdf35ac4029ceda70c994919a0f4"


@MAKERS
def test_a_right_digest_is_its_client(served: Any, password: str, made: Any) -> None:
    principal = served.security.authenticate(made(password, at=served.clock()))
    assert principal.client_id == "oak"
    assert principal.scopes == {"pdmp/history"}
    assert principal.registered == Requester(client_id="oak")


def test_hexadecimal_digits_may_be_capitals(served: Any, password: str) -> None:
    told = pmp_gateway(password, at=served.clock())
    assert served.security.authenticate(replace(told, digest=told.digest.upper())).client_id == "oak"
    other = ws_security(password, at=served.clock())
    _refused(served, replace(other, digest=other.digest.swapcase()))


# --- once -----------------------------------------------------------------------------------------------------


@MAKERS
def test_a_nonce_is_used_once(served: Any, password: str, made: Any) -> None:
    told = made(password, at=served.clock())
    served.security.authenticate(told)
    again = _refused(served, told)
    assert "nonce" in str(again)
    assert again.claimed == "oak"
    served.clock.turn(seconds=2)
    assert "nonce" in str(_refused(served, made(password, at=served.clock()))), "also under another time"
    served.security.authenticate(
        made(password, at=served.clock(), nonce=b"other" if made is ws_security else "other")
    )


def test_another_spelling_of_the_same_nonce_is_the_same_nonce(served: Any, password: str) -> None:
    """The last digit before the padding has bits that stand for nothing."""
    told = ws_security(password, at=served.clock(), nonce=b"x")
    assert told.nonce == "eA=="
    served.security.authenticate(told)
    assert b64decode("eB==") == b"x"
    for spelling in ("eB==", "eP==", "eA==="):
        _refused(served, replace(told, nonce=spelling))
    for spelling in (" eA==", "eA==\n", "eA", "e A==", "-_=="):
        assert "Base64" in str(_refused(served, replace(told, nonce=spelling)))


def test_nothing_moves_between_nonce_and_time(served: Any, password: str) -> None:
    """What is hashed has no border between the two, so a message could be told as another with another nonce."""
    told = ws_security(password, at=served.clock(), nonce=b"20")
    served.security.authenticate(told)
    hashed = b64decode(told.nonce) + told.created.encode()
    for border in range(1, len(hashed)):
        nonce, created = hashed[:border], hashed[border:].decode()
        moved = replace(told, nonce=b64encode(nonce).decode(), created=created, created_at=instant(created))
        _refused(served, moved)


def test_nor_by_colons(served: Any, password: str) -> None:
    told = pmp_gateway(password, at=served.clock(), nonce="a")
    time = told.created
    served.security.authenticate(told)
    moved = replace(told, nonce=f"a:{time}", created="", created_at=unix_or_instant(time))
    _refused(served, moved)
    colon = pmp_gateway(password, at=served.clock(), nonce="a:1")
    assert "colon" in str(_refused(served, colon))


def test_the_same_nonce_of_another_client_or_construction_is_another(served: Any, password: str) -> None:
    client = served.clients.find("oak")
    served.clients.put(replace(client, client_id="elm"))
    at = served.clock()
    served.security.authenticate(ws_security(password, at=at, nonce=b"n"))
    served.security.authenticate(ws_security(password, at=at, nonce=b"n", client_id="elm"))
    served.security.authenticate(pmp_gateway(password, at=at, nonce="n"))


def test_a_wrong_digest_uses_no_nonce_up(served: Any, password: str) -> None:
    told = ws_security(password, at=served.clock())
    for wrong in (
        replace(told, digest="AAAA"),
        replace(told, client_id="nobody"),
        ws_security("guess", at=served.clock()),
    ):
        _refused(served, wrong)
    assert served.memory.claimed == {}
    assert served.security.authenticate(told).client_id == "oak"
    assert list(served.memory.claimed.values()) == [2 * WINDOW + CLOCKS], "as long as it could be sent again"


def test_when_used_nonces_are_out_of_reach_nobody_is_let_in(served: Any, password: str) -> None:
    told = ws_security(password, at=served.clock())
    served.memory.broken = True
    with pytest.raises(Unavailable) as refused:
        served.security.authenticate(told)
    assert refused.value.retry_after > 0
    served.memory.broken = False
    assert served.security.authenticate(told).client_id == "oak"


# --- in time --------------------------------------------------------------------------------------------------


@MAKERS
@pytest.mark.parametrize("off", [-WINDOW + 2, WINDOW - 2])
def test_clocks_may_be_off_up_to_the_window(served: Any, password: str, made: Any, off: int) -> None:
    assert served.security.authenticate(made(password, at=served.clock() + timedelta(seconds=off)))


@MAKERS
@pytest.mark.parametrize("off", [-WINDOW - 2, WINDOW + 2, -86_400, 10_000_000])
def test_beyond_it_the_difference_is_told(served: Any, password: str, made: Any, off: int) -> None:
    error = _refused(served, made(password, at=served.clock() + timedelta(seconds=off)))
    assert f"more than {WINDOW} seconds off" in error.message
    assert f"{served.clock():%Y-%m-%dT%H:%M}" in str(error.remedy)
    assert error.claimed is None
    assert served.memory.claimed == {}


def test_the_window_ends_to_the_second(served: Any, password: str) -> None:
    now = datetime(2026, 11, 25, 12, tzinfo=UTC)
    checker = DigestChecker(vault=served.vault, ephemeral=served.memory, clock=lambda: now, window=60)
    for off in (-60, 60):
        checker.require_timely(ws_security(password, at=now + timedelta(seconds=off)))
    for off in (-60.001, 60.001):
        with pytest.raises(Unauthenticated):
            checker.require_timely(ws_security(password, at=now + timedelta(seconds=off)))


def test_what_is_old_tells_a_stranger_what_it_tells_a_client(served: Any, password: str) -> None:
    at = served.clock() - timedelta(hours=1)
    told = {
        str(_refused(served, ws_security(password, at=at, client_id=client))) for client in ("oak", "nobody")
    }
    assert len(told) == 1


# --- what does not hold ---------------------------------------------------------------------------------------


@MAKERS
def test_unknown_inactive_wrong_and_without_a_password_are_one_answer(
    served: Any, password: str, made: Any
) -> None:
    at = served.clock()
    known = _refused(served, made(password + "x", at=at))
    others = [
        _refused(served, made(password, at=at, client_id="nobody")),
        _refused(served, made(served.secret, at=at, client_id="hospital")),
        _refused(served, made("", at=at)),
        _refused(served, replace(made(password, at=at), digest="é")),
    ]
    served.clients.put(replace(served.clients.find("oak"), active=False))
    others.append(_refused(served, made(password, at=at)))
    assert {str(error) for error in others} == {str(known)}
    assert password not in str(known)
    assert [e.claimed for e in (known, *others)] == ["oak", None, "hospital", "oak", "oak", "oak"]
    assert {e.path for e in (known, *others)} == {made(password, at=at).path}


def test_everybody_costs_the_same_work(served: Any, password: str, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[bytes] = []
    vault_open = IdentifierVault.open
    monkeypatch.setattr(
        IdentifierVault, "open", lambda self, sealed: opened.append(sealed) or vault_open(self, sealed)
    )
    at = served.clock()
    tries = [
        ws_security(password, at=at),
        ws_security("wrong", at=at),
        ws_security(password, at=at, client_id="nobody"),
        ws_security(password, at=at, client_id="hospital"),
    ]
    for told in tries:
        opened.clear()
        with suppress(Unauthenticated):
            served.security.authenticate(told)
        assert len(opened) == 2


def test_one_construction_is_not_the_other(served: Any, password: str) -> None:
    at = served.clock()
    for told in (ws_security(password, at=at), pmp_gateway(password, at=at)):
        other = PMP if told.construction is WS else WS
        _refused(served, replace(told, construction=other))


def test_a_secret_is_no_password_and_a_password_no_secret(served: Any, password: str) -> None:
    """A sender that is made to send its password as text gets nothing for it."""
    _refused(served, ClientPassword("oak", password))
    both = replace(served.clients.find("oak"), secret_hash=served.clients.find("hospital").secret_hash)
    served.clients.put(both)
    _refused(served, ClientPassword("oak", password))
    _refused(served, ws_security(served.secret, at=served.clock()))
    assert served.security.authenticate(ClientPassword("oak", served.secret)).client_id == "oak"


@pytest.mark.parametrize("part", ["digest", "nonce", "created"])
@MAKERS
def test_every_part_has_to_be_there_and_of_a_size(served: Any, password: str, made: Any, part: str) -> None:
    told = made(password, at=served.clock())
    for value in ("", "A" * 513):
        assert "missing or cannot be read" in str(_refused(served, replace(told, **{part: value})))
    assert "cannot be read" in str(_refused(served, replace(told, created_at=None)))


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    client_id=st.sampled_from(["oak", "hospital", "nobody", ""]) | st.text(max_size=5),
    digest=st.text(max_size=60),
    nonce=st.text(max_size=40) | st.binary(max_size=20).map(lambda b: b64encode(b).decode()),
    created=st.text(max_size=30),
    construction=st.sampled_from([WS, PMP]),
)
def test_no_text_at_all_gets_in_or_breaks_anything(served: Any, password: str, **parts: Any) -> None:
    told = PasswordDigest(**parts, created_at=served.clock())
    with pytest.raises(Unauthenticated):
        served.security.authenticate(told)
    assert served.memory.claimed == {}


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nonce=st.binary(min_size=1, max_size=40), flip=st.integers(0, 159))
def test_every_nonce_holds_and_no_digest_with_a_bit_changed(
    served: Any, password: str, nonce: bytes, flip: int
) -> None:
    served.memory.claimed.clear()
    told = ws_security(password, at=served.clock(), nonce=nonce)
    raw = bytearray(b64decode(told.digest))
    raw[flip // 8] ^= 1 << flip % 8
    changed = b64encode(raw).decode()
    assume(changed != told.digest)
    _refused(served, replace(told, digest=changed))
    assert served.security.authenticate(told).client_id == "oak"


# --- how passwords are kept -----------------------------------------------------------------------------------


def test_two_passwords_hold_while_one_takes_the_place_of_the_other(served: Any, password: str) -> None:
    newer, sealed = new_digest_password(served.vault)
    client = served.clients.find("oak")
    served.clients.put(replace(client, digest_passwords=(sealed, *client.digest_passwords)))
    for n, each in enumerate((password, newer)):
        served.security.authenticate(ws_security(each, at=served.clock(), nonce=b"%d" % n))
    served.clients.put(replace(client, digest_passwords=(sealed,)))
    _refused(served, ws_security(password, at=served.clock(), nonce=b"3"))
    served.security.authenticate(ws_security(newer, at=served.clock(), nonce=b"4"))
    with pytest.raises(ValueError, match="at most 2"):
        replace(client, digest_passwords=(sealed, sealed, sealed))


def test_a_password_is_nowhere_in_clear(served: Any, password: str) -> None:
    file = served.folder / "clients.json"
    assert password not in file.read_text()
    assert password.encode() not in b"".join(served.clients.find("oak").digest_passwords)
    again = ClientRegistry(file).find("oak")
    assert again == served.clients.find("oak")
    assert "digest_passwords" not in repr(again)
    assert served.vault.open(again.digest_passwords[0]) == password  # type: ignore[union-attr]
    told = ws_security(password, at=served.clock())
    assert told.digest not in repr(told)
    assert told.nonce not in repr(told)


def test_a_password_that_cannot_be_opened_lets_nobody_in(served: Any, password: str) -> None:
    strange = IdentifierVault(VaultKeys({"other": b"1" * 32}, b"2" * 32))
    served.clients.put(_oak(strange.seal(password)))
    with pytest.raises(Exception, match="cannot be opened"):
        served.security.authenticate(ws_security(password, at=served.clock()))
    assert served.memory.claimed == {}


@pytest.mark.parametrize("entry", ["not base64!", "é"])
def test_a_file_with_something_else_in_the_place_of_a_password_is_not_used(
    served: Any, password: str, entry: str
) -> None:
    file = served.folder / "clients.json"
    sealed = b64encode(served.clients.find("oak").digest_passwords[0]).decode()
    file.write_text(file.read_text().replace(sealed, entry))
    with pytest.raises(Unavailable):
        served.security.authenticate(ws_security(password, at=served.clock()))


# --- with a certificate ---------------------------------------------------------------------------------------


@pytest.fixture
def pinned(served: Any, password: str) -> str:
    """`oak` and `hospital` come with a certificate, or with the one that will follow it."""
    for client_id in ("oak", "hospital"):
        client = served.clients.find(client_id)
        served.clients.put(replace(client, certificates=(THUMBPRINT, "cd" * 32)))
    return password


@pytest.mark.parametrize("certificate", [None, "", "ef" * 32, THUMBPRINT.upper(), THUMBPRINT[:-1]])
def test_without_its_certificate_what_a_client_knows_is_not_enough(
    served: Any, pinned: str, certificate: Any
) -> None:
    told = ws_security(pinned, at=served.clock())
    error = _refused(served, told, certificate=certificate)
    assert (error.path, error.claimed) == ("client certificate", "oak")
    secret = _refused(served, ClientPassword("hospital", served.secret), certificate=certificate)
    assert secret.message == error.message
    assert served.security.authenticate(told, certificate=THUMBPRINT).client_id == "oak", (
        "the nonce is not used up"
    )


def test_with_either_of_its_certificates_it_is(served: Any, pinned: str) -> None:
    for n, certificate in enumerate((THUMBPRINT, "cd" * 32)):
        told = pmp_gateway(pinned, at=served.clock(), nonce=f"{n}")
        assert served.security.authenticate(told, certificate=certificate).client_id == "oak"
        password = ClientPassword("hospital", served.secret)
        assert served.security.authenticate(password, certificate=certificate).client_id == "hospital"


def test_a_wrong_digest_is_the_same_with_and_without(served: Any, pinned: str) -> None:
    told = ws_security("wrong", at=served.clock())
    said = {str(_refused(served, told, certificate=c)) for c in (None, THUMBPRINT)}
    assert len(said) == 1
    assert "certificate" not in said.pop()


def test_a_certificate_alone_is_nobody(served: Any, pinned: str) -> None:
    _refused(served, None, certificate=THUMBPRINT)
    with pytest.raises(ValueError, match="credential is missing"):
        _oak(certificates=(THUMBPRINT,))


def test_a_token_was_granted_to_who_had_the_certificate(served: Any, pinned: str) -> None:
    token = served.tokens.issue(
        client=served.clients.find("oak"), grant_type="client_credentials", user=None, scope="pdmp/history"
    )
    assert served.security.authenticate(BearerToken(token)).client_id == "oak"


@pytest.mark.parametrize("thumbprint", ["", "AB" * 32, "ab", "x" * 64, "ab" * 32 + "\n"])
def test_what_is_no_thumbprint_is_not_registered(served: Any, password: str, thumbprint: str) -> None:
    with pytest.raises(ValueError, match="thumbprints"):
        replace(served.clients.find("oak"), certificates=(thumbprint,))
