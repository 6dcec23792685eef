"""Each entry of the index leads to where a term, a method or an agent is used."""

import re
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from chromium import HTML

PAGES = {
    "one": "A {term}`cell`, a {term}`T cell`.\n\n## Later\n\nOnce more a {term}`cell`.",
    "two": "Here, too, a {term}`Cell` takes tocilizumab, sold as Humira.\n\nA margin.",
    "words": (
        ":::{glossary}\nCell\n  Small.\n\nT cell\nT lymphocyte\n  Smaller.\n\n"
        "Margin\n  Linked nowhere.\n:::\n\n"
        "| What |\n|---|\n| [Margin]{#fo-margin} of error |"
    ),
    "index-of-all": (
        ":::{concept-index} terms\n:::\n\n:::{concept-index} methods\n:::\n\n"
        ":::{concept-index} agents\n:::"
    ),
}
EXTENSIONS = ["colon_fence", "dollarmath", "attrs_inline"]


def entries(page):
    """Return the links of each entry, by its name."""
    return {
        name.get_text(" ", strip=True): [
            link["href"] for link in name.find_next_sibling("dd").select("a")
        ]
        for name in page.select("dl.concept-index > dt")
    }


@pytest.fixture
def built(project):
    return project(PAGES, myst_enable_extensions=EXTENSIONS)


def test_a_term_is_where_pages_link_it_once_a_page_in_their_order(built):
    found = entries(built.page("index-of-all"))
    assert found["Cell"] == ["one.html", "two.html"]
    assert found["T cell T lymphocyte"] == ["one.html"]


def test_a_term_that_no_page_links_is_where_its_words_stand(built):
    # The first entry of that name is the term's, the second the method's.
    names = built.page("index-of-all").select("dl.concept-index > dt")
    links = [one for one in names if one.get_text(strip=True) == "Margin"]
    assert [one.a["href"] for one in links] == [
        "words.html#term-Margin",
        "words.html#fo-margin",
    ]
    assert entries(built.page("index-of-all"))["Margin"][0] == "two.html"


def test_an_agent_is_where_its_name_or_trade_name_stands(built):
    page = built.page("index-of-all")
    agent = page.select_one("#agent-tocilizumab")
    assert "Actemra" in agent.text
    assert agent.find_next_sibling("dd").a["href"] == "two.html"
    humira = page.select_one("#agent-adalimumab").find_next_sibling("dd")
    assert humira.a["href"] == "two.html"


def test_a_term_that_is_used_nowhere_is_named(project):
    words = PAGES["words"].partition("| What")[0]
    pages = {**PAGES, "two": "Nothing.", "words": words}
    made = project(pages, myst_enable_extensions=EXTENSIONS)
    assert "no page uses the term 'Margin'" in made.warnings


def test_its_style_is_served(built):
    assert "concept-index.css" in built.served("index-of-all")
    assert "concept-index.css" not in built.served("one")


def test_an_unknown_part_is_refused(project):
    made = project({"a": ":::{concept-index} all\n:::"})
    assert "'all' is not one of terms, methods, agents" in made.warned("a")


@pytest.mark.browser
def test_in_the_book_every_link_of_the_index_leads_somewhere():
    home = HTML / "book/reference/concepts.html"
    page = BeautifulSoup(home.read_text(encoding="utf-8"), "html.parser")
    anchors: dict[Path, set[str]] = {}
    links = [link["href"] for link in page.select("dl.concept-index a")]
    assert len(links) > 800
    for link in links:
        address, _, anchor = link.partition("#")
        path = (home.parent / address).resolve()
        if path not in anchors:
            text = path.read_text(encoding="utf-8")
            anchors[path] = set(re.findall(r'\bid="([^"]+)"', text))
        assert not anchor or anchor in anchors[path], link
    for entry in page.select("dl.concept-index > dt"):
        assert entry.find_next_sibling("dd").get_text(strip=True), entry.text
    glossary = (HTML / "book/reference/glossary.html").read_text(encoding="utf-8")
    terms = BeautifulSoup(glossary, "html.parser").select("dl.glossary > dd")
    first = page.select_one("dl.concept-index")
    assert len(first.select("dt")) == len(terms)
