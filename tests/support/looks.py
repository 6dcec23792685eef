"""What an assignment asks in its cells ``# Look: ...``, and what these cells print."""

import ast
import contextlib
import io
import re

import runner

PAGES = runner.ROOT / "book" / "answers"


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
    """Return by task ("Task 1 · ...") its cells that ask for a look."""
    found, task = {}, ""
    for cell in runner.source(assignment).cells:
        heading = re.match(r"## (Task \d+ · .+?) \(", cell.source)
        if cell.cell_type == "markdown" and heading:
            task = heading[1]
        elif cell.cell_type == "code" and asked(cell):
            found.setdefault(task, []).append(cell)
    return found


def sections(assignment):
    """Return the text below each heading of the page that answers."""
    text = (PAGES / f"{assignment}.md").read_text(encoding="utf-8")
    parts = re.split(r"^## (.+)$", text, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def printed(assignment, folder):
    """Return by task what its cells print, with the data of a folder."""
    task_of = {
        cell.id: task for task, cells in questions(assignment).items() for cell in cells
    }
    names, found = {"__name__": "__main__"}, {}
    with contextlib.chdir(folder):
        for cell in runner.source(assignment).cells:
            if cell.id in task_of:
                text = _shown(cell, names)
                found[task_of[cell.id]] = found.get(task_of[cell.id], "") + text
            elif cell.cell_type == "code" and not runner.is_test(cell):
                exec(compile(cell.source, cell.id, "exec"), names)
    runner.plt.close("all")
    return found


def _shown(cell, names):
    """Run a cell and return what it prints, and what a notebook would show below it."""
    code, said = ast.parse(cell.source), io.StringIO()
    shown = code.body.pop() if isinstance(code.body[-1], ast.Expr) else None
    with contextlib.redirect_stdout(said):
        exec(compile(code, cell.id, "exec"), names)
        value = eval(ast.unparse(shown), names) if shown else None
    return said.getvalue() + (value.to_string() if value is not None else "") + "\n"
