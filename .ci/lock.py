"""Write requirements.lock: every package that requirements.txt brings, with hashes.

``make lock`` keeps what is locked, as far as requirements.txt allows, and writes the
locks of the folder ``lite`` too. ``make newest`` takes the newest version of everything
and pins it in requirements.txt; ``lite`` hangs on a version of Pyodide, and is moved by
hand.
"""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS, LOCK = ROOT / "requirements.txt", ROOT / "requirements.lock"
#: What builds JupyterLab in the browser, and what is installed in that browser.
LITE = ROOT / "lite" / "requirements.txt"
BROWSER = ROOT / "lite" / "browser.txt"
#: A package and its version at the beginning of a line.
PIN = re.compile(r"^([a-z0-9-]+)(?:\[\S+\])?==([^\s;]+)", re.MULTILINE)
COMMAND = [
    *(Path(sys.executable).parent / "uv", "pip", "compile", "--quiet"),
    # One lock for every system, and for this version of Python and all later ones,
    # with the same version of a package on all of them if there is one.
    *("--universal", "--python-version", "3.11", "--fork-strategy", "fewest"),
    # pip compares hashes only where the extras that are asked for are named.
    *("--generate-hashes", "--no-strip-extras"),
    # Nothing of this machine: no mirror, no cache of somebody's own builds.
    *("--no-config", "--default-index", "https://pypi.org/simple"),
    *("--no-emit-index-url", "--no-emit-find-links"),
    *("--custom-compile-command", "make lock"),
]


def compile_lock(requirements: Path, *options: str, lock: Path = LOCK) -> None:
    """Resolve the requirements and write the lock."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_")) or name == "UV_CACHE_DIR"
    }
    command = [
        *COMMAND,
        *options,
        "--output-file",
        lock.relative_to(ROOT),
        requirements,
    ]
    subprocess.run(
        command, cwd=ROOT, env=environment, check=True, stdout=subprocess.DEVNULL
    )


def pin_newest() -> None:
    """Resolve without upper limits, and pin what came out."""
    text = REQUIREMENTS.read_text(encoding="utf-8")
    with tempfile.TemporaryDirectory() as scratch:
        loose = Path(scratch, "requirements.in")
        loose.write_text(PIN.sub(r"\1>=\2", text), encoding="utf-8")
        compile_lock(loose, "--upgrade")
    newest = dict(PIN.findall(LOCK.read_text(encoding="utf-8")))

    def pinned(found: re.Match[str]) -> str:
        return f"{found[1]}=={newest[found[1]]}"

    REQUIREMENTS.write_text(PIN.sub(pinned, text), encoding="utf-8")
    compile_lock(REQUIREMENTS)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--newest", action="store_true", help="move every package to its newest version"
    )
    if parser.parse_args().newest:
        pin_newest()
    else:
        compile_lock(REQUIREMENTS)
        compile_lock(LITE, lock=LITE.with_suffix(".lock"))
        # What these depend on is named, or comes with Pyodide.
        compile_lock(BROWSER, "--no-deps", lock=BROWSER.with_suffix(".lock"))


if __name__ == "__main__":
    main()
