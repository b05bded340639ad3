"""Wire -> canonical: what is asked of each operation.

pdmp-history       Parameters                      -> LookupRequest by demographics
process-message    Bundle of type message          -> LookupRequest by demographics
create             MedicationDispense              -> IntakeBatch of one record
search, read       the URL                         -> LookupRequest by person key, by dispensation id
"""

from __future__ import annotations

from datetime import UTC, date

from fhir.resources.R4B.medicationdispense import MedicationDispense
from pydantic import ValidationError

from adapters.fhir.media import require_json_answer, require_json_body
from adapters.fhir.outcomes import Fault, InvalidResource
from adapters.fhir.patients import read_owner, read_patient, require_kind
from adapters.fhir.read_dispensation import DispensationReader, supporting
from adapters.fhir.read_request import Index, read_message, read_parameters
from adapters.fhir.read_search import ID, read_search
from adapters.fhir.tree import Node, parse
from gateway.errors import ErrorCode, MessageError, NotFound
from gateway.model import Dispensation, IntakeBatch, IntakeRecord, LookupRequest, Person, Requester
from gateway.ports import Asked, Inbound

_MAX_FAULTS = 20


def read(message: Inbound) -> Asked:
    """What the message asks.

    :raises MessageError: with the FHIRPath, the header or the parameter of what is wrong.
    """
    require_json_answer(message)
    match message.operation:
        case "search":
            return read_search(message)
        case "read":
            return _read_one(message)
        case "create":
            require_json_body(message)
            return _read_reported(message)
        case "process-message":
            require_json_body(message)
            return _read_message(message)
        case _:
            require_json_body(message)
            return read_parameters(parse(message.body), today=_day_of(message))


def request_message_id(message: Inbound) -> str:
    """`MessageHeader.id` of a request message that has been read before."""
    return read_message(_message_bundle(parse(message.body))).id


def _read_message(message: Inbound) -> LookupRequest:
    if message.query.get("async", ("false",))[-1] != "false":
        raise MessageError(
            "A message is answered at once, not later.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path="async",
            remedy="Send the message without async.",
        )
    id, parameters, entries, header = read_message(_message_bundle(parse(message.body)))
    return read_parameters(parameters, today=_day_of(message), entries=entries, header=header, message_id=id)


def _day_of(message: Inbound) -> date:
    return message.received_at.astimezone(UTC).date()


def _message_bundle(node: Node) -> Node:
    """The Bundle, sent as the body or as the parameter `content` of a Parameters (FHIR R4, $process-message)."""
    if node.kind != "Parameters":
        return node
    content = next((p for p in node.items("parameter") if p.text("name") == "content"), None)
    if content is None:
        raise MessageError(
            "The body is no message.",
            path="Parameters.parameter",
            remedy="Send the Bundle itself, or as the resource of a parameter named content.",
        )
    return content.need("resource")


def _read_one(message: Inbound) -> LookupRequest:
    id = message.arguments["id"]
    if not ID.fullmatch(id):
        raise NotFound("There is no such MedicationDispense.")
    return LookupRequest(person=None, dispensation_id=id, requester=Requester())


# --- intake ---------------------------------------------------------------------------------------------------


def _read_reported(message: Inbound) -> IntakeBatch:
    node = require_kind(parse(message.body), "MedicationDispense")
    if "if-none-exist" in message.headers:
        raise MessageError(
            "A conditional create is not offered.",
            code=ErrorCode.UNKNOWN_OPERATION,
            path="If-None-Exist",
            remedy="Send the resource without If-None-Exist: a dispensation that is recorded is not recorded again.",
        )
    _validate(node)
    return IntakeBatch(records=(IntakeRecord(dispensation=_reported(node), path=node.path),))


def _validate(node: Node) -> None:
    """The whole resource against FHIR R4, because it is kept."""
    try:
        MedicationDispense.model_validate(node.value)
    except ValidationError as error:
        faults = [_fault(node, fault["loc"], fault["type"]) for fault in error.errors(include_input=False)]
        raise InvalidResource(list(dict.fromkeys(faults))[:_MAX_FAULTS]) from None
    except Exception:
        # The library meets a contained resource of an unknown type with a KeyError, other oddities with others.
        unknown = Fault(ErrorCode.INVALID, node.path, "The resource is not one that FHIR R4 defines.")
        raise InvalidResource([unknown]) from None


def _fault(node: Node, location: tuple[str | int, ...], kind: str) -> Fault:
    """A fault in words of our own: the library's own words may quote what was sent."""
    steps = [step for step in location if step not in {"root", "resource_type"}]
    is_unknown = kind == "extra_forbidden"
    path = node.path + "".join(
        f"[{step}]" if isinstance(step, int) else f".{step}" for step in (steps[:-1] if is_unknown else steps)
    )
    name = next((step for step in reversed(steps) if isinstance(step, str)), "The resource")
    if is_unknown:
        return Fault(ErrorCode.INVALID, path, "The element has a member that FHIR R4 does not know.")
    if kind.endswith("missing"):
        return Fault(ErrorCode.REQUIRED, path, f"{name} is missing.")
    return Fault(ErrorCode.INVALID, path, f"{name} is not what FHIR R4 allows there.")


def _reported(node: Node) -> Dispensation:
    contained = Index(
        (f"#{id}", item) for item in node.items("contained") if isinstance(id := item.get_value("id"), str)
    )
    _require_completed(node)
    for name in ("performer", "authorizingPrescription"):
        if sum(1 for _ in node.items(name)) > 1:
            raise node.need(name).invalid("one", f"Send one {name}.")
    reader = DispensationReader(contained.resolve, strict=True)
    return reader.read(node, _reported_person(node, contained))


def _require_completed(node: Node) -> None:
    if node.need_text("status") != "completed":
        raise node.need("status").invalid(
            "completed", "Report what was handed over, with status completed; others are not recorded."
        )


def _reported_person(node: Node, contained: Index) -> Person:
    subject = node.need("subject")
    reference = subject.text("reference")
    patient = contained.resolve(reference) if reference is not None else None
    if patient is None or patient.kind != "Patient":
        raise MessageError(
            "subject does not lead to a contained Patient.",
            code=ErrorCode.REQUIRED,
            path=subject.path,
            remedy="Send the patient's demographics as a contained Patient and refer to it as #id.",
        )
    owners = [read_owner(r) for r in supporting(node, contained.resolve) if r.kind == "RelatedPerson"]
    return read_patient(patient, owner=owners[0] if owners else None)
