"""The course's two packages as wheels for the browser.

They differ from what ``pip install .`` gives in two things: the banks of answers stay
out, and nothing is said of versions, since a browser has those of Pyodide.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from elements import zipped

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Package:
    """One of the packages.

    Parameters
    ----------
    name : str
        Name of the distribution; the package is its last part.
    requires : tuple of str
        What it imports of others.
    folders : mapping of str to pathlib.Path
        Folders of the repository, by their place in the wheel.
    """

    name: str
    requires: tuple[str, ...]
    folders: Mapping[str, Path]

    def files(self) -> dict[str, bytes]:
        """Return the files of the package, by path in the wheel."""
        kinds = {".py", ".csv", ".json", ".md", ".txt"}
        return {
            f"{place}/{path.relative_to(folder).as_posix()}": path.read_bytes()
            for place, folder in self.folders.items()
            for path in sorted(folder.rglob("*"))
            if path.suffix in kinds and "__pycache__" not in path.parts
        }


DATA = ROOT / "data"
PACKAGES = (
    Package(
        "immune-modulators-cohorts",
        ("numpy", "pandas", "pandera", "scipy"),
        {"cohorts": DATA / "cohorts"}
        | {
            f"cohorts/files/{kind}": DATA / kind
            for kind in ("synthetic", "curated", "trials")
        },
    ),
    Package(
        "immune-modulators-course",
        ("matplotlib", "numpy", "pandas", "scipy"),
        {"course": ROOT / "book" / "course"},
    ),
)


def write(package: Package, version: str, folder: Path) -> Path:
    """Write a package as a wheel, the same bytes for the same files.

    Parameters
    ----------
    package : Package
    version : str
    folder : pathlib.Path
        Where the wheel goes.

    Returns
    -------
    pathlib.Path
        The wheel.
    """
    stem = f"{package.name.replace('-', '_')}-{version}"
    about = f"{stem}.dist-info"
    metadata = [
        "Metadata-Version: 2.1",
        f"Name: {package.name}",
        f"Version: {version}",
        *(f"Requires-Dist: {one}" for one in package.requires),
    ]
    tags = ["Wheel-Version: 1.0", "Generator: lite", "Root-Is-Purelib: true"]
    files = package.files() | {
        f"{about}/METADATA": _lines(metadata),
        f"{about}/WHEEL": _lines([*tags, "Tag: py3-none-any"]),
    }
    record = [f"{path},{_digest(data)},{len(data)}" for path, data in files.items()]
    files[f"{about}/RECORD"] = _lines([*record, f"{about}/RECORD,,"])
    wheel = folder / f"{stem}-py3-none-any.whl"
    wheel.write_bytes(zipped(files))
    return wheel


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()


def _digest(data: bytes) -> str:
    raw = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
    return f"sha256={raw.rstrip(b'=').decode()}"
