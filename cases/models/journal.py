"""Append-only journals, each entry chained to the previous one by SHA-256 (``cases.journal_chain``)."""

from datetime import UTC
from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from cases.models.dossiers import Dossier
from cases.models.organisations import Organisation
from cases.models.people import User

APPEND_ONLY = pgtrigger.Delete | pgtrigger.Update


def not_truncated(name: str) -> pgtrigger.Trigger:
    """Refuse TRUNCATE, which row triggers do not see."""
    return pgtrigger.Trigger(
        name=name,
        level=pgtrigger.Statement,
        operation=pgtrigger.Truncate,
        when=pgtrigger.Before,
        func="RAISE EXCEPTION 'pgtrigger: Cannot truncate rows from % table', TG_TABLE_NAME;",
    )


class ChainedEntry(models.Model):
    """What every journal entry tells. The canonical form that is hashed is ``content``."""

    sequence = models.PositiveIntegerField("numéro")
    at = models.DateTimeField("moment")
    actor = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, related_name="+", verbose_name="auteur"
    )
    actor_name = models.CharField("nom de l’auteur", max_length=150)
    capacity = models.CharField("qualité", max_length=400)
    action = models.CharField("acte", max_length=40)
    motive = models.TextField("motif", blank=True)
    changes = models.JSONField("changements", default=dict)
    previous_hash = models.CharField("empreinte précédente", max_length=64)
    hash = models.CharField("empreinte", max_length=64)

    class Meta:
        abstract = True

    def content(self) -> dict[str, Any]:
        """The canonical content: everything but the hashes themselves, JSON values only."""
        return {
            "sequence": self.sequence,
            "at": self.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "actor": self.actor_id,
            "actor_name": self.actor_name,
            "capacity": self.capacity,
            "action": self.action,
            "motive": self.motive,
            "changes": self.changes,
        }


class JournalEntry(ChainedEntry):
    """One act on a dossier: who, in which capacity, which step and outcome, under which rule versions."""

    dossier = models.ForeignKey(Dossier, on_delete=models.PROTECT, related_name="journal")
    step = models.CharField("étape", max_length=60, blank=True)
    outcome = models.CharField("issue", max_length=60, blank=True)
    status_before = models.CharField("état avant", max_length=20, blank=True)
    status_after = models.CharField("état après", max_length=20)
    rule_refs = models.JSONField("règles appliquées", default=list)

    class Meta:
        verbose_name = "écriture du journal"
        verbose_name_plural = "journal"
        ordering = ("dossier", "sequence")
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="journal_sequence_once", fields=("dossier", "sequence")),)
        # Entries lie in the table nearly in the order of their moments: a few pages tell what happened since a day.
        indexes = (BrinIndex(fields=("at",), name="journal_by_moment", autosummarize=True),)
        triggers = (
            pgtrigger.Protect(name="journal_append_only", operation=APPEND_ONLY),
            not_truncated("journal_not_truncated"),
            pgtrigger.Trigger(
                name="journal_without_gap",
                operation=pgtrigger.Insert,
                when=pgtrigger.Before,
                declare=[("last_sequence", "INTEGER"), ("last_hash", "TEXT")],
                func="""
                    SELECT sequence, hash INTO last_sequence, last_hash FROM cases_journalentry
                     WHERE dossier_id = NEW.dossier_id ORDER BY sequence DESC LIMIT 1;
                    IF NEW.sequence <> COALESCE(last_sequence, 0) + 1 THEN
                        RAISE EXCEPTION 'journal: sequence % of dossier % leaves a gap', NEW.sequence, NEW.dossier_id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    IF NEW.previous_hash <> COALESCE(last_hash, repeat('0', 64)) THEN
                        RAISE EXCEPTION 'journal: entry % of dossier % is not chained', NEW.sequence, NEW.dossier_id
                            USING ERRCODE = 'integrity_constraint_violation';
                    END IF;
                    RETURN NEW;
                """,
            ),
        )

    def __str__(self) -> str:
        return f"{self.dossier_id}#{self.sequence} {self.action}"

    def content(self) -> dict[str, Any]:
        return super().content() | {
            "dossier": str(self.dossier.public_id),
            "step": self.step,
            "outcome": self.outcome,
            "status_before": self.status_before,
            "status_after": self.status_after,
            "rules": self.rule_refs,
        }


class AdministrationEntry(ChainedEntry):
    """One act of administration: a role granted or ended, a person deactivated. One chain for all of them."""

    subject = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", verbose_name="personne concernée"
    )
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, null=True, related_name="+")

    class Meta:
        verbose_name = "écriture d’administration"
        verbose_name_plural = "journal d’administration"
        ordering = ("sequence",)
        default_permissions = ()
        constraints = (models.UniqueConstraint(name="administration_sequence_once", fields=("sequence",)),)
        triggers = (
            pgtrigger.Protect(name="administration_append_only", operation=APPEND_ONLY),
            not_truncated("administration_not_truncated"),
        )

    def __str__(self) -> str:
        return f"{self.sequence} {self.action}"

    def content(self) -> dict[str, Any]:
        return super().content() | {"subject": self.subject_id, "organisation": self.organisation_id}
