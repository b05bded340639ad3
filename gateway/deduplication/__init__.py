"""A whole file at once: which of its rows are one person, and how well that was found.

    records        rows of a CSV file as people, and the truth that the file states
    aspects        the fields of the table as independent ones
    pairs          which pairs of rows are looked at, and at which levels they agree
    kinds          what two rows that agree may be, beside one person (mappings/matching/kinds.toml)
    estimation     how often each level occurs in each kind, out of the file itself
    joining        rows that are one person
    training       the estimated weights as the table that the matcher reads
    evaluation     the same pairs by the truth: precision, recall, f1

Fields are compared as look-ups and intake compare them (gateway.matching); the weights come from the file, without
its truth. Nothing here reads or changes the record.
"""

from gateway.deduplication.estimation import Estimate, estimate
from gateway.deduplication.evaluation import Evaluation, evaluate, evaluate_shipped
from gateway.deduplication.pairs import Pairs
from gateway.deduplication.records import Record, read
from gateway.deduplication.training import trained

__all__ = [
    "Estimate",
    "Evaluation",
    "Pairs",
    "Record",
    "estimate",
    "evaluate",
    "evaluate_shipped",
    "read",
    "trained",
]
