"""What templates of every application may say of mails that reach nobody."""

from django import template

from cases.models import LegalNotice, User
from notifications.addresses import AddressState, address_state
from notifications.selectors import unreached_legal_notices

register = template.Library()


@register.simple_tag
def address_state_of(person: User) -> AddressState:
    """Whether mail reaches a person. One statement."""
    return address_state(person)


@register.simple_tag
def unreached_notices_of(reference: str) -> list[LegalNotice]:
    """Legal notices of a dossier, not acknowledged, of which no mail arrived nor is on its way. One statement."""
    return list(unreached_legal_notices().filter(dossier__reference=reference))
