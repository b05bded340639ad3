"""`pmpbridge person` as somebody who keeps the record types it, and the page that says how."""

from __future__ import annotations

import getpass
import json
import os
import re
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from gateway.audit import HashChainedLog
from gateway.bootstrap import build
from gateway.cli import main
from gateway.settings import load_settings
from tests.unit.linking.records import MARRIED, SHE, key_of, report, somebody

ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., Result]


@pytest.fixture
def keys(tmp_path: Path) -> tuple[str, str]:
    """A record in which one patient stands as two: their keys."""
    gateway = build(load_settings(environ={}, overrides={"data_dir": str(tmp_path)}))
    try:
        return key_of(report(gateway, "1", SHE)), key_of(report(gateway, "2", MARRIED))
    finally:
        gateway.close()


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    for name in [n for n in os.environ if n.startswith("PMPBRIDGE")]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("gateway.logs.configure", lambda level: None)

    def run_one(*arguments: str, **over: Any) -> Result:
        ended = CliRunner().invoke(
            main, ["person", *arguments], env={"PMPBRIDGE__DATA_DIR": str(tmp_path)}, **over
        )
        assert ended.exception is None or isinstance(ended.exception, SystemExit), ended.exception
        return ended

    return run_one


def printed(ended: Result) -> Any:
    assert ended.exit_code == 0, ended.output
    return json.loads(ended.stdout)


def test_a_person_is_shown(run: Run, keys: tuple[str, str]) -> None:
    ended = run("show", keys[0])
    assert ended.stdout.splitlines() == [
        f"person {keys[0]}",
        "  appearance 1: Quillfeather, Marigold; born 1971-04-09; female; 14 Larkspur Ln, Hartford CT 06103",
        "    dispensations: 1, filled 2026-09-02 to 2026-09-02",
        "no possible duplicates",
    ]
    shown = printed(run("show", keys[0], "--format", "json"))
    assert (shown["asked"], shown["person"]["person_key"]) == (keys[0], keys[0])
    assert shown["person"]["appearances"][0]["person"]["names"][0]["family"] == "Quillfeather"


def test_nothing_from_outside_steers_the_terminal(run: Run, tmp_path: Path) -> None:
    gateway = build(load_settings(environ={}, overrides={"data_dir": str(tmp_path)}))
    key = key_of(report(gateway, "1", somebody("Quill\x1b[2Jfeather", "Mari\ngold")))
    gateway.close()
    shown = run("show", key).stdout
    assert "Quill?[2Jfeather, Mari?gold" in shown
    assert "\x1b" not in shown


def test_people_are_found(run: Run, keys: tuple[str, str]) -> None:
    ended = run("find", "--family", "Hawthorn", "--given", "Marigold", "--born", "1971-04-09")
    assert ended.exit_code == 0
    assert ended.stdout.splitlines()[0].startswith(f"  person {keys[1]}, ")
    assert "birth date exact +" in ended.stdout
    nobody = run("find", "--family", "Zimmer", "--born", "1930-01-01")
    assert (nobody.exit_code, nobody.stdout) == (0, "Nobody in the record is near.\n")
    assert printed(run("find", "--family", "Zimmer", "--born", "1930-01-01", "--format", "json")) == []
    assert run("find", "--born", "1971-04-09").exit_code == 2
    assert run("find", "--family", "Zimmer").exit_code == 2


def test_what_would_happen_is_shown_and_asked(run: Run, keys: tuple[str, str]) -> None:
    arguments = ("merge", *keys, "--reason", "moved")
    for answer in ("n\n", ""):
        ended = run(*arguments, input=answer)
        assert ended.exit_code == 1
        assert f"merge: from person {keys[0]} to person {keys[1]}, with 1 dispensation\n" in ended.stderr
        assert "Quillfeather" in ended.stderr
        assert "Hawthorne" in ended.stderr
        assert ended.stdout == ""
    assert run("links").stdout == "Nothing was split or merged.\n"
    done = run(*arguments, input="y\n")
    assert done.exit_code == 0
    assert done.stdout.splitlines()[:2] == [
        f"link {keys[0]}-L1: merge, in force",
        f"  from person {keys[0]} to person {keys[1]}, 1 dispensation",
    ]


def test_merged_shown_undone_and_listed(run: Run, keys: tuple[str, str], tmp_path: Path) -> None:
    key, into = keys
    link = printed(run("merge", key, into, "--reason", "moved", "--yes", "--format", "json"))
    assert (link["from_key"], link["to_key"], link["dispensations"]) == (key, into, 1)
    assert run("show", key).stdout.startswith(f"{key} was merged into {into}.\nperson {into}\n")
    undone = printed(run("undo", link["id"], "--yes", "--format", "json"))
    assert undone["undoes"] == link["id"]
    listed = printed(run("links", key, "--format", "json"))
    assert [one["id"] for one in listed] == [undone["id"], link["id"]]
    assert [one["undone_by"] for one in listed] == [None, undone["id"]]
    user = f"operator:{getpass.getuser()}"
    assert {one["by"] for one in listed} == {user}
    words = run("links").stdout
    assert f"link {link['id']}: merge, undone by {undone['id']}\n" in words
    assert f"link {undone['id']}: undo of {link['id']}, in force\n" in words
    assert f"{user}: moved\n" in words
    log = HashChainedLog(f"sqlite:///{tmp_path / 'audit.sqlite'}")
    audited = [(e.operation, e.client_id) for e in log.events() if e.protocol == "operator"]
    log.close()
    assert {operation for operation, _ in audited} == {"merge", "show", "undo", "links"}
    assert {client for _, client in audited} == {user}


@pytest.mark.parametrize(
    ("arguments", "status", "says"),
    [
        (("show", "nobody"), 1, "Nobody in the record has this person key. (at KEY)"),
        (("links", "nobody"), 1, "Nobody in the record has this person key. (at KEY)"),
        (("merge", "{0}", "nobody", "--reason", "x"), 1, "(at INTO_KEY)"),
        (("merge", "{0}", "{0}", "--reason", "x"), 1, "cannot be merged into herself"),
        (("merge", "{0}", "{1}", "--reason", " "), 1, "needs a reason"),
        (("merge", "{0}", "{1}"), 2, "--reason"),
        (("split", "{0}", "--reason", "x"), 2, "--appearance"),
        (("split", "{0}", "--appearance", "0", "--reason", "x"), 2, "--appearance"),
        (("split", "{0}", "--appearance", "9", "--reason", "x"), 1, "has no appearance 9. Choose among 1."),
        (("split", "{0}", "--appearance", "1", "--reason", "x"), 1, "nobody would be left"),
        (("undo", "{0}-L1"), 1, "There is no such link. (at LINK_ID)"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_done(
    run: Run, keys: tuple[str, str], arguments: tuple[str, ...], status: int, says: str
) -> None:
    yes = () if arguments[0] in {"show", "links"} else ("--yes",)
    ended = run(*(one.format(*keys) for one in arguments), *yes)
    assert (ended.exit_code, ended.stdout) == (status, "")
    assert says in ended.stderr
    assert run("links").stdout == "Nothing was split or merged.\n"


def test_the_page_for_those_who_keep_the_record(run: Run, keys: tuple[str, str]) -> None:
    """Its commands, one after the other, with the keys that they print."""
    text = (ROOT / "docs" / "guide" / "people.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```sh people\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    commands = [line for block in blocks for line in block.splitlines()]
    assert [line.split()[2] for line in commands] == ["find", "show", "merge", "split", "links", "undo"]
    known = {"$KEY": keys[0], "$INTO_KEY": keys[1]}
    for line in commands:
        arguments = [known.get(word, word) for word in shlex.split(line)][2:]
        ended = run(*arguments)
        assert ended.exit_code == 0, ended.output
        if arguments[0] == "find":
            assert keys[0] in ended.stdout
        if arguments[0] == "links":
            known["$LINK_ID"] = re.findall(r"^link (\S+): ", ended.stdout, re.MULTILINE)[0]
    assert len(run("links").stdout.split("\nlink ")) == 3
