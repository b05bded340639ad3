"""The closed vocabularies of the canonical model. No wire code stands here: those are tables in `mappings/`."""

from __future__ import annotations

from enum import StrEnum


class Outcome(StrEnum):
    """How a look-up ended; every format says each member natively."""

    COMPLETE = "complete"
    NO_DATA = "no-data"  # one person or none fits, and nothing is recorded: an answer, not a failure
    AMBIGUOUS = "ambiguous"  # several persons fit: nobody's history leaves
    DISALLOWED = "disallowed"
    PARTIAL = "partial"  # some state that was asked has not answered: `Answer.states` names it
    DEFERRED = "deferred"
    ERROR = "error"


class Sex(StrEnum):
    """Administrative sex as dispensers report it (ASAP PAT19)."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


class Species(StrEnum):
    """ASAP PAT20."""

    HUMAN = "human"
    VETERINARY = "veterinary"


class NameUse(StrEnum):
    """What a name is used for; a dispenser's record has OFFICIAL."""

    OFFICIAL = "official"
    MAIDEN = "maiden"
    OLD = "old"
    NICKNAME = "nickname"


class IdentifierKind(StrEnum):
    """What a person's identifier is. All of them serve matching only and never leave in an answer."""

    SSN = "ssn"
    DRIVER_LICENCE = "driver-licence"
    MEDICAL_RECORD_NUMBER = "medical-record-number"


class Schedule(StrEnum):
    """DEA schedule (21 CFR 1308); NONE for drugs a state monitors without one (gabapentin in Connecticut)."""

    CI = "CI"
    CII = "CII"
    CIII = "CIII"
    CIV = "CIV"
    CV = "CV"
    NONE = "none"


class DrugClass(StrEnum):
    """What the drug is for the purposes of a PMP."""

    OPIOID = "opioid"
    OPIOID_ANTAGONIST = "opioid-antagonist"
    BENZODIAZEPINE = "benzodiazepine"
    STIMULANT = "stimulant"
    SEDATIVE = "sedative"
    MUSCLE_RELAXANT = "muscle-relaxant"
    GABAPENTINOID = "gabapentinoid"
    OTHER = "other"
    UNKNOWN = "unknown"  # the product is not in the drug table


class QuantityUnit(StrEnum):
    """ASAP DSP11: what the dispensed quantity counts."""

    EACH = "each"
    MILLILITRE = "mL"
    GRAM = "g"


class PartyKind(StrEnum):
    """What kind of prescriber or dispenser it is."""

    PHARMACY = "pharmacy"
    PRACTITIONER = "practitioner"
    VETERINARY = "veterinary"
    OPIOID_TREATMENT_PROGRAMME = "otp"


class DispensationStatus(StrEnum):
    """ACTIVE, or VOID when the dispenser withdrew it (ASAP DSP01 = 02)."""

    ACTIVE = "active"
    VOID = "void"


class Purpose(StrEnum):
    """Why a history is looked up (HL7 v3 PurposeOfUse, the part a PMP admits)."""

    TREATMENT = "TREAT"
    PUBLIC_HEALTH = "PUBHLTH"
    OPERATIONS = "HOPERAT"


class IntakeAction(StrEnum):
    """What the sender wants done with a record (ASAP DSP01)."""

    NEW = "new"
    REVISE = "revise"
    VOID = "void"


class IntakeVerdict(StrEnum):
    """What became of one record of a batch."""

    CREATED = "created"
    REVISED = "revised"
    VOIDED = "voided"
    UNCHANGED = "unchanged"  # it was reported before: nothing was written
    REJECTED = "rejected"
    DEFERRED = "deferred"  # nothing was written, for a reason of ours: the same is to be sent again


class IssueCode(StrEnum):
    """What is wrong or odd with a reported record, in one vocabulary for all formats."""

    MISSING = "missing"  # a field that must be there is not
    MALFORMED = "malformed"  # it is there and not of the form it must have
    UNKNOWN_CODE = "unknown-code"  # of the form of a code, and none of the table's
    OUT_OF_RANGE = "out-of-range"  # a number or a date that cannot be
    INCONSISTENT = "inconsistent"  # two fields, or a count and what it counts, contradict each other
    CHECK_DIGIT = "check-digit"  # an identifier fails its check digit
    UNKNOWN_DRUG = "unknown-drug"  # the product is not in the drug table
    NOT_IDENTIFIED = "not-identified"  # patient or dispenser cannot be identified by what was sent
    NO_ORIGINAL = "no-original"  # a revision or void of a fill that is not recorded
    DUPLICATE = "duplicate"  # the fill is recorded already, with other content
    SUPERSEDED = "superseded"  # it was reported before and the record has been revised or voided since
    CONFLICT = "conflict"  # the record has changed since the sender has seen it
    PRECONDITION = "precondition"  # what the sender made it depend on cannot be decided
    PRESENT = (
        "present"  # the fill is recorded already, with other content, and that is what the sender asked for
    )
    UNSUPPORTED = "unsupported"  # the format allows it and the gateway does not take it
    WITHHELD = "withheld"  # nothing is wrong with it, but another record of a transaction was rejected
    UNAVAILABLE = "unavailable"  # for now it cannot be recorded
