"""One DSP with the PRE and the CDI that belong to it -> a record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import TypeVar

from adapters.asap import values
from adapters.asap.layout import PARTIAL_IS_YES_OR_NO
from adapters.asap.parties import Notes, at
from adapters.asap.segments import Segment
from gateway.model import (
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    IntakeAction,
    IntakeIssue,
    IntakeRecord,
    IssueCode,
    Person,
    Prescriber,
    QuantityUnit,
)
from gateway.model.identifiers import ndc

T = TypeVar("T")

_ACTIONS = {"": IntakeAction.NEW, "00": IntakeAction.NEW, "01": IntakeAction.REVISE, "02": IntakeAction.VOID}
_NDC, _COMPOUND = "01", "06"
_YES_OR_NO = {"": 0, "01": 1, "02": 0}
_NOTHING = date.min


@dataclass(slots=True, kw_only=True)
class Told:
    """One dispensation as it was sent: its segments, and who they belong to."""

    dsp: Segment
    dispenser: Dispenser | None
    person: Person | None
    person_issues: tuple[IntakeIssue, ...]
    prescriber: Prescriber | None = None
    parts: list[Segment] = field(default_factory=list)
    notes: Notes = field(default_factory=Notes)


def is_compound(dsp: Segment) -> bool:
    """True when the product is what its CDI segments say."""
    return dsp.fields[7] == _COMPOUND


def record(told: Told, version: str) -> IntakeRecord:
    """The record; one that cannot be read has no dispensation, and an issue that says why."""
    notes = told.notes
    notes.issues.extend(told.person_issues)
    path = f"{told.dsp.number}:DSP"
    action = _ACTIONS.get(told.dsp.fields[1])
    if action is None:
        notes.add(
            at(told.dsp, 1),
            IssueCode.UNKNOWN_CODE,
            "The reporting status is not 00 (new), 01 (revise) or 02 (void).",
            is_error=True,
        )
    if told.dispenser is None:
        notes.add(path, IssueCode.NOT_IDENTIFIED, "No PHA stands before the record.", is_error=True)
    if told.person is None and not told.person_issues:
        notes.add(path, IssueCode.NOT_IDENTIFIED, "No PAT stands before the record.", is_error=True)
    dispensation = None
    if action is not None and told.dispenser is not None and told.person is not None:
        dispensation = _dispensation(told, told.dispenser, told.person, action, version)
    issues = tuple(notes.issues)
    if any(issue.is_error for issue in issues):
        dispensation = None
    return IntakeRecord(
        path=path, dispensation=dispensation, action=action or IntakeAction.NEW, issues=issues
    )


def _dispensation(
    told: Told, dispenser: Dispenser, person: Person, action: IntakeAction, version: str
) -> Dispensation:
    """What could be read; of a void only what names the fill is demanded."""
    read = _Reader(told.dsp, told.notes)
    needed = action is not IntakeAction.VOID
    return Dispensation(
        rx_number=told.dsp.fields[2],
        written=read.optional(3, "date written", values.day),
        refills_authorised=read.optional(4, "number of refills authorised", values.number),
        filled=read.demanded(5, "date filled", values.day, _NOTHING),
        fill_number=read.demanded(6, "refill number", values.number, 0),
        drug=_drug(told, needed=needed),
        quantity=read.demanded(9, "quantity", values.quantity, Decimal(0), needed=needed),
        days_supply=read.demanded(10, "days supply", values.number, 0, needed=needed),
        unit=_unit(read, needed=needed),
        rx_origin=read.code(12, "rx-origin"),
        partial_fill=_partial_fill(read, version),
        payment=read.code(16, "payment"),
        sold=read.optional(17, "date sold", values.day),
        treatment_type=read.code(24, "treatment-type"),
        diagnosis=told.dsp.fields[25] or None,
        compound=tuple(_part(n, cdi, told.notes) for n, cdi in enumerate(told.parts, 1)),
        prescriber=told.prescriber or Prescriber(),
        dispenser=dispenser,
        person=person,
    )


class _Reader:
    """Fields of one segment; what cannot be read is noted."""

    def __init__(self, segment: Segment, notes: Notes) -> None:
        self.segment = segment
        self.notes = notes

    def optional(self, position: int, what: str, reader: Callable[[str], T]) -> T | None:
        """A field that the record can do without: left out when it cannot be read, with a warning."""
        text = self.segment.fields[position]
        if not text:
            return None
        try:
            return reader(text)
        except ValueError as error:
            self.notes.add(
                at(self.segment, position),
                IssueCode.MALFORMED,
                f"The {what} is not {error}; it was left out.",
                is_error=False,
            )
            return None

    def demanded(
        self, position: int, what: str, reader: Callable[[str], T], instead: T, *, needed: bool = True
    ) -> T:
        """A field without which there is no record; `instead` where it is not needed."""
        text = self.segment.fields[position]
        if not text:
            if needed:
                path = at(self.segment, position)
                self.notes.add(path, IssueCode.MISSING, f"The {what} is missing.", is_error=True)
            return instead
        try:
            return reader(text)
        except ValueError as error:
            if needed:
                path = at(self.segment, position)
                self.notes.add(path, IssueCode.MALFORMED, f"The {what} is not {error}.", is_error=True)
            return instead

    def code(self, position: int, table: str) -> str | None:
        """A code that the record can do without."""
        return self.optional(position, table.replace("-", " "), lambda text: values.code(table, text))


def _unit(read: _Reader, *, needed: bool) -> QuantityUnit:
    """DSP11. An amount in an unknown unit means nothing, so a code that is not known is an error."""
    text = read.segment.fields[11]
    path = f"{read.segment.number}:DSP11"
    if not text:
        if needed:
            message = "The drug dosage unit is missing; the quantity was taken to count units (01)."
            read.notes.add(path, IssueCode.MISSING, message, is_error=False)
        return QuantityUnit.EACH
    try:
        return QuantityUnit(values.code("quantity-unit", text))
    except ValueError as error:
        read.notes.add(path, IssueCode.UNKNOWN_CODE, f"The drug dosage unit is not {error}.", is_error=needed)
        return QuantityUnit.EACH


def _partial_fill(read: _Reader, version: str) -> int:
    """DSP13: which part of the fill it is, 0 when it is whole; before 4.2 whether it is a part (01) or not (02)."""
    text = read.segment.fields[13]
    if version in PARTIAL_IS_YES_OR_NO:
        part = _YES_OR_NO.get(text)
        if part is None:
            message = f"The partial fill indicator of version {version} is 01 (yes) or 02 (no)."
            read.notes.add(at(read.segment, 13), IssueCode.UNKNOWN_CODE, message, is_error=True)
        return part or 0
    return read.demanded(13, "partial fill indicator", values.number, 0) if text else 0


def _drug(told: Told, *, needed: bool) -> Drug:
    """DSP07 and DSP08, with the RxNorm concept of DSP19. A compound is what its CDI segments say."""
    dsp, notes = told.dsp, told.notes
    qualifier, product, rxcui = dsp.fields[7], dsp.fields[8], dsp.fields[19] or None
    if is_compound(dsp):
        if needed and not told.parts:
            notes.add(
                at(dsp, 7), IssueCode.MISSING, "A compound needs a CDI for each ingredient.", is_error=True
            )
        return Drug(rxcui=rxcui)
    if qualifier == _NDC or not qualifier:
        if product:
            return Drug(ndc11=ndc.compact(product), rxcui=rxcui)
        if rxcui is None and needed:
            notes.add(at(dsp, 8), IssueCode.MISSING, "The product is missing.", is_error=True)
    elif rxcui is None and needed:
        message = (
            "The product is not named by an NDC (01) or as a compound (06), and no RxNorm concept is given."
        )
        notes.add(at(dsp, 7), IssueCode.UNSUPPORTED, message, is_error=True)
    return Drug(rxcui=rxcui)


def _part(sequence: int, cdi: Segment, notes: Notes) -> CompoundPart:
    read = _Reader(cdi, notes)
    qualifier, product = cdi.fields[2], cdi.fields[3]
    if not product or qualifier not in {"", _NDC}:
        notes.add(at(cdi, 3), IssueCode.MISSING, "The ingredient has no NDC.", is_error=False)
    return CompoundPart(
        sequence=read.optional(1, "sequence number", values.number) or sequence,
        ndc11=ndc.compact(product) if product and qualifier in {"", _NDC} else None,
        quantity=read.demanded(4, "ingredient's quantity", values.quantity, Decimal(0)),
        unit=QuantityUnit(read.code(5, "quantity-unit") or QuantityUnit.EACH),
    )
