"""Declares and cancels absences and names deputies; each act is written to the administration journal."""

from datetime import date
from uuid import UUID

from django.db import transaction

from cases import clock
from cases.calendar import french_date
from cases.enums import Role
from cases.errors import Conflict, Forbidden, Invalid, NotFound
from cases.events import AbsenceDeclared, emit_absence
from cases.models import Absence, User
from cases.permissions import Holding, administers, holdings_of
from cases.selectors.absences import people_managed_by, reads_work_of
from cases.services.journal import append_administration_entry

#: An absence lasts a year at most, both days included: a longer one is the end of a role.
MAX_DAYS = 366


@transaction.atomic
def declare_absence(
    *, user: User, first_day: date, last_day: date, deputy: User | None, declared_by: User
) -> Absence:
    """Declare that ``user`` is away from a day to a day (both included), and who stands in (None: the usual deputy).

    By the person, a manager of a body where they hold a role, or an administrator. Raises ``Forbidden``, ``Invalid``
    (dates reversed, in the past or too far apart; a deputy who is inactive, away too, or may not read what the person
    has in hand; somebody whose access is closed), ``Conflict`` (away already on one of these days).
    """
    capacity = _capacity(declared_by, user)
    _lock(user, deputy)
    details: dict[str, list[str]] = {}
    if last_day < first_day:
        details["last_day"] = ["Le dernier jour précède le premier. Corrigez l’une des deux dates."]
    elif (last_day - first_day).days >= MAX_DAYS:
        details["last_day"] = [
            "Une absence dure un an au plus. Au-delà, demandez à l’administrateur de mettre fin aux rôles, "
            "ou déclarez la suite plus tard."
        ]
    if first_day < clock.today():
        details["first_day"] = [
            "Une absence ne se déclare pas dans le passé. Choisissez aujourd’hui ou un jour à venir."
        ]
    if not user.is_active:
        details["user"] = [f"L’accès de {user} est fermé : il n’y a pas d’absence à déclarer."]
    if deputy is not None and (fault := _deputy_fault(user, deputy)):
        details["deputy"] = [fault]
    elif deputy is not None and not details:
        away = _overlapping(deputy, first_day, last_day)
        if away is not None:
            details["deputy"] = [
                f"{deputy} a aussi une absence déclarée, {_span(away)}. Choisissez un autre suppléant ou d’autres "
                "dates."
            ]
    if details:
        raise Invalid("L’absence n’a pas été déclarée : corrigez les points signalés.", details=details)
    known = _overlapping(user, first_day, last_day)
    if known is not None:
        raise Conflict(
            f"Une absence est déjà déclarée {_span(known)}. Annulez-la d’abord, ou choisissez d’autres dates."
        )
    absence = Absence.objects.create(
        user=user,
        first_day=first_day,
        last_day=last_day,
        deputy=deputy,
        created_at=clock.now(),
        created_by=declared_by,
    )
    append_administration_entry(
        actor=declared_by,
        capacity=capacity,
        action="declare_absence",
        subject=user,
        changes={
            "absence": str(absence.public_id),
            "first_day": first_day.isoformat(),
            "last_day": last_day.isoformat(),
            "deputy": deputy.username if deputy else None,
        },
    )
    emit_absence(AbsenceDeclared(absence))
    return absence


@transaction.atomic
def cancel_absence(*, public_id: UUID, cancelled_by: User) -> Absence:
    """Cancel an absence, to come or in force (the person is back): reminders go to them again from now on.

    By those who may declare it. Raises ``NotFound`` (also for what one may not see), ``Conflict`` (cancelled already),
    ``Invalid`` (over).
    """
    absence = (
        Absence.objects.select_for_update(of=("self",))
        .select_related("user")
        .filter(public_id=public_id)
        .first()
    )
    if absence is None or not may_declare_for(cancelled_by, absence.user):
        raise NotFound("Cette absence ne vous est pas accessible. Rechargez la page.")
    capacity = _capacity(cancelled_by, absence.user)
    if absence.cancelled_at is not None:
        raise Conflict("Cette absence est déjà annulée. Rechargez la page.")
    if absence.last_day < clock.today():
        raise Invalid(
            f"Cette absence a pris fin le {french_date(absence.last_day)} : il n’y a rien à annuler."
        )
    absence.cancelled_at = clock.now()
    absence.cancelled_by = cancelled_by
    absence.save(update_fields=["cancelled_at", "cancelled_by"])
    append_administration_entry(
        actor=cancelled_by,
        capacity=capacity,
        action="cancel_absence",
        subject=absence.user,
        changes={
            "absence": str(absence.public_id),
            "first_day": absence.first_day.isoformat(),
            "last_day": absence.last_day.isoformat(),
        },
    )
    return absence


@transaction.atomic
def set_deputy(*, user: User, deputy: User | None, changed_by: User) -> User:
    """Name the usual deputy of a person, or none. Naming the same one again changes nothing.

    By those who may declare absences of that person. Raises ``Forbidden``, ``Invalid`` (a deputy who is inactive, the
    person themselves, or may not read what the person has in hand).
    """
    capacity = _capacity(changed_by, user)
    _lock(user, deputy)
    if deputy is not None and (fault := _deputy_fault(user, deputy)):
        raise Invalid("Le suppléant n’a pas été changé.", details={"deputy": [fault]})
    before = User.objects.select_related("deputy").get(pk=user.pk).deputy
    if before == deputy:
        return user
    user.deputy = deputy
    user.save(update_fields=["deputy"])
    append_administration_entry(
        actor=changed_by,
        capacity=capacity,
        action="set_deputy",
        subject=user,
        changes={"deputy": [before.username if before else None, deputy.username if deputy else None]},
    )
    return user


def may_declare_for(actor: User, user: User, holdings: tuple[Holding, ...] | None = None) -> bool:
    """Whether ``actor`` may declare absences of ``user``: oneself, those whom one manages, all for an administrator."""
    if actor.pk == user.pk:
        return True
    held = holdings_of(actor) if holdings is None else holdings
    return administers(held) or people_managed_by(actor, held).filter(pk=user.pk).exists()


def _capacity(actor: User, user: User) -> str:
    """In which capacity ``actor`` declares something about ``user``. Raises ``Forbidden``."""
    held = holdings_of(actor)
    if not may_declare_for(actor, user, held):
        raise Forbidden(
            f"Seuls {user}, le pilotage de son organisme et l’administrateur déclarent ses absences. "
            "Adressez-vous à l’un d’eux."
        )
    if actor.pk == user.pk:
        return held[0].capacity if held else "Titulaire du compte"
    by_role = {one.role: one.capacity for one in held}
    return by_role.get(Role.ADMINISTRATOR) or by_role[Role.MANAGER]


def _lock(*people: User | None) -> None:
    """Order two declarations that concern the same people, in one order for all."""
    keys = [one.pk for one in people if one is not None]
    list(User.objects.select_for_update(no_key=True).filter(pk__in=keys).order_by("pk").values_list("pk"))


def _overlapping(user: User, first_day: date, last_day: date) -> Absence | None:
    found = Absence.objects.filter(
        user=user, cancelled_at__isnull=True, first_day__lte=last_day, last_day__gte=first_day
    )
    return found.order_by("first_day").first()


def _deputy_fault(user: User, deputy: User) -> str:
    """Why somebody cannot stand in for ``user``, or nothing."""
    if deputy.pk == user.pk:
        return "On ne se supplée pas soi-même. Choisissez une autre personne."
    if not deputy.is_active:
        return f"L’accès de {deputy} est fermé. Choisissez une autre personne."
    if not reads_work_of(holdings_of(deputy), holdings_of(user)):
        return (
            f"{deputy} ne peut pas lire les dossiers confiés à {user}. Choisissez une personne du même organisme, "
            "ou demandez à l’administrateur de lui attribuer un rôle."
        )
    return ""


def _span(absence: Absence) -> str:
    if absence.first_day == absence.last_day:
        return f"le {french_date(absence.first_day)}"
    return f"du {french_date(absence.first_day)} au {french_date(absence.last_day)}"
