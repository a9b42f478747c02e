"""Loads the budgets that the convention prints, and says which printed sums do not add up."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from cases.budget_tables import TableError
from cases.money import format_eur
from cases.services.budgets import load_budgets


class Command(BaseCommand):
    help = "Load funds, budget lines and opening credits, check every printed sum; again changes nothing."

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = load_budgets()
        except TableError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(
            f"{done.lines} lignes budgétaires, {done.figures} montants imprimés, "
            f"{done.sums} sommes vérifiées."
        )
        if options["verbosity"] > 0:
            for one, reading in done.differences:
                self.stdout.write(
                    f"  {one.fund} {one.total} {one.year} : imprimé {format_eur(one.printed)}, "
                    f"somme {format_eur(one.recomputed)}, écart {format_eur(one.difference)}. {reading}"
                )
        self.stdout.write(f"{len(done.differences)} sommes imprimées ne tombent pas juste, toutes connues.")
        for exercise in done.opened:
            how = f", en reconduisant {exercise.carried_from}" if exercise.carried_from else ""
            self.stdout.write(f"Exercice {exercise.year} ouvert{how}.")
        self.stdout.write(f"{done.movements} mouvements d’ouverture enregistrés.")
