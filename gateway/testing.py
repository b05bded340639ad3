"""A whole gateway for tests: real store, real security, real HTTP on a free loopback port, in a folder of its own.

    with LiveGateway(tmp_path) as live:
        live.seed(patients=10)
        answer = live.partner("fhir").ask(request)

Public, so that whoever writes an adapter or an integration can test with it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Self

import requests
from flask import Flask
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from gateway.bootstrap import Gateway, build, register_client
from gateway.model import Dispensation, IntakeBatch, IntakeReceipt, IntakeRecord
from gateway.ports import Partner, PartnerSettings
from gateway.security.client import TokenSource
from gateway.seeding import SeedingReport, seed_record
from gateway.settings import load_settings
from gateway.synth import SynthPerson
from gateway.web import create_app

ALL_SCOPES = (
    "pdmp/history",
    "system/MedicationDispense.c",
    "system/MedicationDispense.rs",
    "system/Patient.rs",
    "audit/read",
)


class LiveGateway:
    """A gateway that answers over HTTP while the block runs.

    :param folder: where everything of it lies; empty at first.
    :param overrides: settings laid over the defaults, nested as in the TOML file.
    """

    def __init__(self, folder: Path, overrides: Mapping[str, Any] | None = None) -> None:
        self._folder = folder
        self._overrides = dict(overrides or {})
        self._sources: dict[tuple[str, ...], TokenSource] = {}
        self._partners: list[Partner] = []
        self.people: list[SynthPerson] = []
        self.responses: list[requests.Response] = []
        self.session = requests.Session()
        self.session.hooks["response"].append(lambda response, *_, **__: self.responses.append(response))

    def __enter__(self) -> Self:
        self._server: BaseWSGIServer = make_server(
            "127.0.0.1", 0, _not_yet, threaded=True, request_handler=_Quiet
        )
        try:
            self._start()
        except BaseException:
            self._server.server_close()
            raise
        return self

    def _start(self) -> None:
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        settings = load_settings(
            environ={},
            overrides={
                **self._overrides,
                "data_dir": str(self._folder),
                "server": {**self._overrides.get("server", {}), "base_url": self.url},
            },
        )
        self.secret = register_client(
            settings, "test-client", scopes=ALL_SCOPES, organisation="Test Hospital", role="Physician"
        )
        self.gateway: Gateway = build(settings)
        self.app: Flask = create_app(self.gateway)
        self._server.app = self.app
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __exit__(self, *exc_info: object) -> None:
        for partner in self._partners:
            partner.close()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
        self.gateway.close()
        self.session.close()

    def token(self, *scopes: str) -> str:
        """A valid access token with these scopes; all of them when none is named."""
        wanted = scopes or ALL_SCOPES
        if wanted not in self._sources:
            self._sources[wanted] = TokenSource(
                f"{self.url}/oauth/token", client_id="test-client", secret=self.secret, scopes=wanted
            )
        return self._sources[wanted]()

    def partner(self, adapter: str, format: str | None = None) -> Partner:
        """The outbound client of an adapter, pointed at this gateway; its traffic lands in `responses`."""
        chosen = self.gateway.registry[adapter]
        partner = chosen.partner(
            PartnerSettings(
                url=self.url + chosen.prefix,
                token=self.token,
                format=format,
                session=self.session,
                timeout=30,
            )
        )
        if partner is None:
            raise LookupError(f"Adapter {adapter!r} has no outbound client.")
        self._partners.append(partner)
        return partner

    def seed(
        self, *, patients: int, years: int = 2, seed: int = 7, until: date = date(2026, 11, 1)
    ) -> SeedingReport:
        """A synthetic population into the record; `people` holds it afterwards."""
        return seed_record(
            self.gateway, patients=patients, years=years, seed=seed, until=until, seen=self.people.append
        )

    def record(self, dispensations: Sequence[Dispensation]) -> IntakeReceipt:
        """Report dispensations by the same intake as every adapter."""
        return self.gateway.intake(
            IntakeBatch(
                records=tuple(IntakeRecord(dispensation=d, path=f"{n}") for n, d in enumerate(dispensations))
            )
        )


class _Quiet(WSGIRequestHandler):
    """Paths and addresses of test requests are nobody's to read."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Nothing."""


def _not_yet(environ: object, start_response: object) -> list[bytes]:
    raise RuntimeError("the gateway is not built yet")
