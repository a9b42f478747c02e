"""Draws a path as SVG: the way forward from top to bottom, shortcuts on the left, returns on the right.

No style attribute, no script, no reference by id, so that the drawing may stand inside a page under the
strict content
policy; classes (``step``, ``is-current``, ``edge``, ``edge--return``…) let the page's style sheet take
over the colours,
which are presentation attributes here. ``<title>`` and ``<desc>`` say the same in words.

The layout knows one trunk (each step's first outcome, first route), side steps next to the step that they
leave, and
lanes: an edge that skips steps runs down a lane on the left, one that goes back runs up a lane on the
right. Shorter
edges take the inner lanes and the ports of a box are ordered so that lanes of one side do not cross.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree import ElementTree as ET

from viewflow.workflow.base import Node

from workflows.engine.path import Begin, Finish, Path
from workflows.engine.step import Step

BOX_WIDTH = 232.0
MARGIN = 20.0
LANE = 22.0
GUTTER = 172.0
NARROW_GUTTER = 28.0
GAP = 34.0
LABEL_GAP = 58.0
CORNER = 8
ARROW = 7
PORT = 20
TITLE_SIZE, ROLE_SIZE, LABEL_SIZE = 15.0, 12.5, 12.5
LINE = 16.0
BOLD = 1.12
FONT = "system-ui, 'Segoe UI', Roboto, 'Noto Sans', 'Liberation Sans', Arial, sans-serif"
INK, SOFT, MUTED, RULE, SURFACE = "#17212b", "#384654", "#55626e", "#74818c", "#ffffff"

#: State of a step → fill, border, width of the border, dashes, and the word that the drawing adds.
STATES: dict[str, tuple[str, str, str, str, str]] = {
    "": (SURFACE, RULE, "1.5", "", ""),
    "done": ("#e2f1e8", "#1a6440", "1.5", "", "✓ fait"),
    "current": ("#fff3d4", "#d99a0f", "3", "", "● en cours"),
    "ahead": (SURFACE, RULE, "1.5", "", ""),
    "aside": ("#f6f8f9", RULE, "1.5", "5 4", ""),
}

#: The same words in the description.
STATE_WORDS = {"done": "fait", "current": "en cours", "ahead": "à venir", "aside": "hors de ce dossier"}

Point = tuple[float, float]
Port = tuple["Link", str]


@dataclass(slots=True)
class Box:
    """A node on the drawing; ``row`` counts from the top, ``column`` is 0 on the trunk, 1 at its side."""

    node: Node
    row: int
    column: int
    title: list[str]
    role: list[str]
    x: float = 0
    y: float = 0
    width: float = BOX_WIDTH
    height: float = 0

    @property
    def is_step(self) -> bool:
        """Whether somebody works there."""
        return isinstance(self.node, Step)

    @property
    def middle(self) -> float:
        """Ordinate of its centre."""
        return self.y + self.height / 2


@dataclass(slots=True)
class Link:
    """An edge; ``way`` is down (to the next row), skip, back, loop, out (to a side step), in (from one) or
    far. The last ``figures`` lines of its label are figures.
    """

    source: Box
    target: Box
    label: list[str]
    way: str
    lane: int = 0
    figures: int = 0
    ports: dict[str, float] = field(default_factory=dict)

    @property
    def span(self) -> int:
        """How many rows it crosses."""
        return abs(self.source.row - self.target.row)


class BoxLook(NamedTuple):
    """How a step is painted: further classes, colours of ground and border, width and dashes of the border."""

    classes: str
    fill: str
    border: str
    thickness: str
    dashes: str = ""


def path_svg(path: type[Path], states: Mapping[str, str] | None = None) -> str:
    """The path as an SVG document. ``states`` maps steps to ``done``, ``current``, ``ahead`` or ``aside``."""
    return Drawing(path, states or {}).render()


def text_width(text: str, size: float) -> float:
    """About how wide ``text`` is in a common sans serif, on the generous side, in the unit of ``size``."""
    narrow, wide = set("ijlt.,;:'’!|()[] fIr"), set("mwMWŒœ%—@")
    units = sum(
        0.34 if one in narrow else 0.92 if one in wide else 0.7 if one.isupper() else 0.58 for one in text
    )
    return units * size


def wrap(text: str, size: float, width: float) -> list[str]:
    """``text`` in lines no wider than ``width``, a word longer than that excepted. French signs keep to
    their word.
    """
    lines: list[str] = []
    words = (
        text.replace(" :", "\u00a0:")
        .replace("« ", "«\u00a0")
        .replace(" »", "\u00a0»")
        .replace(" /", "\u00a0/")
    )
    for word in words.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Drawing:
    """One path laid out, then written."""

    def __init__(self, path: type[Path], states: Mapping[str, str]) -> None:
        self.path = path
        self.states = states
        self.boxes = _place(path)
        self.links = [link for box in self.boxes.values() for link in _links(box, self.boxes)]
        self._annotate()
        self.trunk = sorted((box for box in self.boxes.values() if box.column == 0), key=lambda box: box.row)
        self._lanes("skip")
        self._lanes("back")
        self._lanes("far")
        self._size_boxes()
        self._set_coordinates()

    # -- what a drawing that says more adds (workflows.engine.diagram_figures) -----------------------

    def _annotate(self) -> None:
        """Write more on the edges, before they are laid out."""

    def _words(self, box: Box) -> list[str]:
        """Lines under a step's title and role."""
        word = STATES[self._state(box)][4]
        return [word] if word else []

    def _box_look(self, box: Box) -> BoxLook:
        """How a step is painted."""
        state = self._state(box)
        fill, border, thickness, dashes, _ = STATES[state]
        return BoxLook(f"is-{state}" if state else "", fill, border, thickness, dashes)

    def _edge_look(self, link: Link, strong: bool) -> tuple[str, str]:
        """Further classes of an edge, and the width of its line."""
        return "", "2.5" if strong else "1.5"

    def _tooltip(self, drawn: Box | Link) -> str:
        """What a step or an edge says of itself in words; nothing for no more than is written."""
        return ""

    def _heading(self) -> str:
        """The name of the whole."""
        return f"Circuit « {self.path.title} »"

    def _description(self) -> str:
        """The whole in words."""
        return description(self.path, self.states)

    # -- layout ------------------------------------------------------------------------------------

    def _of(self, *ways: str) -> list[Link]:
        return [link for link in self.links if link.way in ways]

    def _lanes(self, way: str) -> None:
        """Shorter edges first, each in the innermost lane that is free over all its rows."""
        taken: list[list[tuple[int, int]]] = []
        for link in sorted(self._of(way), key=lambda one: (one.span, one.source.row)):
            top, bottom = sorted((link.source.row, link.target.row))
            lane = 0
            while lane < len(taken) and any(top <= end and start <= bottom for start, end in taken[lane]):
                lane += 1
            taken[lane : lane + 1] = [[*(taken[lane] if lane < len(taken) else []), (top, bottom)]]
            link.lane = lane

    def _lane_count(self, way: str) -> int:
        return max((link.lane + 1 for link in self._of(way)), default=0)

    def _left(self, box: Box) -> list[Port]:
        """Ports on the left of a trunk box, downwards: shortcuts that arrive, then those that leave."""
        arriving = sorted((one for one in self._of("skip") if one.target is box), key=lambda one: one.lane)
        leaving = sorted((one for one in self._of("skip") if one.source is box), key=lambda one: -one.lane)
        return [(one, "target") for one in arriving] + [(one, "source") for one in leaving]

    def _right(self, box: Box) -> list[tuple[list[Port], Box | None]]:
        """Ports on the right, downwards, in groups: returns that leave, the loop, each side step (given with its
        group), edges from afar, then returns that arrive from below.
        """
        leaving = sorted((one for one in self._of("back") if one.source is box), key=lambda one: one.lane)
        arriving = sorted((one for one in self._of("back") if one.target is box), key=lambda one: -one.lane)
        groups: list[list[Port]] = [[(one, "source")] for one in leaving]
        groups += [
            [(one, end)] for one in self._of("loop") if one.source is box for end in ("source", "target")
        ]
        sides = [(self._beside(box, side), side) for side in self._sides(box)]
        far = [one for one in self._of("far") if box in (one.source, one.target)]
        afar: list[list[Port]] = [[(one, "source" if one.source is box else "target")] for one in far]
        afar += [[(one, "target")] for one in arriving]
        return [*((group, None) for group in groups), *sides, *((group, None) for group in afar)]

    def _sides(self, box: Box) -> list[Box]:
        """The side steps of a row, downwards."""
        return [other for other in self.boxes.values() if other.column and other.row == box.row]

    def _beside(self, box: Box, side: Box) -> list[Port]:
        """Ports between a trunk box and a step at its side."""
        ports: list[Port] = [(one, "source") for one in self._of("out") if one.target is side]
        return ports + [(one, "target") for one in self._of("in") if one.source is side]

    @staticmethod
    def _room(port: Port) -> float:
        """Height that a port needs above its line, for the label that stands there."""
        link, end = port
        labelled = end == "source" or link.way in ("in", "far")
        return LINE * len(link.label) + 8 if labelled and link.label else 20

    def _group_room(self, group: list[Port], side: Box | None) -> float:
        """Height of a group of ports: that of the side step that it faces, if it is taller.

        A side step stands at the middle of its lines, and its first line has a label above it: hence as much below.
        """
        needed = sum(map(self._room, group))
        if side is None:
            return needed
        return max(needed + self._room(group[0]) if group else 0, side.height + 14)

    def _afar(self, side: Box) -> list[Port]:
        """Ports on the right of a side step, downwards: edges that leave, then those that arrive."""
        leaving: list[Port] = [(one, "source") for one in self._of("far") if one.source is side]
        return leaving + [(one, "target") for one in self._of("far") if one.target is side]

    @staticmethod
    def _labelled_at(link: Link) -> str:
        """The end of an edge from afar at which its label stands: beside the trunk, where it touches that."""
        return "target" if not link.target.column else "source"

    def _far_room(self, port: Port) -> float:
        """Height that a port on the right of a side step needs above its line."""
        link, end = port
        labelled = link.source.column and end == self._labelled_at(link)
        return LINE * len(link.label) + 8 if labelled and link.label else PORT

    def _size_boxes(self) -> None:
        for box in self.boxes.values():
            text = 20 * len(box.title) + LINE * len(box.role) + LINE * len(self._words(box))
            box.height = text + 24 if box.is_step else 36
            if not box.is_step:
                box.width = max(text_width(line, BOLD * TITLE_SIZE) for line in box.title) + 44
        for box in self.trunk:
            for side in self._sides(box):
                ports = self._beside(box, side)
                afar = sum(map(self._far_room, self._afar(side)))
                side.height = max(side.height, sum(map(self._room, ports[1:])) + 36, afar + 24)
        for box in self.trunk:
            left = sum(map(self._room, self._left(box)))
            right = sum(self._group_room(*group) for group in self._right(box))
            box.height = max(box.height, left + 10 if left else 0, right + 10 if right else 0)

    def _set_coordinates(self) -> None:
        labelled_left = any(link.label for link in self._of("skip"))
        labelled_right = any(link.label for link in self._of("back", "loop", "out", "in", "far"))
        self.left_gutter = GUTTER if labelled_left else NARROW_GUTTER
        self.left = MARGIN + LANE * self._lane_count("skip") + self.left_gutter
        self.right = self.left + BOX_WIDTH
        self.axis = self.left + BOX_WIDTH / 2
        self.lanes_at = self.right + (GUTTER if labelled_right else NARROW_GUTTER)
        self.sides_at = self.lanes_at + LANE * self._lane_count("back") + 6
        sided = len(self.trunk) < len(self.boxes)
        labelled_afar = any(
            link.label and link.source.column and self._labelled_at(link) == "source"
            for link in self._of("far")
        )
        self.far_gutter = GUTTER if labelled_afar else LANE
        self.far_at = self.sides_at + (BOX_WIDTH + self.far_gutter if sided else 0)
        y: float = MARGIN
        for box in self.trunk:
            box.x, box.y = self.axis - box.width / 2, y
            self._set_ports(box)
            below = next((link for link in self._of("down") if link.source is box), None)
            gap = LABEL_GAP + LINE * (len(below.label) - 1) if below and below.label else GAP
            y += box.height + gap
        for box in self.boxes.values():
            if box.column:
                self._set_far_ports(box)
        far = LANE * self._lane_count("far")
        self.width = (self.far_at - (self.far_gutter if sided and not far else 0) + far) + MARGIN
        self.height = max(box.y + box.height for box in self.boxes.values()) + MARGIN

    def _set_ports(self, box: Box) -> None:
        """Give the ports of a trunk box their ordinates, and the steps at its side their place."""
        left: list[tuple[list[Port], Box | None]] = [([port], None) for port in self._left(box)]
        for groups in (left, self._right(box)):
            rooms = [self._group_room(*group) for group in groups]
            y = box.y + max(0, (box.height - sum(rooms)) / 2) - 4
            for (group, side), room in zip(groups, rooms, strict=True):
                start = y + (room - sum(map(self._room, group))) / 2
                if side is not None:
                    side.x, side.y = self.sides_at, y + (room - side.height) / 2
                    start -= self._room(group[0]) / 2 if group else 0
                for port in group:
                    start += self._room(port)
                    port[0].ports[port[1]] = start
                y += room

    def _set_far_ports(self, side: Box) -> None:
        """Give the ports on the right of a side step their ordinates."""
        ports = self._afar(side)
        y = side.y + (side.height - sum(map(self._far_room, ports))) / 2 - 4
        for link, end in ports:
            y += self._far_room((link, end))
            link.ports[end] = y

    # -- lines -------------------------------------------------------------------------------------

    def _points(self, link: Link) -> list[Point]:
        source, target = link.source, link.target
        if link.way == "down":
            return [(self.axis, source.y + source.height), (self.axis, target.y)]
        if link.way == "out":
            return [(source.x + source.width, link.ports["source"]), (target.x, link.ports["source"])]
        if link.way == "in":
            return [(source.x, link.ports["target"]), (target.x + target.width, link.ports["target"])]
        start, end = link.ports["source"], link.ports["target"]
        if link.way == "skip":
            x = self.left - self.left_gutter - LANE * link.lane
            return [(source.x, start), (x, start), (x, end), (target.x, end)]
        x = {
            "loop": self.lanes_at - LANE / 2,
            "back": self.lanes_at + LANE * link.lane,
            "far": self.far_at + LANE * link.lane,
        }[link.way]
        return [(source.x + source.width, start), (x, start), (x, end), (target.x + target.width, end)]

    def _label_at(self, link: Link) -> Point:
        """Left end of the label's last line."""
        if link.way == "down":
            top = link.source.y + link.source.height
            return self.axis + 12, top + LABEL_GAP / 2 + LINE * (len(link.label) - 1)
        if link.way == "skip":
            return self.left - GUTTER + CORNER + 4, link.ports["source"] - 6
        end = self._labelled_at(link) if link.way in ("in", "far") else "source"
        box = link.target if end == "target" else link.source
        return box.x + box.width + 10, link.ports[end] - 6

    # -- writing -----------------------------------------------------------------------------------

    def _state(self, box: Box) -> str:
        state = self.states.get(box.node.name, "")
        return state if state in STATES else ""

    def render(self) -> str:
        """The SVG document."""
        width, height = round(self.width), round(self.height)
        name = f"diagram-{self.path.key}"
        svg = ET.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "class": "path-diagram",
                "width": str(width),
                "height": str(height),
                "viewBox": f"0 0 {width} {height}",
                "role": "img",
                "lang": "fr",
                "aria-labelledby": f"{name}-title {name}-desc",
                "font-family": FONT,
                "fill": INK,
            },
        )
        ET.SubElement(svg, "title", {"id": f"{name}-title"}).text = self._heading()
        ET.SubElement(svg, "desc", {"id": f"{name}-desc"}).text = self._description()
        ET.SubElement(svg, "rect", {"class": "ground", "width": "100%", "height": "100%", "fill": SURFACE})
        for link in sorted(self.links, key=lambda one: one.way == "down"):
            self._draw_link(svg, link)
        for box in self.boxes.values():
            self._draw_box(svg, box)
        return ET.tostring(svg, encoding="unicode")

    def _draw_link(self, svg: ET.Element, link: Link) -> None:
        points = self._points(link)
        forwards = link.way in ("down", "skip") or (link.way == "far" and link.target.row > link.source.row)
        kind = (
            "forward"
            if link.way == "down"
            else "skip"
            if forwards
            else "aside"
            if link.way == "out"
            else "return"
        )
        strong = kind == "forward"
        more, thickness = self._edge_look(link, strong)
        group = self._group(svg, f"edge edge--{kind} {more}".rstrip(), link)
        line = {
            "d": rounded(_shortened(points)),
            "fill": "none",
            "stroke": INK if strong else SOFT,
            "stroke-width": thickness,
        }
        if kind == "return":
            line["stroke-dasharray"] = "6 4"
        ET.SubElement(group, "path", line)
        ET.SubElement(group, "path", {"class": "arrow", "d": arrow(points), "fill": INK if strong else SOFT})
        if link.label:
            x, y = self._label_at(link)
            plain = {"class": "edge-label", "fill": SOFT}
            strong_ink = {"class": "edge-label edge-figure", "fill": INK, "font-weight": "600"}
            for number, text in enumerate(reversed(link.label)):
                ink = strong_ink if number < link.figures else plain
                _text(group, text, x, y - LINE * number, LABEL_SIZE, ink)

    def _draw_box(self, svg: ET.Element, box: Box) -> None:
        look = self._box_look(box)
        kind = "step" if box.is_step else "event"
        group = self._group(svg, f"{kind} {look.classes}".rstrip(), box)
        shape = {
            "x": _number(box.x),
            "y": _number(box.y),
            "width": _number(box.width),
            "height": _number(box.height),
            "rx": _number(8 if box.is_step else box.height / 2),
            "fill": look.fill if box.is_step else INK if isinstance(box.node, Finish) else SURFACE,
            "stroke": look.border if box.is_step else INK,
            "stroke-width": look.thickness,
        }
        if look.dashes:
            shape["stroke-dasharray"] = look.dashes
        ET.SubElement(group, "rect", shape)
        lines = [(text, TITLE_SIZE, 20.0, "step-title") for text in box.title]
        lines += [(text, ROLE_SIZE, LINE, "step-role") for text in box.role]
        lines += [(text, ROLE_SIZE, LINE, "step-state") for text in self._words(box)]
        y = box.middle - sum(height for _, _, height, _ in lines) / 2
        for text, size, height, role in lines:
            y += height
            ink = {"class": role, "text-anchor": "middle", "fill": INK if role != "step-role" else MUTED}
            if role != "step-role":
                ink["font-weight"] = "600"
            if isinstance(box.node, Finish):
                ink["fill"] = SURFACE
            _text(group, text, box.x + box.width / 2, y - 4.5, size, ink)

    def _group(self, svg: ET.Element, classes: str, drawn: Box | Link) -> ET.Element:
        """The group of a step or an edge, with its words where there are some."""
        group = ET.SubElement(svg, "g", {"class": classes})
        if tooltip := self._tooltip(drawn):
            ET.SubElement(group, "title").text = tooltip
        return group


def _place(path: type[Path]) -> dict[str, Box]:
    """Every node with its row and column: the trunk first, then side steps beside the step that leads to
    them.
    """
    boxes: dict[str, Box] = {}

    def put(node: Node, row: int, column: int) -> None:
        role = wrap(node.role_label, ROLE_SIZE, BOX_WIDTH - 24) if isinstance(node, Step) else []
        boxes[node.name] = Box(
            node, row, column, wrap(node.task_title, BOLD * TITLE_SIZE, BOX_WIDTH - 24), role
        )

    node: Node | None = next(one for one in path.nodes() if isinstance(one, Begin))
    while node is not None and node.name not in boxes:
        put(node, len(boxes), 0)
        node = next((edge.dst for edge in node._outgoing()), None)
    waiting = [one for one in path.nodes() if one.name not in boxes]
    while waiting:
        for one in waiting:
            source = next((boxes[edge.src.name] for edge in one._incoming() if edge.src.name in boxes), None)
            if source is not None:
                put(one, source.row, 1)
                waiting.remove(one)
                break
        else:
            raise ValueError(f"{path.key}: {waiting[0].name!r} is never reached")
    return boxes


def placed(path: type[Path]) -> dict[Node, tuple[int, int]]:
    """Every node with its row and column, as the drawing has them."""
    return {box.node: (box.row, box.column) for box in _place(path).values()}


def _links(box: Box, boxes: Mapping[str, Box]) -> Iterable[Link]:
    for edge in box.node._outgoing():
        target = boxes[edge.dst.name]
        way = _way(box, target)
        width = BOX_WIDTH / 2 + GUTTER - 40 if way == "down" else GUTTER - 22
        yield Link(box, target, wrap(edge.label, LABEL_SIZE, width) if edge.label else [], way)


def _way(source: Box, target: Box) -> str:
    if source is target:
        return "far" if source.column else "loop"
    if source.column == target.column == 0:
        if target.row == source.row + 1:
            return "down"
        return "skip" if target.row > source.row else "back"
    if source.row == target.row and source.column != target.column:
        return "in" if source.column else "out"
    return "far"


def description(path: type[Path], states: Mapping[str, str]) -> str:
    """The drawing in words: each step, who does it, where each of its outcomes leads."""
    sentences = [path.summary]
    for number, step in enumerate(path.steps(), start=1):
        state = STATE_WORDS.get(states.get(step.name, ""), "")
        ways = " ; ".join(
            f"{edge.label} → {'même étape' if edge.dst is step else edge.dst.task_title}"
            for edge in step._outgoing()
        )
        sentences.append(
            f"{number}. {step.task_title} ({step.role_label}){f', {state}' if state else ''} : {ways}."
        )
    return " ".join(sentences)


def rounded(points: list[Point]) -> str:
    """A path through ``points`` whose corners are rounded."""
    parts = [f"M{_number(points[0][0])},{_number(points[0][1])}"]
    for before, corner, after in zip(points, points[1:], points[2:], strict=False):
        start, end = _towards(corner, before), _towards(corner, after)
        parts.append(f"L{_number(start[0])},{_number(start[1])}")
        parts.append(f"Q{_number(corner[0])},{_number(corner[1])} {_number(end[0])},{_number(end[1])}")
    parts.append(f"L{_number(points[-1][0])},{_number(points[-1][1])}")
    return " ".join(parts)


def _towards(corner: Point, other: Point, distance: float = CORNER) -> Point:
    dx, dy = other[0] - corner[0], other[1] - corner[1]
    length = abs(dx) + abs(dy)
    step = min(distance, length / 2)
    return (corner[0] + dx / length * step, corner[1] + dy / length * step) if length else corner


def _shortened(points: list[Point]) -> list[Point]:
    """The same line, ending under its arrow head."""
    return [*points[:-1], _towards(points[-1], points[-2], ARROW - 1)]


def arrow(points: list[Point]) -> str:
    """The head of an arrow at the last point, in the direction of the last segment."""
    (x, y), (fx, fy) = points[-1], _towards(points[-1], points[-2], ARROW)
    dx, dy = (fy - y) * 0.62, (x - fx) * 0.62
    corners = ((x, y), (fx + dx, fy + dy), (fx - dx, fy - dy))
    return "M" + " L".join(f"{_number(cx)},{_number(cy)}" for cx, cy in corners) + " Z"


def _text(parent: ET.Element, text: str, x: float, y: float, size: float, more: Mapping[str, str]) -> None:
    attributes = {"x": _number(x), "y": _number(y), "font-size": _number(size), **more}
    ET.SubElement(parent, "text", attributes).text = text


def _number(value: float) -> str:
    return f"{value:.1f}".rstrip("0").rstrip(".")
