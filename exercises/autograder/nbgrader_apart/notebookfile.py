"""Reads the file of a notebook that a student handed in.

Of such a file only the text of its cells is used, with their kind, their grade ids
and the pictures pasted into them. Whatever else a student's editor, or a student,
wrote into it has no effect. A file that is not a notebook is refused with a sentence
that tells the student what to do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import nbformat

#: The format that JupyterLab writes, and the newest that can be read.
NEWEST_FORMAT = 4
#: Nobody writes so many cells; each costs time in every later step.
MOST_CELLS = 2_000
#: Bytes of all cells' text together, and of the pictures pasted into them.
MOST_TEXT, MOST_PICTURES = 5_000_000, 25_000_000
#: From a file above this size, in bytes, what is not used is cut before it is read.
LARGE = 1_000_000
#: Brackets and commas in what is left. JSON of many tiny values takes forty times its
#: size in memory.
MOST_BRACKETS, MOST_COMMAS = 300_000, 1_000_000
#: Brackets and quotation marks in the whole of a large file, each of which is looked at
#: to find what is not used, and how often a name of that may stand in it.
MOST_LOOKED_AT, MOST_NOT_USED = 12_000_000, 5 * MOST_CELLS
#: What an editor keeps of figures and widgets, and the parts between which it lies: a
#: text, also one without an end, or a bracket.
NOT_USED = rb"(?P<name>\"(?:outputs|widgets)\"\s*+:\s*+)[\[{]"
PARTS = re.compile(NOT_USED + rb'|"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)|[\[\]{}]', re.DOTALL)
#: Digits of a whole number that is read as one. Python refuses some thousands.
MOST_DIGITS = 18


TOO_MANY_PARTS = (
    "has too many parts to be read: copy your answers into a fresh copy of the "
    "assignment and hand that in"
)


class Unreadable(Exception):
    """A file that is not a notebook; the message completes "The file ..."."""


@dataclass(frozen=True)
class CellHandedIn:
    """A cell as a student handed it in.

    Parameters
    ----------
    cell_type : {"code", "markdown", "raw"}
    source : str
    grade_id : str or None
        The name by which nbgrader knows it, if it is one of the assignment's.
    attachments : mapping of str to mapping of str to str
        Pictures pasted into a markdown cell: by name, the data by MIME type.
    """

    cell_type: str
    source: str
    grade_id: str | None = None
    attachments: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def parse(data: bytes) -> tuple[CellHandedIn, ...]:
    """Read the cells of a notebook.

    Parameters
    ----------
    data : bytes
        The content of the file that was handed in.

    Raises
    ------
    Unreadable
        If it is not a notebook; the message is for the student.
    """
    cells = _list_of_cells(_content(data))
    _check_count(len(cells))
    found = tuple(_cell(cell) for cell in cells if isinstance(cell, dict))
    if sum(len(cell.source) for cell in found) > MOST_TEXT:
        raise Unreadable(
            f"holds more than {MOST_TEXT / 1e6:g} MB of text in its cells: read large "
            "data from a file instead"
        )
    pictures = sum(
        len(data)
        for cell in found
        for picture in cell.attachments.values()
        for data in picture.values()
    )
    if pictures > MOST_PICTURES:
        raise Unreadable(
            f"holds more than {MOST_PICTURES / 1e6:g} MB of pasted pictures: make them "
            "smaller and hand it in again"
        )
    return found


def _content(data: bytes) -> Any:
    """Return the JSON of a file."""
    if not data.strip():
        raise Unreadable("is empty")
    if len(data) > LARGE:
        looked_at = sum(map(data.count, (b"[", b"{", b'"')))
        not_used = sum(map(data.count, (b'"outputs"', b'"widgets"')))
        if looked_at > MOST_LOOKED_AT or not_used > MOST_NOT_USED:
            raise Unreadable(TOO_MANY_PARTS)
        data = _without_outputs(data)
        brackets = data.count(b"[") + data.count(b"{")
        if brackets > MOST_BRACKETS or data.count(b",") > MOST_COMMAS:
            raise Unreadable(TOO_MANY_PARTS)
    try:
        return json.loads(data.decode("utf-8-sig"), parse_int=_whole_number)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"is not UTF-8 text (byte {error.start + 1}): hand in the .ipynb file that "
            "JupyterLab saved, not another document under its name"
        ) from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"is damaged or not a notebook (not JSON, line {error.lineno}): "
            "open it in JupyterLab, save it, and hand it in again"
        ) from None
    except RecursionError:
        raise Unreadable("is not a notebook (its JSON is nested too deeply)") from None


def _without_outputs(data: bytes) -> bytes:
    """Return the JSON of a notebook without outputs and the states of widgets.

    They are most of a large file, and would take many times their size in memory.
    """
    kept, taken, depth = [], 0, 0
    for part in PARTS.finditer(data):
        last = part[0][-1:]
        if depth:
            depth += (last in b"[{") - (last in b"]}")
            if depth == 0:
                taken = part.end()
        elif part["name"]:
            kept += [data[taken : part.start()], part["name"], b"null"]
            depth = 1
    return b"".join(kept) if depth else b"".join([*kept, data[taken:]])


def _whole_number(digits: str) -> float:
    """Return a whole number of JSON; of a very long one only that it is long."""
    return int(digits) if len(digits) <= MOST_DIGITS else float("inf")


def _list_of_cells(content: Any) -> list[Any]:
    """Return the cells of a notebook, whatever its format."""
    version = content.get("nbformat") if isinstance(content, dict) else None
    if not isinstance(version, int) or isinstance(version, bool):
        raise Unreadable("is JSON, but not a notebook (it names no nbformat)")
    if version > NEWEST_FORMAT:
        raise Unreadable(
            f"has notebook format {version}; up to {NEWEST_FORMAT} is read: save it "
            "with the JupyterLab of this course"
        )
    if version < NEWEST_FORMAT:
        try:
            light = nbformat.from_dict(_light(content))
            content = nbformat.convert(light, NEWEST_FORMAT)
        except Unreadable:
            raise
        except Exception as error:
            # nbformat raises whatever the odd content leads to.
            reason = str(error)[:200]
            raise Unreadable(
                f"has the old notebook format {version} and cannot be converted "
                f"({reason}): open it in JupyterLab, save it, and hand it in again"
            ) from None
    cells = content.get("cells")
    if not isinstance(cells, list):
        raise Unreadable("is JSON, but not a notebook (it has no list of cells)")
    return cells


def _light(content: dict[str, Any]) -> dict[str, Any]:
    """Return an old notebook without what is not used of it and slow to convert.

    In those formats cells lie in worksheets, and a heading has a number.
    """
    sheets = [sheet["cells"] for sheet in content.get("worksheets", [])]
    _check_count(sum(map(len, sheets)) + len(content.get("cells", [])))
    return {
        "nbformat": content["nbformat"],
        "nbformat_minor": 0,
        "metadata": {},
        "worksheets": [
            {"cells": [*map(_light_cell, cells)], "metadata": {}} for cells in sheets
        ],
        "cells": content.get("cells", []),
    }


def _light_cell(cell: dict[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in cell.items() if name != "outputs"}
    if kept.get("cell_type") == "code":
        kept["outputs"] = []
    if kept.get("level") not in range(1, 7):
        kept.pop("level", None)
    return kept


def _check_count(cells: int) -> None:
    if cells > MOST_CELLS:
        raise Unreadable(
            f"has {cells} cells, and up to {MOST_CELLS} are read: delete those that "
            "are not yours and hand it in again"
        )


def _cell(cell: Mapping[str, Any]) -> CellHandedIn:
    """Take of a cell what is used, if it is what it should be."""
    source = cell.get("source")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    elif not isinstance(source, str):
        source = ""
    kind = cell.get("cell_type")
    kind = kind if kind in ("code", "markdown") else "raw"
    metadata = cell.get("metadata")
    mark = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = mark.get("grade_id") if isinstance(mark, dict) else None
    return CellHandedIn(
        kind,
        _writable(source),
        _writable(name) if isinstance(name, str) else None,
        _pictures(cell.get("attachments")) if kind == "markdown" else {},
    )


def _writable(text: str) -> str:
    """Return a text as a file can hold it: JSON can hold half a surrogate pair."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return those attachments that are what an editor attaches: data by MIME type."""
    if not isinstance(attachments, dict):
        return {}
    return {
        _writable(name): {
            _writable(kind): _writable(of) for kind, of in picture.items()
        }
        for name, picture in attachments.items()
        if isinstance(picture, dict)
        and all(isinstance(data, str) for data in picture.values())
    }
