"""``GET paths``…: the approval paths that exist, as data, as BPMN and as a drawing."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from ninja import Router
from pydantic import BaseModel

from cases import clock
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.api.schemas import QuoteOut
from cases.enums import DossierStatus, OrganisationKind
from workflows.api.forms import ChoiceOut, FieldOut, fields_of
from workflows.engine.bpmn import path_bpmn
from workflows.engine.delays import terms_of
from workflows.engine.diagram import path_svg
from workflows.engine.path import Path
from workflows.engine.registry import all_paths, get_path
from workflows.engine.step import Outcome, Route, Step, Within
from workflows.rulebook import rulebooks

router = Router(tags=["Circuits"])


class ConventionOut(BaseModel):
    """La convention qui fonde un circuit."""

    key: str
    title: str


class PathSummary(BaseModel):
    """Un circuit en bref."""

    key: str
    prefix: str
    title: str
    summary: str
    convention: ConventionOut
    organisation_kinds: list[ChoiceOut]


class PathsOut(BaseModel):
    """Les circuits."""

    items: list[PathSummary]


class DelayOut(BaseModel):
    """Le délai d’une étape ; « unit » : calendar_days, working_days, months, ou date (un jour fixé, propre à
    chaque dossier, sans « value ») ; « kind » : legal ou internal ; « at_expiry » : alert, tacit_approval, enforceable,
    lapse ou report_breach.
    """

    rule: str
    value: int | None
    unit: str
    text: str
    kind: str
    kind_label: str
    at_expiry: str
    at_expiry_label: str
    quote: QuoteOut


class RouteOut(BaseModel):
    """Où mène une issue ; « condition » est vide quand elle y mène toujours, ou à défaut des autres."""

    to: str
    to_title: str
    status: str
    status_label: str
    condition: str
    quotes: list[QuoteOut]


class OutcomeOut(BaseModel):
    """Une issue d’étape, les données et le motif qu’elle demande."""

    outcome: str
    label: str
    help: str
    motive_required: bool
    fields: list[FieldOut]
    routes: list[RouteOut]
    quotes: list[QuoteOut]


class StepOut(BaseModel):
    """Une étape : qui la fait, dans quel délai, avec quelles issues."""

    key: str
    title: str
    help: str
    role: str
    role_label: str
    edits: bool
    delay: DelayOut | None
    delays: list[DelayOut]
    outcomes: list[OutcomeOut]
    quotes: list[QuoteOut]


class PathPieceOut(BaseModel):
    """Une pièce du circuit et la règle qui la demande."""

    key: str
    title: str
    help: str
    quote: QuoteOut


class PathOut(PathSummary):
    """Un circuit, avec les règles en vigueur aujourd’hui."""

    first_step: str
    fields: list[FieldOut]
    pieces: list[PathPieceOut]
    steps: list[StepOut]
    withdrawal: QuoteOut | None


@router.get("paths", summary="Lister les circuits", response={200: PathsOut, 401: ErrorOut})
def list_paths(request: HttpRequest) -> PathsOut:
    """Les circuits d’approbation, par titre."""
    refuse_unknown_parameters(request)
    return PathsOut(items=[PathSummary(**_summary(path)) for path in all_paths()])


@router.get(
    "paths/{key}", summary="Décrire un circuit", response={200: PathOut, 401: ErrorOut, 404: ErrorOut}
)
def read_path(request: HttpRequest, key: str) -> PathOut:
    """Étapes, rôles, pièces, délais et données d’un circuit, chacun avec la règle qui le fonde."""
    path = get_path(key)
    return PathOut(
        **_summary(path),
        first_step=path.first_step().name,
        fields=fields_of(path.form),
        pieces=[
            PathPieceOut(key=one.key, title=one.title, help=one.help, quote=_quote(path, one.rule))
            for one in path.pieces
        ],
        steps=[_step(path, step) for step in path.steps()],
        withdrawal=_quote(path, path.withdrawal_rule) if path.withdrawal_rule else None,
    )


@router.get(
    "paths/{key}/bpmn",
    summary="Exporter un circuit en BPMN 2.0",
    response={401: ErrorOut, 404: ErrorOut},
    openapi_extra={
        "responses": {200: {"description": "Le circuit en BPMN 2.0.", "content": {"application/xml": {}}}}
    },
)
def read_bpmn(request: HttpRequest, key: str) -> HttpResponse:
    """Le circuit pour un outil de modélisation ; les issues y sont des flux conditionnels nommés."""
    response = HttpResponse(path_bpmn(get_path(key)), content_type="application/xml; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{key}.bpmn"'
    return response


@router.get(
    "paths/{key}/diagram.svg",
    summary="Dessiner un circuit",
    response={401: ErrorOut, 404: ErrorOut},
    openapi_extra={
        "responses": {200: {"description": "Le dessin du circuit.", "content": {"image/svg+xml": {}}}}
    },
)
def read_diagram(request: HttpRequest, key: str) -> HttpResponse:
    """Le circuit dessiné, retours compris ; le dessin porte un équivalent textuel."""
    return HttpResponse(path_svg(get_path(key)), content_type="image/svg+xml; charset=utf-8")


def _summary(path: type[Path]) -> dict[str, Any]:
    return {
        "key": path.key,
        "prefix": path.prefix,
        "title": path.title,
        "summary": path.summary,
        "convention": ConventionOut(key=path.convention, title=rulebooks()[path.convention].title),
        "organisation_kinds": [
            ChoiceOut(value=kind.value, label=kind.label)
            for kind in OrganisationKind
            if kind in path.organisation_kinds
        ],
    }


def _quote(path: type[Path], rule: str) -> QuoteOut:
    return QuoteOut.of(rulebooks()[path.convention].rule(rule, clock.today()).as_quote())


def _step(path: type[Path], step: Step) -> StepOut:
    return StepOut(
        key=step.name,
        title=step.task_title,
        help=step.help,
        role=step.role.value,
        role_label=step.role_label,
        edits=step.edits,
        delay=_delay(path, step.within) if step.within else None,
        delays=[_delay(path, within) for within in step.delays],
        outcomes=[_outcome(path, one) for one in step.outcomes.values()],
        quotes=[_quote(path, rule) for rule in step.rules],
    )


def _delay(path: type[Path], within: Within) -> DelayOut:
    terms = terms_of(within, rulebooks()[path.convention].rule(within.rule, clock.today()))
    return DelayOut(
        rule=within.rule,
        value=terms.duration.value if terms.duration else None,
        unit=terms.duration.unit.value if terms.duration else "date",
        text=terms.text,
        kind=within.kind,
        kind_label=within.kind.label,
        at_expiry=within.at_expiry,
        at_expiry_label=within.at_expiry.label,
        quote=_quote(path, within.rule),
    )


def _outcome(path: type[Path], outcome: Outcome) -> OutcomeOut:
    return OutcomeOut(
        outcome=outcome.key,
        label=outcome.label,
        help=outcome.help,
        motive_required=outcome.motive,
        fields=fields_of(outcome.form),
        routes=[_route(path, route) for route in outcome.routes],
        quotes=[_quote(path, rule) for rule in outcome.rules],
    )


def _route(path: type[Path], route: Route) -> RouteOut:
    return RouteOut(
        to=route.to.name,
        to_title=route.to.task_title,
        status=route.status.value,
        status_label=DossierStatus(route.status).label,
        condition=route.label,
        quotes=[_quote(path, rule) for rule in route.rules],
    )
