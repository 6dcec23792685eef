"""A cohort of one's own: drawn again by the grader, by nobody else, and graded on."""

import base64
import csv
import io
import os
import random
import shutil
import subprocess
import zipfile
from pathlib import Path

import nbformat
import pandas as pd
import pytest
import runner
from miniature import MINI, Course, cell, demo
from nbgrader_apart import box, cells, tree
from nbgrader_apart.options import Level
from term import classlist, folders, oncohort, personal, personalcopies, release
from term.__main__ import main
from term.classlist import Student
from term.command import CommandError

CLASS = [Student("anna"), Student("bo"), Student("zoë.müller"), Student("李")]
TABLE, CURATED = "acute_phase.csv", "signalling.csv"
SETUP = f'import pandas as pd\n\nacute = pd.read_csv("{TABLE}")'
VISIBLE = 'assert abs(mean_crp(acute) - acute["crp_mg_l"].mean()) < 1e-9'
HIDDEN = """### BEGIN HIDDEN TESTS
half = acute.head(len(acute) // 2)
assert abs(mean_crp(half) - half["crp_mg_l"].mean()) < 1e-9
### END HIDDEN TESTS"""
SOLUTION = """def mean_crp(table):
    ### BEGIN SOLUTION
    return table["crp_mg_l"].mean()
    ### END SOLUTION"""
RIGHT = 'def mean_crp(table):\n    return table["crp_mg_l"].sum() / len(table)'


def notebook():
    made = nbformat.v4.new_notebook(
        cells=[
            cell("code", SETUP, "setup", locked=True),
            cell("code", SOLUTION, "mean_crp", solution=True),
            cell("code", VISIBLE, "mean_crp_visible", 1),
            cell("code", HIDDEN, "mean_crp_hidden", 2),
        ]
    )
    made.metadata.kernelspec = {"name": "python3", "display_name": "Python 3"}
    made.metadata.course = {"data": [TABLE, f"curated/{CURATED}"], "personal": True}
    return made


@pytest.fixture(scope="module")
def handed_out_personally(tmp_path_factory):
    """A course whose class was given an assignment, each with a cohort."""
    folder = tmp_path_factory.mktemp("personal") / "course"
    source = tmp_path_factory.mktemp("source")
    nbformat.write(notebook(), source / f"{MINI}.ipynb")
    demo.new_course(folder, {MINI: source})
    classlist.store(folder, CLASS)
    here = Path.cwd()
    os.chdir(folder)
    try:
        assert main(["release", "--personal", MINI, "--jobs", "2"]) == 0
    finally:
        os.chdir(here)
    demo.step(folder, "release_assignment", MINI)
    return folder


@pytest.fixture
def course(handed_out_personally, tmp_path, monkeypatch):
    folder = Path(shutil.copytree(handed_out_personally, tmp_path / "course"))
    settings = folder / "nbgrader_config.py"
    monkeypatch.chdir(folder)
    assert str(handed_out_personally) not in settings.read_text()
    return Course(folder)


def given(course, student):
    """Return what is in the ZIP file of a student, by name."""
    with zipfile.ZipFile(course.folder / f"personal/{MINI}/{student}.zip") as archive:
        return {
            one.removeprefix(f"{MINI}/"): archive.read(one)
            for one in archive.namelist()
        }


def mean(course, student):
    table = pd.read_csv(io.BytesIO(given(course, student)[TABLE]))
    return float(table["crp_mg_l"].mean())


def test_each_has_data_of_their_own_and_the_same_notebook(course):
    copies = {one.id: given(course, one.id) for one in CLASS}
    assert len({content[TABLE] for content in copies.values()}) == len(CLASS)
    shared = (folders.find_data(course.folder) / TABLE).read_bytes()
    assert shared not in [content[TABLE] for content in copies.values()]
    for content in copies.values():
        assert set(content) == {f"{MINI}.ipynb", TABLE, CURATED}
        assert content[f"{MINI}.ipynb"] == copies["anna"][f"{MINI}.ipynb"]
        assert content[CURATED] == copies["anna"][CURATED]
        assert b"HIDDEN" not in content[f"{MINI}.ipynb"]
        # The same columns and people as the course's: only who they are differs.
        assert content[TABLE].count(b"\n") == shared.count(b"\n")
        assert content[TABLE].splitlines()[0] == shared.splitlines()[0]


def test_the_secret_is_in_no_copy(course):
    key = (course.folder / personal.SECRET).read_text().strip()
    raw = bytes.fromhex(key)
    number = str(int(key, 16)).encode()
    forms = [raw, key.encode(), base64.b64encode(raw)[:40], number]
    for one in CLASS:
        seed = personal.seed(raw, MINI, one.id, 0)
        for name, content in given(course, one.id).items():
            for form in [*forms, str(seed).encode(), f"{seed:x}".encode()]:
                assert form not in content, name
    if os.name == "posix":
        assert (course.folder / personal.SECRET).stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("apart", ["on", "off"])
def test_grading_runs_on_the_students_own_data(course, monkeypatch, apart):
    monkeypatch.setenv("AUTOGRADER", apart)
    of_anna = f"def mean_crp(table):\n    return {mean(course, 'anna')!r}"
    answers = {
        "anna": of_anna,  # typed in: right for all of her own table, and for no half
        "bo": of_anna,  # handed on
        "zoë.müller": RIGHT,
        "late": RIGHT,  # is on no list, and works with the course's data
    }
    for student, answer in answers.items():
        course.hand_in(student, course.filled({"mean_crp": answer}))
    said = course.grade()
    assert {
        student: [scores["mean_crp_visible"], scores["mean_crp_hidden"]]
        for student, scores in course.scores().items()
    } == {"anna": [1, 0], "bo": [0, 0], "zoë.müller": [1, 2], "late": [1, 2]}, said
    # What lies beside a graded notebook is what the student had.
    graded = course.folder / "autograded/bo" / MINI / TABLE
    assert graded.read_bytes() == given(course, "bo")[TABLE]


def test_data_that_a_student_hands_in_are_not_used(course):
    content = nbformat.writes(
        course.filled({"mean_crp": "def mean_crp(table):\n    return 7.0"})
    ).encode()
    forged = pd.DataFrame({"crp_mg_l": [7.0] * 8}).to_csv(index=False).encode()
    when = demo.NOON
    files = {f"{MINI}.ipynb": content, TABLE: forged}
    demo.hand_in(course.folder, "bo", MINI, files, when)
    course.grade()
    assert sum(course.scores()["bo"].values()) == 0


def test_a_class_that_grows_keeps_what_it_has(course):
    before = {one.id: given(course, one.id) for one in CLASS}
    classlist.store(course.folder, [*CLASS, Student("new")])
    (course.folder / f"personal/{MINI}/bo.zip").unlink()
    assert main(["release", "--personal", MINI]) == 0
    for one in CLASS:
        assert given(course, one.id) == before[one.id]
    assert given(course, "new")[TABLE] not in [one[TABLE] for one in before.values()]
    with open(personal.register_path(course.folder, MINI), encoding="utf-8") as file:
        assert len(list(csv.DictReader(file))) == len(CLASS) + 1


def test_another_secret_gives_other_data():
    wanted = personal.tables(runner.COURSE, "metrics")
    sums = {
        personal.digest(personal.draw_files(wanted, personal.seed(key, name, who, n)))
        for key in (b"a" * 32, b"b" * 32)
        for name in ("metrics", "risk")
        for who, n in (("anna", 0), ("anna", 1), ("bo", 0))
    }
    assert len(sums) == 12
    # No way to write a student's id makes another one's message.
    seeds = [personal.seed(b"k" * 32, "a", who, n) for who, n in (("x1", 0), ("x", 10))]
    assert len(set(seeds)) == 2


# -- what cannot be drawn again


def damage(course, kind):
    secret, register = (
        course.folder / personal.SECRET,
        personal.register_path(course.folder, MINI),
    )
    match kind:
        case "lost":
            secret.unlink()
        case "another":
            secret.write_text("0" * 64)
        case "a word":
            secret.write_text("swordfish")
        case "a damaged register":
            register.write_text("student,draw,sha256\nanna,many,0\n")
        case "no text":
            register.write_bytes(b"\xff\xfe\x00")


@pytest.mark.parametrize(
    "kind", ["lost", "another", "a word", "a damaged register", "no text"]
)
def test_what_cannot_be_drawn_again_is_nobodys_zero(course, kind, capsys):
    course.hand_in("anna", course.filled({"mean_crp": RIGHT}))
    course.run("collect", MINI)
    damage(course, kind)
    said = course.run("autograde", MINI, status=1)
    assert "Nothing was graded" in said
    assert "Traceback" not in said
    assert "anna" not in course.scores()
    # Nor is anything handed out that would differ from what was.
    copy = course.folder / f"personal/{MINI}/anna.zip"
    before = copy.read_bytes()
    assert main(["release", "--personal", MINI]) == 1
    assert "Traceback" not in capsys.readouterr().err
    assert copy.read_bytes() == before


def test_one_whose_data_do_not_come_out_again_stops_nobody_else(course):
    path = personal.register_path(course.folder, MINI)
    given_ = personal.register(course.folder, MINI)
    given_["李"] = personal.Given(0, "0" * 64)
    personal.write_register(course.folder, MINI, given_)
    for student in ("anna", "李"):
        course.hand_in(student, course.filled({"mean_crp": RIGHT}))
    said = course.grade()
    assert sum(course.scores()["anna"].values()) == 3
    assert "李" not in course.scores() or not any(course.scores()["李"].values())
    assert "do not come out again" in said
    assert path.is_file()


# -- what would reveal it


@pytest.mark.parametrize("form", ["hex", "HEX", "base64", "number", "raw", "the file"])
def test_a_copy_that_could_reveal_the_secret_is_refused(course, form, capsys):
    key = personal.secret(course.folder)
    written = {
        "hex": key.hex().encode(),
        "HEX": key.hex().upper().encode(),
        "base64": base64.b64encode(b"ab" + key),
        "number": str(int.from_bytes(key, "big")).encode(),
        "raw": key,
        "the file": b"moved",
    }[form]
    name = personal.SECRET if form == "the file" else "notes.txt"
    (course.folder / "source" / MINI / name).write_bytes(b"x " + written + b" y")
    shutil.rmtree(course.folder / "personal")
    assert main(["release", "--personal", MINI]) == 1
    assert f"{name} in release/{MINI} holds the secret" in capsys.readouterr().err
    assert not list(course.folder.glob("personal/*/*.zip"))


@pytest.mark.skipif(os.name != "posix", reason="file modes are POSIX's")
def test_a_secret_that_others_can_read_is_refused(course, capsys):
    (course.folder / personal.SECRET).chmod(0o644)
    assert main(["release", "--personal", MINI]) == 1
    assert "chmod 600" in capsys.readouterr().err


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_secret_under_version_control_is_none(course, capsys):
    for words in (["init", "-q"], ["add", "-f", personal.SECRET]):
        subprocess.run(["git", *words], cwd=course.folder, check=True)
    assert main(["release", "--personal", MINI]) == 1
    assert "under version control" in capsys.readouterr().err


def test_the_secret_of_the_course_is_ignored_by_git():
    root = Path(runner.COURSE).parent
    ignored = (root / ".gitignore").read_text().splitlines()
    assert f"exercises/{personal.SECRET}" in ignored
    assert f"exercises/{personal.FOLDER}/" in ignored


#: A hand-in that looks for the secret: in files, on the way up from where it runs and
#: where the course lies, and in what it was started by.
LOOKS = """import os, re

read = []

def look(path):
    try:
        with open(path, "rb") as file:
            read.append(file.read(1 << 20))
    except OSError:
        pass

def look_into(process):
    try:
        heap = next(line for line in open(f"/proc/{process}/maps") if "[heap]" in line)
        first, last = (int(end, 16) for end in heap.split()[0].split("-"))
        with open(f"/proc/{process}/mem", "rb") as memory:
            memory.seek(first)
            read.append(memory.read(min(last - first, 1 << 27)))
    except (OSError, StopIteration):
        pass

def parent(process):
    for line in open(f"/proc/{process}/status"):
        if line.startswith("PPid:"):
            return int(line.split()[1])

folders, here = [COURSE, f"/proc/self/root{COURSE}"], os.getcwd()
while here != "/":
    folders.append(here)
    here = os.path.dirname(here)
process = os.getpid()
for _ in range(2):  # the fork server and the grader, no others
    process = parent(process)
    if not process:
        break
    folders += [f"/proc/{process}/cwd", f"/proc/{process}/root{COURSE}"]
    look(f"/proc/{process}/environ")
    look_into(process)
for folder in folders:
    for name in ("course.secret", "personal/mini/register.csv", "link"):
        look(os.path.join(folder, name))
found = {one.decode() for text in read for one in re.findall(b"[0-9a-f]{64}", text)}
print("FOUND", *found)

def mean_crp(table):
    return table["crp_mg_l"].mean()"""
BEST = box.best_level()
BOXES = [Level.BWRAP, Level.LANDLOCK]


@pytest.mark.autograder
@pytest.mark.parametrize("level", [*BOXES, Level.NONE])
def test_no_hand_in_can_read_the_secret(course, level):
    if level is Level.BWRAP and BEST is not level:
        pytest.skip("bubblewrap does not work here")
    if level is Level.LANDLOCK and not box.landlock_abi():
        pytest.skip("there is no Landlock here")
    with open(course.folder / "nbgrader_config.py", "a") as settings:
        settings.write(f"\nc.RunAhead.level = {str(level)!r}\n")
    spy = LOOKS.replace("COURSE", repr(str(course.folder)), 1)
    spy = spy.replace("{COURSE}", str(course.folder))
    for student in ("anna", "bo"):
        course.hand_in(student, course.filled({"mean_crp": spy}))
    course.run("collect", MINI)
    link = course.folder / f"submitted/bo/{MINI}/link"
    link.symlink_to("../../../course.secret")
    course.run("autograde", MINI)
    course.run("generate_feedback", MINI)
    key = (course.folder / personal.SECRET).read_text().strip()
    made = [
        *course.folder.glob("autograded/**/*"),
        *course.folder.glob("feedback/**/*"),
    ]
    made += [*course.folder.glob(f"*{MINI}*.csv"), *course.folder.glob(".grading-*")]
    texts = {one: one.read_text("utf-8", "replace") for one in made if one.is_file()}
    assert "FOUND" in texts[course.folder / f"autograded/anna/{MINI}/{MINI}.ipynb"]
    held = {one.name for one, text in texts.items() if key in text}
    # Without a box the same lines find it: they would find it here.
    assert bool(held) is (level is Level.NONE), held
    assert all(sum(scores.values()) == 3 for scores in course.scores().values())


def test_the_secret_cannot_be_guessed(tmp_path):
    drawn = []
    for name in ("one", "other"):
        (tmp_path / name).mkdir()
        random.seed(0)
        drawn.append(personal.make_secret(tmp_path / name))
    assert drawn[0] != drawn[1]
    assert list(map(len, drawn)) == [32, 32]


# -- which assignments


def test_only_what_is_declared_can_be_personal(course, capsys, monkeypatch):
    monkeypatch.chdir(runner.COURSE)
    assert main(["release", "--personal", "context"]) == 1
    said = capsys.readouterr().err
    assert "metrics" in said.partition("These are:")[2]
    assert main(["release", "--personal"]) == 1
    assert "name the assignments" in capsys.readouterr().err


DECLARED = [
    one for one in runner.ASSIGNMENTS if personal.is_declared(runner.COURSE, one)
]


def test_some_assignments_are_declared():
    assert set(DECLARED) >= {"metrics", "mechanism"}
    assert oncohort.tests(runner.source("metrics")) == {"draw_crp_visible"}


CELLS = [
    "import pandas as pd\ntrial = pd.read_csv('trial.csv')",
    "dose_unit = 'mg'",
    "def mean(values):\n    return sum(values) / len(values)",
    "def spread(values):\n    return max(values) - min(values)",
    "for arm in (1, 2):\n    print(arm, dose_unit, spread([arm]))",
    "limits = {}",
    "limits['high'] = mean([1, 2])",
    "low = trial['crp'] < limits['high']",
    "for arm in [low]:\n    print(mean(arm))",
]


def test_what_hangs_on_a_cohort_is_found_with_what_it_needs():
    kept = oncohort.hanging(CELLS, {"trial.csv"})
    assert [CELLS.index(one) for one in kept] == [0, 2, 5, 6, 7, 8]
    assert oncohort.hanging(CELLS, {"other.csv"}) == []


@pytest.mark.parametrize("name", DECLARED)
def test_what_is_proved_once_needs_no_cohort(name, tmp_path, monkeypatch):
    """Without the files of the cohorts only cells fail that are proved for each."""
    source = runner.source(name)
    for path in release.data_files(name, runner.COURSE):
        if path.parent.name != "synthetic":
            shutil.copy(path, tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    kept = set(personalcopies.proof_of(source))
    names, failed, left_out = {"__name__": "__main__", "display": print}, 0, 0
    for one in filter(cells.is_code, source.cells):
        code = personalcopies.plain(one.source)
        if personalcopies.HIDDEN in code:
            continue
        left_out += code not in kept
        try:
            exec(code, names)
        except Exception:
            assert code in kept
            failed += 1
    assert failed and left_out
    personalcopies._close_figures()


@pytest.mark.parametrize("name", DECLARED)
def test_solutions_hold_with_anybodys_data(name, data_of, monkeypatch):
    """Set-up cells, looks, solutions and all tests, the hidden ones too."""
    source, wanted = runner.source(name), personal.tables(runner.COURSE, name)
    assert wanted
    for who in ("anna", "bo"):
        folder = data_of(name, who, wanted)
        with runner.drawn_from(f"{name}-{who}"):
            graded = runner.run(source, folder)
        assert graded.errors == {}
        assert graded.points == runner.full_points(source)


@pytest.fixture
def data_of(tmp_path):
    def made(name, who, wanted):
        folder = tmp_path / who
        folder.mkdir()
        for path in release.data_files(name, runner.COURSE):
            shutil.copy(path, folder)
        seed = personal.seed(b"s" * 32, name, who, 0)
        tree.write(folder, personal.draw_files(wanted, seed))
        return folder

    return made


def test_data_with_which_no_answer_is_right_are_drawn_again(course, monkeypatch):
    """The first number is no good for this student: the next one counts."""
    key = personal.secret(course.folder)
    assignment = personalcopies.prepare(course.folder, MINI)
    wanted = personal.tables(course.folder, MINI)
    monkeypatch.setattr(personalcopies, "_given", (assignment, key, wanted), False)
    bad = personal.draw_files(wanted, personal.seed(key, MINI, "x", 0))
    mean_of_bad = float(pd.read_csv(io.BytesIO(bad[TABLE]))["crp_mg_l"].mean())
    proof = (*assignment.proof, f"assert acute['crp_mg_l'].mean() != {mean_of_bad!r}")
    picky = personalcopies.Assignment(MINI, assignment.given, proof, course.folder)
    monkeypatch.setattr(personalcopies, "_given", (picky, key, wanted))
    found, own = personalcopies._found("x", None)
    assert found.draw == 1
    assert own != bad
    never = personalcopies.Assignment(MINI, {}, ("1 / 0",), course.folder)
    monkeypatch.setattr(personalcopies, "_given", (never, key, wanted))
    assert "ZeroDivisionError" in personalcopies._found("x", None)


def test_a_class_of_nobody(course, capsys):
    (course.folder / classlist.FILE).unlink()
    assert main(["release", "--personal", MINI]) == 1
    assert "python -m term class" in capsys.readouterr().err


def test_an_id_that_is_no_file_name(course):
    odd = Student("../../etc/x")
    with pytest.raises(CommandError, match="cannot be the name of a file"):
        personalcopies.make(course.folder, MINI, [odd], 1)


def test_a_changed_test_is_regraded_on_the_same_data(course):
    own = f"def mean_crp(table):\n    return {mean(course, 'bo')!r}"
    course.hand_in("bo", course.filled({"mean_crp": own}))
    course.grade()
    assert sum(course.scores()["bo"].values()) == 1
    path = course.folder / "source" / MINI / f"{MINI}.ipynb"
    source = nbformat.read(path, 4)
    source.cells[-1].source = HIDDEN.replace(
        "half = acute.head(len(acute) // 2)", "half = acute"
    )
    nbformat.write(source, path)
    assert main(["regrade", MINI]) == 0
    assert main(["regrade", MINI, "--apply"]) == 0
    assert sum(course.scores()["bo"].values()) == 3
