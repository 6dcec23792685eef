"""Each page loads the scripts and style sheets that it uses, and no others.

The theme and its helpers load theirs on all pages alike. A reader's browser fetches
them before it shows a word.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from sphinx.application import Sphinx

THEBE = re.compile(
    r'<script type="text/x-thebe-config">.*?</script>\s*<script>kernelName.*?</script>',
    re.DOTALL,
)
#: Part of a script or style sheet, and what the body of a page must hold for it to be
#: of any use; None for never. (No code runs in the browser here, so thebe has no use.)
NEEDED_FOR = {
    "thebe": None,
    "design-tabs.js": "sd-tab-set",
    "toggle": 'class="toggle',
}
#: Scripts that Sphinx loads before the text is shown, and that wait for it anyway.
CAN_WAIT = (*("doctools.js", "sphinx_highlight.js", "sphinx-book-theme.js"),)
#: Scripts that explain a term where it stands, and what fetches them.
TIPS, LOADER = ("_static/tippy/", "_static/show-tips.js"), "_static/tips.js"
#: What puts a button to copy beside code, as useless before as the tips.
COPY = ("clipboard.min.js", "copybutton.js")
#: What shows the names of buttons, in the book's theme: its template leaves it out.
BOOTSTRAP = "_static/scripts/bootstrap.js"
THEME = "sphinx_book_theme"
#: The theme chooses light or dark after the first picture: text jumps, panels flash.
CHOOSE_THEME = """(html => { if (html.theme === "auto") html.theme =
 matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"
})(document.documentElement.dataset)"""

#: The headings' font, as early as the style sheet: one after the first picture
#: would move the text below it. From the file system a browser refuses such a request.
FETCH_FONT = """if (location.protocol !== "file:") document.head.append(Object.assign(
 document.createElement("link"), {{rel: "preload", as: "font", crossOrigin: "",
 type: "font/woff2", href: "{address}"}}))"""
HEADINGS = "_static/fonts/headings.woff2"


def choose_files(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    """Drop what the page has no use for, and let wait what can."""
    if app.builder.format != "html":
        return
    body = context["body"] = THEBE.sub("", context.get("body", ""))
    for kind in ("script_files", "css_files"):
        context[kind] = [file for file in context[kind] if not _idle(file, body)]
    later = [BOOTSTRAP] if app.config.html_theme == THEME else []
    scripts = _when_touched(context["script_files"], context["pathto"], later)
    first, *others = [_deferred(file) for file in scripts]
    fetch_font = FETCH_FONT.format(address=context["pathto"](HEADINGS, 1))
    context["script_files"] = [first, type(first)(None, body=fetch_font), *others]


def _idle(file, body: str) -> bool:
    """Return whether a page with this body has no use for a script or style sheet."""
    said = f"{file.filename or ''} {file.attributes.get('body', '')}".lower()
    return any(
        part in said and (sign is None or sign not in body)
        for part, sign in NEEDED_FOR.items()
    )


def _deferred(file):
    """Return the script, told to run after the text is shown if it can wait."""
    if not str(file.filename).endswith(CAN_WAIT):
        return file
    attributes = {**file.attributes, "defer": "defer"}
    return type(file)(file.filename, priority=file.priority, **attributes)


def _when_touched(scripts: list, pathto: Callable[..., str], later: list[str]) -> list:
    """Return the scripts; those that wait are fetched by one of the book's own.

    The files `later`, which are none of the scripts, are fetched before them.
    """
    copy = [file for file in scripts if str(file.filename).endswith(COPY)]
    tips = [file for file in scripts if str(file.filename).startswith(TIPS)]
    waiting = [*copy, *tips]
    names = [*later, *(str(file.filename) for file in waiting)]
    if not names:
        return scripts
    files = " ".join(pathto(name, 1) for name in names)
    script = type(scripts[0])(LOADER, defer="defer", **{"data-files": files})
    return [*(file for file in scripts if file not in waiting), script]


def _serve(app: Sphinx) -> None:
    loader = str(Path(__file__).parent / "tips.js")
    app.config.html_static_path = [*app.config.html_static_path, loader]


def setup(app: Sphinx) -> dict:
    """Connect to the pages as they are written, after all who add files."""
    app.add_js_file(None, body=CHOOSE_THEME, priority=100)
    app.connect("builder-inited", _serve)
    app.connect("html-page-context", choose_files, priority=900)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
