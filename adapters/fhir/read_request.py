"""Parameters of `$pdmp-history` -> LookupRequest, posted as they are or in a request message.

Each parameter is read from its `resource` (all examples of the IG) or from a `valueReference` (its profiles) to a
resource elsewhere in the message. Source: US PDMP IG 1.0.0, OperationDefinition pdmp-history.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Final, NamedTuple, TypeVar

from adapters.fhir import uris
from adapters.fhir.datatypes import read_addresses
from adapters.fhir.later import staging
from adapters.fhir.parties import read_organisation, read_practitioner
from adapters.fhir.patients import read_owner, read_patient, require_kind
from adapters.fhir.references import Index
from adapters.fhir.tree import Node, days_of
from gateway.errors import ErrorCode, MessageError
from gateway.model import LookupRequest, Organisation, Period, Person, Practitioner, Requester

Party = TypeVar("Party", Practitioner, Organisation)

KINDS: Final = {
    "patient": "Patient",
    "animal-owner": "RelatedPerson",
    "authorized-practitioner": "Practitioner",
    "authorized-practitioner-role": "PractitionerRole",
    "authorized-practitioner-organization": "Organization",
    "delegate-practitioner": "Practitioner",
    "delegate-practitioner-role": "PractitionerRole",
    "delegate-organization": "Organization",
}
"""The parameters that are resources, and of which kind."""


class Message(NamedTuple):
    """A request message taken apart."""

    id: str
    parameters: Node
    entries: Index
    header: Node


# --- the operation --------------------------------------------------------------------------------------------


def read_parameters(
    node: Node,
    *,
    today: date,
    entries: Index | None = None,
    header: Node | None = None,
    message_id: str | None = None,
) -> LookupRequest:
    """The request in a Parameters resource.

    :param today: no date of birth may lie after it (one day is granted for time zones).
    :param entries: the resources around it, when it came in a message.
    :param header: the MessageHeader of that message, which may say the period.
    :raises MessageError: naming the element that is missing or cannot be.
    """
    require_kind(node, "Parameters")
    given = _by_name(node)
    resources = _Resources(node, given, entries)
    patient = resources.find("patient")
    if patient is None:
        raise MessageError(
            "The parameter patient is missing.",
            code=ErrorCode.REQUIRED,
            path="Parameters.parameter" if node.path == "Parameters" else f"{node.path}.parameter",
            remedy="Send a parameter named patient with a Patient as its resource.",
        )
    owner = resources.find("animal-owner")
    stage_only, key = staging(given)
    return LookupRequest(
        person=_read_person(patient, owner, today),
        requester=_read_requester(resources),
        period=_read_period(node, header),
        message_id=message_id,
        stage_only=stage_only,
        retrieval_key=key,
    )


class _Resources:
    """Finds the resource of a parameter, wherever the message has it."""

    def __init__(self, node: Node, given: dict[str, Node], entries: Index | None) -> None:
        self._node = node
        self._given = given
        self._entries = entries

    def find(self, name: str) -> Node | None:
        """The resource of that parameter; None when the parameter is absent."""
        parameter = self._given.get(name)
        if parameter is None:
            return None
        resource = parameter.get("resource")
        if resource is None:
            resource = self._referred(parameter)
        return require_kind(resource, KINDS[name])

    def _referred(self, parameter: Node) -> Node:
        reference = parameter.get("valueReference")
        if reference is None:
            raise parameter.missing("resource")
        target = reference.need_text("reference")
        found = self._inside().resolve(target) or (self._entries.resolve(target) if self._entries else None)
        if found is None:
            raise reference.need("reference").invalid(
                "a reference to a resource in this message", "Send the resource as the parameter's resource."
            )
        return found

    def _inside(self) -> Index:
        contained = [(f"#{item.get_value('id')}", item) for item in self._node.items("contained")]
        beside = [(None, r) for p in self._given.values() if (r := p.get("resource")) is not None]
        return Index([*contained, *beside])


def _by_name(node: Node) -> dict[str, Node]:
    """The parameters by name; names that are not known are left alone, known ones come once."""
    found: dict[str, Node] = {}
    for parameter in node.items("parameter"):
        name = parameter.text("name")
        if name is None:
            raise parameter.missing("name")
        if name in found and name in KINDS:
            raise MessageError(
                f"The parameter {name} is there twice.", path=parameter.path, remedy="Send it once."
            )
        if name not in found or parameter.get_value("valueBoolean") is True:
            found[name] = parameter
    return found


def _read_person(patient: Node, owner: Node | None, today: date) -> Person:
    person = read_patient(patient, owner=read_owner(owner) if owner is not None else None)
    if person.birth_date is not None and person.birth_date > today + timedelta(days=1):
        raise patient.need("birthDate").invalid("a day that has come", "Send the date of birth, YYYY-MM-DD.")
    return person


def _read_requester(resources: _Resources) -> Requester:
    practitioner = resources.find("authorized-practitioner")
    role = resources.find("authorized-practitioner-role")
    organisation = resources.find("authorized-practitioner-organization")
    delegate = resources.find("delegate-practitioner")
    delegate_role = resources.find("delegate-practitioner-role")
    return Requester(
        practitioner=_told(read_practitioner(practitioner, role)) if practitioner is not None else None,
        organisation=_told(read_organisation(organisation)) if organisation is not None else None,
        delegate=read_practitioner(delegate, delegate_role) if delegate is not None else None,
        state=_read_state(organisation, practitioner),
    )


def _told(party: Party) -> Party | None:
    """None for a party of whom nothing is said: the profile wants one even where nobody is known."""
    return None if party == type(party)() else party


def _read_state(*resources: Node | None) -> str | None:
    """The first two-letter state among the addresses of these resources."""
    addresses = (address for node in resources if node is not None for address in read_addresses(node))
    return next((a.state for a in addresses if a.state is not None and len(a.state) == 2), None)


def _read_period(node: Node, header: Node | None) -> Period:
    """The activity period, wherever a caller puts the extension: on the message header, on the Parameters, or on any
    parameter (the IG allows the first and the last, its mapping tables name the second).

    :raises MessageError: two places say two periods.
    """
    holders = [node, *([header] if header is not None else []), *node.items("parameter")]
    found = {}
    for extension in filter(None, (holder.extension(uris.EXT_PERIOD) for holder in holders)):
        period = extension.need("valuePeriod")
        found[Period(start=_bound(period, "start", 0), end=_bound(period, "end", 1))] = period
    if len(found) > 1:
        raise MessageError(
            "The message says two periods.",
            path=[*found.values()][1].path,
            remedy="Send one activity period.",
        )
    return next(iter(found), Period())


def _bound(period: Node, name: str, which: int) -> date | None:
    text = period.text(name)
    if text is None:
        return None
    days = days_of(text)
    if days is None:
        raise period.need(name).invalid("a date", "Use YYYY-MM-DD, a day that exists.")
    return days[which]


# --- the message ----------------------------------------------------------------------------------------------


def read_message(node: Node) -> Message:
    """The parts of a request message Bundle.

    :raises MessageError: no message, another event, or no Parameters that its focus leads to.
    """
    require_kind(node, "Bundle")
    if node.need_text("type") != "message":
        raise node.need("type").invalid("message", "Send a Bundle of type message.")
    entries = [(entry.text("fullUrl"), entry.need("resource")) for entry in node.items("entry")]
    if not entries:
        raise node.missing("entry", "Send a MessageHeader, then the Parameters.")
    header = require_kind(entries[0][1], "MessageHeader")
    _require_event(header)
    index = Index(entries)
    parameters = _focus(header, index) or _only_parameters(node, entries)
    return Message(_message_id(header), parameters, index, header)


def _message_id(header: Node) -> str:
    """The id that the answer refers to (`MessageHeader.response.identifier`)."""
    id = header.need_text("id")
    if len(id) > 64 or not id.replace("-", "").replace(".", "").isalnum() or not id.isascii():
        raise header.need("id").invalid("an id", "Use up to 64 letters, digits, hyphens and dots.")
    return id


def _require_event(header: Node) -> None:
    coding = header.get("eventCoding")
    event = coding.text("code") if coding is not None else header.text("eventUri")
    if event is None:
        raise header.missing("eventCoding")
    if event != uris.OPERATION_HISTORY:
        raise MessageError(
            "The event of the message is not one that is processed here.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path=f"{header.path}.{'eventCoding' if coding is not None else 'eventUri'}",
            remedy=f"Send the event {uris.OPERATION_HISTORY}.",
        )


def _focus(header: Node, index: Index) -> Node | None:
    focus = header.first("focus")
    reference = focus.text("reference") if focus is not None else None
    found = index.resolve(reference) if reference is not None else None
    return found if found is not None and found.kind == "Parameters" else None


def _only_parameters(node: Node, entries: list[tuple[str | None, Node]]) -> Node:
    """The one Parameters of the Bundle, for a header whose focus cannot be followed."""
    found = [resource for _, resource in entries if resource.kind == "Parameters"]
    if len(found) != 1:
        raise MessageError(
            "The message has no Parameters that MessageHeader.focus leads to.",
            code=ErrorCode.REQUIRED,
            path=f"{node.path}.entry",
            remedy="Send one Parameters and refer to it in MessageHeader.focus.",
        )
    return found[0]
