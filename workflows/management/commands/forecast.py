"""``manage.py forecast``: one forecast in words, or how forecasts of the past compare with what happened."""

from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from cases.calendar import french_date
from workflows.forecast.backtest import (
    Backtest,
    Band,
    Checked,
    around,
    brier,
    brier_of_base_rate,
    calibration,
)
from workflows.forecast.history import History, Refusal
from workflows.forecast.model import HORIZON
from workflows.forecast.trial import REGIMES, trial
from workflows.forecast.words import percentage, spoken
from workflows.selectors.forecast import Forecast, ForecastRow, Threat, forecast_of_any
from workflows.selectors.forecast_backtest import run_backtest

#: Invented queues of each kind, unless told otherwise.
QUEUES = 10
#: Below so many judged forecasts the back-test says that it proves nothing.
TELLING = 100
#: What a manager would ask: « of dossiers forecast at 80 %, how many were in time? »
ASKED = 0.8


class Command(BaseCommand):
    help = "Forecast a queue, or compare forecasts of past Mondays with what happened."

    def add_arguments(self, parser: CommandParser) -> None:
        actions = parser.add_subparsers(dest="action", required=True)
        queue = actions.add_parser("queue", help="print the forecast of one queue")
        for name, text in (
            ("role", "as reviewer"),
            ("body", "code of the body that acts"),
            ("path", "key of the path"),
            ("step", "name of the step"),
        ):
            queue.add_argument(name, help=text)
        queue.add_argument("--organisation", default="", help="code of the body of the dossiers")
        backtest = actions.add_parser("backtest", help="forecast every queue as it stood on past Mondays")
        backtest.add_argument("--weeks", type=int, default=None, help="only so many Mondays, the last ones")
        backtest.add_argument("--path", default="", help="only this path")
        backtest.add_argument(
            "--simulated", action="store_true", help="invented queues of known pace instead of the data"
        )
        backtest.add_argument(
            "--queues", type=int, default=QUEUES, help="so many invented queues of each kind"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if options["action"] == "queue":
            lines = self._queue(options)
        elif options["simulated"]:
            lines = _simulated(options["queues"])
        else:
            if options["weeks"] is not None and options["weeks"] < 1:
                raise CommandError("--weeks : donnez un nombre de semaines d’au moins 1.")
            lines = _backtest(options["path"], options["weeks"])
        for line in lines:
            self.stdout.write(line)

    def _queue(self, options: dict[str, Any]) -> Iterator[str]:
        named = {name: options[name] for name in ("role", "body", "path", "step", "organisation")}
        found = forecast_of_any(named)
        if found is None:
            raise CommandError(
                "Aucune file de ce nom : donnez le rôle, le code de l’organisme, le circuit et l’étape."
            )
        return _described(found)


def _described(found: Forecast) -> Iterator[str]:
    yield f"{found.queue.path_title}, {found.queue.step_title} ({found.key})"
    yield f"{found.open} dossier(s) en attente, {found.holders} personne(s) tiennent le rôle."
    if isinstance(found.history, Refusal):
        yield found.history.message
        return
    history: History = found.history
    yield (
        f"D’après les {history.window} jours ouvrés jusqu’au {french_date(history.last_day)} : "
        f"{history.counted} sortie(s) en {history.days} jour(s) où un dossier attendait, "
        f"{history.arrivals} arrivée(s). {found.runs} tirages, graine {found.seed}."
    )
    if found.present is not None and found.open:
        for share in (0.5, 0.85):
            day = found.present.cleared_on(share)
            when = french_date(day) if day is not None else f"pas dans les {HORIZON} jours ouvrés"
            yield f"Tout ce qui attend est fait, à {percentage(share)} : {when}."
    for row in found.rows:
        due = french_date(row.due_on) if row.due_on is not None else "sans date"
        yield f"{row.position:>4}. {row.reference}  {due}  {_risk(row, history)}"


def _risk(row: ForecastRow, history: History) -> str:
    if row.late is None:
        return "pas de date à manquer"
    if row.threat is Threat.PASSED:
        return "date passée"
    return f"risque de la manquer : {spoken(row.late, history.counted)}"


def _backtest(path: str, weeks: int | None) -> Iterator[str]:
    report = run_backtest(path=path, weeks=weeks)
    yield (
        f"{report.queues} file(s), {report.mondays} lundi(s). Chaque file est rebâtie au matin du lundi, avec ce "
        "qui s’était passé avant lui ; l’échéance est celle que les événements d’alors donnaient."
    )
    yield from _calibration(report.result)
    if len(report.result.checked) < TELLING:
        yield (
            f"Moins de {TELLING} prévisions jugées : l’historique est trop mince pour dire si elles sont justes. "
            "Voyez --simulated, des files inventées dont le rythme est connu."
        )


def _simulated(queues: int) -> Iterator[str]:
    for regime in REGIMES.values():
        yield f"== {regime.title} ({queues} file(s) inventée(s), deux ans)"
        result = trial(regime, queues=queues, runs=2_000)
        yield from _calibration(result)
        unordered = [Checked(one.dossier, one.any_order, one.in_time) for one in result.checked]
        yield f"Sans tenir compte de l’ordre de la file, score de Brier : {_figure(brier(unordered))}."
        yield ""


def _calibration(result: Backtest) -> Iterator[str]:
    yield (
        f"{result.forecast} prévision(s) de file ; {result.refused} refusée(s) faute d’historique. Dossiers non "
        f"jugés : {result.undated} sans date, {result.overdue} déjà en retard, {result.withdrawn} sortis sans acte, "
        f"{result.unknown} pas encore connus."
    )
    checked = result.checked
    yield f"{len(checked)} prévision(s) jugée(s), de {len({one.dossier for one in checked})} dossier(s)."
    if not checked:
        return
    yield "Prévu à temps     prévisions  annoncé  à temps   part"
    for one in calibration(checked):
        yield _line(f"{percentage(one.low)} à {percentage(one.high)}", one)
    yield _line(f"environ {percentage(ASKED)}", around(checked, ASKED))
    yield (
        f"Score de Brier : {_figure(brier(checked))} ; pour qui annoncerait toujours la part constatée : "
        f"{_figure(brier_of_base_rate(checked))}."
    )


def _line(label: str, one: Band) -> str:
    return (
        f"{label:<16}  {one.forecasts:>10}  {percentage(one.mean_chance):>7}  {one.in_time:>7}  "
        f"{percentage(one.share):>5}"
    )


def _figure(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}".replace(".", ",")
