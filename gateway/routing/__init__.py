"""Whom to ask: which states a look-up goes to. No input or output; it knows states' codes, nobody's data."""

from gateway.routing.plan import Plan, plan

__all__ = ["Plan", "plan"]
