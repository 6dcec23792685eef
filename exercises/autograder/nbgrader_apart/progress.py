"""How far the grading is, and how long it will still take."""

import sys
import time

SECONDS_BETWEEN_LINES = 60


class Progress:
    """A line on standard error, if that is a terminal; else a line every minute."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self.began = self.shown = time.monotonic()

    def step(self) -> None:
        """Count one more graded notebook, and say so."""
        self.done += 1
        now, total = time.monotonic(), max(self.total, self.done)
        left = (now - self.began) / self.done * (total - self.done)
        text = f"graded {self.done} of {total}, {left / 60:.1f} min left"
        if sys.stderr.isatty():
            end = "\n" if self.done == total else ""
            print(f"\r{text}  ", end=end, file=sys.stderr, flush=True)
        elif now - self.shown > SECONDS_BETWEEN_LINES or self.done == total:
            self.shown = now
            print(text, file=sys.stderr, flush=True)
