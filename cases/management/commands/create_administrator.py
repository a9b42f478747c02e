"""Creates the first person who can administer roles; everything after that is done on the pages."""

import getpass
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from cases import clock
from cases.enums import Role
from cases.errors import BusinessError
from cases.models import Organisation, User
from cases.services import create_person, grant_role

#: The body on which administrators hold their role.
SEAT = "canssm"


class Command(BaseCommand):
    help = "Create a person and grant the role of administrator; the password is asked, or read from standard input."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="displayed name")
        parser.add_argument("--email", default="")
        parser.add_argument("--act", default="Installation de Berline", help="the act that gives the role")

    def handle(self, *args: Any, **options: Any) -> None:
        organisation = Organisation.objects.filter(code=SEAT).first()
        if organisation is None:
            raise CommandError(
                "Les organisations ne sont pas chargées : lancez d’abord « manage.py prepare »."
            )
        if User.objects.filter(username=options["username"]).exists():
            raise CommandError(f"« {options['username']} » existe déjà : choisissez un autre identifiant.")
        try:
            user = self._create(options, organisation)
        except BusinessError as error:
            details = " ".join(text for texts in error.details.values() for text in texts)
            raise CommandError(f"{error.message} {details}") from None
        self.stdout.write(f"{user} peut se connecter et attribuer les rôles.")

    @transaction.atomic
    def _create(self, options: dict[str, Any], organisation: Organisation) -> User:
        """The person and the role, or neither."""
        user = create_person(
            username=options["username"],
            display_name=options["name"] or options["username"],
            email=options["email"],
            password=self._password(),
            created_by=None,
        )
        grant_role(
            user=user,
            role=Role.ADMINISTRATOR,
            organisation=organisation,
            valid_from=clock.today(),
            act=options["act"],
            granted_by=None,
        )
        return user

    def _password(self) -> str:
        """Asked twice at a terminal; otherwise the first line of standard input."""
        if not sys.stdin.isatty():
            return sys.stdin.readline().rstrip("\n")
        first = getpass.getpass("Mot de passe : ")
        if getpass.getpass("Encore une fois : ") != first:
            raise CommandError("Les deux saisies diffèrent : recommencez.")
        return first
