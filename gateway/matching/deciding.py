"""Which fields of the request would decide an ambiguous match. Names of fields, never values."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gateway.matching.normalise import name
from gateway.matching.profile import addresses, human_names, phones
from gateway.matching.score import Score
from gateway.matching.streets import place
from gateway.matching.weights import Ceiling, Weights
from gateway.model import Person, Sex, Species

_AGREEING = {"exact", "home", "street", "moved", "changed"}


def deciding(request: Person, contenders: Sequence[Score], table: Weights) -> tuple[str, ...]:
    """In this order of preference: what the request leaves out and the contenders differ in (one contender: what
    would make it fit); else what the request says and the best contender contradicts or half confirms."""
    best = contenders[0]
    blocking = [
        field for field, level, _ in best.levels if table.level(field, level).ceiling is not Ceiling.MATCH
    ]
    if len(contenders) == 1 and blocking:
        return tuple(blocking)
    told = dict(_facts(request))
    known = [dict(_facts(one.appearance)) for one in contenders]
    left_out = [
        field
        for field in table.fields
        if field in told and not told[field] and _could_decide(field, known, best, table)
    ]
    if left_out:
        return tuple(left_out)
    return tuple(field for field, level, _ in best.levels if level not in _AGREEING)


def _could_decide(
    field: str, known: Sequence[dict[str, frozenset[object]]], best: Score, table: Weights
) -> bool:
    values = [facts[field] for facts in known]
    if len(values) == 1:
        return bool(values[0]) and best.total + table.best[field] >= table.accept
    return any(values) and any(one != values[0] for one in values) and table.could_decide(field)


def _facts(person: Person) -> Iterator[tuple[str, frozenset[object]]]:
    """The person's values, normalised, by the names of the fields in the table of weights."""
    names = [name(one) for one in human_names(person)]
    whose = ""
    if person.species is Species.VETERINARY:
        whose = "owner's "
        yield "animal name", frozenset(name(one).given for one in person.names) - {""}
        yield "owner's birth date", _some(person.owner.birth_date if person.owner else None)
    yield f"{whose}family name", frozenset(one.family for one in names) - {""}
    yield f"{whose}given name", frozenset(one.first for one in names) - {""}
    yield "middle name", frozenset(word for one in names for word in one.middle)
    yield "suffix", frozenset(one.generation for one in names) - {""}
    yield "birth date", _some(person.birth_date)
    yield "sex", frozenset() if person.sex in {Sex.UNKNOWN, Sex.OTHER} else _some(person.sex)
    yield "address", frozenset(map(place, addresses(person)))
    yield "phone", frozenset(phones(person))


def _some(value: object) -> frozenset[object]:
    return frozenset() if value is None else frozenset((value,))
