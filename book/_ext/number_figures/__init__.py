"""Number the figures of each page from 1.

Sphinx counts through the whole book, so that a figure added to one chapter
would change the numbers in every later one.
"""

from __future__ import annotations

import copy

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def restore(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Give Sphinx its own numbers back, so that it sees which pages changed."""
    env.toc_fignumbers = getattr(env, "book_fignumbers", env.toc_fignumbers)
    return []


def renumber(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Keep Sphinx's numbers, and count anew on each page."""
    env.book_fignumbers = copy.deepcopy(env.toc_fignumbers)
    for kinds in env.toc_fignumbers.values():
        for numbers in kinds.values():
            for place, name in enumerate(numbers, start=1):
                numbers[name] = (place,)
    return []


def setup(app: Sphinx) -> dict:
    """Run before and after Sphinx's own count (priority 500)."""
    app.connect("env-get-updated", restore, priority=400)
    app.connect("env-get-updated", renumber, priority=600)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
