"""What a route says of itself: what it takes and what it answers. `/openapi.json` is made of these alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

_View = TypeVar("_View", bound=Callable[..., Any])
_ATTRIBUTE = "pmpbridge_about"  # of a view


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A body, in any one of some media types.

    `schema` is a JSON Schema (2020-12) of what a JSON body is; bodies that are no JSON have an `example` instead.
    """

    media: tuple[str, ...]
    schema: Mapping[str, Any] = field(default_factory=dict)
    example: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """A part of the path, of the query or of the header that is read; `schema` is of its text."""

    name: str
    where: Literal["path", "query", "header"]
    about: str
    schema: Mapping[str, Any] = field(default_factory=lambda: {"type": "string"})
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteDescription:
    """One route.

    `scopes` are those of which the caller's token needs one, empty for a public route; `credentials_in_body` says
    that the protocol has credentials of its own beside the token. `takes` are the bodies that are read. `answers` has
    every status that can happen, each with its bodies, which are none for an answer without one. `methods` names
    those of the route's methods that do something, where the others are there only to be refused in the route's own
    words; empty for all.
    """

    summary: str
    answers: Mapping[int, tuple[Content, ...]]
    scopes: tuple[str, ...] = ()
    credentials_in_body: bool = False
    takes: tuple[Content, ...] = ()
    parameters: tuple[Parameter, ...] = ()
    methods: tuple[str, ...] = ()


def described(about: RouteDescription) -> Callable[[_View], _View]:
    """Decorates a view with its description."""

    def decorate(view: _View) -> _View:
        setattr(view, _ATTRIBUTE, about)
        return view

    return decorate


def description_of(view: Callable[..., Any]) -> RouteDescription | None:
    """The description that the view was given."""
    return getattr(view, _ATTRIBUTE, None)
