"""Figures and alerts as Scores: those of the answer's analysis, with what they are made of, and no other's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from lxml import etree

from gateway.model import Analysis, Outcome
from gateway.terminology import codes
from tests.factory import an_answer
from tests.unit.fhir.test_analysis import answer
from tests.unit.ncpdp.helpers import V10_6, V2017071, VERSIONS, assert_valid, read_back, texts, tree, written
from tests.unit.ncpdp.partners import FILL, Partner, response

WITH_SCORES = VERSIONS[1:]


def analysis() -> Analysis:
    found = answer().analysis
    assert found is not None
    return found


def named(root: etree._Element) -> dict[str, str]:
    """Every score by its name."""
    return dict(zip(texts(root, "//ScoreName"), texts(root, "//ScoreValue"), strict=True))


@pytest.mark.parametrize("version", WITH_SCORES)
def test_figures_name_their_factors_and_what_they_do_not_count(version: str) -> None:
    outbound = written(answer(), version)
    assert_valid(outbound, version)
    root, told = tree(outbound), analysis()
    mme, lme = told.factor_sets
    sources = texts(root, "//Scores/ScoreSource")
    assert sources[:2] == [f"{mme.name}: {mme.source}", f"{lme.name}: {lme.source}"]
    values = named(root)
    assert values[f"MME a day: sum of all supplies that cover {told.as_of}"] == str(told.active_mme)
    assert values[f"LME a day: sum of all supplies that cover {told.as_of}"] == str(told.active_lme)
    for measure in ("mme", "lme"):
        missing = sum(one.measure.value == measure for one in told.not_counted)
        assert values[f"Dispensations that this {measure.upper()} does not count"] == str(missing)
    assert told.not_counted


@pytest.mark.parametrize("version", WITH_SCORES)
def test_alerts_say_their_formula(version: str) -> None:
    values, told = named(tree(written(answer(), version))), analysis()
    assert len(told.alerts) == 3
    for alert in told.alerts:
        (name,) = [n for n in values if n.startswith(codes("alert-category").display(alert.category.value))]
        assert alert.detail in name
        assert alert.formula in name
        assert values[name] == alert.severity.value


def test_10_6_has_no_place_for_them() -> None:
    outbound = written(answer(), V10_6)
    assert_valid(outbound, V10_6)
    assert b"Score" not in outbound.body
    assert "MME" not in outbound.body.decode()


@pytest.mark.parametrize("version", WITH_SCORES)
def test_figures_too_large_for_ten_characters_and_sentences_too_long(version: str) -> None:
    (alert, *_) = analysis().alerts
    large = replace(
        analysis(),
        active_mme=Decimal("123456789.25"),
        alerts=(replace(alert, formula="threshold " * 60, detail='Ä"<&> ' * 40),),
    )
    outbound = written(replace(answer(), analysis=large), version)
    assert_valid(outbound, version)
    root = tree(outbound)
    assert texts(root, "//ScoreValue")[0] == ">9999999"
    assert all(len(name) <= 255 for name in texts(root, "//ScoreName"))


@pytest.mark.parametrize("version", WITH_SCORES)
def test_no_figures_without_a_history(version: str) -> None:
    for outcome in Outcome:
        outbound = written(an_answer(outcome=outcome, dispensations=(), analysis=analysis()), version)
        assert b"Score" not in outbound.body, outcome
    outbound = written(replace(answer(), analysis=None), version)
    assert b"Score" not in outbound.body


def test_a_partners_scores_are_not_read(partner: Partner) -> None:
    theirs = (
        "<Scores><ScoreSource>NarxCare</ScoreSource><ReportURL>https://partner.example/report</ReportURL>"
        "<ScoreName>Overdose risk</ScoreName><ScoreValue>650</ScoreValue></Scores>"
    )
    partner.says(response("<Approved/>", FILL + theirs))
    told = partner.ask()
    assert (told.outcome, told.analysis, told.link) == (Outcome.COMPLETE, None, None)
    assert read_back(written(answer(), V2017071)).analysis is None
