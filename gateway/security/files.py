"""Files of clients and keys: written privately and whole, read again when they change.

A file that cannot be used makes everything that depends on it unavailable, instead of leaving what was read
before in force: nobody could tell whether the change was there to lock somebody out.
"""

from __future__ import annotations

import os
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from gateway.errors import Unavailable

T = TypeVar("T")
Signature = tuple[int, int, int]

_log = structlog.get_logger(__name__)


class UnusableFileError(ValueError):
    """The content of a file cannot be used; the text names the entry and the expected form, never a secret."""


@dataclass(frozen=True, slots=True)
class _Reading(Generic[T]):
    signature: Signature | None
    value: T | None


class WatchedFile(Generic[T]):
    """What a file says, read again when the file changes.

    :param parse: from the file's bytes to its meaning; raises :class:`UnusableFileError`.
    :param what: what the file is, in words, for messages.
    :param absent: what a file that is not there means; None: that it cannot be read.
    """

    def __init__(
        self, path: Path, parse: Callable[[bytes], T], *, what: str, absent: T | None = None
    ) -> None:
        self.path = path
        self._parse = parse
        self._what = what
        self._absent = absent
        self._lock = threading.Lock()
        self._reading: _Reading[T] | None = None

    def value(self) -> T:
        """The meaning of the file as it is now.

        :raises gateway.errors.Unavailable: the file cannot be read or used; the log says why.
        """
        signature = self._signature()
        reading = self._reading
        if reading is None or reading.signature != signature:
            with self._lock:
                reading = self._reading
                if reading is None or reading.signature != signature:
                    reading = self._reading = self._read(signature)
        if reading.value is None:
            raise Unavailable(f"The {self._what} cannot be read.")
        return reading.value

    def _signature(self) -> Signature | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_ino, status.st_mtime_ns, status.st_size

    def _read(self, signature: Signature | None) -> _Reading[T]:
        if signature is None and self._absent is not None:
            return _Reading(signature, self._absent)
        try:
            return _Reading(signature, self._parse(self.path.read_bytes()))
        except OSError as error:
            self._unusable(error.strerror or type(error).__name__)
        except UnusableFileError as error:
            self._unusable(str(error))
        return _Reading(signature, None)

    def _unusable(self, reason: str) -> None:
        _log.error("file.unusable", file=str(self.path), what=self._what, reason=reason)


def replace_private(path: Path, content: bytes) -> None:
    """Put `content` in the place of the file, at once and readable by its owner only."""
    with _private_copy(path, content) as copy:
        copy.replace(path)


def create_private(path: Path, content: bytes) -> None:
    """Write the file, readable by its owner only, unless somebody else has made it in the meantime."""
    with _private_copy(path, content) as copy, suppress(FileExistsError):
        path.hardlink_to(copy)


@contextmanager
def _private_copy(path: Path, content: bytes) -> Iterator[Path]:
    """A complete copy on disk beside `path`; mkstemp makes it with mode 0600."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    copy = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        yield copy
    finally:
        copy.unlink(missing_ok=True)
