"""What lies in the temporary folder, from runs that have ended or from others."""

import os
import tempfile

import pytest
from nbgrader_apart import leftovers

#: No process has so high a number.
GONE = 2**22 + 1


@pytest.fixture(autouse=True)
def temporary(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_the_folder_of_a_run_that_ended_goes_and_that_of_this_one_stays(temporary):
    for pid in (GONE, os.getpid()):
        (temporary / f"grading-{pid}-x" / "cells").mkdir(parents=True)
    leftovers.clear_work_folders()
    assert [one.name for one in temporary.iterdir()] == [f"grading-{os.getpid()}-x"]


def test_links_and_files_under_such_a_name_stop_nothing(temporary):
    (temporary / "own").mkdir()
    (temporary / f"grading-{GONE}-a").symlink_to("nowhere")
    (temporary / f"grading-{GONE}-b").symlink_to("own")
    (temporary / f"grading-{GONE}-c").touch()
    leftovers.clear_work_folders()
    assert (temporary / "own").is_dir()


def test_a_folder_a_thousand_deep_goes_too(temporary):
    at = os.open(temporary, os.O_RDONLY)
    for name in [f"grading-{GONE}-x", *["d"] * 1_100]:
        os.mkdir(name, dir_fd=at)
        below = os.open(name, os.O_RDONLY, dir_fd=at)
        os.close(at)
        at = below
    os.close(at)
    leftovers.clear_work_folders()
    assert list(temporary.iterdir()) == []
