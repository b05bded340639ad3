"""The page of a report as a page: for every reader, and nothing in it acts."""

from __future__ import annotations

import re
from collections.abc import Callable
from itertools import pairwise

import pytest
from lxml import html

from gateway.model import (
    Outcome,
    Requester,
)
from gateway.viewer import HEADERS, door_page, notice_page, report_page
from tests.factory import (
    a_requester,
    an_answer,
)
from tests.unit.reports import full

PAGES: dict[str, Callable[[], str]] = {
    "report": lambda: report_page(full(), a_requester()),
    "empty": lambda: report_page(an_answer(outcome=Outcome.PARTIAL, dispensations=()), Requester()),
    "door": door_page,
    "notice": lambda: notice_page("The report cannot be opened now", "It cannot be.", None),
}


@pytest.mark.parametrize("name", PAGES)
def test_the_page_can_be_used_by_everybody(name: str) -> None:
    page = html.document_fromstring(PAGES[name]())
    assert page.get("lang") == "en"
    assert len(page.xpath("//title[normalize-space()]")) == 1
    assert len(page.xpath("//h1")) == len(page.xpath("//main")) == 1
    assert page.xpath("//meta[@name='viewport']/@content") == ["width=device-width, initial-scale=1"]
    levels = [int(str(e.tag)[1]) for e in page.xpath("//h1|//h2|//h3")]
    assert all(after - before <= 1 for before, after in pairwise(levels))
    for table in page.xpath("//table"):
        assert len(table.xpath("./caption[normalize-space()]")) == 1
        assert table.xpath("./thead/tr/th")
        assert not table.xpath(".//th[not(@scope)] | .//thead//td")
        assert not table.xpath("./tbody/tr[count(th[@scope='row']) != 1]")
        width = len(table.xpath("./thead/tr/th"))
        assert {len(row.xpath("./th|./td")) for row in table.xpath("./tbody/tr")} == {width}
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    assert set(" ".join(page.xpath("//@aria-labelledby")).split()) <= set(ids)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_loads_and_does_nothing(name: str) -> None:
    page = html.document_fromstring(PAGES[name]())
    assert not page.xpath("//script|//img|//link|//iframe|//object|//embed|//base|//a|//*[@style]")
    assert not [
        a
        for a in page.xpath("//@*")
        if a.attrname.startswith("on") or a.attrname in {"src", "href", "action"}
    ]
    assert not re.search(r"https?:|//|url\(|@import", re.sub(r"<!DOCTYPE[^>]*>", "", PAGES[name]()))


def test_the_headers_keep_it_where_it_is() -> None:
    headers = dict(HEADERS)
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "noindex" in headers["X-Robots-Tag"]
    policy = headers["Content-Security-Policy"]
    for part in ("default-src 'none'", "form-action 'self'", "frame-ancestors 'none'", "base-uri 'none'"):
        assert part in policy
    assert "script-src" not in policy


def test_the_colours_can_be_read() -> None:
    """WCAG 2.2, 1.4.3 and 1.4.11: 4.5 to 1 for text, 3 to 1 for borders and the ring of the focus."""
    (style,) = html.document_fromstring(PAGES["door"]()).xpath("//style/text()")
    rules = dict(re.findall(r"([^{}]+?)\s*\{([^}]*)\}", style))
    rules = {selector.strip(): rule for selector, rule in rules.items()}
    ink, paper = _colours(rules["body"])
    for rule in ("th", ".note"):
        assert _contrast(ink, _colours(rules[rule])[-1]) >= 4.5
    assert _contrast(ink, paper) >= 4.5
    assert _contrast(*_colours(rules["button"])) >= 4.5
    for rule in ("th, td", ".note", "button:focus-visible, .scroll:focus-visible"):
        assert _contrast(_colours(rules[rule])[0], paper) >= 3


def _colours(rule: str) -> list[str]:
    return re.findall(r"#[0-9a-f]{3,6}\b", rule)


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * c for c in colour[1:])
    parts = [int(digits[n : n + 2], 16) / 255 for n in (0, 2, 4)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
