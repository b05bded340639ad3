"""What the tests of written messages share."""

from __future__ import annotations

from datetime import date, timedelta

from gateway.model import (
    Outcome,
    StateOutcome,
)
from tests.factory import a_dispensation
from tests.unit.ncpdp.helpers import (
    V10_6,
    VERSIONS,
)

SILENT_NY = (
    StateOutcome(state="CT", outcome=Outcome.COMPLETE),
    StateOutcome(state="NY", outcome=Outcome.ERROR, detail="NY was not asked."),
)


CODE = {V10_6: "//Approved/ApprovalReasonCode", **dict.fromkeys(VERSIONS[1:], "//Approved/ReasonCode")}


DENIAL_CODE = {V10_6: "//Denied/DenialReasonCode", **dict.fromkeys(VERSIONS[1:], "//Denied/ReasonCode")}


def fills(count: int) -> tuple:
    """So many dispensations, a day apart, newest first."""
    return tuple(
        a_dispensation(rx_number=f"RX{n}", filled=date(2026, 10, 1) - timedelta(days=n)) for n in range(count)
    )
