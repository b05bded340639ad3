"""Alerts: thresholds that a history reaches, each with its formula, its numbers and the dispensations behind it.

All look back from one day, `as_of`, over so many days of which it is the last. A supply covers the day on which it
was filled and as many days in all as its days supply; supplies that lie over each other are added, also those of one
drug.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from gateway.model import (
    Alert,
    AlertCategory,
    AlertFact,
    AlertSeverity,
    Dispensation,
    Dispenser,
    DrugClass,
    Prescriber,
    Schedule,
)

Figures = Sequence[Decimal | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Thresholds:
    """When a history alerts; from `conf/states/XX.toml`. Each is reached at its own value. 0 turns an alert off."""

    mme_per_day: Decimal
    overlap_days: int
    overlap_within_days: int
    prescribers: int
    pharmacies: int
    providers_within_days: int


def covering(history: Sequence[Dispensation], day: date) -> list[int]:
    """Which of the supplies last on that day."""
    ordinal = day.toordinal()
    return [n for n, d in enumerate(history) if 0 <= ordinal - d.filled.toordinal() < d.days_supply]


def alerts(
    history: Sequence[Dispensation], mme: Figures, active: Decimal, *, as_of: date, at: Thresholds
) -> tuple[Alert, ...]:
    """The alerts of a history.

    :param mme: MME a day of each dispensation.
    :param active: their sum over what covers `as_of`.
    """
    found = (
        _mme(history, mme, active, as_of, at),
        _overlap(history, as_of, at),
        _providers(history, as_of, at),
    )
    return tuple(alert for alert in found if alert is not None)


def _mme(
    history: Sequence[Dispensation], mme: Figures, active: Decimal, as_of: date, at: Thresholds
) -> Alert | None:
    if not at.mme_per_day or active < at.mme_per_day:
        return None
    return Alert(
        category=AlertCategory.MME,
        severity=AlertSeverity.HIGH,
        detail=f"Active opioids come to {active} MME a day; the threshold is {at.mme_per_day}.",
        formula="sum of MME a day of all supplies that cover the day >= threshold",
        facts=_facts(day=as_of, active_mme_per_day=active, threshold=at.mme_per_day),
        dispensations=tuple(n for n in covering(history, as_of) if mme[n] is not None),
    )


def _overlap(history: Sequence[Dispensation], as_of: date, at: Thresholds) -> Alert | None:
    """Opioids, buprenorphine among them, and benzodiazepines (FDA drug safety communication of 31 August 2016)."""
    if not at.overlap_days:
        return None
    since = as_of - timedelta(days=at.overlap_within_days - 1)
    opioids = _covered(history, DrugClass.OPIOID, since, as_of)
    sedatives = _covered(history, DrugClass.BENZODIAZEPINE, since, as_of) if opioids else {}
    days = set().union(*opioids.values()) & set().union(*sedatives.values())
    if len(days) < at.overlap_days:
        return None
    involved = sorted(n for n, covered in (*opioids.items(), *sedatives.items()) if covered & days)
    first, last = date.fromordinal(min(days)), date.fromordinal(max(days))
    return Alert(
        category=AlertCategory.OVERLAP,
        severity=AlertSeverity.HIGH,
        detail=(
            f"An opioid and a benzodiazepine were supplied for the same {len(days)} day(s) of the last "
            f"{at.overlap_within_days}, from {first} to {last}."
        ),
        formula="days that supplies of an opioid and of a benzodiazepine both cover >= threshold",
        facts=_facts(
            since=since,
            until=as_of,
            overlap_days=len(days),
            first_day=first,
            last_day=last,
            threshold=at.overlap_days,
        ),
        dispensations=tuple(involved),
    )


def _covered(
    history: Sequence[Dispensation], wanted: DrugClass, since: date, until: date
) -> dict[int, set[int]]:
    """The days, as ordinals, that each dispensation of a class covers between two days, both included."""
    found, first, last = {}, since.toordinal(), until.toordinal()
    for n, d in enumerate(history):
        if d.drug.drug_class is wanted:
            start = d.filled.toordinal()
            days = range(max(start, first), min(start + d.days_supply, last + 1))
            if days:
                found[n] = set(days)
    return found


def _providers(history: Sequence[Dispensation], as_of: date, at: Thresholds) -> Alert | None:
    if not at.prescribers or not at.pharmacies:
        return None
    since = as_of - timedelta(days=at.providers_within_days - 1)
    within = [
        n
        for n, d in enumerate(history)
        if since <= d.filled <= as_of and d.drug.schedule is not Schedule.NONE
    ]
    if len(within) < max(at.prescribers, at.pharmacies):
        return None
    # a history has the same few objects again and again
    prescribers = distinct(
        map(_prescriber, {id(p): p for p in (history[n].prescriber for n in within)}.values())
    )
    pharmacies = distinct(
        map(_dispenser, {id(p): p for p in (history[n].dispenser for n in within)}.values())
    )
    if prescribers < at.prescribers or pharmacies < at.pharmacies:
        return None
    return Alert(
        category=AlertCategory.MULTIPLE_PROVIDERS,
        severity=AlertSeverity.MODERATE,
        detail=(
            f"Controlled drugs came from {prescribers} prescribers and {pharmacies} pharmacies within "
            f"{at.providers_within_days} days."
        ),
        formula="prescribers >= their threshold and pharmacies >= theirs, of controlled drugs filled in the window",
        facts=_facts(
            since=since,
            until=as_of,
            prescribers=prescribers,
            pharmacies=pharmacies,
            prescriber_threshold=at.prescribers,
            pharmacy_threshold=at.pharmacies,
        ),
        dispensations=tuple(within),
    )


def _prescriber(one: Prescriber) -> frozenset[tuple[str, object]]:
    licence = (one.licence.number, one.licence.state) if one.licence else None
    stated = (("npi", one.npi), ("dea", one.dea), ("licence", licence))
    return _known(stated) or _known((("name", one.name),))


def _dispenser(one: Dispenser) -> frozenset[tuple[str, object]]:
    stated = (("npi", one.npi), ("dea", one.dea), ("ncpdp", one.ncpdp_id))
    return _known(stated) or _known((("name", one.name),))


def _known(stated: Iterable[tuple[str, object]]) -> frozenset[tuple[str, object]]:
    return frozenset((kind, value) for kind, value in stated if value)


def distinct(parties: Iterable[frozenset[tuple[str, object]]]) -> int:
    """How many there are, those that share an identifier being one; who has none at all is not counted."""
    groups: list[set[tuple[str, object]]] = []
    for party in set(parties):
        if not party:
            continue
        joined = set(party)
        apart = []
        for group in groups:
            if group & joined:
                joined |= group
            else:
                apart.append(group)
        groups = [*apart, joined]
    return len(groups)


def _facts(**facts: date | Decimal | int) -> tuple[AlertFact, ...]:
    return tuple(AlertFact(name=name.replace("_", "-"), value=str(value)) for name, value in facts.items())
