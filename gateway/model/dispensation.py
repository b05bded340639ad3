"""What was dispensed: the drug, and the dispensation that the whole record is made of."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from gateway.model.codes import DispensationStatus, DrugClass, QuantityUnit, Schedule
from gateway.model.making import made_quickly
from gateway.model.parties import Dispenser, Prescriber
from gateway.model.person import Person


@dataclass(frozen=True, slots=True, kw_only=True)
class Ingredient:
    """An active ingredient; `strength` is per dose unit (tablet, mL, patch) in `unit` (mg, mcg, mcg/h, mg/mL)."""

    name: str
    strength: Decimal | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Drug:
    """A drug product. A product that is not in the drug table keeps what was sent and has class UNKNOWN."""

    name: str | None = None
    ndc11: str | None = None
    rxcui: str | None = None
    ingredients: tuple[Ingredient, ...] = ()
    dose_form: str | None = None
    route: str | None = None
    schedule: Schedule | None = None  # None: not known
    drug_class: DrugClass = DrugClass.UNKNOWN


@dataclass(frozen=True, slots=True, kw_only=True)
class CompoundPart:
    """One ingredient of a compounded drug (ASAP segment CDI)."""

    sequence: int
    ndc11: str | None
    quantity: Decimal
    unit: QuantityUnit


@made_quickly
@dataclass(frozen=True, slots=True, kw_only=True)
class Dispensation:
    """One fill of one prescription.

    Codes that PMIX and ASAP share are kept as those two-digit codes: `payment` (ASAP DSP16), `rx_origin`
    (DSP12), `treatment_type` (DSP24). `person` is the appearance that this dispenser reported.
    """

    id: str | None = None  # the gateway's; stable over revisions, opaque
    rx_number: str
    written: date | None
    filled: date
    sold: date | None = None
    fill_number: int = 0  # 0 is the first fill
    refills_authorised: int | None = None
    quantity: Decimal
    unit: QuantityUnit = QuantityUnit.EACH
    days_supply: int
    partial_fill: int = 0  # 0: not partial; n: the n-th part of this fill
    payment: str | None = None
    rx_origin: str | None = None
    treatment_type: str | None = None
    diagnosis: str | None = None  # ICD-10-CM
    compound: tuple[CompoundPart, ...] = ()
    drug: Drug
    prescriber: Prescriber
    dispenser: Dispenser
    person: Person
    source_state: str | None = None  # two letters; set by the store that holds it
    reported_at: datetime | None = None  # UTC
    revision: int = 0
    status: DispensationStatus = DispensationStatus.ACTIVE
