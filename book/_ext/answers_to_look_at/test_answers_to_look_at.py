"""With the switch on the pages are built and linked; off, they leave no trace."""

import nbformat
import pytest
import yaml
from small_books import CONFIG, ROOT

CONTENTS = """\
format: jb-book
root: index
parts:
  - caption: Chapters
    chapters:
      - file: card
  - caption: Answers
    chapters:
      - file: book/answers/index
        sections:
          - file: book/answers/mini
"""
PAGES = {
    "card": "(assignment-mini)=\n## Card\n\n```{assignment-card} mini\n```\n",
    "book/answers/index": "All.\n\n```{tableofcontents}\n```",
    "book/answers/mini": "## Task 1\n\nIt means that [it adds](../../card.md).",
}


@pytest.fixture
def book(project, tmp_path):
    """Return a function that builds a book with one assignment and its answers."""
    released = tmp_path / "source/exercises/release/mini/mini.ipynb"
    released.parent.mkdir(parents=True)
    nbformat.write(nbformat.v4.new_notebook(), released)

    def make(pages=PAGES, contents=CONTENTS, **settings):
        return project(pages, contents=contents, **settings)

    return make


def answers_in(built):
    return sorted(path.name for path in built.folder.glob("book/answers/*.html"))


def test_on_the_card_and_the_index_link_to_the_answers(book):
    built = book()
    assert built.warnings == ""
    assert answers_in(built) == ["index.html", "mini.html"]
    link = built.page("card").select_one(".assignment-card").find_all("a")[-1]
    assert link.text == "Answers to look at"
    assert link["href"] == "book/answers/mini.html"
    index = built.page("book/answers/index")
    assert index.select("article a[href='mini.html'], .body a[href='mini.html']")


def test_off_nothing_is_built_or_linked_and_nothing_warned(book):
    built = book(answers_to_look_at=False)
    assert built.warnings == ""
    assert answers_in(built) == []
    for path in built.folder.rglob("*.html"):
        assert "answers" not in path.read_text().lower(), path
    assert "answers" not in (built.folder / "search-index.js").read_text().lower()


def test_off_leaves_the_rest_of_the_contents(book):
    built = book(answers_to_look_at=False)
    assert "card.html" in (built.folder / "index.html").read_text()


def test_an_assignment_without_answers_has_no_link(book):
    pages = {**PAGES, "book/answers/other": PAGES["book/answers/mini"]}
    del pages["book/answers/mini"]
    built = book(pages, CONTENTS.replace("answers/mini", "answers/other"))
    assert built.warnings == ""
    assert "Answers to look at" not in built.page("card").text


def test_the_switch_is_one_line_of_the_book_s_configuration():
    config = (ROOT / "_config.yml").read_text()
    (line,) = [line for line in config.splitlines() if "answers_to_look_at: t" in line]
    off = yaml.safe_load(config.replace(line, line.replace("true", "false")))
    assert CONFIG["sphinx"]["config"]["answers_to_look_at"] is True
    assert off["sphinx"]["config"]["answers_to_look_at"] is False


def test_no_other_page_links_to_the_answers():
    """What links to them otherwise would break once they are off."""
    for path in (ROOT / "book").glob("*/*.*"):
        if path.suffix in (".md", ".ipynb") and path.parent.name != "answers":
            text = path.read_text(encoding="utf-8")
            assert "](../answers/" not in text, path
            assert "](/book/answers/" not in text, path
