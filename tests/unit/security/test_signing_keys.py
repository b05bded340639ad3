"""The file of signing keys."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gateway.errors import Unavailable
from gateway.security.jose import ALGORITHMS, new_key
from gateway.security.signing_keys import KEPT, SigningKeys


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_keys_are_made_once_and_kept(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "folder" / "keys.json"
    made = SigningKeys(path, algorithm=algorithm)
    assert made.current().alg == algorithm
    assert SigningKeys(path).current() == made.current()
    assert path.stat().st_mode & 0o777 == 0o600
    assert [p.name for p in path.parent.iterdir()] == ["keys.json"], "no copies of keys lie about"


def test_many_processes_starting_at_once_have_one_key(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        kids = set(pool.map(lambda _: SigningKeys(tmp_path / "keys.json").current().kid, range(16)))
    assert len(kids) == 1


def test_the_private_part_is_not_published(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys.json", algorithm="RS256")
    (published,) = keys.published()["keys"]
    assert set(published) == {"kty", "n", "e", "kid", "alg", "use"}


def test_old_keys_go_in_the_end(tmp_path: Path) -> None:
    keys = SigningKeys(tmp_path / "keys.json")
    first = str(keys.current().kid)
    rotated = [keys.rotate() for _ in range(KEPT)]
    assert keys.find(first) is None
    assert [key["kid"] for key in keys.published()["keys"]] == rotated[::-1]
    assert keys.current().kid == rotated[-1]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{}",
        {"keys": []},
        {"keys": [new_key("ES256").as_dict(private=False)]},
        {"keys": [{k: v for k, v in new_key("ES256").as_dict(private=True).items() if k != "alg"}]},
        {"keys": [new_key("ES256").as_dict(private=True)] * 2},
        {"keys": [{"kty": "oct", "k": "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0", "kid": "1", "alg": "HS256"}]},
    ],
    ids=["empty", "no list", "no key", "public", "no alg", "kid twice", "symmetric"],
)
def test_a_file_that_cannot_be_used(tmp_path: Path, content: Any) -> None:
    path = tmp_path / "keys.json"
    keys = SigningKeys(path)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    for use in (keys.current, keys.published, keys.rotate, lambda: keys.find("1")):
        with pytest.raises(Unavailable):
            use()
