"""From a specification of Vega-Lite to a page: pictures, Vega, a sentence, rows.

The conversion is that of `vl_convert`, which asks no other host. It takes some seconds
when it is first called, so what it made is kept beside the build, by a digest of the
specification.
"""

from __future__ import annotations

import copy
import functools
import hashlib
import html
import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .rows import table

#: The version of Vega-Lite that Altair 5.5 writes.
VEGA_LITE = "5.20"
#: Widths of the pictures that stand there before anything is moved, in pixels: for
#: screens from a tablet on, and for phones.
WIDE, NARROW = 540, 250
#: What decides on what is made of a specification.
SOURCES = [Path(__file__), Path(__file__).with_name("rows.py")]
#: The chart that is only the sentence: see `course.live`.
SENTENCE = "said"

ROLES = re.compile(
    r' (?:role|aria-\w+|class|pointer-events|xmlns:xlink|version|font-family)="[^"]*"'
)
UNSEEN = re.compile(r'<path [^>]*d="(?:M0,0h0v0h0Z)?"[^>]*/>')
#: A dot, as Vega draws it: two halves of a circle.
DOT = re.compile(
    r'<path ([^>]*)d="M(?P<r>[\d.]+),0A(?P=r),(?P=r),0,1,1,-(?P=r),0'
    r'A(?P=r),(?P=r),0,1,1,(?P=r),0"'
)
DIGITS = re.compile(r"(?<![\w#])-?\d+\.\d{2,}(?![\w.])")
#: In a formula: the blank between a number, whose text ends, and its unit.
UNIT = re.compile(r'(?<=["\d]) (?=(?:%|SD|[kmnµ]?g|[mµ]?L|mm|h)(?![\w-]))')
WORDS = re.compile(r"<text[^>]*>([^<]*)</text>|<tspan[^>]*>([^<]*)</tspan>")


@dataclass(frozen=True)
class Compiled:
    """What a page holds of a live figure.

    Parameters
    ----------
    wide, narrow : str
        The picture as SVG, for a wide and for a narrow screen.
    says : str
        The sentence where the sliders stand at first.
    vega : dict
        The specification of Vega; its ``usermeta`` names the data with the sentence.
    rows : str
        What the figure shows, as CSV.
    """

    wide: str
    narrow: str
    says: str
    vega: dict[str, Any]
    rows: str


def compiled(spec: dict[str, Any], kept: Path) -> Compiled:
    """Return what the page holds, from the folder `kept` if it is there."""
    text = json.dumps(spec, sort_keys=True)
    sources = [path.read_text("utf-8") for path in SOURCES]
    digest = hashlib.sha256("".join([text, *sources]).encode()).hexdigest()
    path = kept / f"{digest[:24]}.json"
    if path.is_file():
        return Compiled(**json.loads(path.read_text("utf-8")))
    made = _compile(spec)
    kept.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(asdict(made)), "utf-8")
    return made


def _compile(spec: dict[str, Any]) -> Compiled:
    vega = to_vega(spec)
    with_sentence, vega = vega, without_sentence(vega)
    return Compiled(
        wide=_picture(vega | {"width": WIDE}),
        narrow=_picture(vega | {"width": NARROW}),
        says=_sentence(with_sentence),
        vega=vega,
        rows=table(spec, converter().vega_to_svg),
    )


@functools.cache
def converter():
    """Return the program that draws, loaded when it is first of use."""
    import vl_convert

    return vl_convert


def to_vega(spec: dict[str, Any]) -> dict[str, Any]:
    """Return a specification of Vega, without what only JupyterLab shows."""
    spec = {key: value for key, value in spec.items() if key != "title"}
    # The page's letters are wider than those that the converter measures with.
    config = spec.get("config", {})
    legend = config.get("legend", {}) | {"columnPadding": 28}
    spec["config"] = config | {"legend": legend}
    vega = converter().vegalite_to_vega(spec, vl_version=VEGA_LITE)
    for data in vega["data"]:
        for transform in data.get("transform", []):
            if transform.get("as") == SENTENCE:
                transform["expr"] = _kept_together(transform["expr"])
    del vega["usermeta"]
    for signal in vega["signals"]:
        signal.pop("bind", None)  # the page has its own sliders
    return vega


def _kept_together(formula: str) -> str:
    """Let no line break between a number and its unit, or beside an equals sign."""
    return UNIT.sub("\N{NO-BREAK SPACE}", formula).replace(
        ' = "', '\N{NO-BREAK SPACE}=\N{NO-BREAK SPACE}"'
    )


def said_at(spec: dict[str, Any], **settings: float) -> str:
    """Return the sentence where the sliders stand at `settings`.

    Raises
    ------
    KeyError
        If there is no such slider.
    """
    vega = to_vega(spec)
    signals = {signal["name"]: signal for signal in vega["signals"]}
    for name, value in settings.items():
        signals[name]["value"] = value
    return _sentence(vega)


def without_sentence(vega: dict[str, Any]) -> dict[str, Any]:
    """Return Vega's specification with the sentence as data only."""
    vega = copy.deepcopy(vega)
    marks = {mark["name"]: mark for mark in vega["marks"]}
    group = marks[f"{SENTENCE}_group"]
    vega["marks"].remove(group)
    _silence(vega)
    vega["usermeta"] = {"said": group["marks"][0]["from"]["data"]}
    return vega


def _silence(group: dict[str, Any]) -> None:
    """Let no part of a chart have a role: the picture as a whole is described."""
    for mark in group.get("marks", []):
        mark["aria"] = False
        _silence(mark)


def _sentence(vega: dict[str, Any]) -> str:
    """Return the words of the chart that is only the sentence."""
    marks = {mark["name"]: mark for mark in vega["marks"]}
    alone = vega | {"marks": [marks[f"{SENTENCE}_group"]], "legends": []}
    found = WORDS.findall(converter().vega_to_svg(alone))
    return html.unescape(" ".join(" ".join(pair).strip() for pair in found))


def _picture(vega: dict[str, Any]) -> str:
    """Return the figure as SVG, without what a page has no use for."""
    svg = converter().vega_to_svg(vega)
    svg = UNSEEN.sub("", ROLES.sub("", svg))
    svg = re.sub(r"<g></g>", "", svg)
    svg = DOT.sub(lambda dot: f'<circle {dot[1]}r="{dot["r"]}"', svg)
    return DIGITS.sub(lambda found: f"{float(found[0]):.1f}", svg)
