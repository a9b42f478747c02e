"""Atom (RFC 4287), written by the standard library. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from xml.etree import ElementTree as ET

from workflows.feeds.texts import one_line, printable

ATOM: Final = "http://www.w3.org/2005/Atom"
_LANGUAGE: Final = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True)
class NewsEntry:
    """One thing that happened. ``key`` (a ``tag:`` address) never changes; ``at`` is aware."""

    key: str
    title: str
    at: datetime
    url: str
    summary: str
    category: tuple[str, str]


def render_news(
    *, key: str, title: str, subtitle: str, url: str, updated: datetime, entries: Sequence[NewsEntry]
) -> bytes:
    """The feed, its entries in the order given: the same bytes for the same content. ``url``: the page that it follows.

    It has no link to itself: the address is a secret, and a program that passes entries on would pass it on with them.
    """
    ET.register_namespace("", ATOM)
    feed = ET.Element(f"{{{ATOM}}}feed", {_LANGUAGE: "fr"})
    _add(feed, "id", key)
    _add(feed, "title", one_line(title))
    _add(feed, "subtitle", one_line(subtitle))
    _add(feed, "updated", rfc3339(updated))
    _add(_add(feed, "author"), "name", "Berline")
    _add(feed, "link", rel="alternate", type="text/html", hreflang="fr", href=url)
    _add(feed, "generator", "Berline")
    for one in entries:
        entry = _add(feed, "entry")
        _add(entry, "id", one.key)
        _add(entry, "title", one_line(one.title))
        _add(entry, "published", rfc3339(one.at))
        _add(entry, "updated", rfc3339(one.at))
        _add(entry, "link", rel="alternate", type="text/html", hreflang="fr", href=one.url)
        term, label = one.category
        _add(entry, "category", term=term, label=one_line(label))
        _add(entry, "summary", printable(one.summary), type="text")
    written: bytes = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
    return written


def _add(parent: ET.Element, name: str, text: str | None = None, **attributes: str) -> ET.Element:
    element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    element.text = text
    return element


def rfc3339(moment: datetime) -> str:
    """A moment as Atom writes it, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
