"""What the demo needs, made once in its folder: settings, clients, people and what was dispensed to them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from gateway.bootstrap import Gateway, build, register_client
from gateway.model import (
    Address,
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
from gateway.seeding import seed_record
from gateway.settings import load_settings
from gateway.synth import SynthPerson

YEARS = 2
SEED = 20_261
SCOPES = ("pdmp/history", "system/MedicationDispense.c", "system/MedicationDispense.rs", "system/Patient.rs")
REQUESTER = Requester(
    practitioner=Practitioner(
        name=PersonName(family="Example", given=("Alex",)), npi="1234567893", role="Physician"
    ),
    organisation=Organisation(name="Demo Hospital", address=Address(state="CT")),
    state="CT",
)


def write_config(folder: Path, port: int) -> Path:
    """The settings file of the demo."""
    config = folder / "pmpbridge.toml"
    data = json.dumps(str(folder / "data"))
    config.write_text(
        f"# Written by pmpbridge demo.\ndata_dir = {data}\n\n[server]\nport = {port}\n\n"
        '[logging]\nlevel = "WARNING"\n',
        encoding="utf-8",
    )
    return config


def clients(config: Path, folder: Path, token_url: str) -> dict[str, Any]:
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


def patients(config: Path, folder: Path, patients: int) -> list[dict[str, Any]]:
    """The people of the record, as `patients.json` lists them; the record is made when it is not there."""
    path = folder / "patients.json"
    if path.exists():
        listed: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
        if listed:
            return listed
    for left in (folder / "data").glob("pmp.sqlite*"):
        left.unlink()  # of a start that was interrupted: the people of another day would be mixed in
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


def person_of(listed: dict[str, Any]) -> Person:
    """The demographics of an entry of `patients.json`."""
    address = listed["address"]
    return Person(
        names=(PersonName(family=listed["family"], given=tuple(listed["given"]), suffix=listed["suffix"]),),
        birth_date=date.fromisoformat(listed["birth_date"]) if listed["birth_date"] else None,
        sex=Sex(listed["sex"]),
        species=Species(listed["species"]),
        addresses=(Address(**{**address, "lines": tuple(address["lines"])}),) if address else (),
        phones=(listed["phone"],) if listed["phone"] else (),
        owner=person_of(listed["owner"]) if listed["owner"] else None,
    )
