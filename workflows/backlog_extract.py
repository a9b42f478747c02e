"""The figures of queues as files and pages hold them: columns, words, and how each figure is counted, in French."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from cases.calendar import french_date
from cases.templatetags.calendar_dates import moment_in_full
from workflows.selectors.backlog import Backlog, BacklogRow
from workflows.selectors.backlog_figures import AGE_BANDS, Figures
from workflows.selectors.backlog_filters import SOON, BacklogFilters

HEADING = "Charge des files de travail"
ABOUT = "Ce qui attend dans chaque file, ce qui y entre, ce qui en sort et en combien de temps"
SCOPE = "Seuls comptent les dossiers des organismes que cette personne pilote. Aucun chiffre ne porte sur une personne."
NOTHING = "Aucune file ne répond à ces critères."

#: How the figures are counted: what, and the sentence; on the page, in the files and for programs.
COUNTED = (
    (
        "Une file",
        "un rôle dans un organisme, à une étape d’un circuit. Une tâche est une étape ouverte d’un dossier ; quand "
        "deux ministères sont consultés, chacun a la sienne. Un brouillon compte dans la file de préparation.",
    ),
    (
        "Ouvertes, non prises, âge",
        "les tâches à faire maintenant, celles que personne n’a prises, et les jours ouvrés écoulés depuis que la "
        "tâche est arrivée. Une tâche revenue compte depuis son retour.",
    ),
    (
        "En retard, à échéance",
        "la prochaine échéance du dossier est passée, ou tombe d’ici "
        f"{SOON} jours ouvrés (aujourd’hui compris). Un délai suspendu ne compte pas : tant que le déposant complète "
        "son dossier, seule court l’échéance du déposant, dans sa propre file.",
    ),
    (
        "Arrivées",
        "première fois (aussi pour l’expert invité à la place d’un autre), retour d’un dossier complété par le "
        "déposant, ou retour après un renvoi, à cette étape ou plus haut dans le circuit.",
    ),
    (
        "Sorties",
        "tâches terminées, dossiers rendus au déposant pour complément, et sorties sans réponse : dossier retiré, ou "
        "affaire réglée par un autre organisme (un refus d’un ministère clôt la consultation de l’autre). Ces "
        "dernières n’ont pas de durée.",
    ),
    (
        "Durée brute, durée nette",
        "jours ouvrés de l’arrivée à la fin de l’étape. La durée brute comprend le temps pendant lequel le déposant "
        "complétait ; la durée nette ne le comprend pas. Un dossier renvoyé par une étape suivante commence une "
        "nouvelle durée. Une étape compte dans la semaine où elle se termine.",
    ),
    (
        "Médiane, neuf sur dix",
        "la plus petite valeur que la moitié, ou 90 %, des cas ne dépassent pas (rang le plus proche : toujours une "
        "valeur observée).",
    ),
    (
        "Période",
        "des semaines entières, du lundi au dimanche ; la semaine en cours est montrée à part et n’entre ni dans les "
        "moyennes ni dans les durées. Les flèches comparent à la période précédente, de même longueur.",
    ),
    (
        "Historique repris",
        "les actes repris d’avant Berline comptent aux dates que porte le journal, pas au jour de la reprise.",
    ),
)

Value = str | int | Decimal | None


@dataclass(frozen=True, slots=True)
class Column:
    """A column of figures: its head, its width in a sheet (characters), its value; ``unit`` is said in the head."""

    label: str
    width: int
    value: Callable[[Figures, int], Value]
    unit: str = ""

    @property
    def head(self) -> str:
        """The head with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


def per_week(number: int, weeks: int) -> Decimal:
    """A mean by week, to one decimal."""
    return (Decimal(number) / weeks).quantize(Decimal("0.1"))


def band_label(first: int, last: int | None) -> str:
    """« 3 à 5 », « plus de 20 »."""
    return f"plus de {first - 1}" if last is None else f"{first} à {last}"


#: The columns after those that name a queue. The second argument is the number of weeks.
COLUMNS: tuple[Column, ...] = (
    Column("Ouvertes", 10, lambda one, _: one.open),
    Column("Non prises", 10, lambda one, _: one.free),
    Column("En retard", 10, lambda one, _: one.overdue),
    Column(f"À échéance sous {SOON} jours ouvrés", 14, lambda one, _: one.due_soon),
    Column("Âge médian", 11, lambda one, _: one.age_median, "jours ouvrés"),
    Column("Âge, neuf sur dix", 11, lambda one, _: one.age_slow, "jours ouvrés"),
    *(
        Column(f"Âge {band_label(*band)}", 10, lambda one, _, place=place: one.bands[place], "jours ouvrés")  # type: ignore[misc]
        for place, band in enumerate(AGE_BANDS)
    ),
    Column("Arrivées", 10, lambda one, _: one.flow.arrivals),
    Column("dont première fois", 10, lambda one, _: one.flow.first),
    Column("dont dossiers complétés", 11, lambda one, _: one.flow.completed),
    Column("dont renvoyées", 11, lambda one, _: one.flow.again),
    Column("Arrivées par semaine", 11, lambda one, weeks: per_week(one.flow.arrivals, weeks)),
    Column("Terminées", 10, lambda one, _: one.flow.done),
    Column("Rendues au déposant", 11, lambda one, _: one.flow.returned),
    Column("Sorties sans réponse", 11, lambda one, _: one.flow.gone),
    Column("Sorties par semaine", 11, lambda one, weeks: per_week(one.flow.exits, weeks)),
    Column("Durées mesurées", 10, lambda one, _: one.times.number),
    Column("Durée brute médiane", 12, lambda one, _: one.times.gross_median, "jours ouvrés"),
    Column("Durée brute, neuf sur dix", 12, lambda one, _: one.times.gross_slow, "jours ouvrés"),
    Column("Durée nette médiane", 12, lambda one, _: one.times.net_median, "jours ouvrés"),
    Column("Durée nette, neuf sur dix", 12, lambda one, _: one.times.net_slow, "jours ouvrés"),
)


@dataclass(frozen=True, slots=True)
class Extract:
    """``found``: the figures; ``reader``: the person and capacity for whom they were read."""

    found: Backlog
    reader: str
    made_at: datetime

    @property
    def criteria(self) -> list[tuple[str, str]]:
        """Label and value of each filter; the period is always there."""
        return self.found.filters.said(self.found.choices)

    @property
    def made(self) -> str:
        """« mercredi 18 mars 2026 à 09:00 (Paris) »."""
        return f"{moment_in_full(self.made_at)} (Paris)"


def named(row: BacklogRow) -> list[str]:
    """Path, step, role and body of a queue."""
    return [row.path_title, row.step_title, str(row.role.label), row.body_name]


def figures_of(figures: Figures, weeks: int) -> list[Value]:
    """The values of ``COLUMNS``."""
    return [column.value(figures, weeks) for column in COLUMNS]


def week_label(monday: date, today: date) -> str:
    """« semaine du lundi 2 mars 2015 », and that it is not over where it is not."""
    current = (today - monday).days < 7
    return f"semaine du {french_date(monday)}{' (en cours)' if current else ''}"


def file_name(filters: BacklogFilters, on: date, kind: str) -> str:
    """``charge-virement-check-au-2026-03-18.xlsx``: plain letters only."""
    parts = ["charge", *filters.as_query().values(), "au", on.isoformat()]
    return f"{re.sub(r'[^A-Za-z0-9-]+', '-', '-'.join(parts))[:120]}.{kind}"
