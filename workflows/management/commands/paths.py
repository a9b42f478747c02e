"""``manage.py paths``: every approval path as a table to read, with the delays and rules in force today."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases import clock
from cases.enums import STATUS_MOVES, AtExpiry, DossierStatus, OrganisationKind
from cases.errors import NotFound
from workflows.engine import all_paths, get_path
from workflows.engine.delays import terms_of
from workflows.engine.path import Path
from workflows.engine.seats import PLACE_LABELS
from workflows.engine.step import Clock, Outcome, Piece, Step
from workflows.rulebook import Rulebook, RuleVersion, rulebooks

WIDTH = 100
GAP = "  "
STEP_COLUMNS = (20, 18, 18, WIDTH - 20 - 18 - 18 - 3 * len(GAP))
PIECE_COLUMNS = (28, WIDTH - 28 - len(GAP))
STATUSES = {"text": "texte de la convention", "derived": "règle fixée dans le silence du texte"}


class Command(BaseCommand):
    help = "Print the approval paths: steps, roles, delays, outcomes and pieces."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", nargs="?", default="", help="key of one path, as fnmo_investment")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            shown = [get_path(options["path"])] if options["path"] else all_paths()
        except NotFound as error:
            raise CommandError(error.message) from error
        for number, path in enumerate(shown):
            if number:
                self.stdout.write("")
            for line in described(path):
                self.stdout.write(line.rstrip())


def described(path: type[Path]) -> Iterator[str]:
    """The lines of one path; at most ``WIDTH`` characters each."""
    book = rulebooks()[path.convention]
    kinds = ", ".join(OrganisationKind(kind).label.lower() for kind in sorted(path.organisation_kinds))
    yield f"{path.title} ({path.key})"
    yield "=" * WIDTH
    yield from textwrap.wrap(path.summary, WIDTH)
    yield from textwrap.wrap(f"Convention : {book.title}. Ouvert à : {kinds}.", WIDTH)
    yield f"Références : {path.prefix}-<exercice>-<numéro>."
    yield ""
    yield from _row(("Étape", "Qui", "Délai, règle", "Issue → étape suivante : état"), STEP_COLUMNS)
    yield "-" * WIDTH
    for step in path.steps():
        outcomes = [line for one in step.outcomes.values() for line in _outcome(one)]
        cells = (
            f"{step.name}\n{step.task_title}",
            f"{step.role_label}\n{', '.join(PLACE_LABELS[seat.place] for seat in step.seats)}",
            _delay(step, book),
            "\n".join(outcomes),
        )
        yield from _row(cells, STEP_COLUMNS)
        yield ""
    yield from textwrap.wrap(_withdrawal(path), WIDTH, subsequent_indent=GAP)
    if path.pieces:
        yield ""
        yield from _row(("Pièce", "Règle"), PIECE_COLUMNS)
        yield "-" * WIDTH
        for piece in path.pieces:
            yield from _row((f"{piece.key}\n{piece.title}", _piece_rule(piece, book)), PIECE_COLUMNS)
            yield ""


def _outcome(outcome: Outcome) -> Iterator[str]:
    remarks = ["motif obligatoire"] if outcome.motive else []
    if outcome.form is not None:
        remarks.append(f"données : {', '.join(outcome.form.base_fields)}")
    yield f"{outcome.key} «\u00a0{outcome.label}\u00a0»" + (f" ; {' ; '.join(remarks)}" if remarks else "")
    for route in outcome.routes:
        conditions = [route.label] if route.label else []
        if route.clock is Clock.SUSPEND:
            conditions.append("délai suspendu")
        condition = f" ({', '.join(conditions)})" if conditions else ""
        yield f"→ {route.to.name} : {DossierStatus(route.status).label}{condition}"


def _delay(step: Step, book: Rulebook) -> str:
    found = []
    for within in step.delays:
        terms = terms_of(within, book.rule(within.rule, clock.today()))
        end = (
            f"\nà la fin : {within.at_expiry.label.lower()}" if within.at_expiry is not AtExpiry.ALERT else ""
        )
        found.append(f"{terms.text}\n{within.rule}\n{within.kind.label.lower()}{end}")
    return "\n".join(found) or "—"


def _withdrawal(path: type[Path]) -> str:
    met = {route.status for step in path.steps() for one in step.outcomes.values() for route in one.routes}
    met.add(DossierStatus.DRAFT)
    states = [
        one.label for one in DossierStatus if one in met and DossierStatus.WITHDRAWN in STATUS_MOVES[one]
    ]
    rule = f" Règle {path.withdrawal_rule}." if path.withdrawal_rule else ""
    who = "Retrait (withdraw), avec motif, par l’organisation du dossier, dans les états"
    return f"{who} : {', '.join(states)}.{rule}"


def _piece_rule(piece: Piece, book: Rulebook) -> str:
    version: RuleVersion = book.rule(piece.rule, clock.today())
    quote = version.as_quote()
    help_text = f"{piece.help}\n" if piece.help else ""
    return f"{help_text}{piece.rule} ({STATUSES[quote.status]})\n«\u00a0{quote.text}\u00a0»\n{quote.source}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    columns = [
        [line for paragraph in cell.split("\n") for line in _wrapped(paragraph, width)]
        for cell, width in zip(cells, widths, strict=True)
    ]
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        yield GAP.join(part.ljust(width) for part, width in zip(parts, widths, strict=True)).rstrip()


def _wrapped(paragraph: str, width: int) -> list[str]:
    """Wrapped at spaces; a rule key that is too long is broken after its dots and underscores."""
    indent = GAP if paragraph.startswith("→") else ""
    lines: list[str] = []
    wrapper = textwrap.TextWrapper(
        width,
        initial_indent=indent,
        subsequent_indent=indent * 2,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in wrapper.wrap(paragraph):
        rest = line
        while len(rest) > width:
            cut = rest.rfind(".", 0, width) + 1 or rest.rfind("_", 0, width) + 1 or width
            lines.append(rest[:cut])
            rest = rest[cut:]
        lines.append(rest)
    return lines
