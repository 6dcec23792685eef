"""The script that typesets formulas comes where there is one, and MathJax with it."""

import nbformat
import pytest
import runner
from course import formulas

ANCHORS = formulas.anchors()


@pytest.mark.parametrize(
    ("text", "served"),
    [("$x^2$", True), ("$$x^2$$", True), ("The price is 2 $.", False), ("", False)],
)
def test_the_script_comes_only_where_there_is_a_formula(project, text, served):
    built = project({"a": text})
    assert ("formulas.js" in built.served("a")) is served


def test_mathjax_itself_waits_for_the_script(project):
    built = project({"a": "$x^2$"}, mathjax_path="mathjax/tex-chtml.js")
    assert not built.page("a").select("script[src*=mathjax]")


# -- the page


def test_every_row_of_the_page_has_an_anchor(project):
    text = (formulas.BOOK / f"{formulas.PAGE}.md").read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    formulae = [row for row in rows if not row.startswith(("| What ", "| Score "))]
    assert len(formulae) == len(ANCHORS) > 40
    built = project({"a": "\n".join(rows[:6])}, myst_enable_extensions=["attrs_inline"])
    assert built.page("a").select_one("[id^=fo-]")


@pytest.mark.parametrize("assignment", runner.ASSIGNMENTS)
def test_what_a_task_names_stands_on_the_page(assignment):
    names = formulas.named(runner.source(assignment))
    assert [name for name in names if name.lower() not in ANCHORS] == []


def test_the_names_of_a_notebook_are_read_each_once():
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [
        nbformat.v4.new_markdown_cell(
            "*Hint*: see *E-value* on the page *Formulas*, and *it* on another page."
        ),
        nbformat.v4.new_markdown_cell("*E-value* on the page *Formulas*"),
        nbformat.v4.new_code_cell("# *no* on the page *Formulas*"),
    ]
    assert formulas.named(notebook) == ["E-value"]


def test_a_name_or_an_anchor_that_comes_twice_is_refused(tmp_path):
    page = tmp_path / f"{formulas.PAGE}.md"
    page.parent.mkdir()
    page.write_text("| [A]{#fo-a} | |\n| [B]{#fo-a} | |\n")
    with pytest.raises(ValueError, match="has fo-a twice"):
        formulas.anchors(tmp_path)
