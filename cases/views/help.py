"""« Aide »: the users' documentation, whole or what it says of one page."""

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from cases import manual


@require_safe
@login_required
def index(request: HttpRequest) -> HttpResponse:
    """What the documentation says of the page that ``?page=`` names (the name of its address); else its index."""
    found = manual.help_of(request.GET.get("page", ""))
    if found:
        return render(request, "help/page.html", {"found": found})
    return _document(request, manual.INDEX)


@require_safe
@login_required
def document(request: HttpRequest, slug: str) -> HttpResponse:
    """One file of the documentation. 404 when there is none."""
    return _document(request, slug)


@require_safe
@login_required
def image(request: HttpRequest, name: str) -> HttpResponse:
    """A picture of the documentation. 404 when there is none."""
    path = manual.picture(name)
    if not path.is_file():
        raise Http404
    return HttpResponse(
        path.read_bytes(), content_type="image/png", headers={"Cache-Control": "private, max-age=3600"}
    )


def _document(request: HttpRequest, slug: str) -> HttpResponse:
    documents = manual.documents()
    if slug not in documents:
        raise Http404
    others = [one for one in documents.values() if one.slug != manual.INDEX]
    return render(request, "help/document.html", {"document": documents[slug], "documents": others})
