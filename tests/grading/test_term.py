"""``python -m term``: each command, from wherever an instructor stands."""

import os
import subprocess
import sys

import nbformat
import pytest
from miniature import EXERCISES, MINI, RIGHT, source_notebook
from sqlalchemy.exc import DatabaseError, OperationalError
from term import folders, release
from term.__main__ import COMMANDS, main, name_of
from term.command import CommandError


def term(folder, *words, status=0):
    """Run a command as an instructor does; return what it printed."""
    ran = subprocess.run(
        [sys.executable, "-m", "term", *words],
        cwd=folder,
        env={name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ},
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert ran.returncode == status, ran.stdout
    return ran.stdout


@pytest.mark.parametrize("folder", [EXERCISES, EXERCISES.parent], ids=lambda f: f.name)
def test_help_names_every_command(folder):
    said = term(folder, "--help")
    for command in COMMANDS:
        assert f"\n    {name_of(command)} " in said


@pytest.mark.parametrize("command", COMMANDS, ids=name_of)
def test_each_command_says_what_it_does(command, capsys):
    with pytest.raises(SystemExit) as left:
        main([name_of(command), "--help"])
    assert left.value.code == 0
    assert command.__doc__.strip() in capsys.readouterr().out


def test_no_command_at_all_is_a_mistake_that_says_what_to_type(capsys):
    with pytest.raises(SystemExit) as left:
        main([])
    assert left.value.code == 2
    assert "required: COMMAND" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["release", "check"])
def test_an_unknown_assignment_is_one_line_that_lists_the_known(command, capsys):
    assert main([command, "nonsense"]) == 1
    said = capsys.readouterr().err
    assert said.startswith("there is no assignment 'nonsense'; there are: application")
    assert said.count("\n") == 1


def test_a_course_is_found_from_where_an_instructor_stands(tmp_path, monkeypatch):
    course = tmp_path / "exercises"
    course.mkdir()
    (course / "nbgrader_config.py").touch()
    assert folders.find_course(course) == course
    assert folders.find_course(tmp_path) == course
    assert folders.find_course(tmp_path / "elsewhere") == EXERCISES
    monkeypatch.setattr(folders, "BESIDE", tmp_path / "site-packages")
    with pytest.raises(CommandError, match="is not the folder of a course"):
        folders.find_course(tmp_path / "elsewhere")


@pytest.mark.parametrize(
    "problem, said",
    [
        (
            OSError(28, "No space left on device", "/course/release/metrics.ipynb"),
            "/course/release/metrics.ipynb could not be read or written: No space left",
        ),
        (OSError("cannot fork"), "A file could not be read or written: cannot fork"),
        (
            OperationalError("INSERT", {}, Exception("database or disk is full")),
            "The gradebook could not be read or written: database or disk is full",
        ),
        (
            DatabaseError("SELECT", {}, Exception("file is not a database")),
            "The gradebook could not be read or written: file is not a database",
        ),
    ],
)
def test_what_the_system_refuses_ends_in_a_line(monkeypatch, capsys, problem, said):
    def full(*_):
        raise problem

    monkeypatch.setattr(release, "assignments", full)
    assert main(["release"]) == 1
    told = capsys.readouterr().err
    assert told.startswith(said) and told.count("\n") == 1
    assert "run the same command again" in told


def test_who_reads_only_the_first_line_hears_of_no_error(tmp_path):
    """As with ``| head -1``: what is printed is read by nobody."""
    ran = subprocess.run(
        f"{sys.executable} -m term class | true",
        cwd=EXERCISES,
        shell=True,
        text=True,
        capture_output=True,
    )
    assert "Broken pipe" not in ran.stderr and "Traceback" not in ran.stderr


def test_check_prints_problems_and_fails(tmp_path, capsys):
    wrong = source_notebook()
    wrong.cells[3].source += "\nassert nobodys_limit(3)"
    nbformat.write(wrong, tmp_path / "wrong.ipynb")
    assert main(["check", str(tmp_path / "wrong.ipynb")]) == 1
    assert "left_after: nothing defines nobodys_limit" in capsys.readouterr().out
    assert main(["check", "metrics"]) == 0
    assert main(["check", str(tmp_path / "none.ipynb")]) == 1
    assert "there is no file" in capsys.readouterr().err


def test_summary_is_the_table_that_ended_the_grading(new_course):
    course = new_course
    said = term(course.folder, "summary", "nonsense", status=1)
    assert "nonsense is not in the gradebook" in said and "Traceback" not in said
    course.hand_in("ada", course.filled(RIGHT))
    course.hand_in("ben", b"oops")
    printed = course.grade()
    table = printed[printed.index(f"\n{MINI}: 2 handed in") :].strip()
    table, _, where = table.rpartition("\n")
    assert "What nbgrader said" in where
    assert term(course.folder, "summary", MINI).strip() == table
    assert "ben  mini.ipynb is damaged" in table
