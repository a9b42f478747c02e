"""The hourly sweeps: fifty clocks to expire or to be reminded of, alone and among 100 000 that run and are not due.

The fifty are real: the delay in which three bodies are to be told of a virement. The system reports the breach, or
reminds of the date, through the same acts as in service, each in a transaction of its own. They are then put back, so
that every measure does the same. The many others run on the dossiers of the queue's measure: some ahead, with something
to bring about at their end; some over, with nothing but reminders left; some over and reported long ago.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from django.db import connection

from cases import clock
from cases.models import Deadline
from notifications.enums import NoticeKind
from notifications.models import OutboxRow
from tests.bench.measure import Sample
from tests.credit_journeys import CreditJourney, transfers
from tests.journeys import Cast
from workflows.services import expire_deadlines, send_reminders

DUE = 50
#: A sweep that has nothing to do is measured so many times more often.
IDLE = 10
#: The virements are effected on 2 March 2026, so that the bodies are to be told by 17 March.
DEADLINE = date(2026, 3, 17)
BREACHED = datetime(2026, 3, 18, 12, tzinfo=UTC)
REMINDED = datetime(2026, 3, 12, 12, tzinfo=UTC)
#: A day on which none of them has anything due.
QUIET = datetime(2026, 3, 5, 12, tzinfo=UTC)
OTHERS = "Étalon des balayages"


def make_due(cast: Cast) -> list[int]:
    """Fifty clocks that run until DEADLINE; their keys."""
    while Deadline.objects.filter(due_on=DEADLINE, state="running").count() < DUE:
        moved = transfers(("A-I-1", "A-I-2.autres", "10.00"))
        CreditJourney.file(cast, "virement", moved).walk(
            "prepare.submit", "check.credits_available", "effect.effect"
        )
    keys = list(
        Deadline.objects.filter(due_on=DEADLINE, state="running").order_by("pk").values_list("pk", flat=True)
    )
    Deadline.objects.filter(pk__in=keys[DUE:]).update(expired_at=BREACHED, remind_on=date(2027, 1, 1))
    return keys[:DUE]


def put_back(keys: list[int]) -> None:
    """Nothing has been reported yet, and nobody reminded."""
    OutboxRow.objects.filter(kind=NoticeKind.REMINDER).delete()
    eve = clock.paris_date(REMINDED) - timedelta(days=1)
    Deadline.objects.filter(pk__in=keys).update(
        expired_at=None, reminded_on=eve, remind_on=clock.paris_date(REMINDED)
    )


def add_others() -> int:
    """A clock on each dossier of the queue's measure: it runs, and nothing is due. How many there are."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            INSERT INTO cases_deadline (dossier_id, step, title, kind, rule_ref, length, unit, roll_over,
                   first_day_excluded, state, due_on, opened_at, at_expiry, expired_at, remind_on, reminded_on)
            SELECT id, 'check', %(title)s, 'legal', 'cog-2014-2017/virement.information.delay@2014-01-01', 15,
                   'calendar_days', false, true, 'running',
                   CASE n %% 3 WHEN 0 THEN %(after)s::date + n::int %% 300 ELSE %(before)s::date - n::int %% 300 END,
                   now(),
                   CASE n %% 3 WHEN 0 THEN (%(ends)s::text[])[1 + n %% 4]
                               WHEN 1 THEN 'alert' ELSE 'report_breach' END,
                   CASE n %% 3 WHEN 2 THEN now() END,
                   %(after)s::date + n::int %% 30, %(before)s::date
              FROM (SELECT id, row_number() OVER (ORDER BY id) n FROM cases_dossier
                     WHERE reference LIKE 'ETALON-%%') dossier
            """,
            {
                "title": OTHERS,
                "ends": ["tacit_approval", "enforceable", "lapse", "report_breach"],
                "after": clock.paris_date(BREACHED) + timedelta(days=1),
                "before": clock.paris_date(REMINDED) - timedelta(days=1),
            },
        )
        added: int = cursor.rowcount
        cursor.execute("VACUUM ANALYZE cases_deadline")
    return added


def remove_others() -> None:
    """Leave the fifty alone."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM cases_deadline WHERE title = %s", [OTHERS])
        cursor.execute("VACUUM ANALYZE cases_deadline")


def expire(moment: datetime) -> int:
    """What the hourly sweep does at a moment; how many breaches it reported."""
    with clock.at(moment):
        report = expire_deadlines()
    assert not report.failed, report.failed
    return len(report.done)


def remind(moment: datetime) -> int:
    """What the sweep of reminders does at a moment; how many it gave."""
    with clock.at(moment):
        report = send_reminders()
    assert not report.failed, report.failed
    return len(report.sent)


def measure_sweeps(cast: Cast, turns: int) -> list[tuple[float, tuple[Sample, Sample]]]:
    """Aim and times of each sweep, among the many and alone, in turns; the queue's dossiers must be there already.

    With fifty due the acts take nearly all the time. With nothing due there is the search alone: that is where a sweep
    that reads what runs, and not what is due, would be found out.
    """
    keys = make_due(cast)
    scenarios = [
        Scenario(expire, "expiry", BREACHED, DUE),
        Scenario(expire, "expiry", QUIET, 0),
        Scenario(remind, "reminders", REMINDED, DUE),
        Scenario(remind, "reminders", QUIET, 0),
    ]
    for turn in range(turns):
        for crowded in sorted((False, True), reverse=turn % 2 == 1):
            running = DUE + (add_others() if crowded else 0)
            assert running == DUE + (100_000 if crowded else 0), running
            for one in scenarios:
                one.measure(keys, crowded=crowded, count=turn == 0)
            if crowded:
                remove_others()
    return [(one.aim, (one.crowded, one.alone)) for one in scenarios]


class Scenario:
    """One sweep at one moment: what it has to do, and its times among the many and alone."""

    def __init__(self, sweep: Callable[[datetime], int], name: str, moment: datetime, due: int) -> None:
        self.sweep, self.moment, self.due = sweep, moment, due
        self.crowded = Sample(f"{name}: {due} due among 100 000 running", by_fastest=due > 0)
        self.alone = Sample(f"{name}: {due} due, {DUE} running", by_fastest=due > 0)
        self.aim = 1.25 if due else 2.0

    def measure(self, keys: list[int], *, crowded: bool, count: bool) -> None:
        """Take the times of one turn."""
        sample = self.crowded if crowded else self.alone
        put_back(keys)
        if count:
            sample.count(self.do)
        for _ in range(1 if self.due else IDLE):
            put_back(keys)
            sample.run(self.do)

    def do(self) -> None:
        """Sweep once: exactly what is due, every time."""
        done = self.sweep(self.moment)
        assert done == self.due, done
