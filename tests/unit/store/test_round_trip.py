"""Any dispensation that the model can hold comes back equal, also with nothing in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from decimal import Decimal
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.model import (
    Address,
    CompoundPart,
    Dispensation,
    DispensationStatus,
    Dispenser,
    Drug,
    DrugClass,
    Identifier,
    IdentifierKind,
    Ingredient,
    Licence,
    NameUse,
    PartyKind,
    Period,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
)
from gateway.store import Store, migrate
from gateway.store.references import References
from tests.contract.ports.fakes import FakeVault, Ticking

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
MAYBE = st.none() | TEXTS
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False)
NUMBERS = st.integers(0, 2**31 - 1)
DATES = st.dates()
MAYBE_DATE = st.none() | DATES


def tuples(values: st.SearchStrategy[object], largest: int = 3) -> st.SearchStrategy[tuple[object, ...]]:
    return st.lists(values, max_size=largest).map(tuple)


NAMES = st.builds(
    PersonName,
    family=TEXTS,
    given=tuples(TEXTS),
    prefix=MAYBE,
    suffix=MAYBE,
    use=st.sampled_from(NameUse),
)
ADDRESSES = st.builds(Address, lines=tuples(TEXTS), city=MAYBE, state=MAYBE, postal_code=MAYBE, country=MAYBE)
LICENCES = st.none() | st.builds(Licence, number=TEXTS, state=MAYBE)
IDENTIFIERS = st.builds(Identifier, kind=st.sampled_from(IdentifierKind), value=TEXTS, issuer=MAYBE)


def people(owner: st.SearchStrategy[Person | None]) -> st.SearchStrategy[Person]:
    return st.builds(
        Person,
        names=tuples(NAMES),
        birth_date=MAYBE_DATE,
        sex=st.sampled_from(Sex),
        addresses=tuples(ADDRESSES),
        phones=tuples(TEXTS),
        identifiers=tuples(IDENTIFIERS),
        species=st.sampled_from(Species),
        owner=owner,
        deceased=MAYBE_DATE,
    )


PEOPLE = people(st.none() | people(st.none()))
DRUGS = st.builds(
    Drug,
    name=MAYBE,
    ndc11=MAYBE,
    rxcui=MAYBE,
    ingredients=tuples(st.builds(Ingredient, name=TEXTS, strength=st.none() | DECIMALS, unit=MAYBE)),
    dose_form=MAYBE,
    route=MAYBE,
    schedule=st.none() | st.sampled_from(Schedule),
    drug_class=st.sampled_from(DrugClass),
)
PRESCRIBERS = st.builds(
    Prescriber,
    name=st.none() | NAMES,
    npi=MAYBE,
    dea=MAYBE,
    dea_suffix=MAYBE,
    licence=LICENCES,
    address=st.none() | ADDRESSES,
    phone=MAYBE,
    kind=st.sampled_from(PartyKind),
)
DISPENSERS = st.builds(
    Dispenser,
    name=MAYBE,
    npi=MAYBE,
    dea=MAYBE,
    ncpdp_id=MAYBE,
    licence=LICENCES,
    address=st.none() | ADDRESSES,
    phone=MAYBE,
    kind=st.sampled_from(PartyKind),
)
DISPENSATIONS = st.builds(
    Dispensation,
    rx_number=TEXTS,
    written=MAYBE_DATE,
    filled=DATES,
    sold=MAYBE_DATE,
    fill_number=NUMBERS,
    refills_authorised=st.none() | NUMBERS,
    quantity=DECIMALS,
    unit=st.sampled_from(QuantityUnit),
    days_supply=NUMBERS,
    partial_fill=NUMBERS,
    payment=MAYBE,
    rx_origin=MAYBE,
    treatment_type=MAYBE,
    diagnosis=MAYBE,
    compound=tuples(
        st.builds(
            CompoundPart, sequence=NUMBERS, ndc11=MAYBE, quantity=DECIMALS, unit=st.sampled_from(QuantityUnit)
        )
    ),
    drug=DRUGS,
    prescriber=PRESCRIBERS,
    dispenser=DISPENSERS,
    person=PEOPLE,
    source_state=st.none() | st.text(alphabet="ABCXYZ", min_size=2, max_size=2),
    status=st.sampled_from(DispensationStatus),
)


SERIALS = count()


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path_factory.mktemp('round-trip') / 'record.sqlite'}"
    else:
        open_empty: Callable[[], str] = request.getfixturevalue("empty_postgresql")
        url = open_empty()
    migrate(url)
    record = Store(url, vault=FakeVault(), clock=Ticking())
    yield record
    record.close()


@given(sent=DISPENSATIONS)
def test_any_dispensation_comes_back_equal(store: Store, sent: Dispensation) -> None:
    serial = next(SERIALS)
    sent = replace(sent, rx_number=f"{sent.rx_number}/{serial}")  # a fill of its own
    with store.intake() as unit:
        key = unit.add_person(sent.person, [str(serial)])
        recorded = unit.add_dispensation(key, sent, [])
        same = unit.same_fill(sent)
        assert same is not None
        assert same.dispensation == recorded
    assert recorded == replace(
        sent,
        id=recorded.id,
        revision=1,
        person=recorded.person,
        source_state=sent.source_state or "CT",
        reported_at=recorded.reported_at,
    )
    owner = sent.person.owner and replace(sent.person.owner, identifiers=())
    assert recorded.person == replace(sent.person, key=key, appearance=1, identifiers=(), owner=owner)
    store._references = References(kept=1)
    assert store.dispensation(recorded.id or "") == recorded
    assert list(store.candidates([str(serial)])) == [recorded.person]
    history = store.history(key, Period(start=sent.filled, end=sent.filled))
    assert history is not None
    assert list(history.dispensations) == [recorded] * (sent.status is DispensationStatus.ACTIVE)
    assert store.history(key, Period(start=date.min, end=date.max)) == history
    for found in history.dispensations:
        assert exact(found) == exact(sent)


def exact(dispensation: Dispensation) -> list[str]:
    """Decimals to the last digit: equality alone would take 10 for 10.00."""
    found: list[Decimal | None] = [dispensation.quantity, *(part.quantity for part in dispensation.compound)]
    found.extend(one.strength for one in dispensation.drug.ingredients)
    return [str(one) for one in found]
