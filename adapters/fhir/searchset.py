"""A Bundle of type searchset, page by page, and the token by which the next page is asked for.

A token holds a position and a check sum of the search that it belongs to. It is no secret and opens nothing: who
sends it needs the same scope as for the first page. What the check sum keeps out is a token that was cut short,
altered or put under another search. It never holds anything about a patient but an opaque key.

Source: FHIR R4 "search" (paging, self link, total, search.mode).
"""

from __future__ import annotations

import json
import zlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, TypeVar

from adapters.fhir.datatypes import Element
from adapters.fhir.searching import PAGE, Query
from gateway.errors import MessageError

T = TypeVar("T")

_CHECK: Final = 8  # bytes
_MOST_OF_A_TOKEN: Final = 100_000  # bytes, unpacked


@dataclass(frozen=True, slots=True)
class Page:
    """One page: the resources that match, what is included with them, and the token of the next page, if any.

    `referred` is what is included and has no URL on this server, by the `urn:uuid:` under which it is referred to.
    `total` counts the matches of all pages; None where it is not known.
    """

    matches: Sequence[Element]
    included: Sequence[Element] = ()
    referred: Mapping[str, Element] = field(default_factory=dict)
    total: int | None = None
    next: str | None = None


def searchset(
    query: Query,
    page: Page,
    base_url: str,
    *,
    at: datetime,
    id: str | None = None,
    outcome: Element | None = None,
) -> Element:
    """The Bundle. With `_summary=count` it has nothing but the total.

    :param outcome: remarks, as an entry of their own.
    """
    written: Element = {"resourceType": "Bundle", **({"id": id} if id else {})}
    written |= {"type": "searchset", "timestamp": at}
    if page.total is not None and (query.is_count or query.total != "none"):
        written["total"] = page.total
    written["link"] = _links(query, page, base_url)
    entries = []
    if not query.is_count:
        entries += [_entry(resource, base_url, "match") for resource in page.matches]
        entries += [_entry(resource, base_url, "include") for resource in page.included]
        entries += [
            {"fullUrl": url, "resource": resource, "search": {"mode": "include"}}
            for url, resource in page.referred.items()
        ]
    if outcome is not None:
        entries.append({"resource": outcome, "search": {"mode": "outcome"}})
    if entries:
        written["entry"] = entries
    return written


def _links(query: Query, page: Page, base_url: str) -> list[Element]:
    links = [{"relation": "self", "url": query.url(base_url, query.page)}]
    if query.page is not None:
        links.append({"relation": "first", "url": query.url(base_url)})
    if page.next is not None and not query.is_count:
        links.append({"relation": "next", "url": query.url(base_url, page.next)})
    return links


def _entry(resource: Element, base_url: str, mode: str) -> Element:
    return {
        "fullUrl": f"{base_url}/{resource['resourceType']}/{resource['id']}",
        "resource": resource,
        "search": {"mode": mode},
    }


# --- where a page begins --------------------------------------------------------------------------------------


def page_token(query: Query, position: Any) -> str:
    """The token of the page of this search that begins at that position (anything that JSON holds)."""
    packed = zlib.compress(json.dumps(position, separators=(",", ":")).encode(), 9)
    return _written(_check_sum(query, packed) + packed)


def position_of(query: Query) -> Any:
    """The position at which the page begins; None for the first page.

    :raises MessageError: the token is none of this search.
    """
    if query.page is None:
        return None
    try:
        raw = urlsafe_b64decode(query.page + "=" * (-len(query.page) % 4))
        check_sum, packed = raw[:_CHECK], raw[_CHECK:]
        if check_sum == _check_sum(query, packed) and _written(raw) == query.page:
            return json.loads(zlib.decompressobj().decompress(packed, _MOST_OF_A_TOKEN))
    except (ValueError, RecursionError, zlib.error):
        pass
    raise _not_a_page()


def _not_a_page() -> MessageError:
    return MessageError(
        f"{PAGE} is not a page of this search.",
        path=PAGE,
        remedy="Follow the next link of the page before as it is, or begin with the first page.",
    )


def _written(raw: bytes) -> str:
    """The one way in which a token is written."""
    return urlsafe_b64encode(raw).decode().rstrip("=")


def _check_sum(query: Query, packed: bytes) -> bytes:
    search = json.dumps([query.searched.kind, query.used]).encode()
    return blake2b(packed, digest_size=_CHECK, key=blake2b(search, digest_size=32).digest()).digest()


def turned(query: Query, found: Iterable[T], id_of: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The page of a search whose matches are all at hand (one person's), in their order; and the next one's token.

    A page has what none of the pages before has shown. So nothing comes twice, and nothing that was there all along
    is left out, whatever is recorded, revised or withdrawn between two pages, and wherever it then stands.

    :raises MessageError: the token is none of this search.
    """
    shown: Collection[str] = frozenset(_unfold(position_of(query)))
    rest = [one for one in found if id_of(one) not in shown]
    here = rest[: query.count]
    if len(rest) <= query.count:
        return here, None
    return here, page_token(query, _fold([*shown, *map(id_of, here)]))


def _fold(ids: Iterable[str]) -> dict[str, str]:
    """The ids by what they begin with, so that a token stays short."""
    folded: dict[str, list[str]] = {}
    for id in sorted(ids):
        stem, _, rest = id.rpartition("-")
        folded.setdefault(stem, []).append(rest)
    return {stem: ",".join(rests) for stem, rests in folded.items()}


def _unfold(position: Any) -> Iterable[str]:
    if not isinstance(position, dict | None):
        raise _not_a_page()
    for stem, rests in (position or {}).items():
        if not isinstance(rests, str):
            raise _not_a_page()
        for rest in rests.split(","):
            yield f"{stem}-{rest}" if stem else rest
