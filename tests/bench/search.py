"""Search among many dossiers, against an indexed look-up of one of them by its reference."""

from __future__ import annotations

from django.test import Client

from cases.models import Dossier, User
from cases.permissions import acting_holdings_of
from tests.bench.many import COMMON, RARE
from tests.bench.measure import Sample
from tests.journeys import Cast
from workflows.selectors.search import found_by, read_search

#: What is asked. ``reference`` stands for one that exists.
ASKED: dict[str, dict[str, str]] = {
    "everything": {},
    "one reference": {"q": "{reference}"},
    "a rare word": {"q": RARE},
    "a common word": {"q": COMMON},
    "a common word, by relevance": {"q": COMMON, "sort": "relevance"},
    "a common word, by amount": {"q": COMMON, "sort": "-amount"},
    "a word being typed": {"q": "chauff"},
    "two common words": {"q": "rénovation chaufferie"},
    "three common words": {"q": "rénovation chaufferie forbach"},
    "a common word of an old year": {"q": COMMON, "exercise": "{old}"},
    "a common word, path and status": {"q": COMMON, "path": "virement", "status": "under_review"},
    "an old year": {"exercise": "{old}"},
    "an old year, by date": {"exercise": "{old}", "sort": "-due"},
    "an amount, a path, a body": {
        "amount_from": "100000",
        "amount_to": "100500",
        "path": "virement",
        "organisation": "carmi-est",
    },
    "an open step nobody has taken": {"step": "check", "holder": "free", "sort": "due"},
}
#: At most so many times the look-up, which takes some two milliseconds on two processors: 50 ms are about 25 times.
AIM = 30.0
#: The same for the page, which offers the rules that block something in sight, marks what is new, and is rendered.
PAGE_AIM = 60.0
PEOPLE = {"auditor": "all", "agent": "one body of nine", "ministry": "three in twenty"}


def measure_search(cast: Cast, rounds: int) -> list[tuple[float, tuple[Sample, Sample]]]:
    """Times of the first page of each question for each person, in turns with the look-up."""
    last = (
        Dossier.objects.filter(path="fnass_restructuring", organisation__code="carmi-npdc")
        .order_by("-pk")[:1]
        .get()
    )
    old = (
        Dossier.objects.filter(exercise__isnull=False)
        .order_by("exercise")
        .values_list("exercise", flat=True)[0]
        + 2
    )
    found = []
    for username, reads in PEOPLE.items():
        user = cast.people[username]
        held = acting_holdings_of(user)
        for name, asked in ASKED.items():
            filled = {key: value.format(reference=last.reference, old=old) for key, value in asked.items()}

            def search(user: User = user, filled: dict[str, str] = filled) -> int:
                understood, faults = read_search(filled)
                assert not faults
                return len(found_by(user, understood, holdings=held).items)  # noqa: B023

            ours = Sample(f"search, {username} ({reads}), {name}")
            other = Sample("one dossier by its reference")
            for sample, act in ((ours, search), (other, lambda: _look_up(last.reference))):
                sample.count(act)
                act()
            for _ in range(rounds):
                ours.run(search)
                other.run(lambda: _look_up(last.reference))
            found.append((AIM, (ours, other)))
        found.append((PAGE_AIM, _page(user, last.reference, rounds)))
    return found


def _page(user: User, reference: str, rounds: int) -> tuple[Sample, Sample]:
    """Times of the page with what a common word finds."""
    client = Client()
    client.force_login(user)

    def page() -> None:
        assert client.get("/dossiers/", {"q": COMMON}).status_code == 200

    ours, other = (
        Sample(f"search page, {user.username}, a common word"),
        Sample("one dossier by its reference"),
    )
    for sample, act in ((ours, page), (other, lambda: _look_up(reference))):
        sample.count(act)
        act()
    for _ in range(rounds):
        ours.run(page)
        other.run(lambda: _look_up(reference))
    return ours, other


def _look_up(reference: str) -> int:
    return len(list(Dossier.objects.select_related("organisation").filter(reference=reference)))
