"""Taking times: medians of many, in turns, so that both sides meet the same machine."""

import gc
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from django.db import connection


@dataclass
class Sample:
    """Times of one thing, in milliseconds, and the statements that it made the last time.

    ``by_fastest``: compared by its fastest time. For what lasts a second and cannot be taken in quick turns: what else
    the machine does falls on one side more than on the other, and only ever adds.
    """

    name: str
    by_fastest: bool = False
    times: list[float] = field(default_factory=list)
    statements: int = 0

    @property
    def median(self) -> float:
        """The middle one."""
        return statistics.median(self.times)

    @property
    def figure(self) -> float:
        """What is compared."""
        return min(self.times) if self.by_fastest else self.median

    @property
    def slow(self) -> float:
        """Nine of ten were faster."""
        return statistics.quantiles(self.times, n=10)[-1]

    def run(self, act: Callable[[], object]) -> None:
        """Do it once and keep its time."""
        began = time.perf_counter()
        act()
        self.times.append((time.perf_counter() - began) * 1000)

    def count(self, act: Callable[[], object]) -> None:
        """Do it once more and keep its statements, without BEGIN and COMMIT."""
        seen = 0

        def counted(execute: Callable[..., object], *arguments: object) -> object:
            nonlocal seen
            seen += 1
            return execute(*arguments)

        with connection.execute_wrapper(counted):
            act()
        self.statements = seen

    def line(self) -> str:
        """One line of the report."""
        return (
            f"  {self.name:<46} {self.median:8.2f} ms   fastest {min(self.times):8.2f} ms"
            f"   nine of ten below {self.slow:8.2f} ms"
            f"   {self.statements:4d} statements   n = {len(self.times)}"
        )


def quiet() -> None:
    """Let no collection of garbage fall on one side only."""
    gc.collect()
    gc.freeze()
    gc.disable()
