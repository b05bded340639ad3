"""Drugs, prescribers and dispensers as dispensations refer to them: snapshots named by their digest, kept in memory.
Beside them, which rows of who has reported are there already.

A snapshot never changes, so the copy in memory is never stale; only what is committed comes in. None is about a
patient.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping
from typing import Generic, TypeVar

from sqlalchemy import Connection, Table, bindparam, select

from gateway.model import Dispenser, Drug, Prescriber
from gateway.store import codec, schema
from gateway.store.codec import Columns, Row

T = TypeVar("T")

IN_LIST = 500  # values in one IN list; the databases' limits are far above


class Recent(Generic[T]):
    """The values used last, between `size` and twice that many of them.

    Two generations instead of an order of use: when the young one is full it becomes the old one, and what is used
    again moves back. Threads need no lock: at worst two of them read the same snapshot from the database.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._young: dict[Hashable, T] = {}
        self._old: dict[Hashable, T] = {}

    def get(self, key: Hashable) -> T | None:
        """The value, if it was used lately."""
        value = self._young.get(key)
        if value is None:
            value = self._old.get(key)
            if value is not None:
                self.put(key, value)
        return value

    def put(self, key: Hashable, value: T) -> None:
        """Keep the value."""
        if len(self._young) >= self._size:
            self._old, self._young = self._young, {}
        self._young[key] = value


class Snapshots(Generic[T]):
    """The snapshots of one table."""

    def __init__(
        self, table: Table, encode: Callable[[T], Columns], decode: Callable[[Row], T], size: int
    ) -> None:
        self.table = table
        self.encode = encode
        self.recent: Recent[T] = Recent(size)
        self._decode = decode
        # the digest comes last, so that the row begins as the decoder wants it
        self._select = select(*list(table.c)[1:], table.c.digest).where(
            table.c.digest.in_(bindparam("digests", expanding=True))
        )

    def read(self, connection: Connection, digests: Collection[bytes]) -> Mapping[bytes, T]:
        """The snapshots of these digests."""
        found: dict[bytes, T] = {}
        missing: list[bytes] = []
        for digest in digests:
            value = self.recent.get(digest)
            if value is None:
                missing.append(digest)
            else:
                found[digest] = value
        for start in range(0, len(missing), IN_LIST):
            for row in connection.execute(self._select, {"digests": missing[start : start + IN_LIST]}):
                found[row[-1]] = value = self._decode(row[:-1])
                self.recent.put(row[-1], value)
        return found


class References:
    """The three tables of snapshots, and the rows of :mod:`gateway.store.reporting` that are known to be there.

    :param kept: snapshots of each kind in memory. A drug takes about 1 KB, the others 2 KB, a report 100 bytes.
    """

    def __init__(self, kept: int = 10_000) -> None:
        self.drugs = Snapshots[Drug](schema.drug, codec.drug_columns, codec.drug, kept)
        self.prescribers = Snapshots[Prescriber](
            schema.prescriber, codec.prescriber_columns, codec.prescriber, kept
        )
        self.dispensers = Snapshots[Dispenser](
            schema.dispenser, codec.dispenser_columns, codec.dispenser, kept
        )
        self.reports: Recent[bytes] = Recent(kept)
