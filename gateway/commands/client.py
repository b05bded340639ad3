"""`pmpbridge client`: what a client that is registered shows itself by, where that is more than a secret or a key."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import click

from gateway.bootstrap import open_vault
from gateway.commands.common import config_option, read_settings
from gateway.security.clients import MAX_DIGEST_PASSWORDS, Client, ClientRegistry
from gateway.security.password_digests import new_digest_password
from gateway.settings import Settings
from gateway.web.certificates import thumbprint_of

_THUMBPRINT = re.compile(r"[0-9a-fA-F]{64}", re.ASCII)


def thumbprint(text: str) -> str:
    """The SHA-256 thumbprint that is meant: by a file of the certificate, or by its digits, with colons or without.

    :raises click.BadParameter: it is neither.
    """
    digits = text.replace(":", "")
    if _THUMBPRINT.fullmatch(digits):
        return digits.lower()
    try:
        return thumbprint_of(Path(text).read_bytes())
    except OSError as error:
        raise click.BadParameter(
            f"{text}: {error.strerror}; a file of a certificate is expected, or its SHA-256 thumbprint."
        ) from None
    except ValueError:
        raise click.BadParameter(f"{text}: is not one certificate in PEM or DER.") from None


@click.command("digest-password")
@config_option
@click.argument("client_id")
@click.option("--end-old", is_flag=True, help="End the older password of two; no new one is made.")
def digest_password(config: Path | None, client_id: str, end_old: bool) -> None:
    """Make a new password for digests for CLIENT_ID. The one before holds beside it until it is ended."""
    settings = read_settings(config)
    clients, client = _registered(settings, client_id)
    if end_old:
        clients.put(replace(client, digest_passwords=client.digest_passwords[:1]))
        click.echo(f"client_id {client_id}")
        click.echo(f"digest_passwords {len(client.digest_passwords[:1])}")
        return
    if len(client.digest_passwords) == MAX_DIGEST_PASSWORDS:
        raise click.ClickException(
            f"{client_id} has two passwords that hold: end the older one first, with --end-old."
        )
    password, sealed = new_digest_password(open_vault(settings))
    clients.put(replace(client, digest_passwords=(sealed, *client.digest_passwords)))
    click.echo(f"client_id {client_id}")
    click.echo(f"digest_password {password}")


@click.command("certificate")
@config_option
@click.argument("client_id")
@click.option(
    "--add", "added", multiple=True, metavar="FILE|SHA256", help="It may come with this one; repeat."
)
@click.option(
    "--remove", "removed", multiple=True, metavar="FILE|SHA256", help="No more with this one; repeat."
)
def certificate(
    config: Path | None, client_id: str, added: tuple[str, ...], removed: tuple[str, ...]
) -> None:
    """Say with which client certificates CLIENT_ID comes.

    While one is registered, neither a secret nor a digest holds without one. The gateway has to be told of them by a
    proxy: see server.client_certificate_header in conf/default.toml.
    """
    clients, client = _registered(read_settings(config), client_id)
    gone = {thumbprint(text) for text in removed}
    if missing := gone.difference(client.certificates):
        raise click.ClickException(f"{client_id} has no certificate {', '.join(sorted(missing))}.")
    kept = [*client.certificates, *(thumbprint(text) for text in added)]
    certificates = tuple(dict.fromkeys(one for one in kept if one not in gone))
    clients.put(replace(client, certificates=certificates))
    click.echo(f"client_id {client_id}")
    for one in certificates:
        click.echo(f"certificate {one}")


def _registered(settings: Settings, client_id: str) -> tuple[ClientRegistry, Client]:
    clients = ClientRegistry(settings.data_path(settings.security.clients_file))
    client = clients.registered(client_id)
    if client is None:
        raise click.ClickException(f"{client_id} is not registered: see pmpbridge client add.")
    return clients, client
