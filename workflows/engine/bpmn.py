"""Exports a path as BPMN 2.0, so that other tools open it: steps, the ways out of each, and the diagram.

A step is a user task; one with several ways out is followed by an exclusive gateway whose flows name the outcomes and
their conditions. A step that several bodies or people hold at once is a parallel multi-instance activity. Role and
delays are documentation. The document validates against the OMG's BPMN20.xsd.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final
from xml.etree import ElementTree as ET

from viewflow.workflow.base import Node

from cases.enums import DeadlineKind
from workflows.engine.bpmn_layout import LABEL, Layout, Point, flow_id, gateway_id, has_gateway, node_id
from workflows.engine.diagram import placed
from workflows.engine.path import Begin, Path
from workflows.engine.step import Route, Step

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

for _prefix, _namespace in (("bpmn", BPMN), ("bpmndi", BPMNDI), ("dc", DC), ("di", DI), ("xsi", XSI)):
    ET.register_namespace(_prefix, _namespace)

_DELAYS: Final = {DeadlineKind.LEGAL: "Délai légal", DeadlineKind.INTERNAL: "Délai interne"}


def path_bpmn(path: type[Path]) -> str:
    """The path as a BPMN 2.0 document; names are French, conditions name outcomes and predicates by their keys."""
    root = ET.Element(
        f"{{{BPMN}}}definitions",
        {
            "id": f"id_definitions_{path.key}",
            "targetNamespace": "urn:berline:paths",
            "expressionLanguage": "urn:berline:outcomes",
            "exporter": "Berline",
        },
    )
    process_id = f"id_process_{path.key}"
    process = _add(root, "process", id=process_id, name=path.title, isExecutable="false")  # a description
    _add(process, "documentation").text = path.summary
    nodes = list(placed(path))  # in reading order
    flows = [flow for node in nodes for flow in _flows(node)]
    for node in nodes:
        element = _add(process, _tag(node), id=node_id(node), name=str(node.task_title))
        if isinstance(node, Step):
            _add(element, "documentation").text = _documentation(node)
        _name_flows(element, flows)
        if isinstance(node, Step) and node.collective:
            _repeat(element, node)
        if has_gateway(node):
            gateway = _add(process, "exclusiveGateway", id=gateway_id(node), gatewayDirection="Diverging")
            _name_flows(gateway, flows)
    for flow, condition in flows:
        element = _add(process, "sequenceFlow", **flow)
        if condition:
            _expression(element, "conditionExpression", condition)
    _draw(root, process_id, Layout(path))
    ET.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def conditions(step: Step) -> dict[str, str]:
    """Target node → when the step leads there; empty for a step with one way out."""
    found: dict[str, list[str]] = {}
    for outcome in step.outcomes.values():
        for number, route in enumerate(outcome.routes):
            tested = list(_tests(outcome.routes, number))
            found.setdefault(route.to.name, []).append(" and ".join([f"outcome == '{outcome.key}'", *tested]))
    if len(found) < 2:
        return {}
    return {target: " or ".join(texts) for target, texts in found.items()}


def _tests(routes: tuple[Route, ...], number: int) -> Iterator[str]:
    """The predicates that let one route win: those before it fail, its own holds."""
    for route in routes[:number]:
        yield f"not {_name(route)}"
    if routes[number].when is not None:
        yield _name(routes[number])


def _name(route: Route) -> str:
    return str(getattr(route.when, "__name__", "condition"))


# -- the process -----------------------------------------------------------------------------------


def _add(parent: ET.Element, tag: str, **attributes: str) -> ET.Element:
    return ET.SubElement(parent, f"{{{BPMN}}}{tag}", attributes)


def _expression(parent: ET.Element, tag: str, text: str) -> None:
    element = _add(parent, tag)
    element.set(f"{{{XSI}}}type", "bpmn:tFormalExpression")
    element.text = text


def _tag(node: Node) -> str:
    if isinstance(node, Step):
        return "userTask"
    return "startEvent" if isinstance(node, Begin) else "endEvent"


def _flows(node: Node) -> Iterator[tuple[dict[str, str], str]]:
    """Attributes and condition of each flow that leaves the node or its gateway."""
    source = node_id(node)
    when: dict[str, str] = {}
    if has_gateway(node):
        yield {"id": f"id_edge_{node.name}", "sourceRef": source, "targetRef": gateway_id(node)}, ""
        source, when = gateway_id(node), conditions(node)
    for edge in node._outgoing():
        named = {"name": str(edge.label)} if edge.label else {}
        flow = {"id": flow_id(node, edge.dst), **named, "sourceRef": source, "targetRef": node_id(edge.dst)}
        yield flow, when.get(edge.dst.name, "")


def _name_flows(element: ET.Element, flows: list[tuple[dict[str, str], str]]) -> None:
    """Which flows come to an element and which leave it."""
    for tag, end in (("incoming", "targetRef"), ("outgoing", "sourceRef")):
        for flow, _ in flows:
            if flow[end] == element.get("id"):
                _add(element, tag).text = flow["id"]


def _documentation(step: Step) -> str:
    """Who does it, then the rule of each delay."""
    delays = "".join(f" {_DELAYS[one.kind]} : règle {one.rule}." for one in step.delays)
    return f"Rôle : {step.role_label}.{delays}"


def _repeat(element: ET.Element, step: Step) -> None:
    """One task for each who is asked, side by side; over with the last answer, or with the first of some kinds."""
    asked = "experts" if step.by_person else "bodies"
    loop = _add(element, "multiInstanceLoopCharacteristics", isSequential="false")
    _expression(loop, "loopCardinality", asked)
    settling = [f"outcome == '{one.key}'" for one in step.outcomes.values() if not one.waits_for_all]
    _expression(loop, "completionCondition", " or ".join([f"answered == {asked}", *settling]))


# -- the diagram -----------------------------------------------------------------------------------


def _draw(root: ET.Element, process_id: str, layout: Layout) -> None:
    diagram = ET.SubElement(root, f"{{{BPMNDI}}}BPMNDiagram", {"id": "id_diagram"})
    plane = ET.SubElement(diagram, f"{{{BPMNDI}}}BPMNPlane", {"id": "id_plane", "bpmnElement": process_id})
    for shape in layout.shapes.values():
        drawn = ET.SubElement(
            plane,
            f"{{{BPMNDI}}}BPMNShape",
            {"id": f"{shape.element}_shape", "bpmnElement": shape.element},
        )
        _bounds(drawn, (shape.x, shape.y), (shape.width, shape.height))
    for line in layout.lines:
        drawn = ET.SubElement(
            plane, f"{{{BPMNDI}}}BPMNEdge", {"id": f"{line.element}_line", "bpmnElement": line.element}
        )
        for x, y in line.points:
            ET.SubElement(drawn, f"{{{DI}}}waypoint", {"x": str(x), "y": str(y)})
        if line.named:
            label = ET.SubElement(drawn, f"{{{BPMNDI}}}BPMNLabel")
            _bounds(label, line.label, LABEL)


def _bounds(parent: ET.Element, corner: Point, size: Point) -> None:
    values = dict(zip(("x", "y", "width", "height"), (*corner, *size), strict=True))
    ET.SubElement(parent, f"{{{DC}}}Bounds", {name: str(value) for name, value in values.items()})
