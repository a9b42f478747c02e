"""The news as they are written: well formed whatever the titles are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.atom_checker import entries, faults
from tests.workflows.feeds.test_calendars import NASTY, texts
from workflows.feeds import NewsEntry, render_news
from workflows.feeds.texts import one_line, printable

AT = datetime(2026, 3, 3, 0, 30, tzinfo=UTC)
ENTRY = NewsEntry(
    key="tag:berline.example,2026-03-02:information/1/envoi",
    title="VIR-2026-0001 — Direction du budget : information envoyée",
    at=AT,
    url="http://127.0.0.1:8000/dossiers/VIR-2026-0001/",
    summary="Objet : Rénovation\nDestinataire : Direction du budget",
    category=("issued", "Envoyée"),
)
OTHER = replace(ENTRY, key="tag:berline.example,2026-03-02:information/2/envoi", at=AT - timedelta(days=1))


def rendered(*entries: NewsEntry, title: str = "Registre") -> bytes:
    return render_news(
        key="tag:berline.example,2026-03-01:flux/1",
        title=title,
        subtitle="Les informations",
        url="http://127.0.0.1:8000/registre/",
        updated=max((one.at for one in entries), default=AT),
        entries=entries,
    )


def test_entry_is_read_back_as_it_was() -> None:
    data = rendered(ENTRY, OTHER)
    first, second = entries(data)
    assert (first.key, first.title, first.updated) == (ENTRY.key, ENTRY.title, AT)
    assert (first.url, first.summary, first.category) == (ENTRY.url, ENTRY.summary, "issued")
    assert second.updated == AT - timedelta(days=1)
    assert data.startswith(
        b"<?xml version='1.0' encoding='utf-8'?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\""
    )
    assert b"<updated>2026-03-03T00:30:00Z</updated>" in data
    assert b'rel="self"' not in data


def test_news_without_an_entry_are_well_formed_too() -> None:
    assert entries(rendered()) == []


@given(title=st.one_of(texts, st.sampled_from(["<b>&amp;</b>", "]]>", "\uffff\ufffe", "<!--"])), name=texts)
def test_any_title_comes_back(title: str, name: str) -> None:
    check_it_comes_back(title, name)


@pytest.mark.parametrize("title", [*NASTY, "<b>&amp;</b>", "]]>", "\uffff\ufffe"])
def test_title_that_formats_trip_over_comes_back(title: str) -> None:
    check_it_comes_back(title, title)


def check_it_comes_back(title: str, name: str) -> None:
    entry = replace(ENTRY, title=f"VIR {title}", summary=f"Objet : {title}", category=("issued", f"k{title}"))
    data = rendered(entry, OTHER, title=f"R {name}")
    assert faults(data) == []
    first, second = entries(data)
    assert first.title == one_line(f"VIR {title}")
    assert first.summary == f"Objet : {printable(title)}"
    assert second.title == OTHER.title


# -- the checker itself -------------------------------------------------------------------------------

GOOD = rendered(ENTRY, OTHER)


def swapped(old: str, new: str) -> bytes:
    assert old.encode() in GOOD, old
    return GOOD.replace(old.encode(), new.encode(), 1)


BROKEN = {
    "not closed": (GOOD[:-1], "not well formed"),
    "a control character": (swapped("Rénovation", "\x07"), "not well formed"),
    "an ampersand alone": (swapped("Rénovation", "a & b"), "not well formed"),
    "another language": (GOOD.replace(b"2005/Atom", b"2005/Atoms"), "is no feed"),
    "no namespace": (swapped(' xmlns="http://www.w3.org/2005/Atom"', ""), "is no feed"),
    "no id": (swapped("<id>tag:berline.example,2026-03-01:flux/1</id>", ""), "0 id"),
    "no id of an entry": (swapped(f"<id>{ENTRY.key}</id>", ""), "entry: 0 id"),
    "an id twice": (swapped(OTHER.key, ENTRY.key), "2 times"),
    "an id that is no tag": (swapped(ENTRY.key, "information/1"), "no tag"),
    "no title": (swapped("<title>Registre</title>", ""), "0 title"),
    "two titles": (swapped("<title>Registre</title>", "<title>a</title><title>b</title>"), "2 title"),
    "an empty title": (swapped("<title>Registre</title>", "<title> </title>"), "empty"),
    "no date": (swapped("<updated>2026-03-03T00:30:00Z</updated>", ""), "0 updated"),
    "a date without zone": (
        swapped("<updated>2026-03-03T00:30:00Z", "<updated>2026-03-03T00:30:00"),
        "no date",
    ),
    "a French date": (swapped("<updated>2026-03-03T00:30:00Z", "<updated>3 mars 2026"), "no date"),
    "a 13th month": (swapped("<updated>2026-03-03T00:30:00Z", "<updated>2026-13-03T00:30:00Z"), "no date"),
    "no author": (swapped("<author><name>Berline</name></author>", ""), "0 author"),
    "an author without a name": (swapped("<name>Berline</name>", ""), "no name"),
    "no link": (swapped("<entry><id", "<entry><other/><id"), "not expected"),
    "a relative link": (swapped(f'href="{ENTRY.url}"', 'href="/dossiers/"'), "no address"),
    "an empty category": (swapped('term="issued"', 'term=""'), "no term"),
    "HTML": (swapped('<summary type="text">', '<summary type="html">'), "not plain"),
    "elements in a title": (
        swapped("<title>Registre</title>", "<title>a<b xmlns='x'/></title>"),
        "elements in it",
    ),
    "stray text": (swapped("<entry>", "bonjour<entry>"), "text between"),
    "oldest first": (rendered(OTHER, ENTRY), "newest first"),
    "a feed older than its entries": (
        swapped("<updated>2026-03-03T00:30:00Z", "<updated>2026-03-01T00:00:00Z"),
        "newer than the feed",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_checker_catches(name: str) -> None:
    data, expected = BROKEN[name]
    assert any(expected in fault for fault in faults(data)), faults(data)


def test_checker_finds_nothing_in_good_news() -> None:
    assert faults(GOOD) == []
