"""The port for drug products as loaded: lists that come into force whole, and look-ups that mostly stay in memory.

A load writes its rows beside those of the list in force, some thousands in a transaction, so that intake goes on
meanwhile. One short transaction then puts it in force, and the rows of the earlier list go. A load that ends half-way
leaves rows that no look-up sees, and the next load of its source deletes them.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import islice

import msgspec
from sqlalchemy import Connection, and_, bindparam, delete, func, insert, select, update

from gateway.database import Database, answering
from gateway.errors import Conflict
from gateway.model import Drug, ListedProduct, ProductCode, ProductList
from gateway.ports import Clock, ProductDirectory
from gateway.store import codec, schema
from gateway.store.references import IN_LIST, Recent

PART = "drug directory"
KEPT = 20_000  # products in memory, at most twice that; each takes about 1 KB
FRESH = 5.0  # seconds for which the lists in force are taken to be the same
_ROWS = 5000  # in one transaction of a load: other writers wait about 50 ms

_read_files = msgspec.json.Decoder(tuple[str, ...]).decode
_load, _product = schema.product_load, schema.product
_IN_FORCE = _load.c.loaded_at.is_not(None)
_LISTS = select(_load).where(_IN_FORCE).order_by(_load.c.rank, _load.c.loaded_at.desc(), _load.c.source)
_FIND = (
    select(_product.c.code, _product.c.source, *list(_product.c)[4:])
    .join(_load, and_(_load.c.source == _product.c.source, _load.c.load_no == _product.c.load_no))
    .where(_product.c.system == bindparam("system"), _product.c.code.in_(bindparam("codes", expanding=True)))
    .where(_IN_FORCE)
    .order_by(_load.c.rank, _load.c.loaded_at.desc(), _load.c.source)
)
_NEW_NUMBER = select(func.coalesce(func.max(_load.c.load_no), 0) + 1)

Listed = tuple[ListedProduct, ...]


class Products(ProductDirectory):
    """The directory in the record's database.

    :param database: migrated before; its owner closes it.
    :param clock: the time at which a list comes into force.
    :param fresh: seconds after which another process's load is noticed at the latest.
    """

    def __init__(self, database: Database, *, clock: Clock, fresh: float = FRESH) -> None:
        self._database = database
        self._clock = clock
        self._fresh = fresh
        self._lists: tuple[ProductList, ...] = ()
        self._recent: Recent[Listed] = Recent(KEPT)
        self._look_again = 0.0  # of the monotonic clock

    def find(self, codes: Collection[ProductCode]) -> Mapping[ProductCode, Sequence[ListedProduct]]:
        """As the port says."""
        recent = self._in_force()
        if recent is None:
            return dict.fromkeys(codes, ())
        found = {code: recent.get(code) for code in codes}
        missing = [code for code, listed in found.items() if listed is None]
        if missing:
            with answering(PART), self._database.connect() as connection:
                for code, listed in _read(connection, missing):
                    recent.put(code, listed)
                    found[code] = listed
        return {code: listed or () for code, listed in found.items()}

    def lists(self) -> Sequence[ProductList]:
        """As the port says."""
        with answering(PART), self._database.connect() as connection:
            return _lists(connection)

    def load(
        self, source: str, products: Iterable[tuple[ProductCode, Drug]], *, rank: int, files: Sequence[str]
    ) -> ProductList:
        """As the port says."""
        with answering(PART):
            number = self._begin(source, rank, files)
            try:
                count = self._insert(source, number, products)
                self._put_in_force(source, number, count)
            except BaseException:
                self._delete(source, number)
                raise
            self._delete_others(source, number)
        self._look_again = 0.0
        return next(one for one in self.lists() if one.source == source)

    def remove(self, source: str) -> bool:
        """As the port says."""
        with answering(PART), self._database.writing() as connection:
            removed = connection.execute(delete(_load).where(_load.c.source == source, _IN_FORCE)).rowcount
            connection.execute(delete(_load).where(_load.c.source == source))  # a load under way fails
            connection.execute(delete(_product).where(_product.c.source == source))
        self._look_again = 0.0
        return bool(removed)

    def _in_force(self) -> Recent[Listed] | None:
        """What is known in memory of the lists in force; None when there are none."""
        if time.monotonic() >= self._look_again:
            lists = tuple(self.lists())
            self._look_again = time.monotonic() + self._fresh
            if lists != self._lists:
                # a thread that is reading puts what it finds into the one it has, which nobody asks any more
                self._lists, self._recent = lists, Recent(KEPT)
        return self._recent if self._lists else None

    # --- a load -----------------------------------------------------------------------------------------------

    def _begin(self, source: str, rank: int, files: Sequence[str]) -> int:
        """A number for the load; what an earlier one left half-done is deleted."""
        mine = _load.c.source == source
        with self._database.writing() as connection:
            in_force = connection.execute(select(_load.c.load_no).where(mine, _IN_FORCE)).scalar()
            number = connection.execute(_NEW_NUMBER.where(mine)).scalar_one()
            connection.execute(delete(_load).where(mine, _load.c.loaded_at.is_(None)))
            left = delete(_product).where(_product.c.source == source, _product.c.load_no != (in_force or 0))
            connection.execute(left)
            row = {"source": source, "load_no": number, "rank": rank, "products": 0}
            connection.execute(insert(_load).values(files=msgspec.json.encode(list(files)).decode(), **row))
        return int(number)

    def _insert(self, source: str, number: int, products: Iterable[tuple[ProductCode, Drug]]) -> int:
        rest, count = _once(products), 0
        while some := list(islice(rest, _ROWS)):
            rows = [
                {
                    "system": code.system,
                    "code": code.value,
                    "source": source,
                    "load_no": number,
                    **codec.drug_columns(drug),
                }
                for code, drug in some
            ]
            with self._database.writing("READ COMMITTED") as connection:
                connection.execute(insert(_product), rows)
            count += len(rows)
        return count

    def _put_in_force(self, source: str, number: int, count: int) -> None:
        with self._database.writing() as connection:
            mine = _load.c.source == source
            connection.execute(delete(_load).where(mine, _IN_FORCE))
            done = connection.execute(
                update(_load)
                .where(mine, _load.c.load_no == number)
                .values(products=count, loaded_at=self._clock())
            )
            if not done.rowcount:
                raise Conflict(
                    f"The list {source} was loaded or removed by somebody else meanwhile; nothing was changed.",
                    remedy="Load it again when nobody else does.",
                )

    def _delete(self, source: str, number: int) -> None:
        with self._database.writing("READ COMMITTED") as connection:
            connection.execute(delete(_load).where(_load.c.source == source, _load.c.load_no == number))
            connection.execute(
                delete(_product).where(_product.c.source == source, _product.c.load_no == number)
            )

    def _delete_others(self, source: str, number: int) -> None:
        with self._database.writing("READ COMMITTED") as connection:
            connection.execute(
                delete(_product).where(_product.c.source == source, _product.c.load_no < number)
            )


def _lists(connection: Connection) -> list[ProductList]:
    return [
        ProductList(
            source=row.source,
            rank=row.rank,
            files=_read_files(row.files),
            products=row.products,
            loaded_at=row.loaded_at,
        )
        for row in connection.execute(_LISTS)
    ]


def _read(connection: Connection, codes: Sequence[ProductCode]) -> Iterator[tuple[ProductCode, Listed]]:
    """What is listed of each code, an empty tuple where that is nothing."""
    for system in sorted({code.system for code in codes}):
        values = [code.value for code in codes if code.system == system]
        for start in range(0, len(values), IN_LIST):
            some = values[start : start + IN_LIST]
            found: dict[str, list[ListedProduct]] = {value: [] for value in some}
            for row in connection.execute(_FIND, {"system": system, "codes": some}):
                found[row[0]].append(ListedProduct(source=row[1], drug=codec.drug(row[2:])))
            yield from ((ProductCode(system, value), tuple(listed)) for value, listed in found.items())


def _once(products: Iterable[tuple[ProductCode, Drug]]) -> Iterator[tuple[ProductCode, Drug]]:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for code, drug in products:
        if code.value not in seen[code.system]:
            seen[code.system].add(code.value)
            yield code, drug
