"""Snapshots in memory."""

from __future__ import annotations

import pytest

from gateway.store import Store
from gateway.store.references import Recent
from tests.factory import a_dispensation, a_drug, a_person


def test_what_is_used_stays_and_the_rest_goes() -> None:
    recent: Recent[int] = Recent(10)
    recent.put(b"used", 0)
    for number in range(1, 1000):
        recent.put(str(number).encode(), number)
        assert recent.get(b"used") == 0
        assert recent.get(str(number).encode()) == number
    held = [number for number in range(1, 1000) if recent.get(str(number).encode()) is not None]
    assert held
    assert len(held) <= 20, "no more than two generations"
    assert min(held) > 900, "the last ones"


def test_what_was_rolled_back_is_not_remembered(record: Store) -> None:
    def fail() -> None:
        with record.intake() as unit:
            key = unit.add_person(a_person(), ["key"])
            unit.add_dispensation(key, a_dispensation(id=None), ["key"])
            raise RuntimeError

    for _ in range(2):
        with pytest.raises(RuntimeError):
            fail()
    with record.intake() as unit:
        key = unit.add_person(a_person(), ["key"])
        recorded = unit.add_dispensation(key, a_dispensation(id=None), ["key"])
    assert record.dispensation(recorded.id or "") == recorded


def test_one_snapshot_serves_all_who_refer_to_it(record: Store) -> None:
    with record.intake() as unit:
        key = unit.add_person(a_person(), ["key"])
        ids = [
            unit.add_dispensation(
                key, a_dispensation(id=None, rx_number=str(n), drug=a_drug(name=f"drug {n % 2}")), ["key"]
            ).id
            for n in range(4)
        ]
    with record._database.engine.connect() as connection:
        counts = [
            connection.exec_driver_sql(f"SELECT count(*) FROM {table}").scalar()
            for table in ("drug", "prescriber", "dispenser")
        ]
    assert counts == [2, 1, 1]
    first, *_, last = (record.dispensation(one or "") for one in ids)
    assert first is not None
    assert last is not None
    assert first.prescriber is last.prescriber
