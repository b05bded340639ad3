"""The canonical model: frozen, slotted dataclasses and closed vocabularies. No input or output, no wire code.

Every adapter translates into these types and out of them; nothing else crosses the line between the core and
an adapter. Quantities and strengths are `Decimal`, dates are dates, instants are aware datetimes in UTC.
"""

from gateway.model.codes import (
    DispensationStatus,
    DrugClass,
    IdentifierKind,
    IntakeAction,
    IntakeVerdict,
    IssueCode,
    NameUse,
    Outcome,
    PartyKind,
    Purpose,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
)
from gateway.model.dispensation import CompoundPart, Dispensation, Drug, Ingredient
from gateway.model.intake import (
    IntakeBatch,
    IntakeIssue,
    IntakeReceipt,
    IntakeRecord,
    IntakeResult,
    Reported,
    ZeroReport,
)
from gateway.model.link import AppearanceHeld, Link, LinkAction, Move, PersonHeld
from gateway.model.lookup import (
    Answer,
    FieldEvidence,
    LookupRequest,
    MatchEvidence,
    Period,
    StateOutcome,
)
from gateway.model.parties import Dispenser, Licence, Organisation, Practitioner, Prescriber, Requester
from gateway.model.person import Address, Identifier, Person, PersonName
from gateway.model.products import ListedProduct, ProductCode, ProductList
from gateway.model.reporting import CoveredDays, ExpectedDispenser, Reporter, ReportingSchedule

__all__ = [
    "Address",
    "Answer",
    "AppearanceHeld",
    "CompoundPart",
    "CoveredDays",
    "Dispensation",
    "DispensationStatus",
    "Dispenser",
    "Drug",
    "DrugClass",
    "ExpectedDispenser",
    "FieldEvidence",
    "Identifier",
    "IdentifierKind",
    "Ingredient",
    "IntakeAction",
    "IntakeBatch",
    "IntakeIssue",
    "IntakeReceipt",
    "IntakeRecord",
    "IntakeResult",
    "IntakeVerdict",
    "IssueCode",
    "Licence",
    "Link",
    "LinkAction",
    "ListedProduct",
    "LookupRequest",
    "MatchEvidence",
    "Move",
    "NameUse",
    "Organisation",
    "Outcome",
    "PartyKind",
    "Period",
    "Person",
    "PersonHeld",
    "PersonName",
    "Practitioner",
    "Prescriber",
    "ProductCode",
    "ProductList",
    "Purpose",
    "QuantityUnit",
    "Reported",
    "Reporter",
    "ReportingSchedule",
    "Requester",
    "Schedule",
    "Sex",
    "Species",
    "StateOutcome",
    "ZeroReport",
]
