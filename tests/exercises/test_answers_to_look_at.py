"""The pages *Answers to look at* answer what is asked, with numbers that come out."""

import ast
import contextlib
import io
import json
import re

import cohorts
import pytest
import runner

PAGES = runner.ROOT / "book" / "answers"
#: Assignments whose pages put what a cell prints into `code`.
PRINTED = ["application", "metrics"]


def asked(cell):
    """Return the question with which a cell begins, or nothing."""
    lines = []
    for line in cell.source.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.removeprefix("#").strip())
    words = " ".join(lines)
    return words.removeprefix("Look: ") if words.startswith("Look: ") else ""


def questions(assignment):
    """Return by task ("Task 1 · ...") its cell that asks for a look."""
    found, task = {}, ""
    for cell in runner.source(assignment).cells:
        heading = re.match(r"## (Task \d+ · .+?) \(", cell.source)
        if cell.cell_type == "markdown" and heading:
            task = heading[1]
        elif cell.cell_type == "code" and asked(cell):
            found[task] = cell
    return found


def sections(assignment):
    """Return the text below each heading of a page."""
    text = (PAGES / f"{assignment}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def printed(cell, names):
    """Run a cell and return what it prints, and what a notebook would show below it."""
    code, said = ast.parse(cell.source), io.StringIO()
    shown = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(said):
        exec(compile(code, cell.id, "exec"), names)
        value = eval(ast.unparse(shown), names) if shown else None
    return said.getvalue() + (value.to_string() if value is not None else "")


@pytest.fixture(scope="module")
def outputs(data_folder):
    """Return a function from assignment to what its cells print, by task."""

    def run(assignment):
        wanted = {cell.id: task for task, cell in questions(assignment).items()}
        names, found = {"__name__": "__main__"}, {}
        with contextlib.chdir(data_folder(assignment)):
            for cell in runner.source(assignment).cells:
                if cell.id in wanted:
                    found[wanted[cell.id]] = printed(cell, names)
                elif cell.cell_type == "code" and not runner.is_test(cell):
                    exec(compile(cell.source, cell.id, "exec"), names)
        runner.plt.close("all")
        return found

    return run


@pytest.mark.parametrize("assignment", PRINTED)
def test_every_question_is_quoted_and_answered(assignment):
    page = sections(assignment)
    for task, cell in questions(assignment).items():
        quoted = " ".join(re.findall(r"^> (.+)$", page[task], re.MULTILINE))
        assert quoted == asked(cell), task
        assert "{dropdown} Answer" in page[task], task


@pytest.mark.parametrize("assignment", PRINTED)
def test_a_judged_text_is_shown_at_two_levels(assignment):
    (judged,) = [text for task, text in sections(assignment).items() if "Judge" in task]
    marks = re.findall(r"\{dropdown\} Marks: (\d) of 3", judged)
    assert len(set(marks)) == len(marks) == 2


@pytest.mark.parametrize("assignment", PRINTED)
def test_what_stands_in_code_is_what_the_cells_print(assignment, outputs):
    seed = json.loads((cohorts.SYNTHETIC / "manifest.json").read_text())["seed"]
    if seed != cohorts.DEFAULT_SEED:
        pytest.skip("these are the data of another term: the numbers are other ones")
    said = " ".join(" ".join(outputs(assignment).values()).split())
    for task, text in sections(assignment).items():
        for number in re.findall(r"(?<!\})`([^`]*\d[^`]*)`", text):
            if number != "+ 1":  # a piece of code
                assert number in said, (task, number)
