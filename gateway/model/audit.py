"""What is written down about every answer, denial and error. It names people who ask, never a patient's data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from gateway.model.lookup import MatchEvidence


class AuditAction(StrEnum):
    """`source:subject:action`, the whole list of what is audited."""

    HISTORY_LOOKED_UP = "pmp:history:look-up"
    HISTORY_STAGED = "pmp:history:stage"
    REPORT_LINKED = "pmp:report:link"  # a link to the report was given, with or without the history itself
    REPORT_OPENED = "pmp:report:open"
    REPORT_REVOKED = "pmp:report:revoke"
    DISPENSATION_REPORTED = "pmp:dispensation:report"
    COMPLIANCE_READ = "pmp:compliance:read"
    PERSON_SEARCHED = "pmp:person:search"
    PERSON_SHOWN = "pmp:person:show"
    PERSON_LINKED = "pmp:person:link"  # merged, split, or one of these undone
    AUDIT_READ = "gateway:audit:read"
    ACCESS_DENIED = "gateway:access:deny"
    MESSAGE_ACKNOWLEDGED = (
        "gateway:message:acknowledge"  # it says what became of one of ours; nothing was done
    )
    MESSAGE_REFUSED = "gateway:message:refuse"
    REQUEST_FAILED = "gateway:request:fail"
    TOKEN_GRANTED = "oauth:token:grant"  # noqa: S105 - the name of an event
    TOKEN_DENIED = "oauth:token:deny"  # noqa: S105 - the name of an event


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEvent:
    """One answer that left, or was about to.

    `person_key` is the store's opaque key of the one person whose history or demographics left, else None.
    `practitioner` and `delegate` are identifiers (an NPI or a DEA number, prefixed `npi:`, `dea:`), not names.
    `count` is the number of dispensations disclosed or recorded, of people, events or dispensers shown.
    `losses` are field names of `mappings/fields.toml` that the answer's format could not carry. `evidence` is why
    this person was found, or why nobody was: fields, levels and weights, without a value of anybody. `staging` joins
    what became of one staged history, from its staging to each fetch: see :func:`staging_of`.
    """

    action: AuditAction
    at: datetime
    request_id: str
    protocol: str
    operation: str
    status: int
    client_id: str | None = None
    practitioner: str | None = None
    organisation: str | None = None
    delegate: str | None = None
    purpose: str | None = None
    outcome: str | None = None
    person_key: str | None = None
    report_id: str | None = None
    states: tuple[str, ...] = ()
    count: int = 0
    losses: tuple[str, ...] = ()
    evidence: MatchEvidence | None = None
    staging: str | None = None


def staging_of(key: str) -> str:
    """What the audit calls a staged history: a digest of its retrieval key, which fetches nothing.

    >>> staging_of("key")
    '2c70e12b7a0646f9'
    """
    return sha256(key.encode(errors="surrogatepass")).hexdigest()[:16]
