"""`cohorts` and `course` find their data when they are installed somewhere else."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import cohorts
import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
#: What a wheel is built from.
SOURCES = ["pyproject.toml", *PROJECT["tool"]["setuptools"]["package-dir"].values()]

READS_EVERYTHING = """
import sys
from pathlib import Path

import cohorts
import course.scores, course.style
from cohorts import curated, trials

here = Path(sys.argv[1])
for package in (cohorts, course):
    assert Path(package.__file__).is_relative_to(here), package.__file__
for name in cohorts.names():
    frames = cohorts.get(name).frames(cohorts.load(name))
    print(name, *(len(frame) for frame in frames.values()))
for tables in (curated, trials):
    assert tables.FOLDER.is_relative_to(here), tables.FOLDER
    for name in tables.names():
        print(name, len(tables.load(name)))
licences = sorted(path.name for path in (trials.FOLDER / "licences").iterdir())
print(*licences)
"""


def run(*command, cwd):
    done = subprocess.run(
        [sys.executable, *map(str, command)], cwd=cwd, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A wheel, made from a copy of the sources and unpacked far from them."""
    folder = tmp_path_factory.mktemp("installed")
    for name in SOURCES:
        source, target = ROOT / name, folder / "source" / name
        if source.is_dir():
            stale = shutil.ignore_patterns("__pycache__")
            shutil.copytree(source, target, ignore=stale, dirs_exist_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    offline = ["--no-deps", "--no-index", "--quiet", "--disable-pip-version-check"]
    pip = ["-m", "pip"]
    wheels = ["--no-build-isolation", "--wheel-dir", folder / "wheels"]
    run(*pip, "wheel", *offline, *wheels, folder / "source", cwd=folder)
    shutil.rmtree(folder / "source")
    (wheel,) = (folder / "wheels").iterdir()
    run(*pip, "install", *offline, "--target", folder / "site", wheel, cwd=folder)
    return folder / "site"


def test_every_table_is_read_from_the_installed_package(site, tmp_path):
    # -P: the folder that Python starts in is not searched for packages.
    code = f"import sys; sys.path.insert(0, {str(site)!r})\n{READS_EVERYTHING}"
    lines = run("-P", "-c", code, site, cwd=tmp_path).splitlines()
    seen = {name: list(map(int, sizes)) for name, *sizes in map(str.split, lines[:-1])}
    for name in cohorts.names():
        frames = cohorts.get(name).frames(cohorts.load(name))
        assert seen.pop(name) == [len(frame) for frame in frames.values()]
    for tables in (cohorts.curated, cohorts.trials):
        for name in tables.names():
            assert seen.pop(name) == [len(tables.load(name))]
    assert not seen
    assert lines[-1].split() == ["GPL-2.txt", "LGPL-2.txt"]


def test_the_command_writes_where_it_is_told(site, tmp_path):
    code = (
        f"import sys, runpy; sys.path.insert(0, {str(site)!r}); "
        f"sys.argv = ['cohorts', '--to', {str(tmp_path)!r}]; "
        "runpy.run_module('cohorts', run_name='__main__')"
    )
    run("-P", "-c", code, cwd=tmp_path)
    for path in cohorts.SYNTHETIC.glob("*.csv"):
        assert (tmp_path / path.name).is_file()
