"""One page of HTML that needs nothing beside it: no script, no other host."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

#: What is text already: neither escaped nor touched.
Markup = str

STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 1rem auto;
  padding: 0 1rem; overflow-wrap: break-word; }
h1, h2, h3 { line-height: 1.25; }
figure { margin: 1rem 0; }
figure img { max-width: 100%; height: auto; background: #fff; }
figcaption, caption { text-align: left; font-size: 0.9rem; }
.wide { overflow-x: auto; }
.wide:focus-visible { outline: 3px solid #0072b2; }
table { border-collapse: collapse; font-size: 0.9rem; margin: 1rem 0;
  font-variant-numeric: tabular-nums; }
th, td { padding: 0.2rem 0.6rem 0.2rem 0; text-align: right; vertical-align: top;
  border-bottom: 1px solid #8886; overflow-wrap: normal; }
th:first-child, td.words { text-align: left; }
th[scope=row] { font-weight: normal; min-width: 9rem; }
"""


def text(words: object) -> Markup:
    """Return words as they may stand in a page, whatever they are."""
    return html.escape(str(words), quote=True)


def document(title: str, body: Iterable[Markup], style: str = "") -> str:
    """Return a page."""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{text(title)}</title>\n<style>{STYLE}{style}</style>\n</head>\n"
        f"<body>\n<main>\n<h1>{text(title)}</h1>\n"
        + "\n".join(body)
        + "\n</main>\n</body>\n</html>\n"
    )


def paragraph(words: object) -> Markup:
    """Return a paragraph of plain words."""
    return f"<p>{text(words)}</p>"


def items(lines: Iterable[object]) -> Markup:
    """Return a list of plain words."""
    return "<ul>\n" + "\n".join(f"<li>{text(line)}</li>" for line in lines) + "\n</ul>"


def table(
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    words: Sequence[int] = (),
) -> Markup:
    """Return a table that scrolls by itself where a screen is narrow.

    Parameters
    ----------
    caption : str
    head : sequence of str
    rows : iterable of sequence
        The first cell of each is its heading.
    words : sequence of int
        The columns, besides the first, that hold words and no numbers.
    """
    heads = "".join(f'<th scope="col">{text(one)}</th>' for one in head)
    lines = [
        f'<div class="wide" tabindex="0" role="region" aria-label="{text(caption)}">',
        f"<table><caption>{text(caption)}</caption>",
        f"<thead><tr>{heads}</tr></thead><tbody>",
    ]
    for first, *others in rows:
        cells = "".join(
            f"<td{' class=words' if place in words else ''}>{text(one)}</td>"
            for place, one in enumerate(others, 1)
        )
        lines.append(f'<tr><th scope="row">{text(first)}</th>{cells}</tr>')
    return "\n".join([*lines, "</tbody></table></div>"])


def figure(drawn: Figure, alt: str, caption: str) -> Markup:
    """Return a figure as SVG inside the page, with what it shows in words."""
    import matplotlib

    written = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": "course", "svg.fonttype": "path"}):
        drawn.savefig(written, format="svg", metadata={"Date": None})
    data = base64.b64encode(written.getvalue()).decode()
    return (
        f'<figure><img alt="{text(alt)}" src="data:image/svg+xml;base64,{data}">'
        f"<figcaption>{text(caption)}</figcaption></figure>"
    )
