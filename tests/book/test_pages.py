"""The sources of the book keep the rules of lint.py, and the rules can fail."""

import copy
import re
from pathlib import Path

import lint
import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BOOK = ROOT / "book"
CHAPTERS = sorted(BOOK.glob("*/[0-9]*.ipynb"))
#: Notebooks that are no chapter: they keep the rules, but not shape and length.
BRIEFINGS = sorted(set(BOOK.glob("*/*.ipynb")) - set(CHAPTERS))
REFERENCES = (BOOK / "references.bib").read_text(encoding="utf-8")
GLOSSARY = (BOOK / "reference/glossary.md").read_text(encoding="utf-8")


def texts():
    """Return all text that may cite: pages, notebooks, cohorts, curated tables."""
    for folder, ends in {
        BOOK: (".md", ".ipynb"),
        ROOT / "data": (".py", ".csv", ".md"),
        ROOT / "exercises/source": (".ipynb",),
    }.items():
        for path in folder.rglob("*"):
            if path.suffix in ends and path.stat().st_size < 3e6:
                yield path.read_text(encoding="utf-8")


def chapter(path):
    """Read a notebook of the book."""
    return lint.Chapter(
        nbformat.read(path, as_version=4),
        path.parent,
        set(lint.bibliography(REFERENCES)),
        set(lint.glossary_terms(GLOSSARY)),
    )


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: path.stem)
@pytest.mark.parametrize("rule", lint.RULES, ids=lambda rule: rule.__name__)
def test_chapter(path, rule):
    assert list(rule(chapter(path))) == []


@pytest.mark.parametrize("path", BRIEFINGS, ids=lambda path: path.stem)
def test_briefing(path):
    told = chapter(path)
    for rule in (lint.executed, lint.citations, lint.glossary, lint.links):
        assert list(rule(told)) == []
    assert list(lint.offline(told)) + list(lint.glued(told)) == []


def test_there_are_chapters():
    """An empty list of chapters would pass every rule."""
    assert len(CHAPTERS) >= 4


def test_bibliography():
    written = "\n".join(texts())
    used = {key for key in lint.bibliography(REFERENCES) if key in written}
    assert list(lint.bibliography_faults(REFERENCES, used)) == []


def test_glossary_has_each_term_once():
    terms = [term.lower() for term in lint.glossary_terms(GLOSSARY)]
    assert len(terms) > 20
    assert sorted(terms) == sorted(set(terms))


@pytest.mark.parametrize(
    "path", sorted(BOOK.rglob("*.md")), ids=lambda path: path.stem + path.parent.stem
)
def test_page(path):
    """Pages in Markdown: citations, terms and links."""
    page = chapter_of([nbformat.v4.new_markdown_cell(path.read_text(encoding="utf-8"))])
    page.folder = path.parent
    page.cited = set(lint.bibliography(REFERENCES))
    page.terms = set(lint.glossary_terms(GLOSSARY))
    for rule in (lint.citations, lint.glossary, lint.links):
        assert list(rule(page)) == []


def test_contents_list_every_page_once():
    contents = yaml.safe_load((ROOT / "_toc.yml").read_text())
    listed = [contents["root"]]
    for part in contents["parts"]:
        for chapter in part["chapters"]:
            below = chapter.get("sections", [])
            listed += [chapter["file"], *(section["file"] for section in below)]
    pages = [
        path.relative_to(ROOT).with_suffix("").as_posix()
        for path in BOOK.rglob("*")
        if path.suffix in (".md", ".ipynb") and ".ipynb_checkpoints" not in path.parts
    ]
    assert sorted(listed) == sorted(pages)


def test_nothing_of_the_book_is_fetched_from_another_host():
    for path in (BOOK / "static").glob("*"):
        if path.suffix in (".js", ".css"):
            assert not re.search(r"https?://", path.read_text()), path
    config = re.sub("#.*", "", (ROOT / "_config.yml").read_text())  # comments name some
    assert not re.search(r"https?://", config)


# -- the rules can fail


def chapter_of(cells):
    """Return a chapter of these cells."""
    return lint.Chapter(nbformat.v4.new_notebook(cells=cells))


def good():
    """Return a miniature that keeps every rule."""
    markdown, code = nbformat.v4.new_markdown_cell, nbformat.v4.new_code_cell
    cells = [
        markdown(
            "# What does it say?\n\n:::{div} chapter-header\n"
            "- **You will be able to** compute it\n"
            "- **You need first** little\n"
            "- **Time** 5 min\n"
            "- **Data** {cohort}`acute_phase`\n"
            "- **Exercises** {assignment}`metrics`\n"
            ":::\n\nThe {term}`known word` and {term}`words <known word>` "
            "{cite:p}`Known2000word`. " + "Plain words that fill the page. " * 400
        )
    ]
    for number in range(4):
        cells.append(
            markdown(
                f"## Section {number}, with a comma\n\n"
                "See 3.14 {cite:p}`Known2000word`.\n\n"
                f":::{{selfcheck}} sc-mini-{number}\n"
                "Is it 2.72?\n\n- [x] yes\n  why\n:::"
            )
        )
        for part in range(3):
            cell = code(f"draw({number}, {part})", execution_count=1)
            cell.id = f"cell-{number}-{part}"
            if part == 0:
                cell.metadata["mystnb"] = {
                    "figure": {"name": f"fig-{number}", "caption": "What is drawn"},
                    "image": {"alt": "The left bar is twice as high as the right one"},
                }
                cell.outputs = [
                    nbformat.v4.new_output("display_data", {"image/svg+xml": "x"}),
                    nbformat.v4.new_output(
                        "display_data",
                        {"text/plain": "2.72"},
                        metadata={"scrapbook": {"name": "e"}},
                    ),
                ]
            cells.append(cell)
    cells.append(
        markdown(
            "## What this does not show\n\nMuch.\n\n## Key takeaways\n\n"
            "- [One](#section-0-with-a-comma)\n- [Two](#section-1-with-a-comma)\n"
            "- Three,\n  [linked](#section-2-with-a-comma)\n\n"
            "## Exercise\n\n{assignment}`metrics`\n\n"
            "## Further reading\n\n{cite:t}`Known2000word`"
        )
    )
    made = chapter_of(cells)
    made.cited, made.terms = {"Known2000word"}, {"Known word"}
    return made


def swap(old, new):
    """Return a change of the text of every cell."""

    def change(made):
        assert any(old in cell.source for cell in made.notebook.cells), old
        for cell in made.notebook.cells:
            cell.source = cell.source.replace(old, new)

    return change


def at(cell_id, path, value):
    """Return a change of one thing in one cell; None removes it."""

    def change(made):
        here = next(one for one in made.notebook.cells if one.id == cell_id)
        *way, last = path
        for step in way:
            here = here[step]
        if value is None:
            del here[last]
        else:
            here[last] = value

    return change


def defined_in(cell_id, tag):
    """Return a change: a tagged cell makes a name that the next one uses."""

    def change(made):
        place = [cell.id for cell in made.notebook.cells].index(cell_id)
        first, then = made.notebook.cells[place : place + 2]
        first.source, first.metadata["tags"] = "size = 1", [tag]
        then.source = "draw(size)"

    return change


def printing(text):
    """Return a change: a cell prints a text."""
    output = nbformat.v4.new_output("stream", name="stdout", text=text)
    return at("cell-0-1", ["outputs"], [output])


FAULTS = [
    (lint.header, swap("it say?", "it say"), "no question"),
    (lint.header, swap("chapter-header", "header"), "no block"),
    (lint.header, swap("- **Time** 5 min\n", ""), "the header block has"),
    (lint.header, swap("**Time** 5 min", "**Time**"), "'Time' says nothing"),
    (lint.header, swap("{assignment}`metrics`", "metrics"), "{assignment}"),
    (lint.header, swap("{cohort}`acute_phase`", "some"), "data dictionary"),
    (lint.sections, swap("## Exercise", "## Exercises"), "last sections"),
    (lint.sections, swap("## Section 0", "Section 0"), "3 sections"),
    (lint.sections, swap("sc-mini-1", "x"), None),
    (lint.sections, swap(":::{selfcheck} sc-mini-1", ":::{note}"), "no self-check"),
    (lint.sections, swap("- [One](#section-0-with-a-comma)\n", ""), "2 key takeaways"),
    (lint.sections, swap("[linked](#section-2-with-a-comma)", "x"), "links to no"),
    (lint.sections, swap("{cite:t}`Known2000word`", "books"), "cites nothing"),
    (lint.length, swap("Plain words that fill the page. ", ""), "words"),
    (lint.length, swap("draw(0, 0)", "draw(0, 0)\n" * 21), "21 lines"),
    (lint.length, swap("draw(0, 1)", ""), "11 code cells"),
    (lint.executed, at("cell-0-1", ["execution_count"], None), "never run"),
    (
        lint.executed,
        at("cell-0-1", ["outputs"], [nbformat.v4.new_output("error", ename="E")]),
        "ends in an error",
    ),
    (
        lint.executed,
        at(
            "cell-0-1",
            ["outputs"],
            [nbformat.v4.new_output("stream", name="stderr", text="Warning")],
        ),
        "warns",
    ),
    (
        lint.figures,
        at("cell-0-0", ["metadata", "mystnb", "image"], None),
        "no alt text",
    ),
    (
        lint.hues,
        at("cell-0-0", ["metadata", "mystnb", "figure", "caption"], "Black: half."),
        "nothing of a figure is 'Black'",
    ),
    (
        lint.hues,
        at("cell-0-0", ["metadata", "mystnb", "figure", "caption"], "White cells."),
        None,
    ),
    (
        lint.figures,
        at("cell-0-0", ["metadata", "mystnb", "image", "alt"], "a figure"),
        "no alt text",
    ),
    (
        lint.figures,
        at("cell-0-0", ["metadata", "mystnb", "figure", "caption"], " "),
        "no caption",
    ),
    (
        lint.figures,
        at("cell-0-0", ["metadata", "mystnb", "figure", "name"], "skew"),
        "begins with fig-",
    ),
    (lint.figures, at("cell-0-0", ["outputs"], []), "3 figures"),
    (
        lint.citations,
        swap("{cite:t}`Known2000word`", "{cite:t}`Known2000word,New`"),
        "New",
    ),
    (lint.glossary, swap("`words <known word>`", "`words <new word>`"), "'new word'"),
    (lint.linked, swap("\n\nMuch.", "\n\nA Kinase acts."), "'kinase'"),
    (lint.linked, swap("\n\nMuch.", "\n\n`kinase` $kinase$ acts."), None),
    (lint.linked, swap("\n\nMuch.", "\n\nA {term}`kinase`. A kinase."), None),
    (lint.links, swap("(#section-0-with", "(#section-9-with"), "#section-9"),
    (lint.links, swap("(#section-0-with-a-comma)", "(other.md)"), "other.md"),
    (
        lint.links,
        swap("## Section 0, with a comma", "(section-0-with-a-comma)=\n## S"),
        None,
    ),
    (lint.offline, swap("draw(0, 1)", "import requests"), "'import requests'"),
    (lint.offline, swap("draw(0, 1)", 'pd.read_csv("https://a.b/c")'), "https://"),
    (lint.offline, swap("draw(0, 1)", "!pip install x"), "pip"),
    (lint.glued, swap("\n\nMuch.", "\n\nIt grew by 2.72 mg/L."), "2.72"),
    (lint.glued, swap("\n\nMuch.", "\n\nIt grew {cite:p}`K` 2.72 mg/L."), None),
    (lint.glued, swap("\n\nMuch.", "\n\nIt grew by 12.72 mg/L, $2.72 x$."), None),
    (lint.planted, swap("\n\nMuch.", "\n\nIt finds the planted 12 h."), "planted 12"),
    (lint.planted, swap("\n\nMuch.", "\n\n9 were planted."), "9 were planted"),
    (lint.planted, swap("\n\nMuch.", "\n\nIt is wide (20 %, planted)."), "20 %"),
    (lint.planted, swap("\n\nMuch.", "\n\nIt is halved in 19 h."), "19 h is planted"),
    (lint.planted, swap("\n\nMuch.", "\n\n{truth}`acute_phase.x`"), "plants no 'x'"),
    (
        lint.planted,
        at("cell-0-0", ["metadata", "mystnb", "figure", "caption"], "Planted: 3.0"),
        None,
    ),
    (
        lint.planted,
        at("cell-0-0", ["metadata", "mystnb", "figure", "caption"], "Planted is 3.0"),
        "Planted is 3.0",
    ),
    (lint.planted, swap("\n\nMuch.", "\n\nPlanted in all 12 people."), None),
    (
        lint.planted,
        swap("\n\nMuch.", "\n\nPlanted are {truth}`acute_phase.crp_half_life_h`."),
        None,
    ),
    (lint.followable, defined_in("cell-0-1", "remove-cell"), "uses size"),
    (lint.followable, defined_in("cell-0-1", "hide-cell"), None),
    (lint.plurals, printing("after 1 years"), "prints '1 years'"),
    (lint.plurals, printing("after 1 year, 2.1 years, 11 years"), None),
]


def test_a_good_chapter_has_no_fault():
    assert [fault for rule in lint.RULES for fault in rule(good())] == []


@pytest.mark.parametrize(("rule", "change", "said"), FAULTS)
def test_a_fault_is_found(rule, change, said):
    made = copy.deepcopy(good())
    change(made)
    found = list(rule(made))
    if said is None:
        assert found == []
    else:
        assert any(said in fault for fault in found), found


BIB = """
@article{A2000,
  author = {A, B.},
  title = {{T}},
  year = {2000},
  doi = {10.1000/abc}
}
"""
UNDATED = BIB.replace("  year = {2000},\n", "  note = {undated page},\n")
JOURNAL = BIB.replace("{A, B.}", "{{Journal of the Trade}}").replace(
    "  title", "  journal = {J Trade},\n  title"
)
COPY = BIB.replace("doi = {10.1000/abc}", "url = {https://docslib.org/doc/1}")


@pytest.mark.parametrize(
    ("text", "used", "said"),
    [
        (BIB, {"A2000"}, None),
        (BIB, set(), "cited nowhere"),
        (BIB + BIB, {"A2000"}, "there twice"),
        (BIB.replace("  doi = {10.1000/abc}\n", ""), {"A2000"}, "cannot be found"),
        (BIB.replace("doi = {10.1000/abc}", "isbn = {1}"), {"A2000"}, None),
        (BIB.replace("10.1000", "https://doi.org/10.1000"), {"A2000"}, "malformed"),
        (BIB.replace("10.1000/abc", "10.1000"), {"A2000"}, "malformed"),
        (BIB.replace("  title = {{T}},\n", ""), {"A2000"}, "no title"),
        (BIB.replace("{{T}}", "{T}"), {"A2000"}, "small letters"),
        (BIB.replace("author", "by"), {"A2000"}, "no author"),
        (BIB.replace("author", "editor"), {"A2000"}, None),
        (UNDATED, {"A2000"}, "no year"),
        (UNDATED, {"A2000"}, "'undated'"),
        (COPY, {"A2000"}, "points at a copy"),
        (COPY.replace("docslib", "en.wikipedia"), {"A2000"}, "points at a copy"),
        (
            BIB.replace("  year", "  note = {the copy names no authors},\n  year"),
            {"A2000"},
            "is excused by its note",
        ),
        (BIB.replace("  year", "  note = {PMID 1},\n  year"), {"A2000"}, None),
        (BIB.replace("{A, B.}", "{{PubMed Central}}"), {"A2000"}, "only keeps"),
        (BIB.replace("{A, B.}", "{{openFDA}}"), {"A2000"}, "only keeps"),
        (BIB.replace("{A, B.}", "{{Genentech}}"), {"A2000"}, None),
        (JOURNAL, {"A2000"}, "no author"),
        (JOURNAL.replace("Journal of the", "Society of the"), {"A2000"}, None),
    ],
)
def test_a_fault_of_the_bibliography_is_found(text, used, said):
    found = list(lint.bibliography_faults(text, used))
    assert (found == []) if said is None else any(said in one for one in found), found


def test_the_glossary_is_read_as_sphinx_reads_it():
    block = (
        ":::{glossary}\n:sorted:\n\nOne word\nSynonym\n  Said.\n\nTwo\n  Said.\n:::\n"
    )
    assert lint.glossary_terms("# Glossary\n\n" + block) == [
        "One word",
        "Synonym",
        "Two",
    ]
