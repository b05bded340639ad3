from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from lxml import etree

from adapters._wire.soap import MustUnderstand, VersionMismatch
from adapters.soap import ADAPTER
from gateway import errors
from gateway.errors import ErrorCode, GatewayError
from gateway.model import Identifier, IdentifierKind, IntakeReceipt, Outcome
from gateway.terminology import codes, field_map
from tests.factory import a_dispensation, a_dispenser, a_drug, a_person, a_prescriber, an_answer
from tests.unit.soap.helpers import ENVELOPE, Randomly, a_request, document, enveloped, fault, inbound, valid
from tests.unit.soap.outcomes import ANSWERS, CODES

BARE = inbound(a_request())
WRAPPED = inbound(enveloped(a_request()))
NS = {"pmp": "http://xml.ijis.org/niem/2.0/extension", "nc": "http://niem.gov/niem/niem-core/2.0"}
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"


def texts(report: etree._Element, path: str) -> list[str]:
    return [str(found.text) for found in report.iterfind(path, NS)]


@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_every_outcome_is_valid_and_has_its_code(name: str) -> None:
    for request in (BARE, WRAPPED):
        outbound = ADAPTER.write(ANSWERS[name], request)
        assert (outbound.status, outbound.content_type) == (200, "text/xml; charset=utf-8")
        report = valid(document(outbound))
        assert texts(report, "pmp:ResponseStatus/pmp:ResponseStatusCode") == [CODES[name]]
        assert len(list(report.iter(f"{{{NS['pmp']}}}Prescription"))) == len(ANSWERS[name].dispensations)


def test_every_code_of_ours_is_a_code_of_the_schema() -> None:
    for outcome in Outcome:
        valid(document(ADAPTER.write(an_answer(outcome=outcome), BARE)))
    rows = [
        *(a_dispensation(person=a_person(sex=value)) for value in codes("sex")),
        *(a_dispensation(person=a_person(species=value)) for value in codes("species")),
        *(a_dispensation(unit=value) for value in codes("quantity-unit")),
        *(a_dispensation(payment=value) for value in codes("payment")),
        *(a_dispensation(rx_origin=value) for value in codes("rx-origin")),
        *(a_dispensation(treatment_type=value) for value in codes("treatment-type")),
    ]
    valid(document(ADAPTER.write(an_answer(dispensations=tuple(rows)), BARE)))


def test_an_envelope_gets_an_envelope_and_a_bare_document_a_bare_one() -> None:
    answer = ANSWERS["complete"]
    bare, wrapped = ADAPTER.write(answer, BARE).body, ADAPTER.write(answer, WRAPPED).body
    assert etree.fromstring(bare).tag == "{http://xml.ijis.org/niem/2.0/}PMPPrescriptionReport"
    root = etree.fromstring(wrapped)
    assert root.tag == f"{{{ENVELOPE}}}Envelope"
    alone, inside = (
        etree.tostring(e, method="c14n", exclusive=True) for e in (etree.fromstring(bare), root[0][0])
    )
    assert alone == inside


def test_ambiguous_tells_what_would_decide_and_nobodys_history() -> None:
    report = document(ADAPTER.write(ANSWERS["ambiguous"], BARE))
    (told,) = texts(report, "pmp:ResponseStatus/pmp:ResponseStatusText")
    assert "middle name, address" in told
    assert not list(report.iter(f"{{{NS['pmp']}}}Prescription"))


def test_partial_names_the_silent_state() -> None:
    report = document(ADAPTER.write(ANSWERS["partial"], BARE))
    (told,) = texts(report, "pmp:ResponseStatus/pmp:ResponseStatusText")
    assert "no answer from MA" in told
    states = "pmp:ResponseStatus/pmp:StateResponseStatus/"
    assert texts(report, states + "pmp:DisclosingState") == ["CT", "MA"]
    assert texts(report, states + "pmp:ResponseStatusCode") == ["complete", "error"]
    assert texts(report, states + "pmp:ResponseStatusText") == ["The state's system did not answer in time."]


@pytest.mark.parametrize("outcome", [o for o in Outcome if o is not Outcome.NO_DATA])
def test_only_no_data_says_no_data(outcome: Outcome) -> None:
    report = document(ADAPTER.write(an_answer(outcome=outcome, detail="x"), BARE))
    assert "no-data" not in texts(report, "pmp:ResponseStatus/pmp:ResponseStatusCode")


def test_a_retry_is_told() -> None:
    report = document(ADAPTER.write(ANSWERS["deferred"], BARE))
    (told,) = texts(report, "pmp:ResponseStatus/pmp:ResponseStatusText")
    assert told == "The record is being rebuilt. Send the request again after 60 seconds."


def test_what_pmix_demands_and_the_record_lacks_is_nil() -> None:
    row = a_dispensation(written=None, refills_authorised=None)
    report = valid(document(ADAPTER.write(an_answer(dispensations=(row,)), BARE)))
    for name in ("PrescriptionWrittenDate", "RefillsAuthorizedCount"):
        (element,) = report.iter(f"{{{NS['pmp']}}}{name}")
        assert element.get(NIL) == "true"
        assert not element.text
        assert not len(element)


def test_the_elements_that_pmix_demands_are_there(shared: Path) -> None:
    rules = (shared / "standards/pmix/required_rules.tsv").read_text(encoding="utf-8")
    context, demanded, _ = next(
        line for line in rules.splitlines() if line.startswith("pmp:Prescription\t")
    ).split("\t")
    names = [name.strip() for name in demanded.removesuffix(" required").split(",")]
    assert len(names) == 7
    row = a_dispensation(written=None, refills_authorised=None, sold=None, payment=None)
    report = document(ADAPTER.write(an_answer(dispensations=(row,)), BARE))
    (prescription,) = report.iterfind(f".//{context}", NS)
    for name in names:
        assert prescription.find(f"pmp:{name}", NS) is not None, name
    for path in ("pmp:ReportExecutionDate", "pmp:ReportExecutionTime"):
        assert report.find(f"pmp:RequestResponsePrescriptionReport/{path}", NS) is not None


def test_a_drug_without_an_ndc_keeps_its_name_and_a_compound_says_that_it_is_one() -> None:
    def drug(**over: object) -> etree._Element:
        row = a_dispensation(**over)
        (found,) = document(ADAPTER.write(an_answer(dispensations=(row,)), BARE)).iter(
            f"{{{NS['pmp']}}}PrescriptionDrug"
        )
        return found

    plain = drug(drug=a_drug(ndc11=None))
    assert plain[0].tag == f"{{{NS['pmp']}}}DrugProductNameText"
    compound = drug(drug=a_drug(ndc11=None), compound=ANSWERS["complete"].dispensations[1].compound)
    assert texts(compound, "pmp:DrugCPDProductIdentifier/nc:IdentificationID") == ["99999999999"]
    assert len(compound.findall("pmp:CompoundDrugIngredient", NS)) == 2


def test_numbers_have_no_exponent_and_times_are_utc() -> None:
    at = datetime(2026, 1, 1, 1, 30, tzinfo=timezone(timedelta(hours=2)))
    row = a_dispensation(quantity=Decimal("1E+3"))
    report = valid(document(ADAPTER.write(an_answer(dispensations=(row,), generated_at=at), BARE)))
    assert texts(report, ".//pmp:DispensedQuantity") == ["1000"]
    assert texts(report, ".//pmp:ReportExecutionDate") == ["2025-12-31"]
    assert texts(report, ".//pmp:ReportExecutionTime") == ["23:30:00Z"]


def test_no_identifier_of_a_person_leaves() -> None:
    person = a_person(identifiers=tuple(Identifier(kind=k, value=f"SECRET-{k}") for k in IdentifierKind))
    assert (
        b"SECRET" not in ADAPTER.write(an_answer(dispensations=(a_dispensation(person=person),)), BARE).body
    )


def test_control_characters_cannot_break_the_document() -> None:
    row = a_dispensation(
        rx_number="1\0\x01\ud8002",
        prescriber=a_prescriber(phone="\0"),
        dispenser=a_dispenser(name="<Larkspur> & ]]> \0 Sons"),
    )
    report = valid(document(ADAPTER.write(an_answer(dispensations=(row,)), WRAPPED)))
    assert texts(report, ".//pmp:PrescriptionNumberText") == ["12"]
    assert texts(report, ".//nc:OrganizationDoingBusinessAsName") == ["<Larkspur> & ]]>  Sons"]


@pytest.mark.parametrize("seed", range(40))
def test_random_answers_are_valid(seed: int) -> None:
    valid(document(ADAPTER.write(Randomly(seed).answer(), BARE)))


def test_losses_are_stated() -> None:
    outbound = ADAPTER.write(ANSWERS["complete"], BARE)
    assert outbound.losses == field_map().losses(ANSWERS["complete"], "pmix-2")
    assert {"drug.rxcui", "drug.dose_form", "reported_at"} <= set(outbound.losses)
    (animal,) = ANSWERS["veterinary"].persons
    dated = replace(animal, birth_date=date(2020, 1, 1))
    answer = an_answer(dispensations=(a_dispensation(person=dated),))
    assert "person.birth_date" in ADAPTER.write(answer, BARE).losses


def test_a_receipt_is_not_an_answer_to_a_lookup() -> None:
    with pytest.raises(TypeError):
        ADAPTER.write(IntakeReceipt(results=()), BARE)


# --- errors ---------------------------------------------------------------------------------------------------

ERRORS: list[tuple[GatewayError, str, int]] = [
    (errors.MessageError("Wrong.", path="PMPRequest/RequestPatient", remedy="Right it."), "Client", 400),
    (errors.UnsupportedFormat("Wrong."), "Client", 415),
    (errors.TooLarge("Wrong."), "Client", 413),
    (errors.NotFound("Wrong."), "Client", 404),
    (errors.MethodNotAllowed("Wrong.", allowed=("POST",)), "Client", 405),
    (errors.Unauthenticated("Wrong.", remedy="Send a token."), "Client", 401),
    (errors.Forbidden("Wrong.", scope="pdmp/history"), "Client", 403),
    (errors.Conflict("Wrong."), "Client", 409),
    (errors.Unavailable("Wrong."), "Server", 503),
    (errors.Failure("Wrong."), "Server", 500),
    (errors.InternalFailure("abc"), "Server", 500),
    (errors.GatewayError("Wrong."), "Server", 500),
    (VersionMismatch("Wrong."), "VersionMismatch", 400),
    (MustUnderstand("Wrong."), "MustUnderstand", 400),
]


@pytest.mark.parametrize(("error", "code", "status"), ERRORS, ids=lambda e: type(e).__name__)
def test_every_error_is_a_fault_with_its_code_place_and_remedy(
    error: GatewayError, code: str, status: int
) -> None:
    for request in (None, BARE, WRAPPED, inbound(b"\xff\xfe")):
        outbound = ADAPTER.write_error(error, request)
        assert (outbound.status, outbound.content_type) == (status, "text/xml; charset=utf-8")
        told = fault(outbound)
        assert told["faultcode"] == f"soap:{code}"
        assert told["faultstring"] == str(error)
        if code == "MustUnderstand":
            assert "Code" not in told
        else:
            assert (told["Code"], told.get("Path"), told.get("Remedy")) == (
                error.code,
                error.path,
                error.remedy,
            )


@pytest.mark.parametrize("code", list(ErrorCode))
def test_every_code_has_a_fault(code: ErrorCode) -> None:
    assert fault(ADAPTER.write_error(errors.MessageError("Wrong.", code=code), None))["Code"] == code


def test_a_fault_is_well_formed_whatever_the_error_says() -> None:
    error = errors.MessageError("a < b & \0", path="]]>", remedy="<é>")
    assert fault(ADAPTER.write_error(error, None))["faultstring"] == "a < b &  (at ]]>) <é>"
