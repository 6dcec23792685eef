"""What is kept of a page is what stands on it, section by section."""

from docutils.core import publish_doctree

from sections import read

PAGE = """
Rates
=====

How often does it *happen*?

Per year
--------

Count the events.

::

    rate = events / years

Limits
~~~~~~

They are exact.

By hand
^^^^^^^

Look them up.
"""


def kept():
    """What is kept of the page; docutils needs to be told that it has one title."""
    settings = {"doctitle_xform": False, "report_level": 5}
    return read("book/risk/rates", publish_doctree(PAGE, settings_overrides=settings))


def test_each_section_is_kept_with_its_place_and_level():
    found = [(one.title, one.level, one.anchor) for one in kept().sections]
    assert found == [
        ("Rates", 1, ""),
        ("Per year", 2, "per-year"),
        ("Limits", 3, "limits"),
    ]


def test_a_section_holds_its_own_words_and_no_code():
    text = {one.title: one.text for one in kept().sections}
    assert text["Rates"] == "How often does it happen?"
    assert text["Per year"] == "Count the events."


def test_what_lies_deeper_belongs_to_the_section_around_it():
    text = {one.title: one.text for one in kept().sections}
    assert "They are exact." in text["Limits"]
    assert "Look them up." in text["Limits"]
