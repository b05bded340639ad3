"""What is active together, and alerts at their thresholds and just below."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest

from gateway.clinical import Analyst
from gateway.model import (
    Alert,
    AlertCategory,
    AlertFact,
    Dispensation,
    DrugClass,
    Measure,
    NotCounted,
    NotCountedReason,
    PersonName,
    Prescriber,
    Schedule,
)
from tests.factory import a_dispenser, a_prescriber
from tests.unit.clinical.cases import DAY, THRESHOLDS, drug, fill

ANALYST = Analyst(version="cdc-2022", thresholds=THRESHOLDS)
OXYCODONE = drug(("oxycodone", "10", "mg"))  # 30 in 10 days: 45 MME
LORAZEPAM = drug(("lorazepam", "1", "mg"), kind=DrugClass.BENZODIAZEPINE)


def alert(history: list[Dispensation], category: AlertCategory, as_of: date = DAY) -> Alert | None:
    return next((a for a in ANALYST(history, as_of=as_of).alerts if a.category is category), None)


def test_figures_stand_beside_their_dispensations() -> None:
    buprenorphine = drug(("buprenorphine", "8", "mg"), form="Sublingual Tablet")
    found = ANALYST([fill(OXYCODONE), fill(buprenorphine), fill(LORAZEPAM)], as_of=DAY)
    assert found.mme == (Decimal("45.00"), None, None)
    assert found.lme == (None, None, Decimal("3.00"))
    assert found.not_counted == (
        NotCounted(dispensation=1, measure=Measure.MME, reason=NotCountedReason.PARTIAL_AGONIST),
    )
    assert (found.active_mme, found.active_lme) == (Decimal("45.00"), Decimal("3.00"))


def test_the_factors_are_named() -> None:
    named = {one.measure: one.name for one in ANALYST([], as_of=DAY).factor_sets}
    assert named == {Measure.MME: "cdc-2022", Measure.LME: "ashton-2011"}


def test_there_is_no_analyst_of_a_version_that_is_not_there() -> None:
    with pytest.raises(KeyError):
        Analyst(version="cdc-1999", thresholds=THRESHOLDS)


@pytest.mark.parametrize(("ago", "is_active"), [(-1, False), (0, True), (9, True), (10, False)])
def test_a_supply_covers_the_day_of_the_fill_and_its_days(ago: int, is_active: bool) -> None:
    found = ANALYST([fill(OXYCODONE, filled=DAY - timedelta(days=ago))], as_of=DAY)
    assert found.active_mme == (Decimal(45) if is_active else 0)


def test_an_mme_alert_at_the_threshold() -> None:
    history = [fill(OXYCODONE), fill(OXYCODONE, rx_number="2"), fill(LORAZEPAM)]
    found = alert(history, AlertCategory.MME)
    assert found is not None
    assert found.dispensations == (0, 1)
    assert found.facts == (
        AlertFact(name="day", value="2026-11-20"),
        AlertFact(name="active-mme-per-day", value="90.00"),
        AlertFact(name="threshold", value="90"),
    )


def test_no_mme_alert_below_the_threshold() -> None:
    below = drug(("oxycodone", "9.99", "mg"))  # 44.96 (44.955) beside 45
    assert alert([fill(OXYCODONE), fill(below)], AlertCategory.MME) is None


def test_an_alert_that_is_turned_off() -> None:
    off = replace(THRESHOLDS, mme_per_day=Decimal(0), overlap_days=0, prescribers=0)
    history = [fill(OXYCODONE), fill(OXYCODONE), fill(LORAZEPAM)]
    assert Analyst(version="cdc-2022", thresholds=off)(history, as_of=DAY).alerts == ()


@pytest.mark.parametrize(("apart", "days"), [(7, 3), (8, None), (0, 10)])
def test_overlapping_days(apart: int, days: int | None) -> None:
    """Ten days of each, begun so many days apart; three are the threshold."""
    first = DAY - timedelta(days=40)
    history = [fill(LORAZEPAM, filled=first + timedelta(days=apart)), fill(OXYCODONE, filled=first)]
    found = alert(history, AlertCategory.OVERLAP)
    if days is None:
        assert found is None
        return
    assert found is not None
    facts = {f.name: f.value for f in found.facts}
    assert facts["overlap-days"] == str(days)
    assert facts["first-day"] == str(first + timedelta(days=apart))
    assert found.dispensations == (0, 1)


def test_days_after_today_and_before_the_window_do_not_overlap() -> None:
    """Begun two days ago the supplies share three days by today; begun yesterday, two. The window is 90 days."""
    for ago, is_alerted in ((2, True), (1, False), (96, True), (97, False)):
        filled = DAY - timedelta(days=ago)
        history = [fill(OXYCODONE, filled=filled), fill(LORAZEPAM, filled=filled)]
        assert (alert(history, AlertCategory.OVERLAP) is not None) is is_alerted, ago


def visits(prescribers: int, pharmacies: int) -> list[Dispensation]:
    """A fill each by so many prescribers and at so many pharmacies, in turn."""
    return [
        fill(
            OXYCODONE,
            "1",
            1,
            filled=DAY - timedelta(days=20 * n),
            prescriber=Prescriber(name=PersonName(family=f"P{n % prescribers}"), npi=f"{n % prescribers}"),
            dispenser=a_dispenser(npi=f"{n % pharmacies}", dea=None, ncpdp_id=None),
        )
        for n in range(max(prescribers, pharmacies))
    ]


@pytest.mark.parametrize(
    ("prescribers", "pharmacies", "is_alerted"), [(3, 3, True), (4, 3, True), (2, 3, False), (3, 2, False)]
)
def test_many_prescribers_and_pharmacies(prescribers: int, pharmacies: int, is_alerted: bool) -> None:
    found = alert(visits(prescribers, pharmacies), AlertCategory.MULTIPLE_PROVIDERS)
    assert (found is not None) is is_alerted
    if found is not None:
        facts = {f.name: f.value for f in found.facts}
        assert (facts["prescribers"], facts["pharmacies"]) == (str(prescribers), str(pharmacies))


def test_visits_outside_the_window_and_of_unscheduled_drugs_do_not_count() -> None:
    history = visits(3, 3)
    at_edge = replace(history[2], filled=DAY - timedelta(days=179))
    before = replace(history[2], filled=DAY - timedelta(days=180))
    free = replace(history[2], drug=replace(OXYCODONE, schedule=Schedule.NONE))
    assert alert([*history[:2], at_edge], AlertCategory.MULTIPLE_PROVIDERS) is not None
    assert alert([*history[:2], before], AlertCategory.MULTIPLE_PROVIDERS) is None
    assert alert([*history[:2], free], AlertCategory.MULTIPLE_PROVIDERS) is None


def test_one_prescriber_under_two_identifiers_is_one() -> None:
    """The third shares his NPI with the first and his DEA number with the second."""
    by = [
        a_prescriber(npi="1", dea=None, licence=None),
        a_prescriber(npi=None, dea="D", licence=None),
        a_prescriber(npi="1", dea="D", licence=None),
    ]
    history = [replace(d, prescriber=p) for d, p in zip(visits(3, 3), by, strict=True)]
    assert alert(history, AlertCategory.MULTIPLE_PROVIDERS) is None


def test_no_alert_names_anything_of_the_patient() -> None:
    found = ANALYST([fill(OXYCODONE), fill(OXYCODONE), fill(LORAZEPAM)], as_of=DAY)
    assert found.alerts
    assert "Quillfeather" not in repr(found)
