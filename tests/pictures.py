"""What a Matplotlib figure shows once it is drawn."""

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text


def texts_inside(figure: Figure, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The texts that really are drawn (tick labels out of view exist as well, but are not), none of them cut off."""
    texts = []
    original = Text.draw

    def record(self: Text, *args: object, **kwargs: object) -> None:
        if self.get_visible() and self.get_text().strip():
            texts.append(self)
        original(self, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(Text, "draw", record)
        FigureCanvasAgg(figure).draw()
    width, height = figure.canvas.get_width_height()
    for text in texts:
        box = text.get_window_extent()
        inside = box.x0 >= 0 and box.y0 >= 0 and box.x1 <= width and box.y1 <= height
        assert inside, f"{text.get_text()!r} at {box} lies outside {width} x {height}"
    return [text.get_text() for text in texts]
