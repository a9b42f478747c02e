"""Where the nodes of a path stand on its BPMN diagram, and which way its flows run. Unit: pixels, as the tools draw.

The way forward runs from left to right; a step with several ways out has a gateway on its right. Flows between nodes
of that row that are no neighbours run in lanes above it, flows to and from side steps in lanes below it, flows between
side steps in lanes below those: no flow crosses a node, no two flows share a lane where they meet.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from viewflow.workflow.base import Node

from workflows.engine.diagram import placed
from workflows.engine.path import Path
from workflows.engine.step import Step

STEP = (160, 90)
EVENT = (36, 36)
GATEWAY = (50, 50)
#: From a step to its gateway, from there to the next step (room for the label), between two lanes.
TO_GATEWAY, TO_NEXT, LANE = 30, 150, 40
MARGIN = 40
LABEL = (140, 28)
APART = 8

Point = tuple[int, int]


@dataclass(slots=True)
class Shape:
    """A node or the gateway behind it; ``row`` 0 is the way forward, 1 the side steps."""

    element: str
    row: int
    width: int
    height: int
    x: int = 0
    y: int = 0

    @property
    def middle(self) -> Point:
        """Its centre."""
        return self.x + self.width // 2, self.y + self.height // 2

    @property
    def right(self) -> int:
        """Abscissa of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> int:
        """Ordinate of its lower side."""
        return self.y + self.height


@dataclass(slots=True)
class Line:
    """A flow on the diagram; ``label`` is the upper left corner of its words."""

    element: str
    source: Shape
    target: Shape
    named: bool
    points: list[Point] = field(default_factory=list)
    label: Point = (0, 0)


def node_id(node: Node) -> str:
    """The identifier of a step or event in the document."""
    return f"id_node_{node.name}"


def gateway_id(node: Node) -> str:
    """The identifier of the gateway behind a step."""
    return f"id_gateway_{node.name}"


def flow_id(source: Node, target: Node) -> str:
    """The identifier of the flow from a node, or from its gateway, to another."""
    return f"id_edge_{source.name}__{target.name}"


def has_gateway(node: Node) -> bool:
    """Whether the node has more than one way out."""
    return isinstance(node, Step) and len(list(node._outgoing())) > 1


class Layout:
    """Shapes by element, and lines in the order of the flows."""

    def __init__(self, path: type[Path]) -> None:
        self.shapes: dict[str, Shape] = {}
        self.lines: list[Line] = []
        places = placed(path)
        forward = sorted(
            (one for one, (_, column) in places.items() if not column), key=lambda one: places[one][0]
        )
        aside = [one for one, (_, column) in places.items() if column]
        for node in (*forward, *aside):
            self._add(node, row=1 if node in aside else 0)
        for node in (*forward, *aside):
            self._connect(node)
        neighbours = {
            (self._way_out(one).element, node_id(other))
            for one, other in zip(forward, forward[1:], strict=False)
        }
        neighbours |= {(node_id(node), gateway_id(node)) for node in places}
        lanes = [line for line in self.lines if (line.source.element, line.target.element) not in neighbours]
        ahead = [line for line in lanes if line.source.row == line.target.row == 0]
        between = [line for line in lanes if line.source.row != line.target.row]
        below = [line for line in lanes if line.source.row == line.target.row == 1]
        self._set_abscissae(forward, aside, places)
        taken = {id(line): number for lanes in (ahead, between, below) for line, number in _packed(lanes)}
        top = MARGIN + LANE * _count(ahead, taken)
        self._set_ordinates(forward, top + STEP[1] // 2)
        second = top + STEP[1] + LANE * (_count(between, taken) + 1)
        self._set_ordinates(aside, second + STEP[1] // 2)
        ports = {
            id(line): found for zone in (ahead, between, below) for found in [_Ports(zone)] for line in zone
        }
        for line in self.lines:
            if line in ahead:
                self._bend(line, top - LANE * (taken[id(line)] + 1) + LANE // 2, ports[id(line)])
            elif line in between:
                self._bend(line, top + STEP[1] + LANE * (taken[id(line)] + 1), ports[id(line)])
            elif line in below:
                self._bend(line, second + STEP[1] + LANE * (taken[id(line)] + 1), ports[id(line)])
            else:
                straight = (line.source.right, line.source.middle[1]), (line.target.x, line.target.middle[1])
                line.points, line.label = list(straight), (line.source.right + 4, line.source.middle[1] + 6)

    def _add(self, node: Node, row: int) -> None:
        size = STEP if isinstance(node, Step) else EVENT
        self.shapes[node_id(node)] = Shape(node_id(node), row, *size)
        if has_gateway(node):
            self.shapes[gateway_id(node)] = Shape(gateway_id(node), row, *GATEWAY)

    def _way_out(self, node: Node) -> Shape:
        return self.shapes.get(gateway_id(node), self.shapes[node_id(node)])

    def _connect(self, node: Node) -> None:
        source = self._way_out(node)
        if has_gateway(node):
            self.lines.append(Line(f"id_edge_{node.name}", self.shapes[node_id(node)], source, named=False))
        for edge in node._outgoing():
            target = self.shapes[node_id(edge.dst)]
            self.lines.append(Line(flow_id(node, edge.dst), source, target, named=bool(edge.label)))

    def _set_abscissae(
        self, forward: list[Node], aside: list[Node], places: dict[Node, tuple[int, int]]
    ) -> None:
        x = MARGIN
        of_row: dict[int, int] = {}
        for node in forward:
            of_row[places[node][0]] = x
            x = self._put(node, x) + TO_NEXT
        x = MARGIN
        for node in aside:
            x = max(x, of_row[places[node][0]] + STEP[0] // 2)
            x = self._put(node, x) + 2 * MARGIN

    def _put(self, node: Node, x: int) -> int:
        """Set the node at ``x``, its gateway behind it; the right end of both."""
        own, out = self.shapes[node_id(node)], self._way_out(node)
        own.x = x
        if out is not own:
            out.x = own.right + TO_GATEWAY
        return out.right

    def _set_ordinates(self, nodes: list[Node], middle: int) -> None:
        for node in nodes:
            for shape in (self.shapes[node_id(node)], self._way_out(node)):
                shape.y = middle - shape.height // 2

    @staticmethod
    def _bend(line: Line, lane: int, ports: _Ports) -> None:
        """From the source to the lane, along it, and into the target from there."""
        leaves, enters = ports.exit_of(line), ports.entry_of(line)
        start = line.source.y if lane < line.source.y else line.source.bottom
        end = line.target.y if lane < line.target.y else line.target.bottom
        line.points = [(leaves, start), (leaves, lane), (enters, lane), (enters, end)]
        line.label = (leaves + 6 if enters > leaves else leaves - LABEL[0] - 6, lane - LABEL[1] - 2)


class _Ports:
    """Where the lines of one zone leave and enter: spread over the sides, never one above another.

    All that leaves one shape shares its exit, as flows of a gateway do.
    """

    def __init__(self, lines: list[Line]) -> None:
        self._taken: list[int] = []
        self._exits: dict[str, int] = {}
        self._entries: dict[str, int] = {}
        leaving = {line.source.element: line.source for line in lines}
        for shape in leaving.values():
            if shape.width == GATEWAY[0]:  # a gateway is left at its corner
                self._exits[shape.element] = shape.middle[0]
                self._taken.append(shape.middle[0])
        reached = {line.target.element: line.target for line in lines}
        for shape in (leaving | reached).values():
            wanted: list[Line | None] = [line for line in lines if line.target is shape]
            wanted.sort(key=lambda line: line.source.x if line else 0)
            if shape.element in leaving and shape.element not in self._exits:
                wanted.append(None)
            for number, line in enumerate(wanted, start=1):
                x = self._free(shape.x + shape.width * number // (len(wanted) + 1))
                if line is None:
                    self._exits[shape.element] = x
                else:
                    self._entries[line.element] = x

    def _free(self, x: int) -> int:
        while any(abs(x - other) < APART for other in self._taken):
            x += APART // 2
        self._taken.append(x)
        return x

    def exit_of(self, line: Line) -> int:
        """Abscissa at which it leaves its source."""
        return self._exits[line.source.element]

    def entry_of(self, line: Line) -> int:
        """Abscissa at which it enters its target."""
        return self._entries[line.element]


def _span(line: Line) -> tuple[int, int]:
    """Between which abscissae it needs its lane: all of both shapes, since it is not yet known where it enters."""
    ends = (line.source.x, line.source.right, line.target.x, line.target.right)
    return min(ends), max(ends)


def _packed(lines: list[Line]) -> Iterator[tuple[Line, int]]:
    """Each line with its lane: shorter lines nearest, none where another runs already."""
    taken: list[list[tuple[int, int]]] = []
    for line in sorted(lines, key=lambda one: _span(one)[1] - _span(one)[0]):
        left, right = _span(line)
        lane = next(
            (
                number
                for number, spans in enumerate(taken)
                if all(right < start or end < left for start, end in spans)
            ),
            len(taken),
        )
        if lane == len(taken):
            taken.append([])
        taken[lane].append((left, right))
        yield line, lane


def _count(lines: list[Line], taken: dict[int, int]) -> int:
    return max((taken[id(line)] + 1 for line in lines), default=0)
