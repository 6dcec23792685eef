"""What an author writes becomes an accessible page, or one clear line of refusal."""

import os
import zipfile

import cohorts
import nbformat
import pytest
from small_books import build

CHOICE = """
:::{selfcheck} sc-test-choice
CRP *rises*: what of $x^2$?

It was drawn twice.

- [ ] Treat **now**.
  Two readings differ by $y_1$ in health.
- [x] Wait.
  The change is small.

  A second paragraph.
:::
"""
NUMBER = """
:::{selfcheck} sc-test-number
:answer: 12.5
:tolerance: 0.5
:unit: mg/L

What is left of 100 mg/L?

- 33.3: You divided by three.
- else: Halve three times.
- right: 100, 50, 25, 12.5.
:::
"""
SEVERAL = """
:::{selfcheck} sc-test-several
:several:

Which count joints?

- [x] DAS28
  It does.
- [x] CDAI
  It does.
- [ ] CRP
  It is a protein.
:::
"""


def question(options, settings="", name="sc-test-bad", text="How much?"):
    """Return a self-check with these options."""
    return f":::{{selfcheck}} {name}\n{settings}\n{text}\n\n{options}\n:::\n"


NUMERIC = ":answer: 10\n:tolerance: 1\n"
REFUSED = {
    "no-reason": (question("- [ ] a\n- [x] b\n  why"), "gives no reason for", "'a'"),
    "no-right": (question("- [ ] a\n  why\n- [ ] b\n  why"), "no right option"),
    "two-right": (
        question("- [x] a\n  why\n- [x] b\n  why"),
        "2 right options",
        ":several:",
    ),
    "one-option": (question("- [x] a\n  why"), "one option"),
    "no-box": (question("- a\n  why\n- [x] b\n  why"), "must begin with [ ]"),
    "empty-option": (question("- [ ]\n  why\n- [x] b\n  why"), "sc-test-bad"),
    "no-list": (question("only text"), "list of options"),
    "bad-name": (question("- [x] a\n  b", name="Rcv_1"), "not allowed", "sc-"),
    "no-tolerance": (
        question("- else: why", ":answer: 10\n"),
        "no :tolerance:",
    ),
    "tolerance-only": (
        question("- [x] a\n  b\n- [ ] c\n  d", ":tolerance: 1\n"),
        "no :answer:",
    ),
    "negative-tolerance": (
        question("- else: why", ":answer: 10\n:tolerance: -1\n"),
        "0 or more",
    ),
    "answer-is-text": (
        question("- else: why", ":answer: ten\n:tolerance: 1\n"),
        "'ten', which is not a number",
    ),
    "answer-is-infinite": (
        question("- else: why", ":answer: inf\n:tolerance: 1\n"),
        "not a number",
    ),
    "no-else": (question("- 20: why", NUMERIC), "no `else:`"),
    "wrong-is-right": (
        question("- 10.5: why\n- else: why", NUMERIC),
        "10.5 as wrong",
        "within the tolerance",
    ),
    "number-without-reason": (
        question("- 20:\n- else: why", NUMERIC),
        "sc-test-bad",
    ),
    "listed-twice": (
        question("- 20: why\n- 20: why\n- else: why", NUMERIC),
        "twice",
    ),
}


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """Build every wrong question once, each on a page and under a name of its own."""
    pages = {
        case: text.replace("sc-test-bad", f"sc-test-{case}")
        for case, (text, *_) in REFUSED.items()
    }
    return build(tmp_path_factory.mktemp("refused"), pages)


@pytest.mark.parametrize("case", REFUSED)
def test_a_question_with_a_fault_is_refused(refused, case):
    said = refused.warned(case)
    assert "ERROR" in said
    for words in REFUSED[case][1:]:
        assert words.replace("sc-test-bad", f"sc-test-{case}") in said
    assert not refused.page(case).select("fieldset")


def test_a_name_is_given_once_in_the_whole_book(project):
    built = project({"first": CHOICE, "second": CHOICE})
    assert "'first' uses already" in built.warned("second")
    assert built.page("first").select("fieldset")
    assert not built.page("second").select("fieldset")


def test_choice_is_a_labelled_group_of_radio_buttons(project):
    built = project({"a": CHOICE, "b": "No question here."})
    assert not built.warnings
    page = built.page("a")
    box = page.select_one("#sc-test-choice")
    legend = box.select_one("fieldset > legend")
    assert "CRP rises: what of" in legend.text
    assert legend.select_one("em") and legend.select_one(".math")
    assert "It was drawn twice." in box.text
    options = box.select(".selfcheck-option")
    assert [one["data-right"] for one in options] == ["false", "true"]
    for option in options:
        assert option.select_one("label > input[type=radio]")["name"] == box["id"]
    assert "Treat now." in options[0].select_one("label").text
    assert "in health" not in options[0].select_one("label").text


def test_every_reason_can_be_read_without_a_script(project):
    page = project({"a": CHOICE + NUMBER}).page("a")
    reasons = [
        one.text for one in page.select("#sc-test-choice details .selfcheck-reason")
    ]
    assert "Two readings differ by" in reasons[0]
    assert "A second paragraph." in reasons[1]
    verdicts = [one.text for one in page.select("#sc-test-choice details strong")]
    assert verdicts == ["Wrong.", "Right."]
    folded = page.select_one("#sc-test-number details").text.replace("\xa0", " ")
    for words in ("12.5 mg/L", "± 0.5", "33.3 mg/L", "You divided by three.", "Halve"):
        assert words in folded
    # Buttons that nothing listens to stay away until the script shows them.
    assert all(one.has_attr("hidden") for one in page.select(".selfcheck-button"))


def test_the_verdict_is_announced(project):
    page = project({"a": CHOICE + NUMBER}).page("a")
    for box in page.select(".selfcheck"):
        region = box.select_one("[aria-live=polite]")
        assert region["role"] == "status" and not region.has_attr("hidden")


def test_number_has_a_label_with_its_unit(project):
    page = project({"a": NUMBER}).page("a")
    box = page.select_one("#sc-test-number")
    field = box.select_one("input[type=number]")
    assert "mg/L" in box.select_one(f"label[for={field['id']}]").text
    assert (box["data-answer"], box["data-tolerance"]) == ("12.5", "0.5")
    worths = [one["data-worth"] for one in box.select(".selfcheck-option")]
    assert worths == ["33.3", "else", "right"]


def test_several_right_options_are_ticked(project):
    page = project({"a": SEVERAL}).page("a")
    assert len(page.select("#sc-test-several input[type=checkbox]")) == 3
    assert len(page.select("[data-right=true]")) == 2


def test_the_script_comes_only_where_there_is_a_question(project):
    built = project({"a": CHOICE, "b": "No question here."})
    assert built.page("a").select("script[src*='selfcheck.js']")
    assert not built.page("b").select("script[src*='selfcheck.js']")


def test_other_builders_print_a_list(project):
    built = project({"a": CHOICE + NUMBER}, builder="text")
    assert not built.warnings
    printed = (built.folder / "a.txt").read_text()
    for words in (
        "CRP *rises*",
        "* Wait. *Right.*",
        "* Treat **now**. *Wrong.*",
        "The change is small.",
        "12.5 mg/L (± 0.5)",
        "33.3 mg/L:",
        "You divided by three.",
    ):
        assert words in printed


# -- assignments


def assignment(folder, minutes="60 to 90"):
    """Write a small released assignment with two tasks and five points."""
    folder.mkdir(parents=True)
    notebook = nbformat.v4.new_notebook(metadata={"course": {"minutes": minutes}})
    notebook.cells = [
        nbformat.v4.new_markdown_cell("# Mini\n\n## Task 1 · Add\n\nTask 1 is easy."),
        nbformat.v4.new_code_cell("assert 1"),
        nbformat.v4.new_markdown_cell("## Task 2 · Divide"),
        nbformat.v4.new_code_cell("assert 1"),
        nbformat.v4.new_code_cell("x = 1"),
    ]
    for cell, points, grade in zip(
        notebook.cells[1:], (2, 0, 3, 7), (1, 0, 1, 0), strict=True
    ):
        cell.metadata["nbgrader"] = {"grade": bool(grade), "points": points}
    nbformat.write(notebook, folder / "mini.ipynb")
    (folder / "data.csv").write_text("a\n1\n")
    (folder / ".ipynb_checkpoints").mkdir()
    (folder / ".ipynb_checkpoints/mini-checkpoint.ipynb").write_text("{}")


CARD = "(assignment-mini)=\n## Card\n\n```{assignment-card} mini\n```\n"


def test_card_tells_what_the_notebook_says_and_offers_it(project, tmp_path):
    assignment(tmp_path / "source/exercises/release/mini")
    built = project({"card": CARD, "chapter": "Do {assignment}`mini`."})
    assert not built.warnings
    page = built.page("card")
    card = page.select_one(".assignment-card").text
    for words in ("2 tasks", "5 points", "60 to 90 minutes"):
        assert words in card
    link = page.select_one("a[download]")["href"]
    with zipfile.ZipFile(built.folder / link) as archive:
        assert archive.namelist() == ["mini/data.csv", "mini/mini.ipynb"]
    there = built.page("chapter").find("a", string="assignment mini")
    assert there["href"] == "card.html#assignment-mini"


def test_the_archive_depends_on_nothing_but_the_files(tmp_path):
    from assignments import zipped

    assignment(tmp_path / "mini")
    before = zipped(tmp_path / "mini")
    for path in (tmp_path / "mini").iterdir():
        os.utime(path, (1, 1_000_000_000))
    assert zipped(tmp_path / "mini") == before
    (tmp_path / "mini/data.csv").write_text("a\n2\n")
    assert zipped(tmp_path / "mini") != before


def test_an_assignment_that_is_not_released_is_a_warning(project, tmp_path):
    assignment(tmp_path / "source/exercises/source/mini")
    built = project({"card": CARD})
    assert "make release" in built.warned("card")
    assert "5 points" in built.page("card").text
    assert not built.page("card").select("a[download]")


def test_an_assignment_that_does_not_exist_is_a_warning(project):
    built = project({"card": CARD, "chapter": "Do {assignment}`nothing`."})
    assert "no assignment 'mini'" in built.warned("card")
    assert "assignment-nothing" in built.warned("chapter")


# -- data dictionary


def test_a_cohort_is_described_as_it_is(project):
    built = project(
        {
            "data": "## Data\n\n```{cohort-table} acute_phase\n```",
            "chapter": "See {cohort}`acute_phase` and {cohort}`nobody`.",
        },
        suppress_warnings=["ref.cite"],
    )
    assert "data-nobody" in built.warned("chapter")
    link = built.page("chapter").select_one("a[href='data.html#data-acute-phase']")
    assert link.text == "acute_phase"

    cohort = cohorts.get("acute_phase")
    section = built.page("data").select_one("section section section")
    schema = cohort.tables["acute_phase"]
    rows = section.select("table")[0].select("tbody tr")
    told = [[cell.text.strip() for cell in row.select("td")] for row in rows]
    assert [row[0] for row in told] == list(schema.columns)
    units = [column.metadata["unit"] or "–" for column in schema.columns.values()]
    assert [row[2] for row in told] == units
    assert f"{len(cohorts.load('acute_phase')):,} rows" in section.text
    for name, planted in cohort.truth.items():
        assert name in section.text
        assert planted.meaning in section.text
    assert "esr_mm_h: The tube was not set up in time" in section.text
    assert "Chart of acute_phase" in section.select_one("img")["alt"]


def test_the_dictionary_lists_every_cohort_in_chapter_order(project):
    page = project({"data": "## Data\n\n```{data-dictionary}\n```"}).page("data")
    headings = [one.code.text for one in page.select("section section > h3")]
    assert headings == cohorts.names()


def test_the_book_does_not_tell_what_the_capstone_asks(project):
    page = project({"data": "## Data\n\n```{cohort-table} capstone_dossier\n```"})
    section = page.page("data").select_one("#data-capstone-dossier, section section")
    assert "prior_exacerbations" in section.text
    assert not section.select("img")
    for name, planted in cohorts.get("capstone_dossier").truth.items():
        assert name not in section.text and planted.meaning not in section.text


@pytest.mark.parametrize("which", ["curated", "trials"])
def test_tables_of_facts_are_described_below_their_heading(project, which):
    tables = getattr(cohorts, which).TABLES
    linked = " ".join(f"{{cohort}}`{name}`" for name in tables)
    written = f"```{{reference-tables}} {which}\n```"
    built = project({"data": f"{linked}\n\n## Facts\n\n{written}\n\n## After\n\nx"})
    assert not built.warnings
    facts = built.page("data").select_one("#facts")
    sections = facts.select("section")
    assert [one.h3.code.text for one in sections] == list(tables)
    for section, schema in zip(sections, tables.values(), strict=True):
        told = [row.td.text for row in section.select("tbody tr")]
        assert told == list(schema.columns)
        assert schema.description in section.text


def test_an_unknown_group_of_tables_is_refused(project):
    built = project({"data": "```{reference-tables} agents\n```"})
    assert "'agents' is not one of curated, trials" in built.warned("data")


# -- pictures


def test_a_picture_needs_an_alternative_text_and_gets_its_size(project, tmp_path):
    import matplotlib.pyplot as plt

    (tmp_path / "source").mkdir()
    plt.imsave(tmp_path / "source/dot.png", [[0.0, 1.0, 0.5]])
    built = project({"with": "![a dot](dot.png)", "without": "![](dot.png)"})
    assert "no alternative text" in built.warned("without")
    assert not built.warned("with")
    picture = built.page("with").select_one("img")
    assert (picture["width"], picture["height"]) == ("3", "1")
    assert picture["loading"] == "lazy"


def test_figures_are_counted_anew_on_each_page(project, tmp_path):
    import matplotlib.pyplot as plt

    (tmp_path / "source").mkdir()
    plt.imsave(tmp_path / "source/dot.png", [[0.0, 1.0]])
    figure = ":::{{figure}} dot.png\n:name: fig-{0}\n:alt: a dot\n\n{0}\n:::\n\n"
    pages = {
        "one": figure.format("a") + figure.format("b") + "See {numref}`fig-c`.",
        "two": figure.format("c") + figure.format("d") + "See {numref}`fig-d`.",
    }
    extensions = ["myst_nb", "sphinx_design", "page_figures"]
    built = project(pages, numfig=True, extensions=extensions)
    assert not built.warnings
    for name, seen in {"one": "See Fig. 1.", "two": "See Fig. 2."}.items():
        page = built.page(name)
        counted = [one.text.strip() for one in page.select(".caption-number")]
        assert counted == ["Fig. 1", "Fig. 2"]
        assert seen in page.text
