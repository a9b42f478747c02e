"""What search knows of a dossier beside the dossier's own row."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from cases.models.dossiers import Dossier


class DossierFindings(models.Model):
    """The words of a dossier (reference, title, data, messages, names of pieces; never notes nor sealed opinions).

    Triggers of ``cases_dossier``, ``cases_message`` and ``cases_document`` keep ``vector``, ``head`` (reference and
    title alone) and ``scope`` (migration 0015). ``scope``: the dossier's body, those above it (lineages) and
    ``involved``. It only helps the index to find what a person may read; whether they may is asked of the dossier.
    ``blocked_rules``: keys of the rules that forbid the way ahead at the open step, as they were found for the
    dossier as its journal was ``checked_length`` entries long (a piece added leaves the version as it is), on
    ``checked_on``.
    """

    dossier = models.OneToOneField(
        Dossier, on_delete=models.PROTECT, primary_key=True, related_name="findings"
    )
    vector = SearchVectorField("mots", null=True)
    head = SearchVectorField("mots de la référence et de l’objet", null=True)
    scope = ArrayField(models.CharField(max_length=400), verbose_name="lecteurs", default=list)
    blocked_rules = ArrayField(
        models.CharField(max_length=80), verbose_name="règles bloquantes", default=list
    )
    checked_length = models.PositiveIntegerField(null=True, blank=True)
    checked_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "index de recherche"
        default_permissions = ()
        indexes = (
            # One index for all three: what a person may read and what holds the words are intersected inside it.
            GinIndex(fields=("vector", "head", "scope"), name="findings_words"),
            GinIndex(fields=("blocked_rules",), name="findings_blocked"),
            # The few that anything blocks.
            models.Index(
                fields=("dossier",), name="findings_blocking", condition=~models.Q(blocked_rules=[])
            ),
        )

    def __str__(self) -> str:
        return str(self.dossier_id)
