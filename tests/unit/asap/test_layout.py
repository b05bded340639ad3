"""The table of fields agrees with the field map, with the standard's list, and with what reading and export do."""

from __future__ import annotations

import csv
import doctest
import io
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from adapters.asap import layout
from adapters.asap.export import export
from gateway.model import Dispensation, IntakeRecord, Species
from gateway.synth import generate
from gateway.terminology import field_map
from tests.unit.asap.files import opened

FORMAT = "asap"


def test_examples_in_the_docstrings() -> None:
    assert doctest.testmod(layout).failed == 0


def test_the_field_map_and_the_layout_say_the_same() -> None:
    for field in field_map().fields:
        expected = layout.FIELDS.get(field.name)
        assert field.paths[FORMAT] == (expected or "none"), field.name


def test_every_field_is_one_of_its_segment() -> None:
    for canonical, field in layout.FIELDS.items():
        segment, position = re.fullmatch(r"([A-Z]+)(\d\d)", field).groups()  # type: ignore[union-attr]
        assert 1 <= int(position) <= layout.LENGTHS[segment], canonical


def test_every_field_is_on_the_published_list(shared: Any) -> None:
    """A row of the list is a field, or several that belong together (PHA04-09)."""
    listed: set[str] = set()
    path = Path(shared) / "standards/asap/segments.tsv"
    with path.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file, delimiter="\t"):
            match = re.fullmatch(r"([A-Z]+)(\d\d)(?:-(\d\d))?", row["field"])
            if match:
                segment, first, last = match.groups()
                listed.update(f"{segment}{n:02}" for n in range(int(first), int(last or first) + 1))
    assert len(listed) > 50
    assert set(layout.FIELDS.values()) <= listed


def _sent_and_read() -> list[tuple[Dispensation, Dispensation]]:
    sent = [
        told
        for person in generate(patients=400, years=2, seed=31, until=date(2026, 6, 30))
        for told in person.dispensations
    ]
    out = io.BytesIO()
    export(out, sent, control_number="R1", created=datetime(2026, 7, 1, tzinfo=UTC))
    read = []
    for record in opened(out.getvalue()).records():
        assert isinstance(record, IntakeRecord)
        assert record.dispensation is not None, record.issues
        read.append(record.dispensation)
    return list(zip(sent, read, strict=True))


def test_what_is_written_is_read_again() -> None:
    """Every field that ASAP carries, of a population with everything in it."""
    pairs = _sent_and_read()
    assert len(pairs) > 2000
    held: set[str] = set()
    for sent, read in pairs:
        animal = sent.person.species is Species.VETERINARY
        for field in field_map().fields:
            if field.is_none(FORMAT) or field.name == "compound" or (animal and field.name in _OF_THE_OWNER):
                continue
            told = field.value(sent)
            if field.carried(told, FORMAT) if told is not None else True:
                assert field.same(told, field.value(read)), field.name
                held.update([field.name] if told is not None else [])
        parts = [(c.sequence, c.ndc11, c.quantity, c.unit) for c in sent.compound]
        assert [(c.sequence, c.ndc11, c.quantity, c.unit) for c in read.compound] == parts
    carried = {f.name for f in field_map().fields if not f.is_none(FORMAT)}
    assert carried - held <= {
        "compound",
        "person.addresses.0.country",
        "person.owner.names.0.prefix",
        "person.owner.names.0.suffix",
    }


_OF_THE_OWNER = {
    field.name for field in field_map().fields if "veterinary" in field.conditional.get(FORMAT, "")
}
"""Of an animal these stand for its owner's: compared by the tests of reading."""
