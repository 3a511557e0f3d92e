"""The report's picture: what a model gets for the time that it takes."""

from collections.abc import Sequence
from itertools import product

import numpy as np
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter
from matplotlib.transforms import Bbox

from src.configurations import Entry
from src.evaluation.plots import COLORS, STYLE
from src.systems.tables import is_network, leading, name, ordered, spent

_KINDS = (("networks", "o", COLORS[0]), ("other models", "s", COLORS[1]))
# Where a label may stand, in points from its mark to its nearer edge (to its middle, for 0), nearest first.
_PLACES = sorted(product((7, -7, 0, 25, -25, 50, -50), range(-120, 121, 12)), key=lambda at: abs(at[0]) + abs(at[1]))


def by_time(entries: Sequence[Entry], title: str) -> Figure:
    """Share of test records judged wrongly, or mean cost, by seconds of fit and test, a mark a model."""
    metric = leading(entries)
    points = [
        (name(entry), spent(entry), score if metric == "test_mean_cost" else 1 - score, 0 if is_network(entry) else 1)
        for entry, score in ordered(entries)
    ]
    with rc_context(STYLE):
        figure = Figure(figsize=(8, 7), layout="constrained")
        axes = figure.add_subplot()
        for place, (label, marker, color) in enumerate(_KINDS):
            some = [(seconds, value) for _, seconds, value, kind in points if kind == place]
            if some:
                axes.plot(*zip(*some, strict=True), marker, color=color, label=label, markersize=6)
        axes.set(xscale="log", yscale="log", xlabel="fit and scoring of the test, seconds (logarithmic)")
        axes.margins(0.12)
        axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 1.5, 2.0, 3.0, 5.0, 7.0)))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.xaxis.set_major_formatter(FuncFormatter(lambda seconds, _: f"{seconds:g}"))
        if metric == "test_mean_cost":
            axes.set_ylabel("mean cost of a record (logarithmic)")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.3g}"))
        else:
            axes.set_ylabel("test records judged wrongly (logarithmic)")
            axes.yaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:.3g} %"))
        figure.legend(loc="outside lower center", ncols=2)
        axes.set_title(title, fontsize=11)
        _label(figure, [(label, seconds, value) for label, seconds, value, _ in points])
    return figure


def _label(figure: Figure, points: Sequence[tuple[str, float, float]]) -> None:
    """Write each name beside its mark, clear of the other names and marks as far as there is room."""
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
