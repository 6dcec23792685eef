"""The released assignment comes down from its page, whole."""

import io
import zipfile
from pathlib import Path

import nbformat
import pytest
from chromium import quiet, visit

pytestmark = pytest.mark.browser

CHAPTER = "book/metrics/01-acute-phase-reactants.html"


def test_the_assignment_downloads_and_opens(browser, book):
    with visit(browser) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.locator("article a[href*='assignment.html']").first.click()
        with page.expect_download() as download:
            page.locator("article a[href$='.zip']").first.click()
        content = Path(download.value.path()).read_bytes()
        assert not quiet(seen)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert archive.testzip() is None
        text = archive.read("metrics/metrics.ipynb").decode()
        beside = {name for name in archive.namelist() if name.endswith(".csv")}
    notebook = nbformat.reads(text, as_version=4)
    nbformat.validate(notebook)
    needed = notebook.metadata.course.data
    assert {f"metrics/{name}" for name in needed} == beside
    assert "BEGIN HIDDEN" not in text and "BEGIN SOLUTION" not in text
