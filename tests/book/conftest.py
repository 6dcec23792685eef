"""What the tests of the book share; `small_books` does the building."""

import pytest
from small_books import build


@pytest.fixture
def project(tmp_path):
    """Return a function that builds pages in a fresh folder."""
    return lambda pages, **settings: build(tmp_path / "source", pages, **settings)
