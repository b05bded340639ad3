"""A server process that is measured from outside: what it used, and what callers with open connections saw."""

from __future__ import annotations

import multiprocessing
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from statistics import median, quantiles

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Seconds of the clock and of the server's processors, milliseconds of each answer, and the last body."""

    clock: float
    processor: float
    milliseconds: Sequence[float]
    body: bytes

    @property
    def rate(self) -> float:
        """Answers a second."""
        return len(self.milliseconds) / self.clock

    @property
    def cost(self) -> float:
        """Milliseconds of processor time an answer."""
        return self.processor * 1000 / len(self.milliseconds)

    @property
    def p50(self) -> float:
        """Milliseconds."""
        return median(self.milliseconds)

    @property
    def p99(self) -> float:
        """Milliseconds."""
        return quantiles(self.milliseconds, n=100)[-1] if len(self.milliseconds) > 1 else self.p50


Load = Callable[[Sequence[bytes], int], Run]


@contextmanager
def callers(pid: int, port: int, path: str, headers: dict[str, str]) -> Iterator[Load]:
    """Gives what sends each of some bodies once, over so many connections, from a process of its own."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:

        def load(bodies: Sequence[bytes], connections: int) -> Run:
            before = processor_seconds(pid)
            told = pool.submit(_send, port, path, headers, bodies, connections).result()
            return Run(
                clock=told[0], processor=processor_seconds(pid) - before, milliseconds=told[1], body=told[2]
            )

        yield load


def processor_seconds(pid: int) -> float:
    """What the process and its children have used so far, as the kernel counts it, to a hundredth of a second."""
    used, waiting = 0, [pid]
    while waiting:
        process = Path("/proc") / str(waiting.pop())
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        used += int(fields[11]) + int(fields[12])
        for children in process.glob("task/*/children"):
            waiting += map(int, children.read_text().split())
    return used / _TICKS


def _send(
    port: int, path: str, headers: dict[str, str], bodies: Sequence[bytes], connections: int
) -> tuple[float, list[float], bytes]:
    """In the callers' process: seconds, milliseconds of each answer, the last body."""
    waiting: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    for body in bodies:
        waiting.put(body)
    times: list[float] = []
    answers: list[bytes] = []
    threads = [
        threading.Thread(target=_call, args=(port, path, headers, waiting, times, answers))
        for _ in range(connections)
    ]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    clock = time.perf_counter() - start
    if len(times) < len(bodies):
        raise SystemExit(f"{path} was answered with {(answers or [b'nothing'])[-1][:2000].decode()}")
    return clock, times, answers[-1]


def _call(
    port: int,
    path: str,
    headers: dict[str, str],
    waiting: queue.SimpleQueue[bytes],
    times: list[float],
    answers: list[bytes],
) -> None:
    """One connection, until nothing waits any more or an answer is not 200."""
    connection = HTTPConnection("127.0.0.1", port)
    while True:
        try:
            body = waiting.get_nowait()
        except queue.Empty:
            break
        start = time.perf_counter()
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        answer = response.read()
        took = (time.perf_counter() - start) * 1000
        answers[:] = [answer]
        if response.status != 200:
            break
        times.append(took)
    connection.close()
