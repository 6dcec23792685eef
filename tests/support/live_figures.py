"""Live figures as the book holds them, and how their sentence is held to a number."""

import functools
import itertools
import json
import random
import re
from pathlib import Path
from types import SimpleNamespace

import course.figures
import nbformat
from course.live import MIME

BOOK = Path(__file__).resolve().parents[2] / "book"
DIRECTIVE = re.compile(r"^[`:]{3,}\{live-figure\} (\w+)$", re.MULTILINE)
NUMBER = re.compile(r"(?<![\w.-])[−+-]?\d[\d,]*(?:\.\d+)?")


@functools.cache
def figures():
    """Return the live figures of the book, by name: page, specification, sliders."""
    found = {}
    for path, spec in [*_in_notebooks(), *_on_pages()]:
        words = spec["usermeta"]["live"]
        page = path.relative_to(BOOK).with_suffix("").as_posix()
        found[words["name"]] = SimpleNamespace(
            page=page, spec=spec, words=words, sliders=words["sliders"]
        )
    return found


def _in_notebooks():
    """Yield where a figure stands, and its specification as the notebook holds it."""
    for path in sorted(BOOK.glob("*/*.ipynb")):
        for cell in nbformat.read(path, as_version=4).cells:
            for output in cell.get("outputs", []):
                if MIME in output.get("data", {}):
                    yield path, json.loads(json.dumps(output["data"][MIME]))


def _on_pages():
    """Yield the same for the directive, whose figure is made as the book is built."""
    for path in sorted(BOOK.glob("*/*.md")):
        for name in DIRECTIVE.findall(path.read_text(encoding="utf-8")):
            yield path, getattr(course.figures, name)().spec


def values(slider):
    """Return all places of a slider."""
    steps = round((slider["high"] - slider["low"]) / slider["step"])
    return [round(slider["low"] + i * slider["step"], 9) for i in range(steps + 1)]


def settings(name, many=10):
    """Return some places of the sliders of a figure, both ends among them."""
    sliders = figures()[name].sliders
    names = [slider["name"] for slider in sliders]
    every = list(itertools.product(*map(values, sliders)))
    chosen = {every[0], every[-1]}
    chosen |= set(random.Random(name).sample(every, min(many, len(every)) - 2))
    return [dict(zip(names, one, strict=True)) for one in sorted(chosen)]


def numbers(text):
    """Return the numbers of a sentence, each with half a unit of its last digit."""
    found = []
    for digits in NUMBER.findall(text):
        plain = digits.replace("−", "-").replace(",", "")
        decimals = len(plain.partition(".")[2])
        found.append((float(plain), 0.5 * 10**-decimals))
    return found


def disagreement(text, expected, slack=1e-6):
    """Say where a sentence gives another number than expected; empty if nowhere.

    A number may differ by its rounding, and by `slack`, relative.
    """
    told = numbers(text)
    if len(told) != len(expected):
        return f"{text!r} has {len(told)} numbers, {len(expected)} are expected"
    wrong = [
        f"{shown} is not {right:.6g}"
        for (shown, half), right in zip(told, expected, strict=True)
        if abs(shown - right) > half * 1.0001 + slack * abs(right)
    ]
    return "; ".join(wrong) and f"{text!r}: {'; '.join(wrong)}"
