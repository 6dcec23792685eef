"""requirements.txt names what is imported or run, and the lock what comes with it."""

import ast
import importlib.metadata
import re
import sys
from importlib.metadata import packages_distributions
from pathlib import Path

import nbformat
import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
FOLDERS = ("book", "data", "exercises", "lite", "tests", ".ci")
#: Made by nbgrader, `make demo` or JupyterLab.
MADE = {"release", "submitted", "autograded", "feedback", "demo", "exchange"}
#: Imported in an environment of its own, which bench_grading.py makes.
ELSEWHERE = {"otter"}
#: What no code imports: the file that uses it, and the words that do.
USED_BY_NAME = {
    "check-jsonschema": ("Makefile", "check-jsonschema --builtin-schema"),
    "ipykernel": ("book/course/execute.py", "ipykernel"),
    "jsonschema": ("requirements.txt", "from 4.25 on, 2 s longer"),
    "jupyter-server-mathjax": (
        "exercises/autograder/nbgrader_apart/patches.py",
        'find_spec("jupyter_server_mathjax")',
    ),
    "jupyterlab": ("Makefile", "jupyter lab"),
    "mypy": ("Makefile", "mypy"),
    "nbval": ("Makefile", "--nbval"),
    "psycopg2-binary": ("tests/grading/conftest.py", 'importorskip("psycopg2"'),
    "pyseccomp": (
        "exercises/autograder/nbgrader_apart/box/syscalls.py",
        'import_module("pyseccomp")',
    ),
    "pytest-rerunfailures": ("Makefile", "--reruns"),
    "pytest-xdist": ("Makefile", "--dist"),
    "ruff": ("Makefile", "ruff check"),
    "setuptools": ("pyproject.toml", "setuptools.build_meta"),
    "sphinx-book-theme": ("book/_ext/load_only_used/__init__.py", "sphinx-book-theme"),
    "sphinx-design": ("book/_ext/drop_unused_rules/__init__.py", "sphinx-design"),
    "sphinxcontrib-bibtex": ("_config.yml", "bibtex_bibfiles"),
    "sphinxext-opengraph": ("_config.yml", "sphinxext.opengraph"),
    "uv": ("Makefile", "uv pip install"),
    "zizmor": ("Makefile", "zizmor --offline"),
}
SYSTEMS = {"linux": "Linux", "darwin": "Darwin", "win32": "Windows"}


def requirements():
    """Return the direct dependencies: name to requirement."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    read = [Requirement(line.partition("#")[0]) for line in lines if line[:1].isalnum()]
    return {canonicalize_name(one.name): one for one in read}


def locked():
    """Return the requirements of the lock, each with the number of its hashes."""
    text = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    entries = re.split(r"^(?=[a-z0-9])", text, flags=re.MULTILINE)[1:]
    return [
        (Requirement(entry.partition("\\")[0]), entry.count("--hash=sha256:"))
        for entry in entries
    ]


def applies(one, version="", system=""):
    """Return whether a requirement of the lock is installed there, or here."""
    there = {}
    if version:
        there = {
            "python_version": version,
            "python_full_version": f"{version}.9",
            "sys_platform": system,
            "platform_system": SYSTEMS[system],
            "os_name": "nt" if system == "win32" else "posix",
        }
    return one.marker is None or one.marker.evaluate(there)


def sources():
    """Yield the source of every file of code, and of every notebook's cells."""
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*"):
            inside = path.relative_to(ROOT / folder).parts
            if MADE & set(inside) or any(part.startswith(".") for part in inside):
                continue
            if path.suffix == ".py":
                yield path.read_text(encoding="utf-8")
            elif path.suffix == ".ipynb":
                for cell in nbformat.read(path, as_version=4).cells:
                    lines = cell.source.splitlines()
                    if cell.cell_type == "code":
                        yield "\n".join(line for line in lines if line[:1] not in "%!")


def imported():
    """Return the names of all modules that are imported, but ours and Python's."""
    names = set()
    for source in sources():
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                names |= {one.name.partition(".")[0] for one in node.names}
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names.add(node.module.partition(".")[0])
    ours = {path.stem for folder in FOLDERS for path in (ROOT / folder).rglob("*.py")}
    ours |= {
        path.parent.name
        for folder in FOLDERS
        for path in (ROOT / folder).rglob("__init__.py")
    }
    return names - ours - set(sys.stdlib_module_names) - ELSEWHERE


def test_what_is_imported_is_required_and_what_is_required_is_used():
    homes = packages_distributions()
    unknown = {name for name in imported() if name not in homes}
    assert not unknown, "imported, but not installed"
    used = {canonicalize_name(home) for name in imported() for home in homes[name]}
    assert used - set(requirements()) == set(), "imported, but not in requirements.txt"
    idle = set(requirements()) - used - set(USED_BY_NAME)
    assert idle == set(), "in requirements.txt, but imported and called nowhere"


@pytest.mark.parametrize("name", USED_BY_NAME)
def test_what_is_not_imported_is_called_by_name(name):
    file, words = USED_BY_NAME[name]
    assert name in requirements()
    assert words in (ROOT / file).read_text(encoding="utf-8")


def test_every_requirement_has_its_reason():
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        if line[:1].isalnum():
            assert len(line.partition("#")[2].split()) >= 2, line


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_the_lock_has_each_package_once_and_the_required_version(version, system):
    there = [one for one, _ in locked() if applies(one, version, system)]
    names = [canonicalize_name(one.name) for one in there]
    assert sorted(names) == sorted(set(names))
    pins = dict(zip(names, there, strict=True))
    for name, wanted in requirements().items():
        assert str(pins[name].specifier) == str(wanted.specifier), "run `make lock`"


def test_the_lock_holds_hashes_and_no_address():
    assert all(hashes for _, hashes in locked())
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_what_is_installed_is_what_is_locked():
    for one, _ in locked():
        if applies(one):
            here = importlib.metadata.version(one.name)
            assert one.specifier.contains(here, prereleases=True), "run `make env`"
