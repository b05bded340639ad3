"""MedicationDispense -> IntakeRecord: what a pharmacy reports, by itself, in a Bundle or on a line of a file.

    status completed, created              a new dispensation
    status completed, updated by its id    a revision
    status entered-in-error                a void: of the same fill, or by its id

Anything else that FHIR knows of a dispensation (prepared, cancelled, declined) was not handed over.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from adapters.fhir import uris
from adapters.fhir.patients import read_owner, read_patient, require_kind
from adapters.fhir.read_dispensation import DispensationReader, supporting
from adapters.fhir.references import Index, References
from adapters.fhir.tree import Contents, Node
from adapters.fhir.validation import validate
from gateway.errors import ErrorCode, MessageError
from gateway.model import Dispensation, IntakeAction, IntakeRecord, Person, Unless

KIND: Final = "MedicationDispense"
_WITHDRAWN: Final = "entered-in-error"
_ETAG = re.compile(r'(?:W/)?"([^"]*)"')
_NEVER: Final = 0
"""The revision that no dispensation has: they begin with 1."""


class Reports:
    """Reads the reports of one message; what they share is read once.

    :param beside: the resources of the message to which a dispensation may refer, next to those that it contains;
        None for one that is by itself.
    """

    def __init__(self, beside: Index | None = None) -> None:
        self._contents = Contents()
        self._resolve = References(beside).resolve
        self._whole = beside is not None
        self._reader = DispensationReader(
            self._resolve, strict=True, whole=self._whole, contents=self._contents
        )

    def require(self, node: Node) -> Node:
        """As :func:`require_report`; what the reports share is held against FHIR once."""
        return require_report(node, self._contents)

    def created(
        self, node: Node, path: str | None = None, *, unless: Callable[[Dispensation], Unless] | None = None
    ) -> IntakeRecord:
        """The report of a MedicationDispense that is to be created.

        :param path: of the record, where it is not the resource's own.
        :param unless: reads the condition that came with it.
        :raises MessageError: naming the element.
        """
        path = path or node.path
        if is_withdrawn(node):
            if unless is not None:
                raise node.need("status").invalid("completed", "Withdraw a dispensation without a condition.")
            return IntakeRecord(
                path=path, dispensation=self._reader.read_fill(node), action=IntakeAction.VOID
            )
        dispensation = self._reader.read(node, self._person(node))
        return IntakeRecord(
            path=path, dispensation=dispensation, unless=unless(dispensation) if unless is not None else None
        )

    def updated(self, node: Node, id: str, expected_revision: int | None) -> IntakeRecord:
        """The report of a MedicationDispense that is to become the next revision of the one with that id.

        :param expected_revision: see :func:`revision_of`.
        :raises MessageError: naming the element.
        """
        if node.need_text("id") != id:
            raise node.need("id").invalid(
                "the id of the URL", "Send the same id in the URL and in the resource."
            )
        if is_withdrawn(node):
            action, dispensation = IntakeAction.VOID, self._reader.read_fill(node)
        else:
            recorded = _as_recorded(node) if self._resolve(node.need("subject")) is None else None
            person = recorded or self._person(node)
            action, dispensation = IntakeAction.REVISE, self._reader.read(node, person)
        return IntakeRecord(
            path=node.path,
            dispensation=dispensation,
            action=action,
            original=id,
            expected_revision=expected_revision,
        )

    def _person(self, node: Node) -> Person:
        subject = node.need("subject")
        patient = self._resolve(subject)
        if patient is None or patient.kind != "Patient":
            where = "a Patient of the Bundle, or to a contained one" if self._whole else "a contained Patient"
            raise MessageError(
                f"subject does not lead to {where}.",
                code=ErrorCode.REQUIRED,
                path=subject.path,
                remedy="Send the patient's demographics along and refer to them.",
            )
        owners = [read_owner(r) for r in supporting(node, self._resolve) if r.kind == "RelatedPerson"]
        return read_patient(patient, owner=owners[0] if owners else None)


def revision_of(etag: str | None, path: str) -> int | None:
    """The revision that an If-Match names (FHIR R4 "http", managing resource contention); None when any will do.

    :param path: of the header or the element, for an error.
    :raises MessageError: it is not one ETag.
    """
    if etag is None or etag.strip() == "*":
        return None
    match = _ETAG.fullmatch(etag.strip())
    if match is None:
        raise MessageError(
            "The ETag is not one of this server.", path=path, remedy='Send the ETag of an answer: W/"1".'
        )
    version = match[1]
    return int(version) if version.isascii() and version.isdecimal() and len(version) < 10 else _NEVER


def require_report(node: Node, contents: Contents | None = None) -> Node:
    """The MedicationDispense itself, valid as a whole.

    :param contents: as :func:`validate` has it.
    :raises MessageError: it is another resource, not valid FHIR R4, or was not handed over.
    """
    require_kind(node, KIND)
    validate(node, contents)
    if node.need_text("status") not in {"completed", _WITHDRAWN}:
        raise node.need("status").invalid(
            f"completed or {_WITHDRAWN}",
            f"Report what was handed over, with status completed, or {_WITHDRAWN} to withdraw it.",
        )
    for name in ("performer", "authorizingPrescription"):
        if sum(1 for _ in node.items(name)) > 1:
            raise node.need(name).invalid("one", f"Send one {name}.")
    return node


def is_withdrawn(node: Node) -> bool:
    """True for a report that a dispensation was none."""
    return node.text("status") == _WITHDRAWN


def _as_recorded(node: Node) -> Person | None:
    """The patient as a read of the dispensation names it: by its key and no more. None when it is told otherwise."""
    subject = node.need("subject")
    reference = subject.text("reference")
    key = subject.get("identifier")
    if key is None or key.text("system") != uris.PERSON or reference != f"Patient/{key.text('value')}":
        return None
    return Person(key=key.text("value"))
