"""Dossiers by words and filters, in one of six orders, whatever their number (docs/maintainers/search.md).

Whatever is asked, what is found lies inside ``dossiers_visible_to``. A page can be found in two ways: gather all that
fits and sort it (few fit), or walk the index of the order and keep what fits (many do). PostgreSQL guesses badly which
is quicker. Here its planner is asked how many to expect, and that decides what is tried first: a walk of a piece of the
index, or a gathering up to a cap. Where neither gives a page, because what fits lies far down in the order, everything
is gathered.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.contrib.postgres.search import SearchQuery
from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BooleanField, F, Q, QuerySet
from django.db.models.expressions import RawSQL

from cases import clock
from cases.errors import Invalid
from cases.models import Dossier, Organisation
from cases.permissions import ASKED, READS_ALL, READS_NONE, Holding, holdings_of
from cases.selectors.dossiers import dossiers_visible_to
from cases.text import storable

PAGE_SIZE: Final = 25
#: How far dossiers are counted; beyond, there are « plus de 1 000 ».
COUNT_LIMIT: Final = 1_000
#: So many are gathered and sorted before anything else is tried.
GATHERED: Final = 3_000
#: So few are looked at one by one, rather than by everything that a reader may read.
FEW: Final = 12_000
#: So many entries of an order's index are walked.
WALKED: Final = 5_000
#: How far they are counted there when nothing was gathered before.
SEEN: Final = 250
LONGEST_TEXT: Final = 200
#: What dossiers without a value go by.
UNDATED: Final = "updated_at"


@dataclass(frozen=True, slots=True)
class Order:
    """An order: the column that it goes by, and whether the greatest comes first. The id decides between equals.

    Dossiers without a value come last in both directions, by their last change. ``by_words``: those whose reference or
    title holds the words come first, the others after them, each by ``column``.
    """

    column: str
    descending: bool
    nullable: bool = False
    by_words: bool = False


#: What a person may ask for → the order. « -updated »: the last one changed comes first.
ORDERS: Final[Mapping[str, Order]] = {
    "-updated": Order("updated_at", True),
    "updated": Order("updated_at", False),
    "-submitted": Order("submitted_at", True, nullable=True),
    "submitted": Order("submitted_at", False, nullable=True),
    "-due": Order("next_due_on", True, nullable=True),
    "due": Order("next_due_on", False, nullable=True),
    "-amount": Order("amount_ht", True, nullable=True),
    "amount": Order("amount_ht", False, nullable=True),
    "-reference": Order("reference", True),
    "reference": Order("reference", False),
    "relevance": Order("updated_at", True, by_words=True),
}
DEFAULT_ORDER: Final = "-updated"


@dataclass(frozen=True, slots=True)
class DossierFilters:
    """What is asked of dossiers; what is left out asks nothing. Dates are days in Paris, both included; amounts are EUR
    HT, both included. ``organisation`` is a code, bodies below it excluded; ``rule`` the key of a rule that was found
    to block the way ahead.
    """

    path: str = ""
    status: str = ""
    organisation: str = ""
    exercise: int | None = None
    amount_from: Decimal | None = None
    amount_to: Decimal | None = None
    submitted_from: date | None = None
    submitted_to: date | None = None
    updated_from: date | None = None
    updated_to: date | None = None
    due_from: date | None = None
    due_to: date | None = None
    rule: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """What was typed, and the query that PostgreSQL makes of it: empty when no word says anything (« de la »)."""

    typed: str = ""
    query: str = ""

    @property
    def asked(self) -> bool:
        """Whether anything was typed."""
        return bool(self.typed)

    @property
    def meaningless(self) -> bool:
        """Whether only words were typed that are not looked up."""
        return self.asked and not self.query


@dataclass(frozen=True, slots=True)
class Found:
    """One page. ``next_cursor`` is empty on the last; ``count`` is what there is in all, or at least (up to
    ``COUNT_LIMIT``) where ``count_is_exact`` is false.
    """

    items: tuple[Dossier, ...]
    next_cursor: str
    count: int
    count_is_exact: bool


#: What is shown of a dossier: its body, and what was found of it but its words.
_DOSSIERS: Final = Dossier.objects.select_related("organisation", "findings").defer(
    "findings__vector", "findings__head", "findings__scope"
)


class KnownQuery(SearchQuery):
    """A query as PostgreSQL has written it."""

    def __init__(self, text: str) -> None:
        super().__init__(text, search_type="raw")
        self.text = text

    def as_sql(self, *_: Any, **__: Any) -> Any:
        """A constant, so that the planner knows how rare its words are."""
        return "%s::tsquery", [self.text]


_GROUPED = re.compile("(?<![0-9])[0-9]{1,3}(?:[ \u00a0\u2009\u202f][0-9]{3})+(?![0-9])")


def read_words(typed: str) -> Words:
    """Understand what was typed: endings, accents, parts of references, the last word unfinished. One statement.

    « 25 000,50 » is one amount.
    """
    text = " ".join(typed.split())[:LONGEST_TEXT]
    if not text:
        return Words()
    if not storable(text):
        return Words(text)
    joined = _GROUPED.sub(lambda found: re.sub("[^0-9]", "", found.group()), text)
    with connection.cursor() as cursor:
        cursor.execute("SELECT cases_query(%s)::text", [joined])
        (query,) = cursor.fetchone()
    return Words(text, query)


def filtered(dossiers: QuerySet[Dossier], asked: DossierFilters) -> QuerySet[Dossier]:
    """Those of the dossiers that answer the filters."""
    if not all(storable(one) for one in (asked.path, asked.status, asked.organisation, asked.rule)):
        return dossiers.none()
    equal: dict[str, Any] = {
        "path": asked.path,
        "status": asked.status,
        "organisation__code": asked.organisation,
        "exercise": asked.exercise,
        "amount_ht__gte": asked.amount_from,
        "amount_ht__lte": asked.amount_to,
        "submitted_at__gte": asked.submitted_from and clock.start_of(asked.submitted_from),
        "submitted_at__lt": asked.submitted_to and clock.start_of(asked.submitted_to + timedelta(days=1)),
        "updated_at__gte": asked.updated_from and clock.start_of(asked.updated_from),
        "updated_at__lt": asked.updated_to and clock.start_of(asked.updated_to + timedelta(days=1)),
        "next_due_on__gte": asked.due_from,
        "next_due_on__lte": asked.due_to,
    }
    chosen = {name: value for name, value in equal.items() if value not in ("", None)}
    if asked.rule:
        # What was found of the dossier as it stood before its last act is no longer said.
        chosen |= {
            "findings__blocked_rules__contains": [asked.rule],
            "findings__checked_length": F("journal_length"),
        }
    return dossiers.filter(**chosen)


def search(
    user: Any,
    asked: DossierFilters | None = None,
    *,
    words: Words | None = None,
    holdings: tuple[Holding, ...] | None = None,
    also: Iterable[Any] = (),
    sort: str = DEFAULT_ORDER,
    cursor: str = "",
    size: int = PAGE_SIZE,
) -> Found:
    """One page of the dossiers that ``user`` may read and that answer everything asked.

    ``also``: further conditions (``Q``, ``Exists``). Words without meaning find nothing. Three to twelve statements,
    however many dossiers there are. Raises ``Invalid`` for an unknown order or a cursor of another one.
    """
    order = ORDERS.get(sort)
    if order is None:
        message = f"« {sort} » n’est pas un tri. Tris admis : {', '.join(ORDERS)}."
        raise Invalid(message, details={"sort": [message]})
    given = words or Words()
    if order.by_words and not given.query:
        order, sort = ORDERS[DEFAULT_ORDER], DEFAULT_ORDER
    after = _decode(cursor, sort, order) if cursor else None
    if given.meaningless:
        return Found((), "", 0, True)
    held = holdings_of(user) if holdings is None else holdings
    conditions = tuple(also)
    filters = asked or DossierFilters()
    dossiers = filtered(dossiers_visible_to(user, held), filters).filter(*conditions)
    scope = _scope(held)
    readable = _readable(held) if scope else Q()
    hunt = _Hunt(dossiers, filters, given.query, scope, order)
    if scope:
        hunt.narrowed = dossiers.filter(readable)
        # The read gate is left out here: asked for the same twice, the planner expects far too few.
        hunt.asked = filtered(Dossier.objects.all(), filters).filter(*conditions)
        hunt.likely = hunt.asked.filter(readable)
    hunt.unfiltered = not (given.query or conditions or filters != DossierFilters())
    try:
        rows, count, whole = hunt.page(after, size)
    except EmptyResultSet:  # no role gives access to anything
        return Found((), "", 0, True)
    shown = rows[:size]
    found = _DOSSIERS.in_bulk([row.id for row in shown])
    return Found(
        items=tuple(found[row.id] for row in shown if row.id in found),
        next_cursor=_encode(sort, shown[-1]) if len(rows) > size else "",
        count=min(count, COUNT_LIMIT),
        count_is_exact=whole and count <= COUNT_LIMIT,
    )


def _scope(holdings: tuple[Holding, ...]) -> list[str]:
    """What the index of words is asked besides the words, so that it gives few dossiers of others.

    Nothing for who reads (nearly) all: the national fund's lineage stands on every dossier. It never widens anything:
    the read gate is asked as well.
    """
    held = [one for one in holdings if one.role not in READS_NONE]
    if any(one.role in READS_ALL for one in held):
        return []
    if any(one.lineage.count("/") == 2 and one.role not in ASKED for one in held):
        return []
    return sorted({one.tag for one in held} | {one.lineage for one in held})


def _readable(holdings: tuple[Holding, ...]) -> Q:
    """What a reader of few reads, said of the dossier's own columns, by which PostgreSQL can find it. One statement.

    The read gate, which is asked as well, compares lineages, of which PostgreSQL can tell beforehand neither where nor
    how many they are.
    """
    tags = sorted({one.tag for one in holdings})
    lineages = sorted({one.lineage for one in holdings})
    below = Q(*(Q(lineage__startswith=lineage) for lineage in lineages), _connector=Q.OR)
    bodies = list(Organisation.objects.filter(below).order_by("pk").values_list("pk", flat=True))
    return Q(involved__overlap=tags) | Q(organisation_id__in=bodies)


@dataclass(frozen=True, slots=True)
class _Row:
    """Where a dossier stands in an order. ``late``: in the second part (no value; words not all in the title).

    ``key`` is the value of the column that the part goes by.
    """

    late: bool
    key: Any
    id: int


class _Hunt:
    """One search: the conditions, and the ways to find the first rows after one."""

    def __init__(
        self, dossiers: QuerySet[Dossier], asked: DossierFilters, query: str, scope: list[str], order: Order
    ) -> None:
        self.order = order
        self.query = KnownQuery(query) if query else None
        self.scope = scope if query else []
        self.plain = dossiers  # by the dossier's own columns
        self.worded = dossiers.filter(findings__vector=self.query) if self.query else dossiers
        # For a reader of few: the same with what helps to gather them and would lead a walk astray; what the planner is
        # asked about, without the reader and with.
        self.narrowed = self.asked = self.likely = dossiers
        self.filter = _piece_of(asked)
        self.by_words = self.query is not None  # whether to gather from the index of words
        self.narrow = True  # whether what one reads leaves fewer than what is asked
        self.unfiltered = False  # nothing is asked: nobody has to guess how many there are
        self.counted = 0  # how many a walk looks for

    def page(self, after: _Row | None, size: int) -> tuple[list[_Row], int, bool]:
        """The first ``size`` + 1 rows after ``after``; how many there are in all, at least; whether all were seen."""
        wanted, count = size + 1, 0
        self.counted = wanted
        cap = COUNT_LIMIT if self.unfiltered else self._likely(wanted)
        if cap is not None:
            whole, count, rows = self._gather(None, after, wanted, cap)
            if whole:
                return rows, count, True
        else:
            self.counted = max(wanted, SEEN + 1)
        rows, counts = [], []
        start = bool(after and after.late)
        parts = (False, True) if self.order.nullable or self.order.by_words else (False,)
        for late in parts:
            if late >= start and len(rows) < wanted:
                found, of_part = self._part(late, after if late == start else None, wanted - len(rows))
                rows += found
                counts += [of_part] if of_part is not None else []
        if len(counts) == len(parts):
            return rows[:wanted], sum(counts), True
        return rows[:wanted], max(count, len(rows), *counts), False

    def _likely(self, wanted: int) -> int | None:
        """How much to gather first; None where so many are likely to fit that a walk finds a page of them.

        It is what the planner thinks, which costs one statement and reads no dossier. What is found does not depend on
        it. ``by_words``: whether to begin with the words or, where they leave few, with the other filters.
        """
        asked = [self.likely, self.asked, Dossier.objects.all()]
        asked.append(Dossier.objects.filter(**self._piece(late=False)))
        statements = [_keys(one) for one in asked]
        if self.query is not None:
            statements.append(
                (
                    "SELECT dossier_id FROM cases_dossierfindings WHERE vector @@ %s::tsquery",
                    (self.query.text,),
                )
            )
        expected, by_filters, there, walked, *of_words = _estimates(statements)
        self.narrow = by_filters > FEW
        if of_words:
            self.by_words = expected > GATHERED or of_words[0] <= expected
            expected = expected * of_words[0] // max(there, 1)
        in_reach = expected * min(WALKED, walked) // max(walked, 1)
        return None if expected > COUNT_LIMIT and in_reach >= 2 * wanted else GATHERED

    def _part(self, late: bool, after: _Row | None, wanted: int) -> tuple[list[_Row], int | None]:
        """The next rows of one part: from a piece of its index, or from everything that it holds.

        And how many these are in all, where all were seen. A walk may give more rows than are wanted: they count.
        """
        few = False
        if self.query is None and self.order.nullable:
            asked = [self._valued(one, late) for one in (self.likely, self.asked)]
            expected, by_filters = _estimates([_keys(one) for one in asked])
            self.narrow, few = by_filters > FEW, expected <= COUNT_LIMIT
        if not few:
            rows, whole = self._walk(late, after)
            every = whole and after is None and len(rows) < self.counted
            if len(rows) >= wanted or whole:
                return rows, len(rows) if every else None
        self.by_words = self.query is not None  # what the planner thought of the rest has proved wrong
        _, count, rows = self._gather(late, after, wanted, None)
        return rows, count

    # -- gather: what holds the words, then what of it may be read and answers, sorted

    def _source(self, late: bool | None) -> tuple[str, list[Any]]:
        """The condition that the index of words and readers is asked."""
        conditions: list[str] = []
        values: list[Any] = []
        if self.query is not None:
            in_head = self.order.by_words and late is False
            conditions.append(f"{'head' if in_head else 'vector'} @@ %s::tsquery")
            values.append(self.query.text)
            if self.order.by_words and late:
                conditions.append("NOT head @@ %s::tsquery")
                values.append(self.query.text)
        if self.scope:
            conditions.append("scope && %s::varchar[]")
            values.append(self.scope)
        return " AND ".join(conditions), values

    def _gather(
        self, late: bool | None, after: _Row | None, wanted: int, cap: int | None
    ) -> tuple[bool, int, list[_Row]]:
        """Whether all was seen (not more than ``cap``), how many dossiers were, the first rows after one.

        ``late``: only of that part. One statement.
        """
        plain = self._valued(self.narrowed if self.narrow else self.plain, late)
        limit = "" if cap is None else f"LIMIT {cap + 1}"
        if self.query is None:
            sql, values = self._rows(plain)
            gathered = f"every AS MATERIALIZED ({sql} {limit}), candidate AS (TABLE every)"
        else:
            if self.by_words:
                source, values = self._source(late)
                first = f"SELECT dossier_id FROM cases_dossierfindings WHERE {source}"  # noqa: S608
                dossiers = plain
            else:
                first, given = _keys(plain)
                values, dossiers = [*given], self._of_part(late)
            sql, more = self._rows(dossiers.filter(pk__in=RawSQL("SELECT id FROM candidate", ())))  # noqa: S611
            gathered = f"candidate (id) AS MATERIALIZED ({first} {limit}), every AS MATERIALIZED ({sql})"
            values = [*values, *more]
        condition, place = self._after(after)
        ordered = self._ordered("late", "key", "spare", "id")
        statement = f"""
            WITH {gathered}
            SELECT counted.*, page.late, page.key, page.spare, page.id
              FROM (SELECT (SELECT count(*) FROM candidate), (SELECT count(*) FROM every)) counted
              LEFT JOIN (SELECT late, key, spare, id FROM every
                          WHERE {condition} ORDER BY {ordered} LIMIT {wanted}) page
                ON true
             ORDER BY {ordered}
        """  # noqa: S608
        with connection.cursor() as cursor:
            cursor.execute(statement, [*values, *place])
            found = cursor.fetchall()
        candidate, count = found[0][:2]
        whole = cap is None or candidate <= cap
        rows = [
            _Row(late, spare if key is None else key, row)
            for *_, late, key, spare, row in found
            if row is not None
        ]
        return whole, count, rows

    def _of_part(self, late: bool | None) -> QuerySet[Dossier]:
        """What holds the words; ``late``: of one part of the order only."""
        if self.order.by_words and late is not None:
            in_head = {"findings__head": self.query}
            return self.worded.exclude(**in_head) if late else self.plain.filter(**in_head)
        return self._valued(self.worded, late)

    def _valued(self, dossiers: QuerySet[Dossier], late: bool | None) -> QuerySet[Dossier]:
        """Those with a value to go by, or those without."""
        if not self.order.nullable or late is None:
            return dossiers
        return dossiers.filter(**{f"{self.order.column}__isnull": late})

    def _rows(self, dossiers: QuerySet[Dossier]) -> tuple[str, list[Any]]:
        """The statement that gives id, key, ``late`` and, for who has no key, what that part goes by."""
        dossiers = dossiers.order_by()
        if self.order.by_words and self.query is not None:
            sql, params = dossiers.values_list(
                "pk", self.order.column, "findings__head"
            ).query.sql_with_params()
            return (
                f"""SELECT found.id, found.key, NOT found.head @@ %s::tsquery AS late, NULL::timestamptz AS spare
                      FROM ({sql}) found (id, key, head)""",  # noqa: S608
                [self.query.text, *params],
            )
        columns = dossiers.annotate(_changed=F(UNDATED)).values_list("pk", self.order.column, "_changed")
        sql, params = columns.query.sql_with_params()
        return (
            f"""SELECT found.id, found.key, found.key IS NULL AS late,
                       CASE WHEN found.key IS NULL THEN found.changed END AS spare
                  FROM ({sql}) found (id, key, changed)""",  # noqa: S608
            [*params],
        )

    def _after(self, after: _Row | None) -> tuple[str, list[Any]]:
        """The condition on ``late``, key and ``id`` for what follows a row."""
        if after is None:
            return "true", []
        beyond = "<" if self.order.descending else ">"
        key = "spare" if self.order.nullable and after.late else "key"
        return (
            f"(late > %s OR late = %s AND ({key}, id) {beyond} (%s, %s))",
            [after.late, after.late, after.key, after.id],
        )

    def _ordered(self, late: str, *columns: str) -> str:
        direction = "DESC" if self.order.descending else "ASC"
        return ", ".join([late, *(f"{column} {direction}" for column in columns)])

    # -- walk: the index of the order, one dossier after the other

    def _walk(self, late: bool, after: _Row | None) -> tuple[list[_Row], bool]:
        """What fits among the next ``WALKED`` dossiers of the part; whether these were the last. Two statements."""
        order, column = self.order, self._column(late)
        names = [column, "pk"]
        ordering = [f"-{name}" if order.descending else name for name in names]
        compared = f'("cases_dossier"."{column}", "cases_dossier"."id")'
        within = Q() if column == UNDATED else Q(**{f"{column}__isnull": False})
        if after is not None:
            within &= _condition(
                f"{compared} {'<' if order.descending else '>'} (%s, %s)", [after.key, after.id]
            )
        piece = Dossier.objects.filter(within, **self._piece(late)).order_by(*ordering).values_list(*names)
        last = piece[WALKED - 1 : WALKED].first()
        if last is not None:
            within &= _condition(f"{compared} {'>=' if order.descending else '<='} (%s, %s)", last)
        found = self._of_part(late).filter(within).order_by(*ordering).values_list(*names)[: self.counted]
        return [_Row(late, *row) for row in found], last is None

    def _column(self, late: bool) -> str:
        """What a part goes by: who has no value, by the last change."""
        return UNDATED if late and self.order.nullable else self.order.column

    def _piece(self, late: bool) -> dict[str, Any]:
        """The filter whose index is walked."""
        return self.filter if self._column(late) == UNDATED else {}


def _keys(dossiers: QuerySet[Dossier]) -> tuple[str, tuple[Any, ...]]:
    return dossiers.order_by().values_list("pk").query.sql_with_params()


def _estimates(statements: Iterable[tuple[str, tuple[Any, ...]]]) -> list[int]:
    """How many rows the planner expects of each. One statement."""
    every = ", ".join(f"ARRAY({sql})" for sql, _ in statements)
    with connection.cursor() as cursor:
        cursor.execute(
            f"EXPLAIN (FORMAT JSON) SELECT {every}", [one for _, given in statements for one in given]
        )
        (plan,) = cursor.fetchone()
    return [int(one["Plan Rows"]) for one in plan[0]["Plan"]["Plans"]]


def _condition(sql: str, values: Iterable[Any]) -> Any:
    """A comparison of rows, which the ORM cannot write."""
    return RawSQL(sql, tuple(values), output_field=BooleanField())  # noqa: S611


#: Filters that have an index by the last change.
_PIECES: Final = (("organisation__code",), ("path", "status"), ("exercise",), ("status",), ("path",))


def _piece_of(asked: DossierFilters) -> dict[str, Any]:
    """The filter whose index goes by the last change: less has to be walked to find as much."""
    for names in _PIECES:
        chosen = {
            name: getattr(asked, "organisation" if name == "organisation__code" else name) for name in names
        }
        if all(chosen.values()):
            return chosen
    return {}


def _encode(sort: str, row: _Row) -> str:
    """Where a page ended, as a word for a URL."""
    key = row.key.isoformat() if isinstance(row.key, date) else str(row.key)
    text = json.dumps([sort, row.late, key, row.id])
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _decode(cursor: str, sort: str, order: Order) -> _Row:
    """The row where the former page ended. Raises ``Invalid``."""
    try:
        read = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode())
        of_sort, late, key, identifier = read
        if of_sort != sort or not isinstance(late, bool) or type(identifier) is not int:
            raise ValueError("another order")
        if not -(2**63) <= identifier < 2**63:
            raise ValueError("no id")
        return _Row(late, _key(order, key, late), identifier)
    except (ValueError, TypeError, binascii.Error, InvalidOperation, RecursionError):
        message = "Le repère de page est illisible : reprenez la liste depuis le début."
        raise Invalid(message, details={"cursor": [message]}) from None


def _key(order: Order, key: Any, late: bool) -> Any:
    if not isinstance(key, str) or not storable(key) or (late and not (order.nullable or order.by_words)):
        raise ValueError("no key")
    if late or order.column in ("updated_at", "submitted_at"):
        moment = datetime.fromisoformat(key)
        if moment.tzinfo is None:
            raise ValueError("naive")
        return moment
    if order.column == "next_due_on":
        return date.fromisoformat(key)
    if order.column == "amount_ht":
        amount = Decimal(key)
        if not amount.is_finite() or abs(amount) >= 10**14 or amount != (cents := round(amount, 2)):
            raise ValueError("no amount")
        return cents
    return key
