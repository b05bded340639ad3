"""Why somebody was found, or nobody: the audit shows fields, levels and weights, and the caller what would decide.

Neither shows anything of anybody in the record whose history was not asked for.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import msgspec
import pytest

from gateway.model import Address, LookupRequest, Outcome, Period, Person, PersonName
from gateway.registry import load_registry
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_person, a_requester

FORMATS = [(a.name, f) for a in load_registry() for f in a.formats]
HERE = replace(a_person(), key=None, appearance=None, names=(PersonName(family="Johnson", given=("Mary",)),))
THERE = replace(
    HERE,
    addresses=(Address(lines=("9 Elm St",), city="Norwalk", state="CT", postal_code="06850", country="US"),),
    phones=("2035550188",),
)
ASKED = replace(
    HERE,
    addresses=(
        Address(lines=("3 Oak St",), city="Torrington", state="CT", postal_code="06790", country="US"),
    ),
    phones=("8605550177",),
)
KNOWN_ELSEWHERE = ("Elm", "Norwalk", "06850", "2035550188", "5550188")


@pytest.mark.parametrize(("adapter", "format"), FORMATS, ids=[f for _, f in FORMATS])
def test_two_namesakes(empty: LiveGateway, adapter: str, format: str) -> None:
    bare = {"id": None, "source_state": None, "reported_at": None, "revision": 0, "sold": None}
    empty.record([
        a_dispensation(person=HERE, rx_number="1", filled=date(2026, 9, 2), **bare),
        a_dispensation(person=THERE, rx_number="2", filled=date(2026, 10, 2), **bare),
    ])  # fmt: skip
    partner = empty.partner(adapter, format)

    def ask(person: Person) -> tuple[Outcome, tuple[str, ...], str]:
        request = LookupRequest(person=person, requester=a_requester(), period=Period(start=date(2026, 1, 1)))
        answer = partner.ask(request)
        return answer.outcome, tuple(d.rx_number for d in answer.dispensations), repr(answer)

    outcome, shown, _ = ask(HERE)
    assert (outcome, shown) == (Outcome.COMPLETE, ("1",))
    *_, found = empty.gateway.audit.events()
    assert found.evidence is not None
    levels = {one.field: one.level for one in found.evidence.fields}
    assert (levels["birth date"], levels["phone"]) == ("exact", "exact")
    assert found.evidence.score == pytest.approx(sum(one.weight for one in found.evidence.fields))

    outcome, shown, said = ask(ASKED)
    assert outcome in {Outcome.AMBIGUOUS, Outcome.DEFERRED}
    assert shown == ()
    *_, asked = empty.gateway.audit.events()
    assert asked.evidence is not None
    assert {"phone", "address"} & set(asked.evidence.deciding)
    assert any(field in said for field in asked.evidence.deciding)
    for text in (said, msgspec.json.encode(asked).decode()):
        assert not any(word in text for word in KNOWN_ELSEWHERE)
    assert not any(word in repr(found) for word in ("Johnson", "Mary", "Larkspur"))
