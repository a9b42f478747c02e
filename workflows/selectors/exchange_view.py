"""What the dossier page shows of messages, notes, links and copies, for one person."""

from dataclasses import dataclass
from uuid import UUID

from cases.enums import DossierStatus
from cases.models import Dossier, DossierLink, Message, User
from cases.permissions import holding_for, may_read, may_relate, noting_holding
from cases.register_terms import LinkKind
from cases.selectors.exchanges import links_of, messages_of, writing_refusal
from workflows.selectors.dossier_view import DossierView

#: Dossiers that came to nothing. A closed one counts when it had been refused: what was executed stands.
GIVEN_UP = (DossierStatus.REFUSED, DossierStatus.WITHDRAWN, DossierStatus.LAPSED)

#: Said instead of what is exchanged.
READ_BY_DELEGATION = "Par délégation, vous lisez ce dossier et ses pièces ; ni les messages, ni les liens."

#: How a link reads from the dossier that it leads to.
REVERSED = {
    LinkKind.FOLLOWS: "est suivi de",
    LinkKind.REPLACES: "est remplacé par",
    LinkKind.SAME_OPERATION: "même opération que",
}


@dataclass(frozen=True, slots=True)
class Related:
    """Another dossier that this one is linked to; ``words``: « fait suite à », read from this one."""

    public_id: UUID
    kind: LinkKind
    words: str
    dossier: Dossier
    status_label: str
    outgoing: bool
    removed: bool


@dataclass(frozen=True, slots=True)
class Exchanges:
    """Messages (with notes, for those who read them), oldest first, links, and what the person may add.

    ``refusal``: why the person may not write, a French sentence, or empty. ``related`` holds links taken back too: the
    journal names them.
    """

    messages: tuple[Message, ...]
    refusal: str
    may_note: bool
    related: tuple[Related, ...]
    may_link: bool
    may_copy: bool

    @property
    def links(self) -> tuple[Related, ...]:
        """The links in force."""
        return tuple(one for one in self.related if not one.removed)


def exchanges_of(view: DossierView, user: User) -> Exchanges:
    """What is exchanged on the dossier of ``view``. Three statements, two more for experts.

    Whoever reads the dossier by delegation alone does not read what people write to each other beside it.
    """
    dossier, held = view.dossier, view.holdings
    if not may_read(held, dossier):
        return Exchanges((), READ_BY_DELEGATION, may_note=False, related=(), may_link=False, may_copy=False)
    related = tuple(related_to(dossier, one) for one in links_of(dossier, user, held))
    refusal = writing_refusal(dossier, held, user.pk)
    return Exchanges(
        messages=tuple(messages_of(dossier, user.pk, held)),
        refusal=refusal.message if refusal else "",
        may_note=noting_holding(held, dossier, user.pk) is not None,
        related=related,
        may_link=may_relate(held, dossier, user.pk),
        may_copy=_may_copy(view, related),
    )


def related_to(dossier: Dossier, link: DossierLink) -> Related:
    """A link as it reads from ``dossier``, one of its two ends."""
    kind, outgoing = LinkKind(link.kind), link.source_id == dossier.pk
    other = link.target if outgoing else link.source
    return Related(
        public_id=link.public_id,
        kind=kind,
        words=str(kind.label) if outgoing else REVERSED[kind],
        dossier=other,
        status_label=str(DossierStatus(other.status).label),
        outgoing=outgoing,
        removed=link.removed_at is not None,
    )


def _may_copy(view: DossierView, related: tuple[Related, ...]) -> bool:
    """As ``workflows.services.copies.require_copyable``, from what the page has read already."""
    dossier = view.dossier
    if dossier.status not in GIVEN_UP and not (
        dossier.status == DossierStatus.CLOSED
        and any(entry.status_after == DossierStatus.REFUSED for entry in view.journal)
    ):
        return False
    roles, body = view.path.first_step().filing_roles, dossier.organisation_id
    if not any(holding_for(view.holdings, role, body) for role in roles):
        return False
    return not any(
        one.kind is LinkKind.REPLACES
        and not one.outgoing
        and not one.removed
        and one.dossier.organisation_id == dossier.organisation_id
        and one.dossier.status not in GIVEN_UP
        for one in related
    )
