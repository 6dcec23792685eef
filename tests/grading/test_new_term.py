"""A new term: proved in a copy, put in place as a whole or not at all."""

import json
import os
import shutil
import sys
import time
import zipfile
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook
from term import new
from term.__main__ import main
from term.command import CommandError
from test_guide import in_guide

ROOT = Path(__file__).resolve().parents[2]
#: The quickest chapter, and the quickest assignment.
CHAPTER, ASSIGNMENT = "book/metrics/01-acute-phase-reactants.ipynb", "metrics"


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """The course's tree with one chapter and one assignment."""
    root = tmp_path_factory.mktemp("course") / "tree"
    for name in new.Tree(ROOT).files():
        part = Path(name)
        if part.suffix == ".ipynb" and name.startswith("book/") and name != CHAPTER:
            continue
        if name.startswith("exercises/source/") and part.parts[2] != ASSIGNMENT:
            continue
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, root / name)
    return root


@pytest.fixture
def tree(small, tmp_path, monkeypatch):
    root = Path(shutil.copytree(small, tmp_path / "tree"))
    monkeypatch.chdir(root)
    # What the whole bank takes is too long here; the weekly workflow does it.
    quick = "tests/exercises/test_answers.py::test_solution_scores_in_full"
    monkeypatch.setattr(new, "PROOFS", {"proof: solutions": (quick,)})
    monkeypatch.delenv("GRADEBOOK_URL", raising=False)
    # nbgrader starts alembic by name.
    here = str(Path(sys.executable).parent)
    monkeypatch.setenv("PATH", os.pathsep.join([here, os.environ["PATH"]]))
    return new.Tree(root)


def contents(tree):
    return {name: (tree.root / name).read_bytes() for name in tree.files()}


def changed_since(before, tree):
    """Return the names of the files that differ: a diff of chapters takes minutes."""
    after = contents(tree)
    names = sorted(set(before) | set(after))
    return [name for name in names if before.get(name) != after.get(name)]


def outputs(tree):
    return [one.get("outputs") for one in nbformat.read(tree.root / CHAPTER, 4).cells]


def test_a_term_with_another_seed_is_made_proved_and_released(tree, capsys):
    before, shown = contents(tree), outputs(tree)
    assert main(["new", "--seed", "2031"]) == 0
    said = capsys.readouterr().out
    assert tree.seed() == 2031
    assert "4/4 proof: solutions" in said
    after = contents(tree)
    changed = {name for name in after if after[name] != before[name]}
    assert all(name == CHAPTER or name.startswith(new.DATA) for name in changed)
    assert CHAPTER in changed
    assert outputs(tree) != shown
    released = tree.root / "exercises/release" / ASSIGNMENT
    data = released / "acute_phase.csv"
    assert data.read_bytes() == after[f"{new.DATA}/acute_phase.csv"]
    with Gradebook(f"sqlite:///{tree.root}/exercises/gradebook.db") as gradebook:
        assert [one.name for one in gradebook.assignments] == [ASSIGNMENT]
    # Once more: nothing is to do. And back again: all as it was, byte for byte.
    assert main(["new", "--seed", "2031"]) == 0
    assert "0 files are put in place" in capsys.readouterr().out
    seed = json.loads(before[new.MANIFEST])["seed"]
    assert main(["new", "--seed", str(seed)]) == 0
    assert changed_since(before, tree) == []


def test_the_next_term_begins_as_the_guide_says(tree, tmp_path, monkeypatch, capsys):
    """The old one is kept, its people are gone, and each has data of their own."""
    monkeypatch.chdir(tree.root / "exercises")

    def typed(line, status=0):
        assert main(in_guide(line).split()[3:]) == status
        said = capsys.readouterr()
        return said.out + said.err

    Path("list.csv").write_text("id,first_name\nanna,Anna\nbo,Bo\n")
    typed("python -m term class list.csv")
    typed("python -m term release metrics")
    old = Path("release/metrics/acute_phase.csv").read_bytes()
    handed_in = Path("submitted/anna/metrics/metrics.ipynb")
    handed_in.parent.mkdir(parents=True)
    shutil.copy("release/metrics/metrics.ipynb", handed_in)
    assert "term archive" in typed("python -m term new --seed 2027", status=1)
    typed("python -m term archive ../term-2027.zip")
    Path("list.csv").unlink()  # of one's own making, as is said
    typed("python -m term archive ../term-2027.zip --delete")
    assert "is made" in typed("python -m term new --seed 2027")
    assert tree.seed() == 2027
    assert Path("release/metrics/acute_phase.csv").read_bytes() != old

    Path("list.csv").write_text("id,first_name\ncem,Cem\ndo,Do\n")
    typed("python -m term class list.csv")
    typed("python -m term release --personal metrics")
    own = {}
    for path in Path("personal/metrics").glob("*.zip"):
        with zipfile.ZipFile(path) as archive:
            own[path.stem] = archive.read("metrics/acute_phase.csv")
    assert set(own) == {"cem", "do"} and len({old, *own.values()}) == 3


def test_elsewhere_nothing_here_changes(tree, tmp_path, capsys):
    before = contents(tree)
    there = tmp_path / "next term"
    assert main(["new", "--seed", "2031", "--to", str(there)]) == 0
    assert changed_since(before, tree) == []
    made = new.Tree(there)
    assert made.seed() == 2031
    assert (there / "exercises/release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").is_file()


def test_the_copy_has_all_that_the_proofs_import(tmp_path):
    """Of the whole course, not of a part of it."""
    made = new.Term(new.Tree(ROOT), tmp_path / "copy", 5, 1, say=lambda line: None)
    made._take()
    proofs = [test for tests in new.PROOFS.values() for test in tests]
    assert "tests/book" in proofs
    look = new.Step("look", (), (*new.PYTEST, "--collect-only", *proofs))
    made._run_one(look)  # else it raises
    assert "test_lite.py" in made._log(look).read_text()


def test_how_far_a_long_proof_is_is_said(term, monkeypatch):
    """On a terminal nothing is silent for more than a minute."""
    monkeypatch.setattr(new, "SILENCE", 0.2)
    said, run = [], term._run_one

    def slow(step):
        run(step)
        if step.name == "proof: solutions":
            term._log(step).parent.mkdir(parents=True, exist_ok=True)
            term._log(step).write_text("....  [ 7%]\n......  [ 14%]\n...")
            time.sleep(1)

    term.say, term._run_one = said.append, slow
    term.make()
    assert "        proof: solutions: 14 %" in said
    assert said[-1].startswith("  4/4 proof: solutions")


# What follows needs no kernel: a chapter that fails is one that cannot be run.


@pytest.fixture
def term(tree, tmp_path):
    """A term whose steps take no time: each writes down that it was done."""
    made = new.Term(tree, tmp_path / "copy", 5, 2, say=lambda line: None)
    done = []

    def run(step):
        done.append(step.name)
        if step.name == "cohorts":
            manifest = made.folder / new.MANIFEST
            manifest.write_text(json.dumps({"seed": 5, "sha256": {}}))
        elif step.name == CHAPTER:
            path = made.folder / CHAPTER
            path.write_bytes(path.read_bytes().replace(b'"nbformat"', b' "nbformat"'))

    made.done, made._run_one = done, run
    return made


def test_what_is_done_is_not_done_again(term, tree):
    term.make()
    assert term.done == ["cohorts", CHAPTER, "students' copies", "proof: solutions"]
    del term.done[:]
    term.make()
    assert term.done == []
    # Another text of the page: it is run again, and proved, but nothing else.
    path = tree.root / CHAPTER
    notebook = nbformat.read(path, 4)
    notebook.cells[0].source += "\n"
    nbformat.write(notebook, path)
    term.make()
    assert term.done == [CHAPTER, "proof: solutions"]
    del term.done[:]
    # Other data: everything.
    (tree.root / new.DATA / "acute_phase.csv").write_text("by hand")
    term.make()
    assert len(term.done) == 4


def test_a_sentence_that_is_false_stops_it_and_is_named(term, tree):
    before, run = contents(tree), term._run_one

    def fails(step):
        run(step)
        if step.name == CHAPTER:
            raise new.StepFailed("AssertionError: only one patient is much better")

    term._run_one = fails
    with pytest.raises(CommandError, match="only one patient is much better") as said:
        term.make()
    assert CHAPTER in str(said.value)
    assert changed_since(before, tree) == []
    term._run_one = run
    del term.done[:]
    term.make()
    assert term.done[0] == CHAPTER  # the cohorts are not drawn again


@pytest.mark.parametrize("after", [0, 1])
def test_what_cannot_be_written_leaves_the_course_as_it_was(
    term, tree, monkeypatch, after
):
    term.make()
    before, written, replace = contents(tree), [], new.replace

    def full(path, content):
        if path.is_relative_to(tree.root) and not written.count(None):
            if len(written) == after:
                written.append(None)
                raise OSError(28, "No space left on device", str(path))
            written.append(path)
        replace(path, content)

    monkeypatch.setattr(new, "replace", full)
    with pytest.raises(CommandError, match="the course is as it was"):
        term.put_in_place()
    assert changed_since(before, tree) == []
    monkeypatch.undo()
    assert term.put_in_place() == 2
    assert tree.seed() == 5


def test_killed_while_it_puts_in_place_it_goes_on(term, tree):
    term.make()
    shutil.copyfile(term.folder / CHAPTER, tree.root / CHAPTER)  # and then: killed
    again = new.Term(tree, term.folder, 5, 2, say=lambda line: None)
    del term.done[:]
    again._run_one = term._run_one
    again.make()
    assert term.done == []
    assert again.put_in_place() == 1
    assert tree.seed() == 5


def test_what_was_changed_meanwhile_is_not_overwritten(term, tree):
    term.make()
    path = tree.root / CHAPTER
    path.write_text(path.read_text() + " ")
    with pytest.raises(CommandError, match="was changed meanwhile"):
        term.put_in_place()
    assert path.read_text().endswith(" ")
    assert tree.seed() != 5


@pytest.mark.parametrize("kind", ["a file", "the gradebook"])
def test_hand_ins_keep_their_data(tree, capsys, kind):
    course = tree.root / "exercises"
    if kind == "a file":
        (course / "submitted/anna" / ASSIGNMENT).mkdir(parents=True)
    else:
        with Gradebook(f"sqlite:///{course}/gradebook.db") as gradebook:
            gradebook.add_assignment(ASSIGNMENT)
            gradebook.add_student("anna")
            gradebook.add_submission(ASSIGNMENT, "anna")
    before = contents(tree)
    assert main(["new", "--seed", "2031"]) == 1
    said = capsys.readouterr().err
    assert "term archive" in said
    assert "--to" in said
    assert changed_since(before, tree) == []
    assert not (tree.root / "_build").exists()


def test_a_folder_with_something_else_is_left_alone(tree, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full/thesis.txt").write_text("mine")
    for where, why in [
        (tmp_path / "full", "holds something else"),
        (tree.root / "book/next", "lies in book"),
        (tree.root, "leave out --to"),
    ]:
        assert main(["new", "--seed", "5", "--to", str(where)]) == 1
        assert why in capsys.readouterr().err
    assert [one.name for one in (tmp_path / "full").iterdir()] == ["thesis.txt"]
    assert not (tree.root / "book/next").exists()


def test_a_course_without_a_book_makes_no_term(tmp_path, monkeypatch, capsys):
    course = tmp_path / "demo"
    course.mkdir()
    shutil.copy(ROOT / "exercises/nbgrader_config.py", course)
    monkeypatch.chdir(course)
    assert main(["new", "--seed", "5"]) == 1
    assert "no folder book" in capsys.readouterr().err


def test_two_at_a_time_are_refused(term, tree, tmp_path, capsys):
    """Neither in the same copy, nor two that would be put in place."""
    with new.alone(term.folder), pytest.raises(CommandError, match="is being made in"):
        term.make()
    assert term.done == []
    with new.alone(tree.root / "_build"):
        assert main(["new", "--seed", "2031"]) == 1
    assert "is being made in" in capsys.readouterr().err
    term.make()  # nobody holds it now
    assert len(term.done) == 4


@pytest.mark.parametrize(
    "said, blamed",
    [
        ("E\nModuleNotFoundError: No module named 'pandera'\n", False),
        ("/usr/bin/python: No module named cohorts\n", False),
        ("ERROR tests/x.py - ModuleNotFoundError: No module named 'x'\n", False),
        ("OSError: [Errno 28] No space left on device: 'a.csv'\n", False),
        ("AssertionError: the sum is no longer larger\n", True),
        ("FAILED tests/x.py::test_sum - assert 1 > 2\n", True),
    ],
)
def test_a_seed_is_blamed_only_for_what_its_patients_do(term, said, blamed):
    def fails(step):
        raise new.StepFailed(new.telling(said))

    term._run_one = fails
    with pytest.raises(CommandError) as caught:
        term.make()
    assert ("The seed 5 does not do" in str(caught.value)) == blamed
    assert ("not to blame" in str(caught.value)) != blamed
    # The same command takes the same seed: that one is not to be taken again.
    again = str(caught.value).split("the same command again")[0].split("\n")[-1]
    assert again == (
        "Take another seed. Or change the sentence together with its assertion, "
        "and run "
        if blamed
        else "Mend that (`make env` installs what is missing), and run "
    )
    assert said.splitlines()[-1][:60] in str(caught.value)


@pytest.mark.parametrize("seed", ["-1", "2027.5", "x", "", "²"])
def test_a_seed_that_is_none(seed):
    with pytest.raises(SystemExit):
        main(["new", f"--seed={seed}"])


def test_what_was_said_is_told_in_a_line():
    said = "Traceback\n\x1b[31mAssertionError\x1b[39m: the sum is no longer larger\n"
    assert new.telling(said) == "AssertionError: the sum is no longer larger"
    said = "".join(f"FAILED tests/x.py::test_{n} - assert 0\n" for n in range(7))
    assert new.telling(said).endswith("and 2 more")
    assert new.telling("") == "it said nothing"
