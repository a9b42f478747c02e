"""The BPMN export: well formed, complete, with named conditional flows."""

from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from django.utils.translation import override

from workflows.engine import get_path
from workflows.engine.bpmn import BPMN, BPMNDI, DC, DI, XSI, path_bpmn


@pytest.fixture(scope="module")
def root() -> ET.Element:
    """The FNMO path in BPMN."""
    return ET.fromstring(path_bpmn(get_path("fnmo_investment")))  # noqa: S314


@pytest.fixture(scope="module")
def flows(root: ET.Element) -> dict[tuple[str, str], ET.Element]:
    """Its sequence flows by source and target."""
    return {
        (
            (one.get("sourceRef") or "").removeprefix("id_node_"),
            (one.get("targetRef") or "").removeprefix("id_node_"),
        ): one
        for one in root.iter(f"{{{BPMN}}}sequenceFlow")
    }


def test_every_edge_of_the_path_is_a_flow(flows: dict[tuple[str, str], ET.Element]) -> None:
    path = get_path("fnmo_investment")
    assert set(flows) == {
        (edge.src.name, edge.dst.name) for node in path.nodes() for edge in node._outgoing()
    }
    assert ("commit", "commit") in flows


def test_flows_of_steps_are_named_by_their_outcomes(flows: dict[tuple[str, str], ET.Element]) -> None:
    assert flows["decide", "close"].get("name") == "Refuser"
    assert flows["sign_off", "commit"].get("name") == "Transmettre (dispense de validation)"
    assert all(flow.get("name") for (source, _), flow in flows.items() if source != "start")


def test_flows_of_a_step_with_several_ways_out_are_conditional(
    flows: dict[tuple[str, str], ET.Element],
) -> None:
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
    for flow in flows.values():
        for condition in flow.findall(f"{{{BPMN}}}conditionExpression"):
            assert condition.get(f"{{{XSI}}}type") == "bpmn:tFormalExpression"


def test_nodes_say_which_flows_enter_and_leave(
    root: ET.Element, flows: dict[tuple[str, str], ET.Element]
) -> None:
    process = root.find(f"{{{BPMN}}}process")
    assert process is not None
    incoming = Counter(one.text for one in process.iter(f"{{{BPMN}}}incoming"))
    outgoing = Counter(one.text for one in process.iter(f"{{{BPMN}}}outgoing"))
    expected = Counter(flow.get("id") for flow in flows.values())
    assert incoming == outgoing == expected


def test_steps_are_user_tasks_that_name_their_role(root: ET.Element) -> None:
    tasks = {one.get("name"): one for one in root.iter(f"{{{BPMN}}}userTask")}
    path = get_path("fnmo_investment")
    assert list(tasks) == [
        step.task_title for step in sorted(path.steps(), key=lambda one: list(tasks).index(one.task_title))
    ]
    for step in path.steps():
        first = tasks[step.task_title][0]
        assert first.tag == f"{{{BPMN}}}documentation", "the schema wants it first"
        assert step.role.label in (first.text or "")


def test_every_node_and_flow_is_drawn(root: ET.Element, flows: dict[tuple[str, str], ET.Element]) -> None:
    path = get_path("fnmo_investment")
    shapes = {one.get("bpmnElement") for one in root.iter(f"{{{BPMNDI}}}BPMNShape")}
    assert shapes == {f"id_node_{node.name}" for node in path.nodes()}
    edges = {one.get("bpmnElement"): one for one in root.iter(f"{{{BPMNDI}}}BPMNEdge")}
    assert set(edges) == {flow.get("id") for flow in flows.values()}
    for edge in edges.values():
        assert len(edge.findall(f"{{{DI}}}waypoint")) >= 2, edge.get("id")


def test_identifiers_are_unique_and_references_resolve(root: ET.Element) -> None:
    identifiers = [one.get("id") for one in root.iter() if one.get("id")]
    assert len(identifiers) == len(set(identifiers))
    for one in root.iter():
        for name in ("sourceRef", "targetRef", "bpmnElement", "sourceElement", "targetElement"):
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
