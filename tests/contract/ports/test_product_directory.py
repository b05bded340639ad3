"""The drug directory, on each database: a list comes into force whole, and in place of the one before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import event

from gateway.database import Database
from gateway.errors import Conflict
from gateway.model import Drug, ListedProduct, ProductCode
from gateway.store import Store, migrate
from gateway.store.products import Products
from tests.contract.ports.fakes import Ticking
from tests.factory import a_drug

ONE, TWO, THREE = (ProductCode("ndc", f"9899900000{n}") for n in (1, 2, 3))
CONCEPT = ProductCode("rxcui", "1049621")


def _named(name: str) -> Drug:
    return a_drug(name=name)


def _load(directory: Any, source: str, *entries: tuple[ProductCode, str], rank: int = 2) -> Any:
    return directory.load(
        source, [(code, _named(name)) for code, name in entries], rank=rank, files=[f"{source}.csv"]
    )


def _names(directory: Any, code: ProductCode) -> list[tuple[str, str | None]]:
    return [(one.source, one.drug.name) for one in directory.find([code])[code]]


@pytest.fixture
def directory(record: Store) -> Any:
    return record.products


@pytest.fixture
def open_directory(database: str) -> Iterator[Callable[..., Products]]:
    """Opens the directory once more, as another process would."""
    migrate(database)
    opened: list[Database] = []

    def open_one(**over: Any) -> Products:
        opened.append(Database(database))
        return Products(opened[-1], clock=Ticking(), **over)

    yield open_one
    for one in opened:
        one.close()


def test_nothing_is_loaded_at_first(directory: Any) -> None:
    assert directory.lists() == []
    assert directory.find([ONE, CONCEPT]) == {ONE: (), CONCEPT: ()}
    assert not directory.remove("list")


def test_a_product_comes_back_as_it_was_loaded(directory: Any) -> None:
    drug = a_drug(ndc11=ONE.value)
    loaded = directory.load("list", [(ONE, drug), (CONCEPT, Drug())], rank=2, files=["a.csv", "b.csv"])
    assert (loaded.source, loaded.rank, loaded.files, loaded.products) == ("list", 2, ("a.csv", "b.csv"), 2)
    assert directory.lists() == [loaded]
    found = directory.find([ONE, TWO, CONCEPT])
    assert found == {
        ONE: (ListedProduct(source="list", drug=drug),),
        TWO: (),
        CONCEPT: (ListedProduct(source="list", drug=Drug()),),
    }


def test_of_a_code_that_comes_twice_the_first_counts(directory: Any) -> None:
    assert _load(directory, "list", (ONE, "first"), (TWO, "x"), (ONE, "second")).products == 2
    assert _names(directory, ONE) == [("list", "first")]


def test_the_newest_load_of_a_source_is_in_place_of_the_one_before(directory: Any) -> None:
    _load(directory, "list", (ONE, "old"), (TWO, "old"))
    _load(directory, "other", (ONE, "other's"), rank=3)
    assert _names(directory, TWO) == [("list", "old")]
    _load(directory, "list", (ONE, "new"), (THREE, "new"))
    assert _names(directory, ONE) == [("list", "new"), ("other", "other's")]
    assert (_names(directory, TWO), _names(directory, THREE)) == ([], [("list", "new")])
    assert [(one.source, one.products) for one in directory.lists()] == [("list", 2), ("other", 1)]


def test_the_smallest_rank_decides_and_of_equal_ones_the_last_load(directory: Any) -> None:
    for source, rank in (("b", 2), ("fda", 1), ("a", 2), ("corrections", 0)):
        _load(directory, source, (ONE, source), rank=rank)
    order = ["corrections", "fda", "a", "b"]
    assert [source for source, _ in _names(directory, ONE)] == order
    assert [one.source for one in directory.lists()] == order


@pytest.mark.parametrize("before", [0, 1])
def test_a_load_that_fails_half_way_changes_nothing(directory: Any, database: str, before: int) -> None:
    if before:
        _load(directory, "list", (ONE, "old"))

    def broken() -> Iterator[tuple[ProductCode, Drug]]:
        for n in range(12_000):
            yield ProductCode("ndc", f"{n:011d}"), _named("new")
        raise ValueError("the file ends here")

    lists = directory.lists()
    with pytest.raises(ValueError, match="ends here"):
        directory.load("list", broken(), rank=2, files=[])
    assert directory.lists() == lists
    assert _names(directory, ONE) == ([("list", "old")] if before else [])
    assert _names(directory, ProductCode("ndc", "00000000005")) == []
    assert _rows(database) == before, "what was written is deleted"


def test_a_load_that_was_killed_is_not_seen_and_the_next_one_clears_it(
    open_directory: Callable[..., Products], database: str
) -> None:
    directory = open_directory()
    _load(directory, "list", (ONE, "old"))
    number = directory._begin("list", 2, [])
    directory._insert("list", number, [(TWO, _named("killed")), (ONE, _named("killed"))])
    assert (_names(open_directory(), ONE), _names(open_directory(), TWO)) == ([("list", "old")], [])
    assert _rows(database) == 3
    _load(directory, "list", (THREE, "new"))
    assert _rows(database) == 1


def test_what_is_being_loaded_is_not_seen(open_directory: Callable[..., Products]) -> None:
    directory, reader = open_directory(), open_directory(fresh=0)
    _load(directory, "list", (ONE, "old"))

    def slow() -> Iterator[tuple[ProductCode, Drug]]:
        for n in range(6000):
            yield ProductCode("ndc", f"{n:011d}"), _named("new")
        assert _names(reader, ONE) == [("list", "old")]
        assert _names(reader, ProductCode("ndc", "00000000001")) == []

    directory.load("list", slow(), rank=2, files=[])
    assert _names(reader, ONE) == []
    assert _names(reader, ProductCode("ndc", "00000000001")) == [("list", "new")]


@pytest.mark.parametrize("meanwhile", ["load", "remove"])
def test_of_two_at_once_one_fails_and_leaves_nothing(
    open_directory: Callable[..., Products], database: str, meanwhile: str
) -> None:
    one, other = open_directory(fresh=0), open_directory()
    _load(one, "list", (ONE, "old"))

    def overtaken() -> Iterator[tuple[ProductCode, Drug]]:
        yield TWO, _named("overtaken")
        if meanwhile == "load":
            _load(other, "list", (ONE, "other's"))
        else:
            assert other.remove("list")

    with pytest.raises(Conflict):
        one.load("list", overtaken(), rank=2, files=[])
    assert _names(one, ONE) == ([("list", "other's")] if meanwhile == "load" else [])
    assert _names(one, TWO) == []
    assert _rows(database) == (meanwhile == "load")


def test_another_process_sees_it_when_its_own_view_is_no_longer_fresh(
    open_directory: Callable[..., Products],
) -> None:
    writer, at_once, later = open_directory(), open_directory(fresh=0), open_directory(fresh=3600)
    assert _names(at_once, ONE) == _names(later, ONE) == []
    _load(writer, "list", (ONE, "new"))
    assert _names(writer, ONE) == _names(at_once, ONE) == [("list", "new")]
    assert _names(later, ONE) == []
    later._look_again = 0
    assert _names(later, ONE) == [("list", "new")]
    writer.remove("list")
    assert (_names(writer, ONE), _names(at_once, ONE)) == ([], [])


def test_what_was_asked_before_asks_the_database_no_more(open_directory: Callable[..., Products]) -> None:
    directory = open_directory(fresh=3600)
    _load(directory, "list", *((ProductCode("ndc", f"{n:011d}"), str(n)) for n in range(1200)))
    statements: list[str] = []
    event.listen(
        directory._database.engine, "before_cursor_execute", lambda *seen: statements.append(seen[2])
    )
    codes = [ProductCode("ndc", f"{n:011d}") for n in range(1500)]  # 300 are in no list
    assert sum(map(len, directory.find(codes).values())) == 1200
    asked = len(statements)
    assert asked <= 4, "one for the lists, one for each 500 codes"
    assert sum(map(len, directory.find(codes).values())) == 1200
    assert len(statements) == asked


def _rows(url: str) -> int:
    database = Database(url)
    with database.connect() as connection:
        count: int = connection.exec_driver_sql("SELECT count(*) FROM product").scalar_one()
    database.close()
    return count
