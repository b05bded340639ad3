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
    (date(1980, 3, 25), "half"),  # year and month
    (date(1980, 12, 4), "half"),  # year and day
    (date(1980, 12, 25), "year"),
    (date(1982, 3, 14), "close"),
    (date(1981, 4, 3), "close"),
    (date(1955, 8, 19), "parent"),
    (date(1904, 8, 19), "different"),
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
    assert compare.given_names(*given, GIVEN) in {"similar", "slip", "spelling"}


def test_what_is_not_told_says_nothing() -> None:
    nobody = name(PersonName(family=""))
    assert compare.birth_dates(None, date(1980, 3, 4)) is None
    assert compare.sexes(Sex.UNKNOWN, Sex.MALE) is None
    assert compare.sexes(Sex.OTHER, Sex.MALE) is None
    assert compare.family_names(nobody, name(PersonName(family="Lee"))) is None
    assert compare.given_names(nobody, name(PersonName(family="Lee", given=("Robin",))), GIVEN) == "unknown"
    assert compare.places((), (place(Address(postal_code="06103")),)) == (None, None)
    assert compare.places((place(Address()),), (place(Address(postal_code="06103")),)) == (None, None)
    assert compare.emails(frozenset(), frozenset(("marigold@example.org",))) is None
    assert compare.phones(frozenset(), frozenset(("8605550142",))) is None


def test_of_several_addresses_the_pair_that_agrees_best_counts() -> None:
    hartford, norwalk, bristol, avon = (
        place(Address(city=city)) for city in ("Hartford", "Norwalk", "Bristol", "Avon")
    )
    assert compare.places((hartford, norwalk), (hartford, norwalk)) == (None, "city")
    assert compare.places((hartford, norwalk), (bristol, avon)) == (None, "different")
    street = place(Address(lines=("9 Elm St",), city="Norwalk"))
    assert compare.places((hartford, street), (norwalk, street)) == ("street", "city")
    elsewhere = place(Address(lines=("3 Oak St",), city="Torrington"))
    assert compare.places((street,), (elsewhere,)) == ("elsewhere", None)


@pytest.mark.parametrize(
    ("lines", "city", "zip_code", "levels"),
    [
        (("14 Larkspur Lane",), "Hartford", "06103", ("street", "exact")),
        (("14 Larkspur Ln Apt 2",), "Hartford", "06103", ("home", "exact")),
        (("Apt 2, 14 Larkspur Ln",), "Hartford", "06103", ("home", "exact")),
        (("14 Larkspr Ln",), "Hartford", "06104", ("close", "city")),
        (("41 Larkspur Ln",), "Hartford", "06103", ("close", "exact")),
        (("16 Larkspur Ln",), "Hartford", "06103", ("road", "exact")),
        (("14 Elm St",), "Hartford", "06103", ("number", "exact")),
        (("9 Elm St",), "Hartfort", "06103", ("different", "exact")),
        (("9 Elm St",), "Hartfort", "06199", ("different", "close")),
        (("9 Elm St",), "Norwalk", "06103", ("different", "zip")),
        (("9 Elm St",), "Norwalk", "06850", ("elsewhere", None)),
        (("14 Larkspur Ln Apt 2",), "Norwalk", "06850", ("street", "namesake")),
        ((), "Norwalk", "06850", (None, "different")),
        (("Larkspur House", "14 Larkspur Ln"), "Hartford", None, ("street", "city")),
    ],
)
def test_levels_of_street_and_town(
    lines: tuple[str, ...], city: str, zip_code: str | None, levels: tuple[str | None, str | None]
) -> None:
    known = place(Address(lines=("14 Larkspur Ln Apt 2",), city="Hartford", postal_code="06103"))
    told = place(Address(lines=lines, city=city, postal_code=zip_code))
    assert compare.places((told,), (known,)) == levels
    assert compare.places((known,), (told,)) == levels


def test_email_addresses() -> None:
    known = frozenset(("marigold.q@example.org",))
    assert compare.emails(known, known) == "exact"
    assert compare.emails(known, frozenset(("marigold.q@exmaple.org",))) == "close"
    assert compare.emails(known, frozenset(("marigold.q@elsewhere.net",))) == "box"
    assert compare.emails(known, frozenset(("josephine@elsewhere.net",))) == "different"


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
    """What `compare` can say about a person, `weights.toml` can weigh."""
    said = {
        "family name": ("exact", "part", "swapped", "close", "similar", "different"),
        "given name": (
            "exact", "nickname", "spelling", "swapped", "middle", "initial", "slip", "similar", "different",
            "absent", "unknown",
        ),
        "middle name": ("exact", "initial", "different"),
        "suffix": ("exact", "different"),
        "birth date": (
            "exact", "swapped", "slip", "generation", "half", "close", "year", "parent", "different",
        ),
        "sex": ("exact", "different", "other-name"),
        "address": (*compare.STREETS, "moved"),
        "town": compare.TOWNS,
        "phone": ("exact", "slip", "changed", "different", "both"),
        "email": ("exact", "close", "box", "different"),
    }  # fmt: skip
    table = weights(Species.HUMAN)
    assert {field: set(levels) for field, levels in table.fields.items()} == {
        f: set(v) for f, v in said.items()
    }
    animals = weights(Species.VETERINARY)
    for field in ("birth date", "address", "town", "phone", "email"):
        assert set(animals.fields[field]) == set(said[field])
    assert set(animals.fields["owner's given name"]) == set(said["given name"])
    assert set(animals.fields["owner's family name"]) == set(said["family name"])
    assert set(animals.fields["owner's birth date"]) == set(said["birth date"])


def test_the_thresholds_are_set_against_each_other_as_the_table_says() -> None:
    table = weights(Species.HUMAN)
    family, given = (table.level(field, "exact") for field in ("family name", "given name"))
    commonest = min(family.by_term.values()) + min(given.by_term.values()) + table.best["birth date"]
    assert commonest >= table.accept  # name and birth date are enough
    elsewhere = table.level("address", "elsewhere")
    assert (
        commonest + elsewhere.weight + table.best["sex"] < elsewhere.accept
    )  # and not against another address
    rarest = family.weight + given.weight + table.best["birth date"]
    assert rarest + elsewhere.weight >= elsewhere.accept
    slip = table.level("birth date", "slip")
    assert slip.margin > table.best["birth date"] - slip.weight
    assert table.level("birth date", "different").ceiling is Ceiling.NOBODY
    assert table.level("given name", "different").ceiling is Ceiling.OTHER
    assert table.level("phone", "both").ceiling is Ceiling.NEAR
    assert table.reject < table.accept


def test_a_name_weighs_by_how_common_it_is() -> None:
    exact = weights(Species.HUMAN).level("family name", "exact")
    assert exact.weigh("SMITH") < exact.weigh("FOSTER") < exact.weigh("QUILLFEATHER") == exact.weight


def test_the_nickname_table_has_its_licence_beside_it() -> None:
    from importlib.resources import files  # noqa: PLC0415 - of this test alone

    folder = files("mappings").joinpath("matching")
    assert "Apache License" in folder.joinpath("LICENSE.nicknames.txt").read_text(encoding="utf-8")
    assert "nicknames.csv" in folder.joinpath("NOTICE.nicknames.txt").read_text(encoding="utf-8")
