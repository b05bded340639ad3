"""The errors with which a message is refused while it is read."""

from __future__ import annotations

from adapters.ncpdp.tree import Tree, repeated
from gateway.errors import ErrorCode, MessageError

DATE_FORM = "Use YYYY-MM-DD."


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
