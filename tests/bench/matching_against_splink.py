"""The same files through `gateway.deduplication` and through Splink 5, in one run. Run by `make bench-matching`, or:

    python -m tests.bench.matching_against_splink [FOLDER]

FOLDER (default ../shared/data/matching) holds febrl_1.csv, febrl_2.csv, febrl_3.csv and splink_fake_1000.csv; made-up
American populations (tests/unit/deduplication/us_people.py) come after them. Social security numbers are used by
neither. For each file it prints precision, recall, f1 and seconds of both.

Splink is given every advantage: comparisons as its documentation advises for such columns, term frequencies, wide
blocking, its u from random pairs and its m from three runs of EM. Then, with the truth in hand, the threshold, and
whether pairs or clusters are counted, is chosen so that its f1 is the best one at the precision that is asked for.
The gateway sees no truth and has one threshold for all files.
"""

from __future__ import annotations

import csv
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random

import click
import splink.comparison_library as compare
from splink import DuckDBAPI, Linker, SettingsCreator, block_on

from gateway.deduplication import Record, evaluate, read
from tests.unit.deduplication.us_people import SHAPES, Population, write

FOLDER = Path(__file__).resolve().parents[3] / "shared/data/matching"
COLUMNS = ("first_name", "middle_name", "surname", "suffix", "dob", "sex", "number", "street", "second", "city",
           "zip", "phone", "email")  # fmt: skip
THRESHOLDS = [n / 2 for n in range(-20, 61)]  # match weights, in bits
Pairs = set[tuple[int, int]]


@dataclass(frozen=True)
class Figures:
    """Of one side on one file."""

    precision: float
    recall: float
    f1: float
    seconds: float

    def __str__(self) -> str:
        return f"{self.precision:9.4f} {self.recall:7.4f} {self.f1:7.4f} {self.seconds:7.1f}"


def row(record: Record) -> list[str]:
    """The record in upper case, without accents and abbreviations, as Splink asks for."""
    one = record.profile
    name = one.names[0]
    place = one.places[0] if one.places else None
    told = (
        (place.number, place.street, place.unit or place.second, place.city, place.zip5)
        if place
        else ("",) * 5
    )
    born = one.birth_date.isoformat() if one.birth_date else ""
    sex = {"female": "F", "male": "M"}.get(one.sex.value, "")
    middle, phone, email = " ".join(name.middle), min(one.phones, default=""), min(one.emails, default="")
    return [name.first, middle, name.family, name.generation, born, sex, *told, phone, email]


def comparisons(there: Sequence[str]) -> Iterator[object]:
    """For the columns that the file has."""
    if {"first_name", "surname"} <= set(there):
        yield compare.ForenameSurnameComparison(
            "first_name", "surname", forename_surname_concat_col_name="full_name"
        )
    if "dob" in there:
        yield compare.DateOfBirthComparison("dob", input_is_string=True, datetime_format="%Y-%m-%d")
    if "street" in there:
        yield compare.JaroWinklerAtThresholds("street", [0.92, 0.8]).configure(
            term_frequency_adjustments=True
        )
    for column in ("zip", "number", "phone"):
        if column in there:
            yield compare.DamerauLevenshteinAtThresholds(column, [1]).configure(
                term_frequency_adjustments=True
            )
    if "city" in there:
        yield compare.JaroWinklerAtThresholds("city", [0.9]).configure(term_frequency_adjustments=True)
    if "email" in there:
        yield compare.EmailComparison("email")
    for column in ("middle_name", "suffix", "sex", "second"):
        if column in there:
            yield compare.ExactMatch(column)


def blocking(there: Sequence[str]) -> list[object]:
    rules = [
        ("first_name", "surname"), ("surname", "dob"), ("first_name", "dob"), ("dob", "zip"), ("dob", "city"),
        ("surname", "zip"), ("first_name", "zip"), ("street", "number"), ("street", "zip"), ("first_name", "city"),
        ("surname", "city"), ("email",), ("phone",), ("dob",),
    ]  # fmt: skip
    return [block_on(*columns) for columns in rules if set(columns) <= set(there)]


def splink(records: Sequence[Record], precision: float, folder: Path) -> Figures:
    """Splink at the threshold that is best for it."""
    start = time.monotonic()
    rows = [row(record) for record in records]
    there = [column for n, column in enumerate(COLUMNS) if any(one[n] for one in rows)]
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["unique_id", "full_name", *COLUMNS])
        writer.writerows(
            [n, f"{one[0]} {one[2]}" if one[0] and one[2] else "", *one] for n, one in enumerate(rows)
        )
    backend = DuckDBAPI()
    backend.duckdb_con.execute(
        "create table people as select cast(unique_id as integer) as unique_id, * exclude (unique_id) from "
        f"read_csv('{path}', header=true, all_varchar=true, nullstr='')"
    )
    rules = blocking(there)
    linker = Linker(
        backend.register("people"),
        SettingsCreator(
            link_type="dedupe_only",
            comparisons=list(comparisons(there)),
            blocking_rules_to_generate_predictions=rules,
        ),
        log_level=40,
    )
    linker.training.estimate_probability_two_random_records_match(
        [block_on("first_name", "surname", "dob"), block_on("surname", "dob", "city")], recall=0.7
    )
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for columns in (("dob",), ("first_name", "surname"), ("city",) if "zip" not in there else ("zip",)):
        linker.training.estimate_parameters_using_expectation_maximisation(block_on(*columns), max_pairs=1e7)
    scored = [
        (min(a, b), max(a, b), weight)
        for a, b, weight in backend.duckdb_con.execute(
            "select unique_id_l, unique_id_r, match_weight from "
            + linker.inference.predict(threshold_match_weight=THRESHOLDS[0]).physical_name
        ).fetchall()
    ]
    spent = time.monotonic() - start
    truth = _truth(records)
    reached = [
        one for one in _at_all_thresholds(len(records), scored, truth, spent) if one.precision >= precision
    ]
    return max(reached, key=lambda one: one.f1, default=Figures(0, 0, 0, spent))


def _truth(records: Sequence[Record]) -> Pairs:
    groups: defaultdict[str | None, list[int]] = defaultdict(list)
    for n, record in enumerate(records):
        groups[record.truth].append(n)
    return {pair for group in groups.values() for pair in combinations(group, 2)}


def _at_all_thresholds(
    size: int, scored: Sequence[tuple[int, int, float]], truth: Pairs, spent: float
) -> Iterator[Figures]:
    for threshold in THRESHOLDS:
        pairs = {(a, b) for a, b, weight in scored if weight >= threshold}
        for found in (pairs, _clustered(size, pairs)):
            right = len(found & truth)
            share, recall = right / max(1, len(found)), right / len(truth)
            yield Figures(share, recall, 2 * right / (len(found) + len(truth)), spent)


def _clustered(size: int, pairs: Iterable[tuple[int, int]]) -> Pairs:
    """Connected components, as `cluster_pairwise_predictions_at_threshold` makes them."""
    group = {n: {n} for n in range(size)}
    for one, other in pairs:
        if group[one] is not group[other]:
            small, large = sorted((group[one], group[other]), key=len)
            large |= small
            group.update(dict.fromkeys(small, large))
    return {
        pair for rows in {id(g): g for g in group.values()}.values() for pair in combinations(sorted(rows), 2)
    }


def main(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as kept:
        files = [(f"febrl_{n}", folder / f"febrl_{n}.csv", "febrl", 0.999) for n in (1, 2, 3)]
        files.append(("fake_1000", folder / "splink_fake_1000.csv", "cluster", 0.99))
        for name, (shape, without) in SHAPES.items():
            path = write(Path(kept) / f"{name}.csv", Population(Random(41), shape).rows(2000), without)
            files.append((f"US, {name}", path, "cluster", 0.99))
        click.echo(
            f"{'':20} {'asked':>6}  {'PMP Bridge: precision, recall, f1, seconds':42} Splink: the same"
        )
        for name, path, truth, precision in files:
            if not path.exists():
                click.echo(f"{name:20} not there: {path.name}")
                continue
            records = read(path, truth)
            ours = evaluate(records)
            mine = Figures(ours.precision, ours.recall, ours.f1, ours.seconds)
            click.echo(f"{name:20} {precision:6}  {mine}          {splink(records, precision, Path(kept))}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
