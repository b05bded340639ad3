"""`pmpbridge demo`: a seeded record, a real server, and one patient looked up through every protocol.

Everything lies in one folder: the record, the audit, the keys, `clients.json` (how to get a token) and
`patients.json` (whom to look up). A second start finds the record and uses it again.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import requests
from rich.console import Console
from rich.table import Table

from gateway import logs
from gateway.bootstrap import Gateway, build, register_client
from gateway.comparison import differences
from gateway.errors import GatewayError
from gateway.model import (
    Address,
    Answer,
    LookupRequest,
    Organisation,
    Outcome,
    Person,
    PersonName,
    Practitioner,
    Requester,
    Sex,
    Species,
)
from gateway.ports import PartnerSettings
from gateway.registry import load_registry
from gateway.security.client import TokenSource
from gateway.seeding import seed_record
from gateway.settings import load_settings
from gateway.synth import SynthPerson

YEARS = 2
SEED = 20_261
SCOPES = ("pdmp/history", "system/MedicationDispense.c", "system/MedicationDispense.rs")
START_SECONDS = 60
REQUESTER = Requester(
    practitioner=Practitioner(
        name=PersonName(family="Example", given=("Alex",)), npi="1234567893", role="Physician"
    ),
    organisation=Organisation(name="Demo Hospital", address=Address(state="CT")),
    state="CT",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One look-up as the client saw it."""

    format: str
    answer: Answer | None
    failure: str | None
    milliseconds: float
    request: requests.PreparedRequest | None
    received: int


def run(*, folder: Path, port: int, patients: int, once: bool) -> int:
    """The demo; returns the exit status: 0, or 1 when a look-up failed or the protocols disagree."""
    logs.configure("WARNING")
    signal.signal(signal.SIGTERM, _interrupted)  # so that the server ends with the demo, however it is ended
    folder.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    config = _write_config(folder, port)
    credentials = _clients(config, folder, f"http://127.0.0.1:{port}/oauth/token")
    people = _patients(config, folder, patients)
    with _server(config, folder, port) as server:
        exchanges = _look_up(people[0], f"http://127.0.0.1:{port}", credentials)
        status = _report(exchanges)
        _curl_lines(folder, exchanges, credentials)
        if not once and status == 0:
            click.echo(f"\nServing on http://127.0.0.1:{port} until interrupted (Ctrl-C).")
            try:
                server.wait()
            except KeyboardInterrupt:
                click.echo("Stopped.")
    return status


def _interrupted(number: int, frame: object) -> None:
    raise KeyboardInterrupt


# --- what the demo needs, made once ---------------------------------------------------------------------------


def _write_config(folder: Path, port: int) -> Path:
    config = folder / "pmpbridge.toml"
    data = json.dumps(str(folder / "data"))
    config.write_text(
        f"# Written by pmpbridge demo.\ndata_dir = {data}\n\n[server]\nport = {port}\n\n"
        '[logging]\nlevel = "WARNING"\n',
        encoding="utf-8",
    )
    return config


def _clients(config: Path, folder: Path, token_url: str) -> dict[str, Any]:
    """Two registered clients, one with a secret and one with a key; returns the one with the secret."""
    path = folder / "clients.json"
    settings = load_settings(config)
    if path.exists() and settings.data_path(settings.security.clients_file).exists():
        clients: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    else:
        common = {"scopes": list(SCOPES), "token_url": token_url}
        secret = register_client(
            settings, "demo-ehr", scopes=SCOPES, organisation="Demo Hospital", role="Physician"
        )
        jwk = register_client(
            settings,
            "demo-backend",
            scopes=SCOPES,
            organisation="Demo Pharmacy",
            role="Pharmacist",
            key="ES384",
        )
        clients = [
            {"client_id": "demo-ehr", "client_secret": secret, **common},
            {"client_id": "demo-backend", "jwk": jwk, **common},
        ]
    for client in clients:
        client["token_url"] = token_url
    path.write_text(json.dumps(clients, indent=2) + "\n", encoding="utf-8")
    path.chmod(0o600)
    return clients[0]


def _patients(config: Path, folder: Path, patients: int) -> list[dict[str, Any]]:
    """The people of the record, as `patients.json` lists them; the record is made when it is not there."""
    path = folder / "patients.json"
    if path.exists():
        listed: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if listed:
            return listed
    click.echo(f"Seeding {patients} people and {YEARS} years of dispensations ...")
    gateway = build(load_settings(config))
    people: list[SynthPerson] = []
    try:
        until = datetime.now(UTC).date() - timedelta(days=1)
        report = seed_record(
            gateway, patients=patients, years=YEARS, seed=SEED, until=until, seen=people.append
        )
        click.echo(report.sentence)
        listed = sorted((_listed(gateway, p) for p in people), key=_example_first)
    finally:
        gateway.close()
    path.write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    return listed


def _listed(gateway: Gateway, person: SynthPerson) -> dict[str, Any]:
    """A person's demographics and what a look-up by them finds."""
    answer = gateway.lookup(LookupRequest(person=person.person, requester=REQUESTER))
    return {
        **_demographics(person.person),
        "outcome": answer.outcome.value,
        "dispensations": len(answer.dispensations),
    }


def _example_first(patient: dict[str, Any]) -> tuple[bool, int]:
    """A human patient with a history of about thirty fills makes the best example."""
    usable = patient["outcome"] == Outcome.COMPLETE.value and patient["species"] == Species.HUMAN.value
    return (not usable, abs(patient["dispensations"] - 30))


def _demographics(person: Person) -> dict[str, Any]:
    name, address = person.name, person.address
    return {
        "family": name.family,
        "given": list(name.given),
        "suffix": name.suffix,
        "birth_date": person.birth_date.isoformat() if person.birth_date else None,
        "sex": person.sex.value,
        "species": person.species.value,
        "address": None
        if address is None
        else {
            "lines": list(address.lines),
            "city": address.city,
            "state": address.state,
            "postal_code": address.postal_code,
        },
        "phone": person.phones[0] if person.phones else None,
        "owner": _demographics(person.owner) if person.owner else None,
    }


def _person(listed: dict[str, Any]) -> Person:
    address = listed["address"]
    return Person(
        names=(PersonName(family=listed["family"], given=tuple(listed["given"]), suffix=listed["suffix"]),),
        birth_date=date.fromisoformat(listed["birth_date"]) if listed["birth_date"] else None,
        sex=Sex(listed["sex"]),
        species=Species(listed["species"]),
        addresses=(Address(**{**address, "lines": tuple(address["lines"])}),) if address else (),
        phones=(listed["phone"],) if listed["phone"] else (),
        owner=_person(listed["owner"]) if listed["owner"] else None,
    )


# --- the server -----------------------------------------------------------------------------------------------


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def _server(config: Path, folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    log = (folder / "server.log").open("wb")
    command = [sys.executable, "-m", "gateway.cli", "serve", "--config", str(config)]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PMPBRIDGE")}
    process = subprocess.Popen(command, stdout=log, stderr=log, env=environment)  # noqa: S603 - our own command
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}/ready", folder / "server.log")
        yield process
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
        log.close()


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise click.ClickException(f"The server stopped while starting; see {log}.")
        try:
            if requests.get(url, timeout=1).status_code == requests.codes.ok:
                return
        except requests.ConnectionError:
            time.sleep(0.1)
    raise click.ClickException(f"The server was not ready within {START_SECONDS} seconds; see {log}.")


# --- the client -----------------------------------------------------------------------------------------------


def _look_up(patient: dict[str, Any], origin: str, credentials: dict[str, Any]) -> list[Exchange]:
    token = TokenSource(
        credentials["token_url"],
        client_id=credentials["client_id"],
        secret=credentials["client_secret"],
        scopes=("pdmp/history",),
    )
    token()
    request = LookupRequest(person=_person(patient), requester=REQUESTER)
    exchanges = []
    for adapter in load_registry():
        for format in adapter.formats:
            session, seen = _observed_session()
            settings = PartnerSettings(
                url=origin + adapter.prefix, token=token, format=format, session=session
            )
            partner = adapter.partner(settings)
            if partner is None:
                continue
            answer, failure = None, None
            try:
                partner.ask(request)  # connections, caches and the record's pages are warm after the first
                seen.clear()
                started = time.perf_counter()
                answer = partner.ask(request)
            except GatewayError as error:
                started, failure = time.perf_counter(), str(error)
            finally:
                partner.close()
            exchanges.append(
                Exchange(
                    format=format,
                    answer=answer,
                    failure=failure,
                    milliseconds=(time.perf_counter() - started) * 1000,
                    request=seen[-1].request if seen else None,
                    received=len(seen[-1].content) if seen else 0,
                )
            )
    return exchanges


def _observed_session() -> tuple[requests.Session, list[requests.Response]]:
    session = requests.Session()
    seen: list[requests.Response] = []

    def observe(response: requests.Response, *_: Any, **__: Any) -> None:
        seen.append(response)

    session.hooks["response"].append(observe)
    return session, seen


# --- what is shown --------------------------------------------------------------------------------------------


def _report(exchanges: list[Exchange]) -> int:
    table = Table(title="One patient, every protocol")
    for heading in ("protocol", "status", "medications", "milliseconds", "bytes"):
        table.add_column(heading, justify="left" if heading in {"protocol", "status"} else "right")
    for e in exchanges:
        status = e.answer.outcome.value if e.answer else f"failed: {e.failure}"
        medications = str(len(e.answer.dispensations)) if e.answer else "-"
        table.add_row(e.format, status, medications, f"{e.milliseconds:.1f}", str(e.received))
    Console().print(table)
    failed = [e.format for e in exchanges if e.answer is None or e.answer.outcome is not Outcome.COMPLETE]
    for name in failed:
        click.echo(f"{name}: the look-up failed.", err=True)
    disagree = False
    for one, other in combinations([e for e in exchanges if e.answer], 2):
        fields = differences(one.answer, one.format, other.answer, other.format)  # type: ignore[arg-type]
        if fields:
            disagree = True
            click.echo(f"{one.format} and {other.format} disagree on: {', '.join(fields)}.", err=True)
    if not failed and not disagree:
        click.echo("All protocols give the same clinical record.")
    return 1 if failed or disagree or not exchanges else 0


def _curl_lines(folder: Path, exchanges: list[Exchange], credentials: dict[str, Any]) -> None:
    """A line for each protocol's first format, with the request it sends in a file."""
    token = (
        f"$(curl -s -u {credentials['client_id']}:{credentials['client_secret']} -d grant_type=client_credentials "
        f'{credentials["token_url"]} | sed \'s/.*"access_token": *"\\([^"]*\\)".*/\\1/\')'
    )
    click.echo("\nReady to paste:")
    shown: set[str] = set()
    for e in exchanges:
        if e.request is None or e.request.url is None or e.request.url in shown:
            continue
        shown.add(e.request.url)
        content_type = e.request.headers["Content-Type"]
        path = folder / f"request-{e.format}.{'json' if 'json' in content_type else 'xml'}"
        body = e.request.body
        path.write_bytes(body if isinstance(body, bytes) else str(body).encode())
        extra = (
            f" -H 'SOAPAction: {e.request.headers['SOAPAction']}'"
            if "SOAPAction" in e.request.headers
            else ""
        )
        click.echo(
            f"\ncurl -s -H \"Authorization: Bearer {token}\" -H 'Content-Type: {content_type}'{extra} "
            f"--data-binary @{path} '{e.request.url}'"
        )
