"""Hand-ins that attack the way in, beside honest ones: with the real commands."""

import csv
import importlib.metadata
import io
import json
import os
import random
import shutil
import stat
import subprocess
import sys
import tarfile
import tracemalloc
import zipfile
from types import SimpleNamespace

import nbformat
import pytest
from miniature import MINI, RIGHT, Course, cell
from nbgrader_apart import archives, export, submission, tree

FULL = {"left_after": 1, "left_after_hidden": 2, "highest": 1, "highest_hidden": 1}
NONE = dict.fromkeys(FULL, 0)


def points(scores):
    return {name: scores[name] for name in FULL}


def deep(folder, depth=1_100):
    """Make folders in each other, deeper than any path is long."""
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)


@pytest.fixture(autouse=True)
def nothing_too_deep_is_left(tmp_path):
    """pytest removes its folders by recursion, which so deep ones would end."""
    yield
    tree.remove(tmp_path / "course")


# -- what lies in submitted/, put there by mail, unzip, rsync or git


def put(course, student, **files):
    """Make the folder of a hand-in, with an honest notebook unless one is given."""
    folder = course.folder / "submitted" / student / MINI
    folder.mkdir(parents=True)
    files = {f"{MINI}.ipynb": nbformat.writes(course.filled(RIGHT))} | files
    for name, content in files.items():
        if content is not None:
            (folder / name).write_text(content)
    return folder


def fill(course):
    """Let a class hand in; return who deserves what, None for no mark at all."""
    nothing = {f"{MINI}.ipynb": None}
    source = course.folder / "source" / MINI / f"{MINI}.ipynb"
    put(course, "ada")
    put(
        course, "zoe", **{"helper.py": "x = 1", "timestamp.txt": "2026-03-02 12:00 UTC"}
    )
    (put(course, "links") / "data").symlink_to("../../..")
    (put(course, "out", **nothing) / f"{MINI}.ipynb").symlink_to(source)
    (put(course, "misspelt", **nothing) / f"{MINI} (1).ipynb").symlink_to(source)
    (put(course, "folder", **nothing) / f"{MINI}.ipynb").mkdir()
    (put(course, "other_folder") / "notes.ipynb").mkdir()
    (put(course, "dangling") / "notes.ipynb").symlink_to("nowhere")
    os.mkfifo(put(course, "pipe") / "notes.ipynb")
    os.mkfifo(put(course, "slow", **nothing) / f"{MINI}.ipynb")
    os.mkfifo(put(course, "late") / "timestamp.txt")
    put(course, "stamp", **{"timestamp.txt": "9" * 5_000})
    put(course, "zone", **{"timestamp.txt": "2026-03-02 12:00:00 ../../etc/passwd"})
    deep(put(course, "deep"))
    put(course, "digits", **{f"{MINI}.ipynb": '{"nbformat": ' + "4" * 5_000 + "}"})
    cells = ",".join(['{"cell_type": "code", "source": ""}'] * 200_000)
    cells = f'{{"nbformat": 4, "cells": [{cells}]}}'
    put(course, "cells", **{f"{MINI}.ipynb": cells})
    put(course, "names", **{"a\nada  graded \x1b[2J.csv": "x"})
    put(course, "file_for_folder", **{"d": "a file"})
    for name in (submission.GRADED, submission.TIMESTAMP, submission.REFUSED):
        below = put(course, f"ours{len(name)}") / name
        below.mkdir()
        (below / "a.csv").touch()
    old = {"cell_type": "heading", "level": 10**11, "source": "x", "metadata": {}}
    old = {"nbformat": 3, "worksheets": [{"cells": [old] * 100}]}
    put(course, "old", **{f"{MINI}.ipynb": json.dumps(old)})
    (put(course, "x", **nothing).parent / "nbgrader_config.py").write_text("1 / 0")
    # A student's folder that is a link, and one whose assignment is.
    shutil.rmtree(course.folder / "submitted" / "x")
    (course.folder / "submitted" / "x").symlink_to("../source")
    (course.folder / "submitted" / "y").mkdir()
    (course.folder / "submitted" / "y" / MINI).symlink_to(source.parent)
    full = "ada zoe links other_folder dangling pipe late stamp zone deep names"
    full += " ours10 ours11 ours13"
    return (
        dict.fromkeys([*full.split(), "file_for_folder"], FULL)
        | dict.fromkeys(["out", "folder", "slow", "digits", "cells", "old"], NONE)
        | dict.fromkeys(["misspelt", "x", "y"])
    )


def entries(course):
    """Return what lies in the folders of all hand-ins, with what each entry is."""
    found = {path: path.lstat() for path in course.folder.glob("submitted/*/*/*")}
    return {path: (state.st_mode, state.st_size) for path, state in found.items()}


@pytest.fixture(scope="module", params=["on", "off"])
def hostile(handed_out, tmp_path_factory, request):
    """A class with every odd tree, graded twice: by itself, and again with --force."""
    course = Course(
        shutil.copytree(handed_out, tmp_path_factory.mktemp("class") / "course")
    )
    deserved = fill(course)
    before = (course.folder / "nbgrader_config.py").read_text()
    handed_in = entries(course)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER", request.param)
        printed = course.run("autograde", MINI)
        again = course.run("autograde", MINI, "--force")
    course.run("generate_feedback", MINI)
    assert (course.folder / "nbgrader_config.py").read_text() == before
    yield SimpleNamespace(
        course=course,
        deserved=deserved,
        handed_in=handed_in,
        printed=printed,
        again=again,
        scores=course.scores(),
    )
    tree.remove(course.folder)


def test_everybody_gets_what_they_deserve(hostile):
    for student, wanted in hostile.deserved.items():
        if wanted is None:
            assert student not in hostile.scores, student
        else:
            assert points(hostile.scores[student]) == wanted, student


def test_what_was_handed_in_stays_as_it_was(hostile):
    assert entries(hostile.course) == hostile.handed_in


def test_nothing_is_printed_that_commands_a_terminal(hostile):
    assert "Traceback" not in hostile.printed
    assert "\x1b[2J" not in hostile.printed + hostile.again
    assert not [
        line for line in hostile.printed.splitlines() if line.startswith("ada  graded")
    ]


def closing_table(hostile):
    """Return what the command says at the end, with the file that it names."""
    printed = hostile.printed[hostile.printed.rindex(f"\n{MINI}: ") :]
    file = hostile.course.folder / f"{MINI}-closing.csv"
    assert file.name in printed
    return printed + file.read_text()


@pytest.mark.parametrize(
    "student, reason",
    [
        ("links", "data is a link"),
        ("out", "mini.ipynb is a link: hand in the file itself"),
        ("folder", "mini.ipynb is a folder: hand in the file itself"),
        ("slow", "mini.ipynb is not an ordinary file"),
        ("deep", "lies more than 16 folders deep"),
        ("names", "has a control character in its name"),
        ("stamp", "timestamp.txt holds no time that can be read"),
        ("cells", "has 200000 cells"),
    ],
)
def test_instructor_and_student_are_told(hostile, student, reason):
    assert reason in closing_table(hostile)
    log = hostile.printed[: hostile.printed.rindex(f"\n{MINI}: ")]
    assert reason in log
    page = hostile.course.folder / f"feedback/{student}/{MINI}/{MINI}.html"
    assert reason in page.read_text()


def test_who_has_no_mark_is_named(hostile):
    closing = closing_table(hostile)
    assert "handed in no notebook, but mini (1).ipynb is a link" in closing
    assert "x is a link" in closing or "x is a link or a file" in closing
    assert "mini is a link" in closing


def test_what_was_graded_holds_ordinary_files_only(hostile):
    for path in (hostile.course.folder / "autograded").rglob("*"):
        mode = path.lstat().st_mode
        assert stat.S_ISREG(mode) or stat.S_ISDIR(mode), path
    kept = hostile.course.folder / "autograded" / "zoe" / MINI
    assert (kept / "helper.py").read_text() == "x = 1"


# -- the exchange


def test_collect_follows_no_link_and_stops_for_nobody(new_course, tmp_path):
    course = new_course
    secret = tmp_path / "secret.csv"
    secret.write_text("the instructor's")
    right = course.filled(RIGHT)
    for student in ("ada", "eve", "mal", "zoe"):
        course.hand_in(student, right)
    inbound = course.folder / "exchange/immune-modulators/inbound"
    (eve,) = inbound.glob("eve+*")
    (eve / "data.csv").symlink_to(secret)
    (eve / "all").symlink_to("../../../..")
    os.mkfifo(eve / "pipe")
    deep(eve)
    (eve / submission.REFUSED).mkdir()
    (eve / submission.REFUSED / "a.csv").touch()
    (mal,) = inbound.glob("mal+*")
    shutil.rmtree(mal)
    mal.symlink_to(course.folder / "source" / MINI)
    for name in (
        f"bob+{MINI}+yesterday",
        f"bob+{MINI}+{'9' * 100}",
        f"<script>+{MINI}+2026-03-02 12:00:00 UTC",
        f"dot+{MINI}+2026-03-02 12:00:00 UTC",
    ):
        (inbound / name).mkdir()
    (inbound / f"dot+{MINI}+2026-03-02 12:00:00 UTC" / "..ipynb").touch()
    (inbound / f"gone+{MINI}+2026-03-02 12:00:00 UTC").symlink_to("nowhere")
    printed = course.run("collect", MINI, "--update")
    submitted = course.folder / "submitted"
    assert {path.name for path in submitted.iterdir()} == {"ada", "dot", "eve", "zoe"}
    for path in submitted.rglob("*"):
        assert stat.S_IFMT(path.lstat().st_mode) in (stat.S_IFREG, stat.S_IFDIR)
        assert path.is_dir() or "the instructor's" not in path.read_text()
    for told in (
        "eve: data.csv is a link",
        "mal: not collected, for",
        "gone: not coll",
    ):
        assert told in printed
    printed = course.run("autograde", MINI)
    scores = course.scores()
    assert points(scores["ada"]) == points(scores["eve"]) == FULL
    assert "data.csv is a link" in printed  # remembered from the collecting
    course.run("generate_feedback", MINI)
    page = course.folder / f"feedback/eve/{MINI}/{MINI}.html"
    assert "data.csv is a link" in page.read_text()


def test_a_newer_hand_in_takes_the_place_of_an_older_and_a_bad_one_of_none(new_course):
    course = new_course
    course.hand_in("ada", course.filled({}))
    course.run("collect", MINI)
    first = (course.folder / f"submitted/ada/{MINI}/{MINI}.ipynb").read_text()
    course.hand_in("ada", course.filled(RIGHT))
    course.run("collect", MINI)
    kept = course.folder / f"submitted/ada/{MINI}/{MINI}.ipynb"
    assert kept.read_text() == first  # not asked to update
    course.run("collect", MINI, "--update")
    assert kept.read_text() != first
    course.hand_in("ada", b"")
    inbound = course.folder / "exchange/immune-modulators/inbound"
    newest = max(inbound.glob("ada+*"))
    shutil.rmtree(newest)
    newest.symlink_to("nowhere")
    better = kept.read_text()
    course.run("collect", MINI, "--update")
    assert kept.read_text() == better


SECRETS = {"ada": b"of ada", "odd": b"\xff\xfe", "none": None, "zoe": b"of zoe"}


@pytest.fixture
def with_secrets(new_course):
    """A class that handed in as `nbgrader submit` does, but for two of them."""
    for student, secret in SECRETS.items():
        new_course.hand_in(student, new_course.filled(RIGHT))
        (folder,) = inbound(new_course).glob(f"{student}+*")
        if secret is not None:
            (folder / "submission_secret.txt").write_bytes(secret)
    return new_course


def inbound(course):
    return course.folder / "exchange/immune-modulators/inbound"


def test_feedback_goes_back_to_those_whose_secret_came_along(with_secrets):
    course = with_secrets
    course.grade()
    course.run("generate_feedback", MINI)
    printed = course.run("release_feedback", MINI)
    released = inbound(course).with_name("feedback").glob("*.html")
    pages = [course.folder / f"feedback/{one}/{MINI}/{MINI}.html" for one in SECRETS]
    texts = {page.parts[-3]: page.read_bytes() for page in pages}
    assert sorted(page.read_bytes() for page in released) == sorted(
        [texts["ada"], texts["zoe"]]
    )
    assert "odd: not released" in printed and "none: not released" in printed


def test_what_lies_in_the_exchange_is_listed_without_waiting(with_secrets):
    course = with_secrets
    pipe, linked = (
        inbound(course) / f"{student}+{MINI}+2026-03-02 12:00:00 UTC"
        for student in ("pipe", "linked")
    )
    pipe.mkdir()
    os.mkfifo(pipe / f"{MINI}.ipynb")
    linked.symlink_to(course.folder / "source" / MINI)
    (inbound(course) / f"two\nlines+{MINI}+2026-03-02 12:00:00 UTC").mkdir()
    deep(inbound(course) / next(inbound(course).glob("zoe+*")))
    printed = course.run("list", "--inbound")
    listed = [line for line in printed.splitlines() if "UTC (" in line]
    assert [line.split(" mini ")[0].split()[-1] for line in listed] == [
        "ada",
        "none",
        "zoe",
    ]
    for told in (
        f"{MINI}.ipynb is not an ordinary file",
        "UTC is a link",
        "two\\nlines",
        "submission_secret.txt that cannot be read",
    ):
        assert told in printed
    source = sorted((course.folder / "source" / MINI).iterdir())
    course.run("list", "--inbound", "--remove")
    assert list(inbound(course).iterdir()) == []
    assert sorted((course.folder / "source" / MINI).iterdir()) == source


#: What formgrader's page of submissions asks.
LISTS = """
import sys
from nbgrader.apps import NbGraderAPI, NbGraderApp
app = NbGraderApp()
app.load_config_file()
api = NbGraderAPI(config=app.config)
print(*sorted(api.get_autograded_students("mini")))
print(*sorted(one["student"] for one in api.get_submissions("mini")))
"""


def test_formgrader_lists_a_class_whatever_time_stamps_it_has(new_course):
    course = new_course
    for student in ("ada", "digits", "words", "pipe"):
        put(course, student, **{"timestamp.txt": "2026-03-02 12:00:00 UTC"})
    course.run("autograde", MINI)
    stamps = {
        student: course.folder / "submitted" / student / MINI / "timestamp.txt"
        for student in ("digits", "words", "pipe")
    }
    stamps["digits"].write_text("9" * 5_000)
    stamps["words"].write_bytes(b"yesterday \xff")
    stamps["pipe"].unlink()
    os.mkfifo(stamps["pipe"])
    done = subprocess.run(
        [sys.executable, "-c", LISTS],
        cwd=course.folder,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert done.stdout.splitlines() == ["ada", "ada digits pipe words"], done.stderr


@pytest.mark.parametrize("words", ["BEGIN", "END", "BEGIN HIDDEN TESTS\n### BEGIN"])
def test_words_of_hidden_tests_in_an_answer_cost_no_feedback(new_course, words):
    course = new_course
    marked = course.filled(RIGHT)
    for one in marked.cells:
        if one.metadata.get("nbgrader", {}).get("grade_id") in RIGHT:
            one.source = f"### {words} HIDDEN TESTS\n{one.source}"
    course.hand_in("ada", marked)
    course.grade()
    assert points(course.scores()["ada"]) == FULL
    course.run("generate_feedback", MINI)
    page = (course.folder / f"feedback/ada/{MINI}/{MINI}.html").read_text()
    assert "inside the noise" in page and "secret message" not in page


# -- archives


def archive(course, name, **members):
    """Put a ZIP file where `nbgrader zip_collect` looks for it."""
    folder = course.folder / "downloaded" / MINI / "archive"
    folder.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(folder / name, "w") as file:
        for member, content in members.items():
            file.writestr(member, content)
    return folder / name


def zipped(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        for member, data in members.items():
            file.writestr(member, data)
    return content.getvalue()


def test_zip_collect_takes_files_under_their_own_name_only(new_course):
    course = new_course
    right, untouched = (
        nbformat.writes(course.filled(answers)) for answers in (RIGHT, {})
    )
    link = zipfile.ZipInfo(f"eve_{MINI}.ipynb")
    link.create_system = 3
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = archive(
        course,
        "class.zip",
        **{
            f"ada_{MINI}.ipynb": right,
            "mal_work.zip": zipped(**{f"ada_{MINI}.ipynb": untouched}),
            f"../../../../source/{MINI}/mal_{MINI}.ipynb": right,
            f"/tmp/mal_{MINI}.ipynb": right,
            f"<b>_{MINI}.ipynb": right,
            f"a\x1b[2J_{MINI}.ipynb": right,
            f"bomb_{MINI}.ipynb": b"\0" * 60_000_000,
        },
    )
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(link, "../../../source/mini/mini.ipynb")
    printed = course.run("zip_collect", MINI)
    submitted = course.folder / "submitted"
    assert [one.name for one in submitted.iterdir()] == ["ada"]
    kept = submitted / "ada" / MINI / f"{MINI}.ipynb"
    assert kept.read_text() == right
    assert "mal_work.zip is an archive in the archive" in printed
    assert "\x1b[2J" not in printed
    assert not list((course.folder / "source").rglob("mal*"))


def test_the_longer_id_of_the_class_list_counts(new_course):
    course = new_course
    (course.folder / "class.csv").write_text(
        "id,first_name,last_name\nanna,Anna,Berg\nanna_m,Anna,Meier\n"
    )
    course.run("db", "student", "import", "class.csv")
    right = nbformat.writes(course.filled(RIGHT))
    archive(course, "class.zip", **{f"anna_m_{MINI}.ipynb": right})
    course.run("zip_collect", MINI)
    assert [one.name for one in (course.folder / "submitted").iterdir()] == ["anna_m"]
    archive(course, "class.zip", **{f"anna_2027-03-01_{MINI}.ipynb": right})
    course.run("zip_collect", MINI, "--force")
    assert (course.folder / "submitted" / "anna" / MINI / f"{MINI}.ipynb").exists()


def test_a_damaged_archive_is_one_line(new_course):
    archive(new_course, "class.zip").write_bytes(b"PK\x03\x04 broken")
    printed = new_course.run("zip_collect", MINI)
    assert "class.zip cannot be read" in printed and "Traceback" not in printed


def test_a_damaged_file_of_an_archive_is_alone(tmp_path):
    made = io.BytesIO()
    draw = random.Random(1)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as file:
        for name in "abc":
            file.writestr(name, draw.randbytes(3_000) * 3)
        begins = file.getinfo("b").header_offset + 40
    damaged = bytearray(made.getvalue())
    for place in range(begins + 20, begins + 200):
        damaged[place] ^= 0x5A
    (tmp_path / "class.zip").write_bytes(damaged)
    refused = archives.unpack(tmp_path / "class.zip", tmp_path / "class")
    assert {path.name for path in (tmp_path / "class").iterdir()} == {"a", "c"}
    assert [one.name for one in refused] == ["b"]
    assert "cannot be unpacked" in refused[0].reason


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_few_bytes_of_an_archive_fill_no_memory(tmp_path, method):
    """The library unpacks what is packed so as a whole, whatever is asked for."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", method) as file:
        with file.open("bomb.txt", "w") as bomb:
            for _ in range(150):
                bomb.write(bytes(1_000_000))
        file.writestr(zipfile.ZipInfo("b.txt"), b"b")
        says = file.getinfo("bomb.txt").file_size.to_bytes(4, "little")
    lies = made.getvalue().replace(says, (1_000).to_bytes(4, "little"))
    (tmp_path / "class.zip").write_bytes(lies)
    tracemalloc.start()
    refused = archives.unpack(tmp_path / "class.zip", tmp_path / "class")
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 100_000_000
    assert [path.name for path in (tmp_path / "class").iterdir()] == ["b.txt"]
    (said,) = refused
    assert said.name == "bomb.txt" and "packed otherwise" in said.reason


@pytest.mark.parametrize("when", ["nan", "inf", "1e30", "-5", "3"])
def test_an_odd_time_in_an_archive_stops_nobody(tmp_path, when):
    with tarfile.open(tmp_path / "class.tar", "w", format=tarfile.PAX_FORMAT) as file:
        for name in "ab":
            member = tarfile.TarInfo(name)
            member.pax_headers = {"mtime": when}
            file.addfile(member)
    assert archives.unpack(tmp_path / "class.tar", tmp_path / "class") == []
    assert len(list((tmp_path / "class").iterdir())) == 2
    if when == "3":
        assert (tmp_path / "class" / "a").stat().st_mtime == 3


def test_archives_lead_nowhere_through_a_students_folder(new_course, tmp_path):
    (new_course.folder / "submitted").mkdir()
    (new_course.folder / "submitted" / "ada").symlink_to(tmp_path)
    right = nbformat.writes(new_course.filled(RIGHT))
    archive(new_course, "class.zip", **{f"ada_{MINI}.ipynb": right})
    printed = new_course.run("zip_collect", MINI)
    assert "is a link" in printed
    assert list(tmp_path.glob(f"{MINI}*")) == []


# -- what leaves


@pytest.mark.parametrize(
    "value, cell_of_the_table",
    [
        ("Müller, Anna", "Müller, Anna"),
        ('He said "x"', 'He said "x"'),
        ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
        ("  @SUM(1)", "'  @SUM(1)"),
        ("+49 30 1", "'+49 30 1"),
        ("-5.5", "-5.5"),
        (-5.5, "-5.5"),
        (None, ""),
        ("a\r\n=1", "a  =1"),
        ("\uff1dcmd|x", "'\uff1dcmd|x"),
        ("Berg;=1+1; @x", "Berg;'=1+1;' @x"),
        ("Berg; Anna", "Berg; Anna"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("山田\u3000太郎", "山田\u3000太郎"),
        ("\u3000=1", "'\u3000=1"),
    ],
)
def test_no_cell_is_a_formula(value, cell_of_the_table):
    assert export.plain(value) == cell_of_the_table


def test_export_brings_every_name_back(new_course):
    course = new_course
    (course.folder / "class.csv").write_text(
        'id,first_name,last_name\nada,"Ada, née ""X""",=cmd|calc\nbob,Bob,\n'
    )
    course.run("db", "student", "import", "class.csv")
    course.run("export", "--to", str(course.folder / "grades.csv"))
    with open(course.folder / "grades.csv", newline="", encoding="utf-8") as file:
        rows = {row["student_id"]: row for row in csv.DictReader(file)}
    assert rows["ada"]["first_name"] == 'Ada, née "X"'
    assert rows["ada"]["last_name"] == "'=cmd|calc"
    assert (rows["bob"]["score"], rows["bob"]["status"]) == ("", "not handed in")


@pytest.mark.parametrize(
    "student", ["ada", "Ada Müller", "o'brien", "a.b+c@uni.example", "12345", "anna_m"]
)
def test_usual_ids_are_ids(student):
    assert submission.odd_id(student) is None


@pytest.mark.parametrize(
    "student",
    ["", "<b>", "a/b", "..", "-rf", "=1", "+1", "a\nb", "a" * 81, '"', "a\x1b[2J"]
    + ["a;=1", "a; +1", "\uff1d1"]  # formulas, where ids stand as they are
    + ["a[1]", "[b]"],  # nbgrader looks for files by such patterns
)
def test_odd_ids_are_not(student):
    assert submission.odd_id(student)


# -- nbgrader by itself


def test_without_a_box_pip_changes_nothing_and_a_hang_is_called_one(
    new_course, monkeypatch
):
    monkeypatch.setenv("AUTOGRADER", "off")
    course = new_course
    settings = course.folder / "nbgrader_config.py"
    settings.write_text(settings.read_text() + "c.Execute.timeout = 8\n")
    installs, hangs = course.filled(RIGHT), course.filled(RIGHT)
    installs.cells.insert(2, cell("code", "%pip install --no-index nbgrader_not_there"))
    installs.cells.insert(3, cell("code", "%pip uninstall -y iniconfig"))
    endless = "while True:\n    try:\n        import time; time.sleep(99)\n"
    endless += "    except BaseException:\n        pass"
    hangs.cells.insert(5, cell("code", endless))
    course.hand_in("installs", installs)
    course.hand_in("hangs", hangs)
    course.hand_in("right", course.filled(RIGHT))
    printed = course.grade()
    scores = course.scores()
    assert points(scores["installs"]) == points(scores["right"]) == FULL
    assert points(scores["hangs"]) == NONE | {"left_after": 1, "left_after_hidden": 2}
    assert "A cell took more than 8 s" in printed
    assert "no other program holds" not in printed
    said = str([one.get("outputs") for one in course.autograded("installs").cells])
    assert "packages-stay-as-they-are" in said
    assert importlib.metadata.version("iniconfig")


#: What a student's code can make its kernel send, in a form that no kernel sends.
SEND = """
kernel = get_ipython().kernel
def send(kind, content):
    parent = kernel.get_parent("shell")
    kernel.session.send(kernel.iopub_socket, kind, content, parent=parent, ident=b"x")
"""
ODD_MESSAGES = [
    ("stream", {}),
    ("stream", {"name": 5, "text": [1]}),
    ("display_data", {}),
    ("display_data", {"data": {"text/html": 5, "image/png": [1]}, "metadata": 3}),
    ("update_display_data", {"transient": 5, "data": {}}),
    ("error", {"ename": None, "evalue": 3, "traceback": 5}),
    ("error", {"ename": "E", "evalue": "e", "traceback": [10**6, "\ud800"]}),
    ("status", {"execution_state": ["idle"]}),
    ("clear_output", {}),
    ("execute_input", {"execution_count": "many"}),
    ("nonsense", {}),
    ("comm_open", {"comm_id": "a", "target_name": "jupyter.widget", "data": 5}),
    ("comm_msg", {"x": 1}),
]
WIDGETS = """
for n in range(10):
    state = {"_model_module": "x", "_model_name": "y", "value": "z" * 1_000_000}
    send("comm_open", {"comm_id": str(n), "target_name": "jupyter.widget",
                       "data": {"state": state}})
"""
SHOWS = """
from IPython.display import display
display({"text/html": 5, "a/b": {"c": [1]}, "text/plain": "a figure"}, raw=True)
print("and a line")
shown = display("before", display_id=True)
shown.update("after")
"""


def test_what_a_kernel_sends_is_its_own_students(new_course, monkeypatch):
    monkeypatch.setenv("AUTOGRADER", "off")
    course = new_course
    odd = "".join(f"send(*{message!r})\n" for message in ODD_MESSAGES)
    added = {
        "odd": SEND + odd,
        "unsigned": "get_ipython().kernel.session.key = b'x'",
        "widgets": SEND + WIDGETS,
        "shows": SHOWS,
        "zoe": "",
    }
    for student, code in added.items():
        notebook = course.filled(RIGHT)
        notebook.cells.insert(5, cell("code", code))
        course.hand_in(student, notebook)
    course.grade()  # ends with 0
    scores = course.scores()
    before = NONE | {"left_after": 1, "left_after_hidden": 2}
    for student in ("odd", "widgets", "shows", "zoe"):
        assert points(scores[student]) == FULL, student
    assert points(scores["unsigned"]) == before
    assert "changed how its process" in str(course.autograded("unsigned").cells)
    size = (course.folder / f"autograded/widgets/{MINI}/{MINI}.ipynb").stat().st_size
    assert size < 100_000
    shown = str(course.autograded("shows").cells)
    for told in ("a figure", "kind a/b", "and a line", "after"):
        assert told in shown
    assert "before" not in str(course.autograded("shows").cells[5].outputs)
    course.run("generate_feedback", MINI)


def test_without_a_box_a_notebook_has_its_time_too(new_course, monkeypatch):
    monkeypatch.setenv("AUTOGRADER", "off")
    course = new_course
    settings = course.folder / "nbgrader_config.py"
    limits = "c.Execute.timeout = 3\nc.ExecuteOrSay.total_timeout = 12\n"
    settings.write_text(settings.read_text() + limits)
    hangs = course.filled(RIGHT)
    for _ in range(100):
        hangs.cells.insert(5, cell("code", "while True: pass"))
    course.hand_in("hangs", hangs)
    course.hand_in("zoe", course.filled(RIGHT))
    course.grade()
    scores = course.scores()
    before = NONE | {"left_after": 1, "left_after_hidden": 2}
    assert points(scores["hangs"]) == before and points(scores["zoe"]) == FULL
    said = str([one.get("outputs") for one in course.autograded("hangs").cells])
    assert "not run, because the notebook took more than 12 s" in said
