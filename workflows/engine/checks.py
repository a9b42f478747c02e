"""``manage.py check``: proves of every path what no test of one path would show."""

from collections.abc import Iterator
from typing import Any

from django.core import checks
from django.db import connection
from django.db.utils import DatabaseError
from viewflow.workflow.base import Node
from viewflow.workflow.fields import import_flow_by_ref, import_task_by_ref
from viewflow.workflow.nodes import Obsolete

from cases.enums import ROLES_BY_KIND, DossierStatus, OrganisationKind, Role, status_may_move
from workflows.engine.path import Begin, Finish, Path
from workflows.engine.registry import all_paths
from workflows.engine.seats import KIND_OF_PLACE, Place
from workflows.engine.step import OUTCOMES_AT_EXPIRY, Step
from workflows.rulebook import rulebooks


def register_checks() -> None:
    """Register with Django; called once the paths are known."""
    checks.register(check_paths, "berline")
    checks.register(check_roles, "berline")
    checks.register(check_obligations, "berline")
    checks.register(check_stored_references, checks.Tags.database)


def _error(path: type[Path], message: str, number: int) -> checks.Error:
    return checks.Error(
        f"{path.key}: {message}", obj=f"{path.__module__}.{path.__name__}", id=f"berline.E{number:03d}"
    )


def check_paths(**kwargs: Any) -> list[checks.CheckMessage]:
    """Every registered path is sound."""
    return [message for path in all_paths() for message in problems_of(path)]


def problems_of(path: type[Path]) -> Iterator[checks.Error]:
    """What is wrong with one path; nothing when it is sound."""
    shape = list(_shape_problems(path))
    yield from shape
    yield from _step_problems(path)
    if not shape:  # otherwise there is no telling in which status a dossier comes to a step
        yield from _status_problems(path)
    yield from _rule_problems(path)


def _reaches_end(node: Node, reached: set[Node]) -> bool:
    if isinstance(node, Finish):
        return True
    reached.add(node)
    return any(edge.dst not in reached and _reaches_end(edge.dst, set(reached)) for edge in node._outgoing())


def _shape_problems(path: type[Path]) -> Iterator[checks.Error]:
    nodes = path.nodes()
    begins = [node for node in nodes if isinstance(node, Begin)]
    if len(begins) != 1:
        yield _error(path, f"has {len(begins)} starts, exactly one is needed", 2)
        return
    reachable: set[Node] = set()
    frontier: list[Node] = [begins[0]]
    while frontier:
        node = frontier.pop()
        if node not in reachable:
            reachable.add(node)
            frontier += [edge.dst for edge in node._outgoing()]
    for node in nodes:
        if node not in reachable:
            yield _error(path, f"node {node.name!r} is never reached", 3)
        elif not _reaches_end(node, set()):
            yield _error(path, f"node {node.name!r} reaches no end", 4)
        if not isinstance(node, (Begin, Step, Finish)):
            yield _error(
                path, f"node {node.name!r} is a {type(node).__name__}: only steps are held by a role", 17
            )
        if not node.task_title or node.task_title == node.name.replace("_", " ").title():
            yield _error(path, f"node {node.name!r} has no title", 5)


def _kinds_at(place: Place, path: type[Path]) -> set[OrganisationKind]:
    """Kinds of bodies on which a role would be looked for at ``place``."""
    if place is Place.OWN:
        return set(path.organisation_kinds)
    if place is Place.REGION:
        return {OrganisationKind.CARMI}
    if place is Place.FUND:
        return {OrganisationKind.FUND}
    return {KIND_OF_PLACE[place]}


def _nobody_holds(step: Step, path: type[Path]) -> Iterator[Role]:
    """Roles of the step that some body on which they are looked for cannot hold."""
    if not step.seats:
        yield step.role
    for seat in step.seats:
        kinds = _kinds_at(seat.place, path)
        roles = set(step.filing_roles) if step.filed_by else {seat.role}
        if any(ROLES_BY_KIND[kind].isdisjoint(roles) for kind in kinds):
            yield seat.role
        yield from (role for role in roles if not any(role in ROLES_BY_KIND[kind] for kind in kinds))


def _delay_problems(path: type[Path], step: Step) -> Iterator[checks.Error]:
    for within in step.delays:
        if within.then and within.then not in step.outcomes:
            yield _error(
                path, f"step {step.name!r} ends by itself with {within.then!r}, no outcome of it", 19
            )
        if bool(within.then) != (within.at_expiry in OUTCOMES_AT_EXPIRY):
            yield _error(
                path,
                f"step {step.name!r}: the end of its delay is {within.at_expiry.value!r} and records {within.then!r}",
                21,
            )
    if len({within.kind for within in step.delays}) < len(step.delays):
        yield _error(path, f"step {step.name!r} has two delays of one kind", 22)


def _step_problems(path: type[Path]) -> Iterator[checks.Error]:
    for step in path.steps():
        for role in dict.fromkeys(_nobody_holds(step, path)):
            yield _error(path, f"step {step.name!r}: no body can hold the role {role.value!r} there", 6)
        if step.filed_by and step is not path.first_step():
            yield _error(path, f"step {step.name!r}: only the first step is filed by several roles", 18)
        yield from _delay_problems(path, step)
        if not step.outcomes:
            yield _error(path, f"step {step.name!r} has no outcome", 7)
        for one in step.outcomes.values():
            if one.waits_for_all and not step.collective:
                yield _error(
                    path, f"outcome {step.name}.{one.key} waits for others, but one body holds the step", 20
                )
            if not one.label:
                yield _error(path, f"outcome {step.name}.{one.key} has no label", 5)
            if any(route.when is None for route in one.routes[:-1]) or one.routes[-1].when is not None:
                yield _error(
                    path,
                    f"outcome {step.name}.{one.key}: only its last route may be unconditional, and must",
                    8,
                )
            for route in one.routes:
                if route.to not in path.nodes():
                    yield _error(path, f"outcome {step.name}.{one.key} leads nowhere", 9)
                if route.status == DossierStatus.REFUSED and not one.motive:
                    yield _error(path, f"outcome {step.name}.{one.key} refuses without a motive", 10)


def statuses_at(path: type[Path]) -> dict[Node, set[DossierStatus]]:
    """The statuses that a dossier can have while it waits at each node."""
    found: dict[Node, set[DossierStatus]] = {node: set() for node in path.nodes()}
    frontier: list[tuple[Node, DossierStatus]] = [(path.first_step(), DossierStatus.DRAFT)]
    while frontier:
        node, status = frontier.pop()
        if status in found.get(node, {status}):  # seen already, or a node of another path
            continue
        found[node].add(status)
        if isinstance(node, Step):
            frontier += [(route.to, route.status) for one in node.outcomes.values() for route in one.routes]
    return found


def _status_problems(path: type[Path]) -> Iterator[checks.Error]:
    for node, statuses in statuses_at(path).items():
        if not isinstance(node, Step):
            continue
        for one in node.outcomes.values():
            for route in one.routes:
                for status in sorted(statuses):
                    if not status_may_move(status, route.status):
                        yield _error(
                            path,
                            f"outcome {node.name}.{one.key}: "
                            f"the life cycle has no arrow {status} → {route.status.value}",
                            11,
                        )


def used_rules(path: type[Path]) -> set[str]:
    """Every rule key that the path's declarations name."""
    keys = {piece.rule for piece in path.pieces}
    if path.withdrawal_rule:
        keys.add(path.withdrawal_rule)
    for step in path.steps():
        keys.update(step.rules)
        keys.update(within.rule for within in step.delays)
        for one in step.outcomes.values():
            keys.update(one.rules)
            for route in one.routes:
                keys.update(route.rules)
    return keys


def _rule_problems(path: type[Path]) -> Iterator[checks.Error]:
    book = rulebooks().get(path.convention)
    if book is None:
        yield _error(path, f"the convention {path.convention!r} has no rulebook", 12)
        return
    for key in sorted(used_rules(path) | set(path.rules)):
        if key not in book.rules:
            yield _error(path, f"the rule {key!r} is not in {path.convention}", 13)
        elif key not in path.rules:
            yield _error(
                path, f"the rule {key!r} is used but not listed in `rules`: it would not be pinned", 14
            )


def check_roles(**kwargs: Any) -> list[checks.CheckMessage]:
    """The rulebooks and the code agree on who can hold which role."""
    problems: list[checks.CheckMessage] = []
    for book in rulebooks().values():
        for role in Role:
            versions = book.rules.get(f"roles.{role.value}")
            if versions is None:
                continue
            said = set(versions[-1].items)
            coded = {kind.value for kind, roles in ROLES_BY_KIND.items() if role in roles}
            if said != coded:
                problems.append(
                    checks.Error(
                        f"{book.key}: roles.{role.value} says {sorted(said)}, cases.enums says {sorted(coded)}",
                        id="berline.E015",
                    )
                )
    return problems


def check_obligations(**kwargs: Any) -> list[checks.CheckMessage]:
    """What each running dossier of a path owes names a path that exists."""
    known = {path.key for path in all_paths()}
    return [
        checks.Error(f"{one.key} of {book.key}: no path {one.per_path!r}", id="berline.E023")
        for book in rulebooks().values()
        for one in book.obligations.values()
        if one.per_path and one.per_path not in known
    ]


def check_stored_references(databases: Any = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """Every flow and node that live rows refer to still exists (``manage.py check --database default``)."""
    if not databases:
        return []
    problems: list[checks.CheckMessage] = []
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DISTINCT flow_class FROM viewflow_process")
            flows = [row[0] for row in cursor.fetchall()]
            cursor.execute("SELECT DISTINCT flow_task FROM viewflow_task")
            tasks = [row[0] for row in cursor.fetchall()]
    except DatabaseError:  # not migrated yet
        return []
    for reference, read in [(one, import_flow_by_ref) for one in flows] + [
        (one, import_task_by_ref) for one in tasks
    ]:
        try:
            resolved = read(reference)
        except (ImportError, AttributeError, LookupError, KeyError):
            resolved = None
        if resolved is None or isinstance(resolved, Obsolete):
            problems.append(
                checks.Error(
                    f"stored reference {reference!r} no longer resolves",
                    hint="A renamed path or step needs a data migration of viewflow_process and viewflow_task.",
                    id="berline.E016",
                )
            )
    return problems
