"""The drawing of a path with figures: well formed, titled, readable, harmless; the plain drawing stays as it is."""

from functools import partial
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest

from tests.workflows.engine.test_diagram import Tangled, boxes_of, fnmo, label_box, overlap
from workflows.engine import Path, all_paths, get_path
from workflows.engine.diagram import path_svg
from workflows.engine.diagram_figures import BUSIEST, HOTTEST, ArrowMark, StepMark, _Figures, figures_svg

SVG = "{http://www.w3.org/2000/svg}"
PATHS = pytest.mark.parametrize(
    "path",
    [lambda: Tangled, *(partial(get_path, one.key) for one in all_paths())],
    ids=["tangled", *(one.key for one in all_paths())],
)


def marks(path: type[Path]) -> tuple[dict[str, StepMark], dict[tuple[str, str], ArrowMark]]:
    """Marks as wide as they come, on every step and arrow."""
    steps = {
        step.name: StepMark(
            ("A : 12 345 sorties · 125 j (net\u00a0118 j)", "B : 2 345 sorties · 95 j", "▲ la plus lente"),
            f"Figures of {step.name}.",
            HOTTEST,
        )
        for step in path.steps()
    }
    arrows = {
        (step.name, edge.dst.name): ArrowMark(
            ("A : ↻\u00a012 345 (100\u00a0%) + parmi\u00a01 234 · 125\u00a0j", "B : 45"),
            f"{step.name} to {edge.dst.name}.",
            BUSIEST,
            loop=True,
            split=True,
        )
        for step in path.steps()
        for edge in step._outgoing()
    }
    return steps, arrows


def drawn(path: type[Path]) -> ET.Element:
    steps, arrows = marks(path)
    return ET.fromstring(figures_svg(path, heading="<Goulots>", words="En mots.", steps=steps, arrows=arrows))  # noqa: S314


@PATHS
def test_every_step_and_arrow_has_its_figures_and_its_words(path: object) -> None:
    path = path()  # type: ignore[operator]
    svg = drawn(path)
    assert svg.findtext(f"{SVG}title") == "<Goulots>"
    assert svg.findtext(f"{SVG}desc") == "En mots."
    titles = [group.findtext(f"{SVG}title") for group in svg.findall(f"{SVG}g")]
    steps, arrows = marks(path)
    assert sorted(one for one in titles if one) == sorted(
        mark.sentence for mark in (*steps.values(), *arrows.values())
    )
    for element in svg.iter():
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "g", "rect", "path", "text"}
        assert "style" not in element.attrib


@PATHS
def test_figures_have_room(path: object) -> None:
    path = path()  # type: ignore[operator]
    steps, arrows = marks(path)
    drawing = _Figures(path, "", "", steps, arrows)
    things = list(boxes_of(drawing).items())
    things += [
        (f"{link.source.node.name} → {link.target.node.name}", label_box(drawing, link))
        for link in drawing.links
        if link.label
    ]
    for (name, one), (other_name, other) in combinations(things, 2):
        assert not overlap(one, other), (name, other_name)
    for name, one in things:
        assert one[2] <= drawing.width, name
        assert one[3] <= drawing.height, name


def test_heat_and_flow_are_classes_beside_written_figures() -> None:
    svg = figures_svg(
        fnmo(),
        heading="G",
        words="W",
        steps={"check": StepMark(("12 sorties",), "Douze.", 4), "decide": StepMark(("0",), "Zéro.")},
        arrows={
            ("check", "decide"): ArrowMark(("9",), "Neuf.", 3),
            ("decide", "check"): ArrowMark(("2",), "Deux.", 1, loop=True),
        },
    )
    assert 'class="step heat-4"' in svg
    assert 'class="step heat-0"' in svg
    assert 'class="step"' in svg  # a step without figures is plain
    assert 'class="edge edge--forward flow-3"' in svg
    assert 'class="edge edge--return flow-1 is-loop"' in svg


def test_the_plain_drawing_knows_nothing_of_figures() -> None:
    plain = path_svg(fnmo(), {"check": "current"})
    for word in ("heat-", "flow-", "is-loop", "edge-figure"):
        assert word not in plain
    assert plain.count("<title") == 1
