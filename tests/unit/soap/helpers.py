"""Messages, answers and a served service for the tests of the SOAP adapter."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flask import Flask, Response, request
from flask.typing import RouteCallable
from lxml import etree
from werkzeug.serving import WSGIRequestHandler, make_server

from adapters.soap import ADAPTER
from adapters.soap.names import PMIX
from gateway.errors import GatewayError, InternalFailure
from gateway.model import (
    Address,
    Answer,
    CompoundPart,
    Dispensation,
    Dispenser,
    Drug,
    Ingredient,
    Licence,
    LookupRequest,
    Outcome,
    Person,
    PersonName,
    Prescriber,
    QuantityUnit,
    Schedule,
    Sex,
    Species,
    StateOutcome,
)
from gateway.ports import Inbound, Outbound, RouteDescription
from tests.factory import NOW, an_answer

FOLDER = Path(__file__).resolve().parents[3] / "adapters" / "soap"
SAMPLES = FOLDER / "samples"
SCHEMA = etree.XMLSchema(etree.parse(FOLDER / "wsdl" / "pmix.xsd"))
ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
ENVELOPE_1_2 = "http://www.w3.org/2003/05/soap-envelope"


def inbound(body: bytes | str, *, content_type: str = "text/xml; charset=utf-8", **headers: str) -> Inbound:
    """A POST to the service."""
    return Inbound(
        operation="pmix",
        method="POST",
        path="/soap/pmix",
        request_id="0123456789abcdef",
        received_at=NOW,
        base_url="http://127.0.0.1:8080/soap",
        headers={"content-type": content_type, **headers},
        content_type=content_type.partition(";")[0].strip().lower(),
        body=body.encode() if isinstance(body, str) else body,
    )


def a_request(patient: str | None = None, *, rest: str = "") -> str:
    """A bare PMIX request; `patient` replaces what stands in RequestPatient."""
    standard = """
      <nc:PersonBirthDate><nc:Date>1971-04-09</nc:Date></nc:PersonBirthDate>
      <nc:PersonName>
        <nc:PersonGivenName>Marigold</nc:PersonGivenName><nc:PersonSurName>Quillfeather</nc:PersonSurName>
      </nc:PersonName>"""
    return f"""<pmix:PMPRequest xmlns:pmix="{PMIX}" xmlns:pmp="http://xml.ijis.org/niem/2.0/extension"
        xmlns:nc="http://niem.gov/niem/niem-core/2.0">{rest}<pmp:RequestPatient>{
        standard if patient is None else patient
    }</pmp:RequestPatient></pmix:PMPRequest>"""


def enveloped(body: str, header: str = "", *, namespace: str = ENVELOPE) -> str:
    """The body in an envelope."""
    head = f"<e:Header>{header}</e:Header>" if header else ""
    return f'<e:Envelope xmlns:e="{namespace}">{head}<e:Body>{body}</e:Body></e:Envelope>'


def document(outbound: Outbound) -> etree._Element:
    """The report in an answer, taken out of its envelope."""
    root = etree.fromstring(outbound.body)
    return root if root.tag.startswith(f"{{{PMIX}}}") else root[0][0]


def valid(report: etree._Element) -> etree._Element:
    """The report, after it was held against our own schema."""
    SCHEMA.assertValid(etree.ElementTree(etree.fromstring(etree.tostring(report))))
    return report


def fault(outbound: Outbound) -> dict[str, str | None]:
    """The texts of a fault, by local name; what is in the detail among them."""
    root = etree.fromstring(outbound.body)
    assert root.tag == f"{{{ENVELOPE}}}Envelope"
    (found,) = root.iter(f"{{{ENVELOPE}}}Fault")
    return {etree.QName(e).localname: e.text for e in found.iter(etree.Element) if not len(e)}


# --- a service over HTTP --------------------------------------------------------------------------------------


class StubHandle:
    """A handle without pipeline: reads, answers with what it was given, writes."""

    def __init__(self, answer: Callable[[LookupRequest], Answer]) -> None:
        self._answer = answer
        self.asked: list[LookupRequest] = []
        self.tokens: list[str | None] = []

    def exchange(self, operation: str, about: RouteDescription) -> RouteCallable:
        def view() -> Response:
            message = self._inbound(operation)
            try:
                self.tokens.append(message.headers.get("authorization"))
                self.asked.append(ADAPTER.read(message))
                outbound = ADAPTER.write(self._answer(self.asked[-1]), message)
            except GatewayError as error:
                outbound = ADAPTER.write_error(error, message)
            except Exception:  # as the pipeline does
                outbound = ADAPTER.write_error(InternalFailure("1"), message)
            return _response(outbound)

        return view

    def public(self, view: Callable[[Inbound], Outbound], about: RouteDescription) -> RouteCallable:
        def public_view() -> Response:
            message = self._inbound("public")
            try:
                return _response(view(message))
            except GatewayError as error:
                return _response(ADAPTER.write_error(error, message))

        return public_view

    def _inbound(self, operation: str) -> Inbound:
        return Inbound(
            operation=operation,
            method=request.method,
            path=request.path,
            request_id="1",
            received_at=NOW,
            base_url=request.host_url.rstrip("/") + "/soap",
            headers={name.lower(): value for name, value in request.headers.items()},
            query={name: tuple(values) for name, values in request.args.lists()},
            content_type=request.mimetype,
            body=request.get_data(),
        )


def _response(outbound: Outbound) -> Response:
    return Response(outbound.body, outbound.status, outbound.headers, content_type=outbound.content_type)


class _Quiet(WSGIRequestHandler):
    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


@contextmanager
def served(app: Any) -> Iterator[str]:
    """The WSGI application on a free loopback port; the URL it lies at."""
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def an_app(handle: StubHandle) -> Flask:
    """The adapter's own routes, and nothing else."""
    app = Flask("pmix")
    app.register_blueprint(ADAPTER.routes(handle), url_prefix="/soap")
    return app


# --- random answers -------------------------------------------------------------------------------------------

_LETTERS = string.ascii_letters + "éüßñøŁ李雅กა'-&<>\"]]>😀"


class Randomly:
    """Answers of every shape: with and without each optional fact, short and very long, in many scripts."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def answer(self) -> Answer:
        r = self._random
        people = [self._person() for _ in range(r.randint(1, 3))]
        rows = tuple(self._dispensation(r.choice(people)) for _ in range(r.randint(1, 8)))
        return an_answer(
            outcome=Outcome.COMPLETE,
            dispensations=rows,
            persons=tuple(dict.fromkeys(d.person for d in rows)),
            states=(StateOutcome(state="CT", outcome=Outcome.COMPLETE),),
            generated_at=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=r.randint(0, 10**13)),
        )

    def _maybe(self, value: Any) -> Any:
        return value if self._random.random() < 0.6 else None

    def _text(self) -> str:
        length = self._random.choice((1, 5, 12, 40, 2000))
        return ("x" + "".join(self._random.choices(_LETTERS + " ", k=length)) + "y").replace("  ", " ")

    def _digits(self, length: int) -> str:
        return "".join(self._random.choices(string.digits, k=length))

    def _day(self) -> date:
        return date(1900, 1, 1) + timedelta(days=self._random.randint(0, 46_000))

    def _number(self) -> Decimal:
        return Decimal(self._random.randint(0, 10**9)).scaleb(-self._random.randint(0, 6))

    def _name(self) -> PersonName:
        r = self._random
        given = tuple(self._text().replace(" ", "_") for _ in range(r.randint(1, 3)))
        return PersonName(
            family=self._text(), given=given, prefix=self._maybe("Dr"), suffix=self._maybe("Jr")
        )

    def _address(self) -> Address | None:
        lines = tuple(self._text() for _ in range(self._random.randint(0, 3)))
        made = Address(
            lines=lines,
            city=self._maybe(self._text()),
            state=self._maybe("CT"),
            postal_code=self._maybe(self._digits(5)),
            country=self._maybe("US"),
        )
        return None if replace(made, country=None) == Address() else made

    def _person(self) -> Person:
        r = self._random
        address = self._address()
        person = Person(
            key="K",
            appearance=r.randint(1, 9),
            names=tuple(self._name() for _ in range(r.randint(1, 2))),
            birth_date=self._day(),
            sex=r.choice(list(Sex)),
            addresses=(address,) if address else (),
            phones=tuple(self._digits(10) for _ in range(r.randint(0, 2))),
        )
        if r.random() < 0.2:
            animal = PersonName(family=person.names[0].family, given=("Rex",))
            owner = Person(names=person.names[:1], birth_date=self._maybe(person.birth_date))
            return replace(person, names=(animal,), birth_date=None, species=Species.VETERINARY, owner=owner)
        return person

    def _licence(self) -> Licence:
        return Licence(number=self._text(), state=self._maybe("CT"))

    def _dispensation(self, person: Person) -> Dispensation:
        r = self._random
        ingredients = tuple(
            Ingredient(name="oxycodone", strength=self._maybe(self._number()), unit=self._maybe("mg/mL"))
            for _ in range(r.randint(0, 4))
        )
        part = CompoundPart(
            sequence=1,
            ndc11=self._maybe(self._digits(11)),
            quantity=self._number(),
            unit=r.choice(list(QuantityUnit)),
        )
        return Dispensation(
            id=self._text(),
            rx_number=self._text(),
            written=self._maybe(self._day()),
            filled=self._day(),
            sold=self._maybe(self._day()),
            fill_number=r.choice((0, 1, 99)),
            refills_authorised=self._maybe(r.choice((0, 5, 99))),
            quantity=self._number(),
            unit=r.choice(list(QuantityUnit)),
            days_supply=r.choice((0, 1, 30, 999)),
            partial_fill=r.choice((0, 0, 1, 2)),
            payment=self._maybe(r.choice(("01", "07", "99", "unknown"))),
            rx_origin=self._maybe(r.choice(("01", "06", "99"))),
            treatment_type=self._maybe(r.choice(("01", "11", "99"))),
            diagnosis=self._maybe("M54.50"),
            compound=(part,) if r.random() < 0.3 else (),
            drug=Drug(
                name=self._maybe(self._text()),
                ndc11=self._maybe(self._digits(11)),
                rxcui=self._maybe("1049621"),
                ingredients=ingredients,
                dose_form=self._maybe("Oral Tablet"),
                schedule=self._maybe(r.choice(list(Schedule))),
            ),
            prescriber=Prescriber(
                name=self._maybe(self._name()),
                npi=self._maybe(self._digits(10)),
                dea=self._maybe("AD1111119"),
                dea_suffix=self._maybe("X1"),
                licence=self._maybe(self._licence()),
                address=self._address(),
                phone=self._maybe(self._digits(10)),
            ),
            dispenser=Dispenser(
                name=self._maybe(self._text()),
                npi=self._maybe(self._digits(10)),
                dea=self._maybe("BC6486054"),
                ncpdp_id=self._maybe(self._digits(7)),
                licence=self._maybe(self._licence()),
                address=self._address(),
                phone=self._maybe(self._digits(10)),
            ),
            person=person,
            source_state="CT",
        )
