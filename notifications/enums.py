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
    ``bundled``: a digest carries it. ``unaddressed``: its person has no address that mail can go to. ``bounced``: our
    mail server took it, the addressee's sent it back. ``settled``: nothing is left to say, because it was done or read.
    The arrows are ``OUTBOX_MOVES``; a trigger of the table holds them.
    """

    PENDING = "pending", "À envoyer"
    SENDING = "sending", "En cours d’envoi"
    BUNDLED = "bundled", "Dans un récapitulatif"
    DELIVERED = "delivered", "Remis"
    SETTLED = "settled", "Traité"
    FAILED = "failed", "En échec"
    UNADDRESSED = "unaddressed", "Sans adresse"
    BOUNCED = "bounced", "Refusé par le serveur du destinataire"


#: States that an administrator has to look at, and from which only an administrator sends again.
TROUBLED = (OutboxState.FAILED, OutboxState.UNADDRESSED, OutboxState.BOUNCED)

_S = OutboxState

#: Where a row may go. From those of ``TROUBLED`` to ``pending`` only with one more of ``retries``; back from
#: ``delivered`` to ``bundled`` only what a digest carries that came back.
OUTBOX_MOVES: dict[OutboxState, frozenset[OutboxState]] = {
    _S.PENDING: frozenset({_S.SENDING, _S.BUNDLED, _S.FAILED, _S.BOUNCED, _S.SETTLED}),
    _S.SENDING: frozenset({_S.PENDING, _S.DELIVERED, _S.FAILED, _S.UNADDRESSED, _S.BOUNCED, _S.SETTLED}),
    _S.BUNDLED: frozenset({_S.DELIVERED, _S.SETTLED}),
    _S.DELIVERED: frozenset({_S.BOUNCED, _S.BUNDLED, _S.SETTLED}),
    _S.FAILED: frozenset({_S.PENDING, _S.SETTLED}),
    _S.UNADDRESSED: frozenset({_S.PENDING, _S.SETTLED}),
    _S.BOUNCED: frozenset({_S.PENDING, _S.SETTLED}),
    _S.SETTLED: frozenset(),
}


class NoticeKind(models.TextChoices):
    """What a notice is about."""

    TASK = "task", "Une étape attend l’un de mes rôles"
    NEWS = "news", "Un dossier que j’ai créé avance"
    REMINDER = "reminder", "Une échéance approche ou est dépassée"
    MESSAGE = "message", "Message sur un dossier"
    LEGAL = "legal", "Information légale à recevoir"
    DIGEST = "digest", "Récapitulatif"


class Cadence(models.TextChoices):
    """When a person wants to be written to about a kind of notice."""

    NOW = "now", "Tout de suite"
    DAILY = "daily", "Récapitulatif du matin"
    WEEKLY = "weekly", "Récapitulatif du lundi"
    IN_APP = "in_app", "Dans Berline seulement"


#: Kinds for which people choose; what the text makes an obligation is always sent at once.
CHOOSABLE = (NoticeKind.TASK, NoticeKind.NEWS, NoticeKind.REMINDER, NoticeKind.MESSAGE)
#: Kinds that a webhook can be told of.
CALLABLE = (NoticeKind.TASK, NoticeKind.NEWS, NoticeKind.LEGAL)
