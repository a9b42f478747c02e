"""The queue of a person with 240 object permissions, among 100 000 open and 200 000 finished tasks."""

from datetime import date

from django.contrib.auth.models import Group, Permission
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from guardian.models import GroupObjectPermission
from viewflow.workflow.models import Process, Task

from cases import clock
from cases.enums import OrganisationKind, Role
from cases.models import Organisation, OrganisationGroupObjectPermission, RoleGrant, User
from tests.bench.many import at_rest
from tests.bench.measure import Sample
from workflows.paths.fnmo_investment import FnmoInvestment
from workflows.selectors.queue import PAGE_SIZE, queue

BODIES, HELD, DOSSIERS = 300, 240, 100_000
FLOW = "workflows/paths.fnmo_investment.FnmoInvestment"


def make_people() -> tuple[User, User]:
    """Bodies with a group each; a person who holds 240 of them, and one whose only body has no task.

    The same roles are given twice: as ours (dated grants, direct table) and as viewflow's manager reads them
    (membership of groups, guardian's generic table).
    """
    bodies = Organisation.objects.bulk_create(
        Organisation(
            code=f"etalon-{n}", name=f"Étalon {n}", kind=OrganisationKind.CARMI, lineage=f"/etalon-{n}/"
        )
        for n in range(BODIES + 1)
    )
    content_type = ContentType.objects.get_for_model(Organisation)
    permission = Permission.objects.get(content_type=content_type, codename=Role.PREPARER.codename)
    groups = Group.objects.bulk_create(Group(name=f"preparer:{body.code}") for body in bodies)
    busy, idle = (
        User.objects.create(username=name, display_name=name, password="!") for name in ("busy", "idle")
    )
    pairs = list(zip(bodies, groups, strict=True))
    OrganisationGroupObjectPermission.objects.bulk_create(
        OrganisationGroupObjectPermission(group=group, permission=permission, content_object=body)
        for body, group in pairs
    )
    GroupObjectPermission.objects.bulk_create(
        GroupObjectPermission(
            group=group, permission=permission, content_type=content_type, object_pk=str(body.pk)
        )
        for body, group in pairs
    )
    for user, held in ((busy, pairs[:HELD]), (idle, pairs[BODIES:])):
        user.groups.add(*(group for _, group in held))
        user.user_permissions.add(Permission.objects.get(codename="view_process"))
        RoleGrant.objects.bulk_create(
            RoleGrant(
                user=user,
                role=Role.PREPARER,
                organisation=body,
                group=group,
                valid_from=date(2014, 1, 1),
                act="Étalon",
                granted_at=clock.now(),
            )
            for body, group in held
        )
    return busy, idle


def make_tasks(creator: User) -> None:
    """For each dossier one open task and two finished ones, spread over the bodies. Nothing counts or finds them."""
    organisation = ContentType.objects.get_for_model(Organisation).pk
    with connection.cursor() as cursor:
        cursor.execute("SELECT array_agg(id ORDER BY id) FROM cases_organisation WHERE code LIKE 'etalon-%'")
        (bodies,) = cursor.fetchone()
        values = {
            "flow": FLOW,
            "count": DOSSIERS,
            "bodies": bodies[:BODIES],
            "spread": BODIES,
            "creator": creator.pk,
            "organisation": organisation,
            "permission": Role.PREPARER.permission,
        }
        cursor.execute("SELECT coalesce(max(id), 0) FROM viewflow_process")
        (values["base"],) = cursor.fetchone()
        with at_rest():
            cursor.execute(
                """
            INSERT INTO viewflow_process (id, flow_class, status, created, data)
            SELECT %(base)s + n, %(flow)s, 'NEW', now() - n * interval '1 minute', '{}'
              FROM generate_series(1, %(count)s) n;

            INSERT INTO cases_dossier (public_id, reference, path, convention, rule_versions, organisation_id,
                   title, amount_ht, exercise, data, results, status, version, participants, involved,
                   process_id, journal_length, journal_head, search_text, created_by_id, created_at, updated_at)
            SELECT gen_random_uuid(), 'ETALON-' || n, 'fnmo_investment', 'cog-2014-2017', '{}',
                   (%(bodies)s::int[])[1 + n %% %(spread)s], 'Étalon ' || n, 1000, 2015, '{}', '{}', 'draft', 1,
                   '{}', '{}', %(base)s + n, 0, repeat('0', 64), 'etalon ' || n, %(creator)s, now(), now()
              FROM generate_series(1, %(count)s) n;

            INSERT INTO viewflow_task (process_id, flow_task, flow_task_type, status, created, finished, token,
                   owner_id, owner_permission, owner_permission_content_type_id, owner_permission_obj_pk, data)
            SELECT %(base)s + n, %(flow)s || (ARRAY['.prepare', '.sign_off', '.check'])[1 + k], 'HUMAN',
                   CASE k WHEN 0 THEN 'NEW' ELSE 'DONE' END, now() - n * interval '1 minute',
                   CASE k WHEN 0 THEN NULL ELSE now() END, 'start',
                   CASE k WHEN 0 THEN NULL ELSE %(creator)s END, %(permission)s, %(organisation)s,
                   ((%(bodies)s::int[])[1 + n %% %(spread)s])::text, '{}'
              FROM generate_series(1, %(count)s) n, generate_series(0, 2) k;

            SELECT setval(pg_get_serial_sequence('viewflow_process', 'id'), %(base)s + %(count)s);
            """,
                values,
            )
        for table in ("viewflow_process", "viewflow_task", "cases_dossier"):
            cursor.execute(f"VACUUM ANALYZE {table}")


def ours(user_id: int) -> int:
    """The first page as a person sees it, with its count; the person is read anew, as by each request."""
    return len(queue(User.objects.get(pk=user_id)).items)


def stock(user_id: int) -> int:
    """The first page of viewflow's own manager."""
    user = User.objects.get(pk=user_id)
    return len(list(Task.objects.queue([FnmoInvestment], user).select_related("process")[:PAGE_SIZE]))


def measure_queue(busy: User, idle: User, rounds: int) -> list[tuple[Sample, Sample]]:
    """Times of the first page for the busy and the idle person, taken in turns."""
    assert Task.objects.filter(status="NEW", flow_task_type="HUMAN").count() >= DOSSIERS
    assert Process.objects.count() >= DOSSIERS
    found = []
    for user, name, expected in ((busy, "240 permissions", PAGE_SIZE), (idle, "nothing to do", 0)):
        pair = Sample(f"queue, {name}, ours"), Sample(f"queue, {name}, Task.objects.queue")
        for number in range(rounds + 1):
            for sample, read in zip(pair, (ours, stock), strict=True):
                if number == 0:
                    assert read(user.pk) == expected
                    sample.count(lambda read=read, user=user: read(user.pk))
                else:
                    sample.run(lambda read=read, user=user: read(user.pk))
        found.append(pair)
    return found
