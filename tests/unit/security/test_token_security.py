"""Access tokens in use: what holds, what does not, and for how long."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from gateway.errors import Forbidden, Unauthenticated, Unavailable
from gateway.ports import BearerToken, ClientPassword
from gateway.security.access_tokens import AccessTokens
from gateway.security.client_secrets import SecretHash
from gateway.security.jose import UnreadableToken, read_token
from gateway.security.signing_keys import SigningKeys
from gateway.security.token_security import TokenSecurity


def _issued(served: Any, scope: str = "pdmp/history") -> str:
    return served.tokens.issue(
        client=served.clients.find("hospital"), grant_type="client_credentials", user=None, scope=scope
    )


def _forged(served: Any, /, key: Any = None, header: Any = None, **claims: Any) -> str:
    """A token as this server makes them, but for what the test changes."""
    now = int(served.clock().timestamp())
    right = {
        "iss": served.url,
        "aud": served.url,
        "sub": "hospital",
        "client_id": "hospital",
        "scope": "pdmp/history",
        "iat": now,
        "exp": now + 300,
        "jti": "1",
    }
    own = served.keys.current()
    head = {"typ": "at+jwt", "alg": own.alg, "kid": own.kid, **(header or {})}
    payload = {k: v for k, v in {**right, **claims}.items() if v is not None}
    head = {k: v for k, v in head.items() if v is not None}
    return jwt.encode(head, payload, key or own, algorithms=[head["alg"]], default_type=None)


def _refused(served: Any, token: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refused:
        served.security.authenticate(BearerToken(token))
    error = refused.value
    assert error.challenge == "invalid_token"
    assert error.remedy
    assert not token or token not in str(error)
    return error


def test_a_forged_token_that_changes_nothing_holds(served: Any) -> None:
    """The maker of the tokens below makes tokens that would hold."""
    assert served.security.authenticate(BearerToken(_forged(served))).client_id == "hospital"


def test_no_token(served: Any) -> None:
    with pytest.raises(Unauthenticated) as refused:
        served.security.authenticate(None)
    assert refused.value.challenge is None
    assert served.token_url in str(refused.value)


FORGERIES: dict[str, tuple[dict[str, Any], str]] = {
    "another issuer": ({"iss": "https://other.example"}, "another server"),
    "no issuer": ({"iss": None}, "another server"),
    "another audience": ({"aud": "https://other.example"}, "another server: its audience"),
    "no audience": ({"aud": None}, "its audience"),
    "empty audience": ({"aud": []}, "its audience"),
    "not yet valid": ({"nbf": 4_102_444_800}, "not valid yet"),
    "issued in the future": ({"iat": 4_102_444_800}, "in the future"),
    "no expiry": ({"exp": None}, "exp"),
    "expiry is not a time": ({"exp": "never"}, "exp"),
    "no scope": ({"scope": None}, "scope"),
    "no client": ({"client_id": None}, "client_id"),
    "an unknown client": ({"client_id": "nobody"}, "not registered"),
    "not an access token": ({"header": {"typ": "JWT"}}, "typ at+jwt"),
    "no type": ({"header": {"typ": None}}, "typ at+jwt"),
    "another key": ({"key": ECKey.generate_key("P-256")}, "not issued by this server"),
    "unknown key": ({"header": {"kid": "other"}}, "not issued by this server"),
    "no key": ({"header": {"kid": None}}, "not issued by this server"),
    "symmetric": (
        {"key": OctKey.generate_key(256), "header": {"alg": "HS256"}},
        "not issued by this server",
    ),
}


@pytest.mark.parametrize(("changes", "says"), FORGERIES.values(), ids=FORGERIES)
def test_forgeries(served: Any, changes: dict[str, Any], says: str) -> None:
    assert says in str(_refused(served, _forged(served, **changes)))


def test_a_token_signed_with_the_published_key_as_a_secret(served: Any) -> None:
    secret = OctKey.import_key(served.keys.current().as_pem(private=False).replace(b"-", b"="))
    assert "not issued" in str(_refused(served, _forged(served, key=secret, header={"alg": "HS256"})))


@pytest.mark.parametrize("text", ["", "x", "a.b.c", "é.é.é", "..", "a" * 100_000, "eyJhbGciOiJub25lIn0.e30."])
def test_what_is_no_token(served: Any, text: str) -> None:
    _refused(served, text)


def test_a_tampered_token(served: Any) -> None:
    head, _, signature = _issued(served).split(".")
    payload = _issued(served, "admin").split(".")[1]
    assert "not issued by this server" in str(_refused(served, f"{head}.{payload}.{signature}"))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    text=st.one_of(
        st.text(max_size=60),
        st.from_regex(r"[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,40}\.[A-Za-z0-9_-]{0,10}", fullmatch=True),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(st.sampled_from(["alg", "kid", "crit", "b64", "typ"]), inner, max_size=5)
            ),
        ).map(lambda header: f"{_segment(header)}.{_segment({})}.AA"),
    )
)
def test_no_text_at_all_gets_in_or_breaks_anything(served: Any, text: str) -> None:
    with pytest.raises(Unauthenticated):
        served.security.authenticate(BearerToken(text))


def _segment(value: Any) -> str:
    from joserfc.util import urlsafe_b64encode  # noqa: PLC0415 - only here

    return urlsafe_b64encode(json.dumps(value).encode()).decode()


# --- time -----------------------------------------------------------------------------------------------------


def test_a_token_expires_to_the_second(served: Any) -> None:
    token = _issued(served)
    served.clock.turn(seconds=298)
    assert served.security.authenticate(BearerToken(token))
    served.clock.turn(seconds=2)
    assert "expired" in str(_refused(served, token))


def test_a_token_never_used_before_expires_as_well(served: Any) -> None:
    token = _issued(served)
    served.clock.turn(seconds=301)
    error = _refused(served, token)
    assert "expired" in str(error)
    assert served.token_url in str(error)


def test_the_lifetime_is_bounded(served: Any, tmp_path: Path) -> None:
    for lifetime in (0, 301):
        with pytest.raises(ValueError, match="lifetime"):
            AccessTokens(base_url=served.url, keys=served.keys, clock=served.clock, lifetime=lifetime)


# --- what is remembered ---------------------------------------------------------------------------------------


def test_a_token_is_verified_once(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    token = _issued(served)
    served.security.authenticate(BearerToken(token))
    monkeypatch.setattr(served.tokens, "verify", None)
    assert served.security.authenticate(BearerToken(token)).scopes == {"pdmp/history"}


def test_what_was_refused_is_not_remembered_as_right(served: Any) -> None:
    token = _forged(served, iss="https://other.example")
    _refused(served, token)
    _refused(served, token)


def test_what_is_remembered_is_bounded(served: Any) -> None:
    security = TokenSecurity(
        base_url=served.url,
        tokens=served.tokens,
        clients=served.clients,
        keys=served.keys,
        digests=served.digests,
        clock=served.clock,
        remembered=3,
    )
    for _ in range(10):
        security.authenticate(BearerToken(_issued(served)))
    assert len(security._verified) == 3


def test_a_client_that_is_disabled_is_refused_at_once(served: Any) -> None:
    token = _issued(served)
    served.security.authenticate(BearerToken(token))
    served.clients.put(replace(served.clients.find("hospital"), active=False))
    assert "not active" in str(_refused(served, token))


def test_a_client_that_is_taken_out_is_refused_at_once(served: Any) -> None:
    token = _issued(served)
    served.security.authenticate(BearerToken(token))
    (served.folder / "clients.json").write_text('{"clients": []}')
    assert "not registered" in str(_refused(served, token))


def test_a_scope_that_is_withdrawn_is_gone_at_once(served: Any) -> None:
    token = _issued(served, "pdmp/history system/MedicationDispense.rs")
    assert len(served.security.authenticate(BearerToken(token)).scopes) == 2
    served.clients.put(replace(served.clients.find("hospital"), scopes=("system/MedicationDispense.rs",)))
    assert served.security.authenticate(BearerToken(token)).scopes == {"system/MedicationDispense.rs"}
    served.clients.put(replace(served.clients.find("hospital"), scopes=("admin",)))
    assert served.security.authenticate(BearerToken(token)).scopes == set()


def test_a_registry_that_cannot_be_read_lets_nobody_in(served: Any) -> None:
    token = _issued(served)
    served.security.authenticate(BearerToken(token))
    (served.folder / "clients.json").write_text("[]")
    with pytest.raises(Unavailable):
        served.security.authenticate(BearerToken(token))


# --- keys -----------------------------------------------------------------------------------------------------


def test_tokens_outlive_a_rotation_of_keys_and_new_ones_are_signed_with_the_new_key(served: Any) -> None:
    before = _issued(served)
    kid = served.keys.rotate()
    after = _issued(served)
    assert read_token(after).kid == kid != read_token(before).kid
    for token in (before, after):
        assert served.security.authenticate(BearerToken(token))
    assert [key["kid"] for key in served.keys.published()["keys"]] == [kid, read_token(before).kid]


def test_a_key_that_is_withdrawn_takes_its_tokens_with_it(served: Any) -> None:
    token = _issued(served)
    served.security.authenticate(BearerToken(token))
    served.keys.rotate()
    path = served.folder / "signing-keys.json"
    document = json.loads(path.read_text())
    path.write_text(json.dumps({"keys": document["keys"][:1]}))
    assert "withdrawn" in str(_refused(served, token))


def test_another_process_sees_the_rotation(served: Any) -> None:
    other = SigningKeys(served.folder / "signing-keys.json")
    assert other.rotate() == served.keys.current().kid


# --- scopes ---------------------------------------------------------------------------------------------------


def test_a_scope_that_is_missing_is_named(served: Any) -> None:
    principal = served.security.authenticate(BearerToken(_issued(served)))
    served.security.require(principal, "pdmp/history")
    with pytest.raises(Forbidden) as refused:
        served.security.require(principal, "system/MedicationDispense.c")
    assert refused.value.scope == "system/MedicationDispense.c"


def test_a_deeply_nested_payload_is_no_token() -> None:
    with pytest.raises(UnreadableToken):
        read_token(f"{_segment({'alg': 'ES256'})}." + "W1tb" * 1900 + ".AA")


# --- secrets that come with the message -----------------------------------------------------------------------


def _wrong(served: Any, client_id: str, secret: str) -> Unauthenticated:
    with pytest.raises(Unauthenticated) as refused:
        served.security.authenticate(ClientPassword(client_id, secret))
    assert refused.value.remedy
    return refused.value


def test_a_client_with_its_secret_is_who_it_would_be_with_a_token_for_all_its_scopes(served: Any) -> None:
    scopes = " ".join(served.clients.find("hospital").scopes)
    by_token = served.security.authenticate(BearerToken(_issued(served, scopes)))
    assert served.security.authenticate(ClientPassword("hospital", served.secret)) == by_token


def test_unknown_inactive_wrong_and_without_a_secret_are_one_answer(served: Any, pharmacy: Any) -> None:
    known = _wrong(served, "hospital", served.secret + "x")
    others = [_wrong(served, "nobody", served.secret), _wrong(served, "pharmacy", served.secret)]
    others += [
        _wrong(served, "hospital", text) for text in ("", "x" * 100_000, str(served.clients.find("hospital")))
    ]
    served.clients.put(replace(served.clients.find("hospital"), active=False))
    others.append(_wrong(served, "hospital", served.secret))
    assert {str(error) for error in others} == {str(known)}
    assert served.secret not in str(known)
    assert [e.claimed for e in (known, *others)] == ["hospital", None, "pharmacy", *["hospital"] * 4]


def test_every_wrong_secret_takes_the_work_of_one_hash(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    worked: list[str] = []
    matches = SecretHash.matches
    monkeypatch.setattr(
        SecretHash, "matches", lambda self, secret: worked.append(secret) or matches(self, secret)
    )
    for n, client_id in enumerate(["hospital", "nobody", "hospital"], 1):
        _wrong(served, client_id, "wrong")
        assert len(worked) == n
    for _ in range(3):
        served.security.authenticate(ClientPassword("hospital", served.secret))
    assert len(worked) == 4, "a right one is worked on once"


def test_a_secret_that_is_changed_holds_no_longer(served: Any) -> None:
    served.security.authenticate(ClientPassword("hospital", served.secret))
    client = served.clients.find("hospital")
    served.clients.put(replace(client, secret_hash=SecretHash.of("another")))
    _wrong(served, "hospital", served.secret)
    assert served.security.authenticate(ClientPassword("hospital", "another")).client_id == "hospital"


def test_without_a_registry_no_secret_holds(served: Any) -> None:
    (served.folder / "clients.json").write_text("[]")
    with pytest.raises(Unavailable):
        served.security.authenticate(ClientPassword("hospital", served.secret))


def test_credentials_do_not_show_in_a_log() -> None:
    assert (
        repr([BearerToken("a-token"), ClientPassword("hospital", "a-secret")])
        == "[BearerToken(), ClientPassword()]"
    )
