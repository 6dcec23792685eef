"""What the tests of the elements share: small books, the whole one, and a browser."""

from chromium import book, browser
from small_books import project

__all__ = ["book", "browser", "project"]
