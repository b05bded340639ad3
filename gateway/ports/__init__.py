"""What the core asks of everything around it, and what an adapter is.

    Adapter      one protocol, both directions            adapters/<protocol>/
    Partner      another PMP, asked through a protocol    adapters/<protocol>/client.py
    RecordStore  the PMP's record                         gateway/store/
    ProductDirectory  drug products, list by list         gateway/store/products.py
    ReportingLog who has reported which days              gateway/store/
    AuditLog     who did what                             gateway/audit/
    Ephemeral    short-lived shared facts                 gateway/ephemeral/
    Security     who is asking                            gateway/security/
    Policy       whether this requester may               gateway/security/
    Vault        identifiers at rest                      gateway/security/

Everything else behind these ports is replaceable, and every implementation of a port passes the same contract
tests. Types here hold no logic beyond defaults.

    messages     a message as it came in and as it goes out
    adapters     what an adapter is, and another PMP asked through one
    descriptions what a route says of itself
    access       who asks, whether they may, and identifiers at rest
    record       the PMP's record
    registers    what is kept beside it
"""

from __future__ import annotations

from gateway.ports.access import (
    Policy,
    Principal,
    Security,
    Vault,
)
from gateway.ports.adapters import (
    Adapter,
    FileReport,
    Handle,
    Partner,
    PartnerSettings,
    SubmittedFile,
)
from gateway.ports.descriptions import (
    Content,
    Parameter,
    RouteDescription,
    described,
    description_of,
)
from gateway.ports.messages import (
    Acknowledgement,
    Answered,
    Asked,
    BearerToken,
    ClientPassword,
    Clock,
    Credentials,
    DigestConstruction,
    Enclosed,
    Inbound,
    Outbound,
    Parts,
    PasswordDigest,
)
from gateway.ports.record import (
    History,
    IntakeUnit,
    LinkUnit,
    Recorded,
    RecordStore,
)
from gateway.ports.registers import (
    AuditLog,
    Ephemeral,
    ProductDirectory,
    ReportingLog,
    StateRules,
)

__all__ = [
    "Acknowledgement",
    "Adapter",
    "Answered",
    "Asked",
    "AuditLog",
    "BearerToken",
    "ClientPassword",
    "Clock",
    "Content",
    "Credentials",
    "DigestConstruction",
    "Enclosed",
    "Ephemeral",
    "FileReport",
    "Handle",
    "History",
    "Inbound",
    "IntakeUnit",
    "LinkUnit",
    "Outbound",
    "Parameter",
    "Partner",
    "PartnerSettings",
    "Parts",
    "PasswordDigest",
    "Policy",
    "Principal",
    "ProductDirectory",
    "RecordStore",
    "Recorded",
    "ReportingLog",
    "RouteDescription",
    "Security",
    "StateRules",
    "SubmittedFile",
    "Vault",
    "described",
    "description_of",
]
