"""``term collect``: downloads of every platform, and what becomes of each file."""

import contextlib
import io
import os
import random
import time
import unicodedata
import zipfile

import nbformat
import pytest
from miniature import MINI, PARTLY, RIGHT, Course
from nbgrader.coursedir import CourseDirectory
from nbgrader_apart import archives
from term import class_, classlist, collect, downloads, platforms
from term.classlist import Roster, Student
from term.command import CommandError

STUDENTS = [
    Student("anna", "Anna", "Berg", platform_id="101"),
    Student("anna_m", "Anna Maria", "Müller", platform_id="102"),
    Student("bo", "Bo", "Li", platform_id="103"),
    Student("mary", "Mary-Ann", "Smith", platform_id="104"),
    Student("am1", "Anna", "Schmidt"),
    Student("am2", "Anna", "Schmidt"),
]


@pytest.mark.parametrize("platform", platforms.PLATFORMS, ids=lambda one: one.name)
def test_each_pattern_finds_what_its_examples_say(platform):
    for path, named in platform.examples.items():
        assert platform.read(path) == named


@pytest.fixture
def course(tmp_path):
    directory = CourseDirectory(root=str(tmp_path / "course"))
    directory.assignment_id = MINI
    return directory


def packed(path, files, when=(2027, 3, 1, 12, 0, 0)):
    """Write a ZIP file; a value is content, or content and time."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            content, time = content if isinstance(content, tuple) else (content, when)
            archive.writestr(zipfile.ZipInfo(name, time), content)
    return path


def collected(course, path, told=None, platform=None, students=STUDENTS):
    """Collect; return what became of each file, and what is now handed in by whom."""
    lines = collect.collect(path, course, Roster(students), told, platform)
    submitted = os.path.join(course.root, "submitted")
    found = {
        os.path.relpath(os.path.join(folder, name), submitted): content(folder, name)
        for folder, _, names in os.walk(submitted)
        for name in names
        if name != "timestamp.txt"
    }
    return {line.what: (line.outcome, line.remark) for line in lines}, found


def content(folder, name):
    with open(os.path.join(folder, name), "rb") as file:
        return file.read()


def of(student, name=f"{MINI}.ipynb"):
    return f"{student}/{MINI}/{name}"


#: Two students' hand-ins as each platform names them: anna's is A, anna_m's is B.
DOWNLOADS = {
    "moodle in folders": {
        "Anna Berg_4711_assignsubmission_file/mini.ipynb": b"A",
        "Anna Maria Müller_4712_assignsubmission_file/mon_devoir_final.ipynb": b"B",
    },
    "moodle flat": {
        "Anna Berg_4711_assignsubmission_file_mini.ipynb": b"A",
        "Anna Maria Müller_4712_assignsubmission_file_my work.ipynb": b"B",
    },
    "moodle, anonymous": {
        "Participant_101_assignsubmission_file_mini.ipynb": b"A",
        "Participant_102_assignsubmission_file_mini.ipynb": b"B",
    },
    "canvas": {
        "berganna_LATE_101_555_mini.ipynb": b"A",
        "mulleranna_102_556_mini-1.ipynb": b"B",  # shortened, but the number tells
    },
    "blackboard": {
        "Mini_anna_attempt_2027-03-01-12-30-55_mini.ipynb": b"A",
        "Mini_anna_m_attempt_2027-03-01-12-31-00_work.ipynb": b"B",
    },
    "brightspace": {
        "index.html": b"",
        "101-2557369 - Anna Berg - Mar 1, 2027 926 PM/mini.ipynb": b"A",
        "102-2557369 - Anna Maria Müller - Mar 1, 2027 1226 AM/mini.ipynb": b"B",
    },
    "ilias": {
        "Mini/Berg_Anna_anna_101/20270301123055_mini.ipynb": b"A",
        "Mini/Müller_Anna Maria_anna_m_102/20270301123055_mini.ipynb": b"B",
    },
    "classroom": {
        "Anna Berg - mini.ipynb": b"A",
        "Anna Maria Müller - mini.ipynb": b"B",
    },
    "folders": {"class/anna/mini.ipynb": b"A", "class/anna_m/mini.ipynb": b"B"},
    "names": {"anna_mini.ipynb": b"A", "anna_m_mini.ipynb": b"B"},
    "names with a date": {
        "anna_2027-03-01_mini.ipynb": b"A",
        "anna_m_2027-03-01_mini.ipynb": b"B",
    },
    "a macintosh": {
        "__MACOSX/anna/._mini.ipynb": b"junk",
        ".DS_Store": b"junk",
        "anna/mini.ipynb": b"A",
        "anna_m/mini.ipynb": b"B",
    },
}


@pytest.mark.parametrize("name", DOWNLOADS)
@pytest.mark.parametrize("as_folder", [False, True], ids=["zip", "folder"])
def test_every_platform(course, tmp_path, name, as_folder):
    path = packed(tmp_path / "download.zip", DOWNLOADS[name])
    if as_folder:
        with zipfile.ZipFile(path) as archive:
            archive.extractall(tmp_path / "download")
        path = tmp_path / "download"
    outcomes, found = collected(course, path)
    assert {outcome for outcome, _ in outcomes.values()} == {"taken"}
    assert found == {of("anna"): b"A", of("anna_m"): b"B"}


def test_times_of_the_platform_are_kept(course, tmp_path, monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Berlin")
    import time

    time.tzset()
    collected(course, packed(tmp_path / "d.zip", DOWNLOADS["brightspace"]))
    stamp = (tmp_path / f"course/submitted/anna/{MINI}/timestamp.txt").read_text()
    monkeypatch.undo()
    time.tzset()
    assert stamp == "2027-03-01 20:26:00 UTC\n"


EARLY, LATE = (2027, 3, 1, 12, 0, 0), (2027, 3, 5, 12, 0, 0)
#: Several hand-ins of one student, of which the one with the content NEW counts.
SEVERAL = {
    "names with dates": {
        "anna_2027-03-05_mini.ipynb": b"NEW",
        "anna_2027-03-01_mini.ipynb": b"old",
    },
    "canvas numbers them": {
        "berganna_101_556_mini-2.ipynb": b"NEW",
        "berganna_101_557_mini.ipynb": b"old",
        "berganna_101_555_mini-1.ipynb": b"old",
    },
    "blackboard's attempts": {
        "Mini_anna_attempt_2027-03-05-12-30-55_mini.ipynb": b"NEW",
        "Mini_anna_attempt_2027-03-01-12-30-55_mini.ipynb": b"old",
    },
    "moodle's folders": {
        "Anna Berg_4712_assignsubmission_file/mini.ipynb": (b"NEW", LATE),
        "Anna Berg_4711_assignsubmission_file/mini.ipynb": (b"old", EARLY),
    },
    "a browser numbers them": {
        "anna_mini (1).ipynb": (b"NEW", LATE),
        "anna_mini.ipynb": (b"old", LATE),
    },
    "times of the files": {
        "anna_mini.ipynb": (b"old", EARLY),
        "anna_my_mini.ipynb": (b"NEW", LATE),
    },
}


@pytest.mark.parametrize("name", SEVERAL)
@pytest.mark.parametrize("turned", [False, True])
def test_the_newest_counts_and_the_others_are_kept(course, tmp_path, name, turned):
    files = list(SEVERAL[name].items())
    files = dict(files[::-1] if turned else files)
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert found == {of("anna"): b"NEW"}
    kept = [one.read_bytes() for one in (tmp_path / "course/older").rglob("*.ipynb")]
    assert set(kept) == {b"old"}
    assert sorted(one for one, _ in outcomes.values()).count("older") == len(files) - 1


def test_a_second_download(course, tmp_path):
    first = packed(tmp_path / "1.zip", {"anna_mini.ipynb": (b"one", EARLY)})
    second = packed(tmp_path / "2.zip", {"anna_mini.ipynb": (b"two", LATE)})
    assert collected(course, first)[1] == {of("anna"): b"one"}
    assert collected(course, first)[0]["anna_mini.ipynb"][0] == "same as before"
    assert collected(course, second)[1] == {of("anna"): b"two"}
    outcomes, found = collected(course, first)
    assert outcomes["anna_mini.ipynb"] == ("older", "anna: has a newer one already")
    assert found == {of("anna"): b"two"}
    assert len(list((tmp_path / "course/older").rglob("*.ipynb"))) == 1


def test_a_hand_in_that_came_by_mail_is_not_lost(course, tmp_path):
    folder = tmp_path / f"course/submitted/anna/{MINI}"
    folder.mkdir(parents=True)
    (folder / "mini.ipynb").write_bytes(b"by mail")
    os.utime(folder / "mini.ipynb", (0, 0))
    collected(course, packed(tmp_path / "d.zip", {"anna_mini.ipynb": b"new"}))
    (kept,) = (tmp_path / "course/older").rglob("*.ipynb")
    assert kept.read_bytes() == b"by mail"


def test_nobody_is_guessed(course, tmp_path):
    path = packed(
        tmp_path / "d.zip",
        {
            "Anna Berg_1_assignsubmission_file/mini.ipynb": b"A",
            "Anna Schmidt_2_assignsubmission_file/mini.ipynb": b"?",
            "Anna Bergmann_3_assignsubmission_file/mini.ipynb": b"?",
            "mini.ipynb": b"?",
        },
    )
    outcomes, found = collected(course, path)
    assert found == {of("anna"): b"A"}
    what, why = outcomes["Anna Schmidt_2_assignsubmission_file/mini.ipynb"]
    assert (what, "could be am1, am2" in why) == ("whose?", True)
    what, why = outcomes["Anna Bergmann_3_assignsubmission_file/mini.ipynb"]
    assert (what, "nearest: Anna Berg (anna)" in why) == ("whose?", True)
    assert outcomes["mini.ipynb"][0] == "whose?"
    told = {"Anna Schmidt_2": STUDENTS[5], "mini": STUDENTS[2]}
    assert collected(course, path, told)[1] == {
        of("anna"): b"A",
        of("am2"): b"?",
        of("bo"): b"?",
    }


def test_name_and_number_of_two_people_are_nobodys(course, tmp_path):
    path = packed(
        tmp_path / "d.zip",
        {"berganna_103_5_mini.ipynb": b"?", "smithmaryann_104_6_mini.ipynb": b"M"},
    )
    outcomes, found = collected(course, path)
    assert found == {of("mary"): b"M"}
    assert "could be" in outcomes["berganna_103_5_mini.ipynb"][1]


def test_two_of_the_same_time_are_not_guessed(course, tmp_path):
    files = {"anna_a.ipynb": b"1", "anna_b.ipynb": b"2", "bo_mini.ipynb": b"B"}
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert found == {of("bo"): b"B"}
    assert "which is the newer" in outcomes["anna_a.ipynb"][1]


def test_what_is_no_notebook_is_named(course, tmp_path):
    files = {
        "Anna Berg_1_assignsubmission_file/mini.pdf": b"%PDF",
        "Bo Li_2_assignsubmission_file/MINI.IPYNB": b"B",
        "Bo Li_2_assignsubmission_file/helper.py": b"H",
        "Mary-Ann Smith_3_assignsubmission_file/mini.ipynb.json": b"M",
    }
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert outcomes["Anna Berg_1_assignsubmission_file/mini.pdf"] == (
        "no notebook",
        "anna: no notebook among it",
    )
    assert found == {
        of("bo"): b"B",
        of("bo", "helper.py"): b"H",
        of("mary"): b"M",
    }


def test_a_helper_on_canvas_stays_with_its_notebook(course, tmp_path):
    files = {"berganna_101_1_mini.ipynb": b"A", "berganna_101_2_helper.py": b"H"}
    _, found = collected(course, packed(tmp_path / "d.zip", files))
    assert found == {of("anna"): b"A", of("anna", "helper.py"): b"H"}


def inner(files):
    made = io.BytesIO()
    packed(made, files)
    return made.getvalue()


def test_a_zip_in_the_zip_is_opened_and_one_in_it_is_not(course, tmp_path):
    work = {"work/mini.ipynb": b"A", "work/helper.py": b"H", "more.zip": b"PK"}
    files = {"Anna Berg_1_assignsubmission_file/hw.zip": inner(work)}
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert found == {of("anna"): b"A", of("anna", "helper.py"): b"H"}
    (refused,) = (one for one in outcomes if one.endswith("more.zip"))
    assert outcomes[refused][0] == "not readable"


#: anna's ZIP file as each platform names it, beside what bo handed in.
ZIPPED = {
    "canvas": ("berganna_101_555_hw.zip", "libo_103_556_mini.ipynb"),
    "blackboard": (
        "Mini_anna_attempt_2027-03-01-12-30-55_hw.zip",
        "Mini_bo_attempt_2027-03-01-12-30-55_mini.ipynb",
    ),
    "classroom": ("Anna Berg - hw.ZIP", "Bo Li - mini.ipynb"),
    "folders": ("anna/hw.zip", "bo/mini.ipynb"),
    "names": ("anna_mini.zip", "bo_mini.ipynb"),
    "names with a date": ("anna_2027-03-01_mini.zip", "bo_mini.ipynb"),
    "names in a folder": ("a/anna_mini.zip", "b/bo_mini.ipynb"),
}


@pytest.mark.parametrize("name", ZIPPED)
def test_what_is_in_a_zip_is_whose_the_zip_is(course, tmp_path, name):
    """Also under a name of somebody else's."""
    anna, bo = ZIPPED[name]
    work = {"work/mini.ipynb": b"A", "bo_mini.ipynb": b"A2", "bo/data.csv": b"D"}
    files = {anna: (inner(work), (2027, 3, 9, 12, 0, 0)), bo: b"B"}
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert {outcome for outcome, _ in outcomes.values()} == {"taken"}
    assert found.pop(of("bo")) == b"B"
    assert sorted(found.values()) == [b"A", b"A2", b"D"]
    assert all(one.startswith("anna/") for one in found)


def test_a_file_without_a_name_in_a_hand_in_stops_nobody(course, tmp_path):
    nameless = inner({"X": b"x", "mini.ipynb": b"A"})
    nameless = nameless.replace(b"X", b"\0")  # the library ends a name at this byte
    handed_in = {
        "Anna Berg_1_assignsubmission_file/hw.zip": nameless,
        "Bo Li_4_assignsubmission_file/mini.ipynb": b"B",
    }
    outcomes, found = collected(course, packed(tmp_path / "d.zip", handed_in))
    assert found == {of("anna"): b"A", of("bo"): b"B"}
    assert len(outcomes) == 3


def test_a_folder_that_an_old_program_packed_is_no_file(course, tmp_path):
    work = inner({"work+": b"", "work/mini.ipynb": b"A"}).replace(b"work+", b"work\\")
    files = {"Anna Berg_1_assignsubmission_file/hw.zip": work}
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert found == {of("anna"): b"A"}
    assert {outcome for outcome, _ in outcomes.values()} == {"taken"}


def test_no_damage_to_an_archive_is_more_than_a_bad_archive(tmp_path):
    draw = random.Random(5)
    files = {"a/mini.ipynb": b"{}" * 40, "é.txt": b"", "b": b"b"}
    for number in range(500):
        damaged = bytearray(inner(files))
        for _ in range(draw.randint(1, 6)):
            damaged[draw.randrange(len(damaged))] = draw.choice([0, 255, 80])
        path = tmp_path / f"{number}.zip"
        path.write_bytes(damaged)
        with contextlib.suppress(archives.BadArchive):
            archives.unpack(path, tmp_path / f"{number}")


@pytest.mark.parametrize("files", [2_001, 21_000])
def test_a_zip_in_the_zip_takes_no_room_from_others(course, tmp_path, files):
    crowded = inner({f"{number}.txt": b"" for number in range(files)})
    many = inner({f"work/{number}.txt": b"" for number in range(1_900)})
    where = "{}_assignsubmission_file/"
    handed_in = {
        where.format("Anna Berg_1") + "hw.zip": crowded,
        where.format("Anna Schmidt_3") + "hw.zip": many,
        where.format("Bo Li_4") + "mini.ipynb": b"B",
    }
    archive = packed(tmp_path / "d.zip", handed_in)
    read, refused = downloads.read(archive)
    assert len(read) == 1_901 and read[-1].content == b"B"
    assert [one.reason for one in refused] == ["holds more than 2,000 files"]


def test_what_is_damaged_or_there_twice_is_not_read_for_ever(tmp_path):
    """A file of some kilobytes may be listed two thousand times."""
    files = {name: bytes(45_000_000) for name in "abc"} | {"d": b"d"}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, written in files.items():
            archive.writestr(zipfile.ZipInfo(name), written, zipfile.ZIP_DEFLATED)
        sum_of_all = archive.getinfo("a").CRC.to_bytes(4, "little")
    handed_in = {
        "damaged.zip": made.getvalue().replace(sum_of_all, b"\0\1\2\3"),
        "whole.zip": made.getvalue(),
    }
    path = packed(tmp_path / "d.zip", handed_in)
    refused = archives.unpack(path, tmp_path / "d", inner=True)
    reasons = {one.name: one.reason for one in refused}
    assert reasons.keys() == {f"damaged.zip/{one}" for one in "abc"} | {"whole.zip/c"}
    assert "Bad CRC" in reasons["damaged.zip/b"]
    assert "is beyond what is unpacked" in reasons["damaged.zip/c"]


def test_names_from_windows(course, tmp_path):
    path = tmp_path / "d.zip"
    packed(path, {"Anna Maria MXller_1_assignsubmission_file/mini.ipynb": b"B"})
    # UTF-8 without the mark that says so, and backslashes, as old programs write.
    raw = path.read_bytes().replace(b"MXller", "Müler".encode())
    path.write_bytes(raw.replace(b"file/mini", b"file\\mini"))
    students = [Student("anna_m", "Anna Maria", "Müler")]
    _, found = collected(course, path, students=students)
    assert found == {of("anna_m"): b"B"}


HOSTILE = {
    "../../../evil.ipynb": b"E",
    "/etc/evil.ipynb": b"E",
    "anna/../bo/mini.ipynb": b"E",
    "bo_..\\..\\evil.ipynb": b"E",
    "anna_\x1b[2Jmini.ipynb": b"E",
    "anna_" + "x" * 300 + "_mini.ipynb": b"E",
    "bo_mini.ipynb": b"B",
    "anna_mini.zip": b"PK\x03\x04 broken",
}


def test_hostile_names_reach_nothing(course, tmp_path):
    path = packed(tmp_path / "d.zip", HOSTILE)
    outcomes, found = collected(course, path)
    assert found == {of("bo"): b"B"}
    assert len(outcomes) == len(HOSTILE)
    everywhere = [str(one) for one in tmp_path.rglob("*") if one.is_file()]
    assert not [one for one in everywhere if "evil" in one]
    assert "\x1b" not in collect.as_text(
        collect.collect(path, course, Roster(STUDENTS))
    )


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/New_York"])
def test_a_time_that_is_none_stops_nobody(course, tmp_path, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        for year in ("0001-01-01", "9999-12-31"):
            name = f"anna_{year}_mini.ipynb"
            path = packed(tmp_path / f"{year}.zip", {name: b"A", "bo_mini.ipynb": b"B"})
            _, found = collected(course, path)
            assert found == {of("anna"): b"A", of("bo"): b"B"}
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("seconds", [-1e15, -62_135_596_801, 0, 1e15])
def test_a_file_may_be_of_any_time(seconds):
    """Some disks keep whatever an archive says."""
    assert 1 <= downloads.utc(seconds).year <= 9999


def test_files_under_the_names_of_the_grading_are_the_same_again(course, tmp_path):
    files = {"mini.ipynb": b"A", "timestamp.txt": b"now", "refused.txt": b"x\ty"}
    handed_in = {
        f"Anna Berg_1_assignsubmission_file/{one}": files[one] for one in files
    }
    path = packed(tmp_path / "d.zip", handed_in)
    collected(course, path)
    outcomes, _ = collected(course, path)
    assert {outcome for outcome, _ in outcomes.values()} == {"same as before"}


def test_a_file_above_the_notebooks_folder_takes_no_others_place(course, tmp_path):
    files = {"work/mini.ipynb": b"A", "work/data.csv": b"1", "data.csv": b"2"}
    handed_in = {
        f"Anna Berg_1_assignsubmission_file/{one}": files[one] for one in files
    }
    _, found = collected(course, packed(tmp_path / "d.zip", handed_in))
    assert found == {
        of("anna"): b"A",
        of("anna", "data.csv"): b"1",
        of("anna", "data (2).csv"): b"2",
    }


@pytest.mark.parametrize("full", [False, True])
def test_an_older_hand_in_that_is_hard_to_keep_stops_nobody(course, tmp_path, full):
    """Its notebook is to lie where it has a folder; or nothing can be kept."""
    if full:
        (tmp_path / "course").mkdir()
        (tmp_path / "course/older").touch()
    where = "Mini/Berg_Anna_anna_101/20270301123055_hw.zip"
    handed_in = {
        where: inner({"work.ipynb": b"A", "mini.ipynb/x.txt": b""}),
        where.replace("0301123055_hw.zip", "0302123055_mini.ipynb"): b"newer",
        "Mini/Li_Bo_bo_103/20270301123055_mini.ipynb": b"B",
    }
    outcomes, found = collected(course, packed(tmp_path / "d.zip", handed_in))
    assert found == {of("anna"): b"newer", of("bo"): b"B"}
    said = {outcome for what, (outcome, _) in outcomes.items() if "hw.zip" in what}
    assert said == ({"not readable"} if full else {"older"})


def test_of_ids_that_differ_in_case_nobody_is_guessed(course, tmp_path):
    students = [Student("Anna", "A", "B"), Student("anna", "C", "D")]
    files = {"Anna/mini.ipynb": b"A", "anna/mini.ipynb": b"a", "ANNA/mini.ipynb": b"?"}
    path = packed(tmp_path / "d.zip", files)
    outcomes, found = collected(course, path, students=students)
    assert found == {of("Anna"): b"A", of("anna"): b"a"}
    assert outcomes["ANNA/mini.ipynb"][0] == "whose?"
    roster = Roster(students)
    assert roster.that_begins("Anna_mini.ipynb").id == "Anna"
    assert roster.that_ends("Mini_anna").id == "anna"
    assert roster.that_begins("ANNA_mini.ipynb") is None


@pytest.mark.parametrize("form", ["NFC", "NFD"])
def test_an_id_with_an_accent_is_found_as_a_macintosh_writes_it(form):
    student = Student(unicodedata.normalize(form, "müller"), "A", "B")
    roster = Roster([student])
    for written in ("NFC", "NFD"):
        name = unicodedata.normalize(written, "Müller")
        assert roster.with_id(name) == student
        assert roster.that_begins(f"{name}_mini.ipynb") == student
        assert roster.that_ends(f"Mini_{name}") == student


def test_a_link_in_a_folder_is_not_followed(course, tmp_path):
    secret = tmp_path / "secret.ipynb"
    secret.write_bytes(b"secret")
    (tmp_path / "d/anna").mkdir(parents=True)
    (tmp_path / "d/anna/mini.ipynb").symlink_to(secret)
    (tmp_path / "d/bo").mkdir()
    (tmp_path / "d/bo/mini.ipynb").write_bytes(b"B")
    outcomes, found = collected(course, tmp_path / "d")
    assert found == {of("bo"): b"B"}
    assert outcomes["anna/mini.ipynb"][0] == "not readable"


def test_a_link_in_the_place_of_a_hand_in(course, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "course/submitted/anna").mkdir(parents=True)
    (tmp_path / f"course/submitted/anna/{MINI}").symlink_to(elsewhere)
    files = {"anna_mini.ipynb": b"A", "bo_mini.ipynb": b"B"}
    outcomes, found = collected(course, packed(tmp_path / "d.zip", files))
    assert not list(elsewhere.iterdir())
    assert outcomes["bo_mini.ipynb"][0] == "taken"


def test_a_download_that_is_none(course, tmp_path):
    (tmp_path / "d.zip").write_bytes(b"no archive")
    for path, said in [("d.zip", "cannot be read"), ("none.zip", "no such file")]:
        with pytest.raises(CommandError, match=said):
            collect.collect(tmp_path / path, course, Roster(STUDENTS))


# -- any name

SIGNS = "abcdeäöüß李Ж'-. _()0123456789"


def invented(rng):
    """Return a class with awkward names, and a download in a platform's naming."""
    students = {}
    for _ in range(rng.randrange(2, 8)):
        words = ["".join(rng.choices(SIGNS, k=rng.randrange(1, 7))) for _ in range(3)]
        student_id, first, last = (" ".join(word.split()) for word in words)
        if student_id and not classlist.odd_id(student_id):
            made = Student(student_id, first, last, platform_id=str(rng.randrange(20)))
            students.setdefault(student_id.casefold(), made)
    naming = rng.choice(
        [
            "{first} {last}_{n}_assignsubmission_file/mini.ipynb",
            "{first} {last}_{n}_assignsubmission_file_mini.ipynb",
            "{last}{first}_{number}_{n}_mini.ipynb",
            "Mini_{id}_attempt_2027-03-01-12-30-55_mini.ipynb",
            "{number}-1 - {first} {last} - Mar 1, 2027 926 PM/mini.ipynb",
            "{last}_{first}_{id}_{number}/mini.ipynb",
            "{first} {last} - mini.ipynb",
            "{id}/mini.ipynb",
            "{id}_mini.ipynb",
        ]
    )
    files = {}
    for n, one in enumerate(students.values()):
        name = naming.format(
            first=one.first_name,
            last=one.last_name,
            id=one.id,
            number=one.platform_id,
            n=n + 1000,
        )
        if "//" not in name and not name.startswith("/"):
            files[name] = one.id.encode()
    return list(students.values()), files


def check_invented(seed, folder):
    rng = random.Random(seed)
    students, files = invented(rng)
    if not students or not files:
        return 0
    directory = CourseDirectory(root=str(folder / f"{seed}"))
    directory.assignment_id = MINI
    path = packed(folder / f"{seed}.zip", files)
    try:
        outcomes, found = collected(directory, path, students=students)
    except CommandError as problem:
        assert "more than one way" in str(problem)
        return len(files)
    for name, content in found.items():
        if name.endswith(".ipynb"):
            assert name.split("/")[0] == content.decode(), (seed, files)
    assert len(outcomes) == len(files), (seed, files)
    taken = sum(one == "taken" for one, _ in outcomes.values())
    assert taken == sum(name.endswith(".ipynb") for name in found), (seed, files)
    return len(files)


def test_no_name_gives_a_wrong_owner_and_none_is_lost(tmp_path):
    seeds = range(int(os.environ.get("CASES", 300)))
    assert sum(check_invented(seed, tmp_path) for seed in seeds) > len(seeds)


# -- with nbgrader


def test_of_two_with_one_time_the_later_collected_stays(course, tmp_path):
    """Also when the download that it came after is collected once more."""
    first = packed(tmp_path / "1.zip", {"anna_mini.ipynb": b"A"})
    second = packed(tmp_path / "2.zip", {"anna_mini.ipynb": b"B"})
    assert collected(course, first)[1] == {of("anna"): b"A"}
    assert collected(course, second)[1] == {of("anna"): b"B"}
    lines, found = collected(course, first)
    assert lines["anna_mini.ipynb"] == ("older", "anna: another one took its place")
    assert found == {of("anna"): b"B"}
    assert collected(course, second)[0]["anna_mini.ipynb"][0] == "same as before"


def test_a_newer_hand_in_is_graded_however_it_came(new_course: Course, tmp_path):
    course = new_course
    class_.enter(course.folder, STUDENTS)
    classlist.store(course.folder, STUDENTS)
    partly = nbformat.writes(course.filled(PARTLY)).encode()
    right = nbformat.writes(course.filled(RIGHT)).encode()
    directory = CourseDirectory(root=str(course.folder))
    directory.assignment_id = MINI

    def graded():
        course.run("autograde", MINI)
        return {
            student: sum(points or 0 for points in scores.values())
            for student, scores in course.scores().items()
        }

    by_mail = course.folder / f"submitted/bo/{MINI}/{MINI}.ipynb"
    by_mail.parent.mkdir(parents=True)
    by_mail.write_bytes(partly)
    os.utime(by_mail, (0, 0))
    path = packed(tmp_path / "1.zip", {"anna_mini.ipynb": (partly, EARLY)})
    collected(directory, path)
    few = graded()
    path = packed(
        tmp_path / "2.zip",
        {"anna_mini.ipynb": (right, LATE), "bo_mini.ipynb": (right, LATE)},
    )
    collected(directory, path)
    many = graded()
    assert many["anna"] > few["anna"]
    assert many["bo"] > few["bo"]
    by_mail = course.folder / f"submitted/bo/{MINI}/{MINI}.ipynb"
    (by_mail.parent / "timestamp.txt").unlink()
    by_mail.write_bytes(partly)
    os.utime(by_mail, (0, 0))
    assert graded()["bo"] == few["bo"]
    before = (course.folder / f"autograded/bo/{MINI}/{MINI}.ipynb").stat().st_mtime_ns
    graded()
    after = (course.folder / f"autograded/bo/{MINI}/{MINI}.ipynb").stat().st_mtime_ns
    assert before == after  # what is the same is not graded again
