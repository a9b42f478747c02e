"""The register of notices: states at their border day, what became of mails, filters, rights, totals."""

import statistics
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from cases import clock
from cases.enums import Role
from cases.errors import Invalid
from cases.models import LegalNotice
from notifications.enums import Channel, OutboxState
from notifications.models import OutboxRow
from tests.journeys import Cast
from tests.told import Told, tell
from tests.workflows.test_statements import statements
from workflows.selectors.notices import NoticeState, register
from workflows.selectors.notices_filters import RegisterFilters, bodies, read_filters
from workflows.selectors.notices_rows import (
    OUTBOX_STATES,
    UNSENT,
    MailState,
    RegisterRow,
    register_page,
    register_rows,
)
from workflows.selectors.notices_totals import Tally, by_addressee, tallies, totals_of

S, N = OutboxState, NoticeState
MORNING = datetime(2026, 3, 18, 9, tzinfo=UTC)
ALL = RegisterFilters()


def rows(cast: Cast, at: datetime = MORNING, who: str = "auditor", **filters: Any) -> tuple[RegisterRow, ...]:
    """The register on that morning."""
    with clock.at(at):
        return register_rows(cast.people[who], RegisterFilters(**filters))


# -- states and days at their border -------------------------------------------------------------------

#: Day of the act, moment of looking or of the receipt (UTC), whether it is a receipt, state, days. Due 15 days later.
BORDERS = [
    # 17 March is the last day: in Paris (UTC+1) it ends at 23:00 UTC
    (date(2026, 3, 2), datetime(2026, 3, 17, 22, 59, 59, tzinfo=UTC), False, N.AWAITED, 15),
    (date(2026, 3, 2), datetime(2026, 3, 17, 23, 0, tzinfo=UTC), False, N.LATE, 16),
    (date(2026, 3, 2), datetime(2026, 3, 17, 22, 59, 59, tzinfo=UTC), True, N.ACKNOWLEDGED, 15),
    (date(2026, 3, 2), datetime(2026, 3, 17, 23, 0, tzinfo=UTC), True, N.ACKNOWLEDGED_LATE, 16),
    (date(2026, 3, 2), datetime(2026, 3, 2, 9, tzinfo=UTC), True, N.ACKNOWLEDGED, 0),
    # summer time begins on 29 March 2026: the last day ends at 22:00 UTC
    (date(2026, 3, 14), datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), True, N.ACKNOWLEDGED, 15),
    (date(2026, 3, 14), datetime(2026, 3, 29, 22, 0, tzinfo=UTC), True, N.ACKNOWLEDGED_LATE, 16),
    (date(2026, 3, 14), datetime(2026, 3, 29, 21, 59, 59, tzinfo=UTC), False, N.AWAITED, 15),
    (date(2026, 3, 14), datetime(2026, 3, 29, 22, 0, tzinfo=UTC), False, N.LATE, 16),
    # winter time begins on 25 October 2026: the last day has 25 hours and ends at 23:00 UTC
    (date(2026, 10, 10), datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC), True, N.ACKNOWLEDGED, 15),
    (date(2026, 10, 10), datetime(2026, 10, 25, 23, 0, tzinfo=UTC), True, N.ACKNOWLEDGED_LATE, 16),
    (date(2026, 10, 10), datetime(2026, 10, 25, 23, 0, tzinfo=UTC), False, N.LATE, 16),
    # 29 February
    (date(2028, 2, 14), datetime(2028, 2, 29, 22, 59, tzinfo=UTC), False, N.AWAITED, 15),
    (date(2028, 2, 14), datetime(2028, 2, 29, 23, 0, tzinfo=UTC), False, N.LATE, 16),
]


@pytest.mark.parametrize(("act", "moment", "receipt", "state", "days"), BORDERS)
def test_state_and_days_turn_at_midnight_in_paris(
    cast: Cast, act: date, moment: datetime, receipt: bool, state: NoticeState, days: int
) -> None:
    tell(cast, [Told(happened_on=act, acknowledged_at=moment if receipt else None)])
    seen = moment + timedelta(days=400) if receipt else moment
    (row,) = rows(cast, seen)
    assert (row.state, row.days, row.late) == (state, days, state in {N.LATE, N.ACKNOWLEDGED_LATE})
    with clock.at(seen):
        for one in N:
            found = register_rows(cast.auditor, RegisterFilters(state=one.value))
            assert len(found) == (one == state), one
        assert tallies(register(cast.auditor)) == [row.as_tally]


# -- mails ---------------------------------------------------------------------------------------------

FIRST, SECOND = datetime(2026, 3, 2, 10, tzinfo=UTC), datetime(2026, 3, 2, 11, tzinfo=UTC)


@pytest.mark.parametrize(
    ("mails", "state", "first", "troubled"),
    [
        ((), MailState.NONE, None, []),
        (((S.PENDING, None),), MailState.SENDING, None, []),
        (((S.SENDING, None),), MailState.SENDING, None, []),
        (((S.DELIVERED, SECOND), (S.DELIVERED, FIRST)), MailState.DELIVERED, FIRST, []),
        (((S.BOUNCED, FIRST),), MailState.BOUNCED, FIRST, []),
        (((S.BOUNCED, FIRST), (S.DELIVERED, SECOND)), MailState.DELIVERED, SECOND, [(MailState.BOUNCED, 1)]),
        (((S.BOUNCED, FIRST), (S.FAILED, None)), MailState.BOUNCED, FIRST, [(MailState.FAILED, 1)]),
        (((S.FAILED, None),), MailState.FAILED, None, []),
        (((S.UNADDRESSED, None), (S.UNADDRESSED, None)), MailState.UNADDRESSED, None, []),
        (((S.SETTLED, None),), MailState.SETTLED, None, []),
        (((S.SETTLED, FIRST),), MailState.DELIVERED, FIRST, []),
        (
            ((S.FAILED, None), (S.DELIVERED, FIRST), (S.UNADDRESSED, None), (S.FAILED, None)),
            MailState.DELIVERED,
            FIRST,
            [(MailState.FAILED, 2), (MailState.UNADDRESSED, 1)],
        ),
        (
            ((S.UNADDRESSED, None), (S.PENDING, None)),
            MailState.SENDING,
            None,
            [(MailState.UNADDRESSED, 1)],
        ),
        (
            ((S.UNADDRESSED, None), (S.FAILED, None)),
            MailState.FAILED,
            None,
            [(MailState.UNADDRESSED, 1)],
        ),
    ],
)
def test_mails_of_a_notice_are_told_as_the_best_of_them_and_no_failure_is_hidden(
    cast: Cast, mails: Any, state: MailState, first: datetime | None, troubled: list[Any]
) -> None:
    # the outbox tells one person once by one channel: several mails go to several people
    others = [cast.person(f"agent_dss{number}", (Role.AUTHORITY, "dss")) for number in range(len(mails))]
    tell(cast, [Told(mails=mails), Told(addressee="db", mails=((S.DELIVERED, SECOND),))])
    for row, other in zip(OutboxRow.objects.order_by("pk"), others, strict=False):
        OutboxRow.objects.filter(pk=row.pk).update(recipient=other)
    _, row = rows(cast)
    assert (row.delivery.state, row.delivery.delivered_at) == (state, first)
    assert row.delivery.troubled == troubled


def test_notices_in_the_application_are_no_mails(cast: Cast) -> None:
    tell(cast, [Told(mails=((S.DELIVERED, FIRST),))])
    OutboxRow.objects.update(channel=Channel.IN_APP)
    (row,) = rows(cast)
    assert row.delivery == UNSENT


def test_states_of_mails_are_those_of_the_outbox() -> None:
    words = [word for several in OUTBOX_STATES.values() for word in several]
    assert Counter(words) == Counter(OutboxState.values)
    assert list(OUTBOX_STATES) == [state for state in MailState if state is not MailState.NONE]


# -- filters and rights --------------------------------------------------------------------------------


@pytest.fixture
def several(cast: Cast) -> dict[str, LegalNotice]:
    """Five notices that differ in one thing each from the first."""
    told = {
        "first": Told(),
        "fund": Told(fund="FNASS"),
        "exercise": Told(exercise=2025),
        "addressee": Told(addressee="cgefi"),
        "day": Told(happened_on=date(2026, 2, 27)),
        "east": Told(body="carmi-est"),
    }
    return dict(zip(told, tell(cast, told.values()), strict=True))


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, {"first", "fund", "exercise", "addressee", "day", "east"}),
        ({"fund": "FNASS"}, {"fund"}),
        ({"exercise": 2025}, {"exercise"}),
        ({"addressee": "cgefi"}, {"addressee"}),
        ({"since": date(2026, 2, 28)}, {"first", "fund", "exercise", "addressee", "east"}),
        ({"until": date(2026, 3, 1)}, {"day"}),
        ({"since": date(2026, 2, 27), "until": date(2026, 2, 27)}, {"day"}),
        ({"dossier": "VIR-2026-0002"}, {"fund"}),
        ({"dossier": "VIR-2026-9999"}, set()),
        (
            {"fund": "FNGA", "exercise": 2026, "addressee": "dss", "since": date(2026, 3, 2)},
            {"first", "east"},
        ),
        ({"fund": "FNMO"}, set()),
    ],
)
def test_filters_keep_what_they_name(
    cast: Cast, several: dict[str, LegalNotice], filters: dict[str, Any], found: set[str]
) -> None:
    kept = {row.notice.pk for row in rows(cast, **filters)}
    assert kept == {several[name].pk for name in found}


def test_latest_act_comes_first(cast: Cast, several: dict[str, LegalNotice]) -> None:
    days = [row.notice.happened_on for row in rows(cast)]
    assert days == sorted(days, reverse=True)
    assert days[-1] == date(2026, 2, 27)


@pytest.mark.parametrize("name", ["dossier", "addressee", "fund"])
def test_register_asked_for_what_cannot_be_stored_is_empty(cast: Cast, name: str) -> None:
    tell(cast, [Told()])
    assert register(cast.auditor, **{name: "a\x00b"}).count() == 0  # type: ignore[arg-type]
    assert register(cast.auditor, **{name: "\ud800"}).count() == 0  # type: ignore[arg-type]


def test_each_role_reads_the_virements_of_its_own_dossiers(
    cast: Cast, several: dict[str, LegalNotice]
) -> None:
    everything = len(several)
    seen = {name: len(rows(cast, who=name)) for name in cast.people}
    assert seen["agent"] == seen["director"] == seen["carmi_manager"] == everything - 1
    assert seen["est_agent"] == seen["est_director"] == 1
    for name in (
        "auditor",
        "manager",
        "dg",
        "reviewer",
        "accountant",
        "ministry",
        "ministry_db",
        "comptroller",
    ):
        assert seen[name] == everything, name
    for name in ("admin", "nobody", "secretary"):
        assert seen[name] == 0, name
    with clock.at(MORNING):
        assert totals_of(tallies(register(cast.est_agent))).number == 1
        assert register_page(cast.admin, ALL) == register_page(cast.nobody, ALL)


# -- what is typed -------------------------------------------------------------------------------------


def read(**given: str) -> tuple[RegisterFilters, dict[str, list[str]]]:
    return read_filters(given, {"dss", "db", "cgefi"})


def test_what_is_typed_is_understood_as_people_write_it() -> None:
    filters, refused = read(
        exercise=" 2026 ",
        fund="fnga",
        addressee="dss",
        state="late",
        dossier="vir-2026-0001",
        since="01/03/2026",
        until="2026-3-31",
        color="red",
    )
    assert refused == {}
    assert filters == RegisterFilters(
        2026, "FNGA", "dss", "late", "VIR-2026-0001", date(2026, 3, 1), date(2026, 3, 31)
    )
    assert read(**filters.as_query()) == (filters, {})


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("exercise", "deux mille", "n’est pas un exercice"),
        ("exercise", "1999", "n’est pas un exercice"),
        ("exercise", "2101", "n’est pas un exercice"),
        ("exercise", "２０２６", "n’est pas un exercice"),
        ("exercise", "-2026", "n’est pas un exercice"),
        ("fund", "FNXX", "FNGA, FNASS, FNPPS, FNMO"),
        ("fund", "\x00", "« � » n’est pas un fonds"),
        ("addressee", "personne", "« personne » est inconnu"),
        ("addressee", "d\x00s", "« d�s » est inconnu"),
        ("state", "perdue", "late (en retard)"),
        ("dossier", "V\x00", "n’est pas une référence"),
        ("dossier", "V" * 41, "n’est pas une référence"),
        ("since", "31/02/2026", "n’est pas une date"),
        ("since", "demain", "30/06/2026"),
        ("until", "0001-01-01", "n’est pas une date"),
        ("until", "9999-12-31", "n’est pas une date"),
        ("until", "2026-03-01\n2026", "n’est pas une date"),
    ],
)
def test_what_makes_no_sense_is_refused_at_its_field(name: str, value: str, says: str) -> None:
    filters, refused = read(**{name: value})
    assert list(refused) == [name]
    assert says in refused[name][0]
    assert refused[name][0].endswith(".")
    assert "\x00" not in refused[name][0]
    assert filters == ALL


def test_period_that_ends_before_it_begins_is_refused_at_its_end() -> None:
    _, refused = read(since="2026-03-02", until="2026-03-01")
    assert list(refused) == ["until"]
    assert "dimanche 1er mars 2026" in refused["until"][0]
    assert "lundi 2 mars 2026" in refused["until"][0]
    assert read(since="2026-03-02", until="2026-03-02")[1] == {}


def test_programs_write_days_in_one_way() -> None:
    assert read_filters({"since": "30/06/2026"}, (), french_days=False)[1]["since"][0].endswith("2026-06-30.")
    assert read_filters({"since": "2026-06-30"}, (), french_days=False)[1] == {}


def test_filters_are_told_in_french(cast: Cast) -> None:
    known = bodies()
    filters, _ = read_filters(
        {
            "exercise": "2026",
            "fund": "FNGA",
            "addressee": "dss",
            "state": "acknowledged_late",
            "since": "2026-03-02",
            "until": "2026-03-31",
        },
        known,
    )
    assert filters.said(known) == [
        ("Exercice", "2026"),
        ("Fonds", "FNGA — Fonds national de gestion administrative"),
        ("Destinataire", "Direction de la sécurité sociale"),
        ("État", "reçue après le délai"),
        ("Date du virement", "du lundi 2 mars 2026 au mardi 31 mars 2026"),
    ]
    assert ALL.said(known) == []
    assert {code for code, body in known.items() if body.told} == {"dss", "db", "cgefi"}


# -- totals --------------------------------------------------------------------------------------------

TALLIES = st.lists(
    st.builds(
        Tally,
        addressee=st.sampled_from(["dss", "db", "cgefi"]),
        name=st.just("Destinataire"),
        state=st.sampled_from(list(N)),
        days=st.integers(0, 60),
        number=st.integers(1, 5),
    ),
    max_size=12,
)


@given(TALLIES)
def test_totals_are_those_of_the_rows_one_by_one(found: list[Tally]) -> None:
    single = [(one.state, one.days) for one in found for _ in range(one.number)]
    receipts = [days for state, days in single if state in {N.ACKNOWLEDGED, N.ACKNOWLEDGED_LATE}]
    waiting = [days for state, days in single if state in {N.AWAITED, N.LATE}]
    totals = totals_of(found)
    assert totals.number == len(single) == sum(totals.by_state.values())
    assert dict(totals.by_state) == {state: [one for one, _ in single].count(state) for state in N}
    assert totals.median_days == (Decimal(str(statistics.median(receipts))) if receipts else None)
    assert totals.max_days == max(receipts, default=None)
    assert totals.longest_wait_days == max(waiting, default=None)
    known = [state for state, _ in single if state is not N.AWAITED]
    share = totals.share_in_time
    assert (share is None) == (not known)
    if share is not None:
        exact = Decimal(100 * known.count(N.ACKNOWLEDGED)) / len(known)
        assert exact - Decimal("0.1") < share <= exact
        assert (share == 100) == (set(known) == {N.ACKNOWLEDGED})
    groups = by_addressee(found)
    assert sum(one.totals.number for one in groups) == totals.number
    for state in N:
        assert sum(one.totals.by_state[state] for one in groups) == totals.by_state[state]


def test_share_in_time_never_rounds_up_to_all_of_them() -> None:
    totals = totals_of([Tally("dss", "DSS", N.ACKNOWLEDGED, 3, 9_999), Tally("dss", "DSS", N.LATE, 30)])
    assert totals.share_in_time == Decimal("99.9")
    assert totals_of([]).share_in_time is None


MOMENTS = st.none() | st.datetimes(
    datetime(2026, 3, 2),  # noqa: DTZ001 (hypothesis adds the zone)
    datetime(2026, 4, 30),  # noqa: DTZ001
    timezones=st.just(UTC),
)
GIVEN = st.lists(
    st.builds(
        Told,
        happened_on=st.dates(date(2026, 2, 20), date(2026, 3, 1)),
        addressee=st.sampled_from(["dss", "db", "cgefi"]),
        acknowledged_at=MOMENTS,
        fund=st.sampled_from(["FNGA", "FNASS"]),
    ),
    max_size=8,
)


@pytest.mark.django_db
@settings(max_examples=15)
@given(told=GIVEN, state=st.sampled_from(["", *N.values]), fund=st.sampled_from(["", "FNGA"]))
def test_totals_of_a_page_are_the_sum_of_all_its_rows(told: list[Told], state: str, fund: str) -> None:
    with transaction.atomic():
        cast = Cast()
        tell(cast, told)
        with clock.at(datetime(2026, 5, 1, 9, tzinfo=UTC)):
            filters = RegisterFilters(state=state, fund=fund)
            listed = register_rows(cast.auditor, filters)
            page = register_page(cast.auditor, filters, size=3)
            assert totals_of(page.tallies) == totals_of(row.as_tally for row in listed)
            assert by_addressee(page.tallies) == by_addressee(row.as_tally for row in listed)
            assert page.count == len(listed)
            any_state = register_rows(cast.auditor, RegisterFilters(fund=fund))
            assert totals_of(page.any_state) == totals_of(row.as_tally for row in any_state)
            walked, cursor = list(page.rows), page.next_cursor
            while cursor:
                page = register_page(cast.auditor, filters, size=3, cursor=cursor)
                walked += page.rows
                cursor = page.next_cursor
            assert walked == list(listed)
        transaction.set_rollback(True)


# -- size ----------------------------------------------------------------------------------------------


def test_page_and_file_cost_the_same_for_three_and_three_hundred_notices(cast: Cast) -> None:
    tell(cast, [Told(mails=((S.DELIVERED, FIRST),)) for _ in range(3)])

    def cost() -> tuple[int, int]:
        return (
            len(statements(lambda: register_page(cast.auditor, ALL))),
            len(statements(lambda: register_rows(cast.auditor, ALL))),
        )

    assert cost() == (4, 3)  # one of them reads the roles of the person
    tell(cast, [Told(mails=((S.DELIVERED, FIRST),)) for _ in range(297)])
    assert cost() == (4, 3)


def test_file_is_refused_above_its_limit_with_advice(cast: Cast) -> None:
    tell(cast, [Told() for _ in range(4)])
    assert len(register_rows(cast.auditor, ALL, most=4)) == 4
    with pytest.raises(Invalid, match="compte 4 informations ; un fichier en porte 3 au plus"):
        register_rows(cast.auditor, ALL, most=3)


@pytest.mark.parametrize(
    "cursor", ["x", "2026-03-02", "2026-03-02.un", "2026-13-01.1", "2026-03-02." + "9" * 19]
)
def test_broken_page_mark_is_refused(cast: Cast, cursor: str) -> None:
    with pytest.raises(Invalid, match="reprenez la liste depuis le début"):
        register_page(cast.auditor, ALL, cursor=cursor)
