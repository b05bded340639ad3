"""Courses of treatment: prescriptions one after the other, each filled as often as it authorises.

A fill here is not yet a dispensation: the prescription number and the appearance of the person come later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from random import Random

from gateway.model import CompoundPart, Dispenser, Prescriber, Schedule
from gateway.synth.chance import weighted
from gateway.synth.shelf import Dose, Item, Treatment

_SCHEDULED_REFILLS_DAYS = (
    180  # 21 CFR 1306.22: not filled or refilled more than six months after the date of issue
)
_OTHER_REFILLS_DAYS = 365
_ORIGINS = (("05", 60), ("01", 12), ("02", 9), ("04", 8), ("06", 5), ("03", 4), ("99", 2))
_WRITTEN_BEFORE = ((0, 55), (1, 20), (2, 10), (4, 8), (11, 5), (25, 2))  # days before the first fill
_SOLD_AFTER: tuple[tuple[int | None, int], ...] = ((0, 55), (1, 12), (3, 8), (6, 5), (None, 20))


@dataclass(slots=True)
class Fill:
    """One fill of the person's `rx`-th prescription."""

    rx: int
    item: Item
    written: date
    filled: date
    sold: date | None
    fill_number: int
    partial_fill: int
    refills: int
    quantity: Decimal
    days_supply: int
    payment: str
    rx_origin: str
    treatment_type: str | None
    diagnosis: str | None
    compound: tuple[CompoundPart, ...]
    prescriber: Prescriber
    dispenser: Dispenser


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How a course runs; chances are in hundredths.

    `wanders`: another prescriber, and another dispenser, for a prescription. `cash`: paid in cash whatever the
    person's insurance. `early`: a fill about a week too soon. `partly`: a fill handed over in two parts.
    """

    treatment_types: tuple[str, ...] = ()
    wanders: int = 8
    cash: int = 3
    early: int = 5
    partly: int = 0


@dataclass(slots=True, kw_only=True)
class Chart:
    """One person's treatment while it is made up; `fills` is what comes of it.

    `first` and `last` bound the fill dates. `prescribers[0]` and `dispensers[0]` are the usual ones. The first
    prescription goes to the usual dispenser and the second to `dispensers[1]`, so that both know the person.
    """

    rng: Random
    turn: int  # how many before had the same story
    first: date
    last: date
    payment: str
    prescribers: tuple[Prescriber, ...]
    dispensers: tuple[Dispenser, ...]
    fills: list[Fill] = field(default_factory=list)
    prescriptions: int = 0

    def day(self, low: int, high: int) -> date:
        """A day between so many hundredths of the window."""
        span = (self.last - self.first).days
        return self.first + timedelta(days=span * self.rng.randint(low, high) // 100)

    def chance(self, hundredths: int) -> bool:
        """True as often as said."""
        return self.rng.randrange(100) < hundredths

    def course(
        self,
        treatment: Treatment,
        start: date,
        end: date,
        manner: Manner,
        *,
        item: Item | None = None,
        dose: Dose | None = None,
    ) -> None:
        """Prescription after prescription from `start` to `end`, both included."""
        chosen = item or self.rng.choice(treatment.items)
        prescribed = dose or treatment.dose(self.rng)
        day, end = start, min(end, self.last)
        while day <= end:
            day = self.prescription(treatment, chosen, prescribed, day, end, manner)

    def prescription(
        self, treatment: Treatment, item: Item, dose: Dose, day: date, end: date, manner: Manner
    ) -> date:
        """One prescription and its fills; returns the day when the next one is due."""
        rng = self.rng
        slip = _Slip(
            rx=self.prescriptions,
            item=item,
            dose=dose,
            written=day - timedelta(days=weighted(rng, _WRITTEN_BEFORE)),
            payment="01" if self.chance(manner.cash) else self.payment,
            rx_origin=weighted(rng, _ORIGINS),
            treatment_type=rng.choice(manner.treatment_types) if manner.treatment_types else None,
            diagnosis=rng.choice(treatment.diagnoses) if treatment.diagnoses and self.chance(45) else None,
            prescriber=self._one(self.prescribers, manner.wanders),
            dispenser=self._dispenser(manner.wanders),
        )
        self.prescriptions += 1
        scheduled = item.drug.schedule not in {None, Schedule.NONE}
        valid = timedelta(days=_SCHEDULED_REFILLS_DAYS if scheduled else _OTHER_REFILLS_DAYS)
        for number in range(dose.refills + 1):
            if day > end or day - slip.written > valid:
                break
            self._fill(slip, number, day, partly=self.chance(manner.partly))
            early = rng.randint(5, 8) if self.chance(manner.early) else rng.randint(-3, 2)
            day += timedelta(days=max(1, dose.days - early))
        return day

    def _fill(self, slip: _Slip, number: int, day: date, *, partly: bool) -> None:
        days = slip.dose.days
        part = max(1, days // 3)
        rest = day + timedelta(days=self.rng.randint(1, 1 + part))
        if not partly or rest > self.last or days == 1:
            self._hand_over(slip, number, day, days, slip.dose.quantity(days), 0)
            return
        first = slip.dose.quantity(part)
        self._hand_over(slip, number, day, part, first, 1)
        self._hand_over(slip, number, rest, days - part, slip.dose.quantity(days) - first, 2)

    def _hand_over(
        self, slip: _Slip, number: int, day: date, days: int, quantity: Decimal, partial_fill: int
    ) -> None:
        after = weighted(self.rng, _SOLD_AFTER)
        self.fills.append(
            Fill(
                rx=slip.rx,
                item=slip.item,
                written=slip.written,
                filled=day,
                sold=None if after is None else min(day + timedelta(days=after), max(day, self.last)),
                fill_number=number,
                partial_fill=partial_fill,
                refills=slip.dose.refills,
                quantity=quantity,
                days_supply=days,
                payment=slip.payment,
                rx_origin=slip.rx_origin,
                treatment_type=slip.treatment_type,
                diagnosis=slip.diagnosis,
                compound=slip.item.parts(quantity),
                prescriber=slip.prescriber,
                dispenser=slip.dispenser,
            )
        )

    def _one(self, options: tuple[Prescriber, ...], wanders: int) -> Prescriber:
        return self.rng.choice(options) if self.chance(wanders) else options[0]

    def _dispenser(self, wanders: int) -> Dispenser:
        if self.prescriptions < min(2, len(self.dispensers)):
            return self.dispensers[self.prescriptions]
        return self.rng.choice(self.dispensers) if self.chance(wanders) else self.dispensers[0]


@dataclass(slots=True)
class _Slip:
    """What all fills of one prescription have in common."""

    rx: int
    item: Item
    dose: Dose
    written: date
    payment: str
    rx_origin: str
    treatment_type: str | None
    diagnosis: str | None
    prescriber: Prescriber
    dispenser: Dispenser
