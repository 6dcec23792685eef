import functools
import shutil

import looks
import pytest
import runner
from cohorts import COHORTS, write_all
from term import release

#: What nbgrader, `make demo` and a release leave in the course's folder.
MADE = shutil.ignore_patterns(
    *("release", "submitted", "autograded", "feedback", "exchange", "demo"),
    *("gradebook.db*", "*.csv", "__pycache__", ".*"),
)


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory):
    """Return a function from assignment to a folder with its data files."""
    folders = {}

    def folder_of(assignment):
        if assignment not in folders:
            folder = tmp_path_factory.mktemp(assignment)
            for path in release.data_files(assignment, runner.COURSE):
                shutil.copy(path, folder)
            folders[assignment] = folder
        return folders[assignment]

    return folder_of


@pytest.fixture(scope="session")
def looked(data_folder):
    """Return a function from assignment to what its cells `# Look` print, by task."""

    @functools.cache
    def look(assignment):
        return looks.printed(assignment, data_folder(assignment))

    return look


@pytest.fixture(scope="session", params=(7, 2027, 2031))
def another_term(request, tmp_path_factory):
    """A folder with all data files, the synthetic ones of another term's seed."""
    folder = tmp_path_factory.mktemp("another-term")
    for assignment in runner.ASSIGNMENTS:
        for path in release.data_files(assignment, runner.COURSE):
            shutil.copy(path, folder)
    write_all(COHORTS, folder, request.param)
    return folder


@pytest.fixture(scope="session")
def released_course(tmp_path_factory):
    """A copy of the course, with all assignments released in it."""
    course = tmp_path_factory.mktemp("released") / "course"
    shutil.copytree(runner.COURSE, course, ignore=MADE)
    for assignment in runner.ASSIGNMENTS:
        release.release(assignment, course)
    return course
