"""What others are told of a page is written, complete and the page's own."""

import json
import re

import matplotlib as mpl
import pytest
import yaml
from course import style
from PIL import Image
from small_books import EXTENSIONS, ROOT, build
from sphinx.errors import ExtensionError

from be_found import plain

TEXTS = yaml.safe_load((ROOT / "book/descriptions.yml").read_text(encoding="utf-8"))
CONTENTS = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
LISTED = [page for part in CONTENTS["parts"] for page in part["chapters"]]
PAGES = {
    CONTENTS["root"],
    *(one["file"] for page in LISTED for one in [page, *page.get("sections", [])]),
}
HEADER = """# How fast?

::::{div} chapter-header
- **You will be able to** fit
- **Time** 55 min to read, 60 s to run
::::
"""


def test_every_page_has_a_sentence_of_its_own_of_a_length_that_is_shown():
    assert set(TEXTS) == PAGES
    assert len(set(TEXTS.values())) == len(TEXTS)
    assert not [page for page, text in TEXTS.items() if not 70 <= len(text) <= 170]


@pytest.fixture
def small(tmp_path):
    """Build a page with a description; return what was built."""

    def make(text="How fast CRP falls, in hours.", extra=(), **settings):
        pages = {"book/one": HEADER}
        (tmp_path / "book").mkdir()
        (tmp_path / "book/descriptions.yml").write_text(
            yaml.safe_dump({"book/one": text, **dict.fromkeys(extra, text)})
        )
        return build(tmp_path, pages, **settings)

    return make


def test_the_head_of_a_page_says_what_is_written_of_it(small):
    page = small(text='CRP < 5 & "low"').page("book/one")
    tags = page.select("meta[name=description]")
    assert [tag["content"] for tag in tags] == ['CRP < 5 & "low"']
    data = json.loads(page.select_one('script[type="application/ld+json"]').string)
    assert data["name"] == "book/one"  # what `build` writes above a page
    assert data["timeRequired"] == "PT55M"
    assert data["description"] == 'CRP < 5 & "low"'
    assert "url" not in data
    assert len(page.select("meta[name=viewport]")) == 1


def test_a_description_cannot_end_the_script(small):
    page = small(text="</script><b>out</b>").page("book/one")
    data = json.loads(page.select_one('script[type="application/ld+json"]').string)
    assert data["description"] == "</script><b>out</b>"
    assert not page.select("b")


def test_a_sentence_without_a_page_stops_the_build(small):
    with pytest.raises(ExtensionError, match="book/two"):
        small(extra=["book/two"])


def test_a_published_book_names_its_addresses(small):
    built = small(html_baseurl="https://example.org/course/")
    page = built.page("book/one")
    address = "https://example.org/course/book/one.html"
    assert page.select_one("link[rel=canonical]")["href"] == address
    assert address in (built.folder / "sitemap.xml").read_text()
    robots = (built.folder / "robots.txt").read_text()
    assert "Sitemap: https://example.org/course/sitemap.xml" in robots
    assert "https://example.org/course/" in (built.folder / "404.html").read_text()


def test_a_shared_link_to_a_published_page_has_a_picture_of_its_own(small):
    with mpl.rc_context():
        style.use()  # as when the build has drawn a figure of the book
        built = small(
            html_baseurl="https://example.org/course/",
            extensions=[*EXTENSIONS, "sphinxext.opengraph"],
        )
    page = built.page("book/one")
    address = page.select_one("meta[property='og:image']")["content"]
    file = built.folder / address.removeprefix("https://example.org/course/")
    with Image.open(file) as picture:
        assert picture.size == (1146, 600)
        darkest, lightest = picture.convert("L").getextrema()
        assert darkest < 100 and lightest > 200  # words on a light ground
    alt = page.select_one("meta[property='og:image:alt']")["content"]
    assert alt == "How fast CRP falls, in hours."


def test_an_unpublished_book_names_none(small):
    built = small(extensions=[*EXTENSIONS, "sphinxext.opengraph"])
    page = built.page("book/one")
    assert not page.select(
        "link[rel=canonical], meta[property='og:url'], meta[property='og:image']"
    )
    assert not (built.folder / "sitemap.xml").exists()
    assert "Sitemap" not in (built.folder / "robots.txt").read_text()


def test_an_objective_loses_the_marks_of_its_markup():
    words = "find the {term}`IC50 <IC50 (half)>` of *one* donor with `fit` and $k$"
    assert plain(words) == "find the IC50 of one donor with fit and k"
    assert not re.search(r"[`*$]", plain(words))
