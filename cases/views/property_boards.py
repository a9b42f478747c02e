"""``/patrimoine/tableaux-de-bord/``: what is owed to the board and the State (A30), as a page, as files, as a paper."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cases import clock
from cases.errors import NotFound
from cases.property_paper import ALL_OF_IT, ONE_PART, boards_paper
from cases.property_targets import OWED, TARGET_YEARS, YEARS, targets
from cases.property_workbook import on_sale_workbook, sold_workbook
from cases.selectors.property_boards import Boards, property_boards
from cases.views.access import holdings_of_request, person_of
from cases.views.files import file_response, reader_of, workbook_response
from cases.views.property import for_readers

#: Name of a file in its address → how it is made.
WORKBOOKS: dict[str, Callable[..., BytesIO]] = {
    "proposes-a-la-vente": on_sale_workbook,
    "cessions-realisees": sold_workbook,
}


@for_readers
@require_safe
def boards(request: HttpRequest) -> HttpResponse:
    """Both dashboards; ``annee`` chooses the sales listed, by default the latest year that has any."""
    found = _boards(request)
    years = [one.year for one in found.years if one.count]
    asked = request.GET.get("annee", "")
    year = int(asked) if asked in {str(one) for one in years} else (years[0] if years else None)
    rows = list(targets().values())
    context = {
        "boards": found,
        "years_sold": years,
        "year": year,
        "sales": [one for one in found.sales if one.deed_on.year == year],
        "targets": [(row, [(year, row.figures.get(year)) for year in YEARS]) for row in rows],
        "target_years": YEARS,
        "first_target": TARGET_YEARS[0],
        "last_target": TARGET_YEARS[-1],
        "ambiguous": [row for row in rows if row.ambiguous],
        "owed": OWED,
        "today": clock.today(),
    }
    return render(request, "property/boards.html", context)


@for_readers
@require_safe
def boards_xlsx(request: HttpRequest, name: str) -> FileResponse:
    """One of the dashboards as a workbook."""
    if name not in WORKBOOKS:
        raise NotFound("Aucun tableau de bord de ce nom : choisissez-le sur la page des tableaux de bord.")
    found = _boards(request)
    content = WORKBOOKS[name](
        found,
        about=ALL_OF_IT if found.reads_all else ONE_PART,
        reader=reader_of(request),
        made_at=clock.now(),
    )
    return workbook_response(content, f"{name}-{found.on.isoformat()}.xlsx")


@for_readers
@require_safe
def boards_pdf(request: HttpRequest) -> FileResponse:
    """Both dashboards as a paper."""
    found = _boards(request)
    content = boards_paper(found, reader=reader_of(request), made_at=clock.now())
    name = f"tableaux-de-bord-patrimoine-{found.on.isoformat()}.pdf"
    return file_response(BytesIO(content), name, "application/pdf")


def _boards(request: HttpRequest) -> Boards:
    return property_boards(person_of(request), holdings_of_request(request))
