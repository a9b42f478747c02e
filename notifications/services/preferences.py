"""Keeps what people prefer."""

from collections.abc import Mapping

from django.db import transaction

from cases.errors import Invalid
from cases.models import User
from notifications.enums import CHOOSABLE, Cadence
from notifications.models import Preference


@transaction.atomic
def set_preferences(*, user: User, chosen: Mapping[str, str]) -> None:
    """Keep when a person wants mail, kind by kind; kinds left out stay as they are. Notices to come follow it.

    Raises ``Invalid`` for a kind for which nobody chooses (legal notices are always sent) and for an unknown cadence.
    """
    for kind, cadence in chosen.items():
        if kind not in {one.value for one in CHOOSABLE}:
            message = "Les informations légales sont toujours envoyées : ce choix n’existe pas."
            raise Invalid(message, details={kind: [message]})
        if cadence not in Cadence.values:
            message = "Choisissez un rythme dans la liste."
            raise Invalid(message, details={kind: [message]})
    for kind, cadence in sorted(chosen.items()):
        Preference.objects.update_or_create(user=user, kind=kind, defaults={"cadence": cadence})
