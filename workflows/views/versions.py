"""Two versions of a piece side by side, their differences in words."""

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import filesizeformat
from django.views.decorators.http import require_safe

from cases import clock
from cases.calendar import french_date
from cases.models import Document
from cases.views.access import acting_of_request, person_of
from workflows.selectors.versions import versions_of


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 6 else None


def _facts(document: Document) -> list[tuple[str, str, Any]]:
    """What is known of a version: label, in words, and what is compared."""
    moment = clock.paris_date(document.uploaded_at)
    who = str(document.uploaded_by) if document.uploaded_by else "Système"
    return [
        ("Nom du fichier", document.name, document.name),
        ("Taille", filesizeformat(document.size), document.size),
        ("Type, d’après le contenu", document.content_type, document.content_type),
        ("SHA-256", document.sha256, document.sha256),
        ("Déposée par", who, document.uploaded_by_id),
        ("Déposée le", french_date(moment), document.uploaded_at),
        ("En vigueur", "oui" if document.current else "non, remplacée", document.current),
    ]


@login_required
@require_safe
def piece_versions(request: HttpRequest, reference: str, kind: str) -> HttpResponse:
    """``GET /dossiers/<reference>/pieces/<kind>/versions/?avant=1&apres=2``."""
    found = versions_of(person_of(request), reference, kind, acting_of_request(request))
    asked = (_number(request.GET.get("avant", "")), _number(request.GET.get("apres", "")))
    later, earlier = found.pair(*asked)
    rows = []
    if earlier is not None:
        rows = [
            {"label": label, "before": before, "after": after, "same": known == now}
            for (label, before, known), (_, after, now) in zip(_facts(earlier), _facts(later), strict=True)
        ]
    return render(
        request,
        "dossiers/versions.html",
        {
            "dossier": found.dossier,
            "piece_title": found.piece.title,
            "later": later,
            "earlier": earlier,
            "facts": [(label, words) for label, words, _ in _facts(later)],
            "rows": rows,
            "same_content": earlier is not None and earlier.sha256 == later.sha256,
            "choices": [(one.version, f"version {one.version}") for one in found.all],
            "opens": found.opens,
        },
    )
