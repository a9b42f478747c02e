"""Links to the dossiers that a sentence names."""

from django import template
from django.urls import reverse
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe

from cases.errors import Reason
from cases.models import Dossier
from workflows.engine import get_path

register = template.Library()


@register.filter
def linked(reason: Reason) -> SafeString:
    """The sentence of a reason, each reference that it gives being a link to its dossier."""
    text = str(conditional_escape(reason.message))
    for reference in dict.fromkeys(reason.related):
        address = reverse("dossier", args=[reference])
        text = text.replace(
            reference, format_html('<a class="reference" href="{}">{}</a>', address, reference)
        )
    return mark_safe(text)  # noqa: S308 (escaped above)


@register.filter
def untaxed(dossier: Dossier) -> bool:
    """Whether the amount of a dossier is before tax (« HT »), as its path says."""
    return get_path(dossier.path).amount_label.endswith("HT")
