"""A real headless browser: what a page says and looks like once it is drawn."""

import html
import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run --hide-scrollbars --virtual-time-budget=30000"
).split()

# Loads the report in a frame of a given width, and writes down what it finds there.
_MEASURE = """<!doctype html><body><iframe src="index.html" style="width:{width}px;height:900px;border:0"></iframe>
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


# Loads the report in a frame of a given width, follows each link of its contents, and writes down where it leads.
_FOLLOW = """<!doctype html><body><iframe src="index.html" style="width:{width}px;height:600px;border:0"></iframe>
<p></p>
<script>
const frame = document.querySelector("iframe")
frame.onload = () => {{
  const page = frame.contentDocument, view = frame.contentWindow, found = []
  for (const link of [...page.links].filter(one => one.getAttribute("href").startsWith("#"))) {{
    const box = link.getBoundingClientRect()
    view.scrollTo(0, 0)
    link.click()
    const section = page.querySelector(":target"), top = section && section.getBoundingClientRect().top
    const at_top = section && Math.abs(top) < 1, in_window = box.width > 0 && box.right <= {width}
    found.push([link.textContent, section && section.textContent, at_top, in_window])
  }}
  document.querySelector("p").textContent = "links: " + JSON.stringify(found) + " end"
}}
</script>"""


def chromium() -> str:
    """The browser's program."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        if os.environ.get("IDS_REQUIRE_BROWSER"):
            pytest.fail("found no chromium, and IDS_REQUIRE_BROWSER is set; apt-get install chromium")
        pytest.skip("install chromium to run this (Debian: apt-get install chromium)")
    return found


def dom(address: str, size: tuple[int, int] = (2400, 1000)) -> str:
    """The page's elements, as text."""
    return html.unescape(_open(address, size, "--dump-dom"))


def words(address: str, size: tuple[int, int] = (1440, 1000)) -> list[str]:
    """Words of the page, element by element, without scripts."""
    page = re.sub(r"<(script|style)\b.*?</\1>", "", dom(address, size), flags=re.S)
    return [text.strip() for text in re.split(r"<[^>]*>", page) if text.strip()]


def screenshot(address: str, picture: Path, size: tuple[int, int] = (2400, 1000)) -> None:
    """Write a picture of the page."""
    _open(address, size, f"--screenshot={picture}")


def _open(address: str, size: tuple[int, int], action: str) -> str:
    width, height = size
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium(), *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}", action, address]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *arguments: object) -> None:
        pass


def assert_fits(report: Path, width: int) -> None:
    """The index.html of a folder, in a window so wide, shows every SVG of the folder and nothing reaches beyond it."""
    found = _beside(report, _MEASURE, width)
    assert '"overflow":0' in found, found[-800:]
    assert f'"images":{len(list(report.glob("*.svg")))}' in found
    assert '"broken":0' in found
    assert '"wide":[]' in found


def followed(report: Path, width: int) -> list[list[Any]]:
    """Links within the index.html of a folder, each followed in a window so wide.

    Its text, that of the section it leads to, and whether the section is then at the top, and the link in the window.
    """
    found = re.search(r"links: (.*) end</p>", _beside(report, _FOLLOW, width))
    assert found
    links: list[list[Any]] = json.loads(found[1])
    return links


def _beside(report: Path, script: str, width: int) -> str:
    """Elements of a page that is put beside a report for a moment, and runs a script on it."""
    page = report / f"beside-{width}.html"
    page.write_text(script.format(width=width))
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(report))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            return dom(f"http://127.0.0.1:{server.server_port}/{page.name}", (width + 100, 1000))
        finally:
            server.shutdown()
            page.unlink()
