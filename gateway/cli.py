"""The command `pmpbridge`.

    pmpbridge serve           answer over HTTP
    pmpbridge demo            a seeded gateway, one patient through every protocol
    pmpbridge synth           a synthetic population into the record
    pmpbridge intake          files of reported dispensations into the record
    pmpbridge drugs load      lists of drug products: the FDA's directory, CSV
    pmpbridge drugs show      what is known of one product
    pmpbridge drugs status    which lists are in force
    pmpbridge drugs remove    take a list out of force
    pmpbridge compliance expect    the list of dispensers that must report
    pmpbridge matching evaluate    how well people are matched, by a file with truth
    pmpbridge matching train  weights out of a file of people
    pmpbridge person show     a person: appearances, dispensations, possible duplicates
    pmpbridge person find     people by demographics
    pmpbridge person merge    two people who are one
    pmpbridge person split    one person who is two
    pmpbridge person undo     take a merge or a split back
    pmpbridge person links    the journal of all these
    pmpbridge client add      register a client
    pmpbridge client digest-password  a new password for digests, beside the old one
    pmpbridge client certificate      with which certificates a client comes
    pmpbridge mapping         which format carries which field, and where
    pmpbridge audit verify    check the hash chain

Every subcommand takes its settings from `conf/default.toml`, the file of `--config`, and the environment. Exit
status 0: done; 1: it was tried and failed; 2: the command line or a setting is wrong.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from gateway.bootstrap import build, register_client
from gateway.commands.client import certificate, digest_password, thumbprint
from gateway.commands.common import config_option as _config
from gateway.commands.common import read_settings as _settings
from gateway.commands.compliance import compliance
from gateway.commands.drugs import drugs
from gateway.commands.intake import intake
from gateway.commands.matching import matching
from gateway.commands.person import person
from gateway.commands.synth import synth
from gateway.demo import run as run_demo
from gateway.errors import GatewayError
from gateway.mapping_page import mapping_page
from gateway.registry import RegistryError
from gateway.settings import SettingsError
from gateway.terminology import field_map
from gateway.web.server import serve as run_server


class _WrongSetting(click.ClickException):
    """A setting or an adapter that cannot be used."""

    exit_code = 2


class _Commands(click.Group):
    """Says in one line, instead of a traceback, what is wrong with a setting or why it could not be done."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (SettingsError, RegistryError) as error:
            raise _WrongSetting(str(error)) from error
        except GatewayError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="pmpbridge")
def main() -> None:
    """PMP Bridge: the gateway between health records and a state's prescription monitoring program."""


main.add_command(drugs)
main.add_command(intake)
main.add_command(compliance)
main.add_command(matching)
main.add_command(synth)
main.add_command(person)


@main.command()
@_config
def serve(config: Path | None) -> None:
    """Answer over HTTP until interrupted."""
    settings = _settings(config)
    sys.exit(run_server(settings, config))


@main.command()
@click.option("--once", is_flag=True, help="End after the table instead of going on serving.")
@click.option("--port", default=8080, show_default=True, help="Port on 127.0.0.1; 0 for any that is free.")
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
)
@click.option("--patients", default=2000, show_default=True, help="People in the seeded record.")
def demo(once: bool, port: int, folder: Path, patients: int) -> None:
    """Seed a record, serve it, look one patient up through every protocol, and compare the answers."""
    sys.exit(run_demo(folder=folder, port=port, patients=patients, once=once))


@main.group()
def client() -> None:
    """Who may send: clients, and what they show themselves by."""


client.add_command(digest_password)
client.add_command(certificate)


@client.command("add")
@_config
@click.argument("client_id")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="A scope it may ask for; repeat for more."
)
@click.option(
    "--jwks", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its public keys (JWKS)."
)
@click.option("--jwks-url", help="Where it publishes them; under https.")
@click.option(
    "--digest-password", is_flag=True, help="Make a password for digests (SCRIPT, PMP Gateway) and no secret."
)
@click.option(
    "--certificate",
    "certificates",
    multiple=True,
    metavar="FILE|SHA256",
    help="It comes with this one; repeat.",
)
@click.option("--organisation", help="Who it is; stands in the audit.")
@click.option("--state", default="CT", show_default=True, help="The state it asks from.")
@click.option("--role", help="The role of its users, where a message names none.")
def client_add(  # noqa: PLR0913, PLR0917 - click passes each option by its name
    config: Path | None,
    client_id: str,
    scopes: tuple[str, ...],
    jwks: Path | None,
    jwks_url: str | None,
    digest_password: bool,
    certificates: tuple[str, ...],
    organisation: str | None,
    state: str,
    role: str | None,
) -> None:
    """Register CLIENT_ID, in place of a client that had this id. Without keys a secret is made and shown once.

    A password for digests is shown once too. It is made only for who needs one, since it is kept sealed and not as a
    hash: a digest can be checked by nothing else.
    """
    if jwks and jwks_url:
        raise click.UsageError(
            "A client's keys are registered with it or published by it: give one of the two."
        )
    secret = register_client(
        _settings(config),
        client_id,
        scopes=scopes,
        jwks=jwks.read_bytes() if jwks else jwks_url,
        digest_password=digest_password,
        certificates=tuple(thumbprint(text) for text in certificates),
        organisation=organisation,
        state=state,
        role=role,
    )
    click.echo(f"client_id {client_id}")
    if secret:
        click.echo(f"{'digest_password' if digest_password else 'client_secret'} {secret}")


@main.command()
def mapping() -> None:
    """Print where each format carries each field (docs/mapping.md)."""
    click.echo(mapping_page(field_map()), nl=False)


@main.group()
def audit() -> None:
    """Who did what."""


@audit.command("verify")
@_config
def audit_verify(config: Path | None) -> None:
    """Check the hash chain; exit status 1 and the place when it is broken."""
    gateway = build(_settings(config))
    try:
        verdict = gateway.audit.verify()
    finally:
        gateway.close()
    click.echo(str(verdict))
    sys.exit(0 if verdict.is_intact else 1)


if __name__ == "__main__":
    main()
