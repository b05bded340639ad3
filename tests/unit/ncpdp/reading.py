"""Requests spoilt one way at a time, and what reading them gives."""

from __future__ import annotations

import pytest

from adapters.ncpdp import ADAPTER
from gateway.errors import MessageError
from gateway.model import (
    LookupRequest,
)
from tests.unit.ncpdp.helpers import asked

NAME = "<Name><LastName>Quillfeather</LastName><FirstName>Marigold</FirstName></Name>"


BORN = "<DateOfBirth><Date>1971-04-09</Date></DateOfBirth>"


CONSENT = "<Consent>Y</Consent>"


START = "<StartDate><Date>2025-01-01</Date></StartDate>"


END = "<EndDate><Date>2026-11-20</Date></EndDate>"


def read(version: str, *changes: tuple[str, str]) -> LookupRequest:
    return ADAPTER.read(asked(version, *changes))


def refusal(version: str, *changes: tuple[str, str]) -> MessageError:
    with pytest.raises(MessageError) as caught:
        read(version, *changes)
    return caught.value
