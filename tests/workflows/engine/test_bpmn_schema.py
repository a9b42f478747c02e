"""The BPMN export before others: the OMG's schema, and an engine that knows nothing of Berline.

SpiffWorkflow brings both. Its engine runs only what calls itself executable; the export does not, so the tests turn
that one attribute. Then it is led along every way out of every step and has to arrive where Berline would.
"""

from collections.abc import Iterator
from pathlib import Path as FilePath
from typing import Any

import pytest
import SpiffWorkflow
from lxml import etree
from SpiffWorkflow.bpmn.parser import BpmnParser
from SpiffWorkflow.bpmn.specs.defaults import EndEvent, ParallelMultiInstanceTask, StartEvent, UserTask
from SpiffWorkflow.bpmn.workflow import BpmnWorkflow
from SpiffWorkflow.util.task import TaskState

from workflows.engine import all_paths, get_path
from workflows.engine.bpmn import path_bpmn
from workflows.engine.path import Begin, Finish, Path
from workflows.engine.step import Outcome, Route, Step

PATHS = pytest.mark.parametrize("path", all_paths(), ids=lambda path: path.key)
NAMES = {
    "bpmn": "http://www.omg.org/spec/BPMN/20100524/MODEL",
    "di": "http://www.omg.org/spec/BPMN/20100524/DI",
}

#: How many hold a shared step when the other engine runs it.
HOLDERS = 3


@pytest.fixture(scope="module")
def schema() -> etree.XMLSchema:
    """The OMG's schema, with its parts for diagrams."""
    folder = FilePath(SpiffWorkflow.__file__).parent / "bpmn" / "parser" / "schema"
    return etree.XMLSchema(etree.parse(folder / "BPMN20.xsd"))


def exported(path: type[Path]) -> Any:
    """The path's document."""
    return etree.fromstring(path_bpmn(path).encode())


def parsed(path: type[Path]) -> Any:
    """What the other engine makes of it."""
    document = exported(path)
    (process,) = document.findall("bpmn:process", NAMES)
    process.set("isExecutable", "true")
    parser = BpmnParser()
    parser.add_bpmn_xml(document)
    (name,) = parser.get_process_ids()
    return parser.get_spec(name)


@PATHS
def test_export_is_valid(path: type[Path], schema: etree.XMLSchema) -> None:
    schema.assertValid(exported(path))


def test_the_schema_would_tell(schema: etree.XMLSchema) -> None:
    """A child out of order, a value that is none, a shape without bounds."""
    for spoil in (
        lambda tree: tree.find(".//bpmn:userTask", NAMES).append(tree.find(".//bpmn:documentation", NAMES)),
        lambda tree: tree.find(".//bpmn:exclusiveGateway", NAMES).set("gatewayDirection", "Sideways"),
        lambda tree: tree.find(".//di:BPMNShape", NAMES).clear(),
    ):
        document = exported(get_path("virement"))
        spoil(document)
        assert not schema.validate(document)


@PATHS
def test_another_engine_finds_the_same_steps(path: type[Path]) -> None:
    specs = parsed(path).task_specs
    single = {
        spec.bpmn_id for spec in specs.values() if isinstance(spec, UserTask) and "[child]" not in spec.name
    }
    several = {spec.name for spec in specs.values() if isinstance(spec, ParallelMultiInstanceTask)}
    assert single == {f"id_node_{step.name}" for step in path.steps() if not step.collective}
    assert several == {f"id_node_{step.name}" for step in path.steps() if step.collective}
    for kind, node in ((StartEvent, Begin), (EndEvent, Finish)):
        found = {spec.bpmn_id for spec in specs.values() if isinstance(spec, kind) and spec.bpmn_id}
        assert found == {f"id_node_{one.name}" for one in path.nodes() if isinstance(one, node)}
    titles = {spec.bpmn_name for spec in specs.values() if isinstance(spec, UserTask)}
    assert titles == {step.task_title for step in path.steps()}


# -- where each way out leads ----------------------------------------------------------------------


def settled(outcome: Outcome, number: int) -> dict[str, Any]:
    """Data by which the route with that number wins: the outcome, and what each predicate says."""
    said: dict[str, Any] = {"outcome": outcome.key}
    for route in outcome.routes[:number]:
        said[route.when.__name__] = False  # type: ignore[union-attr]
    when = outcome.routes[number].when
    return said if when is None else said | {when.__name__: True}


def ways(step: Step) -> Iterator[tuple[Outcome, int, Route]]:
    """Every way out of a step."""
    for outcome in step.outcomes.values():
        for number, route in enumerate(outcome.routes):
            yield outcome, number, route


def approaches(path: type[Path]) -> dict[Step, list[dict[str, Any]]]:
    """For each step, what is said at the steps before it on a shortest way there."""
    found: dict[Step, list[dict[str, Any]]] = {path.first_step(): []}
    frontier = [path.first_step()]
    while frontier:
        step = frontier.pop(0)
        for outcome, number, route in ways(step):
            if isinstance(route.to, Step) and route.to not in found:
                found[route.to] = [*found[step], settled(outcome, number)]
                frontier.append(route.to)
    return found


def lead(workflow: BpmnWorkflow, said: dict[str, Any]) -> None:
    """Let everybody who has a task of the one open step say the same."""
    for answered, task in enumerate(workflow.get_tasks(state=TaskState.READY), start=1):
        task.data.update(said, answered=answered, bodies=HOLDERS, experts=HOLDERS)
        task.run()
    workflow.do_engine_steps()


@PATHS
def test_another_engine_arrives_where_berline_would(path: type[Path]) -> None:
    spec = parsed(path)
    before = approaches(path)
    for step in path.steps():
        for outcome, number, route in ways(step):
            workflow = BpmnWorkflow(spec)
            workflow.task_tree.data.update(bodies=HOLDERS, experts=HOLDERS)
            workflow.do_engine_steps()
            for said in [*before[step], settled(outcome, number)]:
                lead(workflow, said)
            name = f"{step.name}.{outcome.key} ({number})"
            if isinstance(route.to, Finish):
                assert workflow.completed, name
            else:
                open_now = {task.task_spec.bpmn_id for task in workflow.get_tasks(state=TaskState.READY)}
                assert open_now == {f"id_node_{route.to.name}"}, name
