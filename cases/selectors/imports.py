"""Imports that a person may see, and which registers they may load files into."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cases.enums import Role
from cases.errors import NotFound
from cases.imports import REGISTERS
from cases.models import RegisterImport
from cases.permissions import Holding, holdings_of


def imports_into(register: str, holdings: tuple[Holding, ...]) -> bool:
    """Whether somebody may load files into a register. No statement."""
    return bool(REGISTERS[register]().capacity(holdings))


def imports_visible_to(user: Any, holdings: tuple[Holding, ...] | None = None) -> QuerySet[RegisterImport]:
    """The only read gate: imports into registers that one writes; reviewers see all of them, others their own."""
    held = holdings_of(user) if holdings is None else holdings
    registers = [register for register in REGISTERS if imports_into(register, held)]
    gate = Q(register__in=registers)
    if not any(one.role == Role.REVIEWER for one in held):
        gate &= Q(uploaded_by=user.pk)
    return RegisterImport.objects.filter(gate)


def import_for(user: Any, public_id: UUID, holdings: tuple[Holding, ...] | None = None) -> RegisterImport:
    """One import, if ``user`` may see it. Raises ``NotFound`` without a hint otherwise."""
    found = (
        imports_visible_to(user, holdings)
        .select_related("uploaded_by", "settled_by")
        .filter(public_id=public_id)
        .first()
    )
    if found is None:
        raise unseen()
    return found


def unseen() -> NotFound:
    """What is said of an import that is not there, and of one that the person may not know of."""
    return NotFound("Aucun import de cette adresse ne vous est accessible. Déposez de nouveau le fichier.")
