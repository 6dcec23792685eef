"""Score pages of the built book with Lighthouse, as a phone would load them.

``make lighthouse`` (all chapter pages) or ``make lighthouse PAGES=...``.
Node.js fetches Lighthouse once, into _build/; the pages are served from here.
Exit status 1 if a page falls short of 97 for performance or 100 elsewhere.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

from serving import served

ROOT = Path(__file__).resolve().parents[1]
HTML = ROOT / "_build/html"
TOOL = ROOT / "_build/lighthouse"
VERSION = "12.8.2"
WANTED = {"performance": 97, "accessibility": 100, "best-practices": 100, "seo": 100}
CHROME = (
    "--headless=new --no-sandbox --disable-gpu --disable-background-networking "
    "--disable-component-update --disable-sync --no-first-run"
)


def lighthouse():
    """Return the path of the tool, installed if need be."""
    program = TOOL / "node_modules/.bin/lighthouse"
    if not program.exists():
        if not shutil.which("npm"):
            sys.exit("Lighthouse needs Node.js: install it, then `make lighthouse`")
        TOOL.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["npm", "install", "--silent", "--prefix", TOOL, f"lighthouse@{VERSION}"],
            check=True,
        )
    return program


def scores(address):
    """Return the score of each category, 0–100, and the audits that cost points."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        sys.exit("Lighthouse needs Chromium (Debian: apt-get install chromium)")
    done = subprocess.run(
        [
            lighthouse(),
            address,
            "--quiet",
            "--output=json",
            f"--chrome-flags={CHROME}",
            f"--only-categories={','.join(WANTED)}",
        ],
        env=os.environ | {"CHROME_PATH": chromium},
        capture_output=True,
        text=True,
        check=True,
    )
    report = json.loads(done.stdout)
    categories = report["categories"]
    lost = [
        audit["id"]
        for name in WANTED
        if name != "performance"
        for audit in categories[name]["auditRefs"]
        if audit["weight"] and report["audits"][audit["id"]]["score"] == 0
    ]
    return {name: round(100 * categories[name]["score"]) for name in WANTED}, lost


def main():
    """Print a line a page; return the exit status."""
    pages = sys.argv[1:] or sorted(
        str(path.with_suffix(".html").relative_to(ROOT))
        for path in ROOT.glob("book/*/*.ipynb")
    )
    short = 0
    print(f"{'page':48}" + "".join(f"{name:>16}" for name in WANTED))
    with served(HTML) as address:
        for page in pages:
            found, lost = scores(f"{address}/{page}")
            short += any(found[name] < WANTED[name] for name in WANTED)
            line = "".join(f"{found[name]:16d}" for name in WANTED)
            print(f"{page:48}{line}  {' '.join(lost)}", flush=True)
    return int(short > 0)


if __name__ == "__main__":
    sys.exit(main())
