"""What a population must show: every story, every particularity of names and places, every kind of party."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest

from gateway.model import DrugClass, NameUse, PartyKind, Person, QuantityUnit, Schedule, Sex, Species
from gateway.synth import SynthPerson
from gateway.synth.names import book
from gateway.synth.places import atlas
from gateway.synth.stories import STORIES
from gateway.terminology import codes, field_map
from tests.unit.synth.population import SEEDS, dispensations, people

SMALL, LARGE = 60, 200


@pytest.fixture(scope="module", params=[*SEEDS, 2, 3, 99])
def small(request: pytest.FixtureRequest) -> tuple[SynthPerson, ...]:
    return people(SMALL, request.param)


@pytest.fixture(scope="module", params=SEEDS)
def large(request: pytest.FixtureRequest) -> tuple[SynthPerson, ...]:
    return people(LARGE, request.param)


# --- stories --------------------------------------------------------------------------------------------------


def test_every_story_is_told(small: tuple[SynthPerson, ...]) -> None:
    assert {p.story for p in small} == set(STORIES)


def test_nearly_everybody_has_dispensations(small: tuple[SynthPerson, ...]) -> None:
    silent = [p for p in small if not p.dispensations]
    assert 1 <= len(silent) <= 5
    assert {p.story for p in silent} == {"none"}
    assert max(len(p.dispensations) for p in small) >= 60
    assert sum(1 for p in small if p.story == "heavy" and 60 <= len(p.dispensations) <= 150) >= 2


def _classes(person: SynthPerson) -> set[DrugClass]:
    return {d.drug.drug_class for d in person.dispensations}


def _overlap(person: SynthPerson, one: DrugClass, other: DrugClass) -> int:
    """Days on which supplies of both classes are at hand."""
    days: dict[DrugClass, set[date]] = {one: set(), other: set()}
    for d in person.dispensations:
        if d.drug.drug_class in days:
            days[d.drug.drug_class] |= {d.filled + timedelta(days=n) for n in range(d.days_supply)}
    return len(days[one] & days[other])


def _is_taper(person: SynthPerson) -> bool:
    strengths = [d.drug.ingredients[0].strength or 0 for d in person.dispensations]
    return len(set(strengths)) > 1 and strengths == sorted(strengths, reverse=True)


STORY_TELLS: dict[str, Callable[[SynthPerson], bool]] = {
    "acute": lambda p: 1 <= len(p.dispensations) <= 2 and _classes(p) == {DrugClass.OPIOID},
    "liquid": lambda p: {d.unit for d in p.dispensations} == {QuantityUnit.MILLILITRE},
    "tapering": _is_taper,
    "overlapping": lambda p: _overlap(p, DrugClass.OPIOID, DrugClass.BENZODIAZEPINE) >= 30,
    "buprenorphine": lambda p: any(d.treatment_type == "02" for d in p.dispensations),
    "stimulant": lambda p: _classes(p) == {DrugClass.STIMULANT} or _classes(p) == {DrugClass.OTHER},
    "gabapentinoid": lambda p: _classes(p) == {DrugClass.GABAPENTINOID},
    "patch": lambda p: {d.drug.dose_form for d in p.dispensations} == {"Transdermal System"},
    "compounded": lambda p: all(d.compound for d in p.dispensations),
    "veterinary": lambda p: p.person.species is Species.VETERINARY,
    "programme": lambda p: (
        PartyKind.OPIOID_TREATMENT_PROGRAMME in {d.dispenser.kind for d in p.dispensations}
    ),
}


@pytest.mark.parametrize("story", STORY_TELLS)
def test_a_story_is_what_its_name_says(small: tuple[SynthPerson, ...], story: str) -> None:
    told = [p for p in small if p.story == story]
    assert told
    assert all(STORY_TELLS[story](p) for p in told)


def test_doctor_shopping_has_many_parties_and_cash(small: tuple[SynthPerson, ...]) -> None:
    for p in (p for p in small if p.story == "multi-provider"):
        assert len({d.prescriber for d in p.dispensations}) >= 5
        assert len({d.dispenser for d in p.dispensations}) >= 5
        assert sum(d.payment == "01" for d in p.dispensations) > len(p.dispensations) / 2


def test_parts_of_a_fill_come_on_different_days(small: tuple[SynthPerson, ...]) -> None:
    parts = [d for p in small if p.story == "partial" for d in p.dispensations if d.partial_fill]
    assert {d.partial_fill for d in parts} == {1, 2}
    for first, second in pairwise(parts):
        if second.partial_fill == 2 and second.rx_number == first.rx_number:
            assert first.filled < second.filled


def test_fills_come_early_sometimes(small: tuple[SynthPerson, ...]) -> None:
    early = 0
    for p in small:
        for one, other in pairwise(p.dispensations):
            if one.rx_number == other.rx_number and one.fill_number + 1 == other.fill_number:
                early += one.filled + timedelta(days=one.days_supply - 4) >= other.filled
    assert early >= 1


def test_naloxone_goes_beside_opioids(small: tuple[SynthPerson, ...]) -> None:
    carriers = [
        p for p in small if any([i.name for i in d.drug.ingredients] == ["naloxone"] for d in p.dispensations)
    ]
    assert len(carriers) >= 2
    assert all(DrugClass.OPIOID in _classes(p) for p in carriers)


def test_animals_get_the_three_drugs_and_live_with_their_owner(small: tuple[SynthPerson, ...]) -> None:
    animals = [p for p in small if p.person.species is Species.VETERINARY]
    drugs = {d.drug.ingredients[0].name for p in animals for d in p.dispensations}
    assert drugs == {"phenobarbital", "gabapentin", "tramadol"}
    for p in animals:
        owner = p.person.owner
        assert owner is not None
        assert owner.species is Species.HUMAN
        assert owner.birth_date is not None
        assert p.person.name.family == owner.name.family
        assert {d.prescriber.kind for d in p.dispensations} == {PartyKind.VETERINARY}
        assert {d.person for d in p.dispensations} == {p.person}


# --- people ---------------------------------------------------------------------------------------------------


def _pairs(population: tuple[SynthPerson, ...]) -> Iterator[tuple[Person, Person]]:
    for one, other in pairwise(population):
        if one.person.species is other.person.species is Species.HUMAN:
            yield one.person, other.person


def _same(one: Person, other: Person, *fields: str) -> bool:
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _full(person: Person) -> tuple[str, tuple[str, ...]]:
    return person.name.family, person.name.given


def _are_twins(one: Person, other: Person) -> bool:
    return (
        _same(one, other, "birth_date", "addresses", "phones")
        and one.name.family == other.name.family
        and one.name.given[0] != other.name.given[0]
    )


def _are_namesakes(one: Person, other: Person) -> bool:
    apart = one.addresses != other.addresses and not set(one.phones) & set(other.phones)
    return apart and _full(one) == _full(other) and one.birth_date == other.birth_date


def _are_near_namesakes(one: Person, other: Person) -> bool:
    assert one.birth_date is not None
    assert other.birth_date is not None
    apart = one.addresses != other.addresses and not set(one.phones) & set(other.phones)
    return apart and _full(one) == _full(other) and 0 < abs((one.birth_date - other.birth_date).days) < 31


def _are_father_and_son(one: Person, other: Person) -> bool:
    assert one.birth_date is not None
    assert other.birth_date is not None
    years = (other.birth_date - one.birth_date).days / 365.25
    return (
        _full(one) == _full(other)
        and (one.name.suffix, other.name.suffix) == ("Sr", "Jr")
        and one.addresses == other.addresses
        and 24.5 < years < 30.5
    )


@pytest.mark.parametrize(
    "related",
    [_are_twins, _are_namesakes, _are_near_namesakes, _are_father_and_son],
    ids=lambda f: f.__name__,
)
def test_people_who_are_easily_confused(
    small: tuple[SynthPerson, ...], related: Callable[[Person, Person], bool]
) -> None:
    assert any(related(one, other) for one, other in _pairs(small))


def _bare(text: str) -> str:
    letters = unicodedata.normalize("NFD", text).casefold()
    return "".join(c for c in letters if c.isascii() and c.isalnum())


def _is_slip(reported: str, true: str) -> bool:
    """One letter wrong, too many or missing, or two in each other's place; no matter of accents or hyphens."""
    if _bare(reported) == _bare(true) or reported[0] != true[0]:
        return False
    if sorted(reported) == sorted(true):
        return True
    shorter, longer = sorted((reported, true), key=len)
    if len(shorter) == len(longer):
        return sum(a != b for a, b in zip(shorter, longer, strict=True)) == 1
    return any(longer[:n] + longer[n + 1 :] == shorter for n in range(len(longer)))


def _street(person: Person) -> tuple[str, ...]:
    return person.addresses[0].lines


APPEARS: dict[str, Callable[[Person, Person], bool]] = {
    "nickname": lambda told, true: (
        told.name.given[0] in book().nicknames.get(true.name.given[0], ()) and told.phones == true.phones
    ),
    "slip in the family name": lambda told, true: _is_slip(told.name.family, true.name.family),
    "no accent": lambda told, true: (
        not true.name.family.isascii()
        and told.name.family.isascii()
        and _bare(told.name.family) == _bare(true.name.family)
    ),
    "no apostrophe": lambda told, true: (
        told.name.family == true.name.family.replace("'", "") != true.name.family
    ),
    "no hyphen, or half of a double name": lambda told, true: (
        "-" in true.name.family
        and "-" not in told.name.family
        and told.name.family.split()[0] in true.name.family
    ),
    "capitals": lambda told, true: told.name.family == true.name.family.upper() != true.name.family,
    "no middle name or its initial": lambda told, true: told.name.given[1:] != true.name.given[1:],
    "no phone": lambda told, true: bool(true.phones) and not told.phones,
    "no suffix or prefix": lambda told, true: (
        (told.name.suffix, told.name.prefix) != (true.name.suffix, true.name.prefix)
    ),
    "family name before marriage": lambda told, true: (
        told.name.family in book().family
        and told.name.family != true.name.family
        and not _is_slip(told.name.family, true.name.family)
        and _street(told) == _street(true)
    ),
    "maiden name named": lambda told, true: any(name.use is NameUse.MAIDEN for name in told.names[1:]),
    "address before moving": lambda told, true: (
        told.addresses[0].city != true.addresses[0].city
        and told.addresses[0].city != true.addresses[0].city.upper()
        if true.addresses[0].city
        else False
    ),
    "street abbreviated": lambda told, true: (
        told.addresses[0].lines[0].isupper()
        and told.addresses[0].postal_code == true.addresses[0].postal_code
    ),
    "day and month swapped": lambda told, true: (
        told.birth_date is not None
        and true.birth_date is not None
        and told.birth_date != true.birth_date
        and (told.birth_date.day, told.birth_date.month) == (true.birth_date.month, true.birth_date.day)
    ),
    "a digit of the birth date": lambda told, true: (
        told.birth_date is not None
        and true.birth_date is not None
        and told.birth_date.day != true.birth_date.day
        and told.birth_date.month == true.birth_date.month
    ),
}


def _appearances(population: tuple[SynthPerson, ...]) -> Iterator[tuple[Person, Person]]:
    for p in population:
        if p.person.species is Species.HUMAN:
            yield from ((d.person, p.person) for d in p.dispensations)


@pytest.mark.parametrize("how", APPEARS)
def test_appearances_differ_from_the_truth(small: tuple[SynthPerson, ...], how: str) -> None:
    assert any(APPEARS[how](told, true) for told, true in _appearances(small))


def test_no_appearance_changes_everything_at_once(large: tuple[SynthPerson, ...]) -> None:
    """Of name, birth date and way to reach the person (address or phone), one at most is wrong."""
    for told, true in _appearances(large):
        reached = told.phones == true.phones or _street(told) == _street(true)
        name = told.name.family == true.name.family and told.name.given == true.name.given
        assert [name, told.birth_date == true.birth_date, reached].count(False) <= 1


def test_the_truth_is_among_the_appearances(large: tuple[SynthPerson, ...]) -> None:
    for p in (p for p in large if p.dispensations and p.person.species is Species.HUMAN):
        assert any(d.person.name == p.person.name for d in p.dispensations)


NAMES: dict[str, Callable[[Person], bool]] = {
    "accented": lambda p: not p.name.family.isascii(),
    "apostrophe": lambda p: "'" in p.name.family,
    "hyphenated": lambda p: "-" in p.name.family,
    "very long": lambda p: len(p.name.family) > 25,
    "suffix": lambda p: p.name.suffix in {"Jr", "Sr", "III"},
    "prefix": lambda p: p.name.prefix == "Dr",
    "no middle name": lambda p: len(p.name.given) == 1,
    "middle initial": lambda p: len(p.name.given) == 2 and len(p.name.given[1]) == 1,
    "middle name": lambda p: len(p.name.given) == 2 and len(p.name.given[1]) > 1,
    "no phone": lambda p: not p.phones,
    "nine-digit ZIP code": lambda p: len(p.addresses[0].postal_code or "") == 10,
    "flat": lambda p: len(p.addresses[0].lines) == 2,
}


@pytest.mark.parametrize("how", NAMES)
def test_names_and_addresses_vary(small: tuple[SynthPerson, ...], how: str) -> None:
    assert any(NAMES[how](p.person) for p in small)


def test_people_are_women_and_men_of_plausible_age(large: tuple[SynthPerson, ...]) -> None:
    assert {p.person.sex for p in large} >= {Sex.FEMALE, Sex.MALE}
    for p in large:
        if p.person.species is Species.HUMAN:
            assert p.person.birth_date is not None
            assert date(1926, 1, 1) < p.person.birth_date < date(2026, 1, 1)
        if p.story == "pregnant":
            assert p.person.sex is Sex.FEMALE


# --- the rest of a record -------------------------------------------------------------------------------------


def test_every_code_occurs(large: tuple[SynthPerson, ...]) -> None:
    records = dispensations(large)
    assert {d.payment for d in records} == set(codes("payment"))
    assert {d.rx_origin for d in records} == set(codes("rx-origin"))
    assert {d.treatment_type for d in records} - {None} == set(codes("treatment-type"))
    assert {d.unit for d in records} == set(QuantityUnit)
    assert {d.drug.schedule for d in records} == set(Schedule) - {Schedule.CI}
    assert {d.dispenser.kind for d in records} == set(PartyKind)
    assert {d.prescriber.kind for d in records} == {PartyKind.PRACTITIONER, PartyKind.VETERINARY}


def test_parties_vary(large: tuple[SynthPerson, ...]) -> None:
    records = dispensations(large)
    assert any(d.prescriber.dea_suffix for d in records)
    assert any((d.prescriber.dea or "").startswith("M") for d in records)
    assert {d.dispenser.address.state for d in records if d.dispenser.address} > {"CT"}
    assert len({d.prescriber for d in records}) >= 20
    assert len({d.dispenser for d in records}) >= 12
    home = {town.state for town in atlas().home}
    assert home == {"CT", "NY"}  # Fishers Island


# What a dispenser does not report, or the store adds.
NEVER = {
    "person.deceased": "a dispenser reports nobody's death",
    "source_state": "set by the store",
    "reported_at": "set by the store",
    "person.names.1.suffix": "the second name is a maiden name, which has no generation",
    "person.names.1.prefix": "it stands with the name in use",
    "person.owner.names.0.prefix": "owners are plain people here",
    "person.owner.names.0.suffix": "owners are plain people here",
}


def test_every_field_of_the_map_occurs(large: tuple[SynthPerson, ...]) -> None:
    records = dispensations(large)
    missing = {f.name for f in field_map().fields if all(f.value(d) is None for d in records)}
    assert missing == set(NEVER)
