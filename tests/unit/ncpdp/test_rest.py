"""A history of more than 300 fills comes whole, part by part: by its reference, and by dates where days allow."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from random import Random

import pytest
from lxml import etree

from adapters.ncpdp import ADAPTER
from adapters.ncpdp.rest import MAX_MEDICATIONS
from gateway.errors import Conflict
from gateway.model import Dispensation, LookupRequest, Outcome, Period
from gateway.ports import Inbound
from tests.factory import a_dispensation, an_answer
from tests.unit.ncpdp.helpers import V10_6, VERSIONS, asked, assert_valid, texts, tree
from tests.unit.ncpdp.writing import CODE, DENIAL_CODE

NEWEST = date(2026, 11, 20)  # the end that the requests ask for
OLDEST = date(2025, 1, 1)
END = {version: "ExpirationDate" if version == V10_6 else "EndDate" for version in VERSIONS}


def held(*per_day: int) -> tuple[Dispensation, ...]:
    """So many fills on the days of the period, the newest first."""
    days = [NEWEST - timedelta(days=n) for n, count in enumerate(per_day) for _ in range(count)]
    return tuple(a_dispensation(id=f"d{n}", rx_number=f"RX{n}", filled=day) for n, day in enumerate(days))


def with_header(request: Inbound, reference: str) -> Inbound:
    related = f"<RelatesToMessageID>{reference}</RelatesToMessageID><SentTime>"
    return replace(request, body=request.body.replace(b"<SentTime>", related.encode()), kept={})


def answered(request: Inbound, fills: Sequence[Dispensation], version: str) -> etree._Element:
    """The answer from a record that has these fills, valid and with every count as it should be."""
    lookup = ADAPTER.read(request)
    assert isinstance(lookup, LookupRequest)
    start, end = lookup.period.start or date.min, lookup.period.end or date.max
    found = tuple(d for d in fills if start <= d.filled <= end)
    outcome = Outcome.COMPLETE if found else Outcome.NO_DATA
    answer = an_answer(outcome=outcome, dispensations=found, period=Period(start=start, end=end))
    outbound = ADAPTER.write(answer, request)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert outbound.shown == len(root.findall(".//MedicationDispensed")) <= MAX_MEDICATIONS
    assert texts(root, f"//{END[version]}/Date") == [end.isoformat()]
    return root


def numbers(root: etree._Element) -> list[str]:
    return texts(root, "//HistorySource/SourceReference")


def by_reference(fills: Sequence[Dispensation], version: str) -> list[list[str]]:
    """What each part brings, asked for with the reference of the one before, until none is given."""
    parts, request = [], asked(version)
    while True:
        root = answered(request, fills, version)
        parts.append(numbers(root))
        (*reference,) = texts(root, "//Approved/ReferenceNumber")
        assert texts(root, CODE[version]) == ["AQ"] * len(reference)
        if not reference:
            return parts
        request = with_header(asked(version), reference[0])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "per_day",
    [
        (), (1,), (300,), (301,), (299, 2), (300, 1), (300, 300), (900,), (1000, 5), (5, 1000, 5), (150, 150, 150),
        (1,) * 650, (7,) * 90, (299, 301, 1), (1, 600), (1, 601), (310, 310, 310),
    ],
    ids=lambda counts: str(counts)[:20],
)  # fmt: skip
def test_the_parts_are_the_history_and_each_fill_is_in_one(version: str, per_day: tuple[int, ...]) -> None:
    fills = held(*per_day)
    parts = by_reference(fills, version)
    assert [number for part in parts for number in part] == [d.rx_number for d in fills]
    assert [len(part) for part in parts[:-1]] == [MAX_MEDICATIONS] * (len(parts) - 1)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "per_day", [(1,) * 650, (7,) * 90, (150, 150, 150), (299, 300, 300, 1), (300, 300, 5)]
)
def test_narrower_dates_bring_all_of_it_as_well(version: str, per_day: tuple[int, ...]) -> None:
    fills, found, end = held(*per_day), set[str](), NEWEST
    for _ in range(20):
        root = answered(asked(version, (NEWEST.isoformat(), end.isoformat())), fills, version)
        found |= set(numbers(root))
        (note,) = texts(root, "//Approved/Note")
        if texts(root, CODE[version]) == []:
            break
        earlier = date.fromisoformat(note.rpartition("ask up to ")[2].removesuffix("."))
        assert earlier < end
        end = earlier
    assert found == {d.rx_number for d in fills}


@pytest.mark.parametrize("version", VERSIONS)
def test_a_day_that_no_date_divides_is_asked_for_by_reference(version: str) -> None:
    root = answered(asked(version), held(301), version)
    assert texts(root, "//Approved/Note") == ["Newest 300 of 301; rest: relate to this ReferenceNumber."]
    root = answered(asked(version), held(1, 299, 5), version)
    assert texts(root, "//Approved/Note") == [f"Newest 300 of 305; rest: ask up to {NEWEST - timedelta(2)}."]


@pytest.mark.parametrize("version", VERSIONS)
def test_what_is_reported_meanwhile_moves_nothing_out_of_sight(version: str) -> None:
    fills = held(200, 200, 200)
    first = answered(asked(version), fills, version)
    (reference,) = texts(first, "//Approved/ReferenceNumber")
    later = a_dispensation(id="new", rx_number="NEW", filled=fills[300].filled)
    more = (a_dispensation(id="d-", rx_number="TODAY", filled=NEWEST), *fills[:400], later, *fills[400:])
    second = answered(with_header(asked(version), reference), more, version)
    assert numbers(second) == [
        *(d.rx_number for d in fills[300:400]),
        "NEW",
        *(d.rx_number for d in fills[400:599]),
    ]


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("changed", ["voided before", "voided itself", "another's", "nobody's"])
def test_a_rest_that_is_another_by_now_is_refused_and_never_looks_whole(version: str, changed: str) -> None:
    fills = held(200, 200, 200)
    (reference,) = texts(answered(asked(version), fills, version), "//Approved/ReferenceNumber")
    other = tuple(replace(d, rx_number=f"X{d.rx_number}", id=f"x{d.id}") for d in fills)
    now = {
        "voided before": fills[:250] + fills[251:],
        "voided itself": fills[:300] + fills[301:],
        "another's": other,
        "nobody's": (),
    }[changed]
    request = with_header(asked(version), reference)
    with pytest.raises(Conflict) as caught:
        answered(request, now, version)
    outbound = ADAPTER.write_error(caught.value, request)
    assert_valid(outbound, version)
    (description,) = texts(tree(outbound), "//Error/Description")
    assert description.startswith("The rest cannot be continued; the history has changed.")
    assert (outbound.status, texts(tree(outbound), "//Error/Code")) == (409, ["900"])


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize(
    "related",
    ["", "ASK-0000", "REST-", "REST-20261301-0-00000000", "REST-20261001-0-0000000", "REST-20300101-5-00000000",
     "REST-20240101-5-00000000", "rest-20261001-0-00000000"],
)  # fmt: skip
def test_what_is_no_place_in_this_period_changes_nothing(version: str, related: str) -> None:
    fills = held(200, 200)
    root = answered(with_header(asked(version), related), fills, version)
    assert numbers(root) == numbers(answered(asked(version), fills, version))


@pytest.mark.parametrize("version", VERSIONS)
def test_answers_without_a_history_are_what_they_are(version: str) -> None:
    (reference,) = texts(answered(asked(version), held(301), version), "//Approved/ReferenceNumber")
    request = with_header(asked(version), reference)
    for outcome in (Outcome.AMBIGUOUS, Outcome.DISALLOWED):
        answer = an_answer(outcome=outcome, period=Period(start=OLDEST, end=NEWEST))
        root = tree(ADAPTER.write(answer, request))
        assert len(root.findall(".//Denied")) == 1
        assert texts(root, DENIAL_CODE[version]) == (["AA"] if outcome is Outcome.AMBIGUOUS else [])


@pytest.mark.parametrize("version", VERSIONS)
def test_histories_of_any_shape(version: str) -> None:
    random = Random(version)
    for _ in range(6):
        fills = held(
            *(random.choice([0, 1, 2, 40, 299, 300, 301, 420]) for _ in range(random.randrange(1, 9)))
        )
        parts = by_reference(fills, version)
        assert [number for part in parts for number in part] == [d.rx_number for d in fills]
