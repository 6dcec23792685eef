"""A chapter page ends with its tasks and its terms."""

import pytest
from bs4 import BeautifulSoup
from chromium import HTML
from course import objectives

import page_end

CHAPTERS = sorted({f"book/{one.page}" for one in objectives.objectives()})


@pytest.fixture
def built(project):
    text = "A {term}`cell`."
    return project(
        {
            "book/metrics/01-acute-phase-reactants": text,
            "book/metrics/assignment": "The card.",
            "other": text,
            "words": ":::{glossary}\nCell\n  Small.\n\nOther\n  Not used.\n:::",
        }
    )


def test_the_tasks_are_those_that_test_its_objectives(built):
    end = built.page("book/metrics/01-acute-phase-reactants").select_one(".page-end")
    titles = page_end.tasks("book/metrics/01-acute-phase-reactants")["metrics"]
    assert [item.get_text(strip=True) for item in end.select("li")] == titles
    assert len(titles) >= 2
    assert end.a["href"] == "assignment.html"


def test_its_terms_are_those_that_it_links(built):
    end = built.page("book/metrics/01-acute-phase-reactants").select_one(".page-end")
    links = [link for link in end.select("a") if "#term" in link["href"]]
    assert [link.text for link in links] == ["Cell"]


def test_a_page_without_objectives_ends_as_it_is_written(built):
    assert not built.page("other").select(".page-end")


@pytest.mark.browser
@pytest.mark.parametrize("name", CHAPTERS, ids=lambda name: name.split("/")[-1])
def test_in_the_book_every_chapter_page_ends_so(name):
    page = BeautifulSoup((HTML / f"{name}.html").read_text("utf-8"), "html.parser")
    end = page.select_one("article .page-end")
    assert len(end.select("li")) >= 1 or not page_end.tasks(name)
    assert end.select("a[href*='glossary.html#term-']")
    # The neighbours are named by their titles.
    for link in page.select("a.left-prev, a.right-next"):
        assert len(link.select_one(".prev-next-title").get_text(strip=True)) > 3
