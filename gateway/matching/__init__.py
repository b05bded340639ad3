"""Who is this? Demographics against the record: normalise, block, compare, score, decide.

    decision       the interface: Match, Ambiguous or NoMatch, with evidence
    matcher        the first matcher behind it
    blocking       keys under which candidates are found
    score          a request against one appearance
    compare        the levels of each field
    weights        what the levels count (mappings/matching/first.toml)
    exact          demographics that are equal in every field
    deciding       which fields would decide an ambiguous match
    normalise, streets, given_names, sounds    demographics written the same

Pure functions of what they are given; nothing here reads the record, and nothing but the tables of
`mappings/matching/` is read at all. Values of patients are neither kept nor named in any result.
"""

from gateway.matching.decision import Ambiguous, Decision, Match, Matcher, NoMatch
from gateway.matching.exact import are_equal, exact_key
from gateway.matching.matcher import FirstMatcher

__all__ = ["Ambiguous", "Decision", "FirstMatcher", "Match", "Matcher", "NoMatch", "are_equal", "exact_key"]
