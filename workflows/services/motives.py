"""Motives that a desk (a role on a body) writes often: created, changed and retired by those who sit there."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from uuid import UUID

from django.db import IntegrityError, transaction

from cases import clock
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import BusinessError, Conflict, Forbidden, Invalid, NotFound
from cases.models import Dossier, MotiveTemplate, User
from cases.money import format_eur
from cases.permissions import Holding, holding_for, holdings_of
from cases.selectors.desk import templates_of
from cases.text import FORBIDDEN, storable
from workflows.engine.path import Path
from workflows.engine.registry import all_paths, get_path
from workflows.engine.step import Step
from workflows.services.locking import MAX_MOTIVE

MAX_TITLE = 80
#: How many motives a desk keeps at most: a longer list would not be read.
MAX_PER_DESK = 100

#: What a text may leave open, and what stands there on a dossier.
PLACEHOLDERS = {
    "reference": "la référence du dossier",
    "objet": "son objet",
    "organisme": "l’organisme qui le dépose",
    "montant": "son montant",
    "date": "la date du jour",
}
_PLACEHOLDER = re.compile(r"\{([^{}\n]*)\}")


@dataclass(frozen=True, slots=True)
class Use:
    """For which acts a motive is offered; blank: for all of them."""

    path: str = ""
    step: str = ""
    outcome: str = ""

    @property
    def key(self) -> str:
        """As a form names it: ``fnmo_investment/check/request_pieces``."""
        return "/".join(one for one in (self.path, self.step, self.outcome) if one)


def acting_roles() -> frozenset[Role]:
    """The roles that act on dossiers: they have motives to write."""
    return frozenset(role for path in all_paths() for step in path.steps() for role in _roles_of(step))


def desks_of(user: User) -> list[Holding]:
    """The desks at which a person sits in their own right. One statement."""
    roles = acting_roles()
    return [held for held in holdings_of(user) if held.role in roles]


def uses_of(roles: frozenset[Role]) -> Iterator[tuple[type[Path], list[tuple[Use, str]]]]:
    """Path by path, the acts that one of ``roles`` does with a motive, in words."""
    for path in all_paths():
        found = [
            (Use(path.key, step.name, outcome.key), f"{step.task_title} : {outcome.label}")
            for step in path.steps()
            if not roles.isdisjoint(_roles_of(step))
            for outcome in step.outcomes.values()
            if not (outcome.by_system or outcome.sealed)
        ]
        if found:
            yield path, found


def _roles_of(step: Step) -> set[Role]:
    return {seat.role for seat in step.seats} | set(step.filed_by)


def create_motive(
    *, role: str, organisation_id: int, title: str, text: str, use: Use | None = None, actor: User
) -> MotiveTemplate:
    """Keep a motive for a desk of ``actor``'s.

    Raises ``Forbidden`` (not their desk), ``Invalid`` (title or text missing, too long or with an unknown gap; an act
    that the desk does not do; a title that the desk has already), ``Conflict`` (the desk keeps a hundred).
    """
    held = _desk(actor, role, organisation_id)
    asked = use or Use()
    title, text = _checked(held.role, title, text, asked)
    kept = MotiveTemplate.objects.filter(
        role=held.role, organisation_id=organisation_id, retired_at__isnull=True
    )
    if kept.count() >= MAX_PER_DESK:
        raise Conflict(f"Ce bureau garde déjà {MAX_PER_DESK} motifs : retirez-en un avant d’en ajouter.")
    now = clock.now()
    with _title_once(title), transaction.atomic():
        return MotiveTemplate.objects.create(
            role=held.role,
            organisation_id=organisation_id,
            path=asked.path,
            step=asked.step,
            outcome=asked.outcome,
            title=title,
            text=text,
            created_by=actor,
            created_at=now,
            updated_at=now,
        )


def change_motive(
    *, public_id: UUID, title: str, text: str, use: Use | None = None, actor: User
) -> MotiveTemplate:
    """Change a motive of one's desk. Motives already written stay as they are. Raises as ``create_motive`` does."""
    asked = use or Use()
    template = motive_of(actor, public_id)
    template.title, template.text = _checked(Role(template.role), title, text, asked)
    template.path, template.step, template.outcome = asked.path, asked.step, asked.outcome
    template.updated_at = clock.now()
    with _title_once(template.title), transaction.atomic():
        template.save(update_fields=["title", "text", "path", "step", "outcome", "updated_at"])
    return template


def retire_motive(*, public_id: UUID, actor: User) -> MotiveTemplate:
    """Offer a motive no longer; its title is free again. Raises ``NotFound``."""
    template = motive_of(actor, public_id)
    template.retired_at = template.updated_at = clock.now()
    template.save(update_fields=["retired_at", "updated_at"])
    return template


def motive_of(actor: User, public_id: UUID) -> MotiveTemplate:
    """A motive in use of one of ``actor``'s desks. Raises ``NotFound`` without a hint otherwise."""
    found = templates_of(actor).filter(public_id=public_id).first()
    if found is None:
        raise NotFound("Ce motif n’existe pas, a été retiré, ou est celui d’un autre bureau.")
    return found


def filled(text: str, dossier: Dossier) -> str:
    """The text of a motive for one dossier, its gaps filled in."""
    values = {
        "reference": dossier.reference,
        "objet": dossier.title,
        "organisme": dossier.organisation.name,
        "montant": format_eur(dossier.amount_ht) if dossier.amount_ht is not None else "montant non fixé",
        "date": french_date(clock.today()),
    }
    return _PLACEHOLDER.sub(lambda found: values.get(found[1], found[0]), text)


def _desk(actor: User, role: str, organisation_id: int) -> Holding:
    held = holding_for(holdings_of(actor), role, organisation_id)
    if held is None or held.role not in acting_roles():
        raise Forbidden(
            "Vous ne gérez que les motifs des rôles que vous tenez. Choisissez l’un de vos bureaux."
        )
    return held


def _checked(role: Role, title: str, text: str, use: Use) -> tuple[str, str]:
    title, text = " ".join(title.split()), text.strip()
    problems: dict[str, str] = {}
    if not title:
        problems["title"] = "Donnez un intitulé : c’est lui qui paraît dans la liste."
    elif len(title) > MAX_TITLE:
        problems["title"] = f"L’intitulé tient en {MAX_TITLE} caractères."
    if not text:
        problems["text"] = "Écrivez le texte du motif."
    elif len(text) > MAX_MOTIVE:
        problems["text"] = f"Le texte tient en {MAX_MOTIVE} caractères."
    unknown = [name for name in _PLACEHOLDER.findall(text) if name not in PLACEHOLDERS]
    if unknown:
        known = ", ".join(f"{{{name}}}" for name in PLACEHOLDERS)
        problems["text"] = (
            f"« {{{unknown[0]}}} » n’est pas une donnée du dossier. Vous pouvez écrire : {known}."
        )
    for name, value in (("title", title), ("text", text)):
        if not storable(value):
            problems[name] = FORBIDDEN
    if not _is_done_by(role, use):
        problems["use"] = "Cet acte n’est pas de ceux que ce bureau fait : choisissez-en un autre, ou tous."
    if problems:
        raise Invalid(
            "Corrigez ce motif : " + " ".join(problems.values()),
            details={name: [message] for name, message in problems.items()},
        )
    return title, text


def _is_done_by(role: Role, use: Use) -> bool:
    """Whether an act exists and a role does it; a blank outcome or step means all of them."""
    if not use.path:
        return not (use.step or use.outcome)
    try:
        path = get_path(use.path)
    except BusinessError:
        return False
    steps = [step for step in path.steps() if role in _roles_of(step) and use.step in ("", step.name)]
    if not use.outcome:
        return bool(steps)
    return bool(use.step) and any(use.outcome in step.outcomes for step in steps)


@contextmanager
def _title_once(title: str) -> Iterator[None]:
    try:
        yield
    except IntegrityError as error:
        if "motive_template_title_once" not in str(error):
            raise
        message = (
            f"Ce bureau a déjà un motif intitulé « {title} » : changez-le, ou choisissez un autre intitulé."
        )
        raise Invalid(message, details={"title": [message]}) from error
