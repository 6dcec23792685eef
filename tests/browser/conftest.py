"""The browser of all tests here; `chromium` has what they do with it."""

from chromium import book, browser

__all__ = ["book", "browser"]
