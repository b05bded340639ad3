"""The errors with which a message is refused while it is read."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from adapters.ncpdp.tree import Tree, repeated
from gateway.errors import ErrorCode, MessageError

DATE_FORM = "Use YYYY-MM-DD."


class Several(MessageError):
    """Several things that are wrong with one message: the first speaks, the places of the others are named.

    :ivar errors: all of them.
    """

    def __init__(self, errors: Sequence[MessageError]) -> None:
        first, *others = errors
        places = ", ".join((other.path or "").rpartition("/")[2] for other in others)
        super().__init__(
            f"{first.message} Wrong too: {places}.", path=first.path, remedy=first.remedy, code=first.code
        )
        self.errors = tuple(errors)


def check_all(*checks: Callable[[], object]) -> None:
    """Make all of these checks, so that who sent the message learns everything at once.

    :raises MessageError: the one that fails, or :class:`Several`.
    """
    errors = []
    for check in checks:
        try:
            check()
        except MessageError as error:
            errors.append(error)
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise Several(errors)


def once(tree: Tree, path: str, *names: str) -> None:
    """:raises MessageError: an element is there twice that says one thing."""
    name = repeated(tree, *names)
    if name is not None:
        raise impossible(f"{name} is there more than once.", f"{path}/{name}", "Send it once.")


def missing(what: str, path: str, remedy: str) -> MessageError:
    """What has to be there is not."""
    return MessageError(what, path=path, remedy=remedy, code=ErrorCode.REQUIRED)


def impossible(what: str, path: str, remedy: str) -> MessageError:
    """What is there cannot be."""
    return MessageError(what, path=path, remedy=remedy, code=ErrorCode.INVALID)
