from __future__ import annotations

import doctest
import importlib

from gateway.model import Outcome
from gateway.routing import plan


def test_nothing_asked_means_home() -> None:
    assert plan((), home="CT").home
    assert plan((), home="CT").unreachable == ()


def test_a_state_without_a_route_is_named_and_never_dropped() -> None:
    route = plan(("ny", "CT", "RI"), home="CT")
    assert route.home
    assert [(s.state, s.outcome) for s in route.unreachable] == [("NY", Outcome.ERROR), ("RI", Outcome.ERROR)]
    assert all(s.state in (s.detail or "") for s in route.unreachable)


def test_home_is_asked_only_when_it_is_asked_for() -> None:
    assert not plan(("MA",), home="CT").home


def test_examples_in_the_docstring() -> None:
    assert doctest.testmod(importlib.import_module("gateway.routing.plan")).failed == 0
