"""Dossiers of credits: their data and the acts of their paths."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Any, Final

from cases.budget_tables import BUDGET_YEARS, Row, read_tables
from cases.budget_terms import FundCode
from workflows.demonstration.stories import Act, MonthDay, Story

#: Members of the board, all of them in office.
MEMBERS: Final = 20

#: Calendar days from the last reception to the day on which a budget is enforceable or deemed approved.
NOTIFICATION_DAYS: Final = 20

#: Step and favourable outcome of the ministries in each path.
AGREEMENT: Final = ("prior_agreement", "agree")
APPROVAL: Final = ("authority_approval", "approve")
AUTHORISATION: Final = ("prior_authorisation", "authorise")


@dataclass(frozen=True, kw_only=True)
class CreditStory(Story):
    """One dossier of credits. ``tell``: the exercise → the data of the draft. Amounts in EUR.

    The budget desk of the CANSSM files for the CANSSM, which has no agent of its own.
    """

    on: str
    tell: Callable[[int], Mapping[str, Any]]

    @property
    def path(self) -> str:
        """Key of the path."""
        return self.on

    @property
    def filer(self) -> str:
        """The budget desk, or the agent of the CARMI."""
        return "budget.canssm" if self.body == "canssm" else super().filer

    def data(self, exercise: int) -> dict[str, Any]:
        """Data of the draft."""
        return {"exercise": exercise, **self.tell(exercise)}


# --- data -------------------------------------------------------------------------------------------------


def moves(
    fund: str, reason: str, *rows: tuple[str, str, str], **more: Any
) -> Callable[[int], dict[str, Any]]:
    """Data of a virement, a derogation or a décision modificative: (from, to, EUR)…"""
    lines = [{"from": origin, "to": target, "amount": amount} for origin, target, amount in rows]
    return lambda year: {"fund": fund, "lines": lines, "reason": reason, **more}


def gives(
    fund: str, *rows: tuple[str, str], column: str = "line", **more: Any
) -> Callable[[int], dict[str, Any]]:
    """Data with rows of one line and its amount: an amending budget, a carry-over, a use of the reserve…"""
    lines = [{column: line, "amount": amount} for line, amount in rows]
    return lambda year: {"fund": fund, "lines": lines, **more}


@cache
def _leaves(fund: str) -> tuple[Row, ...]:
    return tuple(row for row in read_tables()[FundCode(fund)] if row.role == "leaf")


def primitive(
    fund: str, reason: str, changed: Mapping[str, str] | None = None
) -> Callable[[int], dict[str, Any]]:
    """Data of a primitive budget: every printed line at its base, but those ``changed`` (EUR by code of line)."""

    def tell(year: int) -> dict[str, Any]:
        base_year = min(year, BUDGET_YEARS[-1])
        amounts = {row.code: row.figures[base_year] for row in _leaves(fund) if base_year in row.figures}
        amounts |= {code: Decimal(amount) for code, amount in (changed or {}).items()}
        return {
            "fund": fund,
            "kind": "primitive",
            "lines": [{"line": code, "amount": f"{amount:.2f}"} for code, amount in amounts.items()],
            "reason": reason,
        }

    return tell


def amending(fund: str, reason: str, *rows: tuple[str, str], **more: Any) -> Callable[[int], dict[str, Any]]:
    """Data of an amending budget: what changes on each line, signed."""
    return gives(fund, *rows, kind="amending", reason=reason, **more)


def advance(title: str, amount: str, works: tuple[str, ...], reason: str) -> Callable[[int], dict[str, Any]]:
    """Data of an advance: what it pays for, EUR before tax, the facilities, why it cannot wait."""
    return lambda year: {"title": title, "amount_ht": amount, "facilities": list(works), "reason": reason}


# --- acts -------------------------------------------------------------------------------------------------


def check(days: int | None = None) -> Act:
    """The agent comptable finds the credits available."""
    return Act("check", days, step="check", outcome="credits_available", who="comptable.canssm")


def reject(motive: str, days: int | None = None) -> Act:
    """The agent comptable rejects the dossier."""
    return Act("reject", days, motive, step="check", outcome="reject", who="comptable.canssm")


def effect(days: int | None = None) -> Act:
    """The directeur général lets the credits move, that day."""
    return Act("effect", days, step="effect", outcome="effect", who="dg.canssm")


def decline(motive: str, days: int | None = None) -> Act:
    """The directeur général refuses a virement."""
    return Act("refuse", days, motive, step="effect", outcome="refuse", who="dg.canssm")


def renounce(motive: str, days: int | None = None) -> Act:
    """The directeur général gives up what was agreed."""
    return Act("renounce", days, motive, step="effect", outcome="renounce", who="dg.canssm")


def told(who: str, days: int | None = None) -> Act:
    """An addressee acknowledges the information of a virement."""
    return Act("acknowledge", days, step="inform", outcome="acknowledge", who=who)


def favours(what: tuple[str, str], who: str, days: int | None = None) -> Act:
    """A ministry agrees, approves or authorises."""
    return Act("favour", days, step=what[0], outcome=what[1], who=who)


def objects(what: tuple[str, str], who: str, motive: str, days: int | None = None) -> Act:
    """A ministry refuses, which ends the dossier."""
    return Act("object", days, motive, step=what[0], outcome="refuse", who=who)


def vote(votes_for: int, votes_against: int, days: int | None = None, *, motive: str = "") -> Act:
    """The secretariat records the session of that day; the others abstained. A lost vote has a motive."""
    return Act(
        "vote",
        days,
        motive,
        data=lambda day: {
            "voted_on": day.isoformat(),
            "members": MEMBERS,
            "votes_for": votes_for,
            "votes_against": votes_against,
            "abstentions": MEMBERS - votes_for - votes_against,
        },
        step="board_vote",
        outcome="rejected" if motive else "adopted",
        who="secretariat.ca",
    )


def received(*ministries: str, days: int | None = None) -> Act:
    """The desk records that these ministries received the decision of the board that day."""
    return Act(
        "receive",
        days,
        data=lambda day: {
            "receptions": [{"authority": code, "received_on": day.isoformat()} for code in ministries]
        },
        step="notify_authorities",
        outcome="record",
        who="desk",
    )


def lapse() -> Act:
    """The delay that runs from the last reception is over: Berline does what it brings."""
    return Act("lapse", who="system", calendar_days=NOTIFICATION_DAYS)


def inform_board(days: int | None = None) -> Act:
    """The secretariat records the session at which the board was told of the use of the reserve."""
    return Act(
        "inform_board",
        days,
        data=lambda day: {"informed_on": day.isoformat()},
        step="inform_board",
        outcome="inform",
        who="secretariat.ca",
    )


def release(days: int | None = None) -> Act:
    """The directeur général releases an advance."""
    return Act("release", days, step="decide", outcome="release", who="dg.canssm")


def refuse_release(motive: str, days: int | None = None) -> Act:
    """The directeur général refuses an advance."""
    return Act("refuse", days, motive, step="decide", outcome="refuse", who="dg.canssm")


def regularise(not_before: MonthDay) -> Act:
    """The desk commits the advance on the budget, once that is enforceable."""
    return Act("regularise", step="regularise", outcome="regularise", who="desk", not_before=not_before)


def unused(motive: str, not_before: MonthDay) -> Act:
    """The desk records that an advance was not used."""
    return Act(
        "renounce",
        None,
        motive,
        step="regularise",
        outcome="renounce",
        who="desk",
        not_before=not_before,
    )


def year_end(day: date) -> Act:
    """What the convention cancels at the end of the exercise is cancelled, in all its funds."""
    return Act("year_end", days=1, who="system", not_before=day)


# --- days -------------------------------------------------------------------------------------------------


def same_year(first: date, last: date) -> bool:
    """Receipts are used again in their own year."""
    return first.year == last.year


def advance_season(first: date, last: date) -> bool:
    """Advances are released from 1 January to 30 June."""
    return first.year == last.year and last <= date(last.year, 6, 30)
