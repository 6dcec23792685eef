"""What a link shows is what it leads to."""

import json

import pytest

GLOSSARY = """Words.

```{glossary}
Marker, alpha
Biomarker, beta
  What is measured.

  A second paragraph.

  - A list, which is too long for a tip.
```

(first)=
## Where it begins

One paragraph, with a [link](a.md).

Another one.

A third.

(second)=
### Deeper

## Only a deeper one

### The deeper one

Its paragraph.
"""
LINKS = """{term}`Marker, alpha`, {term}`Biomarker, beta`, {ref}`begins <first>`,
{ref}`goes on <second>`, {ref}`deep <only>`, [the page](glossary.md),
[away](https://example.org/), [nowhere](#here)

(here)=
A paragraph is no section."""


@pytest.fixture
def shown(project):
    """Return what the links of a page show, by their addresses."""
    pages = {
        "words/glossary": GLOSSARY.replace("## Only", "(only)=\n## Only"),
        "words/a": LINKS,
        "far": "{term}`Marker, alpha`, {ref}`begins <first>`",
    }
    built = project(pages, html_theme="sphinx_book_theme")
    assert not built.warned("a")

    def of_page(page):
        script = built.folder / f"_static/tippy/pages/{page}.js"
        assert script.name in waiting(built.page(page))
        return json.loads(script.read_text().split("=", 1)[1].rstrip(";\n"))

    return of_page


def waiting(page):
    """Return the names of the scripts that a page fetches when it is touched."""
    files = page.select_one("script[data-files*=tippy]")["data-files"].split()
    return {file.split("?")[0].split("/")[-1] for file in files}


def test_a_term_shows_its_entry_by_each_of_its_names(shown):
    tips = shown("words/a")
    for name in ("Marker-alpha", "Biomarker-beta"):
        tip = tips[f"glossary.html#term-{name}"]
        assert name.replace("-", ", ") in tip
        assert "What is measured." in tip and "A second paragraph." in tip
        assert "too long" not in tip and "headerlink" not in tip


def test_a_section_shows_how_it_begins(shown):
    tip = shown("words/a")["glossary.html#first"]
    assert "Where it begins" in tip
    assert "One paragraph" in tip and "Another one." in tip and "third" not in tip
    assert "headerlink" not in tip


def test_a_section_without_text_shows_the_one_in_it(shown):
    tips = shown("words/a")
    assert "Its paragraph." in tips["glossary.html#only"]
    deeper = tips["glossary.html#second"]
    assert "Deeper" in deeper and "paragraph" not in deeper


def test_a_page_shows_its_title_and_how_it_begins(shown):
    tip = shown("words/a")["glossary.html"]
    assert "words/glossary" in tip and "Words." in tip


def test_other_places_show_nothing(shown):
    tips = shown("words/a")
    assert not {"https://example.org/", "#here"} & set(tips)


def test_a_page_without_links_loads_nothing(project):
    assert not project({"a": "Text."}).page("a").select("script[data-files*=tip]")


def test_links_in_a_tip_lead_from_where_it_is_shown(shown):
    near = shown("words/a")["glossary.html#first"]
    far = shown("far")["words/glossary.html#first"]
    assert 'href="a.html"' in near
    assert 'href="words/a.html"' in far
