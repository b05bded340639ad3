"""The commands for passwords of digests and for certificates, and the lines of the docs that use them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from gateway.security.clients import Client, ClientRegistry
from gateway.security.vault import IdentifierVault, VaultKeys
from gateway.testing import LiveGateway
from tests.factory import a_dispensation
from tests.integration.command import COMMAND, environment, pmpbridge
from tests.unit.test_certificates import CERTIFICATE, DER, PEM, THUMBPRINT

ROOT = Path(__file__).resolve().parents[2]
COLONS = ":".join(re.findall("..", THUMBPRINT.upper()))  # as openssl prints it


def _told(folder: Path, *arguments: str) -> list[str]:
    ended = pmpbridge("client", *arguments, PMPBRIDGE__DATA_DIR=str(folder))
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.splitlines()


def _refused(folder: Path, *arguments: str) -> str:
    before = (folder / "clients.json").read_bytes()
    ended = pmpbridge("client", *arguments, PMPBRIDGE__DATA_DIR=str(folder))
    assert ended.returncode in {1, 2}
    assert "Traceback" not in ended.stderr
    assert (folder / "clients.json").read_bytes() == before
    return ended.stderr


def _oak(folder: Path) -> Client:
    client = ClientRegistry(folder / "clients.json").find("oak")
    assert client is not None
    return client


def _passwords(folder: Path) -> list[str]:
    vault = IdentifierVault(VaultKeys.load(folder / "vault-keys.json"))
    return [vault.open(sealed) for sealed in _oak(folder).digest_passwords]


def _add(folder: Path, *options: str) -> list[str]:
    return _told(folder, "add", "oak", "--scope", "pdmp/history", *options)


def test_a_password_is_shown_once_and_changed_in_two_steps(tmp_path: Path) -> None:
    name, shown = _add(tmp_path, "--digest-password")
    first = shown.removeprefix("digest_password ")
    assert (name, _passwords(tmp_path)) == ("client_id oak", [first])
    assert len(first) == 43
    assert _oak(tmp_path).secret_hash is None
    _, shown = _told(tmp_path, "digest-password", "oak")
    second = shown.removeprefix("digest_password ")
    assert _passwords(tmp_path) == [second, first]
    assert "end the older one first" in _refused(tmp_path, "digest-password", "oak")
    assert _told(tmp_path, "digest-password", "oak", "--end-old") == ["client_id oak", "digest_passwords 1"]
    assert _passwords(tmp_path) == [second]
    kept = (tmp_path / "clients.json").read_text()
    assert first not in kept
    assert second not in kept


def test_a_client_with_a_secret_gets_a_password_besides(tmp_path: Path) -> None:
    (_, secret) = _add(tmp_path)
    assert secret.startswith("client_secret ")
    _, shown = _told(tmp_path, "digest-password", "oak")
    assert _passwords(tmp_path) == [shown.removeprefix("digest_password ")]
    assert _oak(tmp_path).secret_hash is not None
    assert "not registered" in _refused(tmp_path, "digest-password", "elm")


def test_certificates_are_named_by_file_or_thumbprint(tmp_path: Path) -> None:
    pem, der = tmp_path / "oak.pem", tmp_path / "oak.der"
    pem.write_bytes(PEM)
    der.write_bytes(DER)
    other = "ab" * 32
    _add(tmp_path, "--certificate", str(pem))
    assert _oak(tmp_path).certificates == (THUMBPRINT,)
    told = _told(tmp_path, "certificate", "oak", "--add", str(der), "--add", COLONS, "--add", other)
    assert told == ["client_id oak", f"certificate {THUMBPRINT}", f"certificate {other}"]
    assert _oak(tmp_path).certificates == (THUMBPRINT, other)
    _told(tmp_path, "certificate", "oak", "--remove", COLONS)
    assert _oak(tmp_path).certificates == (other,)
    assert "no certificate" in _refused(tmp_path, "certificate", "oak", "--remove", str(pem))
    assert "No such file" in _refused(tmp_path, "certificate", "oak", "--add", "ab" * 31)
    assert "is not one certificate" in _refused(
        tmp_path, "certificate", "oak", "--add", str(tmp_path / "clients.json")
    )
    assert CERTIFICATE.public_bytes(Encoding.PEM).decode() not in (tmp_path / "clients.json").read_text()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="no openssl on the path")
def test_the_commands_of_the_script_page(tmp_path: Path) -> None:
    page = (ROOT / "docs/wire/script.md").read_text(encoding="utf-8")
    (script,) = re.findall(r"^```sh script-digest\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    with LiveGateway(tmp_path) as live:
        live.record([a_dispensation(id=None, source_state=None, reported_at=None, revision=0)])
        script = script.replace(".venv/bin/pmpbridge", " ".join(COMMAND)).replace(
            "http://127.0.0.1:8080", live.url
        )
        ended = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            env=environment(PMPBRIDGE__DATA_DIR=str(tmp_path)),
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    assert ended.returncode == 0, ended.stderr
    assert "<RxHistoryResponse>" in ended.stdout
    assert "digest_passwords 1" in ended.stdout
