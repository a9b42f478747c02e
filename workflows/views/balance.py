"""The page on which a manager shares the tasks of a queue out among the people who hold its role."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods

from cases.errors import BusinessError, NotFound
from cases.models import User
from cases.views.access import acting_of_request, holdings_of_request, person_of
from workflows.selectors.balance import MOST_TASKS, Place, Share, place_managed, queues_to_share, share_of
from workflows.services import Pick
from workflows.services.balance import Plan, propose, start_balance

QUEUE = ("role", "body", "path", "step", "organisation")


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def balance(request: HttpRequest) -> HttpResponse:
    """Who has what in hand, a plan that evens it out, and with POST the run that does it. 404 for other people."""
    if (
        not request.GET.get("step") and request.method != "POST"
    ):  # the pages of figures lead here without a queue
        queues = queues_to_share(holdings_of_request(request))
        return render(request, "balance/choice.html", {"queues": queues})
    place = place_managed(holdings_of_request(request), request.GET)
    share = share_of(place, person_of(request), acting_of_request(request))
    if request.method == "POST":
        return _start(request, place, share)
    return _page(request, place, share)


def _page(
    request: HttpRequest, place: Place, share: Share, error: BusinessError | None = None
) -> HttpResponse:
    given = request.POST if error else request.GET
    wanted = {
        int(one) for one in given.getlist("person") if one.isascii() and one.isdecimal() and len(one) < 19
    }
    taken_too, planned = bool(given.get("taken")), bool(given.get("plan"))
    plan = propose(share, sorted(wanted), taken_too=taken_too) if planned else None
    context = {
        "place": place,
        "title": f"{place.step.task_title} — {place.path.title}",
        "held": f"{place.role.label}, {place.body.name}",
        "people": [
            {
                "person": one,
                "after": plan.loads[one.user.pk] if plan is not None else None,
                "chosen": one.user.pk in wanted if planned else one.away is None,
            }
            for one in share.people
        ],
        "rows": _rows(share, plan),
        "more": share.more,
        "most": MOST_TASKS,
        "planned": planned,
        "moves": sum(gift.to is not None for gift in plan.gifts) if plan is not None else 0,
        "stuck": sum(gift.stuck for gift in plan.gifts) if plan is not None else 0,
        "nobody": planned and not any(one.user.pk in wanted and one.away is None for one in share.people),
        "taken": taken_too,
        "motive": given.get("motive", "") if error else "",
        "error": error,
        "named": [(name, request.GET[name]) for name in QUEUE if request.GET.get(name)],
        "query": urlencode([(name, request.GET[name]) for name in QUEUE if request.GET.get(name)]),
        "ticked": bool(request.GET.get("tout")),
    }
    return render(request, "balance/page.html", context, status=error.http_status if error else 200)


def _rows(share: Share, plan: Plan | None) -> list[dict[str, Any]]:
    gifts = {gift.chosen.task.pk: gift for gift in plan.gifts} if plan is not None else {}
    rows = []
    for one in share.tasks:
        gift = gifts.get(one.task.pk)
        to = gift.to if gift is not None else None
        rows.append(
            {
                "chosen": one,
                "dossier": one.dossier,
                "task": one.task,
                "to": to,
                "stuck": gift is not None and gift.stuck,
                "item": f"{one.task.pk}:{one.dossier.version}:{one.task.owner_id or ''}:{to.pk}"
                if to
                else "",
            }
        )
    return rows


def _start(request: HttpRequest, place: Place, share: Share) -> HttpResponse:
    people = {one.user.pk: one.user for one in share.people}
    picks, shares = _picks(request.POST.getlist("item")[:MOST_TASKS], people)
    try:
        run = start_balance(
            actor=person_of(request),
            place=place,
            picks=picks,
            shares=shares,
            motive=request.POST.get("motive", ""),
        )
    except NotFound:
        raise
    except BusinessError as error:
        return _page(request, place, share, error)
    return redirect("bulk_run", run.public_id)


def _picks(items: Iterable[str], people: dict[int, User]) -> tuple[list[Pick], dict[int, User]]:
    """Of ``task:version:holder:receiver``, as the page wrote it; what is written otherwise is left out."""
    picks, shares = [], {}
    for item in items:
        parts = item.split(":")
        if len(parts) != 4 or not all(
            one.isascii() and one.isdecimal() and len(one) < 10 or (rank == 2 and not one)
            for rank, one in enumerate(parts)
        ):
            continue
        task, version, holder, to = (int(one) if one else None for one in parts)
        picks.append(Pick(task or 0, version or 0, holder))
        if to in people:
            shares[task or 0] = people[to]
    return picks, shares
