"""People with their histories, one after the other; nobody is kept once handed over."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from gateway.model import Address, Dispensation, Dispenser, Person, Prescriber, Schedule
from gateway.synth.appearances import Appearances
from gateway.synth.blocks import PEOPLE_A_BLOCK, Plan, Trait, plans
from gateway.synth.chance import generator
from gateway.synth.courses import Chart, Fill
from gateway.synth.parties import Parties, parties
from gateway.synth.people import Truth, animal, truth
from gateway.synth.stories import STORIES

PEOPLE_A_PART = 40 * PEOPLE_A_BLOCK

_CHANGING = {Trait.MARRIED, Trait.MAIDEN, Trait.MOVED}
_USUAL, _MANY = 3, 12  # how many prescribers and dispensers a person goes to
_HANDED_OVER = 6  # of so many acute patients one gets the drug from the practitioner
_NEARBY = 6  # of so many dispensers the nearest is chosen
_UNSCHEDULED = "6"
_SERIES: dict[Schedule | None, str] = {
    Schedule.CII: "2",
    Schedule.CIII: "4",
    Schedule.CIV: "4",
    Schedule.CV: "4",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SynthPerson:
    """`person` is who it truly is, today; each dispensation carries the appearance that its dispenser reported.

    `story` says what kind of history it is, in a word (gateway.synth.stories).
    """

    person: Person
    dispensations: tuple[Dispensation, ...]
    story: str


def generate(*, patients: int, years: int, seed: int, until: date) -> Iterator[SynthPerson]:
    """A synthetic population; the same arguments give the same people everywhere.

    :param years: the length of the histories; fill dates lie after the same day so many years before `until`.
    :param until: the last possible fill date.
    :raises ValueError: fewer than no patients, or less than a year.
    """
    population = Population(patients=patients, years=years, seed=seed, until=until)
    return population.people(range(patients), _RxNumbers())


class Population:
    """The population of :func:`generate` in parts, each of which can be made by itself, in any process.

    Only the prescription numbers are other ones: a dispenser counts in each part anew, without a number of another
    part. Arguments and errors are those of :func:`generate`.
    """

    def __init__(self, *, patients: int, years: int, seed: int, until: date) -> None:
        if patients < 0 or years < 1:
            raise ValueError("A population has no less than 0 patients, and a history no less than 1 year.")
        self.patients = patients
        self.parts = -(-patients // PEOPLE_A_PART)
        self._seed = seed
        self._first = _years_before(until, years) + timedelta(days=1)
        self._until = until
        self._parties = parties(seed, patients)

    def part(self, number: int) -> Iterator[SynthPerson]:
        """The people of one part, which are :data:`PEOPLE_A_PART`, fewer in the last one."""
        start = number * PEOPLE_A_PART
        whom = range(start, min(start + PEOPLE_A_PART, self.patients))
        return self.people(whom, _RxNumbers(number, self.parts))

    def people(self, whom: range, numbers: _RxNumbers) -> Iterator[SynthPerson]:
        """The people of these numbers, of which the first begins a block."""
        return _generate(self._seed, whom, self._parties, numbers, self._first, self._until)


def _generate(
    seed: int, whom: range, known: Parties, numbers: _RxNumbers, first: date, until: date
) -> Iterator[SynthPerson]:
    before: Truth | None = None
    for index, plan in zip(whom, plans(seed, whom.start // PEOPLE_A_BLOCK), strict=False):
        rng = generator(seed, "person", index)
        before = truth(rng, plan, until, before)
        chart = _chart(rng, plan, known, before, first, until)
        STORIES[plan.story](chart)
        chart.fills.sort(key=lambda fill: (fill.filled, fill.rx, fill.fill_number, fill.partial_fill))
        if plan.story == "veterinary":
            pet = animal(rng, before, until)
            yield _synth_person(plan, pet, chart.fills, [pet] * len(chart.fills), numbers)
        else:
            told = _appearances(rng, plan, before, chart)
            yield _synth_person(plan, before.person, chart.fills, told, numbers)


def _synth_person(
    plan: Plan, person: Person, fills: Sequence[Fill], told: Sequence[Person], numbers: _RxNumbers
) -> SynthPerson:
    given: dict[int, str] = {}
    for fill in fills:
        if fill.rx not in given:
            given[fill.rx] = numbers.next(fill.dispenser, fill.item.drug.schedule)
    return SynthPerson(
        person=person,
        dispensations=tuple(
            _dispensation(fill, given[fill.rx], appearance)
            for fill, appearance in zip(fills, told, strict=True)
        ),
        story=plan.story,
    )


def _appearances(rng: Random, plan: Plan, true: Truth, chart: Chart) -> list[Person]:
    """The appearance of each fill; a name or an address changes in the middle of the history."""
    fills = chart.fills
    changed = fills[len(fills) // 2].filled if fills and plan.trait in _CHANGING else None
    appearances = Appearances(rng, true, plan.trait, changed)
    usual = chart.dispensers[0]
    return [appearances.at(fill.filled, usual=fill.dispenser is usual) for fill in fills]


def _dispensation(fill: Fill, rx_number: str, appearance: Person) -> Dispensation:
    return Dispensation(
        rx_number=rx_number,
        written=fill.written,
        filled=fill.filled,
        sold=fill.sold,
        fill_number=fill.fill_number,
        refills_authorised=fill.refills,
        quantity=fill.quantity,
        unit=fill.item.unit,
        days_supply=fill.days_supply,
        partial_fill=fill.partial_fill,
        payment=fill.payment,
        rx_origin=fill.rx_origin,
        treatment_type=fill.treatment_type,
        diagnosis=fill.diagnosis,
        compound=fill.compound,
        drug=fill.item.drug,
        prescriber=fill.prescriber,
        dispenser=fill.dispenser,
        person=appearance,
    )


class _RxNumbers:
    """Each dispenser counts its prescriptions; the first digit tells the drawer they are filed in.

    Where several count, each takes every `parts`-th number.
    """

    def __init__(self, part: int = 0, parts: int = 1) -> None:
        self._last: dict[str, int] = {}
        self._before = 10_000 + part - parts + 1
        self._parts = parts

    def next(self, dispenser: Dispenser, schedule: Schedule | None) -> str:
        """A number that this dispenser has not given yet."""
        dea = dispenser.dea or ""
        number = self._last.get(dea, self._before) + self._parts
        self._last[dea] = number
        return f"{_SERIES.get(schedule, _UNSCHEDULED)}{number:06}"


# --- whom a person goes to ------------------------------------------------------------------------------------


def _chart(rng: Random, plan: Plan, known: Parties, true: Truth, first: date, last: date) -> Chart:
    prescribers, dispensers = _whom(rng, plan, known, true)
    return Chart(
        rng=rng,
        turn=plan.turn,
        first=first,
        last=last,
        payment=plan.payment,
        prescribers=prescribers,
        dispensers=dispensers,
    )


def _whom(
    rng: Random, plan: Plan, known: Parties, true: Truth
) -> tuple[tuple[Prescriber, ...], tuple[Dispenser, ...]]:
    """The usual prescriber and dispenser first."""
    if plan.story == "veterinary":
        places = known.animal_hospitals if plan.turn % 2 else known.pharmacies
        return (rng.choice(known.veterinarians),), (rng.choice(places),)
    count = _MANY if plan.story == "multi-provider" else _USUAL
    prescribers = _some(rng, known.physicians, count)
    dispensers = _near(rng, known.pharmacies, count, true)
    if plan.story == "programme":
        dispensers = (rng.choice(known.programmes), dispensers[0])
    elif plan.story == "acute" and plan.turn % _HANDED_OVER == 0:
        dispensers = (rng.choice(known.practitioners), dispensers[0])
    return prescribers, dispensers


def _some(rng: Random, options: Sequence[Prescriber], count: int) -> tuple[Prescriber, ...]:
    return tuple(rng.sample(options, min(count, len(options))))


def _near(rng: Random, pharmacies: Sequence[Dispenser], count: int, true: Truth) -> tuple[Dispenser, ...]:
    """Of some pharmacies those nearest by ZIP code, and one that is anywhere."""
    some = rng.sample(pharmacies, min(count + _NEARBY, len(pharmacies)))
    anywhere = some.pop()
    home = _zip(true.address)
    some.sort(key=lambda pharmacy: abs(_zip(pharmacy.address) - home))
    return (*some[: count - 1], anywhere)


def _zip(address: Address | None) -> int:
    return int(address.postal_code[:5]) if address and address.postal_code else 0


def _years_before(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:  # 29 February
        return day.replace(year=day.year - years, day=28)
