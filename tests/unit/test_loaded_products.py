"""A gateway with a loaded directory: what intake and look-ups make of it, and when a load is refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from gateway.bootstrap import Gateway, build
from gateway.drugs import ListError, Load, Loading
from gateway.errors import Unavailable
from gateway.model import (
    CompoundPart,
    Dispensation,
    Drug,
    DrugClass,
    IntakeAction,
    IntakeBatch,
    IntakeRecord,
    IntakeResult,
    IntakeVerdict,
    IssueCode,
    Outcome,
    ProductCode,
    QuantityUnit,
    Schedule,
)
from gateway.settings import load_settings
from tests.contract.ports.fakes import Ticking
from tests.factory import a_dispensation, a_lookup
from tests.unit.drug_table import NALOXONE, NALOXONE_NDC, parts
from tests.unit.fda_files import a_package, a_product, write, zipped

TABLET = a_product(
    "98999-7001",
    SUBSTANCENAME="HYDROCODONE BITARTRATE; ACETAMINOPHEN",
    ACTIVE_NUMERATOR_STRENGTH="10; 325",
    ACTIVE_INGRED_UNIT="mg/1; mg/1",
)
SPRAY = a_product(
    "98999-7002",
    PROPRIETARYNAME="Wonderspray",
    PRODUCTTYPENAME="HUMAN OTC DRUG",
    SUBSTANCENAME="NALOXONE HYDROCHLORIDE",
    DOSAGEFORMNAME="SPRAY",
    ROUTENAME="NASAL",
    ACTIVE_NUMERATOR_STRENGTH="4",
    ACTIVE_INGRED_UNIT="mg/.1mL",
    DEASCHEDULE="",
)
FILM = a_product(
    "98999-7003",
    SUBSTANCENAME="BUPRENORPHINE HYDROCHLORIDE; NALOXONE HYDROCHLORIDE",
    DOSAGEFORMNAME="FILM",
    ROUTENAME="SUBLINGUAL",
    ACTIVE_NUMERATOR_STRENGTH="8; 2",
    ACTIVE_INGRED_UNIT="mg/1; mg/1",
    DEASCHEDULE="CIII",
)
TABLET_NDC, SPRAY_NDC, FILM_NDC = "98999700101", "98999700201", "98999700301"


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[Gateway]:
    overrides = {"data_dir": str(tmp_path / "data")}
    built = build(load_settings(environ={}, overrides=overrides), clock=Ticking())
    yield built
    built.close()


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """product.txt and package.txt of three products."""
    products = [TABLET, SPRAY, FILM]
    return write(tmp_path / "fda", products, [a_package(p, f"{p['PRODUCTNDC']}-1") for p in products])


def _load(gateway: Gateway, *paths: Path, **over: Any) -> list[Load]:
    return list(Loading(gateway.store.products, **over)(paths))


def _reported(**over: Any) -> Dispensation:
    return a_dispensation(id=None, source_state=None, reported_at=None, revision=0, **over)


def _send(gateway: Gateway, *records: Dispensation, **over: Any) -> list[IntakeResult]:
    batch = tuple(IntakeRecord(dispensation=d, path=f"r{n}", **over) for n, d in enumerate(records))
    return list(gateway.intake(IntakeBatch(records=batch)).results)


def _unknown(result: IntakeResult) -> list[tuple[str, str | None, bool]]:
    return [(i.path, i.field, i.is_error) for i in result.issues if i.code is IssueCode.UNKNOWN_DRUG]


def test_an_ndc_is_resolved_by_what_was_loaded(gateway: Gateway, files: tuple[Path, Path]) -> None:
    _load(gateway, *files)
    (result,) = _send(gateway, _reported(drug=Drug(ndc11=TABLET_NDC)))
    assert result.dispensation is not None
    drug = result.dispensation.drug
    assert parts(drug) == [("hydrocodone", "10", "mg"), ("acetaminophen", "325", "mg")]
    assert (drug.ndc11, drug.schedule, drug.drug_class) == (TABLET_NDC, Schedule.CII, DrugClass.OPIOID)
    assert result.issues == ()


@pytest.mark.parametrize(
    ("drug", "field"),
    [
        (Drug(ndc11="55555555555"), "drug.ndc11"),
        (Drug(ndc11="55555555555", rxcui="1049621"), "drug.ndc11"),
        (Drug(rxcui="999999999", name="Wonderfulol"), "drug.rxcui"),
        (Drug(ndc11=TABLET_NDC), None),
        (Drug(ndc11="98999-7001-01"), None),
        (Drug(rxcui="1049621"), None),
        (Drug(name="Wonderfulol"), None),  # no code is no unknown code
        (Drug(ndc11="not an ndc"), None),  # is malformed, which is said already
    ],
)
def test_a_code_that_is_in_no_list_is_accepted_and_said_to_be_unknown(
    gateway: Gateway, files: tuple[Path, Path], drug: Drug, field: str | None
) -> None:
    _load(gateway, *files)
    (result,) = _send(gateway, _reported(drug=drug))
    assert result.verdict is IntakeVerdict.CREATED
    assert result.dispensation is not None
    assert result.dispensation.drug.ndc11 == drug.ndc11
    assert _unknown(result) == ([("r0", field, False)] if field else [])


def test_an_unknown_part_of_a_compound_is_said_to_be_unknown(
    gateway: Gateway, files: tuple[Path, Path]
) -> None:
    _load(gateway, *files)
    known = CompoundPart(sequence=1, ndc11=TABLET_NDC, quantity=Decimal(1), unit=QuantityUnit.GRAM)
    compounds = [(known,), (known, replace(known, sequence=2, ndc11="55555555555"))]
    results = _send(
        gateway, *(_reported(rx_number=str(n), drug=Drug(), compound=c) for n, c in enumerate(compounds))
    )
    assert [_unknown(result) for result in results] == [[], [("r1", "compound", False)]]


def test_a_void_needs_no_known_drug(gateway: Gateway) -> None:
    _send(gateway, _reported(drug=Drug(ndc11="55555555555")))
    (void,) = _send(gateway, _reported(drug=Drug(ndc11="55555555555")), action=IntakeAction.VOID)
    assert (void.verdict, void.issues) == (IntakeVerdict.VOIDED, ())


def test_naloxone_of_the_directory_is_hidden_and_with_buprenorphine_shown(
    gateway: Gateway, files: tuple[Path, Path]
) -> None:
    _load(gateway, *files)
    codes = [SPRAY_NDC, FILM_NDC, TABLET_NDC]
    _send(gateway, *(_reported(rx_number=c, drug=Drug(ndc11=c)) for c in codes))
    _send(gateway, _reported(rx_number="named", drug=Drug(ndc11=SPRAY_NDC, name="Naloxone 4 mg nasal spray")))
    answer = gateway.lookup(a_lookup())
    assert {d.drug.ndc11 for d in answer.dispensations} == {FILM_NDC, TABLET_NDC}
    gateway.store.products.remove("fda-ndc")
    answer = gateway.lookup(a_lookup())
    assert {d.drug.ndc11 for d in answer.dispensations} == {FILM_NDC, TABLET_NDC}, "as it was recorded"


def test_what_was_reported_before_the_directory_was_loaded_is_known_from_then_on(
    gateway: Gateway, files: tuple[Path, Path]
) -> None:
    codes = [SPRAY_NDC, TABLET_NDC]
    sent = [_reported(rx_number=code, drug=Drug(ndc11=code)) for code in codes]
    assert [len(_unknown(result)) for result in _send(gateway, *sent)] == [1, 1]
    before = gateway.lookup(a_lookup())
    assert {d.drug.drug_class for d in before.dispensations} == {DrugClass.UNKNOWN}
    _load(gateway, *files)
    (shown,) = gateway.lookup(a_lookup()).dispensations
    assert len(parts(shown.drug)) == 2
    assert (shown.drug.ndc11, shown.drug.drug_class) == (TABLET_NDC, DrugClass.OPIOID)
    assert [r.verdict for r in _send(gateway, *sent)] == [IntakeVerdict.UNCHANGED] * 2


def test_a_compound_with_a_part_of_the_directory_is_hidden_only_when_all_of_it_is(
    gateway: Gateway, files: tuple[Path, Path]
) -> None:
    _load(gateway, *files)
    part = CompoundPart(sequence=1, ndc11=SPRAY_NDC, quantity=Decimal(1), unit=QuantityUnit.GRAM)
    for number, codes in (("1", [SPRAY_NDC]), ("2", [SPRAY_NDC, TABLET_NDC])):
        compound = tuple(replace(part, sequence=n, ndc11=c) for n, c in enumerate(codes, 1))
        _send(gateway, _reported(rx_number=number, drug=Drug(name="naloxone"), compound=compound))
    assert [d.rx_number for d in gateway.lookup(a_lookup()).dispensations] == ["2"]


def test_a_directory_that_does_not_answer_is_an_error_and_never_no_records(
    gateway: Gateway, files: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    _load(gateway, *files)
    _send(gateway, _reported(drug=Drug(ndc11=TABLET_NDC)))
    assert gateway.lookup(a_lookup()).outcome is Outcome.COMPLETE

    def silent(codes: object) -> Any:
        raise Unavailable("The drug directory cannot answer now.")

    monkeypatch.setattr(gateway.store.products, "find", silent)
    with pytest.raises(Unavailable):
        gateway.lookup(a_lookup())
    with pytest.raises(Unavailable):
        _send(gateway, _reported(rx_number="2"))


# --- which list decides -------------------------------------------------------------------------------------------


def _list(tmp_path: Path, name: str, ingredient: str) -> Path:
    path = tmp_path / name
    path.write_text(f"ndc,ingredient\n{TABLET_NDC},{ingredient}\n")
    return path


def _decides(gateway: Gateway) -> list[str]:
    entries = gateway.drugs.entries(ProductCode("ndc", TABLET_NDC))
    found = gateway.drugs.find(Drug(ndc11=TABLET_NDC))
    assert found is not None
    assert found.ingredients[0].name == entries[0].drug.ingredients[0].name
    return [entry.source for entry in entries]


def test_corrections_decide_before_the_fda_and_other_lists_after_it(
    gateway: Gateway, files: tuple[Path, Path], tmp_path: Path
) -> None:
    _load(gateway, *files, _list(tmp_path, "state.csv", "morphine"))
    assert _decides(gateway) == ["fda-ndc", "state"]
    _load(gateway, _list(tmp_path, "fixes.csv", "codeine"), is_correction=True)
    assert _decides(gateway) == ["fixes", "fda-ndc", "state"]
    _load(gateway, _list(tmp_path, "fixes.csv", "morphine"))
    assert _decides(gateway) == ["fda-ndc", "fixes", "state"]
    _load(gateway, _list(tmp_path, "other.csv", "morphine"), source="state")
    assert _decides(gateway) == ["fda-ndc", "state", "fixes"]


def test_a_list_without_ingredients_takes_nothing_from_one_that_has_them(
    gateway: Gateway, tmp_path: Path
) -> None:
    code = min(NALOXONE_NDC)
    path = tmp_path / "names.csv"
    path.write_text(f"ndc,name\n{code},Wonderfulname\n")
    _load(gateway, path)
    assert gateway.drugs.is_hidden(Drug(ndc11=code), NALOXONE)


# --- loads that are refused ---------------------------------------------------------------------------------------


def test_the_zip_of_the_fda_is_the_same_as_its_files(
    gateway: Gateway, files: tuple[Path, Path], tmp_path: Path
) -> None:
    (one,) = _load(gateway, *files)
    (other,) = _load(gateway, zipped(files, tmp_path / "ndctext.zip"))
    assert one.loaded.files == other.loaded.files == ("product.txt", "package.txt")
    assert one.loaded.products == other.loaded.products == 3
    beside = files[0].with_name("._product.txt")
    beside.write_bytes(b"\0\x05\x16\x07")
    (with_more,) = _load(gateway, zipped([beside, *files], tmp_path / "more.zip"))
    assert with_more.loaded.products == 3
    (swapped,) = _load(gateway, *reversed(files))
    assert swapped.loaded.products == 3


def test_one_file_of_the_two_is_refused(gateway: Gateway, files: tuple[Path, Path]) -> None:
    for file in files:
        with pytest.raises(ListError, match=r"one product\.txt and one package\.txt"):
            _load(gateway, file)
    assert gateway.store.products.lists() == []


def test_a_list_that_has_shrunk_by_half_is_refused_unless_that_is_meant(
    gateway: Gateway, files: tuple[Path, Path]
) -> None:
    _load(gateway, *files)
    lists = gateway.store.products.lists()
    write(files[0].parent, [], [])
    with pytest.raises(ListError, match="not one line could be used"):
        _load(gateway, *files, fewer=True)
    write(files[0].parent, [TABLET], [a_package(TABLET, "98999-7001-1")])
    assert [load.loaded.products for load in _load(gateway, *files)] == [1]
    many = [a_product(f"98999-{n}") for n in range(7000, 7010)]
    write(files[0].parent, many, [a_package(p, f"{p['PRODUCTNDC']}-1") for p in many])
    _load(gateway, *files)
    lists = gateway.store.products.lists()
    write(files[0].parent, many[:4], [a_package(p, f"{p['PRODUCTNDC']}-1") for p in many[:4]])
    with pytest.raises(ListError, match="4 products, where the list in force has 10"):
        _load(gateway, *files)
    assert gateway.store.products.lists() == lists
    (load,) = _load(gateway, *files, fewer=True)
    assert load.loaded.products == 4


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("fda-ndc.csv", b"ndc,name\n98999700101,x\n", "names another source"),
        ("shipped.csv", b"ndc,name\n98999700101,x\n", "names another source"),
        ("empty.csv", b"", "not one line could be used"),
        ("some.csv", b"a,b\n1,2\n", "no column of codes"),
        ("broken.zip", b"PK\x03\x04 and nothing else", "not one line could be used|no column"),
    ],
)
def test_a_file_that_is_no_list_is_refused(
    gateway: Gateway, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ListError, match=says):
        _load(gateway, path)
    assert gateway.store.products.lists() == []


def test_a_zip_without_lists_and_two_lists_of_one_source_are_refused(
    gateway: Gateway, files: tuple[Path, Path], tmp_path: Path
) -> None:
    picture = tmp_path / "picture.png"
    picture.write_bytes(b"x")
    with pytest.raises(ListError, match="no text file in it"):
        _load(gateway, zipped([picture], tmp_path / "other.zip"))
    lists = [_list(tmp_path, name, "morphine") for name in ("a.csv", "b.csv")]
    with pytest.raises(ListError, match="One source has one list"):
        _load(gateway, *lists, source="state")
    assert gateway.store.products.lists() == []
