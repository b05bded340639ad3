"""A synthetic population of any size into an empty record, by all processors at once.

Each worker makes people, part after part, and turns them into rows; this process writes the rows down in one
transaction. Parts come back in their order and only some are under way, so that memory does not grow with the
population. The people's demographics are not matched: that they are one person is known.
"""

from __future__ import annotations

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import date

from gateway.model import Dispensation, Drug
from gateway.store import Encoder, Rows, loading, new_person_keys
from gateway.synth import PEOPLE_A_PART, Population

_AHEAD = 2  # parts a worker may be ahead


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What the workers need, as it can be handed to them. `tools` makes what encodes, and what resolves a drug."""

    tools: Callable[[], tuple[Encoder, Callable[[Drug], Drug]]]
    patients: int
    years: int
    seed: int
    until: date


class _Worker:
    """In a worker's process, for as long as it lives."""

    def __init__(self, task: Task) -> None:
        self._encoder, self._resolve = task.tools()
        self._population = Population(
            patients=task.patients, years=task.years, seed=task.seed, until=task.until
        )
        # by the object, which is held here so that its id stays its own: there is one for each product
        self._resolved: dict[int, tuple[Drug, Drug]] = {}

    def rows(self, part: int) -> Rows:
        # People without dispensations are in no record.
        people = [one for one in self._population.part(part) if one.dispensations]
        keys = new_person_keys(len(people), part, self._population.parts)
        return self._encoder.rows(
            (key, [self._with_drug(d) for d in one.dispensations])
            for key, one in zip(keys, people, strict=True)
        )

    def _with_drug(self, one: Dispensation) -> Dispensation:
        """As intake would record it."""
        known = self._resolved.get(id(one.drug))
        if known is None:
            known = self._resolved[id(one.drug)] = one.drug, self._resolve(one.drug)
        return one if known[1] == known[0] else replace(one, drug=known[1])


_worker: _Worker | None = None


def _start(task: Task) -> None:
    global _worker  # noqa: PLW0603 - the way in which a pool's processes keep what they need
    _worker = _Worker(task)


def _rows(part: int) -> Rows:
    if _worker is None:
        raise RuntimeError("The process was not started with a task.")
    return _worker.rows(part)


def load_record(url: str, task: Task, *, loaded: Callable[[int, int], None]) -> tuple[int, int]:
    """Load an empty record, which nobody else uses meanwhile. All of it is there afterwards, or nothing.

    :param url: of the record's database, migrated before.
    :param loaded: called now and then with the people and dispensations so far.
    :returns: people and dispensations.
    :raises gateway.errors.Conflict: the record is not empty.
    :raises gateway.errors.Unavailable: the database cannot do it now.
    """
    parts = -(-task.patients // PEOPLE_A_PART)
    people = dispensations = 0
    with loading(url) as load:
        for rows in _in_order(task, parts):
            load.add(rows)
            people += rows.people
            dispensations += rows.dispensations
            loaded(people, dispensations)
    return people, dispensations


def _in_order(task: Task, parts: int) -> Iterator[Rows]:
    workers = os.cpu_count() or 1
    pool = ProcessPoolExecutor(
        workers, multiprocessing.get_context("spawn"), initializer=_start, initargs=(task,)
    )
    under_way: deque[Future[Rows]] = deque()
    try:
        for part in range(parts):
            under_way.append(pool.submit(_rows, part))
            if len(under_way) > workers * _AHEAD:
                yield under_way.popleft().result()
        while under_way:
            yield under_way.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
