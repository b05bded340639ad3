"""What is configured, in the form in which each part takes it: settings and a state's file in, plain values out."""

from __future__ import annotations

from decimal import Decimal

from gateway.clinical import Analyst, Thresholds
from gateway.compliance import ReportingRules
from gateway.ports import StateRules
from gateway.security.policy import StatePolicy
from gateway.settings import Settings, StateFile
from gateway.staging import StagingRules


def staging_rules(settings: Settings, *, home: str) -> StagingRules:
    """How histories are gathered ahead; `home` is the state whose record this is."""
    rules = settings.staging
    return StagingRules(
        home=home,
        lifetime=rules.lifetime,
        gatherers=rules.gatherers,
        queue=rules.queue,
        wait=rules.wait,
        waiters=rules.waiters,
        patience=rules.patience,
    )


def policy_of(state: StateFile) -> StatePolicy:
    """Who may look a patient up in this state."""
    rules = state.policy
    return StatePolicy(
        state=state.name, roles=rules.roles, delegates=rules.delegates, purposes=rules.purposes
    )


def reporting_rules(state: StateFile) -> ReportingRules:
    """When this state's dispensers must report."""
    rules = state.reporting
    return ReportingRules(
        weekly=rules.weekly,
        closed_weekdays=rules.closed_weekdays,
        holidays=rules.holidays,
        grace_hours=rules.grace_hours,
    )


def analyst_of(state: StateFile) -> Analyst:
    """The figures and alerts of this state. :raises ValueError: there are no such factors."""
    rules = state.clinical
    thresholds = Thresholds(
        mme_per_day=Decimal(str(rules.mme_per_day)),
        overlap_days=rules.overlap_days,
        overlap_within_days=rules.overlap_within_days,
        prescribers=rules.prescribers,
        pharmacies=rules.pharmacies,
        providers_within_days=rules.providers_within_days,
    )
    try:
        return Analyst(version=rules.mme_factors, thresholds=thresholds)
    except KeyError:
        raise ValueError(f"clinical.mme_factors: there are no factors {rules.mme_factors!r}.") from None


def state_rules(state: StateFile) -> StateRules:
    """What holds for every answer of this state."""
    return StateRules(
        code=state.code,
        name=state.name,
        record_since=state.record_since,
        disclaimers=state.disclaimers,
        hidden_ingredients=frozenset(state.hidden_ingredients),
    )
