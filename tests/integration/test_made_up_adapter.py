"""A new protocol is one more folder: no edit anywhere else."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest
import requests
from lxml import etree

from gateway.registry import RegistryError, load_registry
from gateway.testing import LiveGateway

PIGEON = dedent(
    '''
    """Pigeon post: a line of text with family name, given name, date of birth; or a wrapped SCRIPT message."""

    from datetime import date

    from flask import Blueprint

    from gateway.errors import MessageError
    from gateway.model import LookupRequest, Person, PersonName, Requester
    from gateway.ports import Adapter, Content, Enclosed, Outbound, RouteDescription


    NOTE = (Content(media=("text/plain",)),)
    ABOUT = RouteDescription(
        summary="A pigeon",
        scopes=("pdmp/history",),
        takes=NOTE,
        answers=dict.fromkeys((200, 400, 401, 403, 413, 415, 500, 503), NOTE),
    )


    class Pigeon(Adapter):
        name, prefix, formats = "pigeon", "/pigeon", ("pigeon-1",)

        def read(self, message):
            if message.operation == "wrapped":
                return Enclosed(
                    protocol="ncpdp",
                    operation="script",
                    body=message.body[7:-1],
                    content_type="application/xml",
                    destination=message.headers.get("x-state"),
                )
            parts = message.body.decode().split("|")
            if len(parts) != 3:
                raise MessageError("A pigeon carries three fields.", path="line 1", remedy="Separate them by |.")
            person = Person(
                names=(PersonName(family=parts[0], given=(parts[1],)),), birth_date=date.fromisoformat(parts[2])
            )
            return LookupRequest(person=person, requester=Requester())

        def write(self, answer, request):
            if isinstance(answer, Outbound):
                return Outbound(body=b"SCRIPT<" + answer.body + b">", content_type="text/plain", status=answer.status)
            lines = [answer.outcome.value] + [f"{d.filled} {d.rx_number}" for d in answer.dispensations]
            return Outbound(body="\\n".join(lines).encode(), content_type="text/plain")

        def write_error(self, error, request):
            return Outbound(body=f"COO {error}".encode(), content_type="text/plain", status=error.status)

        def routes(self, handle):
            blueprint = Blueprint("pigeon", __name__)
            blueprint.add_url_rule("/ask", view_func=handle.exchange("ask", ABOUT), methods=["POST"])
            blueprint.add_url_rule("/wrapped", view_func=handle.exchange("wrapped", ABOUT), methods=["POST"])
            return blueprint


    ADAPTER = Pigeon()
    '''
)


def _folder(root: Path, name: str, source: str) -> Path:
    package = root / name
    package.mkdir(parents=True)
    (package / "__init__.py").write_text(source, encoding="utf-8")
    return root


@pytest.fixture
def pigeons(tmp_path: Path) -> Path:
    return _folder(tmp_path / "more-adapters", "pigeon", PIGEON)


def test_it_is_found_and_answers(pigeons: Path, tmp_path: Path) -> None:
    with LiveGateway(tmp_path / "data", {"adapters": {"folders": [str(pigeons)]}}) as live:
        live.seed(patients=5)
        assert "pigeon" in live.gateway.registry.names
        person = next(p for p in live.people if p.dispensations).person
        line = f"{person.name.family}|{person.name.given[0]}|{person.birth_date}"
        bearer = {"Authorization": f"Bearer {live.token()}"}

        answered = requests.post(f"{live.url}/pigeon/ask", data=line.encode(), headers=bearer, timeout=10)
        outcome, *lines = answered.text.splitlines()
        assert outcome == "complete"
        assert len(lines) >= 1

        refused = requests.post(f"{live.url}/pigeon/ask", data=b"coo", headers=bearer, timeout=10)
        assert (refused.status_code, refused.text[:3]) == (400, "COO")
        assert requests.post(f"{live.url}/pigeon/ask", data=b"", timeout=10).status_code == 401
        assert requests.get(f"{live.url}/pigeon/loft", headers=bearer, timeout=10).text.startswith("COO")


def test_it_can_enclose_another_protocol(pigeons: Path, tmp_path: Path) -> None:
    """The enclosed message is read and answered by its own adapter; the two never meet."""
    with LiveGateway(tmp_path / "data", {"adapters": {"folders": [str(pigeons)]}}) as live:
        live.seed(patients=5)
        bearer = {"Authorization": f"Bearer {live.token()}"}
        broken = requests.post(
            f"{live.url}/pigeon/wrapped", data=b"SCRIPT<not XML>", headers=bearer, timeout=10
        )
        assert broken.text.startswith("SCRIPT<")
        inside = etree.fromstring(broken.content[7:-1])
        assert inside.xpath("//*[local-name()='Error']/*[local-name()='Code']")


def test_what_is_enclosed_for_another_state_is_refused_before_it_is_read(
    pigeons: Path, tmp_path: Path
) -> None:
    with LiveGateway(tmp_path / "data", {"adapters": {"folders": [str(pigeons)]}}) as live:
        bearer = {"Authorization": f"Bearer {live.token()}"}
        answers = [
            requests.post(
                f"{live.url}/pigeon/wrapped",
                data=b"SCRIPT<not XML>",
                headers={**bearer, "X-State": state},
                timeout=10,
            )
            for state in ("CT", "OK")
        ]
        assert answers[0].text.startswith("SCRIPT<")
        assert (answers[1].status_code, answers[1].text[:36]) == (400, "COO The message is meant for OK, and")


def test_a_broken_adapter_stops_the_start_by_name_unless_disabled(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "albatross", "raise ImportError('no wings')\n")
    with pytest.raises(RegistryError, match=r"albatross.*no wings.*adapters.disabled"):
        load_registry(folders=[folder])
    assert "albatross" not in load_registry(folders=[folder], disabled=["albatross"]).names


def test_an_adapter_without_adapter_is_refused(tmp_path: Path) -> None:
    folder = _folder(tmp_path, "dodo", '"""Nothing."""\n')
    with pytest.raises(RegistryError, match=r"dodo.*exports no ADAPTER"):
        load_registry(folders=[folder])


def test_a_route_that_no_handle_made_is_refused(tmp_path: Path) -> None:
    source = PIGEON.replace('handle.exchange("ask", ABOUT)', 'lambda: "everything about everybody"').replace(
        "pigeon", "magpie"
    )
    folder = _folder(tmp_path / "more", "magpie", source)
    with (
        pytest.raises(RegistryError, match=r"magpie.*no Handle made"),
        LiveGateway(tmp_path / "data", {"adapters": {"folders": [str(folder)]}}),
    ):
        pass
