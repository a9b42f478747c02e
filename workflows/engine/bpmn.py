"""Exports a path as BPMN 2.0: viewflow's own export, completed where our steps say more than its nodes.

Added to viewflow's document: a condition on each flow that leaves a step with several outcomes, the role
and the delay of
each step as documentation, and the waypoints of a step that leads back to itself, which viewflow leaves out.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree as ET

from django.utils.translation import override
from viewflow.workflow import chart

from workflows.engine.path import Path
from workflows.engine.step import Route, Step

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
XSI = "http://www.w3.org/2001/XMLSchema-instance"

for _prefix, _namespace in (("bpmn", BPMN), ("bpmndi", BPMNDI), ("dc", DC), ("di", DI), ("xsi", XSI)):
    ET.register_namespace(_prefix, _namespace)

#: Loop of a step back to itself: how far it stands off the box.
LOOP = 24


def path_bpmn(path: type[Path]) -> str:
    """The path as a BPMN 2.0 document; names are French, conditions name outcomes and predicates by their
    keys.
    """
    with override("en"):  # numbers with a point, whatever the language of the request
        grid = chart.calc_layout_data(path)
        text = chart.grid_to_bpmn(grid)
    root = ET.fromstring(text)  # noqa: S314 (made by us, two lines above)
    root.set("exporter", "Berline")
    process = root.find(f"{{{BPMN}}}process")
    if process is None:
        raise ValueError(f"{path.key}: viewflow exported no process")
    process.set("isExecutable", "false")  # a description: nothing but Berline runs it
    flows = {flow.get("id"): flow for flow in process.findall(f"{{{BPMN}}}sequenceFlow")}
    tasks = {task.get("id"): task for task in process.findall(f"{{{BPMN}}}userTask")}
    edges = {edge.get("bpmnElement"): edge for edge in root.iter(f"{{{BPMNDI}}}BPMNEdge")}
    for step in path.steps():
        _document(tasks[f"id_node_{step.name}"], step)
        for target, condition in conditions(step).items():
            flow = flows[f"id_edge_{step.name}__{target}"]
            expression = ET.SubElement(
                flow, f"{{{BPMN}}}conditionExpression", {f"{{{XSI}}}type": "bpmn:tFormalExpression"}
            )
            expression.text = condition
        loop = edges.get(f"id_edge_{step.name}__{step.name}")
        if loop is not None:
            _draw_loop(loop, grid[step].shape)
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


def _document(task: ET.Element, step: Step) -> None:
    """The role first, then the rule of the delay; documentation is the first child that BPMN allows."""
    delay = "".join(f" Délai {one.kind.label.lower()} : règle {one.rule}." for one in step.delays)
    documentation = ET.Element(f"{{{BPMN}}}documentation")
    documentation.text = f"Rôle : {step.role_label}.{delay}"
    task.insert(0, documentation)


def _draw_loop(edge: ET.Element, shape: chart.Shape) -> None:
    for waypoint in edge.findall(f"{{{DI}}}waypoint"):
        edge.remove(waypoint)
    right, top, y = shape.x + shape.width, shape.y, shape.y + shape.height // 4
    x = shape.x + 3 * shape.width // 4
    corners = [(right, y), (right + LOOP, y), (right + LOOP, top - LOOP), (x, top - LOOP), (x, top)]
    for number, (cx, cy) in enumerate(corners):
        waypoint = ET.Element(f"{{{DI}}}waypoint", {f"{{{XSI}}}type": "dc:Point", "x": str(cx), "y": str(cy)})
        edge.insert(number, waypoint)
