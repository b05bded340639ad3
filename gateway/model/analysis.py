"""What the figures of a history say: equivalents per day of each dispensation, what is not counted, and alerts.

A dispensation is named by its position in `Answer.dispensations`. Every figure names the factors it was made with.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum


class Measure(StrEnum):
    """What a dose is converted to."""

    MME = "mme"  # oral morphine milligram equivalents, of opioids
    LME = "lme"  # oral lorazepam milligram equivalents, of benzodiazepines and sedatives


class NotCountedReason(StrEnum):
    """Why a dispensation has no figure. None of these is zero."""

    UNKNOWN_DRUG = "unknown-drug"  # it may be an opioid or a sedative: nothing tells
    UNKNOWN_INGREDIENT = "unknown-ingredient"  # it is one, and its ingredients are not known by name
    UNKNOWN_STRENGTH = "unknown-strength"
    UNKNOWN_FORM = "unknown-form"  # neither dose form nor route is known, or they are not understood
    NO_FACTOR = "no-factor"  # the factor set has none for this ingredient in this form
    PARTIAL_AGONIST = "partial-agonist"  # buprenorphine: left out of the factors on purpose
    DEPENDENCE_TREATMENT = (
        "dependence-treatment"  # methadone of a treatment programme: no factor is meant for it
    )
    UNIT_MISMATCH = "unit-mismatch"  # the quantity does not count what the strength is of
    NO_DAYS_SUPPLY = "no-days-supply"
    NO_QUANTITY = "no-quantity"
    COMPOUND = "compound"  # what a compounded drug holds of each part is not known
    VETERINARY = "veterinary"  # the factors are for humans


class AlertCategory(StrEnum):
    """PMIX patient alert categories, as far as a history alone can tell."""

    MULTIPLE_PROVIDERS = "multiple-providers"
    OVERLAP = "overlap"
    MME = "mme"


class AlertSeverity(StrEnum):
    """How serious what was detected may be."""

    HIGH = "high"
    MODERATE = "moderate"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class FactorSet:
    """The factors that a measure was made with. `name` has their version; `source` is who published them."""

    measure: Measure
    name: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotCounted:
    """A dispensation that a measure does not count, and why."""

    dispensation: int
    measure: Measure
    reason: NotCountedReason


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertFact:
    """One number or date behind an alert, in words that its formula uses."""

    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """Something in the history that reaches a threshold.

    `formula` is what was reckoned and compared, `facts` the numbers and dates in it, `dispensations` those that
    brought it about. `detail` is a sentence for the reader, without patient data.
    """

    category: AlertCategory
    severity: AlertSeverity
    detail: str
    formula: str
    facts: tuple[AlertFact, ...] = ()
    dispensations: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """Figures of one answer's dispensations, and of no others: who asks for a short period sees a short one's.

    `mme` and `lme` have an item for each dispensation, in their order: milligrams a day over its days supply, to two
    decimals; None where there is no figure. Where one would be expected, `not_counted` says why there is none.
    `active_mme` and `active_lme` are the sums over what covers `as_of`; what is not counted is not in them.
    """

    as_of: date
    factor_sets: tuple[FactorSet, ...] = ()
    mme: tuple[Decimal | None, ...] = ()
    lme: tuple[Decimal | None, ...] = ()
    active_mme: Decimal = Decimal(0)
    active_lme: Decimal = Decimal(0)
    not_counted: tuple[NotCounted, ...] = ()
    alerts: tuple[Alert, ...] = ()
