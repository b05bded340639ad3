"""How many histories one worker answers by SCRIPT, in each version.

    python -m tests.bench.script [ANSWERS]        3,000 answers in each version

As tests/bench/fhir.py: the server that `pmpbridge serve` starts, one worker, on a loopback port, one patient with 50
dispensations among 3,000 other people; its callers are another process with open connections and an access token.
Beside each version stands the floor, a bare Flask view that reads the body and sends the very bytes of that answer on
the same server. Below is what the adapter alone takes in this process: reading the request, writing the answer and
reading it as a partner's.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import click

from adapters._wire import parse
from adapters.ncpdp import ADAPTER
from adapters.ncpdp.answer import read_answer
from adapters.ncpdp.ask import history_request
from adapters.ncpdp.fill import PARTS
from adapters.ncpdp.layout import Header, Mailbox, new_message_id
from adapters.ncpdp.message import opened
from adapters.ncpdp.version import STANDARD, Version
from adapters.ncpdp.write import layout_for
from gateway import logs
from gateway.demo.record import REQUESTER
from gateway.model import Answer, LookupRequest
from gateway.ports import Inbound
from tests.bench.fhir import CONNECTIONS, FILLS, WARM, bare_server, patient, seed, served
from tests.bench.served import Run, callers

TARGET = 400  # answers a second
_NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
_BOX = Mailbox(address="BENCH", qualifier="ZZZ")
_TIMES = 7  # of which the cheapest counts
_EACH = 200


def main(answers: int) -> None:
    """The figures of each version."""
    logs.configure("ERROR")
    asks = LookupRequest(person=patient()[0], requester=REQUESTER)
    runs: dict[Version, tuple[Run, Run]] = {}
    with tempfile.TemporaryDirectory(prefix="bench") as name:
        folder = Path(name)
        with served(folder / "script", seed) as (pid, port, token):
            headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/xml"}
            with callers(pid, port, "/ncpdp/script", headers) as load:
                ours = {}
                for version in Version:
                    load([asking(version, asks) for _ in range(WARM)], CONNECTIONS)
                    ours[version] = load([asking(version, asks) for _ in range(answers)], CONNECTIONS)
        for version, run in ours.items():
            shown = run.body.count(b"<MedicationDispensed>")
            if shown != FILLS:
                raise SystemExit(f"the answer in {version} shows {shown} dispensations")
            body = asking(version, asks)
            with bare_server(folder, run.body) as (pid, port), callers(pid, port, "/", {}) as load:
                load([body] * WARM, CONNECTIONS)
                runs[version] = run, load([body] * answers, CONNECTIONS)
    click.echo(f"{FILLS} dispensations, {CONNECTIONS} connections; {TARGET} answers a second are the target")
    click.echo(
        f"{'':16} {'bytes':>8} {'a second':>9} {'CPU ms each':>12} {'p50 ms':>7} {'p99 ms':>7} {'of floor':>9}"
    )
    for version, (run, floor) in runs.items():
        for what, one in ((version.value, run), ("  bare Flask", floor)):
            click.echo(
                f"{what:16} {len(one.body):8,} {one.rate:9.0f} {one.cost:12.2f} {one.p50:7.1f} {one.p99:7.1f}"
                f" {one.rate / floor.rate:9.2f}"
            )
    click.echo(f"\n{'the adapter alone':18} {'reads ms':>9} {'writes ms':>10} {'reads as a partner ms':>22}")
    for version, (run, _) in runs.items():
        click.echo(f"{version.value:18} {'':1}" + adapter_alone(version, asks, run.body))


def asking(version: Version, asks: LookupRequest) -> bytes:
    """A request with an id of its own."""
    layout = layout_for(version)
    header = Header(to=_BOX, sender=_BOX, sent=_NOW, message_id=new_message_id())
    return layout.message(header, history_request(layout, asks, _NOW.date()), STANDARD[version])


def adapter_alone(version: Version, asks: LookupRequest, body: bytes) -> str:
    """Milliseconds of processor time: the request read, the answer written, the answer read."""
    sent = asking(version, asks)
    answer = _read(body, asks)

    def read() -> Inbound:
        message = _inbound(sent)
        ADAPTER.read(message)
        return message

    message = read()
    figures = (
        milliseconds(read),
        milliseconds(lambda: ADAPTER.write(answer, message)),
        milliseconds(lambda: _read(body, asks)),
    )
    return "{:8.2f} {:10.2f} {:22.2f}".format(*figures)


def milliseconds(do: Callable[[], object]) -> float:
    """What doing it once takes at its cheapest."""
    best = float("inf")
    for _ in range(_TIMES):
        begun = time.process_time()
        for _ in range(_EACH):
            do()
        best = min(best, (time.process_time() - begun) * 1000 / _EACH)
    return best


def _read(body: bytes, asks: LookupRequest) -> Answer:
    return read_answer(opened(parse(body), kept=PARTS), asks, now=_NOW)


def _inbound(body: bytes) -> Inbound:
    return Inbound(
        operation="script",
        method="POST",
        path="/ncpdp/script",
        request_id="bench",
        received_at=_NOW,
        base_url="http://127.0.0.1/ncpdp",
        content_type="application/xml",
        headers={"content-type": "application/xml"},
        body=body,
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 3_000)
