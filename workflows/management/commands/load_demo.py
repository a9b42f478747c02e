"""``manage.py load_demo``: the demonstration, in an empty embedded database only."""

import time
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection, transaction

from cases import clock
from workflows.demonstration import ACCOUNTS, PASSWORD, ClockTooEarly, has_dossiers, load
from workflows.demonstration.people import taken_names

#: Notices older than this were settled by life: nobody returns from so long an absence to an unread pile.
NOTICES_DAYS = 90


class Command(BaseCommand):
    help = "Load the demonstration: accounts, facilities, budgets, dossiers. Does nothing when there are dossiers."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--small", action="store_true", help="about two dozen dossiers: every path, every status"
        )
        parser.add_argument(
            "--force", action="store_true", help="load into a database other than the embedded one"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        self._refuse_where_it_would_harm(force=options["force"])
        started = time.monotonic()
        progress = self._progress if options["verbosity"] > 1 else None
        with transaction.atomic():
            try:
                loaded = load(small=options["small"], progress=progress)
            except ClockTooEarly as error:
                raise CommandError(f"Réglez l’horloge de cette machine. {error}") from error
            if loaded is None:
                self.stdout.write("La base contient déjà des dossiers : la démonstration n’est pas chargée.")
                return
            long_ago = clock.today() - timedelta(days=NOTICES_DAYS)
            call_command("settle_notices", before=long_ago, verbosity=0)
            tomorrow = clock.today() + timedelta(days=1)  # nobody is written to about a past that was made up
            call_command("settle_notices", before=tomorrow, unsent=True, verbosity=0)
        self.stdout.write(
            f"Démonstration chargée en {time.monotonic() - started:.0f} s : {loaded.people} comptes, "
            f"{loaded.facilities} œuvres, {loaded.dossiers} dossiers, {loaded.acts} actes. Tous les comptes "
            f"ont le mot de passe « {PASSWORD} » (par exemple {ACCOUNTS[1].username})."
        )

    def _refuse_where_it_would_harm(self, *, force: bool) -> None:
        if settings.BERLINE_PRODUCTION:
            raise CommandError(
                "La démonstration ouvre des comptes dont tout le monde connaît le mot de passe : elle ne se "
                "charge pas en production. Chargez-la sur un poste avec « make run »."
            )
        if not force and "EMBEDDED" not in connection.settings_dict:
            raise CommandError(
                "La démonstration ne se charge que dans la base embarquée ; DATABASE_URL en désigne une "
                "autre. Retirez DATABASE_URL, ou ajoutez --force si cette base est vide et sert à des essais."
            )
        taken = taken_names()
        if taken and not has_dossiers():
            raise CommandError(
                f"Des comptes portent déjà des noms de la démonstration : {', '.join(taken)}. Chargez-la "
                "dans une base neuve (make reset), ou démarrez sans elle avec BERLINE_DEMO=0."
            )

    def _progress(self, done: int, planned: int) -> None:
        if done % 50 == 0 or done == planned:
            self.stdout.write(f"{done} actes sur {planned}")
            self.stdout.flush()
