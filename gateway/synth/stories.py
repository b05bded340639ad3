"""Kinds of patients: each story is a function that writes its courses into a chart."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from gateway.synth.courses import Chart, Manner
from gateway.synth.shelf import Dose, shelf

# Treatment types (ASAP DSP24): 01 not for dependency, 02 for dependency, 03 cancer, 04 palliative, 05 hospice,
# 06 pregnant, 07 acute on chronic, 08 taper, 09 pain contract, 10 acute, 11 chronic, 99 other.
_ACUTE = Manner(treatment_types=("10", "10", "10", "01"))
_CHRONIC = Manner(treatment_types=("11", "11", "11", "09", "01", "99"))
_SEVERE = Manner(treatment_types=("03", "03", "04", "05", "11"), early=8, partly=6)
_BREAKTHROUGH = Manner(treatment_types=("07",), early=10, wanders=15)
_TAPER = Manner(treatment_types=("08",), wanders=3)
_DEPENDENCY = Manner(treatment_types=("02",), wanders=6)
_PLAIN = Manner()


def _none(chart: Chart) -> None:
    """Nothing was ever dispensed."""


def _acute(chart: Chart) -> None:
    treatment = shelf().one_of(chart.rng, "acute")
    day = chart.day(5, 85)
    again = chart.chance(50)
    chart.course(treatment, day, day, _ACUTE)
    if again:
        later = day + timedelta(days=chart.rng.randint(4, 12))
        chart.course(treatment, later, later, _ACUTE)


def _liquid(chart: Chart) -> None:
    day = chart.day(5, 85)
    chart.course(shelf().one_of(chart.rng, "liquid"), day, day, _PLAIN)


def _chronic(chart: Chart) -> None:
    chart.course(shelf().one_of(chart.rng, "opioid"), chart.day(0, 30), chart.last, _CHRONIC)
    if chart.turn % 2 == 0:
        _naloxone(chart, chart.day(20, 60))


def _heavy(chart: Chart) -> None:
    """Strong pain and its company from the first month to the last: more than sixty fills in two years."""
    start = chart.day(0, 3)
    long_acting = shelf().one_of(chart.rng, "tapered")
    monthly = Dose(long_acting.per_day[0], 28, 0)
    chart.course(long_acting, start, chart.last, _SEVERE, dose=monthly)
    relief = shelf().one_of(chart.rng, "breakthrough")
    chart.course(relief, chart.day(0, 4), chart.last, _BREAKTHROUGH)
    chart.course(shelf().one_of(chart.rng, "benzodiazepine"), chart.day(5, 30), chart.last, _PLAIN)
    chart.course(shelf().one_of(chart.rng, "gabapentinoid"), chart.day(5, 30), chart.last, _PLAIN)
    _naloxone(chart, chart.day(5, 40))


def _tapering(chart: Chart) -> None:
    """From the strongest product down to the weakest, some fills of each, then nothing."""
    treatment = shelf().one_of(chart.rng, "tapered")
    dose = treatment.dose(chart.rng)
    day = chart.day(2, 25)
    for item in reversed(treatment.items):
        for _ in range(chart.rng.randint(1, 3)):
            if day > chart.last:
                return
            day = chart.prescription(treatment, item, dose, day, chart.last, _TAPER)


def _overlapping(chart: Chart) -> None:
    """An opioid and a benzodiazepine at the same time."""
    chart.course(shelf().one_of(chart.rng, "opioid"), chart.day(5, 30), chart.day(80, 100), _CHRONIC)
    chart.course(shelf().one_of(chart.rng, "benzodiazepine"), chart.day(5, 40), chart.last, _PLAIN)
    if chart.turn % 3 == 0:
        chart.course(shelf().one_of(chart.rng, "muscle"), chart.day(40, 60), chart.day(70, 90), _PLAIN)
    if chart.turn % 2 == 0:
        _naloxone(chart, chart.day(40, 70))


def _multi_provider(chart: Chart) -> None:
    """Short supplies from many prescribers and pharmacies, paid in cash more often than not."""
    manner = Manner(treatment_types=("10", "01"), wanders=90, cash=75, early=35)
    day = chart.day(5, 25)
    while day <= chart.last:
        treatment = shelf().one_of(
            chart.rng, chart.rng.choice(("acute", "acute", "opioid", "benzodiazepine"))
        )
        dose = Dose(chart.rng.choice(treatment.per_day), chart.rng.choice((7, 10, 15, 30)), 0)
        chart.prescription(treatment, chart.rng.choice(treatment.items), dose, day, chart.last, manner)
        day += timedelta(days=chart.rng.randint(4, 28))


def _buprenorphine(chart: Chart) -> None:
    chart.course(shelf().one_of(chart.rng, "buprenorphine"), chart.day(0, 40), chart.last, _DEPENDENCY)
    if chart.turn % 3 == 0:
        _naloxone(chart, chart.day(40, 70))


def _pregnant(chart: Chart) -> None:
    start = chart.day(10, 55)
    manner = Manner(treatment_types=("06",))
    chart.course(shelf().one_of(chart.rng, "pregnant"), start, start + timedelta(days=270), manner)


def _programme(chart: Chart) -> None:
    """Take-home methadone of an opioid treatment programme."""
    chart.course(shelf().one_of(chart.rng, "programme"), chart.day(20, 50), chart.last, _DEPENDENCY)


def _partial(chart: Chart) -> None:
    """Schedule II handed over in parts, as 21 CFR 1306.13 allows."""
    manner = Manner(treatment_types=("05", "03", "04"), partly=70)
    chart.course(shelf().one_of(chart.rng, "parted"), chart.day(10, 50), chart.last, manner)


def _steadily(group: str, low: int, high: int, manner: Manner = _PLAIN) -> Callable[[Chart], None]:
    """One drug to the end of the window; the treatments of the group take turns."""

    def story(chart: Chart) -> None:
        treatments = shelf().group(group)
        chart.course(treatments[chart.turn % len(treatments)], chart.day(low, high), chart.last, manner)

    return story


def _gabapentinoid(chart: Chart) -> None:
    treatment = shelf().one_of(chart.rng, "gabapentinoid")
    monthly = Dose(chart.rng.choice(treatment.per_day), 30, chart.rng.choice(treatment.refills))
    chart.course(treatment, chart.day(0, 40), chart.last, _PLAIN, dose=monthly)


def _veterinary(chart: Chart) -> None:
    group = shelf().group("veterinary")
    chart.course(group[chart.turn % len(group)], chart.day(10, 40), chart.day(60, 100), _PLAIN)


def _naloxone(chart: Chart, day: date) -> None:
    """Beside an opioid."""
    chart.course(shelf().one_of(chart.rng, "naloxone"), day, day, _PLAIN)


STORIES: Mapping[str, Callable[[Chart], None]] = {
    "none": _none,
    "acute": _acute,
    "liquid": _liquid,
    "headache": _steadily("headache", 0, 30),
    "chronic": _chronic,
    "heavy": _heavy,
    "tapering": _tapering,
    "overlapping": _overlapping,
    "multi-provider": _multi_provider,
    "buprenorphine": _buprenorphine,
    "pregnant": _pregnant,
    "programme": _programme,
    "partial": _partial,
    "patch": _steadily("patch", 0, 40, _SEVERE),
    "compounded": _steadily("compounded", 10, 50),
    "hormone": _steadily("hormone", 0, 40),
    "stimulant": _steadily("stimulant", 0, 45),
    "sedative": _steadily("sedative", 0, 55),
    "gabapentinoid": _gabapentinoid,
    "veterinary": _veterinary,
}
