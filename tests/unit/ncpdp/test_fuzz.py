"""Whatever is sent or said, reading ends in a message or a refusal: made-up trees, changed bytes, a short fuzzing."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from html import escape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from tests.unit.ncpdp.helpers import NAMESPACE, REQUESTS, VERSIONS
from tests.unit.ncpdp.samples import FOLDER
from tests.unit.ncpdp.whatever import said, sent

RUNS = 4_000  # of the fuzzer; `make fuzz` has many more
EXAMPLES = 150
_ROOT = Path(__file__).resolve().parents[3]
_NAMES = st.sampled_from(
    sorted(
        {
            "NonHumanPatient", "DateTime", "ZipCode", "State", "PrescriberAgent", "Approved", "Denied", "ReasonCode",
            "MedicationDispensedAdministered", "MedicationPrescribed", "CompoundInformation", "Code", "Error", "x",
        }
        | {
            etree.QName(element).localname
            for path in FOLDER.glob("*/*.xml")
            for element in etree.parse(str(path)).getroot().iter(etree.Element)
        }
    )
)  # fmt: skip
_TEXTS = st.sampled_from(
    ["", "0", "00", "-1", "1e9", "30", "2.5", "2026-02-01", "20260230", "Y", "N", "TPO", "CT", "AQ", "AA", "900",
     "010", "ND", "C48542", "M", "DJ", "06103", "No answer from NY.", "\u0661", "\u200b", "A" * 200]
)  # fmt: skip
_TEXTS |= st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"), max_size=12
)
_TRANSACTIONS = st.sampled_from(
    ["RxHistoryRequest", "RxHistoryResponse", "RxFill", "Status", "Error", "Verify", "x"]
)


def _element(name: str, content: str) -> str:
    return f"<{name}>{content}</{name}>"


_TREES = st.recursive(
    _TEXTS.map(escape),
    lambda inner: st.lists(st.builds(_element, _NAMES, inner), max_size=6).map("".join),
    max_leaves=30,
)


@st.composite
def _messages(draw: st.DrawFn) -> bytes:
    """A message of some version, its transaction one that there is, and anything inside."""
    version = draw(
        st.sampled_from(['version="010" release="006"', 'TransactionVersion="20170715"', 'version="x"', ""])
    )
    namespace = draw(st.sampled_from(["", f' xmlns="{NAMESPACE}"']))
    header = _element("Header", draw(_TREES)) if draw(st.booleans()) else ""
    body = _element("Body", _element(draw(_TRANSACTIONS), draw(_TREES)))
    return f"<Message{namespace} {version}>{header}{body}</Message>".encode()


@st.composite
def _changed(draw: st.DrawFn) -> bytes:
    """A sample in which a few stretches of bytes are others."""
    content = bytearray(draw(st.sampled_from(sorted(FOLDER.glob("*/*.xml")))).read_bytes())
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(content)))
        content[place : place + draw(st.integers(0, 80))] = draw(st.binary(max_size=12))
    return bytes(content)


_ANYTHING = _messages() | _changed() | st.binary(max_size=300)


@settings(max_examples=EXAMPLES)
@given(body=_ANYTHING)
def test_what_is_sent_is_read_or_refused(body: bytes) -> None:
    sent(body)


@settings(max_examples=EXAMPLES)
@given(body=_ANYTHING)
def test_what_a_partner_says_is_read_or_not_understood(body: bytes) -> None:
    said(body)


@pytest.mark.parametrize("version", VERSIONS)
@settings(max_examples=EXAMPLES // 3)
@given(inside=_TREES)
def test_what_stands_beside_the_patient_changes_nobody(version: str, inside: str) -> None:
    """Elements of other names in a request leave who is asked for as she is."""
    start = "<RxHistoryRequest>"
    plain = sent(REQUESTS[version].encode())
    other = sent(REQUESTS[version].replace(start, f"{start}<Vendor>{inside}</Vendor>").encode())
    assert other == plain is not None


@pytest.mark.parametrize("reader", ["request", "answer"])
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="no wheel of atheris here")
def test_a_short_fuzzing_finds_nothing(tmp_path: Path, reader: str) -> None:
    command = [
        sys.executable,
        "-m",
        "tests.fuzz.script",
        reader,
        f"-runs={RUNS}",
        f"-artifact_prefix={tmp_path}/",
    ]
    done = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr[-3_000:]
    assert f"Done {RUNS} runs" in done.stderr
