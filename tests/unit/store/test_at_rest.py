"""What lies on the disk."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from gateway.errors import MessageError
from gateway.model import Identifier, IdentifierKind, Person, PersonName, Species
from gateway.store import Store
from tests.contract.ports.fakes import FakeVault, Ticking
from tests.factory import a_dispensation, a_person

SECRETS = ("987-65-4329", "LICENCE-0042", "MRN-7781-X", "OWNER-SSN-55")


def identifiers() -> tuple[Identifier, ...]:
    kinds = (IdentifierKind.SSN, IdentifierKind.DRIVER_LICENCE, IdentifierKind.MEDICAL_RECORD_NUMBER)
    return tuple(
        Identifier(kind=kind, value=value, issuer="CT") for kind, value in zip(kinds, SECRETS, strict=False)
    )


def an_animal() -> Person:
    owner = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value=SECRETS[3]),))
    return Person(names=(PersonName(family="Biscuit"),), species=Species.VETERINARY, owner=owner)


def test_no_identifier_is_ever_on_disk_in_clear(record: Store, path: Path) -> None:
    with record.intake() as unit:
        for person in (a_person(identifiers=identifiers()), an_animal()):
            key = unit.add_person(person, ["key"])
            unit.add_dispensation(key, a_dispensation(id=None, person=person, rx_number=key), ["key"])
    files = list(path.parent.iterdir())
    content = b"".join(one.read_bytes() for one in files)
    assert b"Quillfeather" in content, "these are the files that hold the record"
    for secret in SECRETS:
        assert secret.encode() not in content
        assert secret.replace("-", "").encode() not in content


def test_identifiers_are_kept_sealed_and_can_be_found_by_fingerprint(record: Store, path: Path) -> None:
    with record.intake() as unit:
        unit.add_person(a_person(identifiers=identifiers()), ["key"])
        unit.add_person(an_animal(), ["key"])
    vault = FakeVault()
    with closing(sqlite3.connect(path)) as connection:
        rows = connection.execute(
            "SELECT of_owner, kind, fingerprint, sealed, issuer FROM identifier"
        ).fetchall()
    expected = [
        (0, one.kind.value, vault.fingerprint(one.kind.value, one.value), vault.seal(one.value), "CT")
        for one in identifiers()
    ]
    expected.append((1, "ssn", vault.fingerprint("ssn", SECRETS[3]), vault.seal(SECRETS[3]), None))
    assert sorted(rows) == sorted(expected)


def test_the_digest_of_demographics_rests_on_fingerprints(url: str, path: Path) -> None:
    """With the identifier itself in it, a social security number could be found by trying them all."""

    class OtherKey(FakeVault):
        def fingerprint(self, kind: str, value: str) -> bytes:
            return b"another key:" + super().fingerprint(kind, value)

    for vault in (FakeVault(), OtherKey()):
        store = Store(url, vault=vault, clock=Ticking())
        with store.intake() as unit:
            unit.add_person(a_person(identifiers=identifiers()), ["key"])
        store.close()
    with closing(sqlite3.connect(path)) as connection:
        digests = connection.execute("SELECT DISTINCT digest FROM appearance").fetchall()
    assert len(digests) == 2


def test_only_the_owner_of_the_files_may_read_them(record: Store, path: Path) -> None:
    with record.intake() as unit:
        unit.add_person(a_person(), ["key"])
        modes = {one.name: stat.S_IMODE(one.stat().st_mode) for one in path.parent.iterdir()}
    assert set(modes.values()) == {0o600}, modes
    assert len(modes) == 3, "the database, its log and its index"


def test_an_acknowledged_unit_waits_for_the_disk(record: Store) -> None:
    with record._database.engine.connect() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert pragmas == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "busy_timeout": 5000}


def test_what_was_committed_survives_the_process(
    record: Store, open_store: Callable[[], Store], url: str, path: Path
) -> None:
    """A copy of the files as they lie after a commit, with the process still running, holds the record."""
    with record.intake() as unit:
        key = unit.add_person(a_person(), ["key"])
        unit.add_dispensation(key, a_dispensation(id=None), ["key"])
    copies = path.parent / "copy"
    copies.mkdir()
    for one in list(path.parent.glob("record*")):
        (copies / one.name).write_bytes(one.read_bytes())
    copy = Store(f"sqlite:///{copies / path.name}", vault=FakeVault(), clock=Ticking())
    assert (copy.people(), copy.dispensations()) == (1, 1)
    copy.close()


def test_a_refused_identifier_refuses_its_record_only(url: str) -> None:
    class Choosy(FakeVault):
        def fingerprint(self, kind: str, value: str) -> bytes:
            if value == "---":
                raise MessageError("The identifier is empty.")
            return super().fingerprint(kind, value)

    store = Store(url, vault=Choosy(), clock=Ticking())
    empty = a_person(identifiers=(Identifier(kind=IdentifierKind.SSN, value="---"),))
    with store.intake() as unit:
        key = unit.add_person(a_person(), ["key"])
        with pytest.raises(MessageError):
            unit.add_person(empty, ["other"])
        with pytest.raises(MessageError):
            unit.add_dispensation(key, a_dispensation(id=None, person=empty), ["key"])
        assert unit.same_fill(a_dispensation()) is None
        unit.add_dispensation(key, a_dispensation(id=None), ["key"])
    assert (store.people(), store.dispensations()) == (1, 1)
    assert not store.candidates(["other"])
    store.close()
