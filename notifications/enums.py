"""The words of notices: what they are about, how they travel, when, and where they stand."""

from django.db import models


class Channel(models.TextChoices):
    """How a notice reaches its addressee."""

    IN_APP = "in_app", "Dans l’application"
    EMAIL = "email", "Courriel"
    WEBHOOK = "webhook", "Appel web"


class OutboxState(models.TextChoices):
    """Where a row stands. In-app notices are delivered by being there.

    ``pending`` → ``sending`` (under a lease) → ``delivered`` | ``failed`` | ``pending`` again, after a while.
    ``bundled``: a digest carries it. ``unaddressed``: its person has no address that mail can go to. ``settled``:
    nothing is left to say, because it was done or read.
    """

    PENDING = "pending", "À envoyer"
    SENDING = "sending", "En cours d’envoi"
    BUNDLED = "bundled", "Dans un récapitulatif"
    DELIVERED = "delivered", "Remis"
    SETTLED = "settled", "Traité"
    FAILED = "failed", "En échec"
    UNADDRESSED = "unaddressed", "Sans adresse"


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    TASK = "task", "Une étape attend l’un de mes rôles"
    NEWS = "news", "Un dossier que j’ai créé avance"
    REMINDER = "reminder", "Une échéance approche ou est dépassée"
    LEGAL = "legal", "Information légale à recevoir"
    DIGEST = "digest", "Récapitulatif"


class Cadence(models.TextChoices):
    """When a person wants to be written to about a kind of notice."""

    NOW = "now", "Tout de suite"
    DAILY = "daily", "Récapitulatif du matin"
    WEEKLY = "weekly", "Récapitulatif du lundi"
    IN_APP = "in_app", "Dans Berline seulement"


#: Kinds for which people choose; what the text makes an obligation is always sent at once.
CHOOSABLE = (NoticeKind.TASK, NoticeKind.NEWS, NoticeKind.REMINDER)
#: Kinds that a webhook can be told of.
CALLABLE = (NoticeKind.TASK, NoticeKind.NEWS, NoticeKind.LEGAL)
