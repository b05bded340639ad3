"""One gateway asks another by FHIR: it finds the token endpoint, signs with keys that the other reads from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.bootstrap import register_client
from gateway.errors import Unauthenticated
from gateway.model import Outcome, Requester
from gateway.ports import Partner, PartnerSettings
from gateway.security.client import TokenSource
from gateway.testing import LiveGateway
from tests.factory import a_dispensation, a_lookup, a_person

CLIENT = "the-state-next-door"


@pytest.fixture
def asked(tmp_path: Path) -> Iterator[LiveGateway]:
    with LiveGateway(tmp_path / "asked") as gateway:
        yield gateway


@pytest.fixture
def asking(tmp_path: Path, asked: LiveGateway) -> Iterator[LiveGateway]:
    """A gateway that is a client of the other, which knows where its keys are and nothing else of it."""
    with LiveGateway(tmp_path / "asking") as gateway:
        register_client(
            asked.gateway.settings,
            CLIENT,
            scopes=("pdmp/history",),
            role="Interstate Hub",
            jwks=f"{gateway.url}/oauth/partner-jwks",
        )
        yield gateway


def token_of(asking: LiveGateway, asked: LiveGateway) -> TokenSource:
    return asking.gateway.partner_token(f"{asked.url}/fhir", CLIENT, scopes=("pdmp/history",))


def partner(asking: LiveGateway, asked: LiveGateway, token: TokenSource) -> Partner:
    adapter = asking.gateway.registry["fhir"]
    found = adapter.partner(PartnerSettings(url=f"{asked.url}/fhir", token=token, refused=token.refused))
    assert found is not None
    return found


def grants(asked: LiveGateway) -> int:
    return sum(e.action.value == "oauth:token:grant" for e in asked.gateway.audit.events())


def test_a_history_of_the_state_next_door(asking: LiveGateway, asked: LiveGateway) -> None:
    person = a_person(key=None, appearance=None)
    asked.record([a_dispensation(id=None, person=person)])
    there = partner(asking, asked, token_of(asking, asked))
    for _ in range(3):
        answer = there.ask(a_lookup(person=person, requester=Requester()))
        assert (answer.outcome, len(answer.dispensations)) == (Outcome.COMPLETE, 1)
    there.close()
    assert grants(asked) == 1
    looked_up = [e for e in asked.gateway.audit.events() if e.protocol == "fhir"]
    assert {e.client_id for e in looked_up} == {CLIENT}


def test_a_token_that_holds_no_more_is_replaced_once(asking: LiveGateway, asked: LiveGateway) -> None:
    token = token_of(asking, asked)
    there = partner(asking, asked, token)
    there.ask(a_lookup(requester=Requester()))
    keys = Path(asked.gateway.settings.data_dir) / "signing-keys.json"
    held = keys.read_text()
    asked.gateway.security._keys.rotate()
    fresh = json.loads(keys.read_text())["keys"][:1]
    keys.write_text(json.dumps({"keys": fresh}))  # the old one is withdrawn
    assert keys.read_text() != held
    assert there.ask(a_lookup(requester=Requester())).outcome is Outcome.NO_DATA
    there.close()
    assert grants(asked) == 2


def test_keys_that_nobody_registered(asking: LiveGateway, asked: LiveGateway) -> None:
    stranger = asking.gateway.partner_token(f"{asked.url}/fhir", "stranger", scopes=("pdmp/history",))
    there = partner(asking, asked, stranger)
    with pytest.raises(Unauthenticated):
        there.ask(a_lookup(requester=Requester()))
    there.close()
