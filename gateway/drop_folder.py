"""A folder into which files of reported dispensations are dropped.

    FOLDER/                   files are put here: renamed into it, or written and left alone for some seconds
    FOLDER/done/              files that were taken in, with NAME.report.json and NAME.report.txt beside them
    FOLDER/rejected/          files of which nothing was taken in, with the same beside them

A name that begins with a dot or ends in .part or .tmp is a file that is still being written. A file leaves the folder
only after its reports are on disk; one that was cut off by a crash is still there and is taken again, and nothing is
recorded twice. One process watches a folder: a second one is refused.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import structlog

from gateway.errors import MessageError
from gateway.ports import Clock
from gateway.submissions import Submission, Submissions

SETTLED_AFTER = 5.0  # seconds without a change
_UNFINISHED = (".part", ".tmp")
_OWNER_ONLY = 0o600

_log = structlog.get_logger(__name__)


class FolderInUse(Exception):
    """Another process watches the folder."""


class DropFolder:
    """One folder, watched by this process until :meth:`close`.

    :param submitter: who hands the files in, for the audit.
    :param settled_after: seconds for which a file must have stayed as it is.
    :raises FolderInUse: another process watches it.
    :raises OSError: the folder is not there, or cannot be used.
    """

    def __init__(
        self,
        folder: Path,
        submissions: Submissions,
        *,
        clock: Clock,
        submitter: str = "drop-folder",
        settled_after: float = SETTLED_AFTER,
    ) -> None:
        self._folder = folder
        self._submissions = submissions
        self._clock = clock
        self._submitter = submitter
        self._settled_after = settled_after
        for name in ("done", "rejected"):
            (folder / name).mkdir(mode=0o700, exist_ok=True)
        self._lock = os.open(folder / ".lock", os.O_CREAT | os.O_RDWR, _OWNER_ONLY)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._lock)
            raise FolderInUse(f"{folder}: another process watches this folder.") from None

    def close(self) -> None:
        """Somebody else may watch the folder."""
        os.close(self._lock)

    def take_all(self) -> int:
        """Take every file that has settled, the oldest first; returns how many.

        :raises gateway.errors.Unavailable: the record cannot be written now; the file stays where it is.
        """
        files = sorted(self._settled(), key=lambda file: (file.stat().st_mtime, file.name))
        for file in files:
            self._take(file)
        return len(files)

    def _settled(self) -> Iterator[Path]:
        now = self._clock().timestamp()
        for file in self._folder.iterdir():
            if file.name.startswith(".") or file.suffix in _UNFINISHED or file.is_symlink():
                continue
            if file.is_file() and now - file.stat().st_mtime >= self._settled_after:
                yield file

    def _take(self, file: Path) -> None:
        # not the file's own name alone: another of the same name may have been taken before
        name = f"{self._clock():%Y%m%dT%H%M%S%f}-{file.name}"
        with (
            _report(self._folder / f".{name}.json") as as_json,
            _report(self._folder / f".{name}.txt") as as_text,
        ):
            submission = self._submit(file, as_json, as_text)
        target = self._folder / ("done" if submission and submission.taken else "rejected")
        for ending in ("json", "txt"):
            (self._folder / f".{name}.{ending}").rename(target / f"{name}.report.{ending}")
        file.rename(target / name)
        _sync(target)
        _sync(self._folder)
        _log.info("file.taken", accepted=bool(submission and submission.is_accepted))

    def _submit(self, file: Path, as_json: BinaryIO, as_text: BinaryIO) -> Submission | None:
        """None for a file that no adapter knows."""
        reports = [(as_json, "application/json"), (as_text, "text/plain")]
        with file.open("rb") as content:
            try:
                return self._submissions.take(content, submitter=self._submitter, reports=reports)
            except MessageError as error:
                as_text.write(f"{error}\n".encode())
                as_json.write(b'{"error":{"code":"%s"}}\n' % error.code.value.encode())
                return None


@contextmanager
def _report(path: Path) -> Iterator[BinaryIO]:
    """A file for its owner alone, on disk when the block ends; gone when it ends with an exception."""
    with os.fdopen(os.open(path, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, _OWNER_ONLY), "wb") as out:
        try:
            yield out
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        out.flush()
        os.fsync(out.fileno())


def _sync(folder: Path) -> None:
    """The names in a folder on disk as well."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
