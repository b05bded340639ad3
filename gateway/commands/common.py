"""What all subcommands share: the option for settings, and a gateway for as long as a command runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from gateway import logs
from gateway.bootstrap import Gateway, build
from gateway.settings import Settings, load_settings

config_option = click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings laid over the defaults (TOML).",
)


def read_settings(config: Path | None) -> Settings:
    """The settings in force, with logging set up by them. :raises SettingsError: as :func:`load_settings`."""
    settings = load_settings(config)
    logs.configure(settings.logging.level)
    return settings


@contextmanager
def open_gateway(config: Path | None) -> Iterator[Gateway]:
    """A gateway by these settings, closed afterwards."""
    gateway = build(read_settings(config))
    try:
        yield gateway
    finally:
        gateway.close()
