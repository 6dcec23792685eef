"""The closing table: everybody, truthfully, on one screen; and who to look at."""

import csv
import datetime
import logging
import re
import shutil
from types import SimpleNamespace

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, Course, cell
from nbgrader_apart import explain, outcomes
from nbgrader_apart.closing import as_csv, as_text
from nbgrader_apart.marks import Mark, Status
from nbgrader_apart.outcomes import Outcome, Summary, how_late
from term import class_, folders
from term.classlist import Student

HOURS = datetime.timedelta(hours=1)


def put(course, student, files):
    folder = course.folder / f"submitted/{student}/{MINI}"
    folder.mkdir(parents=True)
    for name, content in files.items():
        if isinstance(content, nbformat.NotebookNode):
            content = nbformat.writes(content).encode()
        (folder / name).write_bytes(content)


def without_metadata(notebook):
    for one in notebook.cells:
        one.metadata = nbformat.NotebookNode()
    return notebook


def answered_below(course):
    """The text stands in a new cell below the one that asks for it."""
    elsewhere = dict(RIGHT)
    text = elsewhere.pop("judge")
    notebook = course.filled(elsewhere)
    notebook.cells.append(cell("markdown", text))
    return notebook


def answered_above(course):
    """A function stands in a new cell above the one that counts."""
    notebook = course.filled({"highest_solution": RIGHT["highest_solution"]})
    notebook.cells.insert(1, cell("code", RIGHT["left_after_solution"]))
    return notebook


LEFT_AFTER = RIGHT["left_after_solution"]
NEEDS_A_PACKAGE = {
    "left_after_solution": LEFT_AFTER.replace("    r", "    import nosuch\n    r"),
    "highest_solution": "def highest(values):\n    import nosuch\n    return 3",
}
NEEDS_A_FILE = {
    **RIGHT,
    "highest_solution": "def highest(values):\n"
    "    open('C:/anna/crp.csv')\n    return max(values)",
}
COMMANDS = {
    **RIGHT,
    "left_after_solution": "raise FileNotFoundError('\\x1b[2J\\x07\\u202e.csv')",
}


@pytest.fixture(scope="module", params=["on", "off"])
def a_class(handed_out, tmp_path_factory, request):
    course = Course(
        shutil.copytree(handed_out, tmp_path_factory.mktemp("closing") / "course")
    )
    class_.enter(course.folder, [Student("absent", "Ab", "Sent"), Student("right")])
    put(course, "right", {"mini.ipynb": course.filled(RIGHT)})
    put(course, "partly", {"mini.ipynb": course.filled(PARTLY)})
    put(course, "renamed", {"homework.ipynb": course.filled(RIGHT)})
    put(course, "lost", {"mini.ipynb": without_metadata(course.filled(RIGHT))})
    put(course, "below", {"mini.ipynb": answered_below(course)})
    put(course, "above", {"mini.ipynb": answered_above(course)})
    copies = {
        "mini.ipynb": course.filled({}),
        "mini (1).ipynb": course.filled(RIGHT),
    }
    put(course, "copies", copies)
    put(course, "package", {"mini.ipynb": course.filled(NEEDS_A_PACKAGE)})
    put(course, "file", {"mini.ipynb": course.filled(NEEDS_A_FILE)})
    put(course, "commands", {"mini.ipynb": course.filled(COMMANDS)})
    put(course, "untouched", {"mini.ipynb": course.filled({})})
    put(course, "damaged", {"mini.ipynb": b"oops"})
    deletes = course.filled(RIGHT)
    del deletes.cells[1]
    put(course, "deletes", {"mini.ipynb": deletes})
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER", request.param)
        printed = course.run("autograde", MINI)
    with open(course.folder / f"{MINI}-closing.csv", encoding="utf-8-sig") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    return SimpleNamespace(course=course, printed=printed, rows=rows, way=request.param)


LOOK = {
    "lost": "the notebook has lost its metadata",
    "below": "judge is empty, and beside it stands a cell of the student's own",
    "above": "left_after stands in a cell of the student's own",
    "package": "all 4 tests failed with ModuleNotFoundError",
    "file": "asked for what is not here: .*crp.csv",
    "commands": r"asked for what is not here: .*\\x1b\[2J\\x07\\u202e\.csv",
    "untouched": "nothing in it is answered",
}


def test_hand_ins_to_look_at_are_named_and_no_others(a_class):
    found = {name for name, row in a_class.rows.items() if row["look_at_it"]}
    assert found == LOOK.keys() | {"copies"}
    for student, reason in LOOK.items():
        assert re.search(reason, a_class.rows[student]["look_at_it"]), student
        assert re.search(rf"\n       {student} +.*{reason}", a_class.printed), student
    copy = a_class.rows["copies"]["look_at_it"]
    if a_class.way == "on":
        assert "mini (1).ipynb, handed in with it, would get 5 points" in copy
    else:
        assert "mini (1).ipynb, handed in with it, answers 3 tasks" in copy


def test_an_error_of_a_student_commands_no_terminal(a_class):
    said = a_class.printed + "".join(map(str, a_class.rows.values()))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f\u202e]", said)


@pytest.mark.parametrize("sign", "\x1b\x9b\r\u061c\u200e\u200f\u202e\u2067")
def test_no_line_of_a_log_is_turned_round(sign):
    record = logging.LogRecord("", 30, "", 1, "%s: odd", (f"a{sign}b",), None)
    assert explain.HARMLESS.filter(record)
    assert re.fullmatch(r"a\\[xu]?[0-9a-fr]+b: odd", record.getMessage())


def test_formgrader_flags_the_same(a_class):
    with a_class.course.gradebook() as gradebook:
        flagged = {
            one.student.id
            for one in gradebook.notebook_submissions(MINI, MINI)
            if one.flagged
        }
    assert flagged == LOOK.keys() | {"copies"}


def test_everybody_has_a_line_in_the_file(a_class):
    rows = a_class.rows
    assert len(rows) == 14
    assert rows["absent"]["status"] == "not handed in" and rows["absent"]["mark"] == ""
    assert rows["right"]["status"] == "not yet marked by hand"
    assert (rows["right"]["points"], rows["right"]["mark"]) == ("5.0", "")
    assert rows["damaged"]["status"] == "not readable"
    assert rows["damaged"]["points"] == "" and "damaged" in rows["damaged"]["problem"]
    assert "homework.ipynb was graded" in rows["renamed"]["notes"]
    assert rows["deletes"]["notes"] == "put back: setup"


def test_the_screen_counts_what_is_normal(a_class):
    table = a_class.printed[a_class.printed.index(f"\n{MINI}: ") :]
    assert f"{MINI}: 13 handed in, of 14 in the class" in table
    assert "     1 not handed in\n       absent\n" in table
    assert "graded from a file of another name\n       renamed\n" in table
    assert "put back\n       lost, deletes\n" in table.replace(
        "deletes, lost", "lost, deletes"
    )
    assert "partly" not in table


def test_a_part_of_a_class_is_not_said_to_have_failed(new_course):
    course = new_course
    for student in ("ada", "ben", "cy"):
        put(course, student, {"mini.ipynb": course.filled(RIGHT)})
    printed = course.run("autograde", MINI, "--student", "ada")
    assert "     0 could not be graded" in printed and "stopped" not in printed
    assert "     2 not asked for\n       ben, cy\n" in printed
    printed = course.run("autograde", MINI)
    assert "not asked for" not in printed
    put(course, "di", {"mini.ipynb": course.filled(RIGHT)})
    (course.folder / f"submitted/ada/{MINI}/more.csv").write_text("a")
    printed = course.run("autograde", MINI, "--student", "di")
    assert "     1 not asked for\n       ada\n" in printed  # there is something newer


def test_no_table_after_a_run_that_broke_off(new_course):
    course = new_course
    put(course, "ada", {"mini.ipynb": course.filled(RIGHT)})
    course.run("autograde", MINI)
    settings = course.folder / "nbgrader_config.py"
    text = settings.read_text()
    settings.write_text(text + "c.LatePolicy.rule = 'half of it a day'\n")
    printed = course.run("autograde", MINI, "--force", status=1)
    assert "'half of it a day' is no rule for late hand-ins. Write 'none'" in printed
    assert "mini: the grading broke off" in printed and "handed in, of" not in printed
    assert course.scores()["ada"]["left_after"] == 1


def test_one_hand_in_that_stops_the_grading_is_named_with_its_reason(new_course):
    course = new_course
    for student in ("ada", "ben"):
        put(course, student, {"mini.ipynb": course.filled(RIGHT)})
    settings = course.folder / "nbgrader_config.py"
    settings.write_text(
        settings.read_text() + "from nbgrader_apart import intake\n"
        "class Stops(intake.SaveGrades):\n"
        "    def preprocess(self, nb, resources):\n"
        "        if resources['nbgrader']['student'] == 'ada':\n"
        "            raise ValueError('no such luck')\n"
        "        return super().preprocess(nb, resources)\n"
        "c.Autograde.autograde_preprocessors = [\n"
        "    Stops if one is intake.SaveGrades else one\n"
        "    for one in c.Autograde.autograde_preprocessors\n"
        "]\n"
    )
    printed = course.run("autograde", MINI, status=1)
    assert "ada  stopped the grading: ValueError: no such luck" in printed
    assert "     1 graded" in printed


# -- data on the grader's side


def test_data_that_are_missing_are_put_back_or_stop_the_run(new_course):
    course = new_course
    put(course, "ada", {"mini.ipynb": course.filled(RIGHT)})
    source, release = (course.folder / step / MINI for step in ("source", "release"))
    (release / "crp.csv").write_text("crp\n1\n")
    assert "crp.csv was missing" in course.run("autograde", MINI)
    assert (source / "crp.csv").read_text() == "crp\n1\n"
    (source / "crp.csv").write_text("crp\n2\n")
    printed = course.run("autograde", MINI, "--force", status=1)
    assert "is not the one handed out" in printed and "Nothing was graded" in printed
    (source / "crp.csv").unlink()
    (release / "crp.csv").unlink()
    notebook = nbformat.read(source / f"{MINI}.ipynb", as_version=4)
    notebook.metadata.course = {"data": ["acute_phase.csv"]}
    nbformat.write(notebook, source / f"{MINI}.ipynb")
    course.run("autograde", MINI, "--force")  # the course's own data are found
    assert (source / "acute_phase.csv").stat().st_size
    notebook.metadata.course = {"data": ["nobodys.csv"]}
    nbformat.write(notebook, source / f"{MINI}.ipynb")
    printed = course.run("autograde", MINI, "--force", status=1)
    assert "nobodys.csv is missing" in printed and "handed in, of" not in printed
    assert course.scores()["ada"]["left_after"] == 1


# -- three hundred students


def outcome(number, **more):
    late = HOURS * (number % 50 == 0)
    mark = Mark(
        *(f"s{number:03d}", "", "", "", MINI, Status.MARKED, 7.0, 1.0 * bool(late)),
        *(9.0, None, None, late),
    )
    return Outcome(mark, share={"judge": 0.5}, **more)


def test_a_class_of_three_hundred_is_one_screen():
    made = [
        outcome(
            number,
            look=["is odd"] * (number % 5 == 0),
            notes=["put back: setup"] * (number % 3 == 0),
            refused=["data.csv is a link"] * (number % 2),
            problem="is damaged" if number % 7 == 0 else None,
        )
        for number in range(300)
    ]
    summary = Summary(MINI, 9.0, {"judge": 9.0}, made)
    text = as_text(summary)
    assert text.count("\n") < 60
    assert "and 48 more: the file has them all" in text
    assert "6 late\n       s000 (1 h), s050 (1 h)" in text
    assert len(as_csv(summary).splitlines()) == 301
    assert "s299" in as_text(summary, everybody=True)


def test_the_mean_knows_penalties():
    summary = Summary(MINI, 9.0, {"judge": 9.0}, [outcome(0), outcome(1)])
    assert "mean 6.5 of 9 points after penalties" in as_text(summary)


@pytest.mark.parametrize(
    "hours, said",
    [(0.001, "1 min"), (0.5, "30 min"), (5, "5 h"), (24, "1 d"), (75, "3 d 3 h")],
)
def test_how_late(hours, said):
    assert how_late(hours * HOURS) == said


def test_an_empty_class(new_course):
    directory = folders.settings(new_course.folder)
    text = as_text(outcomes.summarise(directory, MINI))
    assert "0 handed in, of 0 in the class" in text


def test_a_log_that_cannot_be_written_is_shown(tmp_path):
    assert explain.OneScreen(tmp_path / "none" / "log").file is None
