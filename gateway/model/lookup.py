"""Asking for one patient's history, and the answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from gateway.model.analysis import Analysis
from gateway.model.codes import Outcome
from gateway.model.dispensation import Dispensation
from gateway.model.parties import Requester
from gateway.model.person import Person
from gateway.model.report import ReportKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """Fill dates, both ends included; None leaves an end open."""

    start: date | None = None
    end: date | None = None


class Wanted(StrEnum):
    """In what form a history is to come back."""

    DATA = "data"
    LINK = "link"  # to a page for a person, which opens once


@dataclass(frozen=True, slots=True, kw_only=True)
class LookupRequest:
    """One patient's history, asked for by somebody.

    One of three: `person` (demographics to be matched), `person_key` (a key from an earlier answer of this
    gateway) or `dispensation_id` (one dispensation of an earlier answer). `states` are two-letter codes; empty
    means: the home state. `stage_only` asks for nothing but a key, with which the same patient's history is fetched
    later; `retrieval_key` is such a key. `once` is what the sender calls this message, where its protocol has a
    message answered once: one that comes again under the same name is refused. `wants_report_key` asks for a key
    beside the answer, under which the same client asks for links to the report.
    """

    person: Person | None
    requester: Requester
    person_key: str | None = None
    dispensation_id: str | None = None
    period: Period = Period()
    states: tuple[str, ...] = ()
    consent: bool | None = None
    message_id: str | None = None
    wants: frozenset[Wanted] = frozenset({Wanted.DATA})
    wants_report_key: bool = False
    once: str | None = None
    stage_only: bool = False
    retrieval_key: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class StateOutcome:
    """What one state that was asked has answered. `detail` is a sentence without patient data."""

    state: str
    outcome: Outcome
    detail: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldEvidence:
    """How one field of the request agreed with a candidate: `level` is one of the comparer's named levels."""

    field: str
    level: str
    weight: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchEvidence:
    """Why this person, or why nobody.

    `score` is the sum of the weights. `deciding` names the fields that would tell several persons apart, and is
    empty unless the match is ambiguous. Nothing here holds a value of anybody.
    """

    score: float
    fields: tuple[FieldEvidence, ...] = ()
    candidates: int = 0
    deciding: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The result of a lookup; the one thing that every adapter writes.

    `dispensations` are ordered newest fill first. `persons` holds the appearances they refer to; more than one
    is usual. Both are empty unless `outcome` is COMPLETE or PARTIAL. `period` is what was in effect, never open.

    `link` leads to a page with the report. Where only the link was asked for, both are empty though something is
    held: who reads an answer with a link says "no records" only for NO_DATA. `retrieval_key` stands beside DEFERRED
    when the history was staged, and fetches it. `report_key` stands beside a history, or the word that there is none,
    where a key of its report was asked for.
    """

    outcome: Outcome
    report_id: str
    generated_at: datetime
    period: Period
    persons: tuple[Person, ...] = field(default=(), repr=False)
    dispensations: tuple[Dispensation, ...] = field(default=(), repr=False)
    states: tuple[StateOutcome, ...] = ()
    match: MatchEvidence | None = None
    detail: str | None = None  # one sentence for the reader, without patient data
    disclaimers: tuple[str, ...] = ()
    retry_after: int | None = None  # seconds, with DEFERRED and ERROR
    analysis: Analysis | None = field(default=None, repr=False)  # of a history, of nothing else
    link: str | None = field(default=None, repr=False)
    retrieval_key: str | None = field(default=None, repr=False)
    report_key: ReportKey | None = None
