"""The search as a reader meets it: from a server and from the file system, by key."""

import gzip
from pathlib import Path

import pytest
import yaml
from axe_playwright_python.sync_playwright import Axe
from chromium import DESK, HTML, PHONE, picture, quiet, visit
from playwright.sync_api import expect

from search import HERE, INDEX, MINISEARCH, SCRIPTS, words

pytestmark = [pytest.mark.browser, pytest.mark.xdist_group("search")]
QUERIES = yaml.safe_load((HERE / "queries.yml").read_text(encoding="utf-8"))
CHAPTER = "book/metrics/03-disease-activity-scores.html"
#: All that a search loads, in kB as a server packs it.
WEIGHT = 150


@pytest.fixture(scope="module")
def search(browser):
    """The page of results, from the file system, with the search loaded."""
    with visit(browser, viewport=DESK) as seen:
        seen.page.goto((HTML / "search.html").as_uri())
        expect(seen.page.locator("article .search-results")).to_be_attached()
        yield seen.page
        assert not seen.errors


@pytest.mark.parametrize("one", QUERIES, ids=lambda one: one["query"])
def test_the_right_page_comes_first(search, one):
    found = search.evaluate("query => bookSearch.find(query)", one["query"])
    pages = [page["page"] for page in found["pages"]]
    wanted = [f"book/{one['page']}.html"] if one["page"] else []
    assert pages[:1] == wanted, pages
    if "named" in one:
        assert found["named"]["title"] == one["named"]


def test_every_agent_and_trade_name_is_found(search):
    from search import index

    for inn, names in index.agent_names().items():
        for name in (inn, *index.trade_names(inn)):
            named = search.evaluate("name => bookSearch.find(name).named", name)
            assert named and (named["title"] == inn or inn in names), name


def test_the_script_cuts_words_as_the_index_does(search):
    text = (HTML.parents[1] / "book/reference/glossary.md").read_text(encoding="utf-8")
    cut = search.evaluate("text => bookSearch.parts(text).map(bookSearch.term)", text)
    parts = [part for one in words.compounds(text) for part in one]
    assert cut == [words.term(part) for part in parts]


def test_nothing_is_loaded_before_the_search_is_opened(browser, book):
    with visit(browser, viewport=DESK) as seen:
        asked = []
        seen.page.on(
            "request", lambda request: asked.append(request.url.split("/")[-1])
        )
        seen.page.goto(f"{book}/{CHAPTER}", wait_until="networkidle")
        late = {INDEX, MINISEARCH, *SCRIPTS}
        assert not late & {name.split("?")[0] for name in asked}
        seen.page.keyboard.press("Control+k")
        expect(seen.page.locator("#pst-search-dialog .search-results")).to_be_attached()
        assert late <= {name.split("?")[0] for name in asked}


def test_all_that_a_search_loads_is_light():
    files = [
        HTML / INDEX,
        *(HTML / "_static" / name for name in (MINISEARCH, *SCRIPTS)),
    ]
    packed = sum(len(gzip.compress(Path(file).read_bytes(), 6)) for file in files)
    assert packed / 1000 <= WEIGHT


@pytest.mark.parametrize("where", ["served", "file"])
def test_by_the_keyboard_alone(browser, book, where):
    root = book if where == "served" else HTML.as_uri()
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{root}/{CHAPTER}")
        page.keyboard.press("Control+k")
        page.keyboard.type("actemra")
        said = page.locator("#pst-search-dialog [role=status]")
        expect(said).to_contain_text("pages for “actemra”")
        assert page.locator("#pst-search-dialog").get_attribute("aria-label")
        expect(page.locator(".search-named a")).to_have_text("tocilizumab")
        for _ in range(2):
            page.keyboard.press("ArrowDown")
        first = page.locator(".search-page a").first
        expect(first).to_be_focused()
        assert "›" in page.locator(".search-path").first.inner_text()
        address = first.get_attribute("href").split("/")[-1]
        page.keyboard.press("Enter")
        page.wait_for_url(f"**/{address}")
        assert not quiet(seen)


def test_escape_leaves_the_search(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.keyboard.press("Control+k")
        page.keyboard.type("crp")
        expect(page.locator(".search-page a").first).to_be_visible()
        page.keyboard.press("ArrowDown")
        page.keyboard.press("Escape")
        expect(page.locator("#pst-search-dialog")).not_to_be_visible()


def test_enter_leads_to_the_page_of_results(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.keyboard.press("Control+k")
        page.keyboard.type("DAS 28")
        page.keyboard.press("Enter")
        page.wait_for_url("**/search.html?q=DAS+28")
        expect(page.locator(".search-page a").first).to_be_visible()
        expect(page.locator("article mark").first).to_contain_text("DAS28")
        assert not quiet(seen)


def test_what_is_not_found_has_help(browser, book):
    with visit(browser, viewport=DESK) as seen:
        page = seen.page
        page.goto(f"{book}/search.html?q=xqzzyx")
        expect(page.get_by_role("status")).to_have_text(
            "Nothing is found for “xqzzyx”."
        )
        links = page.locator(".search-nothing a")
        assert links.count() == 2
        for link in links.all():
            assert page.request.get(link.evaluate("link => link.href")).ok


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESK, PHONE], ids=["desk", "phone"])
def test_it_is_accessible_and_looked_at(browser, book, scheme, size):
    with visit(browser, viewport=size, color_scheme=scheme) as seen:
        page = seen.page
        page.goto(f"{book}/{CHAPTER}")
        page.keyboard.press("Control+k")
        page.keyboard.type("tnfα")
        expect(page.locator(".search-page a").first).to_be_visible()
        picture(page, f"search-{size['width']}-{scheme}")
        wide = page.evaluate("document.querySelector('#pst-search-dialog').scrollWidth")
        assert wide <= size["width"]
        found = Axe().run(
            page, context="#pst-search-dialog", options={"preload": False}
        )
        assert not found.response["violations"]
