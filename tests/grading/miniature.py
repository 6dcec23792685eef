"""A small assignment and a course folder to hand it in to."""

import datetime
import json
from pathlib import Path

import nbformat
from term import demo

EXERCISES = Path(__file__).resolve().parents[2] / "exercises"
MINI = "mini"
NOON = datetime.datetime(2026, 3, 2, 12)


def cell(kind, source, grade_id=None, points=None, solution=False, locked=False):
    made = getattr(nbformat.v4, f"new_{kind}_cell")(source)
    if grade_id:
        made.metadata.nbgrader = nbformat.from_dict(
            {
                "schema_version": 3,
                "grade_id": grade_id,
                "grade": points is not None,
                "solution": solution,
                "locked": locked or not solution,
                "task": False,
                **({} if points is None else {"points": points}),
            }
        )
    return made


def source_notebook():
    """Three tasks, 9 points: two tested functions and a free text of 4 points."""
    solved = "### BEGIN SOLUTION\n    {}\n    ### END SOLUTION"
    hidden = "### BEGIN HIDDEN TESTS\n{}\n### END HIDDEN TESTS"
    cells = [
        cell("markdown", "# A small assignment"),
        cell("code", "import math", "setup", locked=True),
        cell(
            "code",
            "def left_after(hours, half_life):\n    "
            + solved.format("return math.exp2(-hours / half_life)"),
            "left_after_solution",
            solution=True,
        ),
        cell("code", "assert left_after(19, 19) == 0.5", "left_after", 1),
        cell(
            "code",
            hidden.format("assert left_after(38, 19) == 0.25, 'secret message'"),
            "left_after_hidden",
            2,
        ),
        cell(
            "code",
            "def highest(values):\n    " + solved.format("return max(values)"),
            "highest_solution",
            solution=True,
        ),
        cell("code", "assert highest([1, 3, 2]) == 3", "highest", 1),
        cell(
            "code", hidden.format("assert highest([-1, -3]) == -1"), "highest_hidden", 1
        ),
        cell("markdown", "Write your judgement here.", "judge", 4, solution=True),
    ]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata.kernelspec = {
        "name": "python3",
        "display_name": "Python 3 (ipykernel)",
        "language": "python",
    }
    return notebook


RIGHT = {
    "left_after_solution": "def left_after(hours, half_life):\n"
    "    return math.pow(0.5, hours / half_life)",
    "highest_solution": "def highest(values):\n    return sorted(values)[-1]",
    "judge": "The change is inside the noise.",
}
WARNS = {
    **RIGHT,
    "highest_solution": "import warnings\n\n"
    "def highest(values):\n    warnings.warn('old')\n    return max(values)",
}
PARTLY = {
    "left_after_solution": "def left_after(hours, half_life):\n"
    "    return 1 - 0.5 * hours / half_life",
    "highest_solution": "def highest(values):\n    return max([0, *values])",
}


class Course:
    """A course folder with the small assignment, handed out."""

    def __init__(self, folder):
        self.folder = folder
        self.hours = 0

    def run(self, *arguments, status=0):
        """Run a command; return what it printed, after the log that it keeps."""
        log = self.folder / f".grading-{MINI}.log"
        log.unlink(missing_ok=True)
        done = demo.nbgrader(self.folder, *arguments)
        logged = log.read_text() if log.is_file() else ""
        assert done.returncode == status, logged + done.stdout
        return logged + done.stdout

    def filled(self, answers):
        """Return the students' copy with some cells' text replaced."""
        released = nbformat.read(
            self.folder / f"release/{MINI}/{MINI}.ipynb", as_version=4
        )
        for one in released.cells:
            grade_id = one.metadata.get("nbgrader", {}).get("grade_id")
            one.source = answers.get(grade_id, one.source)
        return released

    def hand_in(self, student, content, name=f"{MINI}.ipynb"):
        """Hand in a notebook, or bytes, or a dict written as JSON."""
        if isinstance(content, nbformat.NotebookNode):
            content = nbformat.writes(content).encode()
        elif not isinstance(content, bytes):
            content = json.dumps(content).encode()
        self.hours += 1  # each later than the one before
        when = NOON + datetime.timedelta(hours=self.hours)
        demo.hand_in(self.folder, student, MINI, {name: content}, when)

    def grade(self, *arguments, status=0):
        """Collect and grade; return what the command logged and printed."""
        self.run("collect", MINI, "--update")
        return self.run("autograde", MINI, *arguments, status=status)

    def gradebook(self):
        from nbgrader.api import Gradebook

        return Gradebook(f"sqlite:///{self.folder / 'gradebook.db'}")

    def scores(self):
        """Return each student's points by grade id."""
        with self.gradebook() as gradebook:
            return {
                submission.student.id: {
                    grade.name: grade.score
                    for notebook in submission.notebooks
                    for grade in notebook.grades
                }
                for submission in gradebook.assignment_submissions(MINI)
            }

    def autograded(self, student):
        return nbformat.read(
            self.folder / f"autograded/{student}/{MINI}/{MINI}.ipynb", as_version=4
        )
