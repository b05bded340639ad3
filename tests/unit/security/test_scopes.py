"""What covers what: SMART App Launch 2.2, "Scopes for requesting FHIR Resources"."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.security.scopes import SUPPORTED, covers, granted, is_known

COVERS = [
    ("system/MedicationDispense.rs", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.cruds", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.rs", "system/MedicationDispense.s"),
    ("system/*.rs", "system/MedicationDispense.rs"),
    ("system/*.cruds", "system/Patient.r"),
    ("system/MedicationDispense.read", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.write", "system/MedicationDispense.c"),
    ("system/*.*", "system/MedicationDispense.cruds"),
    ("system/MedicationDispense.rs", "system/MedicationDispense.read"),
    ("pdmp/history", "pdmp/history"),
]
DOES_NOT = [
    ("system/MedicationDispense.r", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.rs", "system/MedicationDispense.c"),
    ("system/MedicationDispense.read", "system/MedicationDispense.c"),
    ("system/MedicationDispense.write", "system/MedicationDispense.rs"),
    ("system/Patient.cruds", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.rs", "system/*.rs"),
    ("system/MedicationDispense.sr", "system/MedicationDispense.rs"),
    ("user/MedicationDispense.rs", "system/MedicationDispense.rs"),
    ("patient/*.cruds", "system/MedicationDispense.rs"),
    ("system/*.cruds", "pdmp/history"),
    ("admin", "pdmp/history"),
    ("pdmp/history", "pdmp/report"),
    ("pdmp/*", "pdmp/history"),
    ("system/MedicationDispense.rs?category=x", "system/MedicationDispense.rs"),
    ("system/MedicationDispense.", "system/MedicationDispense.rs"),
    ("", "pdmp/history"),
]


@pytest.mark.parametrize(("held", "wanted"), COVERS)
def test_covers(held: str, wanted: str) -> None:
    assert covers(held, wanted)


@pytest.mark.parametrize(("held", "wanted"), DOES_NOT)
def test_does_not_cover(held: str, wanted: str) -> None:
    assert not covers(held, wanted)


@pytest.mark.parametrize(
    ("requested", "allowed", "expected"),
    [
        ("pdmp/history", ("pdmp/history", "admin"), ("pdmp/history",)),
        ("admin pdmp/history", ("pdmp/history",), ("pdmp/history",)),
        ("admin", ("pdmp/history",), ()),
        (None, ("pdmp/history", "admin"), ("pdmp/history", "admin")),
        ("  ", ("pdmp/history",), ("pdmp/history",)),
        ("system/Patient.read", ("system/Patient.cruds",), ("system/Patient.read",)),
        ("system/Patient.cruds", ("system/Patient.rs",), ("system/Patient.rs",)),
        (
            "system/*.rs",
            ("system/Patient.r", "system/Group.s", "admin"),
            ("system/Patient.r", "system/Group.s"),
        ),
        ("system/Patient.rs", ("system/*.r",), ("system/Patient.r",)),
        ("system/*.*", ("system/*.rs",), ("system/*.rs",)),
        (
            "system/Patient.c system/Patient.rs",
            ("system/Patient.cr",),
            ("system/Patient.c", "system/Patient.r"),
        ),
        ("system/Patient.rs?x=1", ("system/Patient.rs",), ()),
        ("admin admin", ("admin",), ("admin",)),
    ],
)
def test_granted(requested: str | None, allowed: tuple[str, ...], expected: tuple[str, ...]) -> None:
    assert granted(requested, allowed) == expected


SYSTEM = st.builds(
    "system/{}.{}".format,
    st.sampled_from(["*", "Patient", "MedicationDispense"]),
    st.sets(st.sampled_from("cruds"), min_size=1).map(lambda s: "".join(sorted(s, key="cruds".index))),
)
SCOPE = SYSTEM | st.sampled_from(["pdmp/history", "admin"])


@given(st.lists(SCOPE, min_size=1, max_size=4), st.lists(SCOPE, min_size=1, max_size=4), SCOPE)
def test_nothing_is_granted_that_is_not_both_asked_for_and_allowed(
    requested: list[str], allowed: list[str], needed: str
) -> None:
    given_scopes = granted(" ".join(requested), allowed)
    if any(covers(scope, needed) for scope in given_scopes):
        assert any(covers(scope, needed) for scope in allowed)
        assert any(covers(scope, needed) for scope in requested)
    assert granted(" ".join(given_scopes) or "nothing", allowed) == given_scopes


def test_everything_supported_can_be_registered() -> None:
    assert all(map(is_known, SUPPORTED))
    assert not is_known("pdmp/everything")
    assert not is_known("system/MedicationDispense.sr")
