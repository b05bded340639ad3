"""Who is this? Demographics against the record: normalise, block, compare, score, decide.

    decision       the interface: Match, Ambiguous or NoMatch, with evidence
    matcher        Fellegi and Sunter's model behind it
    profile        one person, normalised once, ready to compare
    agreement      two profiles side by side: the level of each field
    blocking       keys under which candidates are found
    score          a request against one appearance
    compare        the levels of each field
    weights        what the levels count (mappings/matching/weights.toml, frequencies.toml)
    exact          demographics that are equal in every field
    deciding       which fields would decide an ambiguous match
    normalise, streets, given_names, sounds    demographics written the same

Pure functions of what they are given; nothing here reads the record, and nothing but the tables of
`mappings/matching/` is read at all. Values of patients are neither kept nor named in any result.
"""

from gateway.matching.decision import Ambiguous, Decision, Match, Matcher, Near, NoMatch
from gateway.matching.exact import are_equal, exact_key
from gateway.matching.matcher import FellegiSunter
from gateway.matching.weights import read_tables

__all__ = [
    "Ambiguous",
    "Decision",
    "FellegiSunter",
    "Match",
    "Matcher",
    "Near",
    "NoMatch",
    "are_equal",
    "exact_key",
    "read_tables",
]
