"""Bundle of type transaction or batch -> IntakeBatch.

    POST MedicationDispense, PUT MedicationDispense/ID     a record of the batch
    POST or PUT of what a dispensation refers to           taken along with the dispensations that refer to it
    GET of MedicationDispense or Provenance                a message of its own (bundle_read.py)
    anything else                                          refused by name

A transaction is refused as a whole, with everything that is wrong with it; in a batch each entry is answered by
itself. Source: FHIR R4 "http" (transaction, batch).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from hashlib import sha256
from typing import Final

from adapters.fhir.body import may_have_escapes, may_have_modifiers, unjudged_body_of
from adapters.fhir.bundle_entry import TAKEN_ALONG, Company, Entry, NotReferred
from adapters.fhir.bundle_read import message_of
from adapters.fhir.outcomes import Fault, InvalidResource, faults_of
from adapters.fhir.patients import require_kind
from adapters.fhir.read_report import KIND, Reports
from adapters.fhir.references import Index
from adapters.fhir.tree import Node, refuse_modifiers
from adapters.fhir.validation import validate
from gateway.errors import ErrorCode, MessageError, TooLarge
from gateway.model import IntakeBatch, IntakeRecord
from gateway.ports import Inbound, Parts

MOST_AT_ONCE: Final = 1000
"""Dispensations of a transaction: other writers wait until all of them are on disk."""
MOST_READ: Final = 100
"""Entries that read: each is a look-up of its own."""
MOST_CONDITIONAL: Final = 200
"""Dispensations with `ifNoneExist`, each of which is looked for under a thousand names."""

_TYPES: Final = ("transaction", "batch")
_KEPT: Final = "fhir.bundle"
_MOST_FAULTS: Final = 200  # told of one transaction


def read_bundle(message: Inbound, read: Callable[[Inbound], object]) -> IntakeBatch | Parts:
    """What the entries report and read; of a batch, those that are not refused.

    :param read: of a message by itself, to know before anything is recorded whether it can be read.
    :raises MessageError: the Bundle is no transaction or batch, or is a transaction of which an entry is refused.
    """
    bundle = bundle_of(message)
    records: list[IntakeRecord] = []
    faults: list[Fault] = []
    not_referred: list[Fault] = []
    messages: list[Inbound] = []
    for entry in bundle.entries:
        try:
            if entry.is_read:
                messages.append(_message(bundle, entry, message, read))
                continue
            record = bundle.record(entry)
        except NotReferred as error:
            not_referred += faults_of(error, entry.path)
        except MessageError as error:
            faults += faults_of(error, entry.path)
        else:
            records += filter(None, [record])
    if bundle.is_transaction:
        if faults or not_referred:  # the latter may be due to the former, and may be many
            raise InvalidResource((faults or not_referred)[:_MOST_FAULTS])
        records.sort(key=lambda one: one.original is not None)  # POST before PUT, as the standard wants it
    reported = IntakeBatch(
        records=tuple(records),
        message=f"fhir:{sha256(message.body).hexdigest()}",
        all_or_nothing=bundle.is_transaction,
    )
    if not messages:
        return reported
    return Parts(reported=reported if records else None, messages=tuple(messages))


def _message(
    bundle: ReportBundle, entry: Entry, whole: Inbound, read: Callable[[Inbound], object]
) -> Inbound:
    """The message that a GET is. In a transaction what is wrong with it refuses the whole; in a batch, where each is
    answered by itself, that is found out when it is its turn.

    :raises MessageError: at the entry's URL.
    """
    one = bundle.read(entry, whole)
    if bundle.is_transaction:
        try:
            read(one)
        except MessageError as error:
            raise InvalidResource(
                [Fault(error.code, f"{entry.path}.request.url", str(error), None)]
            ) from None
    return one


def bundle_of(message: Inbound) -> ReportBundle:
    """The Bundle of the message, which its reader and its writer share for as long as the message is there.

    :raises MessageError: as :class:`ReportBundle` has it.
    """
    kept = message.kept.get(_KEPT)
    if isinstance(kept, ReportBundle) and kept.body is message.body:
        return kept
    bundle = message.kept[_KEPT] = ReportBundle(message)
    return bundle


class ReportBundle:
    """The Bundle that a message holds, and what its entries mean.

    :raises MessageError: it is no transaction or batch, or its entries cannot be told apart.
    """

    def __init__(self, message: Inbound) -> None:
        node = require_kind(unjudged_body_of(message), "Bundle")
        self._may_refer_by_search = b"?" in message.body or may_have_escapes(message)
        self._may_have_modifiers = may_have_modifiers(message)
        if self._may_have_modifiers:
            refuse_modifiers(
                Node({name: value for name, value in node.value.items() if name != "entry"}, None, "Bundle")
            )
        self.body = message.body
        self.is_transaction = _is_transaction(node)
        self.entries = tuple(
            Entry(number, entry, message.base_url) for number, entry in enumerate(node.items("entry"))
        )
        _require_few_conditions(self.entries)
        _require_few_reads(self.entries)
        if self.is_transaction:
            _require_bounded(self.entries)
        index = Index(_located(self.entries))
        self._company = Company(self.entries, index)
        self._reports = Reports(index)
        self._faults: dict[int, MessageError | None] = {}

    def read(self, entry: Entry, whole: Inbound) -> Inbound:
        """The message that an entry is which reads. :raises MessageError: the entry is refused."""
        if self._may_have_modifiers:
            refuse_modifiers(entry.node)
        return message_of(entry.node, entry.place or "", whole)

    def record(self, entry: Entry) -> IntakeRecord | None:
        """What the entry reports; None for a resource that is taken along.

        :raises MessageError: the entry is refused.
        """
        if entry.kind in TAKEN_ALONG:
            if (error := self._fault(entry)) is not None:
                raise error
            return None
        resource = self._resource(entry)
        self._reports.require(resource)
        self._require_company(entry)
        if entry.method == "PUT":
            return self._reports.updated(resource, entry.need_id(), entry.expected_revision())
        return self._reports.created(resource, unless=entry.condition())

    def _resource(self, entry: Entry) -> Node:
        """:raises MessageError: the entry has none that is taken, or asks for something that is not offered."""
        if self._may_have_modifiers:
            refuse_modifiers(entry.node)
        resource = entry.need_resource()
        entry.require_request()
        if self._may_refer_by_search:
            entry.require_literal_references()
        return resource

    def dispensations_with(self, entry: Entry) -> tuple[Entry, ...]:
        """The dispensations along with which the resource of the entry is taken."""
        return self._company.dispensations_with(entry)

    def _require_company(self, entry: Entry) -> None:
        """:raises MessageError: the dispensation refers to an entry that is refused."""
        for other in self._company.of(entry):
            if self._fault(other) is not None:
                raise MessageError(
                    f"The dispensation refers to {other.path}, which is refused.",
                    path=f"{entry.path}.resource",
                    remedy=f"Correct {other.path}.",
                )

    def _fault(self, entry: Entry) -> MessageError | None:
        """Why the resource is not taken along, judged once for all that refer to it."""
        if entry.number not in self._faults:
            try:
                resource = self._resource(entry)
                self._company.require_dispensation(entry)
                validate(resource)
            except MessageError as error:
                self._faults[entry.number] = error
            else:
                self._faults[entry.number] = None
        return self._faults[entry.number]


def _is_transaction(node: Node) -> bool:
    """True for a transaction, False for a batch. :raises MessageError: it is neither."""
    if node.need_text("type") not in _TYPES:
        raise node.need("type").invalid(
            "transaction or batch",
            "Post a Bundle of another type where it belongs: a message to $process-message.",
        )
    return node.text("type") == "transaction"


def _require_few_reads(entries: tuple[Entry, ...]) -> None:
    """:raises TooLarge: too many entries read something."""
    if sum(1 for entry in entries if entry.is_read) > MOST_READ:
        raise TooLarge(
            f"More than {MOST_READ} entries of the Bundle read something.",
            path="Bundle.entry",
            remedy="Send several Bundles.",
        )


def _require_few_conditions(entries: tuple[Entry, ...]) -> None:
    """:raises MessageError: too many dispensations are to be created on a condition."""
    conditional = sum(1 for entry in entries if entry.kind == KIND and entry.is_conditional)
    if conditional > MOST_CONDITIONAL:
        raise TooLarge(
            f"More than {MOST_CONDITIONAL} dispensations of the Bundle come with a condition.",
            path="Bundle.entry",
            remedy="Send several Bundles, or leave ifNoneExist out: what is recorded is not recorded again.",
        )


def _require_bounded(entries: tuple[Entry, ...]) -> None:
    """:raises MessageError: too many dispensations for one transaction, or two updates of one."""
    dispensations = [entry for entry in entries if entry.kind == KIND]
    if len(dispensations) > MOST_AT_ONCE:
        raise TooLarge(
            f"The transaction has more than {MOST_AT_ONCE} dispensations.",
            path="Bundle.entry",
            remedy="Send several transactions, a batch, or NDJSON.",
        )
    updated: set[str] = set()
    for entry in dispensations:
        place = entry.place if entry.method == "PUT" else None
        if place in updated:
            raise MessageError(
                "Two entries update the same dispensation.",
                code=ErrorCode.INVALID,
                path=f"{entry.path}.request.url",
                remedy="Update a dispensation once in a transaction.",
            )
        updated |= {place} if place is not None else set()


def _located(entries: tuple[Entry, ...]) -> Iterator[tuple[str | None, Node]]:
    """The resources with their fullUrls. :raises MessageError: two entries have the same one."""
    seen: set[str] = set()
    for entry in entries:
        url = entry.node.text("fullUrl")
        if url is not None and url in seen:
            raise entry.node.need("fullUrl").invalid(
                "the only one in the Bundle", "Give each entry a fullUrl of its own."
            )
        seen |= {url} if url is not None else set()
        if entry.resource is not None:
            yield url, entry.resource
