"""``manage.py journal verify`` recomputes every chain; ``export REFERENCE`` writes one journal for an auditor."""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.models import Dossier
from cases.services import export_journal, verify_all


class Command(BaseCommand):
    help = "Verify the journals' chains, or export the journal of one dossier."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="recompute every chain, or one dossier's")
        verify.add_argument("reference", nargs="?", default="")
        export = actions.add_parser("export", help="print one journal as JSON for cases/journal_chain.py")
        export.add_argument("reference")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "verify":
            self._verify(options["reference"])
        else:
            self._export(options["reference"])

    def _verify(self, reference: str) -> None:
        if reference and not Dossier.objects.filter(reference=reference).exists():
            raise CommandError(f"Aucun dossier {reference}.")
        failures = list(verify_all(reference=reference))
        for failure in failures:
            self.stderr.write(f"{failure.subject}, écriture {failure.sequence} : {failure.reason}")
        if failures:
            raise CommandError(f"{len(failures)} journal (journaux) altéré(s).")
        self.stdout.write("Tous les journaux vérifiés sont intacts.")

    def _export(self, reference: str) -> None:
        dossier = Dossier.objects.filter(reference=reference).first()
        if dossier is None:
            raise CommandError(f"Aucun dossier {reference}.")
        self.stdout.write(json.dumps(export_journal(dossier), ensure_ascii=False, indent=1))
