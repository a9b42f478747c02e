"""A strict reader of iCalendar written from RFC 5545 alone, to judge what the package ``icalendar`` writes for us.

``faults(data)`` names what is wrong; it knows the components and properties that a published calendar of dates uses and
holds anything else against it. ``events(data)`` gives the properties of the events, unescaped.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime

LONGEST = 75
_NAME = re.compile(r"[A-Za-z0-9-]+\Z")
_CONTROL = re.compile("[\x00-\x08\x0a-\x1f\x7f]")
_PARAMETER = re.compile(r'([A-Za-z0-9-]+)=("[^"]*"|[^";:,]*)(?:,("[^"]*"|[^";:,]*))*')


@dataclass(slots=True)
class Property:
    """A content line: name in capitals, parameters, raw value."""

    name: str
    parameters: dict[str, str]
    value: str


@dataclass(slots=True)
class Component:
    """A BEGIN … END block."""

    name: str
    properties: list[Property] = field(default_factory=list)
    children: list[Component] = field(default_factory=list)

    def all(self, name: str) -> list[Property]:
        return [one for one in self.properties if one.name == name]

    def first(self, name: str) -> Property | None:
        return next(iter(self.all(name)), None)


class Unreadable(Exception):
    """So wrong that nothing more can be said."""


# -- from octets to components ------------------------------------------------------------------------


def _physical(data: bytes) -> Iterator[tuple[list[str], str]]:
    """Faults and text of each physical line."""
    if not data.endswith(b"\r\n"):
        yield ["the last line does not end with CRLF"], ""
    for number, raw in enumerate(data.removesuffix(b"\r\n").split(b"\r\n"), start=1):
        found = []
        if b"\n" in raw or b"\r" in raw:
            found.append(f"line {number}: a line end that is not CRLF")
        if len(raw) > LONGEST:
            found.append(f"line {number}: {len(raw)} octets")
        if not raw.strip():
            found.append(f"line {number}: empty")
        try:
            text = raw.decode()  # a fold inside a character leaves halves that are no UTF-8
        except UnicodeDecodeError:
            found.append(f"line {number}: not UTF-8, or folded inside a character")
            text = raw.decode(errors="replace")
        if _CONTROL.search(text):
            found.append(f"line {number}: a control character")
        yield found, text


def _lines(data: bytes) -> tuple[list[str], list[str]]:
    """Faults, and the unfolded lines."""
    wrong: list[str] = []
    lines: list[str] = []
    for found, text in _physical(data):
        wrong += found
        if text[:1] in (" ", "\t"):
            if not lines:
                raise Unreadable("the first line is a continuation")
            lines[-1] += text[1:]
        elif text:
            lines.append(text)
    return wrong, lines


def _property(line: str) -> Property:
    split = re.match(r'((?:[^":]|"[^"]*")*):(.*)\Z', line, re.DOTALL)
    if not split:
        raise Unreadable(f"no value in {line[:40]!r}")
    head, value = split.groups()
    name, _, rest = head.partition(";")
    if not _NAME.match(name):
        raise Unreadable(f"{name[:40]!r} is no name")
    parameters: dict[str, str] = {}
    while rest:
        match = _PARAMETER.match(rest)
        if not match or match[1].upper() in parameters:
            raise Unreadable(f"the parameters of {name} cannot be read")
        parameters[match[1].upper()] = match[0].partition("=")[2]
        rest = rest[match.end() :]
        if rest and not (rest := rest.removeprefix(";")):
            raise Unreadable(f"the parameters of {name} end with a semicolon")
    return Property(name.upper(), parameters, value)


def read(data: bytes) -> tuple[list[str], list[Component]]:
    """Faults of the lines, and the components. Raises ``Unreadable``, with the faults of the lines before its own."""
    wrong, lines = _lines(data)
    try:
        return wrong, _components(lines, wrong)
    except Unreadable as error:
        raise Unreadable(*wrong, str(error)) from None


def _components(lines: list[str], wrong: list[str]) -> list[Component]:
    roots: list[Component] = []
    open_ones: list[Component] = []
    for line in lines:
        one = _property(line)
        if one.name == "BEGIN":
            component = Component(one.value.upper())
            (open_ones[-1].children if open_ones else roots).append(component)
            open_ones.append(component)
        elif not open_ones:
            raise Unreadable(f"{one.name} outside any component")
        elif one.name == "END":
            if open_ones.pop().name != one.value.upper():
                raise Unreadable(f"END:{one.value} closes another component")
        else:
            if open_ones[-1].children and open_ones[-1].name == "VCALENDAR":
                wrong.append(f"{one.name} of the calendar after its components")
            open_ones[-1].properties.append(one)
    if open_ones:
        raise Unreadable(f"{open_ones[-1].name} is not closed")
    return roots


# -- values -------------------------------------------------------------------------------------------

_TEXT = re.compile(r"(?:[^\\;,]|\\[\\;,nN])*\Z")
_LIST = re.compile(r"(?:[^\\;]|\\[\\;,nN])*\Z")


def unescape(value: str) -> str:
    """A TEXT value as its writer meant it, read from left to right."""
    plain = {"n": "\n", "N": "\n"}
    return re.sub(r"\\(.)", lambda match: plain.get(match[1], match[1]), value, flags=re.DOTALL)


def _is_date(value: str) -> bool:
    try:
        datetime.strptime(value, "%Y%m%d")  # noqa: DTZ007 (a date)
    except ValueError:
        return False
    return len(value) == 8


def _is_moment(value: str, suffix: str) -> bool:
    try:
        datetime.strptime(value, f"%Y%m%dT%H%M%S{suffix}")  # noqa: DTZ007 (judged, not used)
    except ValueError:
        return False
    return len(value) == 15 + len(suffix)


def _is_uri(value: str) -> bool:
    return bool(re.match(r"[a-z][a-z0-9+.-]*:[^\s\"<>\\^`{|}]+\Z", value, re.IGNORECASE)) and value.isascii()


_OFFSET = re.compile(r"[+-](?:[01]\d|2[0-3])[0-5]\d\Z")
_DURATION = re.compile(r"[+-]?P(?:\d+W|(?:\d+D)?(?:T(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?)?)\Z")
_RULE = re.compile(r"FREQ=[A-Z]+(?:;[A-Z]+=[A-Z0-9,+-]+)*\Z")

KINDS: dict[str, Callable[[str], bool]] = {
    "TEXT": lambda value: bool(_TEXT.match(value)),
    "TEXTS": lambda value: bool(_LIST.match(value)),
    "DATE": _is_date,
    "UTC": lambda value: _is_moment(value, "Z"),
    "LOCAL": lambda value: _is_moment(value, ""),
    "INTEGER": lambda value: bool(re.match(r"\d{1,10}\Z", value)) and int(value) < 2**31,
    "URI": _is_uri,
    "DURATION": lambda value: bool(_DURATION.match(value)) and len(value.lstrip("+-")) > 2,
    "OFFSET": lambda value: bool(_OFFSET.match(value)),
    "RECUR": lambda value: bool(_RULE.match(value)),
}

#: Component → property → kind of its value, how many there must be at least and may be at most.
GRAMMAR: dict[str, dict[str, tuple[str, int, int]]] = {
    "VCALENDAR": {
        "PRODID": ("TEXT", 1, 1),
        "VERSION": ("TEXT", 1, 1),
        "CALSCALE": ("TEXT", 0, 1),
        "METHOD": ("TEXT", 0, 1),
        "NAME": ("TEXT", 0, 1),
        "REFRESH-INTERVAL": ("DURATION", 0, 1),
    },
    "VTIMEZONE": {"TZID": ("TEXT", 1, 1), "LAST-MODIFIED": ("UTC", 0, 1)},
    "STANDARD": {
        "DTSTART": ("LOCAL", 1, 1),
        "TZOFFSETFROM": ("OFFSET", 1, 1),
        "TZOFFSETTO": ("OFFSET", 1, 1),
        "RRULE": ("RECUR", 0, 1),
        "TZNAME": ("TEXT", 0, 9),
    },
    "VEVENT": {
        "UID": ("TEXT", 1, 1),
        "DTSTAMP": ("UTC", 1, 1),
        "DTSTART": ("DATE", 1, 1),
        "DTEND": ("DATE", 0, 1),
        "SUMMARY": ("TEXT", 1, 1),
        "DESCRIPTION": ("TEXT", 0, 1),
        "URL": ("URI", 0, 1),
        "SEQUENCE": ("INTEGER", 0, 1),
        "LAST-MODIFIED": ("UTC", 0, 1),
        "STATUS": ("TEXT", 0, 1),
        "TRANSP": ("TEXT", 0, 1),
        "CATEGORIES": ("TEXTS", 0, 9),
    },
}
GRAMMAR["DAYLIGHT"] = GRAMMAR["STANDARD"]
#: Kinds that a parameter VALUE has to name, because they are not the property's default.
NAMED = {"DTSTART": "DATE", "DTEND": "DATE", "REFRESH-INTERVAL": "DURATION"}
WORDS = {
    "VERSION": {"2.0"},
    "CALSCALE": {"GREGORIAN"},
    "METHOD": {"PUBLISH"},
    "STATUS": {"TENTATIVE", "CONFIRMED", "CANCELLED"},
    "TRANSP": {"OPAQUE", "TRANSPARENT"},
}
CHILDREN = {
    "VCALENDAR": {"VEVENT", "VTIMEZONE"},
    "VTIMEZONE": {"STANDARD", "DAYLIGHT"},
    "VEVENT": set(),
    "STANDARD": set(),
    "DAYLIGHT": set(),
}


def _faults_of_properties(component: Component) -> Iterator[str]:
    grammar = GRAMMAR[component.name]
    counts = Counter(one.name for one in component.properties)
    for name, (_, least, most) in grammar.items():
        if not least <= counts[name] <= most:
            yield f"{component.name}: {counts[name]} {name}"
    for one in component.properties:
        kind = grammar[one.name][0] if one.name in grammar else ""
        if not kind:
            if not one.name.startswith("X-"):
                yield f"{component.name}: {one.name} is not expected"
            elif not KINDS["TEXT"](one.value):
                yield f"{one.name}: not escaped"
            continue
        named = NAMED.get(one.name, "") if kind != "LOCAL" else ""
        if one.parameters != ({"VALUE": named} if named else {}):
            yield f"{one.name}: parameters {one.parameters}"
        if not KINDS[kind](one.value):
            yield f"{one.name}: {one.value[:40]!r} is no {kind}"
        if one.name in WORDS and one.value not in WORDS[one.name]:
            yield f"{one.name}: {one.value!r} is unknown"


def _faults_of(component: Component, parent: str = "") -> Iterator[str]:
    if component.name not in GRAMMAR or (parent and component.name not in CHILDREN[parent]):
        yield f"{component.name} does not belong in {parent or 'a file'}"
        return
    yield from _faults_of_properties(component)
    if CHILDREN[component.name] and not component.children:
        yield f"{component.name} without any component"
    start, end = component.first("DTSTART"), component.first("DTEND")
    if component.name == "VEVENT" and start and end and end.value <= start.value:
        yield "DTEND is not after DTSTART"
    for child in component.children:
        yield from _faults_of(child, component.name)


def faults(data: bytes) -> list[str]:
    """What is wrong; empty when nothing is."""
    try:
        wrong, roots = read(data)
    except Unreadable as error:
        return [str(one) for one in error.args]
    if [root.name for root in roots] != ["VCALENDAR"]:
        return [*wrong, "not one VCALENDAR"]
    wrong += _faults_of(roots[0])
    uids = Counter(one.value for event in roots[0].children for one in event.all("UID"))
    return wrong + [f"UID {uid} {count} times" for uid, count in uids.items() if count > 1]


@dataclass(frozen=True, slots=True)
class Read:
    """An event as a program reads it."""

    uid: str
    on: date
    until: date
    summary: str
    description: str
    url: str
    sequence: int
    changed: str
    categories: tuple[str, ...]


def events(data: bytes) -> list[Read]:
    """The events of a calendar without faults. Fails for one with faults."""
    wrong = faults(data)
    assert not wrong, wrong
    _, (calendar,) = read(data)
    return [_read_event(one) for one in calendar.children if one.name == "VEVENT"]


def _read_event(event: Component) -> Read:
    values = {one.name: one.value for one in event.properties}
    return Read(
        uid=values["UID"],
        on=datetime.strptime(values["DTSTART"], "%Y%m%d").date(),  # noqa: DTZ007
        until=datetime.strptime(values["DTEND"], "%Y%m%d").date(),  # noqa: DTZ007
        summary=unescape(values["SUMMARY"]),
        description=unescape(values["DESCRIPTION"]),
        url=values["URL"],
        sequence=int(values["SEQUENCE"]),
        changed=values["LAST-MODIFIED"],
        categories=tuple(unescape(one) for one in re.split(r"(?<!\\),", values.get("CATEGORIES", ""))),
    )


def property_of_calendar(data: bytes, name: str) -> str:
    """A property of the calendar itself."""
    _, (calendar,) = read(data)
    found = calendar.first(name)
    assert found is not None, name
    return unescape(found.value)
