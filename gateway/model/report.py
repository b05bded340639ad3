"""A report that waits for whoever will read it: looked up by one message, linked to by another."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from gateway.model.parties import Requester


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportKey:
    """Under this the client that looked a patient up asks for links to the report, until then."""

    value: str = field(repr=False)
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportQuery:
    """A link to a report is asked for, by the key of an earlier answer; `requester` is who will read it."""

    key: str = field(repr=False)
    requester: Requester
