"""The words of notices: how they travel and where they stand."""

from django.db import models


class Channel(models.TextChoices):
    """How a notice reaches a person. Only in-app notices are delivered today."""

    IN_APP = "in_app", "Dans l’application"
    EMAIL = "email", "Courriel"
    WEBHOOK = "webhook", "Appel web"


class OutboxState(models.TextChoices):
    """In-app notices are delivered by being there; ``settled``: what the notice asked for was done."""

    PENDING = "pending", "À envoyer"
    DELIVERED = "delivered", "Remis"
    SETTLED = "settled", "Traité"
    FAILED = "failed", "En échec"
