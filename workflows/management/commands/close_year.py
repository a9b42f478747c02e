"""``manage.py close_year``: lists what lapses at the end of a year, with the words that say so, and cancels it."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.errors import BusinessError
from cases.french import french_date
from cases.money import format_eur
from workflows.services import lapse_credits


class Command(BaseCommand):
    help = "Cancel the credits of a year that the convention cancels: the reserve, then the others once accounts close."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("year", type=int, help="the exercise, as 2016")
        parser.add_argument("--dry-run", action="store_true", help="list only, write nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        dry_run: bool = options["dry_run"]
        try:
            found = lapse_credits(year=options["year"], dry_run=dry_run)
        except BusinessError as error:
            raise CommandError(error.message) from error
        for rule in dict.fromkeys(one.quote for one in (*found.lapsed, *found.later)):
            words = f"« {rule.text} »" if rule.status == "text" else rule.text
            self.stdout.write(f"Règle {rule.rule} : {words} ({rule.source})")
        for one in found.lapsed:
            self.stdout.write(f"  {one.line.fund_id} {one.message} Règle {one.quote.rule}.")
        for one in found.later:
            self.stdout.write(
                f"  {one.line.fund_id} « {one.line} » : {format_eur(one.amount)} seront annulés à partir du "
                f"{french_date(one.on)}. Règle {one.quote.rule}."
            )
        count = f"{len(found.lapsed)} ligne{'s' if len(found.lapsed) > 1 else ''}"
        if not found.lapsed:
            self.stdout.write(f"Exercice {found.year} : rien à annuler.")
        elif dry_run:
            self.stdout.write(
                f"Exercice {found.year} : {format_eur(found.total)} à annuler sur {count}. "
                "Rien n’a été écrit."
            )
        else:
            self.stdout.write(f"Exercice {found.year} : {format_eur(found.total)} annulés sur {count}.")
