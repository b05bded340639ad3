"""Identifiers at rest."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Failure, MessageError
from gateway.security.files import UnusableFileError
from gateway.security.vault import IdentifierVault, VaultKeys

ONE, TWO, THREE = (bytes([n]) * 32 for n in (1, 2, 3))
SSN = "987-65-4320"


def _vault(*, fingerprint: bytes = THREE, **sealing: bytes) -> IdentifierVault:
    return IdentifierVault(VaultKeys(sealing or {"one": ONE}, fingerprint))


def test_what_is_sealed_comes_back_and_is_not_seen() -> None:
    sealed = _vault().seal(SSN)
    assert _vault().open(sealed) == SSN
    assert b"987" not in sealed
    assert _vault().seal(SSN) != sealed, "equal values do not look equal"


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = _vault(one=ONE).seal(SSN)
    rotated = _vault(two=TWO, one=ONE)
    assert rotated.open(before) == SSN
    assert rotated.seal(SSN)[1:4] == b"two"
    with pytest.raises(Failure, match="key"):
        _vault(two=TWO).open(before)


def test_every_changed_byte_is_noticed() -> None:
    sealed = _vault().seal(SSN)
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(Failure):
            _vault().open(bytes(changed))


@pytest.mark.parametrize("sealed", [b"", b"\x00", b"\x03one", b"\x03one" + bytes(12), b"\xff" * 20])
def test_what_was_never_sealed(sealed: bytes) -> None:
    with pytest.raises(Failure):
        _vault().open(sealed)


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("ssn", "987-65-4320", "987654320"),
        ("ssn", " 987 65 4320", "987.65.4320"),
        ("driver-licence", "ab-123 c", "AB123C"),
        ("medical-record-number", "mrn/00\uff11", "MRN001"),
    ],
)
def test_spelling_makes_no_difference_to_a_fingerprint(kind: str, one: str, other: str) -> None:
    vault = _vault()
    assert vault.fingerprint(kind, one) == vault.fingerprint(kind, other)
    assert len(vault.fingerprint(kind, one)) == 32


def test_fingerprints_differ_by_kind_value_and_key() -> None:
    vault = _vault()
    mine = vault.fingerprint("ssn", SSN)
    assert mine != vault.fingerprint("driver-licence", SSN)
    assert mine != vault.fingerprint("ssn", "987-65-4321")
    assert mine != _vault(fingerprint=ONE).fingerprint("ssn", SSN)
    assert mine == _vault(two=TWO).fingerprint("ssn", SSN), "a rotation of sealing keys loses nobody"
    assert vault.fingerprint("medical-record-number", "001") != vault.fingerprint(
        "medical-record-number", "1"
    )


@pytest.mark.parametrize(("kind", "value"), [("ssn", "unknown"), ("ssn", ""), ("driver-licence", "--- /")])
def test_nothing_has_no_fingerprint(kind: str, value: str) -> None:
    with pytest.raises(MessageError) as refused:
        _vault().fingerprint(kind, value)
    assert kind in str(refused.value)
    assert "unknown" not in str(refused.value)


def test_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "vault.json"
    sealed = IdentifierVault(VaultKeys.load(path)).seal(SSN)
    assert path.stat().st_mode & 0o777 == 0o600
    assert IdentifierVault(VaultKeys.load(path)).open(sealed) == SSN
    assert IdentifierVault(VaultKeys.parse(path.read_text())).open(sealed) == SSN


def test_keys_are_not_shown() -> None:
    assert "\\x01" not in repr(VaultKeys({"one": ONE}, THREE))


def _entry(key_id: Any = "one", key: bytes = ONE) -> dict[str, Any]:
    return {"id": key_id, "key": b64encode(key).decode()}


@pytest.mark.parametrize(
    "document",
    [
        "{",
        {},
        {"sealing": [], "fingerprint": _entry()["key"]},
        {"sealing": [_entry(), _entry()], "fingerprint": _entry()["key"]},
        {"sealing": [_entry(key=b"short")], "fingerprint": _entry()["key"]},
        {"sealing": [_entry(key_id="")], "fingerprint": _entry()["key"]},
        {"sealing": [_entry(key_id="x" * 33)], "fingerprint": _entry()["key"]},
        {"sealing": [_entry()], "fingerprint": "secret"},
        {"sealing": [_entry()]},
        {"sealing": 1, "fingerprint": _entry()["key"]},
    ],
    ids=range(10),
)
def test_keys_that_cannot_be_used_are_not_replaced(tmp_path: Path, document: Any) -> None:
    path = tmp_path / "vault.json"
    text = document if isinstance(document, str) else json.dumps(document)
    path.write_text(text)
    with pytest.raises(UnusableFileError, match=r"vault\.json"):
        VaultKeys.load(path)
    assert path.read_text() == text
