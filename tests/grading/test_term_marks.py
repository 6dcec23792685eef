"""Due dates, extra days, penalties, weights and feedback: what leaves for a class."""

import csv
import datetime
import random
import re
import zipfile
from pathlib import Path

import pytest
from miniature import MINI, PARTLY, RIGHT
from nbgrader_apart.marks import Mark, Status
from term import class_, classlist, due, feedback, final, platforms
from term.__main__ import main
from term.classlist import Roster, Student
from term.command import CommandError
from term.final import LEAVE_OUT, Weight
from term.handins import whose

STUDENTS = [
    Student("ada", "Ada", "Müller", "ada@uni.example", extra_days=2, platform_id="101"),
    Student("ben", "Ben", "O'Neil", "ben@uni.example", platform_id="102"),
    Student("cy", "Cy", "Li", "cy@uni.example", platform_id="103"),
]
RULE = "c.LatePolicy.rule = '1 point a day, nothing after 3 days'\n"


def in_utc(*numbers):
    return datetime.datetime(*numbers)


@pytest.fixture
def late_class(new_course, monkeypatch):
    """Three hand-ins of one day, each an hour after the one before; 11:30 is due."""
    course = new_course
    monkeypatch.setenv("TZ", "UTC")
    class_.enter(course.folder, STUDENTS)
    classlist.store(course.folder, STUDENTS)
    settings = course.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + RULE)
    course.hand_in("ada", course.filled({**RIGHT, "judge": "It is noise."}))
    course.hand_in("ben", course.filled(PARTLY))
    course.hand_in("cy", b"oops")
    course.grade()
    monkeypatch.chdir(course.folder)
    return course


def test_due_dates_extra_days_and_penalties_everywhere(late_class, capsys):
    course = late_class
    assert main(["due", MINI, "2026-03-01 13:30"]) == 0
    said = capsys.readouterr().out
    # ada handed in a day after that, and has two days more.
    assert "ada" not in said and "  ben: 1 d late, loses 2 points" in said
    assert main(["due"]) == 0
    said = capsys.readouterr().out
    assert f"{MINI}: due 2026-03-01 13:30" in said and "ada has 2 days more" in said
    table = course.run("autograde", MINI)
    assert "late\n       cy (1 d 1 h), ben (1 d)\n" in table
    assert "after penalties" in table
    assert main(["export", MINI, "--out", "marks.csv"]) == 0
    with open("marks.csv", encoding="utf-8-sig") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert (rows["ben"]["score"], rows["ben"]["penalty"]) == ("0", "2")
    # One more day for ben, and what he lost comes back: in nbgrader's columns, too.
    assert main(["due", MINI, "--student", "ben", "--days", "0.5"]) == 0
    assert "loses 1 point" in capsys.readouterr().out
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(MINI, "ben").late_submission_penalty == 1
        assert gradebook.find_submission(MINI, "ada").late_submission_penalty == 0
    assert main(["due", MINI, "none"]) == 0
    with course.gradebook() as gradebook:
        assert gradebook.find_submission(MINI, "ben").late_submission_penalty == 0


@pytest.mark.parametrize(
    "words, said",
    [
        (["nonsense", "2026-03-01"], "is not in the gradebook"),
        ([MINI, "tomorrow"], "'tomorrow' is no time: write 2027-03-15"),
        ([MINI, "0001-01-01"], "'0001-01-01' is no time: write 2027-03-15"),
        ([MINI, "0027-03-15"], "'0027-03-15' is no time: write 2027-03-15"),
        ([MINI, "9999-12-31"], "'9999-12-31' is no time: write 2027-03-15"),
        ([MINI, "--student", "ada"], "how many days?"),
        ([MINI, "--student", "ada", "--days", "1"], "has no due date yet"),
    ],
)
def test_a_due_date_that_is_none(late_class, capsys, words, said):
    assert main(["due", *words]) == 1
    assert said in capsys.readouterr().err


def test_a_date_alone_is_the_end_of_the_day(monkeypatch):
    monkeypatch.setenv("TZ", "UTC")
    assert due.utc("2027-03-15").minute == 59
    assert due.utc("none") is None


# -- final marks


def mark(name, status=Status.MARKED, points=None, when=None):
    return Mark("ada", "", "", "", name, status, points, 0.0, 20.0, None, when)


def test_weights_make_a_final_mark():
    weights = {"a": Weight(30), "b": Weight(10), "c": Weight(60, LEAVE_OUT)}
    known = {"a": mark("a", points=10), "b": mark("b", points=20)}
    known["c"] = mark("c", Status.NOT_HANDED_IN)
    assert final.final_of(known, weights).percent == pytest.approx(62.5)
    weights["c"] = Weight(60)
    assert final.final_of(known, weights).percent == pytest.approx(25)
    known["c"] = mark("c", Status.NOT_YET_MARKED, points=3)
    waits = final.final_of(known, weights)
    assert waits.percent is None and "c: not yet marked by hand" in waits.why
    known["c"] = mark("c", Status.NOT_HANDED_IN, when=in_utc(2999, 1, 1))
    assert final.final_of(known, weights).why == "c: not due yet"


@pytest.mark.parametrize(
    "text, said",
    [
        ("", "gives no assignment a weight"),
        ("assignment,weight\n", "gives no assignment a weight"),
        ("assignment,weight\nmini,much\n", "line 2: write a first line"),
        ("assignment,weight\nmini,1\nmini,2\n", "line 3"),
        ("assignment,weight\nmini,-1\n", "line 2"),
        ("assignment,weight\nmini,nan\n", "line 2"),
        ("assignment,weight,not_handed_in\nmini,1,perhaps\n", "is 0 or leave out"),
    ],
)
def test_weights_that_are_none(tmp_path, text, said):
    path = tmp_path / "weights.csv"
    path.write_text(text)
    with pytest.raises(CommandError, match=said):
        final.read(path)
    with pytest.raises(CommandError, match="cannot be read"):
        final.read(tmp_path / "none.csv")


def test_weights_as_a_spreadsheet_writes_them(tmp_path):
    path = tmp_path / "weights.csv"
    path.write_bytes("Assignment;Weight\r\nmini;12,5 %\r\n;\r\n".encode("utf-8-sig"))
    assert final.read(path) == {"mini": Weight(12.5)}


def test_final_marks_of_a_class(late_class, capsys):
    Path("weights.csv").write_text("assignment,weight\nmini,20\n")
    assert main(["final"]) == 0
    with open("final-marks.csv", encoding="utf-8-sig") as file:
        rows = {row["id"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["final_percent"] == rows["cy"]["final_percent"] == ""
    assert rows["cy"]["why"] == "mini: not readable"
    assert float(rows["ben"]["final_percent"]) == pytest.approx(100 * 2 / 9, abs=0.01)
    assert main(["final"]) == 1  # it is there already
    assert main(["final", "--weights", "none.csv", "--out", "o.csv"]) == 1
    capsys.readouterr()


# -- feedback

MOODLE = {
    "Ada Müller_4711_assignsubmission_file/mini.ipynb": b"a",
    "Ben O'Neil_4712_assignsubmission_file/mini.ipynb": b"b",
    "Cy Li_4713_assignsubmission_file_mini.ipynb": b"c",
}
CANVAS = {
    "mullerada_101_9001_mini.ipynb": b"a",
    "mullerada_101_9009_mini-1.ipynb": b"a",
    "oneilben_LATE_102_9002_my_mini.ipynb": b"b",
    "somebodyelse_999_9003_mini.ipynb": b"c",
}


def packed(path, files):
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return str(path)


def body(page):
    text = re.sub(r"<(style|script).*?</\1>", "", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def test_feedback_goes_back_to_moodle_and_canvas(late_class, tmp_path, capsys):
    moodle, canvas = (
        packed(tmp_path / "m.zip", MOODLE),
        packed(tmp_path / "c.zip", CANVAS),
    )
    # What was handed out beside the notebook may be a page itself.
    for folder in ("source", "autograded/ada"):
        file = late_class.folder / folder / MINI / "reports.html"
        file.write_text("<p>Read me.</p>")
    words = ["feedback", MINI, "--to"]
    assert main([*words, "moodle", "--download", moodle, "--out", "m.zip"]) == 0
    with zipfile.ZipFile("m.zip") as archive:
        pages = {name: archive.read(name).decode() for name in archive.namelist()}
    assert set(pages) == {
        "Ada Müller_4711_assignsubmission_file/mini-feedback.html",
        "Ben O'Neil_4712_assignsubmission_file/mini-feedback.html",
        "Cy Li_4713_assignsubmission_file_mini-feedback.html",
    }
    ada, ben, cy = (body(pages[name]) for name in sorted(pages))
    assert not list(late_class.folder.glob("feedback/*/*/reports*"))
    assert "Ada Müller (ada)" in ada and "5 of 9 points so far" in ada
    assert (
        "not yet marked (of 4)" in ada and "0.0" not in ada and "Test cell" not in ada
    )
    assert "Ben O'Neil (ben)" in ben.replace("&#39;", "'") and "2 of 9 points" in ben
    assert cy.index("could not be graded") < 200 and "0 of " not in cy
    assert (
        main(
            ["feedback", MINI, "--to", "canvas", "--download", canvas, "--out", "c.zip"]
        )
        == 1
    )
    assert "cy: has a page, and no hand-in in the download" in capsys.readouterr().out
    with zipfile.ZipFile("c.zip") as archive:
        assert set(archive.namelist()) == {
            "mullerada_101_9009_mini-feedback.html",  # the newest
            "oneilben_LATE_102_9002_mini-feedback.html",
        }
    assert main(["feedback", MINI, "--out", "n.zip"]) == 0
    with zipfile.ZipFile("n.zip") as archive:
        assert "O-Neil_Ben_ben_mini-feedback.html" in archive.namelist()
    for page in pages.values():  # it fetches nothing
        assert not re.search(r"""(src|href)\s*=\s*["']?(https?:)?//|@import""", page)


@pytest.mark.parametrize(
    "words, said",
    [
        (["--to", "canvas"], "name the file in which you downloaded"),
        (["--out", "nbgrader_config.py"], "exists: remove it"),
        (["--to", "moodle", "--download", "none.zip"], "no such file"),
    ],
)
def test_feedback_that_cannot_be_written(late_class, capsys, words, said):
    assert main(["feedback", MINI, *words]) == 1
    assert said in capsys.readouterr().err


def test_no_two_students_have_pages_of_one_name():
    ids = ["a", "a.", "a b", "a-b", "a+b", "a,b", "a.b", "a_b", "b"]
    same = [Student(one, "Li", "Bo") for one in ids]
    names = [feedback.in_a_name(one) for one in [*same, Student("b", "Li_a", "Bo")]]
    assert len({*names}) == len(names)


def test_a_download_of_another_platform(tmp_path):
    path = tmp_path / "c.zip"
    packed(path, CANVAS)
    with pytest.raises(CommandError, match="named as moodle names"):
        feedback.named_there([path], Roster(STUDENTS), feedback.PLATFORMS["moodle"])


SIGNS = "abcdeäöüß李Ж'-. ()0123456789"
NAMINGS = {
    "moodle": [
        "{first} {last}_{n}_assignsubmission_file/sub/mini.ipynb",
        "{first} {last}_{n}_assignsubmission_file_mini.ipynb",
    ],
    "canvas": ["{last}{first}_{number}_{n}_mini.ipynb"],
}


@pytest.mark.parametrize("platform", NAMINGS)
def test_any_name_comes_back_to_its_own_student(platform, tmp_path):
    rng = random.Random(3)
    written = 0
    for case in range(150):
        students, files = {}, {}
        naming = rng.choice(NAMINGS[platform])
        for n in range(rng.randrange(1, 7)):
            first, last = ("".join(rng.choices(SIGNS, k=5)).strip() for _ in range(2))
            if not first or not last:
                continue
            student = Student(f"s{n}", first, last, platform_id=str(200 + n))
            students[student.id] = student
            path = naming.format(first=first, last=last, number=200 + n, n=1000 + n)
            files[path] = student.id.encode()
        path = tmp_path / f"{case}.zip"
        packed(path, files)
        roster = Roster(students.values())
        try:
            prefixes = feedback.named_there(
                [path], roster, feedback.PLATFORMS[platform]
            )
        except CommandError:
            continue
        page = tmp_path / "mini.html"
        page.write_text("page")
        out = tmp_path / f"{case}-out.zip"
        feedback.write(out, {one: [page] for one in students}, prefixes)
        with zipfile.ZipFile(out) as archive:
            for name in archive.namelist():
                named = platforms.BY_NAME[platform].read(name)
                assert named.file == "mini-feedback.html", name
                back = whose(named, roster).only
                assert back is not None and prefixes[back.id] + named.file == name
                written += 1
    assert written > 150
