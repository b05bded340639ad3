"""The analysis of one answer: figures of each dispensation, what is active together, and alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from gateway.clinical.alerts import Figures, Thresholds, alerts, covers
from gateway.clinical.equivalents import Equivalents, Figure
from gateway.clinical.factors import factor_sets
from gateway.model import Analysis, Dispensation, Measure, NotCounted, NotCountedReason


class Analyst:
    """Analyses histories by one version of the factors and one state's thresholds.

    :param version: of :data:`gateway.clinical.factors.VERSIONS`.
    :raises KeyError: no such version.
    """

    def __init__(self, *, version: str, thresholds: Thresholds) -> None:
        self._equivalents = Equivalents(version)
        self._sets = factor_sets(version)
        self._thresholds = thresholds

    def __call__(self, history: Sequence[Dispensation], *, as_of: date) -> Analysis:
        """The analysis of these dispensations, as it stands on that day."""
        found = [self._equivalents.of(d) for d in history]
        mme = tuple(_number(one) for one, _ in found)
        lme = tuple(_number(other) for _, other in found)
        active = _active(history, mme, as_of)
        return Analysis(
            as_of=as_of,
            factor_sets=self._sets,
            mme=mme,
            lme=lme,
            active_mme=active,
            active_lme=_active(history, lme, as_of),
            not_counted=tuple(
                NotCounted(dispensation=n, measure=measure, reason=figure)
                for n, pair in enumerate(found)
                for measure, figure in zip((Measure.MME, Measure.LME), pair, strict=True)
                if isinstance(figure, NotCountedReason)
            ),
            alerts=alerts(history, mme, active, as_of=as_of, at=self._thresholds),
        )


def _number(figure: Figure) -> Decimal | None:
    return None if isinstance(figure, NotCountedReason) else figure


def _active(history: Sequence[Dispensation], figures: Figures, day: date) -> Decimal:
    """The sum of the figures as they are shown, so that a reader can add them up again."""
    return sum(
        (f for d, f in zip(history, figures, strict=True) if f is not None and covers(d, day)), Decimal(0)
    )
