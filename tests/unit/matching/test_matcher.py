"""Who is matched, who is not, and who is never confused with whom."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import pytest

from gateway.errors import ErrorCode, MessageError
from gateway.matching import Ambiguous, Match, NoMatch
from gateway.model import Address, Person, PersonName, Sex
from tests.unit.matching.people import (
    BORN,
    HARTFORD,
    MATCHER,
    NORWALK,
    PHONE,
    Memory,
    at_home,
    sexed,
    somebody,
)


def _matched(request: Person, *people: Person) -> str | None:
    decision = Memory(people).look_up(request)
    return decision.person_key if isinstance(decision, Match) else None


def _ambiguous(request: Person, *people: Person) -> tuple[str, ...]:
    decision = Memory(people).look_up(request)
    assert isinstance(decision, Ambiguous)
    return decision.evidence.deciding


def _nobody(request: Person, *people: Person) -> bool:
    return isinstance(Memory(people).look_up(request), NoMatch)


# --- one person, told differently ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "given"),
    [
        ("QUILLFEATHER", ("marigold",)),
        ("Quill-Feather", ("Marigold",)),
        ("Quill Feather", ("Marigold", "Ann")),
        ("Quîllfeather", ("Marigóld",)),
        ("Quillfeather Jr.", ("Marigold",)),
        ("Marigold", ("Quillfeather",)),
    ],
)
def test_name_and_birth_date_are_enough_while_nothing_contradicts(
    family: str, given: tuple[str, ...]
) -> None:
    assert _matched(somebody(family, *given), somebody(key="A")) == "A"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Bill", "William"),
        ("Peggy", "Margaret"),
        ("Bob", "Robert"),
        ("Liz", "Elizabeth"),
        ("Jack", "John"),
        ("Kate", "Catherine"),
        ("Barb", "Barbara"),
        ("Theo", "Theodore"),
        ("Jon", "Jonathan"),
        ("Steven", "Stephen"),
        ("Katherine", "Catherine"),
        ("Michael", "Mihcael"),
        ("Annalise", "Annaliise"),
        ("Mary Ann", "Maryann"),
    ],
)
def test_one_given_name_in_two_forms(one: str, other: str) -> None:
    assert _matched(somebody("Ortiz", one), somebody("Ortiz", other, key="A")) == "A"
    assert _matched(somebody("Ortiz", other), somebody("Ortiz", one, key="A")) == "A"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("O'Brien", "OBrien"),
        ("O’Brien", "O Brien"),  # noqa: RUF001
        ("de la Cruz", "Delacruz"),
        ("Garcia-Lopez", "Garcia Lopez"),
        ("Garcia-Lopez", "Lopez-Garcia"),
        ("Garcia-Lopez", "Lopez"),
        ("Muñoz", "Munoz"),
        ("St. John", "St John"),
        ("Łukasiewicz", "Lukasiewicz"),
    ],
)
def test_one_family_name_in_two_forms(one: str, other: str) -> None:
    assert _matched(somebody(one), somebody(other, key="A")) == "A"


@pytest.mark.parametrize(
    "request_",
    [
        pytest.param(somebody("Quilfeather"), id="family name misspelt"),
        pytest.param(somebody("Kwillfeather"), id="family name misspelt at its first letter"),
        pytest.param(somebody(birth_date=date(1971, 4, 18)), id="birth date one digit off"),
        pytest.param(somebody(birth_date=date(1970, 4, 19)), id="birth year one digit off"),
        pytest.param(somebody(birth_date=date(1971, 4, 9)), id="day one digit off"),
    ],
)
def test_an_address_or_a_phone_makes_up_for_a_slip(request_: Person) -> None:
    known = at_home(somebody(key="A"), HARTFORD, PHONE)
    assert _ambiguous(request_, known)
    assert _matched(at_home(request_), known) == "A"
    assert _matched(replace(request_, phones=("+1 (860) 555-0142",)), known) == "A"
    assert _matched(at_home(request_, NORWALK, "2035550101"), known) is None


def test_day_and_month_in_each_others_place() -> None:
    known = at_home(somebody(key="A", birth_date=date(1971, 4, 9)))
    assert _matched(at_home(somebody(birth_date=date(1971, 9, 4))), known) == "A"


def test_a_married_name() -> None:
    known = at_home(sexed(somebody("Abernathy", "Josephine", key="A"), Sex.FEMALE), HARTFORD, PHONE)
    married = sexed(somebody("Whitlock", "Josephine"), Sex.FEMALE)
    assert _nobody(married, known)
    assert _matched(at_home(married), known) == "A"
    assert _matched(at_home(married, HARTFORD, PHONE), known) == "A"
    assert _matched(at_home(married, NORWALK, PHONE), known) == "A"  # she kept the number
    told = replace(married, names=(*married.names, PersonName(family="Abernathy", given=("Josephine",))))
    assert _matched(told, known) == "A"


def test_who_moved_is_known_by_the_phone_and_who_changed_the_phone_by_the_address() -> None:
    known = at_home(somebody(key="A"), HARTFORD, PHONE)
    assert _matched(at_home(somebody(), NORWALK, PHONE), known) == "A"
    assert _matched(at_home(somebody(), HARTFORD, "2035550199"), known) == "A"


def test_a_rare_name_and_a_birth_date_outweigh_a_move_and_a_common_name_does_not() -> None:
    rare, common = at_home(somebody(key="A")), at_home(somebody("Johnson", "Mary", key="A"))
    assert _matched(at_home(somebody(), NORWALK), rare) == "A"
    assert _ambiguous(at_home(somebody("Johnson", "Mary"), NORWALK), common)
    with_phone = at_home(somebody("Johnson", "Mary", key="A"), HARTFORD, PHONE)
    assert _ambiguous(at_home(somebody("Johnson", "Mary"), NORWALK), with_phone) == ("phone",)
    assert _ambiguous(at_home(somebody(), NORWALK, "2035550101"), at_home(somebody(key="A"), HARTFORD, PHONE))


@pytest.mark.parametrize(
    "lines",
    [
        ("14 LARKSPUR LANE",),
        ("14 Larkspur Ln.", "Apt 2"),
        ("14 Larkspur Lane #2",),
        ("c/o Baird", "14 Larkspur Ln"),
        ("14 Larkspr Ln",),
        ("Larkspur Lane",),
    ],
)
def test_one_address_in_several_forms(lines: tuple[str, ...]) -> None:
    sent = Address(lines=lines, city="HARTFORD", postal_code="06103-2210")
    assert _matched(at_home(somebody("Quilfeather"), sent), at_home(somebody(key="A"))) == "A"


def test_the_best_appearance_counts() -> None:
    before = at_home(somebody(key="A"), HARTFORD, PHONE)
    after = at_home(somebody(key="A"), NORWALK, PHONE)
    assert _matched(at_home(somebody(), HARTFORD), before, after) == "A"
    assert _matched(at_home(somebody(), NORWALK), before, after) == "A"


def test_somebody_with_one_name() -> None:
    one_name = replace(somebody(), names=(PersonName(family="Suharto"),))
    assert _matched(one_name, replace(one_name, key="A")) == "A"


# --- two people ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Ann", "Amy"),
        ("Emma", "Emily"),
        ("Daniel", "Danielle"),
        ("Marie", "Maria"),
        ("Jayden", "Kayden"),
        ("Jayden", "Jaylen"),
        ("Leo", "Lea"),
        ("Christian", "Christina"),
        ("Patrick", "Patricia"),
        ("Anna", "Hannah"),
        ("Milo", "Mila"),
        ("Zyana", "Zyani"),
        ("Karl", "Karla"),
        ("Paul", "Paula"),
        ("Gabriel", "Gabriella"),
        ("John", "Jonathan"),
        ("Rose", "Mary"),
        ("Olivia", "Benjamin"),
    ],
)
def test_twins(one: str, other: str) -> None:
    """Everything but the given name is the same; neither is ever taken for the other."""
    first = at_home(somebody("Okafor", one, key="A"), HARTFORD, PHONE)
    second = at_home(somebody("Okafor", other, key="B"), HARTFORD, PHONE)
    request_1, request_2 = replace(first, key=None), replace(second, key=None)
    assert _matched(request_1, first, second) == "A"
    assert _matched(request_2, first, second) == "B"
    assert _matched(request_2, first) is None
    assert _matched(request_1, second) is None
    assert _matched(replace(request_1, addresses=(), phones=()), second) is None
    record = Memory()
    assert len({record.link(request_1), record.link(request_2)}) == 2


def test_what_twins_share_does_not_decide() -> None:
    twins = [at_home(somebody("Okafor", given, key=given), HARTFORD, PHONE) for given in ("Jack", "Jill")]
    shared = at_home(replace(somebody(), names=(PersonName(family="Okafor"),)), HARTFORD, PHONE)
    assert _ambiguous(shared, *twins) == ("given name",)
    assert _ambiguous(at_home(somebody("Okafor", "J"), HARTFORD, PHONE), *twins) == ("given name",)
    boy, girl = sexed(twins[0], Sex.MALE), sexed(twins[1], Sex.FEMALE)
    assert "sex" in _ambiguous(shared, boy, girl)
    # Without a given name nobody is shown: a third one, of whom the record does not know, may be asked for.
    assert "given name" in _ambiguous(sexed(shared, Sex.FEMALE), boy, girl)


def test_a_nickname_of_another_sex_is_the_other_twin() -> None:
    patrick = sexed(at_home(somebody("Okafor", "Patrick", key="A"), HARTFORD, PHONE), Sex.MALE)
    pat = at_home(somebody("Okafor", "Pat"), HARTFORD, PHONE)
    assert _matched(sexed(pat, Sex.MALE), patrick) == "A"
    assert _matched(sexed(pat, Sex.FEMALE), patrick) is None


def test_namesakes_with_one_birth_date() -> None:
    here = at_home(somebody(key="A"), HARTFORD, PHONE)
    there = at_home(somebody(key="B"), NORWALK, "2035550101")
    assert _ambiguous(somebody(), here, there) == ("address", "phone")
    assert _matched(at_home(somebody(), HARTFORD), here, there) == "A"
    assert _matched(at_home(somebody(), NORWALK), here, there) == "B"
    assert _matched(replace(somebody(), phones=(PHONE,)), here, there) == "A"
    zip_only = Address(postal_code="06850")
    assert _matched(at_home(somebody(), zip_only), here, there) == "B"
    elsewhere = Address(lines=("3 Oak St",), city="Torrington", postal_code="06790")
    assert _matched(at_home(somebody(), elsewhere), here, there) is None
    record = Memory()
    assert len({record.link(replace(one, key=None)) for one in (here, there)}) == 2


def test_namesakes_are_told_apart_by_sex_middle_name_and_suffix() -> None:
    robin = at_home(sexed(somebody("Lee", "Robin", key="A"), Sex.MALE), HARTFORD)
    other = at_home(sexed(somebody("Lee", "Robin", key="B"), Sex.FEMALE), NORWALK)
    assert _matched(sexed(somebody("Lee", "Robin"), Sex.FEMALE), robin, other) == "B"
    ann, beth = somebody("Lee", "Robin", "Ann", key="A"), somebody("Lee", "Robin", "Beth", key="B")
    assert _ambiguous(somebody("Lee", "Robin"), ann, beth) == ("middle name",)
    assert _matched(somebody("Lee", "Robin", "Beth"), ann, beth) == "B"
    junior, senior = (
        somebody("Lee", "Robin", suffix="Jr", key="A"),
        somebody("Lee", "Robin", suffix="Sr", key="B"),
    )
    assert _ambiguous(somebody("Lee", "Robin"), junior, senior) == ("suffix",)
    assert _matched(somebody("Lee", "Robin", suffix="II"), junior, senior) == "A"
    assert _matched(somebody("Lee", "Robin", suffix="Senior"), junior, senior) == "B"


@pytest.mark.parametrize("suffixes", [("Sr", "Jr"), (None, "Jr"), (None, None)])
@pytest.mark.parametrize("child", [date(1999, 8, 2), date(1991, 4, 19), date(2001, 4, 19), date(1984, 4, 19)])
def test_parent_and_child_of_one_name_at_one_address(
    suffixes: tuple[str | None, str | None], child: date
) -> None:
    """Born a generation apart, even on the same day of the year and with one digit between the dates."""
    senior = at_home(somebody("Lee", "Robin", suffix=suffixes[0], key="A"), HARTFORD, PHONE)
    junior = replace(at_home(somebody("Lee", "Robin", suffix=suffixes[1]), HARTFORD, PHONE), birth_date=child)
    assert _matched(junior, senior) is None
    assert _matched(junior, senior, replace(junior, key="B")) == "B"
    assert _matched(replace(senior, key=None), senior, replace(junior, key="B")) == "A"


def test_namesakes_born_on_neighbouring_days() -> None:
    here = at_home(somebody(key="A", birth_date=date(1971, 4, 18)), HARTFORD, PHONE)
    there = at_home(somebody(birth_date=date(1971, 4, 19)), NORWALK, "2035550101")
    assert _nobody(there, here)
    assert _matched(there, here, replace(there, key="B")) == "B"


@pytest.mark.parametrize("born", [date(1972, 6, 28), date(1985, 4, 19), date(1970, 4, 29)])
def test_another_birth_date_is_another_person(born: date) -> None:
    known = at_home(somebody(key="A"), HARTFORD, PHONE)
    assert isinstance(MATCHER.decide(replace(known, key=None, birth_date=born), [known]), NoMatch)


@pytest.mark.parametrize("born", [date(1971, 1, 1), date(1917, 4, 19), date(1991, 4, 19)])
def test_a_birth_date_that_is_more_than_a_slip_is_never_a_match_nor_nobody(born: date) -> None:
    """The first of January, two digits swapped into another generation, another decade: an address keeps her near."""
    known = at_home(somebody(key="A"), HARTFORD, PHONE)
    asked = replace(known, key=None, birth_date=born)
    assert _matched(asked, known) is None
    assert not _nobody(asked, known)
    assert _matched(asked, known, replace(asked, key="B")) == "B"


def _duplicates(request: Person, *known: Person) -> int:
    decision = MATCHER.decide(request, known)
    assert isinstance(decision, Match)
    return decision.possible_duplicates


def test_a_match_counts_who_may_be_the_same_person() -> None:
    """Who moved and a namesake cannot be told apart; twins and a parent are other people, however near."""
    moved = at_home(somebody(), HARTFORD, PHONE)
    here = replace(moved, key="A")
    assert _duplicates(moved, here) == 0
    assert _duplicates(moved, here, at_home(somebody(key="B"), NORWALK, "2035550101")) == 1
    assert _duplicates(moved, here, at_home(somebody("Quillfeather", "M", key="B"), HARTFORD, PHONE)) == 1
    for other in (
        somebody("Quillfeather", "Josephine", key="B"),
        somebody("Quillfeather", "Marigold", key="B", birth_date=date(1944, 8, 2)),
    ):
        assert _duplicates(moved, here, at_home(other, HARTFORD, PHONE)) == 0
    other_middle = at_home(somebody("Quillfeather", "Marigold", "Beth", key="B"), NORWALK, "2035550101")
    with_middle = at_home(somebody("Quillfeather", "Marigold", "Ann"), HARTFORD, PHONE)
    assert _duplicates(with_middle, replace(with_middle, key="A"), other_middle) == 0


def test_strangers_are_nobody() -> None:
    known = at_home(somebody(key="A"), HARTFORD, PHONE)
    assert _nobody(at_home(somebody("Abernathy", "Josephine"), NORWALK, "2035550101"), known)
    assert isinstance(MATCHER.decide(somebody("Abernathy", "Josephine"), [known]), NoMatch)
    assert isinstance(MATCHER.decide(somebody(), []), NoMatch)


# --- evidence -----------------------------------------------------------------------------------------------------


def test_evidence_says_which_levels_made_the_score_and_holds_no_values() -> None:
    known = at_home(sexed(somebody(key="A"), Sex.FEMALE), HARTFORD, PHONE)
    strangers = [somebody("Abernathy", "Josephine", key=key) for key in ("B", "C", "C")]
    decision = MATCHER.decide(at_home(somebody(), HARTFORD), [known, *strangers])
    assert isinstance(decision, Match)
    evidence = decision.evidence
    assert {f.field: f.level for f in evidence.fields} == {
        "birth date": "exact",
        "family name": "exact",
        "given name": "exact",
        "address": "street",
        "town": "exact",
    }
    assert evidence.score == sum(f.weight for f in evidence.fields)
    assert evidence.candidates == 3
    assert evidence.deciding == ()
    assert not any(word in repr(decision) for word in ("Quill", "Mari", "Lark", "1971", PHONE))


def test_no_candidates_is_no_evidence() -> None:
    evidence = MATCHER.decide(somebody(), []).evidence
    assert (evidence.score, evidence.fields, evidence.candidates) == (0.0, (), 0)


def test_the_order_of_the_candidates_does_not_matter() -> None:
    people = [
        at_home(somebody(family, given, key=f"{family}{given}{place.city}"), place)
        for family in ("Lee", "Leigh", "Okafor")
        for given in ("Robin", "Rob", "Emma")
        for place in (HARTFORD, NORWALK)
    ]
    shuffled = random.Random(4)
    for request in (somebody("Lee", "Robin"), at_home(somebody("Lee", "Rob")), somebody("Okafor", "R")):
        first = MATCHER.decide(request, people)
        for _ in range(5):
            shuffled.shuffle(people)
            assert MATCHER.decide(request, people) == first


# --- what cannot be matched -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "path"),
    [
        (replace(somebody(), birth_date=None), "person.birth_date"),
        (replace(somebody(), names=()), "person.names"),
        (replace(somebody(), names=(PersonName(family=" - "),)), "person.names"),
    ],
)
def test_who_could_never_be_found_again_is_refused_by_name(person: Person, path: str) -> None:
    with pytest.raises(MessageError) as caught:
        MATCHER.blocking_keys(person)
    assert (caught.value.path, caught.value.code) == (path, ErrorCode.REQUIRED)


def test_blocking_keys_name_nobody() -> None:
    keys = MATCHER.blocking_keys(at_home(somebody(), HARTFORD, PHONE))
    assert 0 < len(keys) <= 12
    assert not any("QUILL" in key.upper() for key in keys)
    assert BORN.isoformat() not in str(keys)
