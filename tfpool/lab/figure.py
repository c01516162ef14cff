"""A figure as plain data, which the dashboard draws with Plotly and `drawing` as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

KINDS = ("line", "bar")


@dataclass(frozen=True)
class Series:
    """A line, or the bars of one colour.

    Attributes:
        name: what the legend calls it.
        x: numbers, or names.
        y: a value each; None where there is none.
        low, high: the 95 % interval of each; empty where there is none.
        head: the head whose colour it takes; empty for a colour of its own.
    """

    name: str
    x: Sequence[Any]
    y: Sequence[float | None]
    low: Sequence[float | None] = ()
    high: Sequence[float | None] = ()
    head: str = ""


@dataclass(frozen=True)
class Figure:
    """What is drawn.

    Attributes:
        title, x, y: words at the top and along the axes.
        kind: "line" or "bar".
        percent: whether values are shares, shown in percent.
        log: whether the vertical axis is logarithmic; `log_x` the horizontal one.
        level: a horizontal line to compare with, such as chance, and what it is called.
    """

    title: str
    x: str
    y: str
    series: Sequence[Series]
    kind: str = "line"
    percent: bool = True
    log: bool = False
    log_x: bool = False
    level: float | None = None
    level_name: str = ""

    def record(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, record: dict[str, Any]) -> Figure:
        """The figure that `record` came from."""
        return cls(**{**record, "series": tuple(Series(**each) for each in record["series"])})

    @property
    def alt(self) -> str:
        """The figure in words, for who cannot see it."""
        return f"{self.title}: {self.y} by {self.x}, for {', '.join(each.name for each in self.series)}"
