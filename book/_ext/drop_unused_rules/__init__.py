"""Style sheets without the rules that no page uses.

The theme carries all of Bootstrap and of Font Awesome: 400 kB, most of it for things
that this book does not show. A reader's browser waits for it before it shows a word.
"""

from __future__ import annotations

import re
from pathlib import Path

import tinycss2
from sphinx.application import Sphinx

#: The large ones, in ``_static``.
SHEETS = ("styles/pydata-sphinx-theme.css", "sphinx-design.min.css", "mystnb.*.css")
CLASSES = re.compile(r'class="([^"]*)"')
CLASS_IN_SELECTOR = re.compile(r"\.(-?[A-Za-z_][\w-]*)")
TOP_LEVEL_COMMA = re.compile(r",(?![^(]*\))")
#: Bootstrap puts these names together as it runs.
MADE_BY_SCRIPTS = "bs-"


def drop_unused_rules(app: Sphinx, error: Exception | None) -> None:
    """Write the style sheets again, with the rules for classes that a page has."""
    if error or app.builder.format != "html":
        return
    static = Path(app.outdir, "_static")
    known = _classes(Path(app.outdir))
    for pattern in SHEETS:
        for sheet in static.glob(pattern):
            rules = tinycss2.parse_stylesheet(
                sheet.read_text("utf-8"), skip_comments=True
            )
            sheet.write_text(_matching(rules, known), "utf-8")


def _classes(html: Path) -> set[str]:
    """Return every class of a page, and every word of a script: it may be one."""
    known: set[str] = set()
    for page in html.rglob("*.html"):
        for value in CLASSES.findall(page.read_text("utf-8")):
            known.update(value.split())
    for script in html.glob("_static/**/*.js"):
        if "vega" not in script.parts:
            known.update(re.findall(r"[\w-]+", script.read_text("utf-8")))
    return known


def _matching(rules: list, known: set[str]) -> str:
    """Return the rules as text, without those that cannot match."""
    kept = []
    for rule in rules:
        if rule.type == "qualified-rule":
            selectors = TOP_LEVEL_COMMA.split(tinycss2.serialize(rule.prelude))
            if not any(_can_match(selector, known) for selector in selectors):
                continue
        elif rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports"):
            inner = _matching(tinycss2.parse_rule_list(rule.content), known)
            condition = tinycss2.serialize(rule.prelude)
            kept.append(f"@{rule.at_keyword}{condition}{{{inner}}}" if inner else "")
            continue
        kept.append(rule.serialize())
    return "".join(kept)


def _can_match(selector: str, known: set[str]) -> bool:
    """Return whether a selector asks for no class that nobody has.

    What stands in brackets, as in ``:not(.this)``, is not asked for.
    """
    inside = True
    while inside:
        selector, inside = re.subn(r"\([^()]*\)", "", selector)
    return all(
        name in known or name.startswith(MADE_BY_SCRIPTS)
        for name in CLASS_IN_SELECTOR.findall(selector)
    )


def setup(app: Sphinx) -> dict:
    """Connect to the end of the build."""
    app.connect("build-finished", drop_unused_rules)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
