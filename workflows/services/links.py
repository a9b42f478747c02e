"""Links between dossiers: one follows another, replaces it, or belongs to the same operation."""

from collections.abc import Iterable
from uuid import UUID

from django.db import transaction

from cases.errors import Forbidden, Invalid, NotFound
from cases.models import Dossier, DossierLink, User
from cases.permissions import Holding, holdings_of, may_relate, writing_holding
from cases.register_terms import LinkKind
from cases.selectors.exchanges import links_of
from cases.services.exchanges import add_link, link_fingerprint, remove_link
from cases.services.journal import mention
from workflows.services.locking import busy_is_conflict, lock_dossier


def link_dossiers(*, reference: str, other: str, kind: str, actor: User) -> DossierLink:
    """The dossier ``reference`` follows, replaces or belongs to the same operation as ``other``; both journals say so.

    The person reads both and works for the body of one of them, or for the fund. Neither version moves.
    Raises ``NotFound`` (one of them; both look the same), ``Forbidden``, ``Invalid`` (kind, itself), ``Conflict``
    (there already), ``Blocked`` (a circle).
    """
    if kind not in LinkKind.values:
        fault = "Choisissez dans la liste comment ce dossier se rapporte à l’autre."
        raise Invalid(fault, details={"kind": [fault]})
    holdings = holdings_of(actor)
    with busy_is_conflict(), transaction.atomic():
        found = _locked({reference, other}, holdings)
        source, target = found[reference], found[other]
        _require_right(found.values(), holdings, actor)
        link = add_link(source=source, target=target, kind=LinkKind(kind), actor=actor)
        note_link(link, (source, target), holdings, actor, action="link")
    return link


def unlink_dossiers(*, reference: str, link_id: UUID, actor: User) -> DossierLink:
    """Take back a link of the dossier ``reference``; both journals say so.

    Raises ``NotFound`` (no link of this dossier that the person may see), ``Forbidden``, ``Conflict`` (just removed).
    """
    holdings = holdings_of(actor)
    with busy_is_conflict(), transaction.atomic():
        ends = (
            DossierLink.objects.filter(public_id=link_id)
            .values_list("source__reference", "target__reference")
            .first()
        )
        if ends is None or reference not in ends:
            raise NotFound(_NO_LINK)
        found = _locked(set(ends), holdings)
        dossier = found[reference]
        link = links_of(dossier, actor, holdings).filter(public_id=link_id, removed_at__isnull=True).first()
        if link is None:
            raise NotFound(_NO_LINK)
        _require_right(found.values(), holdings, actor)
        remove_link(link=link, actor=actor)
        note_link(link, tuple(found[one] for one in ends), holdings, actor, action="unlink")
    return link


_NO_LINK = "Ce dossier n’a pas ce lien, ou il a été retiré : rechargez la page."


def note_link(
    link: DossierLink, ends: Iterable[Dossier], holdings: tuple[Holding, ...], actor: User, *, action: str
) -> None:
    """Tell both journals of a link by its id and fingerprint: each is read by people who may not know of the other."""
    for dossier in ends:
        held, _ = writing_holding(holdings, dossier, actor.pk)
        mention(
            dossier=dossier,
            actor=actor,
            capacity=held.capacity if held else holdings[0].capacity,
            action=action,
            changes={"link": {"id": str(link.public_id), "sha256": link_fingerprint(link)}},
        )


def _locked(references: set[str], holdings: tuple[Holding, ...]) -> dict[str, Dossier]:
    """These dossiers, locked in the order of their references, so that two people never wait for each other."""
    return {one: lock_dossier(holdings=holdings, reference=one) for one in sorted(references)}


def _require_right(dossiers: Iterable[Dossier], holdings: tuple[Holding, ...], actor: User) -> None:
    if not any(may_relate(holdings, one, actor.pk) for one in dossiers):
        raise Forbidden(
            "Lient des dossiers les personnes de l’organisme qui dépose l’un d’eux et celles de la CANSSM. "
            "Demandez-le à l’une d’elles."
        )
