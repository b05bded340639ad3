"""Answers of every kind a record can hold and some that it should not: extreme lengths, any script, missing facts."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, TypeVar

from gateway.model import (
    Address,
    Answer,
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    DrugClass,
    FieldEvidence,
    Ingredient,
    Licence,
    MatchEvidence,
    NameUse,
    Outcome,
    PartyKind,
    Period,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
    StateOutcome,
)
from tests.factory import NOW

T = TypeVar("T")

_WORDS = (
    "Quillfeather", "Okonkwo-Baird", "O'Brien", "de la Cruz", "St. John", "Müller", "Łuczyński", "Nguyễn", "李",
    "Иванов", "Þórsdóttir", "x", " leading", "trailing ", "two  spaces", "line\nfeed", "tab\there", "nul\x00",
    "&<>\"'", "]]>", "\ufffe", "\ud800", "\u200b", "e\u0301", "😀", "A" * 34, "B" * 35, "C" * 36, "D" * 41, "E" * 71,
    "F" * 106, "G" * 300, "Ünï " * 30, "", " ", "--", "{brace}", "%s %d", "0", "US", "CT",
    "Drug name not reported",
)  # fmt: skip
_NUMBERS = (
    "10",
    "0.5",
    "30.00",
    "1E+2",
    "0.1234567890123",
    "12345678901",
    "99999999.9999",
    "1e-12",
    "-0",
    "0",
)
_EXTREMES = (
    "-1",
    "NaN",
    "Infinity",
    "1E+11",
    "99999999999.5",
    "1E-40",
    "0.00000000000000000001",
    "12345678901234567890",
)
_CHARACTERS = "ab Z09é李Я\u0301\u202e\U0001f600&<>\"'\t\n\x00\x7f\x85\u2028\u3000\ud800\uffff-.,"
_PLACES = ("CT", "NY", "PR", "ON", "Connecticut", "ct", "ZZ", None)
_ZIPS = ("06103", "061031234", "06103-1234", "K1A 0B1", "6103", None)
_PHONES = ("8605550142", "860-555-0142", "18605550142", "28605550142", "555", "+44 20 7946 0000", None)

_STATES = (
    "CT",
    "NY",
    "MA",
    "RI",
    "NJ",
    "NH",
    "VT",
    "ME",
    "PA",
    "DE",
    "MD",
    "VA",
    "NC",
    "SC",
    "GA",
    "FL",
    "PR",
    "DC",
)
_FIELDS = ("birth_date", "family name", "given name", "address", "phone", "sex", "identifier")
_IDS = (
    "0192f2c4-6a53-7e11-8c55-8a1f0f6f3d10",
    "short",
    "R" * 60,
    "Ünï-1",
    "0192f2c46a537e118c558a1f0f6f3d10",
)

_PART = CompoundPart(sequence=1, ndc11=None, quantity=Decimal(1), unit=QuantityUnit.EACH)


KINDS = (
    "full", "full", "full", "full", "veterinary", "partial", "bare", "extreme", Outcome.NO_DATA, Outcome.PARTIAL,
    Outcome.AMBIGUOUS, Outcome.DISALLOWED, Outcome.DEFERRED, Outcome.ERROR,
)  # fmt: skip
"""What :meth:`Wild.any_answer` makes, in turn: a history of some kind, or an answer of that outcome without one."""
CAPPED = 50  # of so many answers one has more records than fit into a message


class Wild:
    """Makes one answer out of a seed."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._random = Random(seed)
        self._species = [Species.HUMAN, Species.HUMAN, Species.VETERINARY]
        self._rarely = 0.7  # how often an optional fact is there
        self._quantities = _NUMBERS
        self._ordinary = seed % 3 == 0  # every third answer is what a record usually holds

    def any_answer(self) -> Answer:
        """An answer of the kind that is the seed's turn."""
        if self._seed % CAPPED == CAPPED - 1:
            return self.answer(count=self._random.randint(301, 320))
        kind = KINDS[self._seed % len(KINDS)]
        match kind:
            case Outcome():
                return self.nothing(kind)
            case "veterinary":
                self._species = [Species.VETERINARY]
            case "bare":
                self._ordinary, self._rarely = False, 0.0
            case "extreme":
                self._ordinary, self._quantities = False, _NUMBERS + _EXTREMES
        return self.answer(silent=kind == "partial")

    def answer(self, count: int | None = None, *, silent: bool = False) -> Answer:
        """A history of so many dispensations, of one to six where nothing is said."""
        dispensations = sorted(
            (self.dispensation() for _ in range(count or self._random.randint(1, 6))),
            key=lambda d: d.filled,
            reverse=True,
        )
        others = _STATES[1 : self._random.choice((2, 2, 4, len(_STATES)))]
        states = (
            StateOutcome(state="CT", outcome=Outcome.COMPLETE),
            *(StateOutcome(state=state, outcome=self._one(list(Outcome))) for state in others),
        )
        if silent:
            states += (StateOutcome(state="WA", outcome=Outcome.ERROR),)
        partial = any(s.outcome not in {Outcome.COMPLETE, Outcome.NO_DATA} for s in states)
        return Answer(
            outcome=Outcome.PARTIAL if partial else Outcome.COMPLETE,
            report_id=self._one(_IDS),
            generated_at=NOW - timedelta(microseconds=self._random.randint(0, 10**12)),
            period=self.period(),
            persons=tuple(d.person for d in dispensations),
            dispensations=tuple(dispensations),
            states=states,
            detail=self._maybe(self._word()),
        )

    def nothing(self, outcome: Outcome) -> Answer:
        """An answer of that outcome that shows no history."""
        silent = Outcome.ERROR if outcome is Outcome.PARTIAL else outcome
        shown = self._random.randint(1, len(_STATES))
        deciding = tuple(self._random.sample(_FIELDS, self._random.randint(0, len(_FIELDS))))
        evidence = MatchEvidence(
            score=self._random.uniform(-9, 30),
            fields=(FieldEvidence(field="birth_date", level="exact", weight=7.5),),
            candidates=self._random.randint(0, 5),
            deciding=deciding if outcome is Outcome.AMBIGUOUS else (),
        )
        return Answer(
            outcome=outcome,
            report_id=self._one(_IDS),
            generated_at=NOW,
            period=self.period(),
            states=tuple(StateOutcome(state=state, outcome=silent) for state in _STATES[:shown]),
            match=self._one((evidence, None)),
            detail=self._one((None, "Ask the pharmacy.", self._word())),
            disclaimers=(self._word(),),
            retry_after=self._one((None, 1, 30, 10**9))
            if outcome in {Outcome.DEFERRED, Outcome.ERROR}
            else None,
        )

    def period(self) -> Period:
        """The dates that were searched, which always have a start."""
        start = self._pick(date(2020, 1, 1), [date(2020, 1, 1), date(1900, 1, 1), date.min])
        return Period(start=start, end=self._pick(date(2026, 11, 20), [date(2026, 11, 20), date.max, start]))

    def dispensation(self) -> Dispensation:
        written = self._maybe(date(2020, 1, 1) + timedelta(days=self._random.randint(0, 2000)))
        return Dispensation(
            rx_number=self._word("7001234"),
            written=written,
            filled=self._pick(self._day(), [self._day(), self._day(), date.min, date.max]),
            sold=self._maybe(date(2026, 1, 31)),
            fill_number=self._pick(0, [0, 1, 99, 100, -1, 10**12]),
            refills_authorised=self._pick(2, [None, 0, 99, 100, -1]),
            quantity=Decimal(self._pick("30", self._quantities)),
            unit=self._one(list(QuantityUnit)),
            days_supply=self._pick(30, [0, 1, 999, 1000, -3, 10**12]),
            partial_fill=self._pick(0, [0, 1, 12]),
            payment=self._pick("04", ["01", "99", "88", None]),
            rx_origin=self._maybe("05"),
            treatment_type=self._pick("10", ["07", "06", None]),
            diagnosis=self._pick("M54.50", ["F11.20", "Z" * 20, None]),
            compound=self._pick((), [(), (_PART,)]),
            drug=self.drug(),
            prescriber=self.prescriber(),
            dispenser=self.dispenser(),
            person=self.person(),
            source_state=self._pick("CT", _PLACES),
            reported_at=datetime(2026, 1, 1, tzinfo=UTC),
            revision=self._one((0, 1, 3)),
        )  # fmt: skip

    def drug(self) -> Drug:
        count = self._random.randint(0, 4)
        strengths = ["5", "325", "0.05", None]
        units = ["mg", "mg", "mcg/h", "mg/mL", None]
        return Drug(
            name=self._maybe(self._word("oxycodone hydrochloride 5 MG Oral Tablet")),
            ndc11=self._pick("00228298311", ["N" * 40, None]),
            rxcui=self._maybe("1049621"),
            ingredients=tuple(
                Ingredient(name=f"drug {n}", strength=_decimal(self._one(strengths)), unit=self._one(units))
                for n in range(count)
            ),
            dose_form=self._maybe("Oral Tablet"),
            schedule=self._one([*Schedule, None]),
            drug_class=DrugClass.OPIOID,
        )

    def prescriber(self) -> Prescriber:
        return Prescriber(
            name=self._maybe(self.name()),
            npi=self._pick("1023011178", [None, "9" * 36]),
            dea=self._maybe("AD1111119"),
            dea_suffix=self._maybe("A12"),
            licence=self._maybe(Licence(number=self._word("CT.045512"), state="CT")),
            address=self.address(),
            phone=self._pick("2035550117", _PHONES),
            kind=self._one([PartyKind.PRACTITIONER, PartyKind.PRACTITIONER, PartyKind.VETERINARY]),
        )

    def dispenser(self) -> Dispenser:
        return Dispenser(
            name=self._maybe(self._word("Larkspur Pharmacy")),
            npi=self._maybe("1234567893"),
            dea=self._maybe("BC6486054"),
            ncpdp_id=self._maybe("1234563"),
            licence=self._maybe(Licence(number="PCY.0001")),
            address=self.address(),
            phone=self._pick("8605550100", _PHONES),
            kind=self._one([PartyKind.PHARMACY, PartyKind.PRACTITIONER]),
        )

    def person(self) -> Person:
        species = self._one(self._species)
        animal = species is Species.VETERINARY
        others = [self.name(use=self._one(list(NameUse))) for _ in range(self._random.randint(0, 2))]
        return Person(
            key="7KQ4M2XT9R0AB",
            appearance=self._random.randint(1, 9),
            names=(self.name(), *others) if self._ordinary or self._random.random() < 0.95 else (),
            birth_date=None if animal and self._random.random() < 0.5 else date(1971, 4, 9),
            sex=self._one(list(Sex)),
            addresses=tuple(a for a in (self.address(),) if a),
            phones=tuple(p for p in (self._pick("8605550142", _PHONES),) if p),
            species=species,
            owner=Person(names=(self.name(),), birth_date=date(1960, 2, 2)) if animal else None,
        )

    def name(self, use: NameUse = NameUse.OFFICIAL) -> PersonName:
        return PersonName(
            family=self._word("Quillfeather"),
            given=tuple(
                self._word("Marigold") for _ in range(self._random.randint(0 if not self._ordinary else 1, 3))
            ),
            prefix=self._maybe(self._word("Dr")),
            suffix=self._maybe(self._word("Jr")),
            use=use,
        )

    def address(self) -> Address | None:
        if self._random.random() < (0.1 if self._rarely else 0.9):
            return None
        return Address(
            lines=tuple(self._word("14 Larkspur Ln") for _ in range(self._random.randint(0, 3))),
            city=self._maybe(self._word("Hartford")),
            state=self._pick("CT", _PLACES),
            postal_code=self._pick("06103", _ZIPS),
            country=self._pick("US", ["USA", "U", None, "ÜS"]),
        )

    def _word(self, ordinary: str = "word") -> str:
        if self._ordinary:
            return ordinary
        if self._random.random() < 0.8:
            return self._random.choice(_WORDS)
        return "".join(self._random.choices(_CHARACTERS, k=self._random.choice((1, 3, 12, 35, 36, 105, 400))))

    def _day(self) -> date:
        return date(2020, 1, 1) + timedelta(days=self._random.randint(0, 2400))

    def _pick(self, ordinary: T, wild: Any) -> T:
        return ordinary if self._ordinary else self._random.choice(wild)

    def _one(self, choices: Any) -> Any:
        return self._random.choice(choices)

    def _maybe(self, value: T) -> T | None:
        return value if self._ordinary or self._random.random() < self._rarely else None


def _decimal(text: str | None) -> Decimal | None:
    return Decimal(text) if text else None
