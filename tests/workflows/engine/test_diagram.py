"""The drawing of a path: complete, readable, accessible, harmless under a strict content policy."""

from functools import partial
from itertools import combinations
from xml.etree import ElementTree as ET

import pytest
from django import forms

from cases.enums import DossierStatus, Duty, OrganisationKind, Role
from workflows.engine import Begin, Finish, Path, Step, all_paths, get_path, outcome, this
from workflows.engine.diagram import (
    LABEL_SIZE,
    LINE,
    STATES,
    Drawing,
    Link,
    Point,
    path_svg,
    text_width,
    wrap,
)

SVG = "{http://www.w3.org/2000/svg}"
S = DossierStatus


def step(title: str, *ways: tuple[str, object, DossierStatus]) -> Step:
    """A step with these outcomes: label, target, status."""
    return Step(
        title=title,
        role=Role.ACCOUNTING_OFFICER,
        duty=Duty.REVIEW,
        outcomes=[
            outcome(f"o{number}", label, to=to, status=status)
            for number, (label, to, status) in enumerate(ways)
        ],
    )


class Tangled(Path):
    """A path with all that makes a drawing hard: side steps, long returns, shortcuts, a far edge."""

    key = "tangled"
    prefix = "TNG"
    title = "Circuit d’essai"
    summary = "Tout ce qui rend un dessin difficile."
    convention = "cog-2014-2017"
    organisation_kinds = frozenset({OrganisationKind.CARMI})
    form = forms.Form

    start = Begin().Next(this.one)
    one = step(
        "Préparer un dossier dont le titre est si long qu’il tient sur trois lignes",
        ("Soumettre", this.two, S.SUBMITTED),
    )
    two = step(
        "Signer",
        ("Transmettre", this.three, S.UNDER_REVIEW),
        ("Renvoyer", this.one, S.DRAFT),
        ("Classer", this.end, S.REFUSED),
        ("Aller droit à la décision", this.four, S.AWAITING_DECISION),
    )
    three = step(
        "Instruire",
        ("Proposer", this.four, S.AWAITING_DECISION),
        ("Demander un complément", this.aside, S.TO_COMPLETE),
        ("Demander l’avis du comité d’experts avant toute autre chose", this.opinion, S.IN_CONSULTATION),
        ("Tout reprendre", this.one, S.DRAFT),
    )
    aside = step("Compléter", ("Renvoyer à l’instruction", this.three, S.UNDER_REVIEW))
    opinion = step(
        "Donner un avis",
        ("Avis favorable", this.four, S.AWAITING_DECISION),
        ("Avis réservé", this.three, S.UNDER_REVIEW),
    )
    four = step(
        "Décider",
        ("Valider", this.five, S.APPROVED),
        ("Refuser", this.end, S.REFUSED),
        ("Renvoyer à l’instruction", this.three, S.UNDER_REVIEW),
        ("Renvoyer à la signature", this.two, S.SUBMITTED),
        ("Ajourner", this.four, S.AWAITING_DECISION),
    )
    five = step("Exécuter", ("Clore", this.end, S.CLOSED), ("Réviser", this.three, S.UNDER_REVIEW))
    end = Finish("Fin")


def fnmo() -> type[Path]:
    """The real path."""
    return get_path("fnmo_investment")


PATHS = pytest.mark.parametrize(
    "path",
    [lambda: Tangled, *(partial(get_path, one.key) for one in all_paths())],
    ids=["tangled", *(one.key for one in all_paths())],
)

Rectangle = tuple[float, float, float, float]


def overlap(one: Rectangle, other: Rectangle) -> bool:
    """Whether two rectangles (left, top, right, bottom) share more than an edge."""
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def boxes_of(drawing: Drawing) -> dict[str, Rectangle]:
    """Every box."""
    return {
        name: (one.x, one.y, one.x + one.width, one.y + one.height) for name, one in drawing.boxes.items()
    }


def label_box(drawing: Drawing, link: Link) -> Rectangle:
    """Where a label stands, its width estimated on the generous side."""
    x, y = drawing._label_at(link)
    width = max(text_width(line, LABEL_SIZE) for line in link.label)
    return (x, y - LINE * (len(link.label) - 1) - LABEL_SIZE * 0.8, x + width, y + 2)


def segments(drawing: Drawing, link: Link) -> list[tuple[Point, Point]]:
    """The straight pieces of an edge."""
    points = drawing._points(link)
    return list(zip(points, points[1:], strict=False))


@PATHS
def test_every_node_and_edge_is_drawn_once(path: object) -> None:
    path = path()  # type: ignore[operator]
    svg = ET.fromstring(path_svg(path))  # noqa: S314
    kinds = [one.get("class", "").split()[0] for one in svg.findall(f"{SVG}g")]
    assert kinds.count("step") == len(path.steps())
    assert kinds.count("event") == 2
    assert kinds.count("edge") == sum(len(list(node._outgoing())) for node in path.nodes())


@PATHS
def test_every_title_role_and_label_can_be_read(path: object) -> None:
    path = path()  # type: ignore[operator]
    svg = ET.fromstring(path_svg(path))  # noqa: S314
    groups = [
        " ".join(text.text or "" for text in group.iter(f"{SVG}text")) for group in svg.findall(f"{SVG}g")
    ]
    labels = [
        " ".join(reversed([text.text or "" for text in group.iter(f"{SVG}text")]))
        for group in svg.findall(f"{SVG}g")
    ]
    plain = [one.replace("\u00a0", " ") for one in groups + labels]
    for one in path.steps():
        assert any(one.task_title in text and one.role.label in text for text in plain), one.task_title
        for edge in one._outgoing():
            assert edge.label in plain, edge.label


@PATHS
def test_boxes_and_labels_do_not_overlap(path: object) -> None:
    drawing = Drawing(path(), {})  # type: ignore[operator]
    things = list(boxes_of(drawing).items())
    things += [
        (f"label {link.source.node.name} → {link.target.node.name}", label_box(drawing, link))
        for link in drawing.links
        if link.label
    ]
    for (name, one), (other_name, other) in combinations(things, 2):
        assert not overlap(one, other), (name, other_name)
    for name, one in things:
        assert one[0] >= 0, name
        assert one[1] >= 0, name
        assert one[2] <= drawing.width, name
        assert one[3] <= drawing.height, name


@PATHS
def test_edges_begin_and_end_on_their_boxes_and_cross_no_other(path: object) -> None:
    drawing = Drawing(path(), {})  # type: ignore[operator]
    boxes = boxes_of(drawing)
    for link in drawing.links:
        points = drawing._points(link)
        for (x, y), box in ((points[0], link.source), (points[-1], link.target)):
            left, top, right, bottom = boxes[box.node.name]
            assert left - 0.1 <= x <= right + 0.1, (link.source.node.name, link.target.node.name)
            assert top - 0.1 <= y <= bottom + 0.1, (link.source.node.name, link.target.node.name)
            assert min(abs(x - left), abs(x - right), abs(y - top), abs(y - bottom)) < 0.1
        for (ax, ay), (bx, by) in segments(drawing, link):
            assert ax == bx or ay == by, "edges run straight"
            line = (min(ax, bx) - 0.5, min(ay, by) - 0.5, max(ax, bx) + 0.5, max(ay, by) + 0.5)
            for name, box in boxes.items():
                if name not in (link.source.node.name, link.target.node.name):
                    assert not overlap(line, box), (link.source.node.name, link.target.node.name, name)


@PATHS
def test_no_edge_runs_through_a_label(path: object) -> None:
    drawing = Drawing(path(), {})  # type: ignore[operator]
    for link in drawing.links:
        for (ax, ay), (bx, by) in segments(drawing, link):
            line = (min(ax, bx), min(ay, by), max(ax, bx), max(ay, by))
            for other in drawing.links:
                if other.label:
                    crossed = overlap(line, label_box(drawing, other))
                    assert not crossed, (link.source.node.name, link.target.node.name, other.label)


@PATHS
def test_no_two_edges_run_on_top_of_each_other(path: object) -> None:
    drawing = Drawing(path(), {})  # type: ignore[operator]
    for one, other in combinations(drawing.links, 2):
        for (ax, ay), (bx, by) in segments(drawing, one):
            for (cx, cy), (dx, dy) in segments(drawing, other):
                if ax == bx == cx == dx:
                    shared = min(max(ay, by), max(cy, dy)) - max(min(ay, by), min(cy, dy))
                elif ay == by == cy == dy:
                    shared = min(max(ax, bx), max(cx, dx)) - max(min(ax, bx), min(cx, dx))
                else:
                    continue
                assert shared <= 0, (one.label, other.label)


def test_real_path_has_at_most_one_crossing() -> None:
    drawing = Drawing(fnmo(), {})
    crossings = 0
    for one, other in combinations(drawing.links, 2):
        for (ax, ay), (bx, by) in segments(drawing, one):
            for (cx, cy), (dx, dy) in segments(drawing, other):
                if (ax == bx) != (cx == dx):
                    (vx, v1, v2), (hy, h1, h2) = (
                        ((ax, ay, by), (cy, cx, dx)) if ax == bx else ((cx, cy, dy), (ay, ax, bx))
                    )
                    crossings += min(v1, v2) < hy < max(v1, v2) and min(h1, h2) < vx < max(h1, h2)
    assert crossings <= 1


def test_titles_fit_their_boxes() -> None:
    for path in (Tangled, *all_paths()):
        for box in Drawing(path, dict.fromkeys(("one", "check"), "current")).boxes.values():
            assert all(text_width(line, 15 * 1.12) <= box.width - 16 for line in box.title), box.title
            assert 20 * len(box.title) + LINE * len(box.role) < box.height


def test_states_are_told_by_class_and_by_word() -> None:
    states = {"prepare": "done", "sign_off": "current", "check": "ahead", "complete_file": "aside"}
    svg = ET.fromstring(path_svg(fnmo(), states))  # noqa: S314
    found = {}
    for group in svg.findall(f"{SVG}g"):
        texts = [text.text or "" for text in group.iter(f"{SVG}text")]
        found[texts[0] if texts else ""] = (group.get("class"), texts[-1] if texts else "")
    assert found["Préparer le dossier"] == ("step is-done", STATES["done"][4])
    assert found["Signer et transmettre"] == ("step is-current", STATES["current"][4])
    assert found["Instruire le dossier"] == ("step is-ahead", "Instructeur")
    assert found["Compléter le dossier"] == ("step is-aside", "Agent préparateur")
    assert found["Décider"] == ("step", "Directeur général")
    desc = svg.findtext(f"{SVG}desc") or ""
    assert "Préparer le dossier (Agent préparateur), fait :" in desc
    assert "Signer et transmettre (Directeur régional), en cours :" in desc


def test_ways_back_are_told_from_ways_forward() -> None:
    svg = ET.fromstring(path_svg(Tangled))  # noqa: S314
    kinds = {}
    for group in svg.findall(f"{SVG}g"):
        label = " ".join(reversed([text.text or "" for text in group.iter(f"{SVG}text")]))
        kinds[label] = group.get("class"), "stroke-dasharray" in group[0].attrib
    assert kinds["Proposer"] == ("edge edge--forward", False)
    assert kinds["Classer"] == ("edge edge--skip", False)
    assert kinds["Avis favorable"] == ("edge edge--skip", False)
    assert kinds["Demander un complément"] == ("edge edge--aside", False)
    assert kinds["Réviser"] == ("edge edge--return", True)
    assert kinds["Ajourner"] == ("edge edge--return", True)


def test_unknown_state_is_drawn_plain() -> None:
    assert path_svg(fnmo(), {"prepare": "nope"}).count('class="step"') == len(fnmo().steps())


def test_drawing_is_an_image_with_a_title_and_a_description() -> None:
    svg = ET.fromstring(path_svg(fnmo()))  # noqa: S314
    assert svg.get("role") == "img"
    assert svg.get("lang") == "fr"
    names = {one.get("id"): one for one in svg if one.get("id")}
    assert (svg.get("aria-labelledby") or "").split() == list(names)
    assert [one.tag for one in names.values()] == [f"{SVG}title", f"{SVG}desc"]
    desc = svg.findtext(f"{SVG}desc") or ""
    for step in fnmo().steps():
        for edge in step._outgoing():
            assert f"{edge.label} → " in desc


def test_drawing_holds_nothing_that_a_strict_policy_blocks() -> None:
    for element in ET.fromstring(path_svg(fnmo(), {"check": "current"})).iter():  # noqa: S314
        assert element.tag.removeprefix(SVG) in {"svg", "title", "desc", "g", "rect", "path", "text"}
        for name in element.attrib:
            assert name != "style"
            assert not name.lower().startswith(("on", "href", "{"))


def test_texts_are_escaped() -> None:
    class Hostile(Path):
        """Marks in a title."""

        key = "hostile"
        prefix = "HST"
        title = "<script>alert(1)</script> & « x »"
        summary = "<b>"
        convention = "cog-2014-2017"
        organisation_kinds = frozenset({OrganisationKind.CARMI})
        form = forms.Form
        start = Begin().Next(this.one)
        one = step("<img onerror=x>", ('"&', this.end, S.SUBMITTED))
        end = Finish("</svg>")

    svg = path_svg(Hostile)
    assert "<script" not in svg
    assert "<img" not in svg
    assert ET.fromstring(svg).findtext(f"{SVG}title") == "Circuit « <script>alert(1)</script> & « x » »"  # noqa: S314


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Valider", ["Valider"]),
        ("Dossier complet : proposer", ["Dossier complet\u00a0:", "proposer"]),
        ("Avis « réservé » du comité", ["Avis", "«\u00a0réservé\u00a0» du", "comité"]),
        ("Anticonstitutionnellement", ["Anticonstitutionnellement"]),
    ],
)
def test_wrapping_keeps_french_signs_with_their_word(text: str, lines: list[str]) -> None:
    assert wrap(text, 12.5, 130 if "Dossier" in text else 100) == lines


def test_drawing_is_the_same_every_time() -> None:
    assert path_svg(fnmo()) == path_svg(fnmo())
