"""The leaderboard's picture: score of each model by the time that it takes."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter
from matplotlib.transforms import Bbox

from src.evaluation.plots import COLORS, STYLE
from src.evaluation.significance import cliques
from src.reports.leaderboard.ranks import Ranks
from src.reports.leaderboard.tables import leading, timed
from src.reports.runs import Configuration

_KINDS = (("networks", "o", COLORS[0]), ("other models", "s", COLORS[1]))
# Offsets of a label, in points from its mark to its nearer edge (to its middle for 0), nearest first.
_PLACES = sorted(product((7, -7, 0, 25, -25, 50, -50), range(-120, 121, 12)), key=lambda at: abs(at[0]) + abs(at[1]))


def by_time(configurations: Sequence[Configuration], title: str) -> Figure:
    """Error rate or mean cost by the seconds of fit and test, one mark for each model.

    A model far worse than most is drawn at the top with its number: a scale that holds it would press the others into
    one line.
    """
    costs = leading(configurations) == "test_mean_cost"

    def spell(value: float, _: int | None = None) -> str:
        return f"{value:.3g}" if costs else f"{100 * value:.3g} %"

    found = [(one, score if costs else 1 - score, seconds) for one, score, seconds in timed(configurations)]
    top = _fence([value for _, value, _ in found])
    points, marks = [], defaultdict(list)
    for configuration, value, seconds in found:
        far, at = value > top, (seconds, min(value, top))
        points.append((configuration.model + (f" ({spell(value)})" if far else ""), *at))
        marks[0 if configuration.is_network else 1, far].append(at)
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 7), layout="constrained")
        axes = figure.add_subplot()
        for (kind, far), some in sorted(marks.items()):
            label, marker, color = _KINDS[kind]
            if far:
                label, marker = f"{label}, off the scale", "^"
            axes.plot(*zip(*some, strict=True), marker, color=color, label=label, markersize=6)
        axes.set(xscale="log", xlabel="fit and scoring of the test, seconds (logarithmic)")
        axes.margins(0.12)
        axes.yaxis.set_major_formatter(FuncFormatter(spell))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
        axes.set_ylabel("mean cost of a record" if costs else "error rate on the test records")
        figure.legend(loc="outside lower center", ncols=4)
        axes.set_title(title, fontsize=11)
        _label(figure, points)
    return figure


def mean_ranks(ranks: Ranks, title: str) -> Figure:
    """Mean rank of each model, best on top.

    On independent test sets, lines join models that the critical difference does not tell apart.
    """
    names, means, distance = ranks.models, ranks.ranking.ranks, ranks.ranking.distance
    lines = [] if ranks.dependent else cliques(means, distance)
    rows = np.arange(len(names))
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 2.2 + 0.26 * len(names)), layout="constrained")
        axes = figure.add_subplot()
        axes.plot(means, rows, "o", color=COLORS[0], zorder=3)
        for at, (low, high) in enumerate(lines):
            inside = [row for row, mean in zip(rows, means, strict=True) if low <= mean <= high]
            place = max(means) + 0.6 + 0.45 * at
            axes.plot([place, place], [inside[0] - 0.3, inside[-1] + 0.3], color=COLORS[1], linewidth=3,
                      solid_capstyle="butt", label=None if at else "not told apart")  # fmt: skip
        axes.set_yticks(rows, names, fontsize=9)
        critical = "" if ranks.dependent else f"; critical difference {distance:.2f}"
        axes.set(xlabel=f"mean rank over {len(ranks.sets)} test sets (1 is best){critical}")
        axes.set_ylim(len(names) - 0.4, -0.6)
        axes.set_xlim(min(means) - 0.6, max(means) + 1.0 + 0.45 * len(lines))
        axes.grid(visible=True, axis="y", alpha=0.3)
        if lines:
            figure.legend(loc="outside lower center")
        axes.set_title(title, fontsize=11)
    return figure


def _fence(values: Sequence[float]) -> float:
    """Return Tukey's upper outer fence: the upper quartile and three times the interquartile range."""
    low, high = np.quantile(values, (0.25, 0.75))
    return float(high + 3 * (high - low))


def _label(figure: Figure, points: Sequence[tuple[str, float, float]]) -> None:
    """Write each name beside its mark, without overlap with other names and marks if there is space."""
    (axes,) = figure.axes
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    scale = figure.dpi / 72
    at = axes.transData.transform([(seconds, value) for _, seconds, value in points])
    taken = [_box(mark, 8 * scale, 8 * scale) for mark in at]
    inside = axes.get_window_extent()
    for mark, (label, seconds, value) in zip(at, points, strict=True):
        text = axes.annotate(
            label, (seconds, value), textcoords="offset points", xytext=(0, 0), fontsize=8, ha="center", va="center",
            arrowprops={"arrowstyle": "-", "color": "#aaaaaa", "linewidth": 0.6, "shrinkA": 0, "shrinkB": 3},
        )  # fmt: skip
        size = Text.get_window_extent(text, canvas.get_renderer())
        half = size.width / 2 / scale
        boxes = {
            place: _box(mark + np.array(place) * scale, size.width + 4 * scale, size.height)
            for dx, dy in _PLACES
            for place in ((dx + half * np.sign(dx), dy),)
        }
        free = (place for place, box in boxes.items() if _within(box, inside) and not box.count_overlaps(taken))
        chosen = next(free, next(iter(boxes)))
        text.set_position(chosen)
        taken.append(boxes[chosen])


def _box(centre: np.ndarray, width: float, height: float) -> Bbox:
    return Bbox.from_bounds(centre[0] - width / 2, centre[1] - height / 2, width, height)


def _within(box: Bbox, frame: Bbox) -> bool:
    return bool(box.x0 >= frame.x0 and box.x1 <= frame.x1 and box.y0 >= frame.y0 and box.y1 <= frame.y1)
