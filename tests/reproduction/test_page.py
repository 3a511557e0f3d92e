"""The report in a real browser, at the width of a desk and of a phone."""

import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests import browser

pytestmark = pytest.mark.browser
# Loads the report in a frame of a given width, and writes down what it finds there.
MEASURE = """<!doctype html><body><iframe src="index.html" style="width:{width}px;height:900px;border:0"></iframe>
<p></p>
<script>
const frame = document.querySelector("iframe")
frame.onload = async () => {{
  const page = frame.contentDocument, images = [...page.images]
  await Promise.all(images.map(image => image.decode().catch(() => 0)))
  const wide = [...page.body.querySelectorAll("h1,h2,p,li,img,pre,.wide")].filter(
    one => one.getBoundingClientRect().right > {width} + 0.5)
  document.querySelector("p").textContent = JSON.stringify({{
    overflow: page.documentElement.scrollWidth - {width}, images: images.length,
    broken: images.filter(image => !image.naturalWidth).length, wide: wide.map(one => one.outerHTML.slice(0, 80)),
    narrow: Math.min(...images.map(image => image.getBoundingClientRect().width)),
  }})
}}
</script>"""


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_no_picture_is_broken(whole: Path, width: int) -> None:
    (whole / f"measure-{width}.html").write_text(MEASURE.format(width=width))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(whole))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            found = browser.dom(f"http://127.0.0.1:{server.server_port}/measure-{width}.html", (width + 100, 1000))
        finally:
            server.shutdown()
            (whole / f"measure-{width}.html").unlink()
    assert '"overflow":0' in found, found[-800:]
    assert f'"images":{len(list(whole.glob("*.svg")))}' in found
    assert '"broken":0' in found
    assert '"wide":[]' in found
