"""Client certificates that a proxy tells of: whose word counts, in which form, and what becomes of any other."""

from __future__ import annotations

import http.client
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from gateway.security.clients import ClientRegistry
from gateway.settings import SettingsError, load_settings
from gateway.testing import LiveGateway
from gateway.web.certificates import MAX_LENGTH, ToldCertificates, thumbprint_of

HEADER = "X-SSL-Client-Cert"
VARIABLE = "HTTP_X_SSL_CLIENT_CERT"
PROXIES = ("10.1.2.3", "192.168.0.0/24", "2001:db8::/32")


def _certificate(name: str) -> x509.Certificate:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, SHA256())
    )


CERTIFICATE = _certificate("oak")
DER, PEM = CERTIFICATE.public_bytes(Encoding.DER), CERTIFICATE.public_bytes(Encoding.PEM)
THUMBPRINT = sha256(DER).hexdigest()
FORMS = {"pem": quote(PEM.decode(), safe=""), "rfc9440": f":{b64encode(DER).decode()}:"}


def _told(told: str, *, peer: str = "10.1.2.3", form: str = "pem", header: str = HEADER) -> str | None:
    environ: dict[str, Any] = {VARIABLE: told, "REMOTE_ADDR": peer}
    found = ToldCertificates(header=header, form=form, proxies=PROXIES).take(environ)
    assert (VARIABLE in environ) is (header != HEADER), "nobody reads it after this"
    return found


# --- in which form --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_the_thumbprint_is_that_of_the_certificate(form: str) -> None:
    assert _told(FORMS[form], form=form) == THUMBPRINT == CERTIFICATE.fingerprint(SHA256()).hex()
    assert _told(f" {FORMS[form]} ", form=form) == THUMBPRINT
    other = "rfc9440" if form == "pem" else "pem"
    assert _told(FORMS[form], form=other) is None


def test_a_file_of_either_kind_has_it_too() -> None:
    assert thumbprint_of(PEM) == thumbprint_of(DER) == THUMBPRINT
    for content in (
        b"",
        b"-----BEGIN CERTIFICATE-----\n",
        b"\0",
        PEM[:-40],
        PEM + PEM,
        PEM + b"x",
        b"x" + PEM,
    ):
        with pytest.raises(ValueError, match=r".*"):
            thumbprint_of(content)


@pytest.mark.parametrize(
    ("form", "told"),
    [
        ("pem", f"{FORMS['pem']},{FORMS['pem']}"),
        ("pem", f"{FORMS['pem']},"),
        ("pem", "%2D" * 5),
        ("pem", "-" * (MAX_LENGTH + 1)),
        ("rfc9440", ":"),
        ("rfc9440", "::"),
        ("rfc9440", FORMS["rfc9440"].strip(":")),
        ("rfc9440", f"{FORMS['rfc9440']}, {FORMS['rfc9440']}"),
        ("rfc9440", ":" + b64encode(b"no certificate").decode() + ":"),
        ("rfc9440", ":é:"),
    ],
)
def test_what_is_no_certificate_is_none(form: str, told: str) -> None:
    assert _told(told, form=form) is None


@given(told=st.text(max_size=80), form=st.sampled_from(["pem", "rfc9440"]))
def test_no_text_breaks_anything(told: str, form: str) -> None:
    assert _told(told, form=form) is None
    assert _told(f":{told}:", form=form) is None
    assert _told(f"-----BEGIN CERTIFICATE-----\n{told}", form=form) is None


# --- whose word counts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("peer", ["10.1.2.3", "192.168.0.77", "2001:db8::1", "::ffff:10.1.2.3"])
def test_a_trusted_proxy_is_believed(peer: str) -> None:
    assert _told(FORMS["pem"], peer=peer) == THUMBPRINT


@pytest.mark.parametrize(
    "peer", ["10.1.2.4", "127.0.0.1", "192.168.1.0", "2001:db9::1", "::ffff:10.1.2.4", "", "unix:"]
)
def test_nobody_else_is(peer: str) -> None:
    assert _told(FORMS["pem"], peer=peer) is None


def test_without_a_header_nothing_is_taken_for_one() -> None:
    assert _told(FORMS["pem"], header="") is None


@pytest.mark.parametrize(
    ("server", "says"),
    [
        ({"client_certificate_header": HEADER}, "trusted_proxies"),
        ({"trusted_proxies": ["10.0.0.1/24"]}, "addresses or networks"),
        ({"trusted_proxies": ["proxy.example"]}, "addresses or networks"),
        ({"trusted_proxies": ["10.0.0.1"], "client_certificate_header": "X Cert"}, "name of a header"),
        ({"client_certificate_form": "xfcc"}, "client_certificate_form"),
    ],
)
def test_settings_that_would_believe_anybody_are_refused(server: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        load_settings(environ={}, overrides={"server": server})


# --- over HTTP ------------------------------------------------------------------------------------------------


def _gateway(folder: Path, proxies: list[str]) -> LiveGateway:
    server = {"trusted_proxies": proxies, "client_certificate_header": HEADER}
    return LiveGateway(folder, {"server": server})


def _pin(gateway: LiveGateway, folder: Path) -> None:
    clients = ClientRegistry(folder / "clients.json")
    client = clients.find("test-client")
    assert client is not None
    clients.put(replace(client, certificates=(THUMBPRINT,)))


def _token(gateway: LiveGateway, **headers: str) -> int:
    return requests.post(
        f"{gateway.url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=("test-client", gateway.secret),
        headers=headers,
        timeout=10,
    ).status_code


def _token_by(gateway: LiveGateway, *names: str) -> int:
    """With the certificate in each of these headers, which requests cannot send twice."""
    connection = http.client.HTTPConnection(gateway.url.removeprefix("http://"), timeout=10)
    connection.putrequest("POST", "/oauth/token")
    form = f"grant_type=client_credentials&client_id=test-client&client_secret={gateway.secret}".encode()
    for name, value in (
        ("Content-Type", "application/x-www-form-urlencoded"),
        ("Content-Length", str(len(form))),
        *((name, FORMS["pem"]) for name in names),
    ):
        connection.putheader(name, value)
    connection.endheaders(form)
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.fixture
def behind(tmp_path: Path) -> Iterator[LiveGateway]:
    """A gateway that believes what comes from this machine."""
    with _gateway(tmp_path, ["127.0.0.1"]) as gateway:
        _pin(gateway, tmp_path)
        yield gateway


def test_behind_a_proxy_a_secret_needs_the_certificate(behind: LiveGateway) -> None:
    assert _token(behind, **{HEADER: FORMS["pem"]}) == _token_by(behind, HEADER) == 200
    assert _token(behind) == 401
    assert _token_by(behind, HEADER, HEADER) == 401, "two of them are none"
    assert _token(behind, **{HEADER: quote(_certificate("oak").public_bytes(Encoding.PEM))}) == 401


def test_a_header_that_a_client_forges_itself_counts_for_nothing(tmp_path: Path) -> None:
    with _gateway(tmp_path, ["10.0.0.0/8"]) as gateway:
        _pin(gateway, tmp_path)
        assert _token(gateway, **{HEADER: FORMS["pem"]}) == 401
        assert (
            _token(
                gateway, **{HEADER: FORMS["pem"], "X-Forwarded-For": "10.0.0.1", "Forwarded": "for=10.0.0.1"}
            )
            == 401
        )
