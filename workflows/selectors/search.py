"""What a person asks of all dossiers: read from a query string, checked field by field, searched in the read gate."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import Exists, F, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from viewflow.workflow.fields import get_task_ref
from viewflow.workflow.models import Task

from cases import clock
from cases.enums import DossierStatus, Role
from cases.errors import Invalid
from cases.models import User
from cases.money import AmountError, parse_amount
from cases.permissions import Holding, holdings_of, own_of
from cases.selectors.dossiers import dossiers_visible_to
from cases.selectors.search import (
    DEFAULT_ORDER,
    LONGEST_TEXT,
    ORDERS,
    DossierFilters,
    Found,
    Words,
    read_words,
    search,
)
from cases.text import storable
from workflows.engine.registry import all_paths
from workflows.engine.step import OPEN, Step
from workflows.rulebook import rulebooks

#: Holders of an open task that have a name of their own; anything else is the user name of a person.
ME: Final = "me"
FREE: Final = "free"
TAKEN: Final = "taken"

#: Years that ``dossier_exercise_plausible`` admits.
FIRST_EXERCISE, LAST_EXERCISE = 2000, 2100
#: Days that may be asked for.
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(2199, 12, 31)


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked, understood. ``step``, ``role``, ``holder`` speak of one open task of the dossier."""

    words: Words = field(default_factory=Words)
    filters: DossierFilters = field(default_factory=DossierFilters)
    step: str = ""
    role: str = ""
    holder: str = ""
    sort: str = DEFAULT_ORDER

    @property
    def of_one_person(self) -> bool:
        """Whether the dossiers in one person's hands are asked for: how many these are is told to nobody."""
        return self.holder not in ("", ME, FREE, TAKEN)


def known_steps() -> dict[str, str]:
    """Key of each step of the paths → its title, of all its titles where several paths have it."""
    titles: dict[str, list[str]] = {}
    for path in all_paths():
        for node in path.nodes():
            if isinstance(node, Step) and node.task_title not in titles.setdefault(node.name, []):
                titles[node.name].append(node.task_title)
    return {
        key: " / ".join(found) if len(found) < 3 else f"{found[0]} / {found[1]}…"
        for key, found in sorted(titles.items(), key=lambda item: item[1][0])
    }


def known_rules() -> dict[str, str]:
    """Key of each rule that the paths go by → its title as it is today."""
    today = clock.today()
    titles: dict[str, str] = {}
    for path in all_paths():
        book = rulebooks()[path.convention]
        for key in path.rules:
            titles.setdefault(key, book.rule(key, today).title)
    return titles


def read_search(given: Mapping[str, str]) -> tuple[Asked, dict[str, str]]:
    """What a query string asks, and for each parameter that is not understood a French sentence.

    One statement when words are given.
    """
    faults: dict[str, str] = {}

    def read(name: str, reader: Callable[[str], Any]) -> Any:
        text = given.get(name, "").strip()
        if not text:
            return None
        try:
            return reader(text)
        except ValueError as error:
            faults[name] = str(error)
            return None

    filters = DossierFilters(
        path=read("path", _one_of({path.key for path in all_paths()})) or "",
        status=read("status", _one_of(DossierStatus.values)) or "",
        organisation=read("organisation", _text) or "",
        exercise=read("exercise", _exercise),
        rule=read("rule", _one_of(known_rules())) or "",
        **{
            f"{name}_{end}": read(f"{name}_{end}", _amount if name == "amount" else _day)
            for name in ("amount", "submitted", "updated", "due")
            for end in ("from", "to")
        },
    )
    for name in ("amount", "submitted", "updated", "due"):
        first, last = getattr(filters, f"{name}_from"), getattr(filters, f"{name}_to")
        if first is not None and last is not None and first > last:
            faults[f"{name}_to"] = (
                "Ce montant est inférieur au premier : intervertissez-les."
                if name == "amount"
                else "Cette date est avant la première : intervertissez-les."
            )
    words = read("q", _words)
    asked = Asked(
        words=read_words(words) if words else Words(),
        filters=filters,
        step=read("step", _one_of(known_steps())) or "",
        role=read("role", _one_of(Role.values)) or "",
        holder=read("holder", _text) or "",
        sort=read("sort", _one_of(ORDERS)) or DEFAULT_ORDER,
    )
    return asked, faults


def found_by(
    user: User,
    asked: Asked,
    *,
    holdings: tuple[Holding, ...] | None = None,
    cursor: str = "",
) -> Found:
    """One page of what is asked, inside the read gate. Raises ``Invalid`` for a broken cursor."""
    held = holdings_of(user) if holdings is None else holdings
    also = []
    if asked.step or asked.role or asked.holder:
        also.append(Exists(_open_tasks(asked, user)))
    return search(
        user,
        asked.filters,
        words=asked.words,
        holdings=held,
        also=also,
        sort=asked.sort,
        cursor=cursor,
    )


def _open_tasks(asked: Asked, user: User) -> QuerySet[Task]:
    tasks: QuerySet[Task] = Task.objects.filter(
        process_id=OuterRef("process_id"), flow_task_type=Step.task_type, status__in=OPEN
    ).order_by()
    if asked.step:
        tasks = tasks.filter(flow_task__in=_steps_called(asked.step, asked.filters.path))
    if asked.role:
        tasks = tasks.filter(owner_permission=Role(asked.role).permission)
    if asked.holder == FREE:
        tasks = tasks.filter(owner__isnull=True)
    elif asked.holder == TAKEN:
        tasks = tasks.filter(owner__isnull=False)
    elif asked.holder:
        tasks = tasks.filter(owner__username=user.username if asked.holder == ME else asked.holder)
    return tasks


def _steps_called(key: str, path_key: str) -> list[str]:
    found = [path.step(key) for path in all_paths() if path_key in ("", path.key)]
    return [get_task_ref(step) for step in found if step is not None]


def colleagues_of(user: User, holdings: tuple[Holding, ...]) -> list[User]:
    """The people who hold a role on a body that one holds oneself: whose dossiers one may look for. One statement.

    By name only: how many each has in hand is nobody's business here.
    """
    today = clock.today()
    held = own_of(holdings)
    if not held:
        return []
    desks: Any = QuerySet(User).none()
    for one in held:
        desks |= User.objects.filter(
            role_grants__role=one.role,
            role_grants__organisation_id=one.organisation_id,
            role_grants__valid_from__lte=today,
            is_active=True,
        ).exclude(role_grants__valid_until__lt=today)
    found: QuerySet[User] = desks.exclude(pk=user.pk).distinct().order_by("display_name", "username")
    return list(found)


def blocking_rules(user: User, holdings: tuple[Holding, ...]) -> list[tuple[str, str]]:
    """Rules that were found to block a dossier in sight, by title. One statement."""
    titles = known_rules()
    blocked = RawSQL("SELECT dossier_id FROM blocked", ())  # noqa: S611
    try:
        seen = (
            dossiers_visible_to(user, holdings)
            .filter(pk__in=blocked, findings__checked_length=F("journal_length"))
            .values_list("findings__blocked_rules")
        )
        sql, params = seen.order_by().query.sql_with_params()
    except EmptyResultSet:
        return []
    with connection.cursor() as cursor:
        # First what is blocked, which is few, by its index: PostgreSQL would read everything in sight for each rule.
        cursor.execute(
            f"""WITH blocked AS MATERIALIZED (
                    SELECT dossier_id FROM cases_dossierfindings WHERE NOT blocked_rules = '{{}}'::varchar[])
                SELECT DISTINCT unnest(seen.rules) FROM ({sql}) seen (rules)""",  # noqa: S608
            params,
        )
        found = [key for (key,) in cursor.fetchall() if key in titles]
    return sorted(((key, titles[key]) for key in found), key=lambda rule: rule[1])


# -- readers: a text in, a value out; ``ValueError`` with a French sentence -----------------------


def _text(text: str) -> str:
    if not storable(text) or len(text) > LONGEST_TEXT:
        raise ValueError("Cette valeur est inconnue : choisissez-en une dans la liste.")
    return text


def _words(text: str) -> str:
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"La recherche dépasse {LONGEST_TEXT} caractères : gardez les mots qui comptent.")
    if not storable(text):
        raise ValueError("Un caractère ne peut pas être cherché : retapez le texte.")
    return text


def _one_of(known: Any) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text not in known:
            raise ValueError(f"« {text} » est inconnu. Valeurs admises : {', '.join(known)}.")
        return text

    return read


def _exercise(text: str) -> int:
    if not (text.isascii() and text.isdecimal()) or not FIRST_EXERCISE <= int(text) <= LAST_EXERCISE:
        raise ValueError("Indiquez une année sur quatre chiffres, par exemple 2015.")
    return int(text)


def _amount(text: str) -> Decimal:
    try:
        amount = parse_amount(text, signed=True)
    except AmountError as error:
        raise ValueError(str(error)) from None
    if amount < 0:
        raise ValueError("Indiquez un montant positif, par exemple 25 000,50.")
    return amount


def _day(text: str) -> date:
    for pattern in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            day = datetime.strptime(text, pattern).date()  # noqa: DTZ007 (a day has no time zone)
        except ValueError:
            continue
        if FIRST_DAY <= day <= LAST_DAY:  # the day after the last of all days does not exist
            return day
    raise ValueError(f"« {text} » n’est pas une date : écrivez par exemple 03/03/2015.")


def refuse_faults(faults: Mapping[str, str]) -> None:
    """Raise ``Invalid`` naming each parameter that was not understood, for who asks by the API."""
    if faults:
        raise Invalid(
            " ".join(faults.values()), details={name: [sentence] for name, sentence in faults.items()}
        )
