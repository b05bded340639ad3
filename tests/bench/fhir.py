"""How many histories one worker answers by FHIR, and how fast transactions of reports are recorded.

    python -m tests.bench.fhir [ANSWERS] [BUNDLES]        3,000 answers, 20 Bundles of each kind on each store

The server is the one that `pmpbridge serve` starts, one worker, on a loopback port; its callers are another process
with open connections and an access token. Histories: one patient with exactly 50 dispensations among 3,000 other
people. Beside them stand the floor, which is a bare Flask view that reads the body and sends the very bytes of that
answer on the same server, and what validate-and-dump of the same Parameters through fhir.resources gives, in this
process.

Transactions come in two kinds, and what is counted is entries of Bundles:

    by reference   200 entries, of which a part are dispensations and the others what those refer to
    contained      200 entries, each a MedicationDispense that contains what it is made of

All are new to the record, and each is answered when it is on disk. Printed are figures by the clock and by the
server's own processor time (on PostgreSQL, the database server's comes on top).
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

import click
import orjson
import requests
from fhir.resources.R4B import get_fhir_model_class
from flask import Flask, Response, request

from adapters.fhir.datatypes import Element
from adapters.fhir.history import BundleShelf
from adapters.fhir.out import to_json
from adapters.fhir.write_dispensation import DispensationWriter
from adapters.fhir.write_request import write_request
from adapters.fhir.xml_write import plain
from gateway import logs
from gateway.bootstrap import Gateway, build, register_client
from gateway.demo.record import REQUESTER, SCOPES, write_config
from gateway.demo.server import chosen_port, running
from gateway.model import Dispensation, IntakeBatch, IntakeRecord, LookupRequest, Person
from gateway.security.client import TokenSource
from gateway.seeding import seed_record
from gateway.settings import load_settings
from gateway.synth import generate
from tests.bench.databases import STORES, databases
from tests.bench.served import Run, callers

FILLS = 50
OTHERS = 3_000
ENTRIES = 200
CONNECTIONS = 4
SENDERS = 2
WARM = 200
PEER = 40
_UNTIL = date(2026, 11, 1)
_SENT = Path("sent")  # in the working directory of the floor: the bytes that it answers with


# --- histories ------------------------------------------------------------------------------------------------


def histories(folder: Path, answers: int) -> None:
    """The figures of look-ups."""
    with served(folder, seed) as (pid, port, token):
        body = to_json(write_request(LookupRequest(person=patient()[0], requester=REQUESTER)))
        with callers(pid, port, "/fhir/$pdmp-history", _headers(token)) as load:
            load([body] * WARM, CONNECTIONS)
            ours = load([body] * answers, CONNECTIONS)
    shown = ours.body.count(b'"resourceType":"MedicationDispense"')
    if shown != FILLS:
        raise SystemExit(f"the answer shows {shown} dispensations")
    with bare_server(folder, ours.body) as (pid, port), callers(pid, port, "/", {}) as load:
        load([body] * WARM, CONNECTIONS)
        floor = load([body] * answers, CONNECTIONS)
    peer = validate_and_dump(ours.body)
    click.echo(f"{len(ours.body):,} bytes, {FILLS} dispensations, {CONNECTIONS} connections")
    click.echo(f"{'':24} {'a second':>9} {'CPU ms each':>12} {'p50 ms':>7} {'p99 ms':>7}")
    for name, run in (("$pdmp-history", ours), ("bare Flask, same bytes", floor)):
        click.echo(f"{name:24} {run.rate:9.0f} {run.cost:12.2f} {run.p50:7.1f} {run.p99:7.1f}")
    click.echo(f"{'fhir.resources':24} {peer.rate:9.1f} {peer.cost:12.2f}")
    click.echo(
        f"times what fhir.resources gives: {ours.rate / peer.rate:.1f} by the clock, "
        f"{peer.cost / ours.cost:.1f} by processor time; of the floor's rate {ours.rate / floor.rate:.2f}"
    )


def patient() -> tuple[Person, list[Dispensation]]:
    """Somebody with a long history of another population, as the last dispenser knew her, and 50 of her fills."""
    people = generate(patients=2_000, years=4, seed=77, until=_UNTIL)
    one = next(p for p in people if len(p.dispensations) >= FILLS + 5 and p.person.owner is None)
    fills = sorted(one.dispensations, key=lambda d: d.filled)[-FILLS:]
    return fills[-1].person, [replace(d, person=fills[-1].person) for d in fills]


def seed(gateway: Gateway) -> None:
    seed_record(gateway, patients=OTHERS, years=1, seed=11, until=_UNTIL)
    records = tuple(IntakeRecord(dispensation=d, path=f"{n}") for n, d in enumerate(patient()[1]))
    gateway.intake(IntakeBatch(records=records))


def validate_and_dump(body: bytes) -> Run:
    """The peer: the same Parameters through the models of fhir.resources."""
    model, resource = get_fhir_model_class("Parameters"), orjson.loads(body)
    model.model_validate(resource).model_dump_json()
    times = []
    used, begun = time.process_time(), time.perf_counter()
    for _ in range(PEER):
        start = time.perf_counter()
        written = model.model_validate(resource).model_dump_json()
        times.append((time.perf_counter() - start) * 1000)
    return Run(
        clock=time.perf_counter() - begun,
        processor=time.process_time() - used,
        milliseconds=times,
        body=written.encode(),
    )


# --- transactions ---------------------------------------------------------------------------------------------


def transactions(folder: Path, store: str, url: str, bundles: int) -> None:
    """The figures of intake on one store."""
    with served(folder, lambda _: None, url) as (pid, port, token):
        headers = _headers(token)
        with callers(pid, port, "/fhir", headers) as load:
            for name, seed, make in (("by reference", 21, by_reference), ("contained", 22, contained)):
                made = list(islice(make(_fills(seed, bundles)), bundles + 2))
                warm, counted = made[:2], made[2:]
                load([to_json(one) for one in warm], SENDERS)
                run = load([to_json(one) for one in counted], SENDERS)
                entries = [entry for one in counted for entry in one["entry"]]
                reported = sum(_kind(e["resource"]) == "MedicationDispense" for e in entries)
                click.echo(
                    f"{store:11} {name:13} {len(entries) / len(counted):8.0f} {reported / len(counted):14.0f}"
                    f" {len(entries) / run.clock:9.0f} {reported / run.clock:15.0f}"
                    f" {len(entries) / run.processor:13.0f} {run.p50:7.0f} {run.p99:7.0f}"
                )


def _fills(seed: int, bundles: int) -> Iterator[Dispensation]:
    people = generate(patients=ENTRIES * (bundles + 2), years=1, seed=seed, until=_UNTIL)
    return chain.from_iterable(person.dispensations for person in people)


def by_reference(fills: Iterator[Dispensation]) -> Iterator[Element]:
    """Transactions of 200 entries or a few more, in which dispensations refer to other entries."""
    while True:
        shelf = BundleShelf(f"{time.perf_counter_ns()}")
        writer = DispensationWriter(shelf, source="https://pharmacy.example/fhir")
        dispensations: list[Element] = []
        while len(shelf.entries) + len(dispensations) < ENTRIES:
            dispensations.append(writer.write(next(fills)))
        yield _transaction([entry["resource"] for entry in shelf.entries], dispensations, shelf)


def _transaction(along: Sequence[Any], dispensations: Sequence[Element], shelf: BundleShelf) -> Element:
    for dispensation in dispensations:
        shelf.put(dispensation)
    entries = [
        entry | {"request": {"method": "POST", "url": _kind(resource)}}
        for entry, resource in zip(shelf.entries, [*along, *dispensations], strict=True)
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}


def _kind(resource: Element | orjson.Fragment) -> str:
    return str(plain(resource)["resourceType"])


class _Contained:
    def __init__(self) -> None:
        self.resources: list[Element] = []

    def put(self, resource: Element, json: orjson.Fragment | None = None) -> str:
        id = f"r{len(self.resources) + 1}"
        self.resources.append({"id": id, **resource})
        return f"#{id}"


def contained(fills: Iterator[Dispensation]) -> Iterator[Element]:
    """Transactions of 200 dispensations, each with everything that it refers to contained in it."""
    while True:
        shelf = BundleShelf(f"{time.perf_counter_ns()}")
        yield _transaction((), [_by_itself(d) for d in islice(fills, ENTRIES)], shelf)


def _by_itself(d: Dispensation) -> Element:
    inside = _Contained()
    written = DispensationWriter(inside, source="https://pharmacy.example/fhir").write(d)
    return written | {"contained": inside.resources}


# --- servers --------------------------------------------------------------------------------------------------


@contextmanager
def served(folder: Path, fill: Callable[[Gateway], None], url: str = "") -> Iterator[tuple[int, int, str]]:
    """The gateway as a process on a record that `fill` has filled: its pid, its port and a token."""
    folder.mkdir()
    port = chosen_port(0)
    config = write_config(folder, port)
    with config.open("a", encoding="utf-8") as more:
        more.write(f'\n[store]\nurl = "{url}"\n')
    settings = load_settings(config)
    secret = register_client(settings, "bench", scopes=SCOPES, organisation="Bench", role="Physician")
    gateway = build(settings)
    fill(gateway)
    gateway.close()
    origin = f"http://127.0.0.1:{port}"
    with running(config, folder, origin) as process:
        token = TokenSource(f"{origin}/oauth/token", client_id="bench", secret=secret, scopes=SCOPES)
        yield process.pid, port, token()


@contextmanager
def bare_server(folder: Path, body: bytes) -> Iterator[tuple[int, int]]:
    """The floor as a process: its pid and its port."""
    (folder / _SENT).write_bytes(body)
    port = chosen_port(0)
    threads = load_settings(environ={}).server.threads
    start = (
        "from granian import Granian; from granian.constants import Interfaces; "
        f"Granian('tests.bench.fhir:bare', factory=True, address='127.0.0.1', port={port}, "
        f"interface=Interfaces.WSGI, workers=1, blocking_threads={threads}, log_enabled=False).serve()"
    )
    command = [sys.executable, "-c", start]
    environment = {"PYTHONPATH": str(Path.cwd())}
    process = subprocess.Popen(command, cwd=folder, env=environment)
    try:
        _wait(port)
        yield process.pid, port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(port: int) -> None:
    for _ in range(300):
        try:
            requests.get(f"http://127.0.0.1:{port}/", timeout=1)
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the floor did not start")


def bare() -> Flask:
    """The application of the floor."""
    app, body = Flask("bare"), _SENT.read_bytes()

    @app.route("/", methods=["GET", "POST"])
    def answer() -> Response:
        request.get_data()
        return Response(body, content_type="application/fhir+json")

    return app


def _headers(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}", "Content-Type": "application/fhir+json"}


def main(answers: int, bundles: int) -> None:
    """Look-ups, then transactions on both stores."""
    logs.configure("ERROR")
    with tempfile.TemporaryDirectory(prefix="bench") as name, databases(Path(name)) as url:
        folder = Path(name)
        histories(folder / "histories", answers)
        if not bundles:
            return
        click.echo(
            f"\n{'':11} {'transactions':13} {'entries':>8} {'dispensations':>14} {'entries/s':>9}"
            f" {'dispensations/s':>15} {'entries/CPU s':>13} {'p50 ms':>7} {'p99 ms':>7}"
        )
        for store in STORES:
            address = "" if store == "sqlite" else url(store, "transactions")
            transactions(folder / f"transactions-{store}", store, address, bundles)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    main(*(numbers + [3_000, 20][len(numbers) :]))
