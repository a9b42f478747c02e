"""Many dossiers with the history of their tasks, made by the database itself in a few statements.

``grow(creator, total)`` brings the number of made dossiers to ``total``: call it with 1 000, measure, call it with
1 000 000, measure again in the same database. It needs ``tests.journeys.Cast`` first (bodies) and a superuser (the
triggers rest meanwhile, so that nothing is counted twice); both are so in ``python -m tests.bench``. What is made:

* dossiers ``CHG-2016-0000001``… of eight CARMI and of the CANSSM (``bodies()``), on four paths, filed one after the
  other, evenly over ten years until today, so that they lie in the table as in life, by age; titles and ``data`` of
  French words with accents, so that full text has something to find (``COMMON`` stands in one title of twelve,
  ``RARE`` in one of ten thousand); ``search_text`` is normalised as ours;
* for each its tasks: those behind it done, at most one step open; one in seven was given back to its submitter;
* the tallies of these tasks, set-based: ``workflows.services.verify_tallies`` finds no fault in them, which
  ``tests/workflows/selectors/test_backlog.py`` asserts of a small set.

No journal, no deadlines, no ``DossierFindings``: whoever measures those fills them from ``cases_dossier`` (set-based
too), after each ``grow``, with ``at_rest()`` around it.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import date, timedelta

from django.contrib.contenttypes.models import ContentType
from django.db import connection

from cases import clock
from cases.calendar import is_working_day
from cases.enums import OrganisationKind
from cases.models import Organisation, User
from workflows.services.tallies import make_all_weeks

#: A word of one title of twelve, and a word of one of ten thousand, as they are written in the titles.
COMMON, RARE = "Rénovation", "désamiantage"

#: So many are made with the indexes in place.
FEW = 20_000

#: Dossiers are filed over so many days until today.
SPAN = 3_650

#: Beside the two of ``Cast``.
CARMI = ("sud", "centre-est", "centre-ouest", "sud-ouest", "sud-est", "ouest")

#: Path, class, rank among the steps, step, role, body that acts (empty: the dossier's own), outcome. Only one in seven
#: passes ranks 2 and 3; the others go on from 1 to 4.
STEPS = (
    ("fnmo_investment", "FnmoInvestment", 0, "sign_off", "regional_director", "", "transmit"),
    ("fnmo_investment", "FnmoInvestment", 1, "check", "reviewer", "canssm", "complete"),
    ("fnmo_investment", "FnmoInvestment", 2, "complete_file", "preparer", "", "resubmit"),
    ("fnmo_investment", "FnmoInvestment", 3, "check", "reviewer", "canssm", "complete"),
    ("fnmo_investment", "FnmoInvestment", 4, "decide", "director_general", "canssm", "approve"),
    ("fnmo_investment", "FnmoInvestment", 5, "commit", "regional_director", "", "commit"),
    ("virement", "Virement", 0, "prepare", "preparer", "", "submit"),
    ("virement", "Virement", 1, "check", "accounting_officer", "canssm", "credits_available"),
    ("virement", "Virement", 4, "effect", "director_general", "canssm", "effect"),
    ("property_disposal", "PropertyDisposal", 0, "sign_off", "regional_director", "", "transmit"),
    ("property_disposal", "PropertyDisposal", 1, "check", "reviewer", "canssm", "complete"),
    ("property_disposal", "PropertyDisposal", 2, "complete_file", "preparer", "", "resubmit"),
    ("property_disposal", "PropertyDisposal", 3, "check", "reviewer", "canssm", "complete"),
    ("property_disposal", "PropertyDisposal", 4, "decide", "director_general", "canssm", "put_on_sale"),
    ("property_disposal", "PropertyDisposal", 5, "sell", "reviewer", "canssm", "sold"),
    ("fnass_restructuring", "FnassRestructuring", 0, "sign_off", "regional_director", "", "transmit"),
    ("fnass_restructuring", "FnassRestructuring", 1, "check", "reviewer", "canssm", "complete"),
    ("fnass_restructuring", "FnassRestructuring", 4, "concertation", "authority", "dss", "favourable"),
    ("fnass_restructuring", "FnassRestructuring", 5, "enter_budget", "reviewer", "canssm", "enter"),
)

_WORDS = {
    "acts": (
        COMMON,
        "Remplacement",
        "Extension",
        "Mise aux normes",
        "Réfection",
        "Acquisition",
        "Création",
        "Déménagement",
        "Équipement",
        "Sécurisation",
        "Regroupement",
        "Étude préalable",
    ),
    "things": (
        "de la toiture",
        "du centre de santé",
        "du laboratoire",
        "de l’ascenseur",
        "du plateau de radiologie",
        "de la pharmacie",
        "du foyer de vie",
        "du service de soins à domicile",
        "de la chaufferie",
        "du réseau informatique",
        "du cabinet dentaire",
    ),
    "towns": (
        "Lens",
        "Béthune",
        "Hénin-Beaumont",
        "Forbach",
        "Freyming-Merlebach",
        "Saint-Étienne",
        "Alès",
        "Gardanne",
        "Montceau-les-Mines",
        "Carmaux",
        "Decazeville",
        "Liévin",
        "Douai",
    ),
}

# A step lasts 1 to 11 days, in one dossier of fifty up to 75. ``rank`` × ``stretch`` plus less than a ``stretch``
# never goes back, so that each step begins when the one before it ends.
_VISITS = """
CREATE TEMPORARY TABLE many_visit AS
WITH dossier AS (
    SELECT n, bodies.list[1 + (n / 7) %% cardinality(bodies.list)] AS organisation,
           CASE WHEN n %% 20 < 10 THEN 'fnmo_investment' WHEN n %% 20 < 14 THEN 'virement'
                WHEN n %% 20 < 17 THEN 'property_disposal' ELSE 'fnass_restructuring' END AS path,
           %(span)s - 1 - (n - %(first)s) * %(span)s / (%(last)s - %(first)s + 1) AS age,
           CASE WHEN n %% 50 = 0 THEN 38 ELSE 2 + (n / 3) %% 5 END AS stretch,
           n %% 7 = 0 AS completed
      FROM generate_series(%(first)s::bigint, %(last)s::bigint) n,
           (SELECT %(bodies)s::bigint[] AS list) bodies
), passed AS (
    SELECT dossier.*, plan.*, lead(plan.rank) OVER steps AS next_rank, lead(plan.step) OVER steps AS next_step
      FROM dossier JOIN many_plan plan
        ON plan.path_key = dossier.path AND (dossier.completed OR plan.step <> 'complete_file' AND plan.rank <> 3)
    WINDOW steps AS (PARTITION BY n ORDER BY plan.rank)
), timed AS (
    SELECT *, rank * stretch + (n * rank * 31) %% stretch AS began,
           coalesce(next_rank, 6) * stretch + (n * coalesce(next_rank, 6) * 31) %% stretch AS ended,
           CASE WHEN rank = 3 THEN stretch + (n * 31) %% stretch END AS first_began,
           CASE WHEN rank = 3 THEN 2 * stretch + (n * 2 * 31) %% stretch END AS first_ended
      FROM passed
)
SELECT n, path, organisation, step, flow, role, coalesce(body, organisation) AS body,
       %(today)s::date - (age - began)::int AS came,
       CASE WHEN ended <= age THEN %(today)s::date - (age - ended)::int END AS went,
       %(today)s::date - (age - first_began)::int AS first_came,
       %(today)s::date - (age - first_ended)::int AS first_went,
       coalesce(next_step = 'complete_file', false) AS paused,
       CASE WHEN next_step = 'complete_file' THEN 'request_pieces' ELSE outcome END AS outcome,
       CASE WHEN rank = 3 THEN 'completed' ELSE 'first' END AS arrival,
       n %% 3 = 0 AS free,
       %(today)s::date - (age - began)::int + 5 + (n %% 11)::int AS due
  FROM timed WHERE began <= age;
ANALYZE many_visit
"""

_ROWS = r"""
INSERT INTO viewflow_process (id, flow_class, status, created, data)
SELECT %(base)s + n, %(module)s || flow_class, 'NEW', now(), '{}'
  FROM (SELECT n, path FROM many_visit GROUP BY n, path) made
  JOIN (SELECT DISTINCT path_key, regexp_replace(flow, '\.[a-z_]+$', '') AS flow_class FROM many_plan) plan
    ON path_key = path;

INSERT INTO cases_dossier (public_id, reference, path, convention, rule_versions, organisation_id, title, amount_ht,
       exercise, data, results, status, version, participants, involved, process_id, next_due_on, journal_length,
       journal_head, search_text, created_by_id, created_at, submitted_at, updated_at)
SELECT gen_random_uuid(), reference, path, 'cog-2014-2017', '{}', organisation, title, 1000 + n %% 900000,
       extract(year FROM began), jsonb_build_object('title', title, 'nature', act, 'facilities', jsonb_build_array(
           concat_ws(' ', 'Établissement de', town)), 'reason', concat_ws(' ', 'Dossier de charge,', act, thing)),
       '{}', CASE WHEN due IS NULL THEN 'closed' ELSE 'under_review' END, 1, '{}',
       ARRAY['preparer@' || organisation, 'reviewer@' || %(fund)s]
           || CASE WHEN path = 'fnass_restructuring' THEN ARRAY['authority@' || %(dss)s] ELSE '{}'::text[] END,
       %(base)s + n, due, 0, repeat('0', 64),
       translate(lower(reference || ' ' || title), 'àâçéèêëîïôùû', 'aaceeeeiiouu'), %(creator)s,
       began + time '08:00' AT TIME ZONE 'UTC', began + time '08:00' AT TIME ZONE 'UTC',
       latest + time '08:00' AT TIME ZONE 'UTC'
  FROM (SELECT n, path, organisation, min(came) AS began, max(coalesce(went, came)) AS latest,
               max(due) FILTER (WHERE went IS NULL) AS due,
               'CHG-' || extract(year FROM min(came)) || '-' || lpad(n::text, 7, '0') AS reference
          FROM many_visit GROUP BY n, path, organisation) one
 CROSS JOIN LATERAL (
       SELECT (%(acts)s::text[])[1 + mixed %% %(act_count)s] AS act,
              (%(things)s::text[])[1 + mixed / 12 %% %(thing_count)s] AS thing,
              (%(towns)s::text[])[1 + mixed / 132 %% %(town_count)s] AS town
         FROM (SELECT n * 2654435761 / 65536 AS mixed) one) words
 CROSS JOIN LATERAL (
       SELECT concat_ws(' ', act, thing, 'de', town, CASE WHEN n %% 10000 = 77 THEN %(rare)s END) AS title) named;

INSERT INTO viewflow_task (process_id, flow_task, flow_task_type, status, created, finished, token, owner_id,
       owner_permission, owner_permission_content_type_id, owner_permission_obj_pk, data)
SELECT %(base)s + n, %(module)s || flow, 'HUMAN',
       CASE WHEN went IS NOT NULL THEN 'DONE' WHEN free THEN 'NEW' ELSE 'ASSIGNED' END,
       came + time '08:00' AT TIME ZONE 'UTC', went + time '08:00' AT TIME ZONE 'UTC', 'start',
       CASE WHEN went IS NOT NULL OR NOT free THEN %(creator)s END, 'cases.hold_' || role, %(type)s, body::text,
       CASE WHEN went IS NULL THEN jsonb_build_object('arrival', arrival)
            ELSE jsonb_build_object('arrival', arrival, 'outcome', outcome, 'paused', paused) END
  FROM many_visit ORDER BY n, came;

SELECT setval(pg_get_serial_sequence('viewflow_process', 'id'), %(base)s + %(last)s)
"""

# What ``workflows_task_facts`` says of these tasks, for all of them at once.
_TALLIES = """
INSERT INTO cases_workqueue (role, body_id, path, step, organisation_id)
SELECT DISTINCT role, body, path, step, organisation FROM many_visit ORDER BY 2, 3, 4, 1, 5
    ON CONFLICT ON CONSTRAINT work_queue_once DO NOTHING;
ANALYZE cases_workqueue;

INSERT INTO cases_queuetally (queue_id, measure, day, days, outcome, number)
SELECT queue.id, fact.measure, fact.day, fact.days, fact.outcome, count(*)
  FROM many_visit visit
  JOIN cases_workqueue queue ON queue.role = visit.role AND queue.body_id = visit.body AND queue.path = visit.path
   AND queue.step = visit.step AND queue.organisation_id = visit.organisation
  JOIN many_day came ON came.day = visit.came
  LEFT JOIN many_day went ON went.day = visit.went
  LEFT JOIN many_day first_came ON first_came.day = visit.first_came
  LEFT JOIN many_day first_went ON first_went.day = visit.first_went
 CROSS JOIN LATERAL (
       SELECT 'in' AS measure, visit.came AS day, -1 AS days, visit.arrival AS outcome
       UNION ALL SELECT 'open', visit.came, -1, '' WHERE visit.went IS NULL
       UNION ALL SELECT 'free', visit.came, -1, '' WHERE visit.went IS NULL AND visit.free
       UNION ALL SELECT 'due', visit.due, -1, '' WHERE visit.went IS NULL
       UNION ALL SELECT 'out', visit.went, -1, visit.outcome WHERE visit.went IS NOT NULL
       UNION ALL SELECT 'pause', went.week, went.worked - came.worked, visit.outcome
        WHERE visit.went IS NOT NULL AND visit.paused
       UNION ALL SELECT 'gross', went.week, went.worked - coalesce(first_came.worked, came.worked), visit.outcome
        WHERE visit.went IS NOT NULL AND NOT visit.paused
       UNION ALL SELECT 'net', went.week,
              went.worked - came.worked + coalesce(first_went.worked - first_came.worked, 0), visit.outcome
        WHERE visit.went IS NOT NULL AND NOT visit.paused
       ) fact
 GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (queue_id, measure, day, days, outcome) DO UPDATE SET number = cases_queuetally.number + excluded.number
"""


TABLES = (
    "viewflow_process",
    "viewflow_task",
    "cases_dossier",
    "cases_workqueue",
    "cases_queuetally",
    "cases_queueweek",
)


@contextmanager
def without_indexes() -> Iterator[None]:
    """The indexes that hold no rule are made when all rows are there, which is several times faster."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT one.indexrelid::regclass::text, pg_get_indexdef(one.indexrelid)
              FROM pg_index one
             WHERE one.indrelid = ANY (%s::regclass[]) AND NOT one.indisunique
             ORDER BY 1
            """,
            [list(TABLES)],
        )
        found = cursor.fetchall()
        for name, _ in found:
            cursor.execute(f"DROP INDEX {name}")
        try:
            yield
        finally:
            for _, definition in found:
                cursor.execute(definition)


@contextmanager
def at_rest() -> Iterator[None]:
    """No trigger fires, no reference is looked up meanwhile. Needs a superuser."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        try:
            yield
        finally:
            cursor.execute("SET session_replication_role = DEFAULT")


def bodies() -> list[Organisation]:
    """The bodies whose dossiers are made; those that ``Cast`` has not are created."""
    fund = Organisation.objects.get(code="canssm")
    for name in CARMI:
        Organisation.objects.get_or_create(
            code=f"carmi-{name}",
            defaults={
                "name": f"CARMI {name.title()}",
                "kind": OrganisationKind.CARMI,
                "parent": fund,
                "lineage": f"{fund.lineage}carmi-{name}/",
            },
        )
    return list(
        Organisation.objects.filter(lineage__startswith=fund.lineage)
        .exclude(kind=OrganisationKind.BOARD)
        .order_by("pk")
    )


def grow(creator: User, total: int) -> None:
    """Make dossiers until there are ``total`` of them, with their tasks and tallies, created by ``creator``."""
    made = bodies()
    codes = {one.code: one.pk for one in Organisation.objects.order_by("pk")}
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM cases_dossier WHERE reference LIKE 'CHG-%'")
        (there,) = cursor.fetchone()
        cursor.execute("SELECT coalesce(max(id), 0) FROM viewflow_process")
        (highest,) = cursor.fetchone()
        if total <= there:
            return
        values = {
            "first": there + 1,
            "last": total,
            "span": SPAN,
            "today": clock.today(),
            "bodies": [one.pk for one in made],
            "base": highest - there,
            "module": "workflows/paths.",
            "fund": codes["canssm"],
            "dss": codes["dss"],
            "creator": creator.pk,
            "type": ContentType.objects.get_for_model(Organisation).pk,
            "rare": RARE,
        }
        for name, words in _WORDS.items():
            values |= {name: list(words), f"{name.removesuffix('s')}_count": len(words)}
        _make_plan(codes)
        _make_days(values["today"])
        cursor.execute(
            "SET work_mem = '256MB'; SET maintenance_work_mem = '512MB'; SET synchronous_commit = off; "
            "SET statement_timeout = 0"
        )
        with at_rest(), without_indexes() if total - there > FEW else nullcontext():
            for script in (_VISITS, _ROWS, _TALLIES):
                cursor.execute(script, values)
            make_all_weeks()
        cursor.execute(
            "RESET work_mem; RESET maintenance_work_mem; RESET synchronous_commit; RESET statement_timeout"
        )
        cursor.execute("DROP TABLE many_visit, many_plan, many_day")
        for table in () if connection.in_atomic_block else TABLES:
            cursor.execute(f"VACUUM ANALYZE {table}")


def _make_plan(codes: dict[str, int]) -> None:
    """The steps as a table."""
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TEMPORARY TABLE many_plan (path_key text, flow text, rank bigint, step text, "
            "role text, body bigint, outcome text)"
        )
        cursor.executemany(
            "INSERT INTO many_plan VALUES (%s, %s, %s, %s, %s, %s, %s)",
            [
                (path, f"{path}.{name}.{step}", rank, step, role, codes.get(body), outcome)
                for path, name, rank, step, role, body, outcome in STEPS
            ],
        )


def _make_days(today: date) -> None:
    """How many working days there were until each day, and its Monday."""
    worked, rows = 0, []
    for offset in range(SPAN + 1, -1, -1):
        day = today - timedelta(days=offset)
        worked += is_working_day(day)
        rows.append((day, worked, day - timedelta(days=day.weekday())))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE many_day (day date PRIMARY KEY, worked integer, week date)")
        with cursor.copy("COPY many_day FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute("ANALYZE many_day")
