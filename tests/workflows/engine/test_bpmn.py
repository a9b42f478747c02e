"""The BPMN export: complete, with named conditional flows, and a diagram that can be read."""

from collections import Counter
from itertools import combinations, pairwise
from xml.etree import ElementTree as ET

import pytest
from django.utils.translation import override

from workflows.engine import all_paths, get_path
from workflows.engine.bpmn import BPMN, BPMNDI, DC, DI, XSI, path_bpmn
from workflows.engine.bpmn_layout import Layout, Line, Shape, gateway_id, has_gateway, node_id
from workflows.engine.path import Path

PATHS = pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)

Flows = dict[tuple[str, str], ET.Element]


@pytest.fixture(scope="module")
def root() -> ET.Element:
    """The FNMO path in BPMN."""
    return ET.fromstring(path_bpmn(get_path("fnmo_investment")))  # noqa: S314


def _end(flow: ET.Element, name: str) -> str:
    return (flow.get(name) or "").removeprefix("id_node_").removeprefix("id_gateway_")


@pytest.fixture(scope="module")
def flows(root: ET.Element) -> Flows:
    """Its sequence flows by the steps between which they lead; those from a step to its gateway are left out."""
    return {
        (_end(one, "sourceRef"), _end(one, "targetRef")): one
        for one in root.iter(f"{{{BPMN}}}sequenceFlow")
        if not (one.get("targetRef") or "").startswith("id_gateway_")
    }


def test_every_edge_of_the_path_is_a_flow(flows: Flows) -> None:
    path = get_path("fnmo_investment")
    assert set(flows) == {
        (edge.src.name, edge.dst.name) for node in path.nodes() for edge in node._outgoing()
    }
    assert ("commit", "commit") in flows


def test_flows_of_steps_are_named_by_their_outcomes(flows: Flows) -> None:
    assert flows["decide", "close"].get("name") == "Refuser"
    assert flows["sign_off", "commit"].get("name") == "Transmettre (dispense de validation)"
    assert all(flow.get("name") for (source, _), flow in flows.items() if source != "start")


def test_flows_of_a_step_with_several_ways_out_are_conditional(flows: Flows) -> None:
    conditions = {
        key: flow.findtext(f"{{{BPMN}}}conditionExpression")
        for key, flow in flows.items()
        if flow.find(f"{{{BPMN}}}conditionExpression") is not None
    }
    assert conditions == {
        ("sign_off", "check"): "outcome == 'transmit' and above_threshold",
        ("sign_off", "commit"): "outcome == 'transmit' and not above_threshold",
        ("sign_off", "prepare"): "outcome == 'return'",
        ("check", "decide"): "outcome == 'complete'",
        ("check", "complete_file"): "outcome == 'request_pieces'",
        ("decide", "commit"): "outcome == 'approve'",
        ("decide", "close"): "outcome == 'refuse'",
        ("decide", "check"): "outcome == 'send_back'",
        ("commit", "close"): "outcome == 'commit'",
        ("commit", "check"): "outcome == 'revise_cost' and needs_validation_again",
        ("commit", "commit"): "outcome == 'revise_cost' and not needs_validation_again",
    }
    for (source, _), flow in flows.items():
        for condition in flow.findall(f"{{{BPMN}}}conditionExpression"):
            assert condition.get(f"{{{XSI}}}type") == "bpmn:tFormalExpression"
            assert flow.get("sourceRef") == f"id_gateway_{source}", "tools know conditions on gateways"


def test_a_step_with_one_way_out_has_no_gateway(root: ET.Element) -> None:
    gateways = {one.get("id") for one in root.iter(f"{{{BPMN}}}exclusiveGateway")}
    assert gateways == {f"id_gateway_{name}" for name in ("sign_off", "check", "decide", "commit")}


@PATHS
def test_nodes_say_which_flows_enter_and_leave(path: type[Path]) -> None:
    process = ET.fromstring(path_bpmn(path)).find(f"{{{BPMN}}}process")  # noqa: S314
    assert process is not None
    for end, tag in (("targetRef", "incoming"), ("sourceRef", "outgoing")):
        said = Counter(
            (node.get("id"), one.text) for node in process for one in node.findall(f"{{{BPMN}}}{tag}")
        )
        assert said == Counter(
            (flow.get(end), flow.get("id")) for flow in process.findall(f"{{{BPMN}}}sequenceFlow")
        )


def test_steps_are_user_tasks_that_name_their_role(root: ET.Element) -> None:
    tasks = {one.get("name"): one for one in root.iter(f"{{{BPMN}}}userTask")}
    path = get_path("fnmo_investment")
    assert set(tasks) == {step.task_title for step in path.steps()}
    for step in path.steps():
        first = tasks[step.task_title][0]
        assert first.tag == f"{{{BPMN}}}documentation", "the schema wants it first"
        assert step.role.label in (first.text or "")


def test_delays_are_named_in_french() -> None:
    text = path_bpmn(get_path("virement"))
    assert "Délai légal : règle virement.information.delay." in text
    assert "Délai interne : règle credits.check_delay." in text


def test_a_step_of_several_bodies_is_several_tasks_side_by_side() -> None:
    root = ET.fromstring(path_bpmn(get_path("virement")))  # noqa: S314
    repeated = {
        task.get("id"): loop
        for task in root.iter(f"{{{BPMN}}}userTask")
        for loop in task.findall(f"{{{BPMN}}}multiInstanceLoopCharacteristics")
    }
    assert set(repeated) == {"id_node_inform"}
    loop = repeated["id_node_inform"]
    assert loop.get("isSequential") == "false"
    assert loop.findtext(f"{{{BPMN}}}loopCardinality") == "bodies"
    assert loop.findtext(f"{{{BPMN}}}completionCondition") == "answered == bodies"


def test_an_answer_that_settles_a_shared_step_ends_it() -> None:
    """One ministry that refuses is enough, approvals wait for the other."""
    text = path_bpmn(get_path("modifying_decision"))
    assert "answered == bodies or outcome == 'refuse'" in text


@PATHS
def test_steps_that_several_hold_are_repeated_and_no_others(path: type[Path]) -> None:
    root = ET.fromstring(path_bpmn(path))  # noqa: S314
    repeated = {
        task.get("id")
        for task in root.iter(f"{{{BPMN}}}userTask")
        if task.find(f"{{{BPMN}}}multiInstanceLoopCharacteristics") is not None
    }
    assert repeated == {node_id(step) for step in path.steps() if step.collective}


@PATHS
def test_every_node_and_flow_is_drawn(path: type[Path]) -> None:
    root = ET.fromstring(path_bpmn(path))  # noqa: S314
    shapes = [one.get("bpmnElement") for one in root.iter(f"{{{BPMNDI}}}BPMNShape")]
    gateways = [gateway_id(node) for node in path.nodes() if has_gateway(node)]
    assert Counter(shapes) == Counter([*(node_id(node) for node in path.nodes()), *gateways])
    edges = {one.get("bpmnElement"): one for one in root.iter(f"{{{BPMNDI}}}BPMNEdge")}
    assert set(edges) == {flow.get("id") for flow in root.iter(f"{{{BPMN}}}sequenceFlow")}
    for edge in edges.values():
        assert len(edge.findall(f"{{{DI}}}waypoint")) >= 2, edge.get("id")


@PATHS
def test_identifiers_are_unique_and_references_resolve(path: type[Path]) -> None:
    root = ET.fromstring(path_bpmn(path))  # noqa: S314
    identifiers = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(identifiers) == len(set(identifiers))
    for one in root.iter():
        for name in ("sourceRef", "targetRef", "bpmnElement"):
            if one.get(name):
                assert one.get(name) in identifiers


def test_numbers_are_written_for_machines_whatever_the_language() -> None:
    with override("fr"):
        root = ET.fromstring(path_bpmn(get_path("fnmo_investment")))  # noqa: S314
    places = [one for tag in (f"{{{DC}}}Bounds", f"{{{DI}}}waypoint") for one in root.iter(tag)]
    assert places
    for place in places:
        for name in ("x", "y", "width", "height"):
            if name in place.attrib:
                float(place.attrib[name])


def test_process_is_a_description_and_not_a_program(root: ET.Element) -> None:
    process = root.find(f"{{{BPMN}}}process")
    assert process is not None
    assert process.get("isExecutable") == "false"
    assert process.get("name") == "Investissement FNMO"


# -- the diagram -----------------------------------------------------------------------------------


def _inside(shape: Shape, line: Line) -> bool:
    """Whether the line runs through the inside of the shape."""
    for (x1, y1), (x2, y2) in pairwise(line.points):
        left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        if left < shape.right and right > shape.x and top < shape.bottom and bottom > shape.y:
            return True
    return False


@PATHS
def test_nothing_lies_on_top_of_anything_else(path: type[Path]) -> None:
    layout = Layout(path)
    shapes = list(layout.shapes.values())
    for one, other in combinations(shapes, 2):
        apart = one.right <= other.x or other.right <= one.x or one.bottom <= other.y or other.bottom <= one.y
        assert apart, f"{one.element} and {other.element}"
    for shape in shapes:
        assert shape.x >= 0
        assert shape.y >= 0
        for line in layout.lines:
            assert not _inside(shape, line), f"{line.element} through {shape.element}"


@PATHS
def test_lines_are_square_and_touch_what_they_join(path: type[Path]) -> None:
    for line in Layout(path).lines:
        for (x1, y1), (x2, y2) in pairwise(line.points):
            assert x1 == x2 or y1 == y2, line.element
        for shape, (x, y) in ((line.source, line.points[0]), (line.target, line.points[-1])):
            assert shape.x <= x <= shape.right, line.element
            assert shape.y <= y <= shape.bottom, line.element
            assert x in (shape.x, shape.right) or y in (shape.y, shape.bottom), line.element


@PATHS
def test_lines_of_different_steps_do_not_run_on_each_other(path: type[Path]) -> None:
    """Flows of one gateway may share its stem; else two lines cross at most."""
    for one, other in combinations(Layout(path).lines, 2):
        if one.source is other.source:
            continue
        for first in pairwise(one.points):
            for second in pairwise(other.points):
                assert _shared(first, second) == 0, f"{one.element} and {other.element}"


Segment = tuple[tuple[int, int], tuple[int, int]]


def _shared(one: Segment, other: Segment) -> int:
    """How long two segments run on each other."""
    for axis in (0, 1):
        fixed = {one[0][axis], one[1][axis], other[0][axis], other[1][axis]}
        if len(fixed) == 1:
            along = 1 - axis
            first, second = sorted(p[along] for p in one), sorted(p[along] for p in other)
            return max(0, min(first[1], second[1]) - max(first[0], second[0]))
    return 0
