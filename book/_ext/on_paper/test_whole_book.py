"""The PDF of the book holds every page once, and leads where the pages lead."""

import re

import pikepdf
import pytest
from bs4 import BeautifulSoup

from on_paper.whole_book import ANSWERS, listed, mark, print_pdf, whole

CONTENTS = {
    "root": "book/index",
    "parts": [
        {"caption": "Risk", "chapters": [{"file": "book/risk/01"}]},
        {"caption": "Left out", "chapters": [{"file": "book/not-built"}]},
    ],
}
SAID = {
    "title": "A book",
    "authors": [{"name": "Its authors"}],
    "version": "1.0",
    "date-released": "2026-01-01",
}
PAGE = """<!DOCTYPE html><html><head>
<link rel="stylesheet" href="{up}_static/a.css?v=1"></head><body>
<article class="bd-article"><section id="top"><h1>{title}<a class="headerlink"
href="#top">#</a></h1>{body}</section></article></body></html>"""
FIRST = """<p>See <a href="risk/01.html#rate">the rate</a> and
<a href="https://example.org/x">a source</a>, <a href="https://example.org/x">again</a>,
<a href="../_downloads/data.zip">a file</a>, <a href="https://e.org">https://e.org</a>.
</p><button>Press</button>"""
SECOND = """<section id="rate"><h2>A &lt; B</h2><img src="../../_images/p.png" alt="P">
<p><a href="../index.html">Home</a></p></section>
<div class="selfcheck" id="sc-risk-one"><fieldset><legend>
<span class="selfcheck-kicker">Check yourself</span> How often?</legend>
<div class="selfcheck-option" data-right="true"><label><input type="radio">
<span>Twice.</span></label><details class="selfcheck-why"><summary>Reason</summary>
<p>Right. Count them.</p></details></div></fieldset></div>"""


@pytest.fixture
def folder(tmp_path):
    """A built book of two pages."""
    for name, up, title, body in (
        ("book/index", "../", "First", FIRST),
        ("book/risk/01", "../../", "Rates", SECOND),
    ):
        path = tmp_path / f"{name}.html"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(PAGE.format(up=up, title=title, body=body))
    (tmp_path / "_static").mkdir()
    (tmp_path / "_static/a.css").write_text("p { color: black }")
    return tmp_path


@pytest.fixture
def document(folder):
    """The document of its pages."""
    text = whole(folder, CONTENTS, SAID, {mark("book/risk/01.html"): 7})
    return BeautifulSoup(text, "html.parser")


def test_the_pages_stand_in_the_order_of_the_contents():
    assert [page.name for page in listed(CONTENTS)] == [
        "book/index",
        "book/risk/01",
        "book/not-built",
    ]


def test_every_link_inside_leads_to_one_place(document):
    names = [node["id"] for node in document.find_all(id=True)]
    assert len(names) == len(set(names))
    inside = [a["href"][1:] for a in document.select("a[href^='#']")]
    assert mark("book/risk/01.html", "rate") in inside
    assert set(inside) <= set(names)


def test_what_leads_out_is_noted_once_below_the_page(document):
    first = document.find(id=mark("book/index.html"))
    notes = [note.text for note in first.select(".paper-notes li")]
    assert notes == ["https://example.org/x"]
    assert [note.text for note in first.select("sup.paper-note")] == ["1", "1"]
    assert "a file" in first.text
    assert not first.select("a[href*=zip]")


def test_nothing_for_the_screen_is_left(document):
    assert not document.select("button, .headerlink, script")
    assert document.select_one("img")["src"] == "_images/p.png"
    assert document.select_one("link")["href"] == "_static/a.css"


def test_headings_stand_below_the_part_and_keep_their_signs(document):
    levels = [(h.name, h.get_text()) for h in document.find_all(re.compile("^h[1-6]$"))]
    assert ("h1", "Risk") in levels
    assert ("h2", "Rates") in levels
    assert ("h3", "A < B") in levels


def test_answers_to_self_checks_are_the_last_part(document):
    last = document.select(".paper-page")[-1]
    assert last.h1.text == ANSWERS
    assert last.select_one("a")["href"] == "#" + mark(
        "book/risk/01.html", "sc-risk-one"
    )
    words = " ".join(last.get_text(" ").split())
    assert words.endswith("How often? Twice. Right. Count them.")
    check = document.find(id=mark("book/risk/01.html", "sc-risk-one"))
    assert "Count them" not in check.text


def test_the_contents_name_the_page_that_is_known(document):
    line = document.select_one(
        f".paper-contents a[href='#{mark('book/risk/01.html')}']"
    )
    assert line.get_text(" ").split()[-1] == "7"


@pytest.mark.browser
def test_the_pdf_is_tagged_and_knows_its_pages(browser, folder, tmp_path):
    source, target = folder / "whole.html", tmp_path / "book.pdf"
    source.write_text(whole(folder, CONTENTS, SAID, {}))
    places = print_pdf(browser, source, target)
    with pikepdf.open(target) as pdf:
        assert pdf.Root.MarkInfo.Marked
        assert str(pdf.docinfo.Title) == "A book"
        with pdf.open_outline() as outline:
            titles = [item.title for item in outline.root]
        assert {"Risk", ANSWERS} <= set(titles)
        # Front, contents, the first page, the part with its page, the answers.
        assert places[mark("book/risk/01.html")] == 4
        assert len(pdf.pages) == 5
