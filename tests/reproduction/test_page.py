"""The report in a real browser, at the width of a desk and of a phone."""

from pathlib import Path

import pytest

from tests import browser


@pytest.mark.browser
@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_overflows_and_no_picture_is_broken(whole: Path, width: int) -> None:
    browser.assert_fits(whole, width)
