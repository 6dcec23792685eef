"""A command with faulty settings, or with none, says so, stops, and does nothing."""

import pytest
from miniature import MINI, RIGHT
from nbgrader.api import MissingEntry

pytestmark = pytest.mark.autograder

FAULTS = {
    "raises at once": ("import nothing_here\n", "", "line 1: ModuleNotFoundError"),
    "raises when all is set": ("", "\n1 / 0\n", "ZeroDivisionError: division by zero"),
    "is not Python": ("def f(:\n", "", "line 1: SyntaxError"),
}


@pytest.fixture
def handed_in(new_course):
    new_course.hand_in("ada", new_course.filled(RIGHT))
    new_course.run("collect", MINI)
    return new_course


def graded(course):
    try:
        return bool(course.scores())
    except MissingEntry:
        return False


@pytest.mark.parametrize("fault", FAULTS)
def test_faulty_settings_stop_a_command(handed_in, fault):
    before, behind, said = FAULTS[fault]
    settings = handed_in.folder / "nbgrader_config.py"
    text = settings.read_text()
    settings.write_text(before + text + behind)
    printed = handed_in.run("autograde", MINI, status=1)
    assert f"{settings}, " in printed and said in printed
    assert "Traceback" not in printed and "Nothing was done" in printed
    settings.write_text(text)
    assert not graded(handed_in)
    handed_in.run("autograde", MINI)
    assert graded(handed_in)


@pytest.mark.parametrize(
    "command", ["autograde", "collect", "zip_collect", "generate_feedback", "export"]
)
def test_without_settings_no_command_of_an_instructor_runs(handed_in, command):
    (handed_in.folder / "nbgrader_config.py").unlink()
    arguments = [] if command == "export" else [MINI]
    printed = handed_in.run(command, *arguments, status=1)
    assert "Run the command in the folder of the course" in printed
    assert not (handed_in.folder / "autograded").exists()
    assert not (handed_in.folder / "grades.csv").exists()


def test_settings_that_do_not_switch_it_on_are_not_enough(handed_in):
    (handed_in.folder / "nbgrader_config.py").write_text("c = get_config()\n")
    printed = handed_in.run("autograde", MINI, status=1)
    assert "calls nbgrader_apart.use(c)" in printed
    assert not (handed_in.folder / "autograded").exists()


def test_a_student_needs_no_settings(handed_in):
    (handed_in.folder / "nbgrader_config.py").unlink()
    notebook = f"submitted/ada/{MINI}/{MINI}.ipynb"
    assert "Success" in handed_in.run("validate", notebook)
