"""Class lists, as spreadsheets and platforms write them."""

import codecs
import csv

import pytest
from nbgrader.api import Gradebook
from term import class_, classlist, folders
from term.__main__ import main
from term.classlist import Roster, Student
from term.command import CommandError

ANNA = Student("anna", "Anna", "Müller", "anna@uni.example")
LI = Student("li", "小龙", "李", "li@uni.example")
PLAIN = (
    "id,first_name,last_name,email\n"
    "anna,Anna,Müller,anna@uni.example\nli,小龙,李,li@uni.example\n"
)
#: The same two students, as various programs write them.
AS_WRITTEN = {
    "plain": PLAIN.encode(),
    "with a byte-order mark": codecs.BOM_UTF8 + PLAIN.encode(),
    "semicolons, capitals, empty rows": (
        PLAIN.replace(",", ";")
        .replace("id;", "ID;")
        .replace("first_name", "First Name")
        + ";;;\n\n;;;\n"
    ).encode("utf-8-sig"),
    "Unicode text": PLAIN.replace(",", "\t").encode("utf-16"),
    "old Macintosh ends of lines": PLAIN.replace("\n", "\r").encode(),
    "Windows' ends of lines": PLAIN.replace("\n", "\r\n").encode(),
    "a line for Excel": b"sep=,\r\n" + PLAIN.encode(),
    "spaces around": PLAIN.replace(",", " , ").encode(),
    "other columns between": (
        "No.,Username,Surname,First name,Email address,Last access\n"
        "1,anna,Müller,Anna,anna@uni.example,never\n"
        "2,li,李,小龙,li@uni.example,yesterday\n"
    ).encode(),
}


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "list.csv"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write


@pytest.mark.parametrize("name", AS_WRITTEN)
def test_the_same_students_however_they_are_written(written, name):
    assert classlist.read(written(AS_WRITTEN[name])) == [ANNA, LI]


def test_windows_letters(written):
    text = "id;vorname;nachname\nanna;Anna;Müller\nfr;François;Noël\n"
    read = classlist.read(written(text.encode("cp1252")))
    assert [one.name for one in read] == ["Anna Müller", "François Noël"]


def test_canvas_gradebook(written):
    read = classlist.read(
        written(
            "Student,ID,SIS User ID,SIS Login ID,Section,metrics (123)\n"
            "    Points Possible,,,,,30\n"
            '"Müller, Anna Maria",956227,12345,anna,Tue,27\n'
            '"Student, Test",1,,,Tue,\n'
        )
    )
    expected = Student("anna", "Anna Maria", "Müller", "", "Tue", 0, "956227")
    assert read == [expected]


def test_moodle_participants_have_no_id_but_an_address(written):
    text = (
        "First name,Surname,ID number,Email address\n"
        "Anna,Müller,,anna.m@uni.example\nBo,Li,77,bo@uni.example\n"
    )
    assert [one.id for one in classlist.read(written(text))] == ["anna.m", "bo"]


def test_moodle_grading_worksheet_numbers_who_is_anonymous(written):
    text = (
        "Identifier,Full name,Email address\nParticipant 4711,Anna Müller,a@x.example\n"
    )
    (anna,) = classlist.read(written(text))
    assert (anna.platform_id, anna.first_name, anna.last_name) == (
        "4711",
        "Anna",
        "Müller",
    )


@pytest.mark.parametrize(
    "text, said",
    [
        ("name,points\nAnna,3\n", "Its columns are: name, points"),
        ("id,first_name\n", "names no student"),
        ("", "is empty"),
        ("PK\x03\x04", "save it as CSV"),
        ("<html><table><tr><td>id</td></tr></table></html>", "save it as CSV"),
        ("id\nanna\nAnna\n", "anna is the id of 2 rows"),
        ("id,name\nanna,A\n../etc,B\n", "row 3: ../etc is no id"),
        ("id,name\n1.23457E+08,A\n", "format the column as text"),
        ("id,extra days\nanna,soon\n", "soon is no number of extra days"),
        ("id,name\na\x1b[2J,A\n", "row 2: "),
    ],
)
def test_what_is_wrong_is_said_and_what_to_do(written, text, said):
    with pytest.raises(CommandError) as error:
        classlist.read(written(text))
    assert said in str(error.value)
    assert "\x1b" not in str(error.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(CommandError, match="cannot be read"):
        classlist.read(tmp_path / "none.csv")


def test_a_new_list_keeps_what_it_does_not_say():
    known = [Student("anna", "Anna", "Müller", section="Tue", extra_days=7), LI]
    new = [Student("anna", "Anna", "Müller-Berg"), Student("bo")]
    merged = classlist.merge(known, new)
    assert merged == [
        Student("anna", "Anna", "Müller-Berg", section="Tue", extra_days=7),
        LI,
        Student("bo"),
    ]
    said = class_.as_text(known, merged, new)
    assert "last_name Müller -> Müller-Berg" in said
    assert "new      bo" in said
    assert "(not on this list)" in said


def test_an_id_in_other_letters_is_nobody_new(tmp_path):
    known = [Student("Zoé", "Zoé", "Li")]
    merged = classlist.merge(known, [Student("zoe\u0301", section="Tue")])
    assert merged == [Student("Zoé", "Zoé", "Li", section="Tue")]
    assert "(not on this list)" not in class_.as_text(known, known, merged)
    classlist.store(tmp_path, merged)
    assert classlist.load(tmp_path) == merged


def test_the_courses_own_list_comes_back_as_it_was(tmp_path):
    students = [ANNA, LI, Student("o'neil", 'Siân "Z", jr.', "O;Neil", extra_days=3)]
    classlist.store(tmp_path, students)
    assert classlist.load(tmp_path) == students


def test_the_courses_own_list_holds_no_formula(tmp_path):
    """It is opened in a spreadsheet, and students choose their names."""
    odd = [
        Student("anna", '=HYPERLINK("x")', "-"),
        Student("bo", "'t Hooft", "a;@\u200cb"),
    ]
    classlist.store(tmp_path, odd)
    with open(tmp_path / classlist.FILE, newline="", encoding="utf-8") as file:
        cells = [row[1:3] for row in csv.reader(file)][1:]
    assert cells == [['\'=HYPERLINK("x")', "'-"], ["'t Hooft", "a;'@\u200cb"]]
    assert classlist.load(tmp_path) == odd


def test_the_command(new_course, written, capsys, monkeypatch):
    monkeypatch.chdir(new_course.folder)
    path = str(written(PLAIN))
    assert main(["class", path, "--dry-run"]) == 0
    assert "new      anna" in capsys.readouterr().out
    assert not (new_course.folder / "class.csv").exists()
    assert main(["class", path]) == 0
    directory = folders.settings(new_course.folder)
    with Gradebook(directory.db_url, directory.course_id) as gradebook:
        names = {one.id: one.last_name for one in gradebook.students}
    assert names == {"anna": "Müller", "li": "李"}
    capsys.readouterr()
    assert main(["class"]) == 0
    assert "Anna Müller" in capsys.readouterr().out


# -- finding somebody

ROSTER = Roster(
    [
        Student("anna", "Anna", "Berg", "a.berg@uni.example", platform_id="101"),
        Student("anna_m", "Anna Maria", "Müller", platform_id="102"),
        Student("anna2", "Anna", "Müller"),
        Student("am3", "Anna", "Müller"),
        Student("li", "小龙", "李"),
        Student("oneill", "Siân", "O'Neill-Smith"),
    ]
)


@pytest.mark.parametrize(
    "name, number, expected",
    [
        ("anna", "", ["anna"]),
        ("ANNA", "", ["anna"]),
        ("Anna Berg", "", ["anna"]),
        ("berganna", "", ["anna"]),
        ("Berg, Anna", "", ["anna"]),
        ("Anna Maria Mueller", "", ["anna_m"]),
        ("annamariamuller", "", ["anna_m"]),
        ("Anna Müller", "", ["am3", "anna2"]),
        ("李小龙", "", ["li"]),
        ("Sian ONeill Smith", "", ["oneill"]),
        ("Participant", "102", ["anna_m"]),
        ("Anna Berg", "102", ["anna", "anna_m"]),  # name and number disagree
        ("a.berg", "", ["anna"]),
        ("Ann", "", []),
        ("", "", []),
    ],
)
def test_who_is_meant(name, number, expected):
    found = ROSTER.find(name, number)
    assert sorted(one.id for one in found.students) == expected
    assert (found.only is not None) == (len(expected) == 1)


def test_the_longest_id_counts():
    assert ROSTER.that_begins("anna_m_metrics.ipynb").id == "anna_m"
    assert ROSTER.that_begins("anna_metrics.ipynb").id == "anna"
    assert ROSTER.that_begins("annabel_metrics.ipynb") is None
    assert ROSTER.that_ends("Metrics_anna_m").id == "anna_m"
    assert ROSTER.that_ends("joanna") is None


def test_the_nearest_names_are_told():
    found = ROSTER.find("Anna Bergg")
    assert not found.students
    assert [one.id for one in ROSTER.nearest(found.sought)][0] == "anna"
