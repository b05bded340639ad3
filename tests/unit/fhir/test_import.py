"""NDJSON: lines that stand for themselves, over HTTP and as files of any size."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import pytest
import requests
from click.testing import CliRunner
from fhir.resources.R4B.bundle import Bundle
from fhir.resources.R4B.operationoutcome import OperationOutcome

from adapters.fhir import ADAPTER
from adapters.fhir.read_import import MAX_LINE
from gateway.cli import main
from gateway.drop_folder import DropFolder
from gateway.model import IntakeRecord, IssueCode
from gateway.ports import SubmittedFile
from gateway.testing import LiveGateway
from tests.unit.fhir.bundles import fill, ndjson, withdrawn
from tests.unit.fhir.cases import reported
from tests.unit.fhir.test_over_http import call
from tests.unit.fhir.test_update import REPORT, read, shown

NDJSON = "application/fhir+ndjson"
EXT = "urn:x-pmpbridge:"


def post(live: LiveGateway, body: bytes, **headers: str) -> requests.Response:
    sends = {"Content-Type": NDJSON, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return call(live, "POST", f"{live.url}/fhir/$import", REPORT, data=body, headers=sends)


def outcomes(response: requests.Response) -> list[Any]:
    assert response.status_code == 200, response.text
    assert response.headers["Content-Type"].startswith(NDJSON)
    for line in response.content.splitlines():
        OperationOutcome.model_validate_json(line)
    return [json.loads(line) for line in response.content.splitlines()]


def said(outcome: Any) -> dict[str, Any]:
    """The extensions of an outcome."""
    values = {}
    for one in outcome["extension"]:
        (value,) = (one[name] for name in one if name != "url")
        values[one["url"].removeprefix(EXT)] = value
    return values


def verdicts(response: requests.Response) -> list[tuple[int, str]]:
    return [(said(one)["line"], said(one)["verdict"]) for one in outcomes(response)]


def opened(content: bytes) -> SubmittedFile:
    file = ADAPTER.open_file(io.BytesIO(content))
    assert file is not None
    return file


def records(content: bytes) -> list[IntakeRecord]:
    return [one for one in opened(content).records() if isinstance(one, IntakeRecord)]


SPOILT = ndjson(
    fill("1"),
    b"{broken",
    fill("2", daysSupply={"value": 0}),
    b"\xff\xfe{}",
    b"",
    {"resourceType": "Patient", "name": [{"family": "Quillfeather"}]},
    b'{"a":' * 100_000,
    fill("5"),
    fill("3", quantity={"unit": "each"}),
    withdrawn("1"),
    withdrawn("9"),
)
SPOILT_VERDICTS = [
    (1, "created"), (2, "rejected"), (3, "rejected"), (4, "rejected"), (6, "rejected"), (7, "rejected"),
    (8, "created"), (9, "rejected"), (10, "voided"), (11, "rejected"),
]  # fmt: skip


def test_each_line_by_itself(empty: LiveGateway) -> None:
    response = post(empty, SPOILT)
    assert verdicts(response) == SPOILT_VERDICTS
    told = outcomes(response)
    assert [one["id"] for one in told][:2] == ["line-1", "line-2"]
    assert read(empty, said(told[0])["recorded"]["reference"]).json()["status"] == "entered-in-error"
    assert [one["issue"][0]["severity"] for one in told][:3] == ["information", "error", "error"]
    places = {said(one)["line"]: one["issue"][0].get("expression") for one in told}
    assert places[3] == ["MedicationDispense.daysSupply.value"]
    assert places[9] == ["MedicationDispense.quantity.value"]
    assert places[6] == ["Resource.resourceType"]
    wrong = [one["issue"][0]["diagnostics"] for one in told if one["issue"][0]["severity"] == "error"]
    assert all(text.startswith("Line ") for text in wrong)
    for word in ("Quillfeather", "900-12", "1971-0", "broken"):
        assert word not in response.text
    assert len(shown(empty)) == 1
    again = dict(verdicts(post(empty, SPOILT)))
    assert {line for line, verdict in again.items() if verdict == "unchanged"} == {1, 8, 10}
    assert set(again.values()) == {"unchanged", "rejected"}
    assert empty.gateway.store.dispensations() == 2


def test_as_a_bundle_where_json_is_accepted(empty: LiveGateway) -> None:
    response = post(empty, SPOILT, Accept="application/fhir+json")
    Bundle.model_validate(response.json())
    assert response.json()["type"] == "batch-response"
    entries = {int(e["id"].removeprefix("line-")): e["response"] for e in response.json()["entry"]}
    assert {line: e["status"] for line, e in entries.items()} == {
        1: "201", 2: "400", 3: "422", 4: "400", 6: "400", 7: "400", 8: "201", 9: "400", 10: "200", 11: "422",
    }  # fmt: skip
    assert (entries[1]["etag"], entries[10]["etag"]) == ('W/"1"', 'W/"2"')
    assert entries[1]["location"] == entries[10]["location"]


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"", {}, 400, "structure"),
        (b"\n \n", {}, 400, "structure"),
        (json.dumps(reported()).encode(), {"Content_Type": "application/fhir+json"}, 415, "not-supported"),
        (ndjson(fill()), {"Accept": "text/html"}, 406, "not-supported"),
        (ndjson(fill()), {"Content_Type": f"{NDJSON}; charset=utf-16"}, 415, "not-supported"),
        (ndjson(fill()), {"Content_Type": f"{NDJSON}; fhirVersion=5.0"}, 415, "not-supported"),
        (json.dumps(reported(), indent=1).encode(), {}, 400, "structure"),
    ],
)
def test_no_import(empty: LiveGateway, body: bytes, headers: dict[str, str], status: int, code: str) -> None:
    response = post(empty, body, **headers)
    assert (response.status_code, response.json()["issue"][0]["code"]) == (status, code)
    assert empty.gateway.store.dispensations() == 0


@pytest.mark.parametrize("type", [NDJSON, "application/ndjson", "application/x-ndjson"])
def test_the_media_types_of_ndjson(empty: LiveGateway, type: str) -> None:
    body = b"\xef\xbb\xbf" + ndjson(fill("1"))[:-1]
    assert verdicts(post(empty, body, Content_Type=type, Accept=type)) == [(1, "created")]


# --- files ----------------------------------------------------------------------------------------------------


def test_what_is_no_ndjson_is_left_to_others() -> None:
    for content in (b"", b"TH*4.2B*C1*01~", b"[1]", b"\x00" * 100, b"\n\n"):
        assert ADAPTER.open_file(io.BytesIO(content)) is None


def test_a_document_over_several_lines_is_said_to_be_one() -> None:
    file = opened(json.dumps(reported(), indent=2).encode())
    assert [issue.is_error for issue in file.issues] == [True]
    assert list(file.records()) == []


def test_lines_of_any_length() -> None:
    long = b'{"resourceType":"MedicationDispense","id":"' + b"x" * MAX_LINE + b'"}'
    first, broken, second, last = records(ndjson(fill("1"), long, fill("2"))[:-1] + b"\r\n" + long * 3)
    assert [one.path for one in (first, broken, second, last)] == ["line 1", "line 2", "line 3", "line 4"]
    assert (broken.dispensation, last.dispensation) == (None, None)
    assert first.dispensation is not None
    assert second.dispensation is not None
    assert [i.code for i in broken.issues] == [IssueCode.MALFORMED]


def test_the_same_bytes_are_the_same_message() -> None:
    assert opened(ndjson(fill("1"))).message == opened(ndjson(fill("1"))).message
    assert opened(ndjson(fill("1"))).message != opened(ndjson(fill("2"))).message


def test_from_the_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gateway.logs.configure", lambda level: None)  # it is the process's
    file, config = tmp_path / "fills.ndjson", tmp_path / "pmp.toml"
    config.write_text(f'data_dir = "{tmp_path / "data"}"\n')
    file.write_bytes(SPOILT)
    command = ["intake", "--config", str(config), "--format", "json", str(file)]
    ended = CliRunner().invoke(main, command)
    assert ended.exit_code == 1
    report = json.loads(ended.stdout)
    assert [(r["line"], r["verdict"]) for r in report["records"]] == SPOILT_VERDICTS
    assert report["records"][2]["issues"][0]["expression"] == "MedicationDispense.daysSupply.value"
    assert report["summary"]["status"] == "accepted in part"
    assert (report["summary"]["recorded"], report["summary"]["rejected"]) == (3, 7)
    assert "Quillfeather" not in ended.stdout
    file.write_bytes(ndjson(fill("1"), fill("2")))
    text = CliRunner().invoke(main, ["intake", "--config", str(config), str(file)])
    assert text.exit_code == 0, text.output
    assert "2 records: 2 accepted, 0 corrected, 0 rejected, 0 deferred. File accepted." in text.output
    again = CliRunner().invoke(main, ["intake", "--config", str(config), str(file)])
    assert again.stdout.count("accepted (recorded before)") == 2


def test_from_the_drop_folder(empty: LiveGateway, tmp_path: Path) -> None:
    folder = tmp_path / "drop"
    folder.mkdir()
    (folder / "fills.ndjson").write_bytes(ndjson(fill("1"), fill("2")))
    (folder / "one.json").write_text(json.dumps(reported(), indent=2))
    dropped = DropFolder(folder, empty.gateway.submissions, clock=empty.gateway.clock, settled_after=0)
    try:
        assert dropped.take_all() == 2
    finally:
        dropped.close()
    assert [p.name.partition("-")[2] for p in (folder / "done").glob("*.ndjson")] == ["fills.ndjson"]
    (report,) = (folder / "rejected").glob("*.report.txt")
    assert "File rejected." in report.read_text()
    assert len(shown(empty)) == 2
