"""Effects that many paths share: what an outcome records besides moving the dossier."""

from collections.abc import Callable, Iterable

from cases.enums import DecisionKind
from cases.papers import PaperOptions
from cases.services import record_decision
from workflows.engine.context import StepContext
from workflows.engine.step import Effect


def decision(
    kind: DecisionKind,
    *rules: str,
    about: str,
    threshold: str = "",
    conditions: Callable[[StepContext], list[str]] | None = None,
    paper: Callable[[StepContext], PaperOptions] | None = None,
    also: Callable[[StepContext], Iterable[str]] | None = None,
) -> Effect:
    """An effect that records a decision of ``kind`` and its PDF, quoting ``rules``.

    An approval or a dispense fixes the approved amount: nothing may be committed above it. ``about`` completes
    « relative à »; ``threshold`` is the rule whose amount the paper compares with; ``conditions`` gives further
    sentences; ``paper`` what an act that is no investment prints; ``also`` further rules, which depend on the dossier.
    """

    def effect(context: StepContext) -> None:
        dossier, step = context.dossier, context.step
        if step is None:
            raise RuntimeError("a decision is the effect of a step's outcome")
        if kind in (DecisionKind.APPROVAL, DecisionKind.DISPENSE):
            dossier.approved_amount_ht = dossier.amount_ht
        keys = dict.fromkeys((*(also(context) if also else ()), *rules))
        quotes = [context.quote(key) for key in keys]
        recorded = record_decision(
            dossier=dossier,
            kind=kind,
            step=step.name,
            actor=context.actor,
            role=context.chair.role if context.chair else step.role,
            body=context.body,
            capacity=context.capacity,
            motive=context.motive,
            quotes=quotes,
            rule_refs=sorted(context.used_rules),
            about=about,
            threshold=context.rule(threshold).amount if threshold else None,
            conditions=conditions(context) if conditions else (),
            **(paper(context) if paper else {}),
        )
        if recorded.amount_ht is not None:
            context.granted.append(recorded.amount_ht)
        context.changes["decision"] = {
            "kind": kind.value,
            "amount_ht": str(recorded.amount_ht) if recorded.amount_ht is not None else None,
        }
        if recorded.document is not None:
            context.changes["document"] = {
                "kind": recorded.document.kind,
                "version": recorded.document.version,
                "name": recorded.document.name,
                "size": recorded.document.size,
                "sha256": recorded.document.sha256,
            }

    return effect
