"""`pmpbridge drugs` as an operator types it."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.command import COMMAND, environment, pmpbridge
from tests.unit.asap.files import DSP, PAT, PRE, pharmacy, text
from tests.unit.fda_files import a_package, a_product, write

ROOT = Path(__file__).resolve().parents[2]
TABLET = a_product("98999-7001", SUBSTANCENAME="OXYCODONE HYDROCHLORIDE", PROPRIETARYNAME="Larkspurin")
ODD = a_product("98999-7002", SUBSTANCENAME="INSULIN GLARGINE", ACTIVE_INGRED_UNIT="[iU]/mL", DEASCHEDULE="")


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """A folder with product.txt, package.txt and list.csv."""
    folder = tmp_path / "files"
    write(
        folder,
        [TABLET, ODD],
        [
            a_package(TABLET, "98999-7001-1"),
            a_package(TABLET, "9899970012"),
            a_package(ODD, "98999-7002-1"),
        ],
    )
    (folder / "list.csv").write_text(
        "ndc11,ingredients,strength,dea_schedule\n98999700101,morphine,30 mg,CII\n"
    )
    return folder


@pytest.fixture
def here(tmp_path: Path) -> dict[str, str]:
    return {"PMPBRIDGE__DATA_DIR": str(tmp_path / "data")}


def test_load_says_what_became_of_each_line(files: Path, here: dict[str, str]) -> None:
    lines = files / "lines.tsv"
    ended = pmpbridge(
        *("drugs", "load", "--lines", str(lines), str(files / "product.txt"), str(files / "package.txt")),
        **here,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    said = ended.stdout.splitlines()
    assert said[0] == "fda-ndc: 2 products accepted, 1 of them read whole; 1 lines skipped."
    assert re.fullmatch(r"  skipped, 1 of package\.txt: NDCPACKAGECODE: Ten digits .* \(lines 3\)", said[1])
    assert said[2] == (
        "  accepted, 1 of product.txt: an ingredient has no strength per dose unit, mL or hour (lines 3)"
    )
    written = [line.split("\t") for line in lines.read_text().splitlines()]
    assert [row[:3] for row in written] == [["package.txt", "3", "skipped"], ["product.txt", "3", "accepted"]]


def test_show_and_status(files: Path, here: dict[str, str]) -> None:
    unknown = pmpbridge("drugs", "show", "98999-7001-01", **here)
    assert (unknown.returncode, "No list has it" in unknown.stderr) == (1, True)
    pmpbridge("drugs", "load", str(files / "product.txt"), str(files / "package.txt"), **here)
    pmpbridge("drugs", "load", str(files / "list.csv"), **here)
    shown = pmpbridge("drugs", "show", "98999-7001-01", **here)
    assert shown.returncode == 0
    assert shown.stdout.splitlines() == [
        "98999-7001-01",
        "fda-ndc (decides)",
        "  name         oxycodone hydrochloride 5 MG Tablet [Larkspurin]",
        "  ingredients  oxycodone 5 mg",
        "  form         Tablet",
        "  route        oral",
        "  schedule     CII",
        "  class        opioid",
        "  rxcui        not stated",
        "list",
        "  name         morphine 30 MG",
        "  ingredients  morphine 30 mg",
        "  form         not stated",
        "  route        not stated",
        "  schedule     CII",
        "  class        opioid",
        "  rxcui        not stated",
        "MME (cdc-2022)  oxycodone, oral: 1.5 per mg",
    ]
    status = pmpbridge("drugs", "status", **here)
    fda, ours, shipped = status.stdout.splitlines()
    assert re.fullmatch(r"fda-ndc: 2 products, loaded \S+ \S+ UTC from product\.txt, package\.txt", fda)
    assert re.fullmatch(r"list: 1 products, loaded \S+ \S+ UTC from list\.csv", ours)
    assert shipped.startswith("shipped: ")


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("show", "0228298311"), 2, "Ten digits without hyphens are ambiguous"),
        (("show", "x"), 2, "consists of digits"),
        (("load", "{files}/product.txt"), 1, "one product.txt and one package.txt"),
        (("load", "{files}/nothing.txt"), 2, "does not exist"),
        (("load", "--lines", "{files}/none/lines", "{files}/list.csv"), 2, "none/lines"),
        (("remove", "nobody"), 1, "no such list is in force"),
    ],
)
def test_what_is_wrong_is_said_without_a_traceback(
    files: Path, here: dict[str, str], arguments: tuple[str, ...], status: int, says: str
) -> None:
    ended = pmpbridge("drugs", *(argument.format(files=files) for argument in arguments), **here)
    assert (ended.returncode, says in ended.stderr) == (status, True), ended.stderr
    assert "Traceback" not in ended.stderr
    assert pmpbridge("drugs", "status", **here).stdout.count("\n") == 1, "nothing was loaded"


def test_a_file_of_dispensations_is_told_which_products_are_unknown(
    files: Path, here: dict[str, str]
) -> None:
    pmpbridge("drugs", "load", str(files / "product.txt"), str(files / "package.txt"), **here)
    known, unknown = DSP.replace("00093007401", "98999700101"), DSP.replace("00093007401", "55555555555")
    asap = files / "asap.txt"
    asap.write_text(text(pharmacy(PAT, known, PRE, unknown.replace("7001234", "7001235"), PRE)))
    ended = pmpbridge("intake", "--format", "json", str(asap), **here)
    assert ended.returncode == 0, ended.stderr
    report = json.loads(ended.stdout)
    assert [record["status"] for record in report["records"]] == ["accepted", "accepted"]
    first, second = (record.get("issues", []) for record in report["records"])
    assert first == []
    assert [(issue["code"], issue["field"]) for issue in second] == [("unknown-drug", "DSP08")]


def test_the_commands_of_the_guide(files: Path, here: dict[str, str]) -> None:
    page = (ROOT / "docs" / "guide" / "drugs.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```(sh[^\n]*)\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert {tag for tag, _ in blocks} == {"sh drugs"}
    script = "".join(body for _, body in blocks).replace(".venv/bin/pmpbridge", " ".join(COMMAND))
    ended = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=files,
        env=environment(**here),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert "our-state (decides)" in ended.stdout
    assert ended.stdout.endswith("our-state is removed.\n")


def test_the_guide_names_every_heading() -> None:
    from gateway.drugs.lists import HEADINGS  # noqa: PLC0415 - what the page is held against

    page = (ROOT / "docs" / "guide" / "drugs.md").read_text(encoding="utf-8")
    for headings in HEADINGS.values():
        assert ", ".join(f"`{heading}`" for heading in headings) in page
