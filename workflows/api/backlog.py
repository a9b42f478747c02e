"""``backlog``: the figures of the queues, for managers (design §11). Never of a person."""

from datetime import date
from typing import Any

from django.http import HttpRequest
from ninja import Query, Router
from pydantic import BaseModel, ConfigDict, Field

from cases.api.access import person_of
from cases.api.errors import ErrorOut
from cases.api.reading import refuse_unknown_parameters
from cases.errors import Invalid, NotFound
from cases.permissions import holdings_of
from workflows.backlog_extract import per_week
from workflows.selectors.backlog import BacklogRow, backlog
from workflows.selectors.backlog_figures import AGE_BANDS, Figures, Flow, Times
from workflows.selectors.backlog_filters import read_filters
from workflows.selectors.tallies import manages

router = Router(tags=["Charge"])


class BacklogIn(BaseModel):
    """Quelles files compter ; rien : toutes celles des organismes que la personne pilote."""

    role: str = Field(default="", max_length=60, description="Rôle qui agit, par exemple « reviewer ».")
    body: str = Field(default="", max_length=60, description="Code de l’organisme qui agit.")
    path: str = Field(default="", max_length=60, description="Clé du circuit.")
    step: str = Field(default="", max_length=60, description="Clé de l’étape.")
    organisation: str = Field(default="", max_length=60, description="Code de l’organisme des dossiers.")
    state: str = Field(
        default="",
        max_length=60,
        description="Files ayant des tâches en retard (overdue), à échéance sous 5 jours ouvrés (soon) ou non "
        "prises (free).",
    )
    weeks: str = Field(
        default="",
        max_length=60,
        description="Période, en semaines entières : 4, 8, 13 (sans précision) ou 26.",
        json_schema_extra={"example": "13"},
    )


class AgesOut(BaseModel):
    """Jours ouvrés depuis l’arrivée des tâches ouvertes, par rang le plus proche ; null : aucune.

    « bands » : combien ont de 0 à 2 jours, de 3 à 5, de 6 à 10, de 11 à 20 et plus de 20.
    """

    median: int | None
    p90: int | None
    bands: dict[str, int]


class FlowOut(BaseModel):
    """Arrivées (« first » : première fois, « completed » : revenues complétées, « again » : renvoyées par une étape
    suivante) et sorties (« done » : terminées, « returned » : rendues au déposant, « gone » : retirées ou réglées
    par un autre organisme).
    """

    arrivals: int
    first: int
    completed: int
    again: int
    exits: int
    done: int
    returned: int
    gone: int

    @classmethod
    def of(cls, flow: Flow) -> "FlowOut":
        """From figures."""
        return cls(**{name: getattr(flow, name) for name in cls.model_fields})


class WeekOut(FlowOut):
    """Une semaine, nommée par son lundi ; la dernière est en cours."""

    monday: date


class TimesOut(BaseModel):
    """Jours ouvrés à l’étape, de ce qui s’est terminé dans la période : bruts, et nets du temps du déposant."""

    number: int
    gross_median: int | None
    gross_p90: int | None
    net_median: int | None
    net_p90: int | None

    @classmethod
    def of(cls, times: Times) -> "TimesOut":
        """From figures."""
        return cls(
            number=times.number,
            gross_median=times.gross_median,
            gross_p90=times.gross_slow,
            net_median=times.net_median,
            net_p90=times.net_slow,
        )


class FiguresOut(BaseModel):
    """Ce qui est ouvert aujourd’hui, ce qui est entré et sorti pendant la période et la précédente, les durées."""

    open: int
    free: int
    overdue: int
    due_soon: int
    open_before: int
    age: AgesOut
    arrivals_per_week: float
    completions_per_week: float
    exits_per_week: float
    period: FlowOut
    period_before: FlowOut
    this_week: FlowOut
    times: TimesOut
    times_before: TimesOut


#: A queue, for the document of the API.
EXAMPLE: dict[str, Any] = {
    "role": "reviewer",
    "body": "canssm",
    "body_name": "CANSSM",
    "path": "fnmo_investment",
    "path_title": "Opération d’investissement FNMO",
    "step": "check",
    "step_title": "Instruction",
    "organisations": ["carmi-npdc"],
    "open": 3,
    "free": 1,
    "overdue": 1,
    "due_soon": 1,
    "open_before": 2,
    "age": {
        "median": 6,
        "p90": 21,
        "bands": {"0-2": 1, "3-5": 0, "6-10": 1, "11-20": 0, "21+": 1},
    },
    "arrivals_per_week": 0.3,
    "completions_per_week": 0.2,
    "exits_per_week": 0.2,
    "period": {
        "arrivals": 4,
        "first": 3,
        "completed": 1,
        "again": 0,
        "exits": 3,
        "done": 2,
        "returned": 1,
        "gone": 0,
    },
    "period_before": {
        "arrivals": 2,
        "first": 2,
        "completed": 0,
        "again": 0,
        "exits": 2,
        "done": 2,
        "returned": 0,
        "gone": 0,
    },
    "this_week": {
        "arrivals": 0,
        "first": 0,
        "completed": 0,
        "again": 0,
        "exits": 0,
        "done": 0,
        "returned": 0,
        "gone": 0,
    },
    "times": {"number": 2, "gross_median": 6, "gross_p90": 8, "net_median": 4, "net_p90": 6},
    "times_before": {"number": 2, "gross_median": 5, "gross_p90": 5, "net_median": 5, "net_p90": 5},
}


class QueueOut(FiguresOut):
    """Une file : un rôle dans un organisme à une étape d’un circuit, pour les dossiers des « organisations »."""

    model_config = ConfigDict(json_schema_extra={"example": EXAMPLE})

    role: str
    body: str
    body_name: str
    path: str
    path_title: str
    step: str
    step_title: str
    organisations: list[str]


class BacklogOut(BaseModel):
    """Les files, ce qui presse d’abord, leur ensemble et leurs semaines ; « soon_until » : dernier jour de
    « due_soon ».
    """

    today: date
    soon_until: date
    since: date
    until: date
    items: list[QueueOut]
    totals: FiguresOut
    weeks: list[WeekOut]


@router.get(
    "backlog",
    summary="Lire la charge des files",
    response={200: BacklogOut, 401: ErrorOut, 404: ErrorOut, 422: ErrorOut},
)
def read_backlog(request: HttpRequest, filters: Query[BacklogIn]) -> BacklogOut:
    """Les chiffres des files des dossiers des organismes que la personne pilote ; jamais ceux d’une personne.

    404 « not_found » : la personne ne pilote aucun organisme. Un filtre qui ne désigne aucune de ses files donne une
    liste vide. Les définitions sont celles de la page « Charge ».
    """
    refuse_unknown_parameters(request, BacklogIn)
    held = holdings_of(person_of(request))
    if not manages(held):
        raise NotFound(
            "La charge des files se lit avec le rôle de pilotage : demandez-le à votre administrateur."
        )
    asked, refused = read_filters(filters.model_dump())
    if refused:
        raise Invalid(next(iter(refused.values()))[0], details=refused)
    found = backlog(held, asked)
    return BacklogOut(
        today=found.today,
        soon_until=found.soon_until,
        since=found.period.first,
        until=found.period.last,
        items=[_queue(row, asked.weeks) for row in found.rows],
        totals=FiguresOut(**_figures(found.total, asked.weeks)),
        weeks=[WeekOut(monday=monday, **FlowOut.of(flow).model_dump()) for monday, flow in found.weeks],
    )


def _queue(row: BacklogRow, weeks: int) -> QueueOut:
    return QueueOut(
        role=row.role.value,
        body=row.body_code,
        path=row.path,
        step=row.step,
        body_name=row.body_name,
        path_title=row.path_title,
        step_title=row.step_title,
        organisations=sorted({queue.organisation_code for queue in row.queues}),
        **_figures(row.figures, weeks),
    )


def _figures(figures: Figures, weeks: int) -> dict[str, Any]:
    """The values of ``FiguresOut``."""
    names = [f"{first}+" if last is None else f"{first}-{last}" for first, last in AGE_BANDS]
    return {
        "open": figures.open,
        "free": figures.free,
        "overdue": figures.overdue,
        "due_soon": figures.due_soon,
        "open_before": figures.open_before,
        "age": AgesOut(
            median=figures.age_median,
            p90=figures.age_slow,
            bands=dict(zip(names, figures.bands, strict=True)),
        ),
        "arrivals_per_week": float(per_week(figures.flow.arrivals, weeks)),
        "completions_per_week": float(per_week(figures.flow.done, weeks)),
        "exits_per_week": float(per_week(figures.flow.exits, weeks)),
        "period": FlowOut.of(figures.flow),
        "period_before": FlowOut.of(figures.flow_before),
        "this_week": FlowOut.of(figures.this_week),
        "times": TimesOut.of(figures.times),
        "times_before": TimesOut.of(figures.times_before),
    }
