"""The words of daily work: what is counted of queues, acts on many dossiers, lists that people keep.

Pure: no database. The values stand in tables; PostgreSQL functions write those of ``Measure``.
"""

from django.db import models


class Measure(models.TextChoices):
    """What a tally counts (``cases.models.tallies``).

    ``open``, ``free`` and ``due`` say what is so now; the others what happened, on the day of it or in the week
    (named by its Monday) of it.
    """

    OPEN = "open", "Tâches ouvertes, par jour d’arrivée"
    FREE = "free", "Tâches que personne n’a prises, par jour d’arrivée"
    DUE = "due", "Tâches ouvertes, par jour d’échéance du dossier"
    IN = "in", "Arrivées, par jour"
    OUT = "out", "Sorties, par jour"
    GROSS = "gross", "Jours ouvrés passés à l’étape, par semaine de fin"
    NET = "net", "Jours ouvrés passés à l’étape, moins ceux du déposant, par semaine de fin"
    PAUSE = "pause", "Jours ouvrés avant d’attendre le déposant, par semaine"


class Arrival(models.TextChoices):
    """How a task came: the first time, completed by the submitter who was asked to, or sent back by a later step."""

    FIRST = "first", "Première arrivée"
    COMPLETED = "completed", "Revenu complété"
    AGAIN = "again", "Revenu d’une étape suivante"


#: The outcome under which a task is counted as gone that nobody completed: withdrawn, or settled by another body.
GONE = "-"


class BulkKind(models.TextChoices):
    """What is done to many dossiers at once."""

    PERFORM = "perform", "Acte"
    CLAIM = "claim", "Prise en charge"
    RELEASE = "release", "Remise à disposition"
    REASSIGN = "reassign", "Réaffectation"


class BulkState(models.TextChoices):
    """Where an act on many dossiers stands."""

    WAITING = "waiting", "En attente"
    RUNNING = "running", "En cours"
    DONE = "done", "Terminé"
    RECALLED = "recalled", "Rappelé"


class BulkItemState(models.TextChoices):
    """What became of one dossier of an act on many."""

    WAITING = "waiting", "En attente"
    DONE = "done", "Fait"
    REFUSED = "refused", "Refusé"
    CONFLICT = "conflict", "Conflit"
    RECALLED = "recalled", "Rappelé"


class ListPage(models.TextChoices):
    """A page whose filters can be kept as a view."""

    SEARCH = "search", "Dossiers"
    QUEUE = "queue", "Tâches"
    BACKLOG = "backlog", "Charge"
