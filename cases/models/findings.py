"""What search knows of a dossier beside the dossier's own row."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models

from cases.models.dossiers import Dossier


class DossierFindings(models.Model):
    """The words of a dossier (reference, title, data, messages, names of pieces; never notes nor sealed opinions).

    ``blocked_rules``: keys of the rules that forbid the way ahead at the open step, as they were found for
    ``checked_version`` of the dossier on ``checked_on``.
    """

    dossier = models.OneToOneField(
        Dossier, on_delete=models.PROTECT, primary_key=True, related_name="findings"
    )
    vector = SearchVectorField("mots", null=True)
    blocked_rules = ArrayField(
        models.CharField(max_length=80), verbose_name="règles bloquantes", default=list
    )
    checked_version = models.PositiveIntegerField(null=True, blank=True)
    checked_on = models.DateField(null=True, blank=True)

    class Meta:
        verbose_name = "index de recherche"
        default_permissions = ()
        indexes = (
            GinIndex(fields=("vector",), name="findings_words"),
            GinIndex(fields=("blocked_rules",), name="findings_blocked"),
        )

    def __str__(self) -> str:
        return str(self.dossier_id)
