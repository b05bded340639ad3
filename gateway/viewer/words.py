"""Facts of an answer in words for a person: the filters of the templates, which escape what comes out of here."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from gateway.model import (
    Address,
    Alert,
    Dispensation,
    Dispenser,
    Drug,
    DrugClass,
    FieldEvidence,
    Ingredient,
    Licence,
    Measure,
    NameUse,
    NotCountedReason,
    Organisation,
    PartyKind,
    Person,
    PersonName,
    Practitioner,
    Prescriber,
    Purpose,
)
from gateway.terminology import codes

NOT_REPORTED: Final = "not reported"

MEASURES: Final[Mapping[Measure, str]] = {Measure.MME: "MME", Measure.LME: "LME"}

REASONS: Final[Mapping[NotCountedReason, str]] = {
    NotCountedReason.UNKNOWN_DRUG: "the drug is not known",
    NotCountedReason.UNKNOWN_INGREDIENT: "its ingredients are not known",
    NotCountedReason.UNKNOWN_STRENGTH: "its strength is not known",
    NotCountedReason.UNKNOWN_FORM: "its form and route are not known",
    NotCountedReason.NO_FACTOR: "there is no factor for it",
    NotCountedReason.PARTIAL_AGONIST: "buprenorphine is a partial agonist and has no factor",
    NotCountedReason.DEPENDENCE_TREATMENT: "it treats opioid dependence, for which no factor is meant",
    NotCountedReason.UNIT_MISMATCH: "the quantity does not count what the strength is of",
    NotCountedReason.NO_DAYS_SUPPLY: "no days supply was reported",
    NotCountedReason.NO_QUANTITY: "no quantity was reported",
    NotCountedReason.COMPOUND: "how much of each part a compounded drug holds is not known",
    NotCountedReason.VETERINARY: "the factors are for humans",
}
"""Why a dispensation has no figure; none of these is zero."""

KINDS: Final[Mapping[PartyKind, str]] = {
    PartyKind.PHARMACY: "pharmacy",
    PartyKind.PRACTITIONER: "practitioner",
    PartyKind.VETERINARY: "veterinary",
    PartyKind.OPIOID_TREATMENT_PROGRAMME: "opioid treatment program",
}

PURPOSES: Final[Mapping[Purpose, str]] = {
    Purpose.TREATMENT: "treatment",
    Purpose.PUBLIC_HEALTH: "public health",
    Purpose.OPERATIONS: "health care operations",
}


def _name(name: PersonName | None) -> str:
    if name is None:
        return NOT_REPORTED
    return " ".join(filter(None, (name.prefix, *name.given, name.family, name.suffix)))


def _who(person: Person) -> str:
    uses = (("" if n.use is NameUse.OFFICIAL else f" ({n.use})") for n in person.names)
    return "; ".join(f"{_name(name)}{use}" for name, use in zip(person.names, uses, strict=True))


def _address(address: Address | None) -> str:
    if address is None:
        return NOT_REPORTED
    region = " ".join(filter(None, (address.state, address.postal_code)))
    return ", ".join(filter(None, (*address.lines, address.city, region, address.country))) or NOT_REPORTED


def _licence(licence: Licence | None) -> str:
    if licence is None:
        return ""
    return f"license {licence.number}" + (f" of {licence.state}" if licence.state else "")


def _ids(party: Prescriber | Dispenser | Practitioner | Organisation) -> str:
    """Every identifier that the party was reported with."""
    found = [f"NPI {party.npi}" if party.npi else ""]
    if party.dea:
        suffix = getattr(party, "dea_suffix", None)
        found.append(f"DEA {party.dea}" + (f"-{suffix}" if suffix else ""))
    ncpdp_id = getattr(party, "ncpdp_id", None)
    found.append(f"NCPDP {ncpdp_id}" if ncpdp_id else "")
    found.append(_licence(getattr(party, "licence", None)))
    return ", ".join(filter(None, found))


def _drug(drug: Drug) -> str:
    if drug.name:
        return drug.name
    if drug.ingredients:
        return " / ".join(i.name for i in drug.ingredients)
    return f"NDC {drug.ndc11}" if drug.ndc11 else NOT_REPORTED


def _drug_facts(drug: Drug) -> list[str]:
    """What else is known of the product, a line each."""
    lines = [
        ", ".join(_ingredient(i) for i in drug.ingredients),
        ", ".join(filter(None, (drug.dose_form, drug.route))),
        _word(drug.schedule, "schedule") if drug.schedule else "schedule not known",
        "not in the drug table" if drug.drug_class is DrugClass.UNKNOWN else _spaced(drug.drug_class),
        ", ".join(_codes(drug)),
    ]
    return [line for line in lines if line]


def _codes(drug: Drug) -> Iterable[str]:
    if drug.ndc11:
        yield f"NDC {drug.ndc11}"
    if drug.rxcui:
        yield f"RxNorm {drug.rxcui}"


def _ingredient(one: Ingredient) -> str:
    strength = f"{_number(one.strength)} {one.unit or ''}".strip() if one.strength is not None else ""
    return f"{one.name} {strength or '(strength not known)'}"


def _number(value: Decimal) -> str:
    """With its digits: 10.50 is not 10.5."""
    return f"{value:f}"


def _instant(value: datetime) -> str:
    return f"{value:%Y-%m-%d %H:%M} UTC"


def _fill(dispensation: Dispensation) -> str:
    part = f", part {dispensation.partial_fill}" if dispensation.partial_fill else ""
    which = "first fill" if dispensation.fill_number == 0 else f"refill {dispensation.fill_number}"
    return f"{dispensation.fill_number} ({which}{part})"


def _prescription_facts(one: Dispensation) -> list[str]:
    """What was reported of the prescription beside its number, a line each."""
    refills = one.refills_authorised
    coded = ((one.rx_origin, "rx-origin"), (one.treatment_type, "treatment-type"))
    lines = [
        f"written {one.written}" if one.written else "",
        f"{refills} refill{'' if refills == 1 else 's'} authorized" if refills is not None else "",
        *(_word(code, table) for code, table in coded if code),
        f"diagnosis {one.diagnosis}" if one.diagnosis else "",
    ]
    return [line for line in lines if line]


def _spaced(value: str) -> str:
    return value.replace("_", " ").replace("-", " ")


def _evidence(field: FieldEvidence) -> str:
    return f"{_spaced(field.field)}: {_spaced(field.level)} ({field.weight:+.1f})"


def _word(value: str, table: str) -> str:
    """The words of a code; a code that the table lacks stands as it came."""
    return codes(table).display(value)


def _numbers(alert: Alert) -> str:
    """The dispensations of an alert by the numbers that they have on the page."""
    return ", ".join(str(n + 1) for n in alert.dispensations)


FILTERS: Final[Mapping[str, Callable[..., Any]]] = {
    "name": _name,
    "who": _who,
    "address": _address,
    "ids": _ids,
    "drug": _drug,
    "drug_facts": _drug_facts,
    "number": _number,
    "instant": _instant,
    "fill": _fill,
    "prescription_facts": _prescription_facts,
    "spaced": _spaced,
    "evidence": _evidence,
    "word": _word,
    "numbers": _numbers,
    "measure": MEASURES.__getitem__,
    "reason": REASONS.__getitem__,
    "kind": KINDS.__getitem__,
    "purpose": PURPOSES.__getitem__,
}
"""By the names that the templates use."""
