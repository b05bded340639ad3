"""Public truth sets and made-up populations: what `pmpbridge matching evaluate` finds in them."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner

from gateway.cli import main
from gateway.deduplication import Evaluation, evaluate, read, trained
from gateway.matching import FellegiSunter, Match, read_tables
from tests.factory import a_person
from tests.unit.deduplication.us_people import SHAPES, Population, write

FEBRL_PRECISION, FEBRL_F1 = 0.999, 0.995


def _evaluate(path: Path, truth: str) -> Evaluation:
    return evaluate(read(path, truth))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_febrl(shared: Path, number: int) -> None:
    result = _evaluate(shared / f"data/matching/febrl_{number}.csv", "febrl")
    assert result.precision >= FEBRL_PRECISION
    assert result.f1 >= FEBRL_F1


def test_fake_1000(shared: Path) -> None:
    result = _evaluate(shared / "data/matching/splink_fake_1000.csv", "cluster")
    assert result.precision >= 0.99
    assert result.f1 >= 0.94


@pytest.mark.parametrize("shape", SHAPES)
def test_american_populations(tmp_path: Path, shape: str) -> None:
    """Households, twins, Sr and Jr are not taken for badly written copies; the seed is not one that anything was
    chosen by."""
    how, without = SHAPES[shape]
    path = write(tmp_path / "people.csv", Population(Random(20261124), how).rows(1500), without)
    result = _evaluate(path, "cluster")
    assert result.precision >= 0.995
    assert result.f1 >= 0.96


def test_the_order_of_rows_and_columns_does_not_matter(tmp_path: Path) -> None:
    rows = Population(Random(5)).rows(300)
    one = _evaluate(write(tmp_path / "one.csv", rows), "cluster")
    other = _evaluate(write(tmp_path / "other.csv", sorted(rows, key=lambda row: row["email"])), "cluster")
    assert abs(one.f1 - other.f1) < 0.01


def test_people_who_are_one_each_are_not_joined(tmp_path: Path) -> None:
    rows = Population(Random(6)).rows(600)
    alone = {row["cluster"]: row for row in rows}
    result = _evaluate(write(tmp_path / "alone.csv", alone.values()), "cluster")
    assert result.true_pairs == 0
    assert result.pairs <= 3


def test_the_record_s_own_rule_is_precise(tmp_path: Path) -> None:
    """Recall may be low: nobody is joined on doubt. Precision may not."""
    path = write(tmp_path / "people.csv", Population(Random(7)).rows(1000))
    ran = CliRunner().invoke(
        main, ["matching", "evaluate", str(path), "--truth", "cluster", "--weights", "shipped"]
    )
    told = json.loads(ran.stdout)
    assert told["precision"] >= 0.999
    assert told["recall"] >= 0.6


def test_the_command_prints_one_json_object(tmp_path: Path) -> None:
    path = write(tmp_path / "people.csv", Population(Random(8)).rows(100))
    ran = CliRunner().invoke(main, ["matching", "evaluate", str(path), "--truth", "cluster"])
    assert ran.exit_code == 0
    told = json.loads(ran.stdout)
    assert {"pairs", "precision", "recall", "f1", "seconds"} <= told.keys()
    assert told["f1"] == pytest.approx(
        2 * told["precision"] * told["recall"] / (told["precision"] + told["recall"]), abs=1e-5
    )


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "no column that is known"),
        ("colour,cluster\nred,1\n", "no column that is known"),
        ("first_name,last_name\nAnn,Bell\n", "column cluster"),
        ("first_name,last_name,cluster\n", "no rows"),
    ],
)
def test_a_file_that_cannot_be_evaluated_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / "people.csv"
    path.write_text(content)
    ran = CliRunner().invoke(main, ["matching", "evaluate", str(path), "--truth", "cluster"])
    assert ran.exit_code == 1
    assert says in ran.stderr


def test_trained_weights_are_a_table_that_the_matcher_takes(tmp_path: Path) -> None:
    path = write(tmp_path / "people.csv", Population(Random(9)).rows(800))
    out = tmp_path / "weights.toml"
    ran = CliRunner().invoke(main, ["matching", "train", str(path), "--out", str(out)])
    assert ran.exit_code == 0, ran.output
    assert out.read_text(encoding="utf-8") == trained(read(path))
    matcher = FellegiSunter(read_tables(out))
    known = a_person(key="1")
    assert isinstance(matcher.decide(a_person(), [known]), Match)
    assert read_tables(out) != read_tables(None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a = 1", "no table of weights"),
        ("x", "no table of weights"),
        ("[human]\naccept='a'\nreject=1", "no table"),
    ],
)
def test_what_is_no_table_of_weights_is_refused(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "weights.toml"
    path.write_text(text)
    with pytest.raises(ValueError, match=says):
        read_tables(path)


def test_thresholds_come_from_the_settings() -> None:
    with pytest.raises(ValueError, match="below"):
        read_tables(None, accept=5.0, reject=9.0)
    strict = FellegiSunter(read_tables(None, accept=500.0))
    assert not isinstance(strict.decide(a_person(), [a_person(key="1")]), Match)
