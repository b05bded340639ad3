"""Settings: `conf/default.toml`, laid over by one file, laid over by the environment; typed and checked.

Only the composition root (bootstrap, cli, web) reads settings; every other package takes plain values.
"""

from __future__ import annotations

import logging
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

ENVIRONMENT_PREFIX = "PMPBRIDGE__"
MAX_TOKEN_LIFETIME = 300
_DATABASES = ("sqlite:///", "postgresql+psycopg://")
_ORIGIN = re.compile(r"https?://[a-z0-9.-]+(:[0-9]{1,5})?|https?://\[[0-9a-f:]+\](:[0-9]{1,5})?")
_HEADER = re.compile(r"[A-Za-z0-9-]*")
_REDIS = ("redis://", "rediss://", "unix://")


class SettingsError(Exception):
    """A setting cannot be used; the text names the file or variable, the key and the expected form."""


class Section(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of all sections: unknown keys are refused, so that a slip of the pen cannot pass unseen."""


class Server(Section, frozen=True):
    """Where the gateway listens, and how large a message may be."""

    host: str
    port: Annotated[int, Meta(ge=1, le=65535)]
    threads: Annotated[int, Meta(ge=1)]
    workers: Annotated[int, Meta(ge=1)]
    base_url: str
    max_body_bytes: Annotated[int, Meta(ge=1)]
    cors_origins: tuple[str, ...]
    trusted_proxies: tuple[str, ...]
    client_certificate_header: str
    client_certificate_form: Literal["pem", "rfc9440"]

    @property
    def url(self) -> str:
        """The address under which callers reach the gateway, without a slash at the end."""
        return (self.base_url or f"http://{self.host}:{self.port}").rstrip("/")


class Home(Section, frozen=True):
    """The state whose record this is."""

    state: str


class Database(Section, frozen=True):
    """An SQLAlchemy URL; empty for SQLite in the data directory."""

    url: str


class Ephemerals(Section, frozen=True):
    """A Redis URL; empty for in-process."""

    url: str


class StagingSection(Section, frozen=True):
    """Histories gathered before they are needed; see :class:`gateway.staging.StagingRules`."""

    lifetime: Annotated[int, Meta(ge=10, le=86_400)]
    gatherers: Annotated[int, Meta(ge=1)]
    queue: Annotated[int, Meta(ge=0)]
    wait: Annotated[int, Meta(ge=0, le=30)]
    waiters: Annotated[int, Meta(ge=0)]
    patience: Annotated[int, Meta(ge=1)]


class ReportLinksSection(Section, frozen=True):
    """For how many seconds a link to a report can be opened, and links to one can be asked for by its key."""

    lifetime: Annotated[int, Meta(ge=10, le=86_400)]
    key_lifetime: Annotated[int, Meta(ge=10, le=86_400)]


class Matching(Section, frozen=True):
    """A file of weights, empty for the shipped ones; thresholds in bits in place of its own, 0 for its own."""

    weights: str
    accept: Annotated[float, Meta(ge=0)]
    reject: Annotated[float, Meta(ge=0)]


class SecuritySection(Section, frozen=True):
    """Lifetime of tokens, latitude for digests, memory for ids of messages, in seconds; files of clients and keys."""

    token_lifetime: int
    digest_window: Annotated[int, Meta(ge=10, le=3600)]
    repeats: Annotated[int, Meta(ge=0, le=604_800)]
    clients_file: str
    signing_keys_file: str
    partner_keys_file: str
    vault_keys_file: str


class Adapters(Section, frozen=True):
    """Which adapters are not loaded, and where further ones are."""

    disabled: tuple[str, ...]
    folders: tuple[str, ...]


class Logging(Section, frozen=True):
    """Level of the structured log."""

    level: str


class Settings(Section, frozen=True):
    """All of it."""

    data_dir: str
    server: Server
    home: Home
    store: Database
    audit: Database
    ephemeral: Ephemerals
    staging: StagingSection
    report_links: ReportLinksSection
    matching: Matching
    security: SecuritySection
    adapters: Adapters
    logging: Logging

    def data_path(self, name: str) -> Path:
        """A file of the data directory; an absolute name stays as it is."""
        return Path(self.data_dir) / name

    def store_url(self) -> str:
        """The record's database."""
        return self.store.url or f"sqlite:///{self.data_path('pmp.sqlite')}"

    def audit_url(self) -> str:
        """The audit's database."""
        return self.audit.url or f"sqlite:///{self.data_path('audit.sqlite')}"


class PolicySection(Section, frozen=True):
    """Who may look a patient up."""

    roles: tuple[str, ...]
    delegates: bool
    purposes: tuple[str, ...]


class ReportingSection(Section, frozen=True):
    """When dispensers must report; see :class:`gateway.compliance.ReportingRules`."""

    weekly: tuple[str, ...]
    closed_weekdays: tuple[str, ...]
    holidays: tuple[date, ...]
    grace_hours: int


class ClinicalSection(Section, frozen=True):
    """Factors and thresholds of the analysis; see :class:`gateway.clinical.Thresholds`."""

    mme_factors: str
    mme_per_day: Annotated[float, Meta(ge=0)]
    overlap_days: Annotated[int, Meta(ge=0)]
    overlap_within_days: Annotated[int, Meta(ge=1)]
    prescribers: Annotated[int, Meta(ge=0)]
    pharmacies: Annotated[int, Meta(ge=0)]
    providers_within_days: Annotated[int, Meta(ge=1)]


class StateFile(Section, frozen=True):
    """One `conf/states/XX.toml`."""

    code: str
    name: str
    record_since: Any
    hidden_ingredients: tuple[str, ...]
    disclaimers: tuple[str, ...]
    policy: PolicySection
    reporting: ReportingSection
    clinical: ClinicalSection


def conf_dir() -> Path:
    """The folder of the shipped configuration: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).parent
    shipped = package / "conf"
    return shipped if shipped.is_dir() else package.parent / "conf"


def load_settings(
    path: Path | None = None,
    *,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Settings:
    """The settings in force.

    :param path: a TOML file laid over the defaults; None: `PMPBRIDGE_CONFIG`, or no file.
    :param environ: the environment; None: the process's own.
    :param overrides: nested values laid over everything (tests and the demo).
    :raises SettingsError: a file that cannot be read, an unknown key, a value of the wrong form.
    """
    environ = os.environ if environ is None else environ
    if path is None and environ.get("PMPBRIDGE_CONFIG"):
        path = Path(environ["PMPBRIDGE_CONFIG"])
    values = _read(conf_dir() / "default.toml")
    if path is not None:
        _lay_over(values, _read(path))
    _lay_over(values, _from_environment(environ, values))
    _lay_over(values, overrides or {})
    try:
        settings = msgspec.convert(values, Settings)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path or 'settings'}: {error}") from None
    _check(settings)
    return settings


def load_state(code: str) -> StateFile:
    """The rules of one state. :raises SettingsError: no such file, or a file that cannot be used."""
    path = conf_dir() / "states" / f"{code}.toml"
    try:
        return msgspec.convert(_read(path), StateFile)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{path}: {error}") from None


def _read(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror}).") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{path}: not TOML: {error}.") from None


def _lay_over(below: dict[str, Any], above: Mapping[str, Any]) -> None:
    for key, value in above.items():
        if isinstance(value, Mapping) and isinstance(below.get(key), dict):
            _lay_over(below[key], value)
        else:
            below[key] = value


def _from_environment(environ: Mapping[str, str], known: Mapping[str, Any]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name, text in environ.items():
        if not name.startswith(ENVIRONMENT_PREFIX):
            continue
        *sections, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
        here, default = values, known
        for section in sections:
            here = here.setdefault(section, {})
            default = default[section] if isinstance(default.get(section), dict) else {}
        if key not in default or isinstance(default[key], dict):
            raise SettingsError(f"{name}: there is no such setting; conf/default.toml has them all.")
        here[key] = _typed(name, text, default[key])
    return values


def _typed(name: str, text: str, like: Any) -> Any:
    """The text of a variable in the type of its default."""
    if isinstance(like, int):
        try:
            return int(text)
        except ValueError:
            raise SettingsError(f"{name}: expected a whole number.") from None
    if isinstance(like, list):
        return [part.strip() for part in text.split(",") if part.strip()]
    return text


def _check(settings: Settings) -> None:
    if settings.logging.level.upper() not in logging.getLevelNamesMapping():
        raise SettingsError("logging.level: expected DEBUG, INFO, WARNING, ERROR or CRITICAL.")
    for key, url in (("store.url", settings.store.url), ("audit.url", settings.audit.url)):
        if url and not url.startswith(_DATABASES):
            raise SettingsError(f"{key}: expected {' or '.join(_DATABASES)}..., or nothing.")
    if settings.ephemeral.url and not settings.ephemeral.url.startswith(_REDIS):
        raise SettingsError(f"ephemeral.url: expected {', '.join(_REDIS)}..., or nothing.")
    if not 0 < settings.security.token_lifetime <= MAX_TOKEN_LIFETIME:
        raise SettingsError(f"security.token_lifetime: expected 1 to {MAX_TOKEN_LIFETIME} seconds.")
    if not all(_ORIGIN.fullmatch(origin) for origin in settings.server.cors_origins):
        raise SettingsError(
            "server.cors_origins: expected origins such as https://ehr.example, without a path; '*' is none."
        )
    _check_proxies(settings.server)
    if settings.server.workers > 1 and not settings.ephemeral.url:
        raise SettingsError(
            "server.workers: more than one worker needs ephemeral.url (Redis), or a replayed message would pass "
            "in the worker that has not seen it."
        )


def _check_proxies(server: Server) -> None:
    for network in server.trusted_proxies:
        try:
            ip_network(network)
        except ValueError:
            raise SettingsError(
                "server.trusted_proxies: expected addresses or networks, such as 10.0.0.7 or 10.0.0.0/24."
            ) from None
    if server.client_certificate_header and not server.trusted_proxies:
        raise SettingsError(
            "server.client_certificate_header: needs server.trusted_proxies, or anybody could tell a certificate."
        )
    if not _HEADER.fullmatch(server.client_certificate_header):
        raise SettingsError("server.client_certificate_header: expected the name of a header, or nothing.")
