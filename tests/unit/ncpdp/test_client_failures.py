"""The client: no data, errors, and everything that is not understood, which is an exception."""

from __future__ import annotations

import pytest

from adapters.ncpdp.client import ScriptPartner
from gateway.errors import Failure, GatewayError, MessageError, Unauthenticated, Unavailable
from gateway.model import (
    Outcome,
)
from gateway.ports import PartnerSettings
from tests.factory import a_lookup, an_answer
from tests.unit.ncpdp.helpers import (
    VERSIONS,
    written,
)
from tests.unit.ncpdp.partners import FILL, Partner, message, response


@pytest.mark.parametrize("version", VERSIONS)
def test_not_found_as_one_state_says_it_is_no_data(partner: Partner, version: str) -> None:
    error = (
        "<Error><Code>900</Code><DescriptionCode>1000</DescriptionCode><Description>{}</Description></Error>"
    )
    for words in ("NotFound", "Not Found", " notfound "):
        partner.says(message(error.format(words), version))
        assert partner.ask(version=version).outcome is Outcome.NO_DATA
    for code, description_code, words in (
        ("900", "1000", "Timeout"), ("900", "1001", "NotFound"), ("601", "1000", "NotFound"), ("900", "", "NotFound"),
    ):  # fmt: skip
        body = error.replace("900", code).replace("1000", description_code).format(words)
        partner.says(message(body, version))
        with pytest.raises(GatewayError):
            partner.ask(version=version)


@pytest.mark.parametrize(
    ("code", "description_code", "status", "expected"),
    [
        ("600", "", 200, Outcome.ERROR),
        ("602", "007", 200, Outcome.ERROR),
        ("900", "210", 200, Unavailable),
        ("900", "008", 200, Unavailable),
        ("900", "219", 200, MessageError),
        ("900", "080", 400, MessageError),
        ("900", "999", 200, Failure),
        ("900", "", 200, Failure),
        ("601", "", 200, Failure),
        ("", "", 200, Failure),
        ("Quillfeather", "Marigold", 200, Failure),
        ("600", "210", 503, Unavailable),
        ("602", "007", 500, Failure),
        ("900", "003", 401, Failure),
        ("900", "", 403, Failure),
    ],
)
def test_errors(
    partner: Partner, code: str, description_code: str, status: int, expected: Outcome | type[GatewayError]
) -> None:
    words = "About Quillfeather, Marigold"
    partner.says(
        message(
            f"<Error><Code>{code}</Code><DescriptionCode>{description_code}</DescriptionCode>"
            f"<Description>{words}</Description></Error>"
        ),
        status,
    )
    if isinstance(expected, Outcome):
        assert partner.ask().outcome is expected
        return
    with pytest.raises(expected) as caught:
        partner.ask()
    assert not isinstance(caught.value, Unauthenticated)  # it is this gateway that the partner does not admit
    assert "Quillfeather" not in str(caught.value)
    assert "Marigold" not in str(caught.value)


@pytest.mark.parametrize(
    "body",
    [
        "", "no XML", "<html><body>Welcome</body></html>", "<Message/>", message(""), message("<RxHistoryResponse/>"),
        response(""), response("<Maybe/>"), message("<RxFill><FillStatus/></RxFill>"), message("<Status/>"),
        message("<Status><Code>999</Code></Status>"), message("<RxHistoryRequest><Patient/></RxHistoryRequest>"),
        "<!DOCTYPE Message []>" + response("<Approved/>"), response("<Approved/>")[:-30],
        response("<Approved/>").replace("20170715", "20220711"),
        response("<Approved/>", "<MedicationOfNextYear/>"),
        response("<Approved/>", FILL.replace("2026-02-01", "2026-02-30")),
        response("<Approved/>", FILL.replace("<LastFillDate><Date>2026-02-01</Date></LastFillDate>", "")),
        response("<Approved/>", FILL.replace("<Value>30", "<Value>many")),
        response("<Approved/>", FILL.replace("<Value>30", "<Value>-3")),
        response("<Approved/>", FILL.replace("<DaysSupply>30", "<DaysSupply>a month")),
        response("<Approved/>", "<MedicationDispensed/>"),
        response("<Approved/>").replace("1971-04-09", "1971-02-30"),
        response("<Approved/>", FILL.replace("<FillNumber>00", "<FillNumber>first")),
    ],
)  # fmt: skip
def test_what_is_not_understood_is_never_no_data(partner: Partner, body: str) -> None:
    partner.says(body)
    with pytest.raises(GatewayError) as caught:
        partner.ask()
    assert isinstance(caught.value, Failure)
    assert "Quillfeather" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (302, Failure), (400, Failure), (404, Failure), (429, Unavailable), (500, Failure), (502, Failure),
        (503, Unavailable), (504, Unavailable),
    ],
)  # fmt: skip
def test_http_statuses_without_a_message(partner: Partner, status: int, expected: type[GatewayError]) -> None:
    partner.says("Sorry", status, Location="/elsewhere")
    with pytest.raises(expected):
        partner.ask()
    partner.says(response("<Approved/>"), status, Location="/elsewhere")
    with pytest.raises(GatewayError):
        partner.ask()
    assert {path for path, _, _ in partner.received} == {"/ncpdp/script"}


def test_an_answer_without_a_length_is_read_up_to_the_limit(partner: Partner) -> None:
    partner.says(response("<Approved/>"), Content_Length="")
    assert partner.ask().outcome is Outcome.NO_DATA
    partner.says(response("<Approved/>") + " " * 10_100_000, Content_Length="")
    with pytest.raises(Failure, match="larger"):
        partner.ask()
    partner.says(response("<Approved/>") + " " * 10_100_000)
    with pytest.raises(Failure, match="larger"):
        partner.ask()


def test_a_compressed_answer_is_not_unpacked(partner: Partner) -> None:
    partner.says(b"\x1f\x8b", Content_Encoding="gzip")
    with pytest.raises(Failure, match="compressed"):
        partner.ask()


def test_a_partner_that_is_not_there() -> None:
    settings = PartnerSettings(url="http://127.0.0.1:1/ncpdp", token=str, timeout=2)
    with pytest.raises(Unavailable) as caught:
        ScriptPartner(settings).ask(a_lookup())
    assert "127.0.0.1" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_an_answer_that_breaks_off(partner: Partner) -> None:
    partner.says(response("<Approved/>"), Content_Length="100000", Connection="close")
    with pytest.raises(Unavailable):
        partner.ask()


def test_own_answers_of_every_outcome(partner: Partner) -> None:
    for version in VERSIONS:
        for outcome in Outcome:
            partner.says(written(an_answer(outcome=outcome), version).body)
            assert partner.ask(version=version).outcome is outcome
