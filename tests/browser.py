"""A real headless browser: what a page says and looks like once it is drawn."""

import html
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run --hide-scrollbars --virtual-time-budget=30000"
).split()


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


def screenshot(address: str, picture: Path, size: tuple[int, int] = (2400, 1000)) -> None:
    """Write a picture of the page."""
    _open(address, size, f"--screenshot={picture}")


def _open(address: str, size: tuple[int, int], action: str) -> str:
    width, height = size
    with tempfile.TemporaryDirectory() as profile:
        command = [chromium(), *FLAGS, f"--window-size={width},{height}", f"--user-data-dir={profile}", action, address]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout
