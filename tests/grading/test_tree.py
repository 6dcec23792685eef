"""A hand-in's files are read once, as hostile: each odd one, and an honest twin."""

import os
import socket
import threading

import pytest
from nbgrader_apart import tree

SECRET = b"the instructor's"


@pytest.fixture
def base(tmp_path):
    """The folder with all hand-ins; beside it lies what no student may reach."""
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "solution.ipynb").write_bytes(SECRET)
    folder = tmp_path / "submitted"
    (folder / "ada" / "mini").mkdir(parents=True)
    return folder


@pytest.fixture
def hand_in(base):
    return base / "ada" / "mini"


def read(base, **options):
    return tree.read(base, "ada", "mini", **options)


def refused(found):
    return {refusal.name: refusal.reason for refusal in found.refused}


def test_honest_files_are_read_as_they_are(base, hand_in):
    (hand_in / "data" / "raw").mkdir(parents=True)
    (hand_in / "data" / "raw" / "Müller, 2. Versuch (1).csv").write_bytes(b"a,b\r\n")
    (hand_in / "helper.py").write_bytes(b"")
    (hand_in / "big.bin").write_bytes(bytes(3_000_000))
    found = read(base)
    assert found.refused == []
    assert found.files == {
        "big.bin": bytes(3_000_000),
        "data/raw/Müller, 2. Versuch (1).csv": b"a,b\r\n",
        "helper.py": b"",
    }


def test_what_is_to_be_passed_over_is_not_even_named(base, hand_in):
    (hand_in / "__pycache__").mkdir()
    (hand_in / "__pycache__" / "x.txt").touch()
    (hand_in / "y.pyc").symlink_to("/etc/hostname")
    found = read(base, ignore=["__pycache__", "*.pyc"])
    assert found.files == {} and found.refused == []


@pytest.mark.parametrize(
    "target", ["../../../secret/solution.ipynb", "/etc/passwd", "nowhere", "link", "."]
)
def test_a_link_is_not_followed(base, hand_in, target):
    (hand_in / "link").symlink_to(target)
    found = read(base)
    assert found.files == {}
    assert refused(found) == {"link": "is a link"}


def test_a_folder_that_is_a_link_is_not_entered(base, hand_in):
    (hand_in / "out").symlink_to("../../../secret")
    assert read(base).files == {}


@pytest.mark.parametrize("component", ["ada", "mini"])
def test_no_component_of_the_way_may_be_a_link(base, hand_in, component):
    elsewhere = base.parent / "elsewhere" / "mini"
    elsewhere.mkdir(parents=True)
    (elsewhere / "mini.ipynb").write_bytes(SECRET)
    place = {"ada": base / "ada", "mini": hand_in}[component]
    hand_in.rmdir()
    if component == "ada":
        (base / "ada").rmdir()
        place.symlink_to(elsewhere.parent)
    else:
        place.symlink_to(elsewhere)
    with pytest.raises(tree.Unopened, match=f"{component} is a link"):
        read(base)


def test_the_instructors_own_folder_may_be_reached_by_a_link(base, hand_in):
    (hand_in / "a.csv").write_bytes(b"1")
    (base.parent / "disk").symlink_to(base)
    assert tree.read(base.parent / "disk", "ada", "mini").files == {"a.csv": b"1"}


def test_pipes_sockets_and_devices_are_not_waited_for(base, hand_in):
    os.mkfifo(hand_in / "pipe")
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(hand_in / "socket"))
    expected = {"pipe", "socket"}
    if os.geteuid() == 0:
        try:
            os.mknod(hand_in / "device", 0o20644, os.makedev(5, 0))  # the terminal
            expected.add("device")
        except OSError:
            pass  # a container without leave to make one
    found = read(base)
    assert refused(found) == dict.fromkeys(expected, "is not an ordinary file")


def test_hard_links_are_ordinary_files(base, hand_in):
    (hand_in / "one").write_bytes(b"1")
    os.link(hand_in / "one", hand_in / "two")
    assert read(base).files == {"one": b"1", "two": b"1"}


@pytest.mark.parametrize(
    "name, shown",
    [
        ("a\nada  graded.csv", "a\\nada  graded.csv"),
        ("\x1b[2J.csv", "\\x1b[2J.csv"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        (b"\xff.csv", "\\udcff.csv"),
        ("a\u2028ada.csv", "a\\u2028ada.csv"),
        ("so\u00adft\ufeff.csv", "so\\xadft\\ufeff.csv"),
        ("back\\slash", "back\\slash"),
        ("n" * 201, "n" * 117 + "..."),
    ],
)
def test_odd_names_are_refused_and_printed_harmlessly(base, hand_in, name, shown):
    (hand_in / os.fsdecode(name)).touch()
    found = read(base)
    assert found.files == {}
    ((printed, _),) = refused(found).items()
    assert printed == shown
    assert printed.isprintable()


def test_honest_names_of_all_languages_are_taken(base, hand_in):
    names = {"Größe.csv", "данные.csv", "データ.csv", "بيانات.csv", 'a\'b "c".csv'}
    for name in names:
        (hand_in / name).touch()
    assert set(read(base).files) == names


@pytest.mark.parametrize(
    "name",
    [
        "Screenshot 2027-03-01 at 3.45.12\u202fPM.png",
        "山田\u3000太郎.csv",
        "Anna\u00a0Müller.csv",
        "می\u200cخواهم.csv",
        "\U0001f469\u200d\U0001f52c.csv",
    ],
    ids=["Mac", "Japanese", "no break", "Persian", "joined picture"],
)
def test_spaces_and_joiners_that_people_write_are_taken(base, hand_in, name):
    (hand_in / name).touch()
    assert set(read(base).files) == {name}
    assert tree.printable(name) == name


@pytest.mark.parametrize(
    "name",
    ["C:evil.py", "mini.ipynb:x", "NUL", "nul.csv", "com1.txt", "a.", "a ", "a?"],
)
def test_names_that_lead_elsewhere_on_windows_are_refused_there(name):
    assert tree.odd_name(name, windows=True) and not tree.odd_name(name, windows=False)


@pytest.mark.parametrize(
    "name", ["mini (1).ipynb", "nullable.csv", "console.py", "a b"]
)
def test_honest_names_are_taken_on_windows(name):
    assert tree.odd_name(name, windows=True) is None


def test_a_thousand_folders_deep(base, hand_in):
    """Made and removed by file descriptor: no path is so long."""
    at = os.open(hand_in, os.O_RDONLY)
    for _ in range(1_100):
        os.mkdir("d", dir_fd=at)
        below = os.open("d", os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    (hand_in / "kept.csv").touch()
    found = read(base)
    assert set(found.files) == {"kept.csv"}
    assert list(refused(found).values()) == ["lies more than 16 folders deep"]
    tree.remove(base / "ada")
    assert not (base / "ada").exists()


def test_a_long_path_is_refused(base, hand_in):
    folder = hand_in / ("a" * 150) / ("b" * 100)
    folder.mkdir(parents=True)
    (folder / "c.csv").touch()
    assert read(base).files == {}


def test_too_many_files_are_refused_and_those_above_stay(base, hand_in):
    (hand_in / "mini.ipynb").touch()
    (hand_in / "zz").mkdir()
    for number in range(60):
        (hand_in / "zz" / f"{number}").touch()
    found = read(base, limits=tree.Limits(files=50))
    assert set(found.files) == {"mini.ipynb"}
    assert refused(found) == {"zz": "holds more than 50 files"}


def test_sizes_are_capped_alone_and_together(base, hand_in):
    (hand_in / "a").write_bytes(bytes(60))
    (hand_in / "b").write_bytes(bytes(60))
    (hand_in / "c").write_bytes(bytes(101))
    os.truncate(hand_in / "c", 10**12)  # a sparse file
    found = read(base, limits=tree.Limits(file_bytes=100, total_bytes=100))
    assert set(found.files) == {"a"}
    assert "is beyond" in refused(found)["b"]
    assert "is larger than" in refused(found)["c"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root can read everything")
def test_what_cannot_be_read_is_named(base, hand_in):
    (hand_in / "closed").touch(0o000)
    assert "cannot be read" in refused(read(base))["closed"]


def test_nothing_can_be_exchanged_for_a_link_between_look_and_read(base, hand_in):
    """Another process exchanges file and link as fast as it can."""
    file, link, name = hand_in / "file", hand_in / "link", hand_in / "data.csv"
    file.write_bytes(b"own")
    link.symlink_to(base.parent / "secret" / "solution.ipynb")
    os.link(file, name)
    done = threading.Event()

    def exchange():
        while not done.is_set():
            for source in (link, file):
                os.link(source, hand_in / "next", follow_symlinks=False)
                os.replace(hand_in / "next", name)

    thread = threading.Thread(target=exchange)
    thread.start()
    try:
        contents = {read(base).files.get("data.csv") for _ in range(300)}
    finally:
        done.set()
        thread.join()
    assert contents <= {None, b"own"}


def test_without_descriptors_the_same_is_refused(base, hand_in, monkeypatch):
    """As on Windows, where a folder cannot be opened relative to another."""
    monkeypatch.setattr(tree, "RELATIVE", False)
    (hand_in / "data").mkdir()
    (hand_in / "data" / "a.csv").write_bytes(b"1")
    (hand_in / "link").symlink_to("/etc/passwd")
    (hand_in / "out").symlink_to("../../../secret")
    found = read(base)
    assert found.files == {"data/a.csv": b"1"}
    assert refused(found) == {"link": "is a link", "out": "is a link"}
    (base / "ben").symlink_to(base / "ada")
    with pytest.raises(tree.Unopened):
        tree.read(base, "ben", "mini")


def test_one_file_alone(base, hand_in):
    (hand_in / "timestamp.txt").write_bytes(b"now")
    assert tree.read_file(base, "ada", "mini", "timestamp.txt") == b"now"
    assert tree.read_file(base, "ada", "mini", "missing") is None
    (hand_in / "timestamp.txt").unlink()
    os.mkfifo(hand_in / "timestamp.txt")
    assert tree.read_file(base, "ada", "mini", "timestamp.txt") is None


def test_removing_takes_the_link_and_not_what_it_points_to(base, hand_in):
    (hand_in / "out").symlink_to("../../../secret")
    tree.remove(hand_in)
    tree.remove(hand_in)  # nothing there: nothing to do
    assert (base.parent / "secret" / "solution.ipynb").read_bytes() == SECRET
    hand_in.symlink_to("../../secret")
    tree.remove(hand_in)
    assert not hand_in.is_symlink()
    assert (base.parent / "secret" / "solution.ipynb").exists()
