"""A page has one name, and shows it above its question."""

import re

import pytest
import yaml
from small_books import ROOT

from page_names import above

CONTENTS = """
format: jb-book
root: index
parts:
  - caption: 3 Application
    chapters:
      - file: rejection
        title: 3.1 Preventing rejection
      - file: target
"""


@pytest.fixture
def built(project):
    return project(
        {"rejection": "How much is enough?", "target": "Text."}, contents=CONTENTS
    )


def test_the_name_stands_above_the_title_and_in_the_tab(built):
    page = built.page("rejection")
    (name,) = page.select(".page-name")
    assert name.text == "3.1 Preventing rejection"
    assert name.find_next_sibling().name == "h1"
    assert page.title.text.startswith("3.1 Preventing rejection")


def test_a_page_without_a_name_of_its_own_is_called_by_its_title(built):
    page = built.page("target")
    assert not page.select(".page-name")
    assert page.title.text.startswith("target")
    assert "page-names.css" not in built.served("target")


def test_the_page_before_and_the_page_after_are_called_by_name(built):
    page = built.page("target")
    (before,) = page.select("link[rel=prev]")
    assert before["title"] == "3.1 Preventing rejection"


@pytest.mark.parametrize(
    ("name", "title", "wanted"),
    [
        ("3.1 Preventing rejection", "How much?", "3.1 Preventing rejection"),
        ("7.1 Two agents", "Two agents: which?", "7.1"),
        ("Glossary", "Glossary", ""),
    ],
)
def test_what_the_title_says_already_is_not_said_twice(name, title, wanted):
    assert above(name, title) == wanted


def test_numbers_follow_the_order_of_the_book_and_no_name_comes_twice():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    chapters = [one for one in contents["parts"] if one["caption"][0].isdigit()]
    assert [int(one["caption"].split()[0]) for one in chapters] == list(range(1, 8))
    names = []
    for number, chapter in enumerate(chapters, 1):
        titles = [page["title"] for page in chapter["chapters"] if "title" in page]
        numbers = [re.match(r"(\d+\.\d+) \w", title)[1] for title in titles]
        assert numbers == [f"{number}.{place}" for place in range(1, len(titles) + 1)]
        names += titles
    assert len(set(names)) == len(names)
