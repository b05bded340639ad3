"""Who is in the record? People by demographics, by key or by plain facts, for somebody who may see a history.

Every search is bounded: it reads the people of some blocking keys, of some person keys, or of one birth date. What
cannot be answered so is refused by name (`too-costly`); nothing is ever answered in part. A name alone is refused for
a second reason: a list of namesakes is nobody's to read who treats one patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from gateway.errors import ErrorCode, Forbidden, MessageError, NotFound
from gateway.matching import Ambiguous, Match, Matcher
from gateway.matching.normalise import fold, phone
from gateway.model import Person, PersonName
from gateway.model.people import (
    MatchGrade,
    PeopleFound,
    PersonFacts,
    PersonFound,
    PersonQuery,
    TextFact,
    TextTest,
)
from gateway.ports import Policy, RecordStore

MOST_BORN: Final = 5000
"""People of one birth date that are read; a state of four million has some 110, a placeholder date more."""
MOST_FOUND: Final = 100
"""Who searches for more people at once is not treating one of them."""

_NOBODY = "Nobody in the record is like this patient."
_NOBODY_CERTAIN = "Nobody in the record is certainly this patient."


class People:
    """Finds people in one record.

    :param state: the code of the state whose record it is.
    """

    def __init__(self, *, store: RecordStore, matcher: Matcher, policy: Policy, state: str) -> None:
        self._store = store
        self._matcher = matcher
        self._policy = policy
        self._state = state

    def __call__(self, query: PersonQuery) -> PeopleFound:
        """Who was found.

        :raises Forbidden: the state does not admit this requester.
        :raises NotFound: nobody has the key that was asked for.
        :raises MessageError: the query asks for nothing, for too much, or for somebody who could not be matched.
        :raises Unavailable: the record cannot be read now.
        """
        refusal = self._policy.refusal(query.requester)
        if refusal is not None:
            raise Forbidden(refusal)
        if query.person is not None:
            return self._matched(query.person, query)
        if query.key is not None:
            return PeopleFound(state=self._state, people=(self._one(query.key),))
        return PeopleFound(state=self._state, people=self._searched(query.facts or PersonFacts()))

    # --- by key -----------------------------------------------------------------------------------------------

    def _one(self, key: str) -> PersonFound:
        found = self._whoever(key)
        if found is None:
            raise NotFound("Nobody in the record has this person key.", path="id")
        return found

    def _whoever(self, key: str) -> PersonFound | None:
        held = self._store.person(key)
        if held is None:
            return None
        found = _found([one.person for one in held.appearances], held.person_key)
        return found if held.person_key == key else replace(found, earlier_key=key)

    # --- by demographics --------------------------------------------------------------------------------------

    def _matched(self, person: Person, query: PersonQuery) -> PeopleFound:
        candidates = self._store.candidates(self._matcher.blocking_keys(person))
        decision = self._matcher.decide(person, candidates)
        certain = decision.person_key if isinstance(decision, Match) else None
        by_key = _by_key(candidates)
        people = []
        for near in self._matcher.near(person, candidates):
            key = near.appearance.key or ""
            grade = MatchGrade.PROBABLE if near.fits else MatchGrade.POSSIBLE
            people.append(
                replace(
                    _found(by_key[key], key),
                    grade=MatchGrade.CERTAIN if key == certain else grade,
                    evidence=near.evidence,
                )
            )
        people.sort(key=lambda one: one.grade is not MatchGrade.CERTAIN)  # stable: the likeliest first
        if query.only_certain:
            people = [one for one in people if one.grade is MatchGrade.CERTAIN]
        detail = None
        if not people:
            detail = _NOBODY_CERTAIN if query.only_certain else _NOBODY
        if isinstance(decision, Ambiguous) and decision.evidence.deciding:
            told = f"Check or send: {', '.join(decision.evidence.deciding)}."
            detail = f"{detail or 'Nobody of these is certainly this patient.'} {told}"
        return PeopleFound(
            state=self._state,
            people=tuple(people[: query.most]),
            detail=detail,
            evidence=decision.evidence,
        )

    # --- by facts ---------------------------------------------------------------------------------------------

    def _searched(self, facts: PersonFacts) -> tuple[PersonFound, ...]:
        found = [one for one in self._narrowed(facts) if _meets(one, facts)]
        if len(found) > MOST_FOUND:
            raise _too_costly(f"More than {MOST_FOUND} people are like this.", "Add to the name.")
        return tuple(found)

    def _narrowed(self, facts: PersonFacts) -> Iterable[PersonFound]:
        """The people among whom is looked: those of the keys, or of the birth date."""
        if facts.keys is not None:
            known = (self._whoever(key) for key in dict.fromkeys(facts.keys))
            return {one.key: one for one in known if one is not None}.values()
        if facts.birth_date is None:
            raise _too_costly(
                "People are not searched for without a key or a birth date.",
                "Add birthdate, or match the patient by demographics.",
            )
        if not facts.texts and not facts.phones:
            raise _too_costly("People are not searched for by birth date alone.", "Add the name.")
        born = self._store.born_on(facts.birth_date, MOST_BORN)
        if born is None:
            raise _too_costly(
                f"More than {MOST_BORN} people have this birth date.", "Match the patient by demographics."
            )
        return [_found(people, key) for key, people in _by_key(born).items()]


def _too_costly(message: str, remedy: str) -> MessageError:
    return MessageError(message, code=ErrorCode.TOO_COSTLY, remedy=remedy)


def _by_key(appearances: Iterable[Person]) -> dict[str, list[Person]]:
    found: dict[str, list[Person]] = {}
    for one in appearances:
        found.setdefault(one.key or "", []).append(one)
    return found


def _found(appearances: Sequence[Person], key: str) -> PersonFound:
    latest_first = sorted(appearances, key=lambda one: one.appearance or 0, reverse=True)
    return PersonFound(key=key, appearances=tuple(map(_without_identifiers, latest_first)))


def _without_identifiers(person: Person) -> Person:
    owner = _without_identifiers(person.owner) if person.owner else None
    return replace(person, identifiers=(), owner=owner)


# --- facts ------------------------------------------------------------------------------------------------------


def _meets(found: PersonFound, facts: PersonFacts) -> bool:
    people = found.appearances
    numbers = {usable for one in people for sent in one.phones if (usable := phone(sent))}
    return (
        (facts.birth_date is None or any(one.birth_date == facts.birth_date for one in people))
        and (facts.sexes is None or any(one.sex in facts.sexes for one in people))
        and all(_says(people, fact) for fact in facts.texts)
        and all(numbers & {phone(sent) for sent in any_of} for any_of in facts.phones)
    )


def _says(people: Iterable[Person], fact: TextFact) -> bool:
    return any(_like(text, wanted, fact.how) for text in _texts(people, fact) for wanted in fact.any_of)


def _texts(people: Iterable[Person], fact: TextFact) -> Iterator[str]:
    for person in people:
        if fact.of == "postal_code":
            yield from (one.postal_code for one in person.addresses if one.postal_code)
        for name in person.names if fact.of != "postal_code" else ():
            yield from _parts(name, fact.of)


def _parts(name: PersonName, of: str) -> Iterator[str]:
    if of in {"name", "family"}:
        yield name.family
    if of in {"name", "given"}:
        yield from name.given
    if of == "name":
        yield from filter(None, (name.prefix, name.suffix))


def _like(text: str, wanted: str, how: TextTest) -> bool:
    if how is TextTest.EXACT:
        return text == wanted
    here, there = _folded(text), _folded(wanted)
    if not there:
        return False
    return there in here if how is TextTest.CONTAINS else here.startswith(there)


def _folded(text: str) -> str:
    return "".join(fold(text).split())
