"""The help of the pages: which section helps on which, what Markdown becomes, and that no page is without."""

import os
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from cases import manual
from tests.documentation import slug
from tests.journeys import Cast

FILE = "receives a file, not a page"
MACHINE = "answers programs"
#: Addresses without help, and why: whatever else answers people has its section.
WITHOUT_HELP = {
    "healthz": MACHINE,
    "readyz": MACHINE,
    "document": FILE,
    "message_file": FILE,
    "calendar_feed": MACHINE,
    "receipt": "opened from a mail without logging in: the page says all itself",
    "person_jump": "sends on to the person's page",
    "help": "is the help",
    "help_document": "is the help",
    "help_image": "is the help",
}


def names() -> set[str]:
    """Names of all addresses but those of the API."""

    def walk(patterns: list[URLPattern | URLResolver]) -> Iterator[str]:
        for one in patterns:
            if isinstance(one, URLResolver):
                if not str(one.pattern).startswith("api/"):
                    yield from walk(one.url_patterns)
            elif one.name:
                yield one.name

    return set(walk(get_resolver().url_patterns))


def test_every_page_has_its_help() -> None:
    helpless = {name for name in names() if not manual.help_of(name)}
    assert helpless - set(WITHOUT_HELP) == set(), "mark a section of docs/utilisateurs with « aide: … »"
    assert set(WITHOUT_HELP) - helpless == set(), "no exception any more"


def test_every_mark_names_pages_that_exist() -> None:
    marked = 0
    for document in manual.documents().values():
        for section in document.sections:
            for pattern in section.pages:
                words = pattern.replace("*", ".*")
                assert any(re.fullmatch(words, name) for name in names()), (
                    document.slug,
                    section.title,
                    pattern,
                )
                marked += 1
    assert marked > 40


def test_every_mark_is_read() -> None:
    """One that stands elsewhere than under a heading, or is misspelt, would be shown to nobody and do nothing."""
    written = sum(path.read_text("utf-8").count("<!--") for path in manual.folder().glob("*.md"))
    read = sum(bool(section.pages) for one in manual.documents().values() for section in one.sections)
    assert read == written


class Links(HTMLParser):
    """Anchors, addresses of links and of pictures."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.pictures: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.anchors |= {given["id"] or ""} if "id" in given else set()
        self.links += [given["href"] or ""] if tag == "a" else []
        self.pictures += [given["src"] or ""] if tag == "img" else []


def test_links_and_pictures_lead_somewhere() -> None:
    read = {one.url: Links(one.html) for one in manual.documents().values()}
    for document in manual.documents().values():
        for link in read[document.url].links:
            page, _, anchor = unquote(link).partition("#")
            assert page in read, f"{document.slug}: {link}"
            assert not anchor or anchor in read[page].anchors, f"{document.slug}: {link}"
        for source in read[document.url].pictures:
            match = resolve(source)
            assert match.url_name == "help_image"
            assert manual.picture(match.kwargs["name"]).is_file(), f"{document.slug}: {source}"


def test_anchors_are_those_that_the_files_are_read_with() -> None:
    for document in manual.documents().values():
        for section in document.sections:
            assert section.slug == slug(section.title)


@pytest.fixture
def written(tmp_path: Path, settings: Any) -> Path:
    """A documentation of the test's own."""
    settings.BERLINE_DOCS_DIR = tmp_path
    (tmp_path / "utilisateurs").mkdir()
    (tmp_path / "utilisateurs" / "README.md").write_text(
        "# Tout\n\nVoir [la file](file.md#prendre).\n", "utf-8"
    )
    return tmp_path / "utilisateurs" / "file.md"


def test_section_goes_to_the_next_heading_of_its_rank(written: Path) -> None:
    written.write_text(
        "# La file\n\nDebut.\n\n## Prendre\n<!-- aide: queue task_* -->\n\nUn.\n\n### Suite\n\nDeux.\n\n"
        "## Rendre\n\n<!-- aide: task_release -->\n\nTrois.\n",
        "utf-8",
    )
    ((document, section),) = manual.help_of("queue")
    assert (document.title, section.title) == ("La file", "Prendre")
    assert [word in section.html for word in ("Un.", "Deux.", "Trois.", "Debut.", "aide")] == [
        *(True, True),
        *(False, False, False),
    ]
    assert [section.title for _, section in manual.help_of("task_release")] == ["Rendre", "Prendre"]
    assert manual.help_of("home") == []


def test_mark_under_the_title_takes_the_file_once(written: Path) -> None:
    written.write_text(
        "# La file\n<!-- aide: queue -->\n\n## Prendre\n<!-- aide: queue -->\n\nUn.\n", "utf-8"
    )
    assert [section.title for _, section in manual.help_of("queue")] == ["La file"]


def test_html_and_dangerous_addresses_stay_text(written: Path) -> None:
    written.write_text(
        "# <b>La</b> file\n\n<script>alert(1)</script>\n\n<img src=x onerror=alert(1)>\n\n"
        "[ici](javascript:alert(1)) [dehors](../maintainers/running.md) [ailleurs](https://exemple.fr/)\n\n"
        "| a | b |\n|---|--:|\n| <i>un</i> | 2 |\n",
        "utf-8",
    )
    html = manual.documents()["file"].html
    assert not re.search(r"<(script|img|i|b)\b|href=|style=", html)
    assert "&lt;script&gt;" in html
    assert "dehors" in html
    assert 'class="text-end"' in html


def test_file_that_changed_is_read_again(written: Path) -> None:
    written.write_text("# Avant\n", "utf-8")
    assert manual.documents()["file"].title == "Avant"
    written.write_text("# Après\n", "utf-8")
    os.utime(written, ns=(1, 1))
    assert manual.documents()["file"].title == "Après"


def test_page_leads_to_its_help(cast: Cast, client: Client) -> None:
    client.force_login(cast.agent)
    frame = client.get("/taches/").content.decode()
    assert 'href="/aide/?page=queue"' in frame
    shown = client.get("/aide/?page=queue")
    assert shown.status_code == 200
    assert "Se repérer" in shown.content.decode()


def test_page_without_help_gets_the_index(cast: Cast, client: Client) -> None:
    client.force_login(cast.nobody)
    for address in ("/aide/", "/aide/?page=<b>rien</b>"):
        page = client.get(address).content.decode()
        assert "Ce que chacun doit savoir" in page
        assert "<b>rien" not in page


def test_every_file_has_a_page(cast: Cast, client: Client) -> None:
    client.force_login(cast.nobody)
    for document in manual.documents().values():
        assert document.title in client.get(document.url).content.decode().replace("&#x27;", "'")
    assert client.get("/aide/nulle-part/").status_code == 404
    assert client.get("/aide/images/dossier.png")["Content-Type"] == "image/png"
    assert client.get("/aide/images/rien.png").status_code == 404


def test_help_asks_to_log_in(db: None, client: Client) -> None:
    for address in ("/aide/", "/aide/agent/", "/aide/images/dossier.png"):
        assert client.get(address).status_code == 302


def test_frame_of_a_page_that_is_not_found_leads_to_the_index(cast: Cast, client: Client) -> None:
    client.force_login(cast.agent)
    page = client.get("/nulle/part/")
    assert page.status_code == 404
    assert "/aide/?page=" not in page.content.decode()
