"""Canonical -> wire: people who were found, as Patient resources.

    patient-read      the Patient
    patient-search    Bundle of type searchset
    match             Bundle of type searchset, with score and grade of each

Links name people by their keys and never repeat what was searched by: a URL is written into logs on its way.
Source: FHIR R4 Patient, `$match`; pdmp-patient (US PDMP IG 1.0.0), which builds on us-core-patient 6.1.0.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final, TypeVar

from adapters.fhir import uris
from adapters.fhir.datatypes import Element, write_address, write_name, write_phone
from adapters.fhir.out import outbound
from adapters.fhir.outcomes import information
from adapters.fhir.patients import write_patient
from adapters.fhir.read_people import read_patient_query
from adapters.fhir.searching import Query
from adapters.fhir.searchset import Page, searchset, turned
from gateway.model import MatchEvidence, NameUse, Person, PersonName, Sex
from gateway.model.people import PeopleFound, PersonFound
from gateway.ports import Inbound, Outbound

T = TypeVar("T", bound=Hashable)

PEOPLE_BITS: Final = 22
"""Before anything is compared, one of some four million (2 to the 22nd) people is the one."""


def write_people(found: PeopleFound, request: Inbound) -> Outbound:
    """The answer to whichever operation asked."""
    return outbound(_WRITERS[request.operation](found, request), request)


def _one(found: PeopleFound, request: Inbound) -> Element:
    return _patient(found.people[0], found)


# --- search -----------------------------------------------------------------------------------------------------


def _searchset(found: PeopleFound, request: Inbound) -> Element:
    query = read_patient_query(request)
    people = {one.earlier_key or one.key: one for one in found.people}
    linked = _by_keys(query, people)
    here, token = turned(linked, people.values(), lambda one: one.key)
    page = Page([_patient(one, found) for one in here], total=len(people), next=token)
    bundle = searchset(linked, page, request.base_url, at=request.received_at)
    if not people:
        bundle["link"] = [{"relation": "self", "url": f"{request.base_url}/Patient/_search"}]
    return bundle


def _by_keys(query: Query, keys: Iterable[str]) -> Query:
    """The same people searched for by their keys."""
    counted = tuple(one for one in query.used if one[0] in {"_count", "_summary", "_elements", "_total"})
    return replace(query, used=(("_id", ",".join(keys)), *counted))


# --- $match -----------------------------------------------------------------------------------------------------


def _matches(found: PeopleFound, request: Inbound) -> Element:
    entries: list[Element] = [
        {
            "fullUrl": f"{request.base_url}/Patient/{one.key}",
            "resource": _patient(one, found),
            "search": _graded(one),
        }
        for one in found.people
    ]
    if found.detail is not None:
        entries.append({"resource": information([found.detail]), "search": {"mode": "outcome"}})
    return {
        "resourceType": "Bundle",
        "type": "searchset",
        "timestamp": request.received_at,
        "total": len(found.people),
        **({"entry": entries} if entries else {}),
    }


def _graded(one: PersonFound) -> Element:
    extensions: list[Element] = []
    if one.grade is not None:
        extensions.append({"url": uris.EXT_MATCH_GRADE, "valueCode": one.grade.value})
    if one.evidence is None:
        return {"extension": extensions, "mode": "match"}
    extensions += [
        {
            "url": uris.EXT_AGREEMENT,
            "extension": [
                {"url": "field", "valueString": field.field},
                {"url": "level", "valueString": field.level},
                {"url": "weight", "valueDecimal": round(field.weight, 2)},
            ],
        }
        for field in one.evidence.fields
    ]
    return {"extension": extensions, "mode": "match", "score": score(one.evidence)}


def score(evidence: MatchEvidence) -> float:
    """The weights, which are binary logarithms of likelihood ratios, as the probability that this is the one (Bayes),
    from 0 to 1, to four decimals."""
    odds_against: float = 2.0 ** (PEOPLE_BITS - max(-900.0, min(900.0, evidence.score)))
    return round(1 / (1 + odds_against), 4)


# --- the resource -------------------------------------------------------------------------------------------------


def _patient(found: PersonFound, answer: PeopleFound) -> Element:
    """One Patient of all appearances, the last reported first. What the last one has no more is `old`."""
    people = found.appearances
    latest = people[0]
    written: Element = {"resourceType": "Patient", "id": found.key}
    written["meta"] = {"source": f"{uris.STATE}{answer.state}", "profile": [uris.PROFILE_PATIENT]}
    written |= {name: one for name, one in write_patient(_summed_up(found)).items() if name != "resourceType"}
    written["name"] = [
        write_name(one if one in latest.names else _old(one)) for one in _distinct(people, lambda p: p.names)
    ]
    addresses = [
        write_address(one) | ({} if one in latest.addresses else {"use": "old"})
        for one in _distinct(people, lambda p: p.addresses)
    ]
    if addresses:
        written["address"] = addresses
    if latest.owner is not None:
        written["contact"] = [_owner(latest.owner)]
    if found.earlier_key is not None:
        other = {"reference": f"Patient/{found.earlier_key}"}
        written["link"] = [{"other": other, "type": "replaces"}]
    return written


def _summed_up(found: PersonFound) -> Person:
    """The last appearance, with what it lacks from those before."""
    people = found.appearances
    return replace(
        people[0],
        key=found.key,
        birth_date=next((one.birth_date for one in people if one.birth_date), None),
        sex=next((one.sex for one in people if one.sex is not Sex.UNKNOWN), Sex.UNKNOWN),
        phones=_distinct(people, lambda p: p.phones),
        deceased=next((one.deceased for one in people if one.deceased), None),
    )


def _distinct(people: Iterable[Person], of: Callable[[Person], Iterable[T]]) -> tuple[T, ...]:
    return tuple(dict.fromkeys(one for person in people for one in of(person)))


def _old(name: PersonName) -> PersonName:
    return replace(name, use=NameUse.OLD) if name.use is NameUse.OFFICIAL else name


def _owner(owner: Person) -> Element:
    written: Element = {"relationship": [{"text": "owner"}]}
    if owner.names:
        written["name"] = write_name(owner.name)
    if owner.phones:
        written["telecom"] = [write_phone(number) for number in owner.phones]
    if owner.address is not None:
        written["address"] = write_address(owner.address)
    return written


_WRITERS: Final[Mapping[str, Callable[[PeopleFound, Inbound], Any]]] = {
    "patient-read": _one,
    "patient-search": _searchset,
    "match": _matches,
}
"""The writer of the answer to each operation that looks for people."""
