"""Normalisation, comparison and the tables behind them."""

from __future__ import annotations

import doctest
from datetime import date
from importlib import import_module
from itertools import product

import pytest

from gateway.matching import compare
from gateway.matching.given_names import GivenNames
from gateway.matching.normalise import fold, name, phone, zip5
from gateway.matching.streets import place
from gateway.matching.weights import Ceiling, weights
from gateway.model import Address, PersonName, Sex, Species

GIVEN = GivenNames()


@pytest.mark.parametrize("module", ["normalise", "streets", "given_names", "sounds"])
def test_doctests(module: str) -> None:
    result = doctest.testmod(import_module(f"gateway.matching.{module}"))
    assert result.attempted > 0
    assert result.failed == 0


@pytest.mark.parametrize("text", ["Ærøskøbing", "Đặng", "Ștefan", "Þór", "İnönü", "名前", "e\u0301", ""])
def test_fold_takes_any_text_and_is_stable(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert fold(text) == fold(text.lower())


@pytest.mark.parametrize(
    ("family", "given", "suffix", "generation"),
    [
        ("Lee", "Robin", "Jr.", "JR"),
        ("Lee, Jr", "Robin", None, "JR"),
        ("Lee", "Robin III", None, "3"),
        ("Lee", "Robin", "MD", ""),
        ("Lee", "Robin", "Jr MD", "JR"),
        ("Lee", "Robin V", None, ""),  # an initial
        ("Junior", "Robin", None, ""),  # a family name
    ],
)
def test_generations_are_found_where_people_write_them(
    family: str, given: str, suffix: str | None, generation: str
) -> None:
    assert name(PersonName(family=family, given=(given,), suffix=suffix)).generation == generation


@pytest.mark.parametrize(
    "number", ["tel:+1-860-555-0142", "860.555.0142", "(860) 555-0142 x12", "18605550142"]
)
def test_phones(number: str) -> None:
    assert phone(number) == "8605550142"


@pytest.mark.parametrize(
    "number", ["", "unknown", "9999999999", "0000000000", "8600000000", "+44 20 7946 0958"]
)
def test_numbers_that_are_nobodys(number: str) -> None:
    assert phone(number) is None


def test_zip_codes() -> None:
    assert {zip5(code) for code in ("06390", "6390", "06390-0101", " 063900101")} == {"06390"}


@pytest.mark.parametrize(
    ("line", "number", "street"),
    [
        ("100 No. Main Street", "100", "NO MAIN ST"),
        ("22 Saint James Avenue", "22", "ST JAMES AVE"),
        ("5 Fifth Ave", "5", "5TH AVE"),
        ("PO Box 12", "12", "PO BOX"),
        ("P. O. Box 12", "12", "PO BOX"),
        ("POBox 12", "12", "PO BOX"),
        ("The Old Mill", "", "THE OLD ML"),
        ("14", "", "14"),
        ("", "", ""),
    ],
)
def test_streets(line: str, number: str, street: str) -> None:
    found = place(Address(lines=(line,)))
    assert (found.number, found.street) == (number, street)


DATES = [
    (date(1980, 3, 4), "exact"),
    (date(1980, 4, 3), "swapped"),
    (date(1980, 3, 14), "slip"),
    (date(1981, 3, 4), "slip"),
    (date(1979, 3, 4), "slip"),  # the next year, in two digits
    (date(1980, 3, 5), "slip"),
    (date(1908, 3, 4), "generation"),
    (date(1970, 3, 4), "slip"),
    (date(1989, 3, 4), "slip"),
    (date(1960, 3, 4), "generation"),
    (date(1980, 3, 25), "year"),
    (date(1981, 4, 3), "different"),
]


@pytest.mark.parametrize(("other", "level"), DATES)
def test_birth_dates(other: date, level: str) -> None:
    assert compare.birth_dates(date(1980, 3, 4), other) == level
    assert compare.birth_dates(other, date(1980, 3, 4)) == level


def test_the_next_day_is_a_slip_over_the_end_of_a_year() -> None:
    assert compare.birth_dates(date(1983, 1, 1), date(1982, 12, 31)) == "slip"


@pytest.mark.parametrize(("one", "other"), [("Bell", "Yell"), ("Cox", "Coj"), ("Priya", "Prija")])
def test_one_letter_never_makes_a_name_quite_another(one: str, other: str) -> None:
    assert compare.family_names(name(PersonName(family=one)), name(PersonName(family=other))) != "different"
    given = [name(PersonName(family="Lee", given=(text,))) for text in (one, other)]
    assert compare.given_names(*given, GIVEN) in {"similar", "spelling"}


def test_what_is_not_told_says_nothing() -> None:
    nobody = name(PersonName(family=""))
    assert compare.birth_dates(None, date(1980, 3, 4)) is None
    assert compare.sexes(Sex.UNKNOWN, Sex.MALE) is None
    assert compare.sexes(Sex.OTHER, Sex.MALE) is None
    assert compare.family_names(nobody, name(PersonName(family="Lee"))) is None
    assert compare.given_names(nobody, name(PersonName(family="Lee", given=("Robin",))), GIVEN) is None
    assert compare.places((), (Address(postal_code="06103"),)) is None
    assert compare.places((place(Address()),), (Address(postal_code="06103"),)) is None
    assert compare.phones(frozenset(), frozenset(("8605550142",))) is None


def test_of_several_addresses_the_pair_that_agrees_best_counts() -> None:
    hartford, norwalk = Address(city="Hartford"), Address(city="Norwalk")
    both = (place(hartford), place(norwalk))
    assert compare.places(both, (hartford, norwalk)) is None  # the same cities contradict nothing
    assert compare.places(both, (Address(city="Bristol"), Address(city="Avon"))) == "other-zip"
    street = Address(lines=("9 Elm St",), city="Norwalk")
    assert compare.places((place(hartford), place(street)), (norwalk, street)) == "street"
    elsewhere = Address(lines=("3 Oak St",), city="Torrington")
    assert (
        compare.places((place(street),), (elsewhere, Address())) == "different"
    )  # an empty one excuses nothing


def test_comparison_is_symmetrical() -> None:
    texts = [
        "Lee",
        "Leigh",
        "Garcia-Lopez",
        "Lopez",
        "de la Cruz",
        "Cruz",
        "O'Brien",
        "Smith",
        "Smyth",
        "Smithe",
    ]
    families = [name(PersonName(family=text)) for text in texts]
    for one, other in product(families, repeat=2):
        assert compare.family_names(one, other) == compare.family_names(other, one)
    words = ["Bill", "William", "Will", "Wm", "W", "Willaim", "Walter", "Mary Ann", "Maryann", "Ann", ""]
    givens = [name(PersonName(family="Lee", given=(word,))) for word in words]
    for one, other in product(givens, repeat=2):
        assert compare.given_names(one, other, GIVEN) == compare.given_names(other, one, GIVEN)


def test_every_level_of_a_person_has_a_weight() -> None:
    """What `compare` can say about a person, `first.toml` can weigh."""
    said = {
        "family name": ("exact", "part", "swapped", "close", "similar", "different"),
        "given name": (
            "exact", "nickname", "spelling", "swapped", "middle", "initial", "similar", "different", "absent",
        ),
        "middle name": ("exact", "initial", "different"),
        "suffix": ("exact", "different"),
        "birth date": ("exact", "swapped", "slip", "generation", "year", "different"),
        "sex": ("exact", "different", "other-name"),
        "address": (*compare.PLACES, "moved"),
        "phone": ("exact", "changed", "different"),
    }  # fmt: skip
    table = weights(Species.HUMAN)
    assert {field: set(levels) for field, levels in table.fields.items()} == {
        f: set(v) for f, v in said.items()
    }
    animals = weights(Species.VETERINARY)
    for field in ("birth date", "address", "phone"):
        assert set(animals.fields[field]) == set(said[field])
    assert set(animals.fields["owner's given name"]) == set(said["given name"])
    assert set(animals.fields["owner's family name"]) == set(said["family name"])
    assert set(animals.fields["owner's birth date"]) == set(said["birth date"])


def test_the_thresholds_are_set_against_each_other_as_the_table_says() -> None:
    table = weights(Species.HUMAN)
    best = table.best
    name_and_birth_date = best["family name"] + best["given name"] + best["birth date"]
    assert name_and_birth_date >= table.accept
    other_address = table.level("address", "different").weight + best["sex"] + best["middle name"]
    assert name_and_birth_date + other_address < table.accept
    assert table.level("birth date", "different").ceiling is Ceiling.NOBODY
    assert table.level("given name", "different").ceiling is Ceiling.OTHER
    assert table.reject < table.accept


def test_the_nickname_table_has_its_licence_beside_it() -> None:
    from importlib.resources import files  # noqa: PLC0415 - of this test alone

    folder = files("mappings").joinpath("matching")
    assert "Apache License" in folder.joinpath("LICENSE.nicknames.txt").read_text(encoding="utf-8")
    assert "nicknames.csv" in folder.joinpath("NOTICE.nicknames.txt").read_text(encoding="utf-8")
