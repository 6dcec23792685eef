"""The outputs of a cell as a notebook holds them: plain data, whoever sent them."""

import itertools
from typing import Any

#: One output of a code cell, as nbformat describes it.
Output = dict[str, Any]
#: What an output costs beside its text, on a page and in memory, in characters; and
#: what each part of it does, however short it is.
COST_OF_OUTPUT, COST_OF_PART = 500, 50


def error_output(name: str, text: str) -> Output:
    """Return an output that says what went wrong."""
    return {
        "output_type": "error",
        "ename": name,
        "evalue": text,
        "traceback": [f"{name}: {text}"],
    }


def has_error(outputs: list[Output]) -> bool:
    """Say whether a cell with these outputs has failed."""
    return any(output["output_type"] == "error" for output in outputs)


def size_of(value: object) -> int:
    """Return about how many characters outputs, or parts of them, take.

    Nothing takes none: neither an empty text nor the name of a kind.
    """
    if isinstance(value, str):
        return len(value) + COST_OF_PART
    if isinstance(value, list):
        return sum(map(size_of, value)) + COST_OF_PART
    if isinstance(value, dict):
        parts = itertools.chain.from_iterable(value.items())
        return sum(map(size_of, parts)) + COST_OF_OUTPUT
    return COST_OF_PART


def clean(outputs: object) -> list[Output]:
    """Return outputs as a notebook may hold them, whatever a process has sent.

    Behind one that no shell of this package writes there is nothing to look for.
    """
    cleaned = []
    for output in outputs if isinstance(outputs, list) else ():
        try:
            cleaned.append(_clean_one(output))
        except (KeyError, TypeError, AttributeError):
            break
    return cleaned


def _clean_one(output: Any) -> Output:
    kind = output["output_type"]
    if kind == "stream":
        name = "stderr" if output["name"] == "stderr" else "stdout"
        return {"output_type": kind, "name": name, "text": _text(output["text"])}
    if kind == "error":
        return {
            "output_type": kind,
            "ename": _text(output["ename"]),
            "evalue": _text(output["evalue"]),
            "traceback": [_text(line) for line in output["traceback"]],
        }
    data = {_text(mime): _text(value) for mime, value in output["data"].items()}
    if kind == "execute_result":
        return {
            "output_type": kind,
            "data": data,
            "metadata": {},
            "execution_count": None,
        }
    return {"output_type": "display_data", "data": data, "metadata": {}}


def _text(value: Any) -> str:
    # JSON can hold half a surrogate pair, a file cannot.
    return str.encode(value, "utf-8", "replace").decode()
