"""Two FHIR clients that others wrote, as they are, against this gateway over HTTP.

What each library does itself, and what it leaves to who uses it:

                            fhirclient                              fhirpy
    discovery               reads the CapabilityStatement           fetches what it is told to
    token endpoint          finds it there (oauth-uris)             none: the test takes it from smart-configuration
    token                   asks for it, by secret or by assertion  none: the test asks, and hands it over
    resources               models of its own, which check types    dicts
    paging, saving          itself                                  itself
    operations              `post_json`                             `execute`

Nothing of either is replaced, patched or derived from.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import BundleEntry
from fhirclient.models.capabilitystatement import CapabilityStatement
from fhirclient.models.medicationdispense import MedicationDispense
from fhirclient.models.operationoutcome import OperationOutcome
from fhirclient.models.parameters import Parameters
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRUnauthorizedException
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import AuthorizationError, ResourceNotFound
from fhirpy.base.exceptions import OperationOutcome as Refused
from joserfc import jwt
from joserfc.jwk import import_key

from gateway.bootstrap import register_client
from gateway.testing import ALL_SCOPES, LiveGateway
from tests.unit.fhir.bundles import fill
from tests.unit.fhir.cases import reported

FILLS: Final = 5
SAMPLES: Final = Path(__file__).parents[2] / "adapters" / "fhir" / "samples"
SCOPE: Final = " ".join(ALL_SCOPES)
NAME: Final = {"family": "Quillfeather", "given": ["Marigold", "Ann"]}


@pytest.fixture(scope="module")
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path_factory.mktemp("clients")) as live:
        yield live


def _demographics() -> dict[str, Any]:
    patient: dict[str, Any] = reported()["contained"][0]
    return {name: value for name, value in patient.items() if name != "id"}


def _history_of_the_patient() -> dict[str, Any]:
    request = json.loads((SAMPLES / "complete.request.json").read_text())
    request["parameter"][0]["resource"] = _demographics()
    del request["parameter"][0]["extension"]
    return request


def _match_of_the_patient() -> dict[str, Any]:
    return {
        "resourceType": "Parameters",
        "parameter": [
            {"name": "resource", "resource": _demographics()},
            {"name": "onlyCertainMatches", "valueBoolean": True},
            {"name": "count", "valueInteger": 5},
        ],
    }


# --- fhirpy -------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def by_fhirpy(target: LiveGateway) -> SyncFHIRClient:
    """A client with a token from the endpoint that smart-configuration names; only the server's URL is known."""
    told = SyncFHIRClient(f"{target.url}/fhir").execute(".well-known/smart-configuration", method="get")
    assert "client_credentials" in told.grant_types_supported
    granted = requests.post(
        told.token_endpoint,
        data={"grant_type": "client_credentials", "scope": SCOPE},
        auth=("test-client", target.secret),
        timeout=10,
    ).json()
    return SyncFHIRClient(
        f"{target.url}/fhir", authorization=f"{granted['token_type']} {granted['access_token']}"
    )


@pytest.fixture(scope="module")
def patient(by_fhirpy: SyncFHIRClient) -> str:
    """The patient of five dispensations that fhirpy has created, by the reference that their answers have."""
    created = [
        by_fhirpy.resource("MedicationDispense", **_without_kind(fill(f"800000{n}"))) for n in range(FILLS)
    ]
    for one in created:
        one.save()
        assert one.id
        assert one.meta.versionId == "1"
    (subject,) = {one.subject.reference for one in created}
    return subject


def _without_kind(resource: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in resource.items() if name != "resourceType"}


def test_fhirpy_discovers(target: LiveGateway) -> None:
    client = SyncFHIRClient(f"{target.url}/fhir")
    statement = client.execute("metadata", method="get")
    assert statement.resourceType == "CapabilityStatement"
    assert {one["type"] for one in statement.rest[0].resource} >= {"MedicationDispense", "Patient"}
    with pytest.raises(AuthorizationError, match="OperationOutcome"):
        client.resources("MedicationDispense").search(patient="Patient/abc").fetch()


def test_fhirpy_pages_through_a_search(by_fhirpy: SyncFHIRClient, patient: str) -> None:
    search = by_fhirpy.resources("MedicationDispense").search(patient=patient)
    first = search.limit(2).fetch_raw()
    assert first.total == FILLS
    assert len(search.limit(2).fetch()) == 2
    paged = list(search.limit(2))
    whole = search.fetch_all()
    assert len({one.id for one in paged}) == len(paged) == FILLS
    assert {one.id for one in whole} == {one.id for one in paged}
    assert search.count() == FILLS
    named = search.elements("status").limit(2).fetch_raw()
    assert "_elements=" in named.link[0]["url"]
    assert "quantity" not in named.entry[0].resource
    assert search.search(whenprepared__gt="2026-09-02").fetch_all() == []
    assert len(search.search(whenprepared__ge="2026-09-02", status="completed").fetch_all()) == FILLS


def test_fhirpy_reads_updates_and_refreshes(by_fhirpy: SyncFHIRClient, patient: str) -> None:
    found = by_fhirpy.resources("MedicationDispense").search(patient=patient, identifier="8000001").get()
    held = by_fhirpy.reference("MedicationDispense", found.id).to_resource()
    stale = by_fhirpy.reference("MedicationDispense", found.id).to_resource()
    assert held.quantity.value == 10.5
    held["quantity"]["value"] = 8
    held.save()
    assert held.meta.versionId == "2"
    assert stale.refresh().quantity.value == 8
    again = by_fhirpy.get("MedicationDispense", found.id)
    assert (again["meta"]["versionId"], again["subject"]["reference"]) == ("2", patient)


def test_fhirpy_finds_and_matches_people(by_fhirpy: SyncFHIRClient, patient: str) -> None:
    (person,) = by_fhirpy.resources("Patient").search(birthdate="1971-04-09", family="Quill").fetch_all()
    assert f"Patient/{person.id}" == patient
    assert by_fhirpy.reference(reference=patient).to_resource().name[0].family == NAME["family"]
    matched = by_fhirpy.resources("Patient").execute("$match", data=_match_of_the_patient())
    assert [entry.resource.id for entry in matched.entry] == [person.id]


def test_fhirpy_asks_for_a_history(by_fhirpy: SyncFHIRClient, patient: str) -> None:
    for told in (
        by_fhirpy.execute("$pdmp-history", data=_history_of_the_patient()),
        by_fhirpy.resources("Patient").execute("$pdmp-history", data=_history_of_the_patient()),
    ):
        (history,) = (p.resource for p in told.parameter if p.name == "pdmp-history-data")
        kinds = [entry.resource.resourceType for entry in history.entry]
        assert kinds.count("MedicationDispense") == FILLS


def test_fhirpy_is_told_what_is_wrong(by_fhirpy: SyncFHIRClient, patient: str) -> None:
    spoilt = _without_kind(fill("8000009", whenPrepared="2026-02-30"))
    with pytest.raises(Refused) as raised:
        by_fhirpy.resource("MedicationDispense", **spoilt).save()
    assert raised.value.resource["issue"][0]["expression"] == ["MedicationDispense.whenPrepared"]
    with pytest.raises(ResourceNotFound):
        by_fhirpy.reference("MedicationDispense", "nobody-has-it").to_resource()


# --- fhirclient ---------------------------------------------------------------------------------------------------


def _fhirclient(live: LiveGateway, **settings: Any) -> FHIRClient:
    client = FHIRClient(settings={"api_base": f"{live.url}/fhir", "scope": SCOPE, **settings})
    client.wants_patient = False  # the library's own switch: a backend service is launched for no patient
    return client


@pytest.fixture(scope="module")
def by_fhirclient(target: LiveGateway) -> FHIRClient:
    """A client that has found the token endpoint in the CapabilityStatement and taken its token there."""
    client = _fhirclient(target, app_id="test-client", app_secret=target.secret)
    client.prepare()
    client.authorize()
    assert client.server.auth.can_sign_headers()
    return client


@pytest.fixture(scope="module")
def of_fhirclient(by_fhirclient: FHIRClient) -> str:
    """The patient of five dispensations that fhirclient has created."""
    subjects = set()
    for n in range(FILLS):
        told = MedicationDispense(fill(f"810000{n}")).create(by_fhirclient.server)
        assert told["meta"]["versionId"] == "1"
        subjects.add(told["subject"]["reference"])
    (subject,) = subjects
    return str(subject)


def test_fhirclient_discovers(target: LiveGateway) -> None:
    client = _fhirclient(target, app_id="test-client", app_secret=target.secret)
    client.prepare()
    assert isinstance(client.server.capabilityStatement, CapabilityStatement)
    assert client.server.capabilityStatement.fhirVersion == "4.0.1"
    with pytest.raises(FHIRUnauthorizedException):
        MedicationDispense.read("abc", client.server)


def test_fhirclient_takes_a_token_by_a_signed_assertion(target: LiveGateway) -> None:
    """SMART Backend Services; the assertion is the test's, what is done with it is the library's."""
    settings = target.gateway.settings
    key = register_client(
        settings, "signing-client", scopes=ALL_SCOPES, role="Physician", organisation="Hospital", key="ES384"
    )
    now = int(time.time())
    claims = {
        "iss": "signing-client",
        "sub": "signing-client",
        "aud": f"{target.url}/oauth/token",
        "exp": now + 240,
        "jti": "one-of-its-kind",
    }
    header = {"alg": key["alg"], "kid": key["kid"], "typ": "JWT"}
    assertion = jwt.encode(header, claims, import_key(key), algorithms=["ES384"])
    client = _fhirclient(target, app_id="signing-client", jwt_token=assertion)
    client.prepare()
    client.authorize()
    people = Patient.where({"birthdate": "1900-01-01", "family": "Nobody"})
    assert list(people.perform_resources_iter(client.server)) == []


def test_fhirclient_pages_through_a_search(by_fhirclient: FHIRClient, of_fhirclient: str) -> None:
    numbers = ",".join(f"810000{n}" for n in range(FILLS))
    search = MedicationDispense.where({"patient": of_fhirclient, "identifier": numbers, "_count": "2"})
    pages = list(search.perform_iter(by_fhirclient.server))
    assert [len(_matches(page.entry)) for page in pages] == [2, 2, 1]
    assert {page.total for page in pages} == {FILLS}
    found = [*search.perform_resources_iter(by_fhirclient.server)]
    # The library hands out every entry, so that the state's disclaimers come along as OperationOutcomes.
    assert {type(one) for one in found} == {MedicationDispense, OperationOutcome}
    assert len({one.id for one in found if isinstance(one, MedicationDispense)}) == FILLS


def _matches(entries: list[BundleEntry]) -> list[Any]:
    return [one.resource for one in entries if one.search.mode == "match"]


def test_fhirclient_reads_and_updates(by_fhirclient: FHIRClient, of_fhirclient: str) -> None:
    search = MedicationDispense.where({"patient": of_fhirclient, "identifier": "8100002"})
    (page,) = search.perform_iter(by_fhirclient.server)
    (found,) = _matches(page.entry)
    held = MedicationDispense.read(found.id, by_fhirclient.server)
    assert held.whenPrepared.as_json() == "2026-09-02"
    assert {one.resource_type for one in held.contained} >= {"Organization", "Practitioner"}
    held.quantity.value = 8
    told = held.update()
    assert told["meta"]["versionId"] == "2"
    assert MedicationDispense.read(found.id, by_fhirclient.server).quantity.value == 8


def test_fhirclient_finds_and_matches_people(by_fhirclient: FHIRClient, of_fhirclient: str) -> None:
    search = Patient.where({"birthdate": "1971-04-09", "family": "Quillfeather"})
    (person,) = search.perform_resources_iter(by_fhirclient.server)
    assert person.relativePath() == of_fhirclient
    assert Patient.read(person.id, by_fhirclient.server).birthDate.isostring == "1971-04-09"
    matched = by_fhirclient.server.post_json("Patient/$match", _match_of_the_patient()).json()
    assert [entry["resource"]["id"] for entry in matched["entry"]] == [person.id]


def test_fhirclient_asks_for_a_history(by_fhirclient: FHIRClient, of_fhirclient: str) -> None:
    asked = Parameters(_history_of_the_patient()).as_json()
    told = Parameters(by_fhirclient.server.post_json("$pdmp-history", asked).json())
    (history,) = (p.resource for p in told.parameter if p.name == "pdmp-history-data")
    numbers = {
        one.resource.authorizingPrescription[0].identifier.value
        for one in history.entry
        if one.resource.resource_type == "MedicationDispense"
    }
    assert numbers >= {f"810000{n}" for n in range(FILLS)}


def test_fhirclient_is_told_what_is_wrong(by_fhirclient: FHIRClient) -> None:
    with pytest.raises(requests.HTTPError) as raised:
        MedicationDispense(fill("8100009", whenPrepared="2026")).create(by_fhirclient.server)
    told = raised.value.response.json()
    assert told["issue"][0]["expression"] == ["MedicationDispense.whenPrepared"]
