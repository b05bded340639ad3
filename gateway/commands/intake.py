"""`pmpbridge intake`: files of reported dispensations, one at a time or from a drop folder."""

from __future__ import annotations

import gc
import getpass
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import BinaryIO

import click

from gateway.bootstrap import Gateway
from gateway.commands.common import config_option, open_gateway
from gateway.drop_folder import DropFolder, FolderInUse
from gateway.errors import Unavailable

_TYPES = {"json": "application/json", "text": "text/plain"}
_COLLECTED = (200_000, 50, 100)
_ROUND = 1.0  # seconds between two looks into the folder


@click.command()
@config_option
@click.argument("file", type=click.Path(dir_okay=True, allow_dash=True, path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice(sorted(_TYPES)),
    default="text",
    show_default=True,
    help="Of the report.",
)
@click.option(
    "--report",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the report there.",
)
@click.option(
    "--watch", is_flag=True, help="FILE is a folder: take what is dropped there, until interrupted."
)
@click.option("--once", is_flag=True, help="With --watch: take what is there and end.")
def intake(config: Path | None, file: Path, form: str, report: Path | None, watch: bool, once: bool) -> None:
    """Take in FILE (- for standard input), or with --watch whatever is dropped into the folder FILE.

    Exit status 0: all of it is accepted; 1: something was rejected, or intake ended before the file did.
    """
    # Intake makes millions of short-lived objects and hardly a cycle among them: looking for cycles as often as by
    # default is a fifth of its time, and memory is the same without.
    gc.set_threshold(*_COLLECTED)
    with open_gateway(config) as gateway:
        if watch:
            _watch(gateway, file, once=once)
        else:
            sys.exit(_take(gateway, file, _TYPES[form], report))


def _take(gateway: Gateway, file: Path, content_type: str, report: Path | None) -> int:
    with ExitStack() as stack:
        try:
            content = stack.enter_context(_content(file, gateway))
            out = stack.enter_context(report.open("wb")) if report else sys.stdout.buffer
        except OSError as error:
            raise click.UsageError(f"{error.filename}: {error.strerror}.") from None
        submission = gateway.submissions.take(
            content, submitter=f"file:{getpass.getuser()}", reports=[(out, content_type)]
        )
        out.flush()
    return 0 if submission.is_accepted else 1


@contextmanager
def _content(file: Path, gateway: Gateway) -> Iterator[BinaryIO]:
    """The file; standard input is kept in a file without a name in the data directory, to be read twice."""
    if str(file) != "-":
        with file.open("rb") as content:
            yield content
        return
    with tempfile.TemporaryFile(dir=gateway.settings.data_dir) as kept:
        shutil.copyfileobj(sys.stdin.buffer, kept)
        yield kept


def _watch(gateway: Gateway, folder: Path, *, once: bool) -> None:
    try:
        drop_folder = DropFolder(folder, gateway.submissions, clock=gateway.clock)
    except FolderInUse as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.UsageError(f"{folder}: {error.strerror}.") from None
    try:
        if once:
            drop_folder.take_all()
            return
        while True:
            try:
                drop_folder.take_all()
            except Unavailable as error:
                click.echo(str(error), err=True)
                time.sleep(error.retry_after)
            time.sleep(_ROUND)
    except KeyboardInterrupt:
        return
    finally:
        drop_folder.close()
