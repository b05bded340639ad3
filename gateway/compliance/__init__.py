"""Who has not reported? What each dispenser owes by its state's rules, beside what it has reported.

    rules        when a report is due, and which days are missing
    standing     every dispenser, listed or heard of, and how it stands
    expected     the operator's list of those who must report
    rows         a standing as JSON and as a row

It reads days and dispensers, never a dispensation.
"""

from gateway.compliance.expected import ExpectedFile, read_expected
from gateway.compliance.rows import COLUMNS, as_json, as_row
from gateway.compliance.rules import Days, ReportingRules
from gateway.compliance.standing import (
    MAX_DAYS,
    Compliance,
    Details,
    Standing,
    Status,
    read_instant,
    write_instant,
)

__all__ = [
    "COLUMNS",
    "MAX_DAYS",
    "Compliance",
    "Days",
    "Details",
    "ExpectedFile",
    "ReportingRules",
    "Standing",
    "Status",
    "as_json",
    "as_row",
    "read_expected",
    "read_instant",
    "write_instant",
]
