"""What is exchanged on a dossier, as far as a person may read it. No other module reads messages or links for a person.

Internal notes pass one gate more than the dossier itself: ``cases.permissions.reads_notes``.
"""

from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from cases.enums import Role
from cases.errors import Blocked, BusinessError, Forbidden, NotFound, Reason
from cases.models import Consultation, Dossier, DossierLink, Message, MessageFile, Opinion
from cases.permissions import Holding, holdings_of, reads_notes, writing_holding
from cases.register_terms import MessageKind, OpinionState
from cases.selectors.dossiers import dossiers_visible_to
from cases.text import storable


def messages_of(dossier: Dossier, user_id: int | None, holdings: tuple[Holding, ...]) -> QuerySet[Message]:
    """Messages of a dossier that a person reads, oldest first, with their authors and files.

    The caller has found the dossier through the read gate. Notes only come to those who read them. Two statements, one
    when nothing was written.
    """
    found = Message.objects.filter(dossier=dossier).select_related("author").prefetch_related("files")
    if not reads_notes(holdings, dossier, user_id):
        found = found.filter(kind=MessageKind.MESSAGE)
    return found.order_by("sent_at", "pk")


def message_file_for(
    user: Any,
    message_id: UUID,
    file_id: UUID,
    holdings: tuple[Holding, ...] | None = None,
    *,
    reference: str | None = None,
) -> MessageFile:
    """A file of a message that ``user`` may read. Raises ``NotFound`` without a hint otherwise."""
    held = holdings_of(user) if holdings is None else holdings
    found = MessageFile.objects.select_related("message__dossier__organisation").filter(
        public_id=file_id,
        message__public_id=message_id,
        message__dossier__in=dossiers_visible_to(user, held),
    )
    if reference is not None:
        found = found.filter(message__dossier__reference=reference if storable(reference) else "")
    one = found.first()
    if one is None or (
        one.message.kind == MessageKind.NOTE and not reads_notes(held, one.message.dossier, user.pk)
    ):
        raise NotFound(
            "Ce fichier ne vous est pas accessible. Revenez au dossier et ouvrez-le depuis sa page."
        )
    return one


def writing_refusal(
    dossier: Dossier, holdings: tuple[Holding, ...], user_id: int | None
) -> BusinessError | None:
    """Why a person who reads a dossier may not write a message on it; None when they may.

    Experts keep silent while they are consulted in confidence, whatever other role they hold; afterwards those who were
    asked may write. No statement but for experts: two at most.
    """
    held, _ = writing_holding(holdings, dossier, user_id)
    if held is None:
        return Forbidden(
            "Écrivent sur un dossier les personnes de l’organisme qui le dépose, celles de la CANSSM et celles dont le "
            "rôle y est attendu. Vous pouvez le lire seulement."
        )
    if not any(one.role == Role.EXPERT for one in holdings):
        return None
    asked = Opinion.objects.filter(consultation__dossier=dossier, expert=user_id)
    consulted = Consultation.objects.filter(dossier=dossier, confidential=True, closed_at__isnull=True)
    if held.role != Role.EXPERT:
        consulted = consulted.filter(opinions__in=asked)
    if consulted.exists():
        message = (
            "Les avis sont demandés en toute confidentialité : un expert n’écrit pas sur le dossier avant la clôture "
            "de la consultation. Dites ce que vous avez à dire dans votre avis."
        )
        return Blocked(message, reasons=[Reason("confidential", message)])
    if held.role == Role.EXPERT and not asked.exclude(state=OpinionState.RECUSED).exists():
        return Forbidden("Parmi les experts, ceux dont l’avis a été demandé écrivent sur le dossier.")
    return None


def links_of(dossier: Dossier, user: Any, holdings: tuple[Holding, ...]) -> QuerySet[DossierLink]:
    """Links of a dossier to others that ``user`` may read, those taken back included; oldest first. One statement."""
    visible = dossiers_visible_to(user, holdings).order_by().values("pk")
    return (
        DossierLink.objects.filter(
            Q(source=dossier, target__in=visible) | Q(target=dossier, source__in=visible)
        )
        .select_related("source", "target", "created_by")
        .order_by("created_at", "pk")
    )
