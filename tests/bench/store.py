"""What the record and the audit log cost beside the floor: the same rows by bare `sqlite3`, the same bytes by fsync.

    python -m tests.bench.store [PEOPLE] [FOLDER]

Milliseconds of CPU for reads (the best of several rounds, one thread, everything in the page cache) and of the clock
for what waits for the disk. Compare ratios: both sides are measured in one run.
"""

from __future__ import annotations

import os
import random
import sqlite3
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import click
from sqlalchemy.dialects import sqlite

from gateway import audit, store
from gateway.model import Period, PersonName
from gateway.store import keys, queries
from tests.contract.ports.fakes import EVENT, FakeVault
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber

FILLS = 50
SAMPLE = 300
ALWAYS = Period()


def main(people: int, folder: Path) -> None:
    url = f"sqlite:///{folder / 'record.sqlite'}"
    store.migrate(url)
    record = store.Store(url, vault=FakeVault(), clock=lambda: datetime.now(UTC))
    everybody = _fill(record, people)
    sample = random.Random(7).sample(list(everybody), min(SAMPLE, people))
    _reads(record, folder / "record.sqlite", everybody, sample)
    _single_intake(record, sample[0])
    record.close()
    _audit(folder)


def _fill(record: store.Store, people: int) -> dict[str, list[str]]:
    """People with fifty fills and two appearances each; a hundred people a unit. Returns their blocking keys."""
    chance = random.Random(1)
    drugs = [a_drug(ndc11=f"{n:011}") for n in range(40)]
    prescribers = [a_prescriber(npi=f"{n:010}") for n in range(300)]
    dispensers = [a_dispenser(ncpdp_id=f"{n:07}") for n in range(100)]
    everybody: dict[str, list[str]] = {}
    began = time.process_time()
    for first in range(0, people, 100):
        with record.intake() as unit:
            for number in range(first, min(first + 100, people)):
                names = (PersonName(family=f"Family{number}", given=("Ada",)),)
                person = a_person(key=None, appearance=None, names=names)
                blocks = [f"{number}:{n}" for n in range(5)] + [f"block:{number // 20}"]
                key = unit.add_person(person, blocks)
                everybody[key] = blocks
                for fill in range(FILLS):
                    sent = a_dispensation(
                        id=None,
                        rx_number=f"{number}-{fill}",
                        filled=date(2025, 1, 1) + timedelta(days=chance.randrange(700)),
                        person=person if fill % 3 else replace(person, phones=()),
                        drug=chance.choice(drugs),
                        prescriber=chance.choice(prescribers),
                        dispenser=chance.choice(dispensers),
                    )
                    unit.same_fill(sent)
                    unit.candidates(blocks[:5])
                    unit.add_dispensation(key, sent, blocks)
    each = (time.process_time() - began) / people / FILLS
    _say("bulk: same fill + candidates + add, each dispensation", each)
    return everybody


def _reads(record: store.Store, path: Path, everybody: dict[str, list[str]], sample: Sequence[str]) -> None:
    history = _cpu(sample, lambda key: record.history(key, ALWAYS))
    one = _cpu(sample, lambda key: record.candidates(everybody[key][:5]))
    many = _cpu(sample, lambda key: record.candidates(everybody[key]))
    columns = ", ".join(c.name for c in queries.HISTORY.selected_columns)
    with closing(sqlite3.connect(path)) as connection:
        rows = f"SELECT {columns} FROM dispensation WHERE person_key = ?"
        query = str(queries.HISTORY.compile(dialect=sqlite.dialect()))
        bare = _cpu(sample, lambda key: connection.execute(rows, [keys.read_person_key(key)]).fetchall())
        filters = ["0001-01-01", "9999-12-31", "active"]
        same = _cpu(
            sample, lambda key: connection.execute(query, [keys.read_person_key(key), *filters]).fetchall()
        )
    _say(f"sqlite3: {FILLS} rows of {len(queries.HISTORY.selected_columns)} columns, as text", bare)
    _say("sqlite3: the history query, as text", same)
    _say("history: one person, as the model", history)
    _say("candidates: one person, two appearances", one)
    _say("candidates: twenty people, forty appearances", many)
    click.echo(f"a look-up (candidates + history) is {(one + history) / bare:.1f} times the bare rows")


def _cpu(sample: Sequence[str], read: Callable[[str], object]) -> float:
    def one_round() -> float:
        began = time.process_time()
        for key in sample:
            read(key)
        return (time.process_time() - began) / len(sample)

    return min(one_round() for _ in range(5))


def _single_intake(record: store.Store, key: str) -> None:
    began = time.perf_counter()
    for number in range(200):
        with record.intake() as unit:
            sent = a_dispensation(id=None, rx_number=f"single-{number}")
            unit.same_fill(sent)
            unit.candidates(["a", "b", "c", "d", "e"])
            unit.add_dispensation(key, sent, ["a", "b", "c", "d", "e"])
    _say("one dispensation a unit, on disk (clock)", (time.perf_counter() - began) / 200)


def _audit(folder: Path) -> None:
    url = f"sqlite:///{folder / 'audit.sqlite'}"
    audit.migrate(url)
    log = audit.HashChainedLog(url)
    log.record(EVENT)
    _say("fsync of 12 KB appended (clock)", _fsync(folder / "floor"))
    for threads in (1, 8, 32):
        began = time.perf_counter()
        with ThreadPoolExecutor(threads) as pool:
            list(pool.map(lambda _: [log.record(EVENT) for _ in range(100)], range(threads)))
        _say(
            f"audit: each event, {threads} threads recording (clock)",
            (time.perf_counter() - began) / 100 / threads,
        )
    log.close()


def _fsync(path: Path) -> float:
    handle = os.open(path, os.O_CREAT | os.O_WRONLY)
    began = time.perf_counter()
    for number in range(200):
        os.pwrite(handle, b"x" * 12_288, number * 12_288)
        os.fsync(handle)
    os.close(handle)
    return (time.perf_counter() - began) / 200


def _say(what: str, seconds: float) -> None:
    click.echo(f"{seconds * 1000:8.3f} ms  {what}")


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 800
    with tempfile.TemporaryDirectory(dir=sys.argv[2] if len(sys.argv) > 2 else None) as temporary:
        main(count, Path(temporary))
