"""The cases of `adapters/ncpdp/samples/`: what is asked or reported, and the canonical answer.

`python -m tests.unit.ncpdp.samples` writes the answers anew from the requests; read them before committing.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

from lxml import etree

from adapters.ncpdp import ADAPTER
from gateway.clinical import Analyst
from gateway.errors import GatewayError
from gateway.model import (
    Answer,
    Ingredient,
    IntakeIssue,
    IntakeReceipt,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Licence,
    MatchEvidence,
    Outcome,
    PartyKind,
    PersonName,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
    StateOutcome,
)
from gateway.ports import Outbound
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.clinical.cases import THRESHOLDS
from tests.unit.ncpdp.helpers import inbound

FOLDER = Path(__file__).resolve().parents[3] / "adapters" / "ncpdp" / "samples"

_SYRUP = a_drug(
    name="codeine phosphate 2 MG/ML / guaifenesin 20 MG/ML Oral Solution",
    ndc11="00603107558",
    ingredients=(
        Ingredient(name="codeine", strength=Decimal("2"), unit="mg/mL"),
        Ingredient(name="guaifenesin", strength=Decimal("20"), unit="mg/mL"),
    ),
    schedule=Schedule.CV,
)
_REFILL = a_dispensation(
    rx_number="7000988",
    written=date(2026, 3, 2),
    filled=date(2026, 4, 1),
    sold=None,
    fill_number=1,
    refills_authorised=3,
    quantity=Decimal("118.5"),
    unit=QuantityUnit.MILLILITRE,
    days_supply=6,
    payment="01",
    treatment_type=None,
    diagnosis=None,
    drug=_SYRUP,
    dispenser=a_dispenser(name="Thistledown Family Practice", ncpdp_id=None, kind=PartyKind.PRACTITIONER),
)
_HISTORY = (a_dispensation(), _REFILL)
_ANIMAL = a_dispensation(
    drug=a_drug(
        name="phenobarbital 16.2 MG Oral Tablet", ndc11="00603516521", ingredients=(), schedule=Schedule.CIV
    ),
    prescriber=a_prescriber(
        npi=None, kind=PartyKind.VETERINARY, licence=Licence(number="VET.0077", state="CT")
    ),
    person=a_person(
        names=(PersonName(family="Quillfeather", given=("Biscuit",)),),
        species=Species.VETERINARY,
        birth_date=date(2019, 6, 1),
        sex=Sex.MALE,
    ),
    diagnosis=None,
    treatment_type=None,
)
_SENTENCE = "More than one person in the record fits the request; no history is shown."

ANSWERS: dict[str, Answer] = {
    "complete": an_answer(
        dispensations=_HISTORY,
        analysis=Analyst(version="cdc-2022", thresholds=THRESHOLDS)(_HISTORY, as_of=a_dispensation().filled),
    ),
    "no-data": an_answer(outcome=Outcome.NO_DATA),
    "ambiguous": an_answer(
        outcome=Outcome.AMBIGUOUS,
        match=MatchEvidence(score=12.5, candidates=2, deciding=("middle name", "address")),
        detail=f"{_SENTENCE} Send middle name, address to tell them apart.",
    ),
    "disallowed": an_answer(outcome=Outcome.DISALLOWED, detail="The role is not one that may see a history."),
    "partial": an_answer(
        outcome=Outcome.PARTIAL,
        states=(
            StateOutcome(state="CT", outcome=Outcome.COMPLETE),
            StateOutcome(state="MA", outcome=Outcome.ERROR, detail="MA has not answered."),
        ),
    ),
    "deferred": an_answer(outcome=Outcome.DEFERRED, retry_after=120),
    "error": an_answer(outcome=Outcome.ERROR, detail="The record cannot be read now.", retry_after=30),
    "veterinary": an_answer(dispensations=(_ANIMAL,)),
}


def _a_receipt(verdict: IntakeVerdict, *issues: IntakeIssue) -> IntakeReceipt:
    recorded = None if verdict is IntakeVerdict.REJECTED else a_dispensation()
    result = IntakeResult(path="RxFill", verdict=verdict, dispensation=recorded, issues=issues)
    return IntakeReceipt(results=(result,))


_DUPLICATE = IntakeIssue(
    path="RxFill", code=IssueCode.DUPLICATE, message="Recorded already with other content.", is_error=True
)

RECEIPTS: dict[str, IntakeReceipt] = {
    "rxfill-dispensed": _a_receipt(IntakeVerdict.CREATED),
    "rxfill-partial": _a_receipt(IntakeVerdict.CREATED),
    "rxfill-not-dispensed": _a_receipt(IntakeVerdict.VOIDED),
    "rxfill-verify": _a_receipt(IntakeVerdict.UNCHANGED),
    "rxfill-changed": _a_receipt(IntakeVerdict.REJECTED, _DUPLICATE),
    "rxfill-veterinary": _a_receipt(IntakeVerdict.CREATED),
}


def case_of(request: Path) -> str:
    """The name of the case."""
    return request.name.removesuffix(".request.xml")


def answered(request: Path) -> Outbound:
    """The adapter's answer to a request: the case's, or an error where the request is refused."""
    message, case = inbound(request.read_bytes()), case_of(request)
    try:
        ADAPTER.read(message)
        return ADAPTER.write({**ANSWERS, **RECEIPTS}[case], message)
    except GatewayError as error:
        return ADAPTER.write_error(error, message)


def comparable(document: bytes) -> str:
    """The document without layout, the release of the software, and the id of an error or a receipt, which is made
    anew."""
    root = etree.fromstring(document)
    passing = root.findall(".//{*}SenderSoftwareVersionRelease")
    is_receipt = (root.findtext(".//{*}RelatesToMessageID") or "").startswith("FILL")
    if is_receipt or root.find(".//{*}Error") is not None:
        passing += root.findall(".//{*}MessageID")
    for element in passing:
        element.text = "-"
    return etree.canonicalize(etree.tostring(root).decode(), strip_text=True)


def _write() -> None:
    for request in sorted(FOLDER.glob("*/*.request.xml")):
        root = etree.fromstring(answered(request).body)
        etree.indent(root)
        answer = request.with_name(request.name.replace(".request.", ".answer."))
        answer.write_bytes(etree.tostring(root, xml_declaration=True, encoding="UTF-8") + b"\n")


if __name__ == "__main__":
    _write()
