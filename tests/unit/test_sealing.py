"""What is kept under a ticket: opened by the ticket and by what it is bound to, and by nothing else."""

from __future__ import annotations

import pytest

from gateway.ephemeral import Memory
from gateway.errors import Unavailable
from gateway.model import Answer
from gateway.sealing import Sealed, new_ticket
from tests.factory import a_person, an_answer


def test_an_answer_comes_back_as_it_was() -> None:
    sealed = Sealed(Memory(), new_ticket(), purpose="report")
    answer = an_answer()
    sealed.put("report", answer, 60)
    assert sealed.get("report", Answer) == answer
    assert sealed.take("report", Answer) == answer
    assert sealed.take("report", Answer) is None


@pytest.mark.parametrize(
    "over",
    [
        {"ticket": "another"},
        {"purpose": "staging"},
        {"bound": ("client", a_person(phones=()))},
        {"bound": ("other", a_person())},
    ],
)
def test_nothing_else_opens_it(over: dict[str, object]) -> None:
    facts, ticket = Memory(), new_ticket()
    right = {"ticket": ticket, "purpose": "report", "bound": ("client", a_person())}

    def sealed(**values: object) -> Sealed:
        return Sealed(facts, **{**right, **values})

    sealed().put("report", "secret", 60)
    assert sealed(**over).get("report", str) is None
    assert sealed().get("report", str) == "secret"


def test_what_is_kept_shows_nothing() -> None:
    facts, ticket = Memory(), new_ticket()
    Sealed(facts, ticket, purpose="report").put("report", an_answer(), 60)
    ((_, kept),) = facts._values.values()
    assert b"Quillfeather" not in kept
    assert not kept[12:].startswith(b"\x78"), "compressed, but not sealed"


def test_what_was_tampered_with_is_not_opened() -> None:
    facts, ticket = Memory(), new_ticket()
    sealed = Sealed(facts, ticket, purpose="report")
    sealed.put("report", "secret", 60)
    ((name, (end, kept)),) = facts._values.items()
    facts._values[name] = (end, kept[:-1] + bytes([kept[-1] ^ 1]))
    with pytest.raises(Unavailable):
        sealed.get("report", str)
