"""What every `Ephemeral` keeps to."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest

from gateway.ephemeral import Memory, Redis, open_ephemeral
from gateway.errors import Unavailable
from gateway.ports import Ephemeral


@pytest.fixture(params=["memory", "redis"])
def open_facts(request: pytest.FixtureRequest) -> Iterator[Callable[[], Ephemeral]]:
    """Opens the facts; what is opened twice is shared, but in memory."""
    opened: list[Ephemeral] = []
    url = request.getfixturevalue("redis_url") if request.param == "redis" else ""

    def open_one() -> Ephemeral:
        opened.append(open_ephemeral(url))
        return opened[-1]

    yield open_one
    for one in opened:
        one.close()


@pytest.fixture
def facts(open_facts: Callable[[], Ephemeral]) -> Ephemeral:
    return open_facts()


def test_a_key_is_claimed_once(facts: Ephemeral) -> None:
    key = uuid4().hex
    assert facts.claim(key, 60) is True
    assert facts.claim(key, 60) is False
    assert facts.claim(key, 1) is False
    assert facts.claim(key + "x", 60) is True


def test_a_claim_ends_with_its_time_and_not_before(facts: Ephemeral) -> None:
    key = uuid4().hex
    assert facts.claim(key, 2)
    assert not facts.claim(key, 60), "a second claim must not replace the first"
    deadline = time.monotonic() + 30
    while not facts.claim(key, 60):
        assert time.monotonic() < deadline, "the claim has not ended"
        time.sleep(0.05)
    assert not facts.claim(key, 60)


def test_of_many_threads_one_has_the_key(facts: Ephemeral) -> None:
    keys = [uuid4().hex for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for key in keys:
            assert sum(pool.map(lambda _, key=key: facts.claim(key, 60), range(16))) == 1


@pytest.mark.parametrize("key", ["", "a" * 100_000, "ключ\u0000\n", "\ud800"])
def test_any_text_is_a_key(facts: Ephemeral, key: str) -> None:
    key += uuid4().hex
    assert facts.claim(key, 60)
    assert not facts.claim(key, 60)


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_claim_that_would_end_at_once_is_a_mistake(facts: Ephemeral, ttl: int) -> None:
    with pytest.raises(ValueError, match="ttl"):
        facts.claim("key", ttl)


def test_a_claim_that_is_released_is_made_again(facts: Ephemeral) -> None:
    key = uuid4().hex
    facts.release(key)
    assert facts.claim(key, 2)
    facts.release(key)
    facts.release(key)
    facts.put(key, b"value", 60)
    facts.release(key)
    assert facts.get(key) == b"value", "a value is another thing"
    assert facts.claim(key, 60)
    deadline = time.monotonic() + 2.5
    while time.monotonic() < deadline:
        assert not facts.claim(key, 60), "the end of the released claim is not that of the next"
        time.sleep(0.1)


# --- of one implementation ------------------------------------------------------------------------------------


def test_memory_refuses_rather_than_forgets() -> None:
    now = [100.0]
    facts = Memory(limit=2, clock=lambda: now[0])
    assert facts.claim("a", 10)
    assert facts.claim("b", 20)
    with pytest.raises(Unavailable) as full:
        facts.claim("c", 10)
    assert full.value.retry_after == 10
    assert not facts.claim("a", 10), "nothing was pushed out"
    now[0] += 10
    assert facts.claim("c", 10), "a has ended, so there is room"
    assert not facts.claim("b", 10)


def test_memory_keeps_nothing_of_what_was_released() -> None:
    facts = Memory(limit=10, clock=lambda: 0.0)
    assert facts.claim("kept", 10)
    for n in range(10_000):
        assert facts.claim(f"{n}", 1000)
        facts.release(f"{n}")
    assert len(facts._ends) < 2_000
    assert not facts.claim("kept", 10)


def test_memory_lets_one_thread_at_a_time_look_and_claim() -> None:
    class Slow(dict[bytes, float]):
        def __contains__(self, name: object) -> bool:
            found = super().__contains__(name)
            time.sleep(0.01)  # long enough for every other thread to look as well
            return found

    facts = Memory()
    facts._claimed = Slow()
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(lambda _: facts.claim("key", 60), range(8))) == 1


def test_redis_is_shared_by_all_who_use_it(redis_url: str) -> None:
    one, other = Redis(redis_url), Redis(redis_url)
    key = uuid4().hex
    try:
        assert one.claim(key, 60)
        assert not other.claim(key, 60)
    finally:
        one.close()
        other.close()


def test_redis_that_is_not_there_is_unavailable() -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        facts = Redis(f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        with pytest.raises(Unavailable):
            facts.claim("key", 60)
        facts.close()


def test_redis_that_does_not_answer_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        facts = Redis(f"redis://127.0.0.1:{silent.getsockname()[1]}/0", timeout=0.2)
        with pytest.raises(Unavailable):
            facts.claim("key", 60)
        facts.close()


# --- values ---------------------------------------------------------------------------------------------------


def test_a_value_is_kept_until_it_is_taken(facts: Ephemeral) -> None:
    key = uuid4().hex
    assert facts.get(key) is None
    assert facts.take(key) is None
    facts.put(key, b"\x00one", 60)
    facts.put(key, b"two", 60)
    assert facts.get(key) == facts.get(key) == b"two"
    assert facts.claim(key, 60), "a claim is another thing"
    assert facts.take(key) == b"two"
    assert facts.take(key) is facts.get(key) is None


def test_a_value_ends_with_its_time_and_not_before(facts: Ephemeral) -> None:
    short, long = uuid4().hex, uuid4().hex
    facts.put(short, b"value", 1)
    facts.put(long, b"value", 1)
    facts.put(long, b"value", 60)
    assert facts.get(short) == b"value"
    deadline = time.monotonic() + 30
    while facts.get(short) is not None:
        assert time.monotonic() < deadline, "the value has not ended"
        time.sleep(0.05)
    assert facts.take(short) is None
    assert facts.get(long) == b"value", "what is put again has its new time"


def test_of_many_threads_one_takes_the_value(facts: Ephemeral) -> None:
    keys = [uuid4().hex for _ in range(20)]
    with ThreadPoolExecutor(8) as pool:
        for key in keys:
            facts.put(key, b"value", 60)
            taken = pool.map(lambda _, key=key: facts.take(key), range(16))
            assert sorted(t is not None for t in taken) == [False] * 15 + [True]


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_value_that_would_end_at_once_is_a_mistake(facts: Ephemeral, ttl: int) -> None:
    with pytest.raises(ValueError, match="ttl"):
        facts.put("key", b"value", ttl)


def test_memory_has_room_for_so_many_bytes() -> None:
    now = [100.0]
    facts = Memory(room=1_000, clock=lambda: now[0])
    facts.put("a", b"x" * 700, 10)
    facts.put("a", b"y" * 700, 10)
    with pytest.raises(Unavailable) as full:
        facts.put("b", b"x" * 700, 10)
    assert full.value.retry_after == 10
    assert facts.get("a") == b"y" * 700, "nothing was pushed out"
    facts.take("a")
    facts.put("b", b"x" * 700, 5)
    now[0] += 5
    facts.put("c", b"x" * 700, 5)
    assert facts.get("b") is None


def test_redis_shares_values(redis_url: str) -> None:
    one, other = Redis(redis_url), Redis(redis_url)
    key = uuid4().hex
    try:
        one.put(key, b"value", 60)
        assert other.take(key) == b"value"
        assert one.get(key) is None
    finally:
        one.close()
        other.close()


@pytest.mark.parametrize("method", ["put", "get", "take", "release"])
def test_values_of_redis_that_is_not_there_are_unavailable(method: str) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        facts = Redis(f"redis://127.0.0.1:{closed.getsockname()[1]}/0")
        with pytest.raises(Unavailable):
            getattr(facts, method)("key", *((b"value", 60) if method == "put" else ()))
        facts.close()
