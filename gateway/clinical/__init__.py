"""What a history means: equivalents per day, what covers a day together, and alerts.

    factors       the published factors, version by version, and doses of sedatives
    forms         which of the factors' forms a dose form and a route are
    equivalents   MME and LME per day of one dispensation, or why it is not counted
    alerts        thresholds reached, each with its formula and the facts behind it
    analysis      the whole of one answer

Pure reckoning over the model: nothing here reads a store or a clock. No score whose formula the reader cannot see.
"""

from gateway.clinical.alerts import Thresholds
from gateway.clinical.analysis import Analyst
from gateway.clinical.factors import factors

__all__ = ["Analyst", "Thresholds", "factors"]
