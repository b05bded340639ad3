"""The analysis of one answer: figures of each dispensation, what is active together, and alerts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from decimal import Decimal

from gateway.clinical.alerts import Thresholds, alerts, covering
from gateway.clinical.equivalents import Equivalents, Figure
from gateway.clinical.factors import factor_sets
from gateway.model import Analysis, Dispensation, Measure, NotCounted


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
        covered = covering(history, as_of)
        active = _sum(mme[n] for n in covered)
        return Analysis(
            as_of=as_of,
            factor_sets=self._sets,
            mme=mme,
            lme=lme,
            active_mme=active,
            active_lme=_sum(lme[n] for n in covered),
            not_counted=tuple(_not_counted(found)),
            alerts=alerts(history, mme, active, as_of=as_of, at=self._thresholds),
        )


def _number(figure: Figure) -> Decimal | None:
    return figure if isinstance(figure, Decimal) else None


def _not_counted(found: Sequence[tuple[Figure, Figure]]) -> Iterator[NotCounted]:
    for n, (morphine, lorazepam) in enumerate(found):
        # most have figures, and `isinstance` of an enumeration is slow
        if not (morphine is None or isinstance(morphine, Decimal)):
            yield NotCounted(dispensation=n, measure=Measure.MME, reason=morphine)
        if not (lorazepam is None or isinstance(lorazepam, Decimal)):
            yield NotCounted(dispensation=n, measure=Measure.LME, reason=lorazepam)


def _sum(figures: Iterable[Decimal | None]) -> Decimal:
    """The sum of the figures as they are shown, so that a reader can add them up again."""
    return sum((figure for figure in figures if figure is not None), Decimal(0))
