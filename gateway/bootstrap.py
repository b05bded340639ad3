"""The composition root: settings in, a gateway out. The one place that knows which class stands behind each port."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flask import Blueprint

from gateway.audit import HashChainedLog
from gateway.audit import migrate as migrate_audit
from gateway.auditing import Auditing
from gateway.compliance import Compliance
from gateway.database import SchemaError
from gateway.drugs import DrugTable
from gateway.ephemeral import open_ephemeral
from gateway.intake import Intake
from gateway.linking import Linking
from gateway.lookup import Lookup
from gateway.matching import FellegiSunter, exact_key, read_tables
from gateway.model import Drug, Organisation, Practitioner, Requester
from gateway.people import People
from gateway.pipeline import Pipeline, UseCases
from gateway.ports import Clock, Ephemeral, Security
from gateway.registry import Registry, load_registry
from gateway.repeats import Repeats
from gateway.report_keys import ReportKeys
from gateway.report_links import ReportLinks
from gateway.rules import analyst_of, policy_of, reporting_rules, staging_rules, state_rules
from gateway.security.access_tokens import AccessTokens
from gateway.security.client import TokenSource
from gateway.security.client_keys import usable_keys
from gateway.security.client_secrets import SecretHash, new_secret
from gateway.security.clients import Client, ClientRegistry
from gateway.security.discovery import SmartConfiguration
from gateway.security.password_digests import DigestChecker, new_digest_password
from gateway.security.routes import oauth_blueprint, partner_keys_blueprint
from gateway.security.server import TokenServer
from gateway.security.signing_keys import SigningKeys
from gateway.security.token_security import TokenSecurity
from gateway.security.vault import IdentifierVault, VaultKeys
from gateway.settings import Settings, SettingsError, load_state
from gateway.staging import Staging
from gateway.store import Encoder, Store
from gateway.store import migrate as migrate_store
from gateway.submissions import Submissions


def now() -> datetime:
    """The gateway's clock: the present instant, in UTC."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """Every part, joined. `close` gives files and connections back."""

    settings: Settings
    clock: Clock
    registry: Registry
    pipeline: Pipeline
    lookup: Lookup
    people: People
    staging: Staging
    report_links: ReportLinks
    report_keys: ReportKeys
    intake: Intake
    linking: Linking
    submissions: Submissions
    compliance: Compliance
    security: Security
    store: Store
    drugs: DrugTable
    audit: HashChainedLog
    ephemeral: Ephemeral = field(repr=False)
    partner_keys: SigningKeys = field(repr=False)
    oauth_blueprints: tuple[Blueprint, ...] = field(repr=False)

    def close(self) -> None:
        """The gateway is not used afterwards. What was accepted to be gathered is gathered first."""
        self.staging.close()
        self.store.close()
        self.audit.close()
        self.ephemeral.close()

    def partner_token(
        self, base_url: str, client_id: str, *, scopes: tuple[str, ...], timeout: float = 10.0
    ) -> TokenSource:
        """The access tokens of a partner that is a FHIR server with SMART Backend Services.

        :param base_url: its root; its token endpoint is found from there.
        :param client_id: what this gateway is called there; its keys are published at `/oauth/partner-jwks`.
        :param timeout: seconds, for connecting and for each read.
        :raises ValueError: the URL is neither https nor on this machine.
        """
        return TokenSource(
            SmartConfiguration(base_url, timeout=timeout, clock=self.clock).token_url,
            client_id,
            private_key=self.partner_keys.current,
            scopes=scopes,
            timeout=timeout,
            clock=self.clock,
        )


def build(settings: Settings, *, clock: Clock = now) -> Gateway:
    """A gateway from its settings; its databases are brought to the newest schema.

    :raises SettingsError: a setting, a key file, a database or a state's file cannot be used.
    :raises gateway.registry.RegistryError: an adapter cannot be loaded.
    """
    try:
        return _build(settings, clock)
    except (ValueError, OSError, SchemaError) as error:
        raise SettingsError(str(error)) from error


def _build(settings: Settings, clock: Clock) -> Gateway:
    _make_data_dir(settings)
    state = load_state(settings.home.state)
    registry = load_registry(
        disabled=settings.adapters.disabled, folders=[Path(f) for f in settings.adapters.folders]
    )
    migrate_store(settings.store_url())
    migrate_audit(settings.audit_url())
    vault = open_vault(settings)
    store = Store(settings.store_url(), vault=vault, clock=clock, state=state.code)
    audit = HashChainedLog(settings.audit_url())
    ephemeral = open_ephemeral(settings.ephemeral.url)
    matcher = _matcher(settings)
    drugs = DrugTable.load(store.products)
    policy = policy_of(state)
    lookup = Lookup(
        store=store,
        matcher=matcher,
        drugs=drugs,
        policy=policy,
        rules=state_rules(state),
        analyst=analyst_of(state),
        clock=clock,
    )
    people = People(store=store, matcher=matcher, policy=policy, state=state.code)
    staging = Staging(
        lookup=lookup,
        matcher=matcher,
        policy=policy,
        ephemeral=ephemeral,
        audit=audit,
        clock=clock,
        rules=staging_rules(settings, home=state.code),
    )
    report_links = ReportLinks(
        lookup=staging,
        ephemeral=ephemeral,
        clock=clock,
        url=f"{settings.server.url}/report",
        lifetime=settings.report_links.lifetime,
    )
    report_keys = ReportKeys(
        lookup=report_links,
        links=report_links,
        ephemeral=ephemeral,
        clock=clock,
        lifetime=settings.report_links.key_lifetime,
    )
    intake = Intake(store=store, matcher=matcher, drugs=drugs, clock=clock)
    partner_keys = SigningKeys(settings.data_path(settings.security.partner_keys_file), algorithm="ES384")
    security, server = _security(settings, vault=vault, audit=audit, ephemeral=ephemeral, clock=clock)
    pipeline = Pipeline(
        home=state.code,
        registry=registry,
        security=security,
        use_cases=UseCases(
            lookup=report_keys,
            reports=report_keys.link,
            people=people,
            auditing=Auditing(audit=audit),
            intake=intake,
        ),
        audit=audit,
        repeats=Repeats(ephemeral=ephemeral, seconds=settings.security.repeats),
        clock=clock,
    )
    return Gateway(
        settings=settings,
        clock=clock,
        registry=registry,
        pipeline=pipeline,
        lookup=lookup,
        people=people,
        staging=staging,
        report_links=report_links,
        report_keys=report_keys,
        intake=intake,
        linking=Linking(store=store, matcher=matcher, audit=audit, clock=clock),
        submissions=Submissions(registry=registry, intake=intake, audit=audit, clock=clock),
        compliance=Compliance(log=store, rules=reporting_rules(state), clock=clock),
        security=security,
        store=store,
        drugs=drugs,
        audit=audit,
        ephemeral=ephemeral,
        partner_keys=partner_keys,
        oauth_blueprints=(oauth_blueprint(server), partner_keys_blueprint(partner_keys)),
    )


def register_client(  # noqa: PLR0913 - what an operator may say of a client, each by its name
    settings: Settings,
    client_id: str,
    *,
    scopes: tuple[str, ...],
    organisation: str | None = None,
    state: str | None = None,
    role: str | None = None,
    jwks: bytes | str | None = None,
    key: str | None = None,
    digest_password: bool = False,
    certificates: tuple[str, ...] = (),
) -> Any:
    """Register an OAuth client, in place of the one that had its id.

    :param jwks: its public keys: a JWK Set (RFC 7517) in JSON, or the URL at which it publishes them; it then has no
        secret.
    :param key: an algorithm, `RS384` or `ES384`: a key pair is made for it.
    :param digest_password: a password for digests is made for it; it then has no secret.
    :param certificates: see :class:`gateway.security.clients.Client`.
    :returns: the secret, or with `key` the private JWK, or the password, shown this once; None with `jwks` alone.
    :raises SettingsError: the client cannot be registered like this.
    :raises gateway.errors.Unavailable: the file of clients cannot be used.
    """
    _make_data_dir(settings)
    clients = ClientRegistry(settings.data_path(settings.security.clients_file))
    registered = Requester(
        practitioner=Practitioner(role=role) if role else None,
        organisation=Organisation(name=organisation) if organisation else None,
        state=state,
    )
    name = organisation or client_id
    try:
        if key is not None:
            return clients.register_with_key(
                client_id=client_id, name=name, scopes=scopes, registered=registered, algorithm=key
            )
        shown, sealed = new_digest_password(open_vault(settings)) if digest_password else (None, None)
        secret = None if jwks is not None or digest_password else new_secret()
        clients.put(
            Client(
                client_id=client_id,
                name=name,
                scopes=scopes,
                registered=registered,
                secret_hash=SecretHash.of(secret) if secret else None,
                keys=usable_keys(_json(jwks)) if isinstance(jwks, bytes) else None,
                keys_url=jwks if isinstance(jwks, str) else None,
                digest_passwords=(sealed,) if sealed else (),
                certificates=certificates,
            )
        )
        return secret or shown
    except ValueError as error:
        raise SettingsError(f"{client_id}: {error}") from None


def prepare_record(settings: Settings) -> None:
    """Bring the record's database to the newest schema, and make what is kept beside it, as :func:`build` does.

    :raises SettingsError: as :func:`build`.
    """
    try:
        _make_data_dir(settings)
        migrate_store(settings.store_url())
        open_vault(settings)
    except (ValueError, OSError, SchemaError) as error:
        raise SettingsError(str(error)) from error


def loading_tools(settings: Settings, at: datetime) -> tuple[Encoder, Callable[[Drug], Drug]]:
    """What a load's worker needs (:class:`gateway.loading.Task`); `at` is the time of report."""
    matcher = _matcher(settings)
    encoder = Encoder(
        settings.store_url(),
        vault=open_vault(settings),
        keys=lambda person: {*matcher.blocking_keys(person), exact_key(person)},
        state=load_state(settings.home.state).code,
        at=at,
    )
    return encoder, DrugTable.load().resolve


def open_vault(settings: Settings) -> IdentifierVault:
    """The vault; its key file is made when it is not there. :raises ValueError: the file cannot be used."""
    return IdentifierVault(VaultKeys.load(settings.data_path(settings.security.vault_keys_file)))


def _matcher(settings: Settings) -> FellegiSunter:
    weights = settings.matching.weights
    return FellegiSunter(
        read_tables(
            settings.data_path(weights) if weights else None,
            accept=settings.matching.accept,
            reject=settings.matching.reject,
        )
    )


def _make_data_dir(settings: Settings) -> None:
    try:
        Path(settings.data_dir).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"data_dir: {settings.data_dir} cannot be made: {error.strerror}.") from None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        raise ValueError("its keys are not JSON; a JWK Set is expected") from None


def _security(
    settings: Settings, *, vault: IdentifierVault, audit: HashChainedLog, ephemeral: Ephemeral, clock: Clock
) -> tuple[TokenSecurity, TokenServer]:
    base_url = settings.server.url
    clients = ClientRegistry(settings.data_path(settings.security.clients_file))
    keys = SigningKeys(settings.data_path(settings.security.signing_keys_file))
    tokens = AccessTokens(
        base_url=base_url, keys=keys, clock=clock, lifetime=settings.security.token_lifetime
    )
    digests = DigestChecker(
        vault=vault, ephemeral=ephemeral, clock=clock, window=settings.security.digest_window
    )
    security = TokenSecurity(
        base_url=base_url, tokens=tokens, clients=clients, keys=keys, digests=digests, clock=clock
    )
    server = TokenServer(
        base_url=base_url,
        clients=clients,
        keys=keys,
        tokens=tokens,
        ephemeral=ephemeral,
        audit=audit,
        clock=clock,
    )
    return security, server
