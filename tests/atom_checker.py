"""A strict reader of Atom, from RFC 4287 alone: ``faults(data)`` names what is wrong, ``entries(data)`` reads."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from xml.etree import ElementTree as ET

ATOM = "{http://www.w3.org/2005/Atom}"
_DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)\Z")
_URI = re.compile(r"[a-z][a-z0-9+.-]*:[!-~]+\Z")
_TAG = re.compile(r"tag:[A-Za-z0-9.-]+,\d{4}(?:-\d\d(?:-\d\d)?)?:[!-~]+\Z")

#: Element → how many at least and at most, of a feed and of an entry.
FEED = {
    "id": (1, 1),
    "title": (1, 1),
    "updated": (1, 1),
    "author": (1, 9),
    "subtitle": (0, 1),
    "generator": (0, 1),
    "link": (0, 9),
    "entry": (0, 9_999),
}
ENTRY = {
    "id": (1, 1),
    "title": (1, 1),
    "updated": (1, 1),
    "published": (0, 1),
    "link": (1, 9),
    "category": (0, 9),
    "summary": (0, 1),
}


@dataclass(frozen=True, slots=True)
class Read:
    """An entry as a program reads it."""

    key: str
    title: str
    updated: datetime
    url: str
    summary: str
    category: str


def _local(element: ET.Element) -> str:
    return element.tag.removeprefix(ATOM) if element.tag.startswith(ATOM) else f"foreign {element.tag}"


def _faults_of(element: ET.Element, grammar: dict[str, tuple[int, int]]) -> Iterator[str]:
    name = _local(element)
    counts = Counter(map(_local, element))
    yield from (f"{name}: {one} is not expected" for one in counts if one not in grammar)
    for one, (least, most) in grammar.items():
        if not least <= counts[one] <= most:
            yield f"{name}: {counts[one]} {one}"
    if (element.text or "").strip() or any((child.tail or "").strip() for child in element):
        yield f"{name}: text between its elements"
    for child in element:
        yield from _faults_of_value(_local(child), child)


def _faults_of_value(name: str, element: ET.Element) -> Iterator[str]:
    text = element.text or ""
    if name in ("id", "title") and not text.strip():
        yield f"{name}: empty"
    if name == "id" and not _TAG.match(text):
        yield f"id: {text!r} is no tag address"
    if name in ("updated", "published"):
        try:
            known = bool(_DATE.match(text)) and datetime.fromisoformat(text).tzinfo is not None
        except ValueError:
            known = False
        if not known:
            yield f"{name}: {text!r} is no date"
    if name == "link" and not _URI.match(element.get("href", "")):
        yield f"link: {element.get('href')!r} is no address"
    if name == "category" and not element.get("term"):
        yield "category: no term"
    if name in ("title", "subtitle", "summary") and element.get("type", "text") != "text":
        yield f"{name}: not plain text"
    if name == "author" and [_local(child) for child in element] != ["name"]:
        yield "author: no name"
    if name not in ("author", "entry") and len(element):
        yield f"{name}: elements in it"


def faults(data: bytes) -> list[str]:
    """What is wrong; empty when nothing is."""
    try:
        feed = ET.fromstring(data)  # noqa: S314 (our own)
    except ET.ParseError as error:
        return [f"not well formed: {error}"]
    if feed.tag != f"{ATOM}feed":
        return [f"{feed.tag} is no feed"]
    found = list(_faults_of(feed, FEED))
    every = feed.findall(f"{ATOM}entry")
    for entry in every:
        found += _faults_of(entry, ENTRY)
    ids = Counter(one.text for one in feed.iter(f"{ATOM}id"))
    found += [f"id {one} {count} times" for one, count in ids.items() if count > 1]
    if found:
        return found
    dates = [one.updated for one in _entries(feed)]
    if dates != sorted(dates, reverse=True):
        found.append("the entries are not newest first")
    if dates and datetime.fromisoformat(feed.findtext(f"{ATOM}updated", "")) < dates[0]:
        found.append("an entry is newer than the feed")
    return found


def entries(data: bytes) -> list[Read]:
    """The entries of a feed without faults. Fails for one with faults."""
    wrong = faults(data)
    assert not wrong, wrong
    return list(_entries(ET.fromstring(data)))  # noqa: S314


def _entries(feed: ET.Element) -> Iterator[Read]:
    for one in feed.findall(f"{ATOM}entry"):
        link, category = one.find(f"{ATOM}link"), one.find(f"{ATOM}category")
        yield Read(
            key=one.findtext(f"{ATOM}id", ""),
            title=one.findtext(f"{ATOM}title", ""),
            updated=datetime.fromisoformat(one.findtext(f"{ATOM}updated", "")),
            url=link.get("href", "") if link is not None else "",
            summary=one.findtext(f"{ATOM}summary", ""),
            category=category.get("term", "") if category is not None else "",
        )
