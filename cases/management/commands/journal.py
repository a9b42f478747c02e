"""``manage.py journal``: verify every chain, export one for an auditor, print the heads and compare them later."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.models import Dossier
from cases.services import compare_heads, export_journal, journal_heads, verify_all


class Command(BaseCommand):
    help = "Verify the journals' chains, or export the journal of one dossier."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        verify = actions.add_parser("verify", help="recompute every chain, or one dossier's")
        verify.add_argument("reference", nargs="?", default="")
        heads = actions.add_parser(
            "heads", help="print the last fingerprint of every journal, to keep elsewhere"
        )
        heads.add_argument("--output", metavar="FILE", help="write them to a new file instead")
        heads.add_argument("--against", metavar="FILE", help="compare with what this command printed before")
        export = actions.add_parser("export", help="print one journal as JSON for cases/journal_chain.py")
        export.add_argument("reference")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "verify":
            self._verify(options["reference"])
        elif options["action"] == "heads":
            self._heads(options["against"], options["output"])
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

    def _heads(self, against: str | None, output: str | None) -> None:
        if against is None:
            lines = [f"{subject};{length};{head}" for subject, length, head in journal_heads()]
            if output is None:
                self.stdout.write("\n".join(lines))
                return
            try:
                with Path(output).open("x", encoding="utf-8") as file:
                    file.write("\n".join([*lines, ""]))
            except OSError as error:
                raise CommandError(f"{output} ne peut pas être écrit : {error}.") from None
            return
        try:
            kept = Path(against).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeDecodeError) as error:
            raise CommandError(f"{against} ne se lit pas : {error}.") from None
        failures = list(compare_heads(kept))
        for failure in failures:
            self.stderr.write(f"{failure.subject}, écriture {failure.sequence} : {failure.reason}")
        if failures:
            raise CommandError(f"{len(failures)} tête(s) de journal ne correspond(ent) plus.")
        self.stdout.write(f"Les {len(kept)} têtes conservées sont toujours dans les journaux.")
