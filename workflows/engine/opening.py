"""What the path of an ouverture plan looks at and writes: the plan's œuvres, opinions, vote, agréments (A63–A67)."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Any, Final

from cases.calendar import french_date
from cases.enums import DecisionKind, Role
from cases.errors import Blocked, BusinessError, Invalid, Reason
from cases.models import Facility
from cases.papers import Column, PaperOptions, PaperTable, money_table
from cases.register_terms import ApprovalState, FacilityKind, OpinionState
from cases.selectors import facilities_of
from cases.selectors.opinions import consultations_of
from cases.services import facilities as register
from workflows.engine.context import StepContext
from workflows.engine.credit_effects import recorded_vote
from workflows.engine.effects import decision
from workflows.engine.opening_forms import Scenario, works_of
from workflows.engine.step import Effect, FixedDay

#: What the text calls « réalisations ambulatoires »: the plan concerns them all.
AMBULATORY: Final = frozenset({FacilityKind.HEALTH_CENTRE, FacilityKind.CONSULTATION, FacilityKind.DENTAL})

PERIMETER: Final = "opening.perimeter"
STAFFING: Final = "opening.staffing"
COMPARISON: Final = "opening.economic_comparison"
CLOSURE: Final = "opening.closure"
REVISION: Final = "opening.revision"
APPROVALS: Final = "opening.approvals"
APPROVALS_BEFORE: Final = "opening.approvals_before"
FINESS: Final = "opening.finess"
ADHESION: Final = "opening.adhesion"
BOARD: Final = "opening.board"
ENDOWMENT: Final = "opening.endowment"
TRANSMISSION: Final = "opening.transmission"
ADVISORY: Final = "opening.advisory"
CONVENTION_OVER: Final = "opening.convention_over"


# --- the plan -------------------------------------------------------------------------------------------------------


def plan_rows(context: StepContext) -> list[dict[str, Any]]:
    """The œuvres of the plan, as stored."""
    return list(context.data.get("facilities") or [])


def codes(context: StepContext, *, closing: bool) -> list[str]:
    """Codes of the œuvres that the plan closes, or of those that it does not."""
    return [row["facility"] for row in plan_rows(context) if (row["scenario"] == Scenario.CLOSE) == closing]


def register_rows(context: StepContext) -> dict[str, Facility]:
    """The plan's œuvres as the register has them, by code. One statement, once for each act."""
    if "facilities" not in context.memo:
        wanted = [row["facility"] for row in plan_rows(context)]
        context.memo["facilities"] = {one.code: one for one in Facility.objects.filter(code__in=wanted)}
    found: dict[str, Facility] = context.memo["facilities"]
    return found


def has_works(context: StepContext) -> bool:
    """Whether an œuvre stays: works have to be budgeted, or their absence said (000:707)."""
    return bool(codes(context, closing=False)) or not plan_rows(context)


def plan_is_whole(context: StepContext) -> Iterator[Reason]:
    """A plan has œuvres, the economic comparison and the means (000:709, 000:711, 000:717)."""
    if not plan_rows(context):
        yield Reason(
            "no_facility",
            "Le plan ne contient aucune œuvre : ajoutez chaque réalisation ambulatoire et son scénario.",
            Role.PREPARER.label,
            context.quote(PERIMETER),
        )
    comparison = context.data.get("economic_comparison") or {}
    if not comparison.get("current") or not comparison.get("target"):
        yield Reason(
            "no_comparison",
            "La comparaison économique manque : indiquez le coût de l’organisation actuelle et celui de la cible.",
            Role.PREPARER.label,
            context.quote(COMPARISON),
        )
    if not str(context.data.get("staffing") or "").strip():
        yield Reason(
            "no_staffing",
            "Le chiffrage des moyens administratifs et humains manque : décrivez-les.",
            Role.PREPARER.label,
            context.quote(STAFFING),
        )


def missing_facilities(context: StepContext) -> Iterator[Reason]:
    """Signal ambulatory œuvres of the body that the plan leaves out: it concerns them all. One statement."""
    named = {row.get("facility") for row in plan_rows(context)}
    left = [
        str(one)
        for one in facilities_of(context.dossier.organisation_id)
        if one.kind in AMBULATORY and one.code not in named
    ]
    if named and left:
        shown = ", ".join(left[:5]) + (f" et {len(left) - 5} autres" if len(left) > 5 else "")
        yield Reason(
            "facilities_left_out",
            f"Le plan laisse de côté {len(left)} réalisation{'s' if len(left) > 1 else ''} "
            f"ambulatoire{'s' if len(left) > 1 else ''} de l’organisme : {shown}.",
            Role.PREPARER.label,
            context.quote(PERIMETER),
        )


def dearer_target(context: StepContext) -> Iterator[Reason]:
    """Signal a target organisation that costs more than today's."""
    comparison = context.data.get("economic_comparison") or {}
    if not comparison.get("current") or not comparison.get("target"):
        return
    current, target = Decimal(comparison["current"]), Decimal(comparison["target"])
    if target > current:
        yield Reason(
            "dearer_target",
            "L’organisation cible coûte plus que l’organisation actuelle : vérifiez les gains attendus des fermetures.",
            Role.REVIEWER.label,
            context.quote(COMPARISON),
        )


def convention_over(context: StepContext) -> Iterator[Reason]:
    """Signal a plan that is submitted after the years that the convention carries."""
    last = context.rule(CONVENTION_OVER).day
    if context.day > last:
        yield Reason(
            "convention_over",
            f"La convention 2004-2006 porte les années jusqu’au {french_date(last)} : ce plan en suit le circuit, "
            "au titre d’aucune de ses tranches.",
            Role.REVIEWER.label,
            context.quote(CONVENTION_OVER),
        )


def fingerprint(context: StepContext) -> str:
    """What the plan says, in 64 characters: whether it changed since the opinion was transmitted."""
    return hashlib.sha256(json.dumps(dict(context.data), sort_keys=True).encode()).hexdigest()


def note_plan(context: StepContext) -> None:
    """Keep what the plan said when the opinion on it was transmitted."""
    context.dossier.results = context.dossier.results | {"transmitted_plan": fingerprint(context)}


def plan_is_the_same(context: StepContext) -> Iterator[Reason]:
    """A plan that is maintained is the one that the experts saw."""
    if context.dossier.results.get("transmitted_plan") != fingerprint(context):
        yield Reason(
            "changed_plan",
            "Le plan a changé depuis l’avis du comité : choisissez « Modifier le plan », ou rétablissez-le.",
            Role.PREPARER.label,
            context.quote(REVISION),
        )


def plan_has_changed(context: StepContext) -> Iterator[Reason]:
    """A plan that is amended differs from the one that the experts saw."""
    if context.dossier.results.get("transmitted_plan") == fingerprint(context):
        yield Reason(
            "unchanged_plan",
            "Le plan est celui que le comité a vu : modifiez-le d’abord, ou choisissez « Maintenir le plan ».",
            Role.PREPARER.label,
            context.quote(REVISION),
        )


def goes_back(context: StepContext) -> bool:
    """Whether the amended plan is put to the experts again."""
    return bool(context.act.get("new_opinion"))


# --- opinion and vote -------------------------------------------------------------------------------------------------


def facilities_table(context: StepContext) -> PaperTable:
    """The œuvres of the plan, for a paper."""
    known = register_rows(context)
    rows = [
        (
            str(known.get(row["facility"], row["facility"])),
            Scenario(row["scenario"]).label,
            Decimal(str(row.get("works_budget") or 0)),
        )
        for row in plan_rows(context)
    ]
    return money_table(
        "Œuvres du plan", [Column("Œuvre"), Column("Scénario"), Column("Travaux", numeric=True)], rows
    )


def opinions_table(context: StepContext) -> PaperTable:
    """The opinions of the last round, for a paper. Two statements."""
    rounds = [one for one in consultations_of(context.dossier, None) if one.step == "expert_opinions"]
    rows = [
        (
            one.who or "Siège non pourvu",
            one.answer_label or OpinionState(one.state).label,
            one.text or one.motive or "—",
        )
        for one in (rounds[0].opinions if rounds else ())
    ]
    columns = (Column("Expert"), Column("Avis"), Column("Motifs"))
    return PaperTable(caption="Avis du comité d’experts", columns=columns, rows=tuple(rows))


def opinion_paper(*rules: str) -> Effect:
    """The paper that transmits the committee's opinion to the body."""

    def paper(context: StepContext) -> PaperOptions:
        return {
            "ruling": "transmet à l’organisme l’avis du comité d’experts. " + str(context.act["synthesis"]),
            "mark": "Avis du comité d’experts",
            "amount_label": "",
            "subject_lines": [("Région", str(context.data["region"]))],
            "tables": [opinions_table(context), facilities_table(context)],
        }

    return decision(DecisionKind.OPINION, *rules, about="le plan d’ouverture des œuvres", paper=paper)


def vote_paper(*rules: str, adopted: bool) -> Effect:
    """The extract of the board's deliberation: agrément and endowment, or not."""

    def paper(context: StepContext) -> PaperOptions:
        options: PaperOptions = {
            "ruling": "donne son agrément au plan d’ouverture et attribue la dotation de restructuration"
            if adopted
            else "ne donne pas son agrément au plan d’ouverture",
            "mark": "Plan agréé" if adopted else "Plan non agréé",
            "amount_label": "Dotation attribuée" if adopted else "",
            "subject_lines": [("Région", str(context.data["region"]))],
            "tables": [facilities_table(context)],
            "vote": recorded_vote(context, adopted=adopted),
        }
        if adopted:
            options["amount"] = context.act["endowment"]
        return options

    return decision(DecisionKind.DELIBERATION, *rules, about="le plan d’ouverture des œuvres", paper=paper)


def note_endowment(context: StepContext) -> None:
    """What the board attributes is the approved amount of the dossier, EUR."""
    context.dossier.approved_amount_ht = context.act["endowment"]
    context.changes["endowment"] = f"{context.act['endowment']:.2f}"


def adjourned_later(context: StepContext) -> Iterator[Reason]:
    """Nothing is adjourned to a day that has passed."""
    until: date = context.act["adjourned_to"]
    if until < context.today:
        yield Reason(
            "adjourned_to_the_past",
            f"Le {french_date(until)} est passé : indiquez la date de la prochaine séance.",
            Role.BOARD_SECRETARY.label,
            context.quote(BOARD),
        )


# --- agréments and adhesion -------------------------------------------------------------------------------------------


def approvals_last_day(context: StepContext) -> FixedDay | None:
    """« Avant le 1er janvier 2005 » (000:316); no clock for a plan that is adopted later."""
    last = context.rule(APPROVALS_BEFORE).day
    return FixedDay(last, APPROVALS_BEFORE) if context.today <= last else None


def awaited_approvals(context: StepContext) -> dict[str, Any]:
    """A row for each œuvre that has no agrément yet, or is not closed yet, with the number that the register has."""
    known, closing = register_rows(context), set(codes(context, closing=True))
    return {
        "approvals": [
            {
                "facility": code,
                "finess": (known[code].finess or "") if code in known else "",
                "approval": "",  # chosen by hand: a site closes by no oversight
            }
            for code in (row["facility"] for row in plan_rows(context))
            if not _settled(known.get(code), code in closing)
        ]
    }


def approvals_fit(context: StepContext) -> Iterator[Reason]:
    """Each row is of an œuvre of the plan; one that the plan closes loses its agrément, no other does."""
    closing, kept = set(codes(context, closing=True)), set(codes(context, closing=False))
    for row in context.act["approvals"]:
        code, removed = row["facility"], row["approval"] == ApprovalState.REMOVED
        if not row["approval"] and code in closing | kept:
            continue  # the number alone
        if code not in closing | kept:
            yield Reason(
                "not_in_plan",
                f"« {code} » n’est pas dans le plan adopté : retirez cette ligne.",
                Role.PREPARER.label,
                context.quote(APPROVALS),
            )
        elif code in closing and not removed:
            yield Reason(
                "closing_site",
                f"Le plan ferme « {code} » : son agrément est à supprimer.",
                Role.PREPARER.label,
                context.quote(CLOSURE),
            )
        elif code in kept and removed:
            yield Reason(
                "kept_site",
                f"Le plan maintient « {code} » : son agrément ne peut pas être supprimé sans un autre plan.",
                Role.PREPARER.label,
                context.quote(APPROVALS),
            )


def _settled(facility: Facility | None, closing: bool) -> bool:
    if facility is None:
        return False
    if closing:
        return facility.closed_on is not None
    return ApprovalState(facility.approval) in register.ADHERING_STATES and facility.finess is not None


def approvals_done(context: StepContext) -> bool:
    """Whether, with this act, every œuvre of the plan has its agrément and its number, and every closing is done.

    Taken for granted before anything is recorded: the way ahead.
    """
    if not context.act:
        return True
    known = dict(register_rows(context))
    told = {row["facility"]: row for row in context.act.get("approvals") or ()}
    closing = set(codes(context, closing=True))
    for code in (row["facility"] for row in plan_rows(context)):
        row = told.get(code)
        if row is None:
            if not _settled(known.get(code), code in closing):
                return False
        elif code not in closing:
            numbered = bool(row.get("finess")) or (code in known and known[code].finess is not None)
            state = row["approval"] or (known[code].approval if code in known else "")
            if state not in register.ADHERING_STATES or not numbered:
                return False
        elif not row["approval"]:
            return False
    return True


def nobody_adheres(context: StepContext) -> bool:
    """Whether the plan closes everything: nothing is left to adhere."""
    return bool(plan_rows(context)) and not codes(context, closing=False) and approvals_done(context)


def record_approvals(context: StepContext) -> None:
    """Write the rows to the register. Raises what the register refuses, naming the œuvre; nothing is then written.

    Four statements for each move of an œuvre, and as many for its number.
    """
    closing = set(codes(context, closing=True))
    known = register_rows(context)
    for row in context.act["approvals"]:
        facility = known[row["facility"]]
        try:
            _record(context, facility, row, closes=facility.code in closing)
        except (Invalid, Blocked) as error:
            raise _named(error, facility) from error
    context.memo.pop("facilities", None)


def _record(context: StepContext, facility: Facility, row: dict[str, Any], *, closes: bool) -> None:
    actor = context.actor
    if actor is None:
        raise RuntimeError("agréments are recorded by a person")
    said: dict[str, Any] = {"actor": actor, "capacity": context.capacity, "dossier": context.dossier}
    finess = str(row.get("finess") or "").strip()
    if finess and finess.replace(" ", "") != facility.finess:
        facility = register.change_facility(
            code=facility.code, version=facility.version, data={"finess": finess}, on=row["on"], **said
        )
    if not row["approval"]:
        return
    if closes:
        register.close_facility(facility, row["on"], act=str(row.get("act") or ""), **said)
    elif row["approval"] != facility.approval:
        register.move_approval(
            facility, ApprovalState(row["approval"]), on=row["on"], act=str(row.get("act") or ""), **said
        )


def _named(error: BusinessError, facility: Facility) -> BusinessError:
    """The register's refusal, said of the row it concerns."""
    sentences = [text for texts in error.details.values() for text in texts] or [
        reason.message for reason in error.reasons
    ]
    message = f"{facility} : {' '.join(sentences) or error.message}"
    if isinstance(error, Invalid):
        return Invalid(message, details={"approvals": [message]})
    return Blocked(message, reasons=error.reasons)


def adhering(context: StepContext) -> list[str]:
    """Codes of the œuvres that join now: those that were ticked, else all that have not joined yet."""
    chosen = list(context.act.get("facilities") or ())
    known = register_rows(context)
    waiting = [
        code for code in codes(context, closing=False) if code in known and known[code].adhered_on is None
    ]
    return [code for code in waiting if code in chosen] if chosen else waiting


def adhesion_fits(context: StepContext) -> Iterator[Reason]:
    """Whoever is ticked is in the plan and has not joined yet; somebody joins."""
    waiting = codes(context, closing=False)
    for code in context.act.get("facilities") or ():
        if code not in waiting:
            yield Reason(
                "not_in_plan",
                f"« {code} » n’est pas une œuvre maintenue par le plan : décochez-la.",
                Role.PREPARER.label,
                context.quote(ADHESION),
            )
    if not adhering(context):
        yield Reason(
            "nobody_to_adhere",
            "Toutes ces œuvres ont déjà adhéré à l’accord national : décochez-les.",
            Role.PREPARER.label,
            context.quote(ADHESION),
        )


def all_adhere(context: StepContext) -> bool:
    """Whether, with this act, every œuvre that the plan keeps has joined the accord national; so for the way ahead."""
    if not context.act:
        return True
    known, joining = register_rows(context), set(adhering(context))
    return all(
        code in joining or (code in known and known[code].adhered_on is not None)
        for code in codes(context, closing=False)
    )


def record_adhesion(context: StepContext) -> None:
    """Write the adhesions to the register. Raises what the register refuses, naming the œuvre."""
    known, actor = register_rows(context), context.actor
    if actor is None:
        raise RuntimeError("an adhesion is recorded by a person")
    joined = adhering(context)
    for code in joined:
        try:
            register.adhere(
                known[code],
                context.act["adhered_on"],
                actor=actor,
                capacity=context.capacity,
                dossier=context.dossier,
            )
        except (Invalid, Blocked) as error:
            raise _named(error, known[code]) from error
    context.changes["adhered"] = joined
    context.memo.pop("facilities", None)


def works(context: StepContext) -> Decimal:
    """Works of the whole plan, EUR."""
    return works_of(plan_rows(context))
