"""``term export``: marks as platforms read them, and what is no mark."""

import csv
import io
import random

import pytest
from miniature import MINI, RIGHT
from nbgrader.api import Gradebook
from nbgrader_apart import marks
from nbgrader_apart.marks import Mark, Status
from term import class_, classlist, export, folders
from term.__main__ import main
from term.classlist import Roster, Student
from term.command import CommandError

STUDENTS = [
    Student("anna", "Anna", "Müller", "anna@uni.example", "Tue", platform_id="101"),
    Student("bo", "Bo", 'Li, "B"', "bo@uni.example", platform_id="102"),
    Student("cy", "Cy", "=1+1", "cy@uni.example", platform_id="103"),
    Student("di", "Di", "O'Neil", "di@uni.example", platform_id="104"),
]


def mark(student, status=Status.MARKED, points=None, penalty=0.0):
    names = (student.last_name, student.first_name, student.email)
    return Mark(student.id, *names, MINI, status, points, penalty, 9.0, None, None)


MARKS = [
    mark(STUDENTS[0], points=7.5),
    mark(STUDENTS[1], points=0.0),
    mark(STUDENTS[2], Status.NOT_YET_MARKED, points=5.0),
    mark(STUDENTS[3], Status.NOT_HANDED_IN),
]
CANVAS = (
    "Student,ID,SIS User ID,SIS Login ID,Section,mini (77),minima (78)\r\n"
    "    Points Possible,,,,,9,5\r\n"
    '"Müller, Anna",101,,anna,Tue,,4\r\n'
    '"Li, ""B"", Bo",102,,bo,Tue,3,4\r\n'
    '"=1+1, Cy",103,,cy,Tue,2,4\r\n'
    '"O\'Neil, Di",104,,di,Tue,,4\r\n'
    '"Student, Test",999,,,Tue,,\r\n'
)
BLACKBOARD = (
    '"Last Name"\t"First Name"\t"Username"\t"mini [Total Pts: 9 Score] |42"\n'
    '"Müller"\t"Anna"\t"anna"\t""\n"Li, ""B"""\t"Bo"\t"bo"\t""\n'
    '"=1+1"\t"Cy"\t"cy"\t""\n"O\'Neil"\t"Di"\t"di"\t""\n'
)


def rows(content, encoding="utf-8-sig", delimiter=","):
    text = content.decode(encoding)
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def filled(tmp_path, content, name=MINI, known=MARKS, students=STUDENTS):
    path = tmp_path / "template.csv"
    path.write_bytes(content)
    table = export.Table.read(path)
    lost = table.fill(known, Roster(students), name)
    return table.as_bytes(), lost


def test_canvas_gets_its_own_gradebook_back(tmp_path):
    content, lost = filled(tmp_path, CANVAS.encode("utf-8-sig"))
    before, after = rows(CANVAS.encode()), rows(content)
    assert lost == []
    assert [row[5] for row in after] == ["mini (77)", "9", "7.5", "0", "2", "", ""]
    for row in (*before, *after):
        del row[5]
    assert after == before


def test_blackboards_encoding_and_tabs_stay(tmp_path):
    content, lost = filled(tmp_path, BLACKBOARD.encode("utf-16"))
    after = rows(content, "utf-16", "\t")
    assert (lost, [row[3] for row in after[1:]]) == ([], ["7.5", "0", "", ""])
    assert after[2][0] == 'Li, "B"'


def test_moodles_grading_worksheet(tmp_path):
    text = (
        "Identifier,Full name,Email address,Status,Grade,Feedback comments\n"
        "Participant 101,Anna Müller,anna@uni.example,Submitted,,\n"
        "Participant 9,Somebody Else,else@uni.example,Submitted,,\n"
    )
    content, lost = filled(tmp_path, text.encode(), "Grade")
    assert [row[4] for row in rows(content)[1:]] == ["7.5", ""]
    assert [one.student for one in lost] == ["bo"]  # those without a mark lose nothing


@pytest.mark.parametrize("name, count", [("other", "no column"), ("mini", "2 column")])
def test_a_column_that_is_not_clear(tmp_path, name, count):
    text = CANVAS.replace("minima (78)", "mini (78)")
    with pytest.raises(CommandError, match=count):
        filled(tmp_path, text.encode(), name)


@pytest.mark.parametrize(
    "content",
    [b"", b"id,mini\n", b"PK\x03\x04\x81\x8d\xff", b"\xff\xfea", "no such file"],
)
def test_a_template_that_is_none(tmp_path, content):
    path = tmp_path / "t.csv"
    if isinstance(content, bytes):
        path.write_bytes(content)
    with pytest.raises(CommandError):
        export.Table.read(path)


def test_without_a_template():
    listed = {student.id: student for student in STUDENTS}
    after = rows(export.WRITERS["csv"](MARKS, listed).as_bytes())
    assert [row[6] for row in after[1:]] == ["7.5", "0", "", ""]
    assert [row[5] for row in after[3:]] == ["not yet marked by hand", "not handed in"]
    assert after[3][1] == "'=1+1"  # a text to every spreadsheet
    after = rows(export.WRITERS["moodle"](MARKS, listed).as_bytes())
    assert after[1] == ["anna", "anna@uni.example", "7.5"]
    after = rows(export.WRITERS["brightspace"](MARKS, listed).as_bytes())
    assert after[0] == ["Username", "mini Points Grade", "End-of-Line Indicator"]
    assert after[1] == ["#anna", "7.5", "#"]


def test_an_address_is_no_formula_to_a_platform():
    odd = mark(Student("bo", "Bo", "Li", "=cmd|x@uni.example"), points=1.0)
    after = rows(export.WRITERS["moodle"]([odd], {}).as_bytes())
    assert after[1] == ["bo", "'=cmd|x@uni.example", "1"]


def test_a_penalty_takes_no_more_than_there_is():
    assert mark(STUDENTS[0], points=3.0, penalty=1.0).score == 2
    assert mark(STUDENTS[0], points=3.0, penalty=9.0).score == 0


SIGNS = "ab'\"=+-@,;\t Müß李\n\r|#"


def test_any_name_comes_back_and_keeps_its_mark(tmp_path):
    rng = random.Random(8)
    for _ in range(200):
        students = [
            Student(
                f"s{number}",
                "".join(rng.choices(SIGNS, k=rng.randrange(6))),
                "".join(rng.choices(SIGNS, k=rng.randrange(6))),
            )
            for number in range(4)
        ]
        known = [mark(one, points=number / 4) for number, one in enumerate(students)]
        written = io.StringIO(newline="")
        writer = csv.writer(written, delimiter=rng.choice(",;\t"))
        writer.writerow(["Username", "Name", MINI])
        order = rng.sample(students, 4)
        writer.writerows([one.id, one.last_name, ""] for one in order)
        encoding = rng.choice(["utf-8", "utf-8-sig", "utf-16"])
        content, lost = filled(
            tmp_path, written.getvalue().encode(encoding), MINI, known, students
        )
        after = rows(content, encoding, writer_delimiter(written.getvalue()))[1:]
        scores = {one.student: export.number(one.score) for one in known}
        assert lost == []
        assert after == [[one.id, one.last_name, scores[one.id]] for one in order]


def writer_delimiter(text):
    return text[len("Username")]


def test_what_each_mark_is(new_course, monkeypatch, tmp_path, capsys):
    course = new_course
    class_.enter(course.folder, STUDENTS)
    classlist.store(course.folder, STUDENTS)
    course.hand_in("anna", course.filled(RIGHT))
    course.hand_in("bo", b"no notebook")
    course.grade()
    course.hand_in("cy", course.filled(RIGHT))
    course.run("collect", MINI)
    directory = folders.settings(course.folder)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        assignment = gradebook.find_assignment(MINI)
        known = marks.of_class(directory, gradebook, assignment)
        assert {one.student: (one.status, one.score) for one in known} == {
            "anna": (Status.NOT_YET_MARKED, None),
            "bo": (Status.NOT_READABLE, None),
            "cy": (Status.NOT_GRADED, None),
            "di": (Status.NOT_HANDED_IN, None),
        }
        text = gradebook.find_grade("judge", MINI, MINI, "anna")
        text.manual_score, text.needs_manual_grade = 3, False
        gradebook.db.commit()
    monkeypatch.chdir(course.folder)
    out = tmp_path / "marks.csv"
    assert main(["export", MINI, "--out", str(out)]) == 0
    written = {row[0]: (row[5], row[6]) for row in rows(out.read_bytes())[1:]}
    assert written.pop("anna") == ("marked", "8")
    assert {score for _, score in written.values()} == {""}
    assert "di: not handed in" in capsys.readouterr().out
    assert main(["export", MINI, "--out", str(out)]) == 1
    assert "exists" in capsys.readouterr().err
    assert main(["export", MINI, "--to", "canvas"]) == 1
    assert "--template" in capsys.readouterr().err
