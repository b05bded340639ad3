"""The grammar of searches, and pages."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.fhir import search_values as values
from adapters.fhir.search_values import Amount, Moment, Target, Text, Token
from adapters.fhir.searching import Parameter, Query, Searched, query_of
from adapters.fhir.searchset import page_token, position_of, turned
from gateway.errors import MessageError
from tests.unit.fhir.cases import BASE

SEARCHED = Searched(
    kind="Thing",
    parameters=(
        Parameter(name="code", type="token", documentation="A code.", modifiers=("not",)),
        Parameter(name="when", type="date", documentation="A day."),
        Parameter(
            name="who",
            type="reference",
            documentation="Whose.",
            modifiers=("identifier", "Patient"),
            targets=("Patient",),
        ),
        Parameter(name="patient.identifier", type="token", documentation="A key.", chained=True),
        Parameter(name="words", type="string", documentation="Words."),
        Parameter(name="amount", type="number", documentation="How much."),
        Parameter(name="place", type="uri", documentation="Where."),
    ),
    sorts=("when",),
    includes=("Thing:who",),
    page=3,
)


def query(*given: tuple[str, str], strict: bool = False) -> Query:
    return query_of(given, SEARCHED, BASE, strict=strict)


@pytest.mark.parametrize(
    ("name", "value", "meant"),
    [
        ("code", "a", (Token(None, "a"),)),
        ("code", "s|a,b", (Token("s", "a"), Token(None, "b"))),
        ("code", "|a", (Token("", "a"),)),
        ("code", "s|", (Token("s", None),)),
        ("code", r"s\|t|a\,b\\", (Token("s|t", "a,b\\"),)),
        ("who", "k", (Target(None, "k"),)),
        ("who", "Patient/k", (Target("Patient", "k"),)),
        ("who", f"{BASE}/Patient/k", (Target("Patient", "k"),)),
        ("who:Patient", "k", (Target("Patient", "k"),)),
        ("who:identifier", "s|k", (Token("s", "k"),)),
        ("words", r"a\,b,c", (Text("a,b"), Text("c"))),
        ("amount", "ge2.50", (Amount("ge", Decimal("2.50")),)),
        ("place", "urn:x:y", (Text("urn:x:y"),)),
    ],
)
def test_what_values_mean(name: str, value: str, meant: tuple[object, ...]) -> None:
    (criterion,) = query((name, value)).criteria
    assert criterion.values == meant


@pytest.mark.parametrize(
    ("given", "where"),
    [
        (("code", ""), "code"),
        (("code", "|"), "code"),
        (("code", "a|b|c"), "code"),
        (("code", "a,"), "code"),
        (("code:text", "a"), "code"),
        (("when:missing", "true"), "when"),
        (("when", "ap2026"), "when"),
        (("when", "2026-02-30"), "when"),
        (("when", "gt9999"), "when"),
        (("when", "2026-02-03T25:00Z"), "when"),
        (("who", "Group/1"), "who"),
        (("who:Patient", "Group/1"), "who"),
        (("who", "https://elsewhere.example/Patient/1"), "who"),
        (("amount", "many"), "amount"),
        (("words", ""), "words"),
        (("_count", "-1"), "_count"),
        (("_count", "ten"), "_count"),
        (("_summary", "some"), "_summary"),
        (("_total", "roughly"), "_total"),
        (("_sort", "colour"), "_sort"),
        (("_include", "Thing:maker"), "_include"),
        (("_include:iterate", "Thing:who"), "_include"),
        (("_revinclude", "Provenance:target"), "_revinclude"),
    ],
)
def test_what_cannot_be_names_the_parameter_and_no_value(given: tuple[str, str], where: str) -> None:
    with pytest.raises(MessageError) as caught:
        query(given)
    assert caught.value.path == where
    assert len(given[1]) < 4 or given[1] not in str(caught.value).replace(BASE, "")


def test_repeated_means_and_a_comma_or() -> None:
    found = query(("code", "a,b"), ("code:not", "c"), ("when", "ge2026"))
    assert [(c.name, c.modifier, len(c.values)) for c in found.criteria] == [
        ("code", None, 2), ("code", "not", 1), ("when", None, 1),
    ]  # fmt: skip


def test_unknown_parameters() -> None:
    assert query(("colour", "red"), ("_pretty", "true")).used == ()
    with pytest.raises(MessageError):
        query(("colour", "red"), strict=True)
    assert query(("_format", "json"), strict=True).used == ()


def test_controls() -> None:
    found = query(
        ("_count", "7"), ("_sort", "-when"), ("_include", "Thing:who:Patient"), ("_elements", "a, b"),
        ("_summary", "data"), ("_total", "none"),
    )  # fmt: skip
    assert (found.count, found.sort) == (7, (("when", True),))
    assert found.includes == {"Thing:who"}
    assert (found.elements, found.summary, found.total) == (("a", "b"), "data", "none")
    assert query(("_count", "0")).is_count
    assert query(("_summary", "count")).is_count
    assert query(("_count", "999999")).count == 1000
    assert query(("_summary", "false")).summary is None
    with pytest.raises(MessageError):
        query(("_count", "1"), ("_count", "2"))


def test_the_statement_lists_what_is_declared_and_no_chain() -> None:
    told = SEARCHED.statement()
    names = [one["name"] for one in told.pop("searchParam")]
    assert names == ["code", "when", "who", "words", "amount", "place"]
    assert told == {"searchInclude": ["Thing:who"]}


@given(st.text())
def test_escaped_words_come_back(text: str) -> None:
    assert values.unescape(values.escape(text)) == text
    assert values.split(values.escape(text), ",") == [values.escape(text)]


@given(st.lists(st.text(), min_size=1))
def test_escaped_parts_come_back(parts: list[str]) -> None:
    joined = ",".join(map(values.escape, parts))
    assert [values.unescape(part) for part in values.split(joined, ",")] == parts


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*[p.name for p in SEARCHED.parameters], "_count", "_sort", "_page"]),
            st.text(max_size=40),
        )
    )
)
def test_any_search_is_understood_or_refused_by_name(given: list[tuple[str, str]]) -> None:
    try:
        found = query(*given)
        position_of(found)
        turned(found, [], str)
    except MessageError as error:
        where = error.path
    else:
        return
    assert where in {name for name, _ in given}


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)), st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_days_are_compared_as_dates_are(said: date, day: date) -> None:
    def fits(prefix: str) -> bool:
        moment = values.moment(f"{prefix}{said}")
        assert moment is not None
        return moment.fits_day(day)

    assert fits("") is fits("eq") is (day == said)
    assert fits("ne") is (day != said)
    assert fits("gt") is fits("sa") is (day > said)
    assert fits("lt") is fits("eb") is (day < said)
    assert fits("ge") is (day >= said)
    assert fits("le") is (day <= said)


@pytest.mark.parametrize(
    ("text", "start", "length"),
    [
        ("2026-02-03T04:05:06Z", datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC), timedelta(seconds=1)),
        ("2026-02-03T04:05:06.5Z", datetime(2026, 2, 3, 4, 5, 6, 500000, tzinfo=UTC), timedelta(seconds=0.1)),
        ("2026-02-03T04:05-05:00", datetime(2026, 2, 3, 9, 5, tzinfo=UTC), timedelta(minutes=1)),
        ("2026-02-03T04:05:06 01:00", datetime(2026, 2, 3, 3, 5, 6, tzinfo=UTC), timedelta(seconds=1)),
        ("2026-02-03", datetime(2026, 2, 3, tzinfo=UTC), timedelta(days=1)),
        ("2026-02", datetime(2026, 2, 1, tzinfo=UTC), timedelta(days=28)),
    ],
)
def test_instants(text: str, start: datetime, length: timedelta) -> None:
    assert values.moment(text) == Moment("eq", start, start + length)
    moment = values.moment(text)
    assert moment is not None
    assert moment.fits_instant(start)
    assert not moment.fits_instant(start + length)


# --- pages ----------------------------------------------------------------------------------------------------


@given(
    before=st.sets(st.integers(0, 40)),
    arriving=st.lists(
        st.tuples(st.integers(41, 60), st.integers(-50, 50)), max_size=6, unique_by=lambda a: a[0]
    ),
    count=st.integers(1, 9),
)
def test_pages_neither_skip_nor_repeat(before: set[int], arriving: list[tuple[int, int]], count: int) -> None:
    """Whatever arrives between two pages, and wherever in the order it comes to stand."""
    places: dict[int, int] = {one: one for one in before}
    seen: list[str] = []
    asked, arrivals = [("_count", str(count))], iter(arriving)
    page = query(*asked)
    while True:
        held = [f"KEY-{one}" for one in sorted(places, key=lambda one: places[one])]
        here, following = turned(page, held, str)
        seen += here
        assert len(here) <= count
        if following is None:
            break
        arrived: tuple[int, int] | None = next(arrivals, None)
        if arrived is not None:
            places[arrived[0]] = arrived[1]
        page = query(*asked, ("_page", following))
    assert len(seen) == len(set(seen))
    assert {f"KEY-{one}" for one in before} <= set(seen)


def test_a_token_of_another_search_or_altered_is_refused_by_name() -> None:
    token = page_token(query(("code", "a")), {"KEY": "1,2"})
    assert position_of(query(("code", "a"), ("_page", token))) == {"KEY": "1,2"}
    broken: Mapping[str, tuple[tuple[str, str], ...]] = {
        "another search": (("code", "b"), ("_page", token)),
        "cut": (("code", "a"), ("_page", token[:-1])),
        "longer": (("code", "a"), ("_page", token + "A")),
        "padded": (("code", "a"), ("_page", token + "=")),
        "altered": (("code", "a"), ("_page", ("A" if token[0] != "A" else "B") + token[1:])),
        "no token": (("code", "a"), ("_page", "é")),
        "of another form": (("code", "a"), ("_page", page_token(query(("code", "a")), [1]))),
        "of other ids": (("code", "a"), ("_page", page_token(query(("code", "a")), {"KEY": 1}))),
    }
    for name, sent in broken.items():
        with pytest.raises(MessageError) as caught:
            turned(query(*sent), ["KEY-1"], str)
        assert caught.value.path == "_page", name
