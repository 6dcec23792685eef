"""The guide for instructors, done step by step with a synthetic class of thirty."""

import argparse
import csv
import io
import re
import shlex
import shutil
import subprocess
import zipfile
from pathlib import Path

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, Course, source_notebook
from nbgrader.api import Gradebook
from term import mark
from term.__main__ import COMMANDS, command_line, main, name_of
from test_mark import RUBRIC

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    "index.md",
    "cases.md",
    "what-the-marks-say.md",
    "marking-the-capstone.md",
    "grading-at-scale.md",
    "jupyterhub.md",
]
GUIDE = "\n".join((ROOT / "book/teach" / page).read_text("utf-8") for page in PAGES)
BLOCKS = re.findall(r"^```\n(.*?)^```$", GUIDE, re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]
INLINE = re.findall(r"`([^`\n]+)`", GUIDE)

NAMES = [
    ("Anna", "Schmidt"),
    ("Anna", "Schmidt"),
    ("Zoë", "Müller-Öz"),
    ("Seán", "O'Neil"),
    ("Li", "王"),
    *((f"First{n}", f"Last{n}") for n in range(5, 30)),
]
IDS = ["anna", "anna2", "zoe", "sean", "li", *(f"u{n}" for n in range(5, 30))]
PARTLY_RIGHT = {**PARTLY, "judge": "It fell, so it works."}
#: By id: what is handed in. Who is not here hands in nothing, or something damaged.
ANSWERS = {one: RIGHT for one in IDS[:20]} | {one: PARTLY_RIGHT for one in IDS[20:27]}
DAMAGED, ABSENT, LATE = IDS[27], IDS[28:], IDS[2]
POINTS_BY_HAND = 4
#: The cohort of the small assignment: each student has one of their own.
TABLE = "acute_phase.csv"
WHO = ["--who", "Anna Schmidt_4711=anna", "--who", "Anna Schmidt_4712=anna2"]


def in_guide(line):
    """Refuse a line that no page has."""
    assert line in LINES or line in INLINE, f"the guide does not say: {line}"
    return line


def class_list():
    """Return the list as Excel writes it."""
    lines = ["\ufeffID;Vorname;Nachname;E-Mail;Gruppe;extra_days;platform_id"]
    for n, (one, (first, last)) in enumerate(zip(IDS, NAMES, strict=True)):
        section = "A" if n % 2 else "B"
        lines.append(f"{one};{first};{last};{one}@uni.example;{section};;{100 + n}")
    return "\r\n".join(lines).encode()


def download(course):
    """Return a download of Moodle: one folder for each, the damaged one among them."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for n, (one, (first, last)) in enumerate(zip(IDS, NAMES, strict=True)):
            if one in ABSENT:
                continue
            name = f"{first} {last}_{4711 + n}_assignsubmission_file/{MINI}.ipynb"
            day = 16 if one == LATE else 14
            about = zipfile.ZipInfo(name, (2027, 3, day, 12, 0, 0))
            content = "oops"
            if one != DAMAGED:
                content = nbformat.writes(course.filled(ANSWERS[one]))
            archive.writestr(about, content)
    return packed.getvalue()


def gradebook_of_canvas():
    lines = [f"Student,ID,SIS Login ID,{MINI} (77)", "    Points Possible,,,9"]
    for n, (one, (first, last)) in enumerate(zip(IDS, NAMES, strict=True)):
        lines.append(f'"{last}, {first}",{100 + n},{one},')
    return "\r\n".join(lines).encode("utf-8-sig")


def table(path):
    with open(path, encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(params=["a file", "a server"])
def course(handed_out, tmp_path, monkeypatch, request):
    """A course with the assignment, whose text has a rubric, and nothing in it yet."""
    monkeypatch.setenv("TZ", "UTC")
    folder = Path(shutil.copytree(handed_out, tmp_path / "term/course"))
    (folder / "gradebook.db").unlink()
    shutil.rmtree(folder / "exchange")
    (folder / "exchange").mkdir()
    settings = folder / "nbgrader_config.py"
    lines = settings.read_text().splitlines()
    if request.param == "a server":
        monkeypatch.setenv("GRADEBOOK_URL", request.getfixturevalue("postgres"))
        lines = [line for line in lines if "db_url" not in line]
    lines.append("c.LatePolicy.rule = '1 point a day'")
    settings.write_text("\n".join(lines))
    source = source_notebook()
    source.cells[-1].source = RUBRIC
    source.cells[1].source += f"\nopen('{TABLE}').close()"
    source.metadata.course = {"data": [TABLE], "personal": True}
    nbformat.write(source, folder / "source" / MINI / f"{MINI}.ipynb")
    monkeypatch.chdir(folder)
    made = Course(folder)
    made.url = request.param == "a server" and request.getfixturevalue("postgres")
    return made


class Walk:
    """Types the lines of the guide, with the small assignment in place of its own."""

    def __init__(self, course, capsys):
        self.course, self.capsys = course, capsys

    def __call__(self, line, status=0):
        words = [MINI if word == "metrics" else word for word in shlex.split(line)]
        in_guide(line)
        words = [word.replace("metrics-", f"{MINI}-") for word in words]
        if words[0] == "nbgrader":
            return self.course.run(*words[1:], status=status)
        assert words[:3] == ["python", "-m", "term"]
        got = main(words[3:])
        said = self.capsys.readouterr()
        assert got == status, said.out + said.err
        return said.out + said.err


def begin(walk):
    """The class list, a release, and when it is due."""
    Path("list.csv").write_bytes(class_list())
    assert "30 students" in walk("python -m term class list.csv --dry-run")
    assert not Path("class.csv").exists()
    walk("python -m term class list.csv")
    walk("python -m term release metrics")
    walk("nbgrader release_assignment metrics")
    walk("python -m term release --personal metrics")
    copies = list(Path(f"personal/{MINI}").glob("*.zip"))
    assert {path.stem for path in copies} == set(IDS)
    assert len({path.read_bytes() for path in copies}) == len(IDS)
    walk("python -m term due metrics 2027-03-15")
    assert f"{MINI}: due 2027-03-15 23:59" in walk("python -m term due")


def grade(walk):
    """Collect from a class in which two have one name; grade, and look."""
    Path("submissions.zip").write_bytes(download(walk.course))
    said = walk("python -m term collect metrics submissions.zip", status=1)
    assert said.count("whose?") >= 2 and "Anna Schmidt" in said
    assert main(["collect", MINI, "submissions.zip", *WHO]) == 0
    walk.capsys.readouterr()
    assert "28 handed in, of 30" in walk("nbgrader autograde metrics")
    said = walk("python -m term summary metrics --all")
    assert "1 could not be graded" in said and ABSENT[0] in said
    rows = {row["id"]: row for row in table(f"{MINI}-closing.csv")}
    assert set(rows) == set(IDS)
    assert rows[LATE]["late"] == "12 h" and rows[LATE]["penalty"] == "1.0"
    assert rows[ABSENT[0]]["mark"] == rows[DAMAGED]["mark"] == ""


def mark_texts(walk, monkeypatch):
    """Mark the texts of one section, then all others."""
    typed = ["1 2", str(POINTS_BY_HAND), "Good."] * 30
    monkeypatch.setattr(
        mark.Session.__init__,
        "__defaults__",
        (False, lambda prompt: typed.pop(0)),
    )
    said = walk("python -m term mark metrics --marker eve --section A")
    assert "13 marked; 0 left" in said and "Anna" not in said
    assert "14 marked" in walk("python -m term mark metrics --marker eve")


def leave(walk):
    """Feedback and marks leave; return the marks that are right."""
    Path("gradebook.csv").write_bytes(gradebook_of_canvas())
    line = "python -m term feedback metrics --to moodle --download submissions.zip"
    assert "anna2: has a page" in walk(line, status=1)
    Path(f"{MINI}-feedback.zip").unlink()
    words = in_guide(line).replace("metrics", MINI).split()[3:]
    assert main([*words, *WHO]) == 0
    walk.capsys.readouterr()
    with zipfile.ZipFile(f"{MINI}-feedback.zip") as archive:
        assert len(archive.namelist()) == 28
    walk("python -m term export metrics")
    walk("python -m term export metrics --to moodle")
    walk("python -m term export metrics --to canvas --template gradebook.csv")
    full, partly = 5 + POINTS_BY_HAND, 2 + POINTS_BY_HAND
    due = {one: full if ANSWERS[one] is RIGHT else partly for one in ANSWERS}
    due[LATE] -= 1
    assert canvas() == {one: str(points) for one, points in due.items()}
    return due


def correct(walk, due):
    """A test was wrong: what a part of the class wrote is right."""
    folder = walk.course.folder
    path = folder / f"source/{MINI}/{MINI}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        cell.source = cell.source.replace("left_after(38, 19) == 0.25", "True")
    nbformat.write(notebook, path)
    said = walk("python -m term regrade metrics")
    assert "7 of 27 marks change, 27 by hand stay" in said
    walk("python -m term regrade metrics --apply")
    walk("nbgrader autograde metrics --student anna --force")
    walk("python -m term feedback metrics --out metrics-feedback-2.zip")
    walk("python -m term export metrics --out metrics-2.csv")
    for one in ANSWERS:
        if ANSWERS[one] is not RIGHT:
            due[one] += 2
    scores = {row["id"]: row["score"] for row in table(f"{MINI}-2.csv")}
    assert {one: score for one, score in scores.items() if score} == {
        one: str(points) for one, points in due.items()
    }


def finish(walk):
    """More time for one, the final marks, and what the marks say."""
    folder = walk.course.folder
    walk("python -m term due metrics --student anna --days 2")
    weights = next(block for block in BLOCKS if block.startswith("assignment,weight"))
    Path("weights.csv").write_text(
        "".join(
            line.replace("metrics", MINI)
            for line in weights.splitlines(keepends=True)
            if not line.startswith(("evidence", "capstone"))
        )
    )
    walk("python -m term final")
    final = {row["id"]: row["final_percent"] for row in table("final-marks.csv")}
    assert final[IDS[0]] == "100" and final[DAMAGED] == ""
    assert float(final[LATE]) == pytest.approx(100 * 8 / 9, abs=0.01)
    assert main(["items", MINI, "--quick"]) == 0
    walk("python -m term alike metrics")
    assert (folder / "items" / MINI / "index.html").is_file()


def archive(walk):
    """Keep the term, and leave no trace of anybody."""
    folder = walk.course.folder
    walk.capsys.readouterr()
    walk("python -m term archive ../term-2027.zip")
    assert main(["archive", "../term-2027.zip"]) == 1  # it is there
    Path("late-words.csv").write_text("Zoë")
    assert main(["archive", "../term-2027.zip", "--delete"]) == 1
    said = walk.capsys.readouterr().err
    assert "late-words.csv is not in" in said and "nothing was deleted" in said
    assert (folder / "submitted").is_dir()
    Path("late-words.csv").unlink()
    walk("python -m term archive ../term-2027.zip --delete")
    traces = re.compile("Schmidt|Müller|O'Neil|王|Last7|@uni.example")
    for path in folder.rglob("*"):
        assert not traces.search(str(path))
        if path.is_file():
            assert not traces.search(path.read_bytes().decode("utf-8", "ignore")), path
    assert (folder / f"source/{MINI}/{MINI}.ipynb").is_file()
    if walk.course.url:
        with Gradebook(walk.course.url) as gradebook:
            assert gradebook.students == []
    with zipfile.ZipFile("../term-2027.zip") as archive:
        archive.extractall("../kept")
    with Gradebook(f"sqlite:///{folder.parent / 'kept/gradebook.db'}") as gradebook:
        kept = {
            one.student.id: one.score for one in gradebook.assignment_submissions(MINI)
        }
    assert kept["anna"] == 9 and kept[IDS[25]] == 8


def test_a_term_from_roster_to_archive(course, monkeypatch, capsys):
    walk = Walk(course, capsys)
    begin(walk)
    grade(walk)
    mark_texts(walk, monkeypatch)
    due = leave(walk)
    correct(walk, due)
    finish(walk)
    archive(walk)


def canvas():
    rows = table(f"{MINI}-canvas.csv")
    return {
        row["SIS Login ID"]: row[f"{MINI} (77)"]
        for row in rows
        if row["SIS Login ID"] and row[f"{MINI} (77)"]
    }


# -- what the pages say


def commands():
    """Return the commands of `term` that the guide names, as they are typed."""
    found = {line for line in [*LINES, *INLINE] if line.startswith("python -m term ")}
    return sorted(found - {"python -m term COMMAND"})


def test_the_guide_has_every_command():
    named = {line.split()[3] for line in commands()}
    assert {name_of(command) for command in COMMANDS} <= named


#: What a term leaves in the folder, by the guide's own names.
LEFT = [
    *("list.csv", "class.csv", "gradebook.csv", "worksheet.csv", "weights.csv"),
    *("final-marks.csv", "metrics-2.csv", "metrics-feedback.zip", "submissions.zip"),
    *("reports/answers.csv", "records/anna.json", "items/metrics/marks.csv"),
    *("alike/metrics.html", "marking/metrics.csv", "older/metrics/x.ipynb"),
    *("regrade/metrics/changes.csv", ".grading-metrics.log", "gradebook.db"),
    *("course.secret", "personal/metrics/anna.zip", "submitted/anna/metrics/x"),
    *("../term-2027.zip", "autograded/anna/metrics/x", "feedback/anna/metrics/x"),
]


@pytest.mark.skipif(
    not (ROOT / ".git").exists() or shutil.which("git") is None,
    reason="only a repository ignores files",
)
def test_no_name_and_no_mark_gets_into_the_repository():
    """A public course is pushed by people who type `git add .`."""
    asked = subprocess.run(
        ["git", "check-ignore", "--no-index", *LEFT],
        cwd=ROOT / "exercises",
        capture_output=True,
        text=True,
    )
    assert set(LEFT) - set(asked.stdout.splitlines()) == set()


@pytest.mark.parametrize("line", commands())
def test_a_command_of_the_guide_takes_what_is_written(line, monkeypatch):
    def refuse(self, message):
        raise AssertionError(f"{line}: {message}")

    monkeypatch.setattr(argparse.ArgumentParser, "error", refuse)
    words = shlex.split(line)[3:]
    if len(words) > 1 or line in LINES:  # else it is only a name
        command_line().parse_args(words)


def test_what_the_guide_says_that_commands_say_is_said():
    section = GUIDE[GUIDE.index("## When something fails") :]
    said = re.findall(r"^\| \*([^*]+)\*", section, re.MULTILINE)
    assert len(said) > 5
    folders = (ROOT / "exercises/term", ROOT / "exercises/autograder/nbgrader_apart")
    sources = " ".join(
        path.read_text("utf-8") for folder in folders for path in folder.glob("*.py")
    )
    sources = re.sub(r'"\s+f?"', "", sources)
    for text in said:
        part = re.split(r" after \d", text)[0]
        assert part in sources, text


def test_a_private_copy_gets_what_the_public_one_mends(tmp_path, monkeypatch):
    """The lines of the guide, with small repositories in the place of a host's."""
    for key in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{key}_NAME", "A")
        monkeypatch.setenv(f"GIT_{key}_EMAIL", "a@uni.example")
    public, private = tmp_path / "public", tmp_path / "private.git"

    def git(*words, where=tmp_path):
        subprocess.run(["git", *words], cwd=where, check=True, capture_output=True)

    git("init", "-b", "main", str(public))
    (public / "chapter.md").write_text("one")
    (public / "task.md").write_text("public task")
    git("add", ".", where=public)
    git("commit", "-m", "first", where=public)
    git("init", "--bare", "-b", "main", str(private))
    here = tmp_path
    for block in BLOCKS:
        if "git " not in block:
            continue
        for line in block.splitlines():
            line = line.replace("ADDRESS-OF-THIS-REPOSITORY", str(public))
            line = line.replace("ADDRESS-OF-THE-PRIVATE-REPOSITORY", str(private))
            words = shlex.split(line)
            if words[0] == "cd":
                here = here / words[1]
            else:
                git(*words[1:], where=here)
        if "push" in block:
            (here / "task.md").write_text("private task")
            git("commit", "-am", "task", where=here)
            git("push", where=here)
            (public / "chapter.md").write_text("two")
            git("commit", "-am", "mend", where=public)
    assert (here / "chapter.md").read_text() == "two"
    assert (here / "task.md").read_text() == "private task"
    assert (public / "task.md").read_text() == "public task"


# -- the archive alone


def test_nothing_is_deleted_that_the_archive_does_not_hold(
    new_course, monkeypatch, capsys
):
    monkeypatch.chdir(new_course.folder)
    assert main(["archive", "inside.zip"]) == 1
    assert "place outside" in capsys.readouterr().err
    assert main(["archive", "../none.zip", "--delete"]) == 1
    assert "write it first" in capsys.readouterr().err
    link = new_course.folder / "submitted/ada"
    link.mkdir(parents=True)
    (link / "notes.txt").write_text("mine")
    (link / "away").symlink_to("/etc")
    assert main(["archive", "../t.zip"]) == 0
    assert "submitted/ada/away" in capsys.readouterr().out
    (link / "notes.txt").write_text("changed")
    assert main(["archive", "../t.zip", "--delete"]) == 1
    assert "notes.txt" in capsys.readouterr().err and link.is_dir()
    (link / "notes.txt").write_text("mine")
    with new_course.gradebook() as gradebook:
        gradebook.update_or_create_student("late")
    assert main(["archive", "../t.zip", "--delete"]) == 1
    assert "gradebook has changed" in capsys.readouterr().err and link.is_dir()
    assert main(["archive", "../u.zip"]) == 0
    assert main(["archive", "../u.zip", "--delete"]) == 0
    assert not link.exists() and not (new_course.folder / "gradebook.db").exists()
    assert Path("/etc/passwd").exists()
