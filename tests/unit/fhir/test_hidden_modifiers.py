"""A modifier is found in whatever encoding the body has it."""

from __future__ import annotations

import pytest

from adapters.fhir.body import body_of
from gateway.errors import ErrorCode, MessageError
from tests.unit.fhir.cases import inbound

XML = (
    '<?xml version="1.0" encoding="UTF-16"?>'
    '<Parameters xmlns="http://hl7.org/fhir"><implicitRules value="u"/></Parameters>'
)


def test_a_modifier_in_utf_16() -> None:
    message = inbound("pdmp-history", body=XML.encode("utf-16"), content_type="application/fhir+xml")
    with pytest.raises(MessageError) as refused:
        body_of(message)
    assert refused.value.code is ErrorCode.UNKNOWN_OPERATION
