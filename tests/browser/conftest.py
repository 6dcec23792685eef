"""The browser of all tests here; `chromium` has what they do with it."""

import os
import shutil

import pytest
from chromium import ARGUMENTS
from playwright.sync_api import Error, sync_playwright


def missing(what):
    """Skip, and say why; on the test server nothing may be missing."""
    if os.environ.get("CI") == "true":
        pytest.fail(what)
    pytest.skip(what)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        try:
            started = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=ARGUMENTS
            )
        except Error as error:
            missing(
                "no Chromium: install Debian's `chromium`, or run "
                f"`playwright install chromium` ({str(error).splitlines()[0]})"
            )
        yield started
        started.close()
