"""What a student wrote and printed, as it may be shown in somebody's browser.

Feedback and formgrader are pages on which a grader is signed in, or that a student
opens. nbgrader shows a student's HTML on them as it is: a script in it acts as the
grader. Here only what text, tables and figures need passes, and a note says what was
left out. `clean` and `clean_markdown` take the place of two filters of nbconvert's
templates; `Plain` is a step that takes odd outputs away before anything is written.
"""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from html import escape
from typing import Any

import nbformat
import nh3
import tinycss2
from nbconvert.filters import ansi2html, strip_ansi, strip_files_prefix
from nbconvert.preprocessors import Preprocessor
from nbformat.notebooknode import NotebookNode
from nbgrader.utils import is_locked
from traitlets import Bool

TAGS = frozenset(
    "a abbr b blockquote br caption center code col colgroup dd del details div dl dt "
    "em figcaption figure font h1 h2 h3 h4 h5 h6 hr i img ins kbd li mark ol p pre q s "
    "samp small span strong sub summary sup table tbody td tfoot th thead tr tt u ul "
    "var".split()
)
ATTRIBUTES = {
    "*": {"class", "title", "lang", "dir", "style", "align", "valign"},
    "a": {"href"},
    "col": {"span", "width"},
    "colgroup": {"span"},
    "details": {"open"},
    "font": {"color"},
    "img": {"src", "alt", "width", "height"},
    "li": {"value"},
    "ol": {"start", "type"},
    "table": {"border", "id", "cellpadding", "cellspacing", "width"},
    "td": {"id", "colspan", "rowspan", "width", "height"},
    "th": {"id", "colspan", "rowspan", "scope", "width", "height"},
} | {f"h{level}": {"id"} for level in range(1, 7)}
#: Properties that change how text and tables look, and not where they stand: none
#: lets one thing cover another.
STYLES = frozenset(
    "background background-color border border-bottom border-collapse border-color "
    "border-left border-right border-spacing border-style border-top border-width "
    "caption-side color font-family font-size font-style font-variant font-weight "
    "max-width min-width padding padding-bottom padding-left padding-right "
    "padding-top text-align text-decoration vertical-align white-space "
    "width word-break word-wrap".split()
)
#: Classes and ids of the pages around the output: what carries one is not shown as
#: part of them. pandas and Pygments need theirs.
CLASSES = re.compile(
    r"dataframe|T_\w+|highlight|hl-\w+|anchor-link|row\d+|col\d+|col_heading|"
    r"row_heading|level\d+|index_name|data|blank|true|false|err|[a-z][a-z0-9]?"
)
IDS = re.compile(r"T_\w+|[\w\-.%:']{1,200}")
#: A picture inside the page, or a file that was handed in beside the notebook.
PICTURE = re.compile(
    r"data:image/(?:png|jpeg|gif|webp|svg\+xml)[;,]|(?![a-z][\w+.\-]*:|/|.*\.\.)", re.I
)
LINK = re.compile(r"https?://|mailto:|#|(?![a-z][\w+.\-]*:|/)", re.I)
STYLE_BEGINS = re.compile(r"<style\b[^<>]*>", re.I)
#: The name of an element and its attributes; of these, what can act or load.
ELEMENT = re.compile(r"<([a-z][a-z0-9-]*)([^<>]*)", re.I)
ATTRIBUTE = re.compile(r"(?<![\w-])(on\w+|src|href|srcset)\s*=\s*[^\s>]", re.I)
STYLE_ENDS = re.compile(r"</style\s*>", re.I)
#: pandas styles its tables by their ids, and all of them by their class. What follows
#: chooses what lies inside, not what stands beside.
SCOPED = re.compile(r"\s*(?:#T_\w+|\.dataframe)\b[^~+]*")
#: Functions of CSS that load nothing.
CSS_FUNCTION = re.compile(r"([\w-]*)\s*\(")
CSS_FUNCTIONS = frozenset({"rgb", "rgba", "hsl", "hsla", "linear-gradient", "calc"})
#: What a browser leaves out of an address before it reads it.
NOT_IN_AN_ADDRESS = re.compile(r"^[\x00-\x20]+|[\x00-\x20]+$|[\t\n\r]")
#: Elements that a browser opens again in every paragraph until they are closed.
REOPENED = frozenset("a b big code em font i s small strike strong tt u".split())
#: Others that stay open until they are closed.
NESTED = frozenset(
    "blockquote center del details div dl figure ins kbd ol q samp span sub sup table "
    "ul var".split()
)
#: In these an element is closed for good, or not at all.
SHUT = frozenset("td th caption template applet object marquee".split())
#: So many elements may be opened again in a text, and stand in each other. A text of a
#: few kilobytes could ask for more of the former than any memory holds.
MOST_REOPENED, DEEPEST = 100_000, 500
TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)", re.I)
#: A tag that every reader takes for one, and for nothing else.
PLAIN_TAG = re.compile(
    r"""</?[a-z][a-z0-9-]*
    (?: \s+ [\w:-]+ (?: = (?: "[^"<>]*" | '[^'<>]*' | [^\s"'<>=`]+ ) )? )*
    \s* /? >""",
    re.I | re.X,
)
#: After these a tag may be none.
NO_TAGS = re.compile(
    r"<[!?]|</[^a-z]|<(?:iframe|no\w+|plaintext|script|style|textarea|title|xmp)\b",
    re.I,
)


def clean(html: Any) -> str:
    """Return HTML that may be shown: text, tables, figures, and what was left out.

    Parameters
    ----------
    html : str or bytes
        From a notebook that somebody handed in.
    """
    text = html.decode("utf-8", "replace") if isinstance(html, bytes) else str(html)
    sheets, text = _style_sheets(text)
    if _is_entangled(text):
        return _note(["HTML with too many elements that are not closed"])
    sheet = "\n".join(_scoped_rules(css) for css in sheets).strip()
    safe = nh3.clean(
        text,
        tags=set(TAGS),
        attributes={tag: set(names) for tag, names in ATTRIBUTES.items()},
        attribute_filter=_attribute,
        filter_style_properties=set(STYLES),
        url_schemes={"http", "https", "mailto", "data"},
        link_rel="noopener noreferrer",
    )
    if sheet:
        safe = f"<style>{sheet}</style>{safe}"
    return safe + _note(_left_out(text, safe))


def clean_markdown(html: str) -> str:
    """Return the HTML of a markdown cell as it may be shown.

    It takes the place of the filter ``strip_files_prefix``, which nbgrader's templates
    apply last.
    """
    return clean(strip_files_prefix(html))


def _style_sheets(html: str) -> tuple[list[str], str]:
    """Return the style sheets in some HTML, and the rest of it."""
    sheets, rest, at = [], [], 0
    for begins in STYLE_BEGINS.finditer(html):
        if begins.start() < at:
            continue
        ends = STYLE_ENDS.search(html, begins.end())
        if ends is None:
            break
        sheets.append(html[begins.end() : ends.start()])
        rest.append(html[at : begins.start()])
        at = ends.end()
    return sheets, "".join([*rest, html[at:]])


def _attribute(tag: str, name: str, value: str) -> str | None:
    """Return the value that an attribute keeps, or None if it is left out."""
    match name:
        case "class":
            return " ".join(c for c in value.split() if CLASSES.fullmatch(c)) or None
        case "id":
            return value if IDS.fullmatch(value) else None
        case "src":
            return _address(value, PICTURE)
        case "href":
            return _address(value, LINK)
        case "style":
            return value if _loads_nothing(value) else None
    return value


def _address(value: str, allowed: re.Pattern[str]) -> str | None:
    """Return an address as a browser reads it, or None if it leads elsewhere."""
    plain = re.sub("%2e", ".", NOT_IN_AN_ADDRESS.sub("", value), flags=re.I)
    # To a browser a backslash is a slash, and no file that is taken has one.
    return plain if allowed.match(plain) and "\\" not in plain else None


def _loads_nothing(css: str) -> bool:
    """Say whether some declarations name no file and no address."""
    functions = {name.lower() for name in CSS_FUNCTION.findall(css)}
    return functions <= CSS_FUNCTIONS and not re.search(r"url|\\|//", css, re.I)


def _is_entangled(html: str) -> bool:
    """Say whether elements that are not closed would take too long to be read.

    What looks like the end of an element counts only if no reader can take it for
    anything else.
    """
    begins = NO_TAGS.search(html)
    certain_until = begins.start() if begins else len(html)
    open_now, for_good, again = Counter[str](), 0, 0
    for tag in TAG.finditer(html):
        element = tag[2].lower()
        if certain_until > tag.start() and not PLAIN_TAG.match(html, tag.start()):
            certain_until = tag.start()
        if element in SHUT:
            for_good += sum(open_now.pop(one, 0) for one in REOPENED)
        if element not in REOPENED and element not in NESTED:
            again += for_good + sum(open_now[one] for one in REOPENED)
        elif not tag[1]:
            open_now[element] += 1
        elif open_now[element] and tag.start() < certain_until:
            open_now[element] -= 1
        if again > MOST_REOPENED or for_good + open_now.total() > DEEPEST:
            return True
    return False


def _scoped_rules(css: str) -> str:
    """Return the rules of a style sheet that change nothing but pandas' tables."""
    try:
        return _rules(css)
    except RecursionError:  # brackets in brackets
        return ""


def _rules(css: str) -> str:
    kept = []
    for rule in tinycss2.parse_stylesheet(
        css, skip_comments=True, skip_whitespace=True
    ):
        if rule.type != "qualified-rule":
            continue
        selectors = tinycss2.serialize(rule.prelude).split(",")
        declarations = [
            declaration.serialize()
            for declaration in tinycss2.parse_declaration_list(
                rule.content, skip_comments=True, skip_whitespace=True
            )
            if declaration.type == "declaration" and declaration.lower_name in STYLES
        ]
        text = f"{', '.join(map(str.strip, selectors))} {{{'; '.join(declarations)}}}"
        scoped = all(SCOPED.fullmatch(selector) for selector in selectors)
        harmless = "<" not in text and all(map(_loads_nothing, declarations))
        if scoped and declarations and harmless and "\\" not in text:
            kept.append(text)
    return "\n".join(kept)


def _left_out(before: str, after: str) -> list[str]:
    """Return the names of elements and attributes that are not there any more."""
    if "<" not in before:
        return []
    lost = _names(before) - _names(after)
    return sorted(lost)


def _names(html: str) -> Counter[str]:
    """Count the elements, the scripts in attributes, and the pictures of some HTML.

    For a note only, so the text is looked over once and not read as a browser would.
    """
    count: Counter[str] = Counter()
    for begins, attributes in ELEMENT.findall(html):
        element = begins.lower()
        if element not in ("html", "head", "body"):
            count[element] += 1
        for name in ATTRIBUTE.findall(attributes):
            count[f"{element} {name.lower()}"] += 1
    return count


def _note(left_out: list[str]) -> str:
    if not left_out:
        return ""
    names = ", ".join(escape(name[:40]) for name in left_out[:10])
    return f'<p class="left-out"><em>Left out for safety: {names}</em></p>'


#: Characters that are copied to show a text in its colours, all copies together.
MOST_COPIED = 1_000_000_000


def coloured(text: str) -> str:
    """Return a text of a terminal as HTML; without its colours if they are odd.

    nbconvert copies the rest of the text at every colour, and takes some codes for
    more than they are.
    """
    if text.count("\x1b[") * len(text) < MOST_COPIED:
        with contextlib.suppress(ValueError, IndexError):
            return str(ansi2html(text))
    return escape(strip_ansi(text))


#: By the names of the filters of nbconvert whose place they take.
FILTERS = {
    "clean_html": clean,
    "strip_files_prefix": clean_markdown,
    "ansi2html": coloured,
}

# -- outputs

#: What can be shown, each as text (pictures in base64).
SHOWN = (
    "text/plain",
    "text/html",
    "text/markdown",
    "text/latex",
    "image/png",
    "image/jpeg",
    "image/svg+xml",
)
#: Characters of one output, and of all outputs of a notebook.
MOST_IN_ONE, MOST_IN_ALL = 8_000_000, 40_000_000
#: Outputs of a notebook, lines of a traceback, and kinds that a note names.
MOST_OUTPUTS, MOST_LINES, MOST_NAMED = 5_000, 1_000, 5
#: What a page has to read, to make HTML of it or to clean it, takes far more time than
#: plain text: some texts the more the longer they are.
MOST_HTML_IN_ONE, MOST_HTML_IN_ALL = 300_000, 1_500_000
MOST_MARKDOWN_IN_ONE, MOST_MARKDOWN_IN_ALL = 30_000, 300_000
READ = {
    "text/html": MOST_HTML_IN_ONE,
    "image/svg+xml": MOST_HTML_IN_ONE * 4,
    "text/markdown": MOST_MARKDOWN_IN_ONE,
    "text/latex": MOST_MARKDOWN_IN_ONE,
}
#: Markdown looks at every space of a row again and again, and what colours code at
#: every empty line, and at every part of a long line.
SPACES = re.compile(r"[^\S\n]{200,}")
EMPTY_LINES = re.compile(r"(?:[^\S\n]{0,200}\n){50,}")
LONG_LINES = re.compile(r"^(.{1000})(.{1000,})$", re.MULTILINE)
#: A path as tracebacks show it, coloured or not: folders, then a file of Python's.
PATH = re.compile(
    r"(?:~|(?<![\w.])(?:[A-Za-z]:)?)(?:[/\\][^\s/\\:\"'\x1b]+)+[/\\](?=[\w.\-]+\.pyx?\b)"
)


class Plain(Preprocessor):
    """Takes from a notebook what no page can or should show.

    What stays is text and pictures, no more than fits; the rest leaves a note. Errors
    stay, and so do the marks: only what is shown becomes less. A traceback names the
    files of the grader's machine without their folders.
    """

    #: nbconvert runs no step that is not enabled.
    enabled = Bool(True).tag(config=True)

    def preprocess(
        self, nb: NotebookNode, resources: dict[str, Any]
    ) -> tuple[NotebookNode, dict[str, Any]]:
        """Go through all texts and outputs of one notebook."""
        left, to_read, written = MOST_IN_ALL, MOST_HTML_IN_ALL, MOST_MARKDOWN_IN_ALL
        outputs = MOST_OUTPUTS
        for cell in nb.cells:
            if len(cell.get("outputs", ())) > outputs:
                cell.outputs = _first_outputs(cell.outputs, outputs)
            outputs -= len(cell.get("outputs", ()))
            if not is_locked(cell):
                most = min(written, MOST_MARKDOWN_IN_ONE)
                cell.source = _readable(cell.source, cell.cell_type, most)
                written -= min(len(cell.source), most)
            for output in cell.get("outputs", ()):
                size = _make_plain(output, min(left, MOST_IN_ONE), to_read)
                left -= size
                to_read -= sum(
                    len(output.get("data", {}).get(kind, "")) for kind in READ
                )
        return nb, resources


def _first_outputs(outputs: list[NotebookNode], most: int) -> list[NotebookNode]:
    """Return as many outputs as there is room for, and the error that there is."""
    most = max(0, most)
    errors = [one for one in outputs[most:] if one.output_type == "error"]
    note = f"[Left out: {len(outputs) - most - len(errors):,} outputs]"
    said = nbformat.from_dict({"output_type": "stream", "name": "stdout", "text": note})
    return [*outputs[:most], said, *errors[:1]]


def _readable(source: str, kind: str, most: int) -> str:
    """Return what somebody wrote as a page can show it in short time."""
    text = SPACES.sub(" " * 200, source)
    if kind == "code":
        text = EMPTY_LINES.sub("\n" * 50, text)
        text = LONG_LINES.sub(
            lambda found: f"{found[1]} [{len(found[2]):,} characters left out]", text
        )
    return _shortened(text, most, "\n\n")


def _make_plain(output: NotebookNode, most: int, to_read: int) -> int:
    """Make one output plain; return the size of what is left of it."""
    match output.output_type:
        case "stream":
            output.text = _shortened(output.text, most)
            return len(output.text)
        case "error":
            output.traceback = [
                _shortened(PATH.sub("", line), most)
                for line in output.traceback[-MOST_LINES:]
            ]
            output.ename = _shortened(output.ename, most)
            output.evalue = _shortened(output.evalue, most)
            texts = [*output.traceback, output.ename, output.evalue]
            return sum(map(len, texts))
    return _make_data_plain(output, most, to_read)


def _make_data_plain(output: NotebookNode, most: int, to_read: int) -> int:
    left_out = []
    kept = {}
    size = 0
    for kind, data in output.data.items():
        if kind not in SHOWN or not isinstance(data, str):
            left_out.append(f"an output of the kind {kind[:60]}")
        elif size + len(data) > most or (
            kind in READ and len(data) > min(READ[kind], to_read)
        ):
            left_out.append(f"{kind} of {len(data) / 1e6:.1f} MB")
        else:
            kept[kind] = SPACES.sub(" " * 200, data) if kind in READ else data
            size += len(data)
    only_text = set(kept) <= {"text/plain"}
    if left_out and only_text:
        # Where text is all that is left, it says what else there was.
        if len(left_out) > MOST_NAMED:
            left_out[MOST_NAMED:] = [f"{len(left_out) - MOST_NAMED:,} others"]
        note = f"[Left out: {', '.join(left_out)}]"
        kept["text/plain"] = "\n".join(filter(None, [kept.get("text/plain"), note]))
    output.data = NotebookNode(kept)
    output.metadata = NotebookNode(
        {
            kind: NotebookNode(sizes)
            for kind, options in output.get("metadata", {}).items()
            if kind in kept and (sizes := _sizes(options))
        }
    )
    return size


def _sizes(options: Any) -> dict[str, int | str]:
    """Return width, height and alternative text of a picture, if they are plain."""
    if not isinstance(options, dict):
        return {}
    numbers = {
        name: options[name]
        for name in ("width", "height")
        if isinstance(options.get(name), int)
    }
    alt = options.get("alt")
    return {**numbers, "alt": alt} if isinstance(alt, str) else numbers


def _shortened(text: str, most: int, gap: str = "\n") -> str:
    if len(text) <= most:
        return text
    return f"{text[:most]}{gap}[{len(text) - most:,} characters left out]"
