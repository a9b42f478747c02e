"""The users' documentation as pages: ``docs/utilisateurs/*.md`` is the one source of the help that the screens show.

A comment of its own line under a heading, ``<!-- aide: queue task_* -->``, says for which pages its section is the
help: names of addresses, ``*`` for any end. Under the title of a file it takes the whole file. Markdown only: HTML in
a file is shown as the text that it is. Links between the files lead to their pages, pictures to ``help_image``; a link
out of the users' documentation keeps its words only, because a deployed site serves nothing else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.token import Token

#: The file that is the index of the others, shown at the root of the help.
INDEX = "README"

_MARK = re.compile(r"^<!-- aide: ([a-z0-9_* ]+) -->$", re.MULTILINE)
_PICTURE = re.compile(r"(?:\.\./)+images/([a-z0-9-]+)\.png")
_RULE = {"left": "text-start", "center": "text-center", "right": "text-end"}


@dataclass(frozen=True)
class Section:
    """A heading with all that is below it, to the next heading of its rank."""

    slug: str
    title: str
    level: int
    html: SafeString
    #: Names of addresses, perhaps with ``*``, of which this is the help.
    pages: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """One file: its address in the help, its title, its text as HTML, its sections in order, the title's first."""

    slug: str
    title: str
    html: SafeString
    sections: tuple[Section, ...]

    @property
    def url(self) -> str:
        """Where its page is."""
        return reverse("help") if self.slug == INDEX else reverse("help_document", args=[self.slug])


def documents() -> dict[str, Document]:
    """Every file by its slug, the index first, then by title. Read again when a file has changed."""
    files = tuple((path, path.stat().st_mtime_ns) for path in sorted(folder().glob("*.md")))
    if _read.get("files") != files:
        found = [_document(path) for path, _ in files]
        found.sort(key=lambda one: (one.slug != INDEX, one.title.casefold()))
        _read.update(files=files, documents={one.slug: one for one in found})
    return _read["documents"]  # type: ignore[return-value]


_read: dict[str, object] = {}


def folder() -> Path:
    """Where the users' documentation lies."""
    return Path(settings.BERLINE_DOCS_DIR) / "utilisateurs"


def picture(name: str) -> Path:
    """The file of a picture of the documentation, which may be missing; ``name`` without its end."""
    return Path(settings.BERLINE_DOCS_DIR) / "images" / f"{name}.png"


def help_of(page: str) -> list[tuple[Document, Section]]:
    """The sections that help on a page, by the name of its address: those that name it, then those that name its kin.

    Empty when the documentation says nothing of it. A section within another one that helps as well is left out.
    """
    exact: list[tuple[Document, Section]] = []
    kin: list[tuple[Document, Section]] = []
    for document in documents().values():
        covered = 0
        for section in document.sections:
            if covered and section.level > covered:
                continue
            covered = 0
            if any(fnmatchcase(page, pattern) for pattern in section.pages):
                (exact if page in section.pages else kin).append((document, section))
                covered = section.level
    return exact + kin


def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")


def _document(path: Path) -> Document:
    text = path.read_text(encoding="utf-8")
    markdown = _markdown()
    marks = {text.count("\n", 0, found.start()): tuple(found[1].split()) for found in _MARK.finditer(text)}
    tokens = markdown.parse(_MARK.sub("", text))
    headings = list(_headings(tokens))
    _dress(tokens, path.stem)

    def html(part: Sequence[Token]) -> SafeString:
        # Safe: markdown-it escapes all HTML of the source (``html`` is off) and refuses javascript: addresses.
        return SafeString(markdown.renderer.render(part, markdown.options, {}))

    sections = []
    for number, (place, level, title) in enumerate(headings):
        end = next((at for at, other, _ in headings[number + 1 :] if other <= level), len(tokens))
        following = headings[number + 1][0] if number + 1 < len(headings) else len(tokens)
        lines = _lines(tokens, place, following)
        pages = tuple(page for line, named in marks.items() if line in lines for page in named)
        sections.append(Section(anchor(title), title, level, html(tokens[place + 3 : end]), pages))
    return Document(path.stem, sections[0].title, html(tokens[headings[0][0] + 3 :]), tuple(sections))


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[int, int, str]]:
    """Place, level and words of each heading."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            yield place, int(token.tag[1]), tokens[place + 1].content.replace("`", "")


def _lines(tokens: Sequence[Token], place: int, following: int) -> range:
    """The lines from a heading to the next one, of whatever rank."""
    start = tokens[place].map or [0, 0]
    end = tokens[following].map if following < len(tokens) else None
    return range(start[0], end[0] if end else 1_000_000)


def anchor(heading: str) -> str:
    """The anchor of a heading, as forges make it of Markdown."""
    kept = "".join(sign for sign in heading.lower() if sign.isalnum() or sign in " -_")
    return kept.strip().replace(" ", "-")


def _dress(tokens: list[Token], slug: str) -> None:
    """Anchors, addresses and classes, which Markdown does not give."""
    for place, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", anchor(tokens[place + 1].content.replace("`", "")))
        elif token.type == "table_open":
            token.attrSet("class", "ledger")
        elif token.type == "th_open":
            token.attrSet("scope", "col")
        if "style" in token.attrs:  # the Content-Security-Policy allows no style
            side = str(token.attrs.pop("style")).removeprefix("text-align:")
            token.attrSet("class", _RULE[side])
        if token.children:
            token.children = list(_linked(token.children, slug))


def _linked(children: list[Token], slug: str) -> Iterator[Token]:
    open_links: list[bool] = []  # whether each link that is open is kept
    for child in children:
        if child.type == "link_open":
            address = _address(str(child.attrGet("href")), slug)
            open_links.append(address is not None)
            if address is None:
                continue
            child.attrSet("href", address)
        elif child.type == "link_close" and not open_links.pop():
            continue
        elif child.type == "image" and (found := _PICTURE.fullmatch(str(child.attrGet("src")))):
            child.attrSet("src", reverse("help_image", args=[found[1]]))
            child.attrSet("loading", "lazy")
        yield child


def _address(target: str, slug: str) -> str | None:
    """Where a link of a file leads on the site; nothing when it leads out of the users' documentation."""
    name, _, section = target.partition("#")
    other = name.removesuffix(".md") if name else slug
    if "/" in other or ":" in other or (name and not name.endswith(".md")):
        return None
    page = reverse("help") if other == INDEX else reverse("help_document", args=[other])
    return f"{page}#{section}" if section else page
