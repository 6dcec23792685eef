"""A card tells what the notebook says, and offers it; what is missing is a warning."""

import os
import zipfile

import nbformat
import pytest

from assignment_card import packed


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
    assignment(tmp_path / "mini")
    before = packed(tmp_path / "mini")
    for path in (tmp_path / "mini").iterdir():
        os.utime(path, (1, 1_000_000_000))
    assert packed(tmp_path / "mini") == before
    (tmp_path / "mini/data.csv").write_text("a\n2\n")
    assert packed(tmp_path / "mini") != before


@pytest.mark.parametrize("pyodide", ["", "https://example.org/full/pyodide.js"])
def test_the_card_opens_the_lab_if_there_is_one(project, tmp_path, pyodide):
    assignment(tmp_path / "source/exercises/release/mini")
    built = project({"card": CARD}, run_pyodide=pyodide)
    links = [link["href"] for link in built.page("card").select("a.run-lab")]
    there = "lab/lab/index.html?path=exercises/mini/mini.ipynb"
    assert links == ([there] if pyodide else [])
    assert "example.org" not in str(built.page("card"))


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


def names_a_formula(folder, name):
    notebook = nbformat.read(folder / "mini.ipynb", as_version=4)
    notebook.cells[2].source += f"\n\nUse *{name}* on the page *Formulas*."
    nbformat.write(notebook, folder / "mini.ipynb")


def test_the_card_links_to_the_formulas_that_its_tasks_name(project, tmp_path):
    folder = tmp_path / "source/exercises/release/mini"
    assignment(folder)
    names_a_formula(folder, "reference change value")
    names_a_formula(folder, "E-value")
    built = project({"card": CARD})
    links = built.page("card").select("a[href*='#fo-']")
    page = "book/reference/formulas.html"
    assert {link.text: link["href"] for link in links} == {
        "reference change value": f"{page}#fo-reference-change-value",
        "E-value": f"{page}#fo-e-value",
    }


def test_a_formula_that_is_nowhere_is_an_error(project, tmp_path):
    folder = tmp_path / "source/exercises/release/mini"
    assignment(folder)
    names_a_formula(folder, "the philosopher's stone")
    built = project({"card": CARD})
    assert "a task names *the philosopher's stone*" in built.warned("card")
