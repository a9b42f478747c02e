"""``/charge/prevision/``: when the work of a queue will be done, for who manages the bodies of its dossiers."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_safe

from cases.views.access import holdings_of_request, person_of
from workflows.forecast.history import History, Refusal
from workflows.forecast.whatif import AHEAD, BEHIND, MAX_ABSENCE, MAX_BURST, MAX_PEOPLE
from workflows.selectors.forecast import LISTED, Forecast, forecast_for, queues_with_work
from workflows.selectors.tallies import Queue, manages
from workflows.views.forecast_words import (
    BASE,
    HEIGHT,
    LEFT,
    TOP,
    WIDTH,
    cleared,
    drawing,
    question,
    shown,
    weeks,
)

#: How addresses name a queue, on all pages of figures.
NAMES = ("role", "body", "path", "step")
PLACES = ((BEHIND, "après ceux qui attendent"), (AHEAD, "avant ceux qui attendent"))
_UNDERSTOOD, _REFUSED = 200, 422


@login_required
@require_safe
def forecast(request: HttpRequest) -> HttpResponse:
    """The forecast of a queue (``role``, ``body``, ``path``, ``step``, perhaps ``organisation``), and what if
    (``people``, ``absence``, ``burst``, ``place``); where none is named, those of the choice in which something waits.
    """
    held = holdings_of_request(request)
    if not manages(held):
        raise Http404("figures are for managers")
    given = request.GET.dict()
    if not all(given.get(name) for name in NAMES):
        chosen = {name: given[name] for name in (*NAMES, "organisation") if given.get(name)}
        queues = _choice(queues_with_work(held, chosen), chosen.get("organisation", ""))
        return render(request, "backlog/forecast_choice.html", {"queues": queues, "chosen": bool(chosen)})
    found = forecast_for(person_of(request), held, given)
    if found is None:
        raise Http404("no queue of that name")
    return render(
        request,
        "backlog/forecast.html",
        _context(found, given),
        status=_REFUSED if found.faults else _UNDERSTOOD,
    )


def _choice(queues: list[tuple[tuple[Queue, ...], int]], organisation: str) -> list[dict[str, Any]]:
    more = {"organisation": organisation} if organisation else {}
    return [
        {
            "queue": group[0],
            "number": number,
            "url": f"{reverse('forecast')}?{urlencode(_named(group[0]) | more)}",
        }
        for group, number in queues
    ]


def _named(queue: Queue) -> dict[str, str]:
    return {"role": queue.role.value, "body": queue.body_code, "path": queue.path, "step": queue.step}


def _context(found: Forecast, given: dict[str, str]) -> dict[str, Any]:
    named = _named(found.queue)
    if given.get("organisation"):
        named["organisation"] = given["organisation"]
    organisations = sorted({(one.organisation_code, one.organisation_name) for one in found.queues})
    made = found.present is not None
    return {
        "forecast": found,
        "queue": found.queue,
        "named": named,
        "query": urlencode(named),
        "organisations": [name for _, name in organisations],
        "history": found.history if isinstance(found.history, History) else None,
        "refusal": found.history.message if isinstance(found.history, Refusal) else "",
        "cleared": cleared(found) if made and found.open else [],
        "rows": shown(found),
        "more": max(found.open - LISTED, 0),
        "question": question(found.asked, found.holders) if found.asked else "",
        "weeks": weeks(found) if made and found.open else [],
        "drawing": drawing(found) if made and found.open else None,
        "frame": {
            "width": WIDTH,
            "height": HEIGHT,
            "left": LEFT,
            "top": TOP,
            "base": BASE,
            "right": WIDTH - 8,
        },
        "fields": [
            {
                "name": name,
                "label": label,
                "value": given.get(name, "").strip(),
                "most": most,
                "errors": found.faults.get(name, []),
            }
            for name, label, most in (
                ("people", "Personnes de plus", MAX_PEOPLE),
                ("absence", "Absence d’une personne (jours ouvrés)", MAX_ABSENCE),
                ("burst", "Dossiers arrivés d’un coup", MAX_BURST),
            )
        ],
        "places": PLACES,
        "place": given.get("place", "") or BEHIND,
        "place_errors": found.faults.get("place", []),
    }
