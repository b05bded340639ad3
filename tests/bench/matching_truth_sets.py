"""The matcher on public truth sets: precision and recall over pairs of records. Run by hand:

    python -m tests.bench.matching_truth_sets [FOLDER]

FOLDER (default ../shared/data/matching) holds febrl_1.csv, febrl_2.csv, febrl_3.csv (`rec-N-org` and `rec-N-dup-M`
are one person) and splink_fake_1000.csv (column `cluster`). Every record is looked up against all others: a pair is
found when the matcher calls the other record, alone, a match. Records without a usable name or birth date find
nothing, and their pairs count as missed. Social security numbers and e-mail addresses are not used.
"""

from __future__ import annotations

import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from itertools import combinations
from pathlib import Path

from gateway.errors import MessageError
from gateway.matching import Ambiguous, FellegiSunter, Match
from gateway.model import Address, Person, PersonName

Record = tuple[str, Person]  # who it is in truth, and what is told


def febrl(path: Path) -> Iterator[Record]:
    """FEBRL: names, Australian address, birth date as YYYYMMDD."""
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines, skipinitialspace=True):
            number, line_1, line_2 = (row[c].strip() for c in ("street_number", "address_1", "address_2"))
            place = Address(
                lines=tuple(filter(None, (f"{number} {line_1}".strip(), line_2))),
                city=row["suburb"].strip() or None,
                postal_code=row["postcode"].strip() or None,
            )
            yield (
                row["rec_id"].split("-")[1],
                _person(row["rec_id"], row["surname"], row["given_name"], _day(row["date_of_birth"]), place),
            )


def fake_1000(path: Path) -> Iterator[Record]:
    """Splink's fake_1000: names, birth date, city."""
    with path.open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            place = Address(city=row["city"]) if row["city"] else Address()
            yield (
                row["cluster"],
                _person(
                    row["unique_id"],
                    row["surname"],
                    row["first_name"],
                    _day(row["dob"].replace("-", "")),
                    place,
                ),
            )


def _person(key: str, family: str, given: str, born: date | None, place: Address) -> Person:
    name = PersonName(family=family.strip(), given=tuple(filter(None, [given.strip()])))
    return Person(key=key, names=(name,), birth_date=born, addresses=(place,))


def _day(digits: str) -> date | None:
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return None


def measure(records: list[Record]) -> dict[str, float]:
    """Pairs found among all pairs of one person, and how many of those found are right."""
    matcher = FellegiSunter()
    index, keys = _index(matcher, records)
    truth = {person.key: cluster for cluster, person in records}
    found, ambiguous, asked, spent = set(), set(), 0, 0.0
    for _, person in records:
        ids = {n for key in keys.get(person.key, ()) for n in index[key]}
        for n in ids:
            other = records[n][1]
            if other.key == person.key:
                continue
            started = time.process_time()
            decision = matcher.decide(person, [other])
            spent += time.process_time() - started
            asked += 1
            pair = frozenset((person.key, other.key))
            if isinstance(decision, Match):
                found.add(pair)
            elif isinstance(decision, Ambiguous):
                ambiguous.add(pair)
    members = defaultdict(list)
    for cluster, person in records:
        members[cluster].append(person.key)
    pairs = {frozenset(pair) for group in members.values() for pair in combinations(group, 2)}
    right = sum(1 for a, b in map(tuple, found) if truth[a] == truth[b])
    precision, recall = right / max(1, len(found)), right / max(1, len(pairs))
    return {
        "pairs": len(pairs),
        "found": len(found),
        "precision": precision,
        "recall": recall,
        "f1": 2 * precision * recall / max(1e-9, precision + recall),
        "recall with ambiguous": len(pairs & (found | ambiguous)) / max(1, len(pairs)),
        "microseconds a comparison": spent / max(1, asked) * 1e6,
    }


def _index(
    matcher: FellegiSunter, records: list[Record]
) -> tuple[dict[str, list[int]], dict[str | None, frozenset[str]]]:
    index: dict[str, list[int]] = defaultdict(list)
    keys: dict[str | None, frozenset[str]] = {}
    for n, (_, person) in enumerate(records):
        try:
            keys[person.key] = matcher.blocking_keys(person)
        except MessageError:
            continue
        for key in keys[person.key]:
            index[key].append(n)
    return index, keys


def main() -> None:
    """Print a line for each truth set that is there."""
    default = Path(__file__).resolve().parents[3] / "shared" / "data" / "matching"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else default
    sets = [(f"febrl_{n}.csv", febrl) for n in (1, 2, 3)] + [("splink_fake_1000.csv", fake_1000)]
    for name, read in sets:
        figures = measure(list(read(folder / name)))
        sys.stdout.write(f"{name}: " + ", ".join(f"{k} {v:.4g}" for k, v in figures.items()) + "\n")


if __name__ == "__main__":
    main()
