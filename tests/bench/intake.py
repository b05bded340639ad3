"""How fast a file of dispensations becomes part of the record, and in how much memory, on both stores.

    python -m tests.bench.intake [RECORDS ...]        files of 20,000 and of 200,000 records

Each file goes through the command `pmpbridge intake` as an operator runs it: read, checked, matched, recorded with
fsync, reported on. It is taken in three times: into an empty record, where everybody is new; then a file of other
fills of the same people, as the next days bring them; then the first file once more, of which nothing is new.
Printed are dispensations a second by the clock and by the command's own processor time (the database server's comes
on top), with the command's start in both, and the largest memory the command had.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import islice
from pathlib import Path

import click

from adapters.asap.export import export
from gateway.model import Dispensation
from gateway.synth import generate
from tests.bench.databases import STORES, databases
from tests.integration.command import COMMAND, environment

_UNTIL = date(2026, 11, 1)


def write_files(folder: Path, records: int) -> list[tuple[str, Path]]:
    """The three files, as pharmacies write them: by dispenser and day."""
    people = generate(patients=records, years=1, seed=1, until=_UNTIL)
    fills = sorted(islice((d for person in people for d in person.dispensations), records), key=_place)
    later = [replace(d, rx_number=f"9{d.rx_number}") for d in fills]
    files = [(folder / f"{records}-{name}.asap", some) for name, some in (("first", fills), ("later", later))]
    for path, some in files:
        _write(path, some)
    (first, _), (second, _) = files
    return [("new people", first), ("known people", second), ("sent again", first)]


def _place(d: Dispensation) -> tuple[str, str, date]:
    return d.dispenser.dea or "", d.dispenser.name or "", d.filled


def _write(path: Path, fills: Sequence[Dispensation]) -> None:
    with path.open("wb") as out:
        export(out, fills, control_number="BENCH", created=datetime(2026, 11, 2, tzinfo=UTC))


def take(file: Path, variables: dict[str, str]) -> tuple[float, float, float]:
    """Seconds of the clock and of the processor, and MB."""
    report = file.with_suffix(".report")
    arguments = [*COMMAND, "intake", str(file), "--format", "json", "--report", str(report)]
    start = time.perf_counter()
    process = subprocess.Popen(arguments, env=environment(**variables))
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"pmpbridge intake ended with {process.returncode}; see {report}")
    return time.perf_counter() - start, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024


def main(sizes: Sequence[int]) -> None:
    """Every size on every store, a line a file."""
    with tempfile.TemporaryDirectory(prefix="bench") as name, databases(Path(name)) as url:
        folder = Path(name)
        click.echo(f"{'':11} {'records':>8} {'':13} {'a second':>9} {'a CPU second':>13} {'MB':>6}")
        for size in sizes:
            # in a process of its own: a child's largest memory counts from what its parent had when it was forked
            with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
                files = pool.submit(write_files, folder, size).result()
            for store in STORES:
                data = folder / f"{store}-{size}"
                variables = {
                    "PMPBRIDGE__DATA_DIR": str(data),
                    "PMPBRIDGE__STORE__URL": url(store, f"intake_{size}"),
                    "PMPBRIDGE__LOGGING__LEVEL": "ERROR",
                }
                for what, file in files:
                    clock, processor, memory = take(file, variables)
                    click.echo(
                        f"{store:11} {size:8,} {what:13} {size / clock:9.0f} {size / processor:13.0f}"
                        f" {memory:6.0f}"
                    )


if __name__ == "__main__":
    main([int(argument) for argument in sys.argv[1:]] or [20_000, 200_000])
