"""Versions, namespaces and names: the one place for them."""

from __future__ import annotations

from enum import StrEnum
from typing import Final


class Version(StrEnum):
    """The versions spoken here, as URLs and namespaces name them."""

    V5 = "v5"
    V5_1 = "v5_1"

    @property
    def namespace(self) -> str:
        """The namespace of every element."""
        return NAMESPACE + self.value


NAMESPACE: Final = "http://xml.appriss.com/gateway/"

PATIENT_REQUEST: Final = "PatientRequest"
PATIENT_RESPONSE: Final = "PatientResponse"
REPORT_REQUEST: Final = "ReportRequest"
REPORT_RESPONSE: Final = "ReportResponse"

PATIENT: Final = "patient"
"""The operation of a PatientRequest, and the last part of its path."""
REPORT: Final = "report"
"""The operation of a ReportRequest, and the part of its path before the key."""

CODES: Final = "pmpgateway"
"""The column of mappings/codes.toml."""
CONTENT_TYPE: Final = "application/xml; charset=utf-8"


class Source(StrEnum):
    """Who says that something did not work; no other values are known."""

    GATEWAY = "GATEWAY"  # of the message, its sender or this gateway
    PMP = "PMP"  # of a state's programme
