"""Hand-ins whose folders hold anything that a file system can hold: none stops a run.

``make fuzz`` makes 5,000 of them; here are a few.
"""

import contextlib
import os
import random
import shutil
import socket

import nbformat
from miniature import RIGHT, source_notebook
from nbgrader_apart import submission, tree

CASES = int(os.environ.get("FUZZ_TREES", "100"))
NAMES = [
    "mini.ipynb",
    "mini (1).ipynb",
    "other.ipynb",
    "data.csv",
    "timestamp.txt",
    "refused.txt",
    "helper.py",
    "d",
    ".hidden",
    "a b",
    "Größe.csv",
    "a\nb",
    "\x1b[2J",
    "\u202ecod.exe",
    "\udcff",
    "back\\slash",
    "n" * 220,
    "-rf",
    "..ipynb",
    "<script>.ipynb",
]
SECRET = b"what no student may read"
#: A file of the instructor's, in a folder.
RESERVED = ["d/data.csv"]
LIMITS = tree.Limits(file_bytes=100_000, total_bytes=200_000, files=60, depth=4)


def honest():
    notebook = source_notebook()
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = RIGHT.get(name, cell.source)
    return nbformat.writes(notebook).encode()


NOTEBOOK = honest()
CONTENTS = [
    NOTEBOOK,
    NOTEBOOK[:500],
    b"",
    b"2026-03-02 12:00:00 UTC",
    b"9" * 5_000,
    b'{"nbformat": 4, "cells": [' + b"[" * 5_000,
    b'{"nbformat": 4, "cells": [{"source": 7, "metadata": []}, 3]}',
    b"data.csv\tis a link\n\x1b\t\x1b[2J\n",
    bytes(150_000),
]
TARGETS = "../secret ../../secret/s /etc/passwd nowhere . d mini.ipynb".split()


def make(draw, folder, depth=0):
    """Put a few entries of any kind into a folder."""
    for _ in range(draw.randrange(1, 7)):
        path = os.path.join(folder, draw.choice(NAMES))
        kind = draw.choice([*KINDS, a_file, a_folder])
        # What is there already, or cannot be made here, is not made.
        with contextlib.suppress(OSError):
            kind(draw, path, depth)


def a_file(draw, path, depth):
    with open(path, "xb") as file:
        file.write(draw.choice(CONTENTS))


def a_closed_file(draw, path, depth):
    a_file(draw, path, depth)
    os.chmod(path, 0)


def a_sparse_file(draw, path, depth):
    with open(path, "xb"):
        os.truncate(path, draw.choice([10**6, 10**12]))


def a_link(draw, path, depth):
    os.symlink(draw.choice(TARGETS), path)


def a_hard_link(draw, path, depth):
    os.link(os.path.join(os.path.dirname(path), "mini.ipynb"), path)


def a_pipe(draw, path, depth):
    os.mkfifo(path)


def a_socket(draw, path, depth):
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(path)


def a_device(draw, path, depth):
    os.mknod(path, 0o20644, os.makedev(5, 0))


def a_folder(draw, path, depth):
    os.mkdir(path)
    if depth < 4:
        make(draw, path, depth + 1)


def a_full_folder(draw, path, depth):
    os.mkdir(path)
    for number in range(draw.choice([5, 70])):
        with open(os.path.join(path, str(number)), "xb"):
            pass


def a_deep_folder(draw, path, depth):
    os.makedirs(os.path.join(path, *"deeper"))


KINDS = [
    *(a_file, a_closed_file, a_sparse_file, a_link, a_hard_link, a_pipe, a_socket),
    *(a_device, a_folder, a_full_folder, a_deep_folder),
]


def test_no_tree_stops_the_reading_or_leads_out(tmp_path):
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "s").write_bytes(SECRET)
    (tmp_path / "secret" / "mini.ipynb").write_bytes(NOTEBOOK)
    descriptors = len(os.listdir("/proc/self/fd")) if os.path.exists("/proc") else 0
    for seed in range(CASES):
        draw = random.Random(seed)
        student = tmp_path / "ada"
        hand_in = student / "mini"
        student.mkdir()
        if draw.random() < 0.05:
            hand_in.symlink_to(draw.choice(["../secret", "nowhere", "."]))
        else:
            hand_in.mkdir()
            make(draw, str(hand_in))
        try:
            found = submission.read(
                tmp_path,
                "ada",
                "mini",
                ["mini"],
                reserved=["d/data.csv"],
                limits=LIMITS,
            )
        except tree.Unopened as problem:
            assert str(problem).isprintable(), seed
        else:
            check(found, hand_in, seed)
        (student.parent / "fresh").mkdir()
        if hand_in.is_dir() and not hand_in.is_symlink():
            tree.write(student.parent / "fresh", dict(found.files))
        tree.remove(student.parent / "fresh")
        shutil.rmtree(student)
    if descriptors:
        assert len(os.listdir("/proc/self/fd")) == descriptors  # all are closed again


def check(found, hand_in, seed):
    """What was read is what lies there as an ordinary file; the rest can be printed."""
    for name, content in found.files.items():
        path = hand_in.joinpath(*name.split("/"))
        assert not path.is_symlink() and path.is_file(), (seed, name)
        assert path.read_bytes() == content, (seed, name)
    assert SECRET not in found.files.values(), seed
    for refusal in found.refused:
        assert str(refusal).isprintable(), (seed, refusal)
    notebook = hand_in / "mini.ipynb"
    taken = found.notebooks.get("mini")
    ordinary = notebook.is_file() and not notebook.is_symlink()
    if ordinary and notebook.stat().st_size < 10_000 and taken and not taken.problem:
        assert taken.file == "mini.ipynb", seed
    for one in found.notebooks.values():
        assert one.problem is None or one.problem.isprintable(), seed
        assert one.problem is None or one.cells == (), seed
