"""The command `pmpbridge` as an operator types it: exit status, what it prints, what it leaves."""

from __future__ import annotations

import json
import os
import re
import socket
import sqlite3
from collections import Counter
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from gateway.audit import HashChainedLog
from gateway.cli import main
from gateway.security.clients import ClientRegistry
from gateway.security.jose import new_key
from tests.contract.ports.fakes import EVENT
from tests.integration.command import pmpbridge

ROOT = Path(__file__).resolve().parents[2]

# Everything of a record but its keys, which are random, and the time of the report.
_RECORD = """
    SELECT a.family, a.given, a.name_suffix, a.other_names, a.birth_date, a.sex, a.address_lines, a.city,
           a.postal_code, a.phones, a.species, a.owner,
           d.rx_number, d.written, d.filled, d.sold, d.fill_number, d.refills_authorised, d.quantity, d.unit,
           d.days_supply, d.partial_fill, d.payment, d.rx_origin, d.treatment_type, d.diagnosis, d.compound,
           d.drug, d.prescriber, d.dispenser, d.status, d.revision
    FROM dispensation d JOIN appearance a USING (person_key, appearance)
"""


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    below = command.commands.items() if isinstance(command, click.Group) else ()
    return [path, *(p for name, each in below for p in _commands(each, (*path, name)))]


def _dump(data_dir: Path) -> Counter[tuple[object, ...]]:
    with sqlite3.connect(data_dir / "pmp.sqlite") as connection:
        rows = Counter(connection.execute(_RECORD))
        people = connection.execute("SELECT count(*) FROM person").fetchone()
    connection.close()
    assert rows
    return rows + Counter([people])


def _here(monkeypatch: pytest.MonkeyPatch, *arguments: str, **variables: str) -> Result:
    """The command in this process, for what ends early."""
    for name in [n for n in os.environ if n.startswith("PMPBRIDGE")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(
        "gateway.logs.configure", lambda level: None
    )  # it is the process's, not the command's
    ended = CliRunner().invoke(main, arguments, env=variables)
    assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
    return ended


@pytest.mark.parametrize("path", _commands(main), ids=" ".join)
def test_every_command_explains_itself(monkeypatch: pytest.MonkeyPatch, path: tuple[str, ...]) -> None:
    ended = _here(monkeypatch, *path, "--help")
    assert ended.exit_code == 0
    assert ended.stdout.startswith("Usage: ")
    assert len(ended.stdout.splitlines()) > 4


def test_the_layout_of_the_commands_in_the_module_is_the_truth() -> None:
    from gateway import cli  # noqa: PLC0415 - the module's text, not its command

    leaves = [p for p in _commands(main) if not any(q[: len(p)] == p and q != p for q in _commands(main))]
    said = [
        line.split("  ")[2].removeprefix("pmpbridge ")
        for line in (cli.__doc__ or "").splitlines()
        if "    pmpbridge" in line
    ]
    assert sorted(said) == sorted(" ".join(path) for path in leaves)


def test_the_same_seed_gives_the_same_record(tmp_path: Path) -> None:
    for folder, seed in (("one", "3"), ("two", "3"), ("other", "4")):
        arguments = ("--patients", "20", "--years", "1", "--seed", seed, "--until", "2026-11-01")
        ended = pmpbridge("synth", *arguments, PMPBRIDGE__DATA_DIR=str(tmp_path / folder))
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout.startswith("20 people: ")
        assert ended.stdout.endswith(" 0 recorded before, 0 rejected\n")
    assert _dump(tmp_path / "one") == _dump(tmp_path / "two")
    assert _dump(tmp_path / "one") != _dump(tmp_path / "other")


def test_the_same_population_again_changes_nothing(tmp_path: Path) -> None:
    arguments = ("synth", "--patients", "5", "--years", "1", "--until", "2026-11-01")
    pmpbridge(*arguments, PMPBRIDGE__DATA_DIR=str(tmp_path))
    before = _dump(tmp_path)
    again = pmpbridge(*arguments, PMPBRIDGE__DATA_DIR=str(tmp_path))
    assert " 0 dispensations recorded, " in again.stdout
    assert _dump(tmp_path) == before


def test_audit_verify(tmp_path: Path) -> None:
    here = {"PMPBRIDGE__DATA_DIR": str(tmp_path)}
    assert pmpbridge("audit", "verify", **here).returncode == 0  # makes the log
    log = HashChainedLog(f"sqlite:///{tmp_path / 'audit.sqlite'}")
    for _ in range(3):
        log.record(EVENT)
    log.close()
    intact = pmpbridge("audit", "verify", **here)
    assert (intact.returncode, "intact: 3 events" in intact.stdout) == (0, True), (
        intact.stdout + intact.stderr
    )

    with sqlite3.connect(tmp_path / "audit.sqlite") as connection:
        connection.execute("UPDATE audit_event SET event = replace(event, '200', '403') WHERE seq = 2")
    connection.close()
    broken = pmpbridge("audit", "verify", **here)
    assert broken.returncode == 1
    assert "broken at stream 1, event 2" in broken.stdout


def test_a_client_with_its_own_keys(tmp_path: Path) -> None:
    key = new_key("ES384")
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps({"keys": [key.as_dict(private=False)]}))
    arguments = (
        "client",
        "add",
        "elm-street",
        "--scope",
        "pdmp/history",
        "--state",
        "MA",
        "--role",
        "Pharmacist",
    )
    ended = pmpbridge(*arguments, "--jwks", str(keys), PMPBRIDGE__DATA_DIR=str(tmp_path))
    assert (ended.returncode, ended.stdout) == (0, "client_id elm-street\n"), ended.stderr
    client = ClientRegistry(tmp_path / "clients.json").find("elm-street")
    assert client is not None
    assert client.secret_hash is None
    assert [each.kid for each in client.keys or ()] == [key.kid]
    assert (client.scopes, client.registered.state) == (("pdmp/history",), "MA")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"not JSON", "not JSON"),
        (b"\xff\xfe\x00", "not JSON"),
        (b'{"keys": []}', "keys"),
        (json.dumps({"keys": [new_key("ES384").as_dict(private=True)]}).encode(), "private"),
    ],
    ids=["no JSON", "no text", "no key", "a private key"],
)
def test_keys_that_cannot_be_used_register_nobody(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: bytes, says: str
) -> None:
    keys = tmp_path / "keys.json"
    keys.write_bytes(content)
    arguments = ("client", "add", "elm-street", "--scope", "pdmp/history", "--jwks", str(keys))
    ended = _here(monkeypatch, *arguments, PMPBRIDGE__DATA_DIR=str(tmp_path))
    assert ended.exit_code == 2
    assert says in _only_line(ended.stderr)
    assert not (tmp_path / "clients.json").exists()


def test_clients_that_cannot_be_read_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "clients.json").write_text("somebody's edit")
    ended = pmpbridge("client", "add", "x", "--scope", "pdmp/history", PMPBRIDGE__DATA_DIR=str(tmp_path))
    assert ended.returncode == 1
    *log, said = ended.stderr.splitlines()
    assert "registry of clients cannot be read" in said
    assert "clients.json" in "".join(log)
    assert "Traceback" not in ended.stderr
    assert (tmp_path / "clients.json").read_text() == "somebody's edit"


def test_mapping_prints_the_page_of_the_docs() -> None:
    ended = pmpbridge("mapping")
    assert ended.returncode == 0
    assert ended.stdout == (ROOT / "docs" / "mapping.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SERVER__PORT", "many", "PMPBRIDGE__SERVER__PORT: expected a whole number"),
        ("SERVER__PORT", "70000", "server.port"),
        ("SERVER__WORKERS", "0", "server.workers"),
        ("SERVER__BASE_URL", "http://pmp.example", "base_url: expected https"),
        ("SERVER__PROT", "1", "PMPBRIDGE__SERVER__PROT: there is no such setting"),
        ("SERVER", "1", "PMPBRIDGE__SERVER: there is no such setting"),
        ("DATA_DIR__X", "1", "PMPBRIDGE__DATA_DIR__X: there is no such setting"),
        ("DATA_DIR", "{file}/data", "data_dir"),
        ("HOME__STATE", "ZZ", "ZZ.toml: cannot be read"),
        ("STORE__URL", "somewhere", "store.url: expected sqlite:///"),
        ("STORE__URL", "sqlite:////{file}/pmp.sqlite", "pmp.sqlite"),
        ("AUDIT__URL", "mysql://u:secret@h/n", "audit.url: expected sqlite:///"),
        ("EPHEMERAL__URL", "http://redis", "ephemeral.url: expected redis://"),
        ("LOGGING__LEVEL", "loud", "logging.level: expected DEBUG"),
        ("ADAPTERS__FOLDERS", "{file}", "adapters.folders"),
        ("SECURITY__TOKEN_LIFETIME", "3600", "security.token_lifetime: expected 1 to 300"),
    ],
)
def test_a_wrong_setting_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, variable: str, value: str, says: str
) -> None:
    file = tmp_path / "file"
    file.touch()
    settings = {"PMPBRIDGE__DATA_DIR": str(tmp_path), f"PMPBRIDGE__{variable}": value.format(file=file)}
    ended = _here(monkeypatch, "audit", "verify", **settings)
    assert ended.exit_code == 2
    assert says in _only_line(ended.stderr)
    assert "secret" not in ended.stderr


@pytest.mark.parametrize("command", [("synth", "--patients", "1"), ("audit", "verify")])
def test_a_wrong_file_is_one_line_and_status_2(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: tuple[str, ...]
) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("[server]\nprot = 8081\n")
    ended = _here(monkeypatch, *command, "--config", str(file), PMPBRIDGE__DATA_DIR=str(tmp_path))
    assert ended.exit_code == 2
    assert re.search(r"mine\.toml: .*prot", _only_line(ended.stderr))


def test_a_port_that_is_taken_is_said_before_anything_is_served(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        ended = pmpbridge("serve", PMPBRIDGE__DATA_DIR=str(tmp_path), PMPBRIDGE__SERVER__PORT=port)
    assert ended.returncode == 2
    assert f"127.0.0.1:{port}" in _only_line(ended.stderr)


def _only_line(text: str) -> str:
    lines = text.splitlines()
    assert len(lines) == 1, text
    return lines[0]
