"""The times of password digests, as senders write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters._wire.instants import instant, unix_or_instant

AT = datetime(2026, 11, 25, 14, 30, 5, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "later"),
    [
        ("2026-11-25T14:30:05Z", 0),
        ("2026-11-25T14:30:05.0Z", 0),
        ("2026-11-25T14:30:05.123456789Z", 0.123456),
        ("2026-11-25T14:30:05,5Z", 0.5),
        ("2026-11-25T09:30:05-05:00", 0),
        ("2026-11-25T09:30:05-0500", 0),
        ("2026-11-25T14:30:05", 0),
        ("2026-11-25 14:30:05 UTC", 0),
    ],
)
def test_an_instant_in_every_spelling(text: str, later: float) -> None:
    assert instant(text) == unix_or_instant(text) == AT + timedelta(seconds=later)


@pytest.mark.parametrize(
    "text",
    ["", "2026-11-25", "2026-02-30T00:00:00Z", "2026-11-25T24:30:05Z", "0001-01-01T00:00:00+14:00",
     " 2026-11-25T14:30:05Z",
     "2026-11-25T14:30:05Z\n", "12026-11-25T14:30:05Z", "026-11-25T14:30:05Z", "٢٠٢٦-11-25T14:30:05Z", "now"],
)  # fmt: skip
def test_what_is_no_instant(text: str) -> None:
    assert instant(text) is None
    assert unix_or_instant(text) is None


def test_seconds_and_milliseconds_since_1970() -> None:
    seconds = int(AT.timestamp())
    assert unix_or_instant(str(seconds)) == AT
    assert unix_or_instant(f"{seconds}.5") == AT + timedelta(seconds=0.5)
    assert unix_or_instant(f"{seconds}250") == AT + timedelta(seconds=0.25)
    assert instant(str(seconds)) is None
    for text in (
        f"+{seconds}",
        f"-{seconds}",
        f" {seconds}",
        f"{seconds}\n",
        "1",
        "9" * 15,
        "1e9",
        "٠١٢٣٤٥٦٧٨",
    ):
        assert unix_or_instant(text) is None


@given(st.text(max_size=40) | st.from_regex(r"[0-9T:.Z+ -]{1,30}", fullmatch=True))
def test_no_text_breaks_anything(text: str) -> None:
    found = unix_or_instant(text)
    assert found is None or found.tzinfo is UTC
