"""How far the grading is, and how long it will still take."""

import sys
import time


class Progress:
    """A line on standard error, if that is a terminal; else a line every minute."""

    def __init__(self, total):
        self.total, self.done = total, 0
        self.began = self.shown = time.monotonic()

    def step(self):
        """One notebook more is graded."""
        self.done += 1
        now, total = time.monotonic(), max(self.total, self.done)
        left = (now - self.began) / self.done * (total - self.done)
        text = f"graded {self.done} of {total}, {left / 60:.1f} min left"
        if sys.stderr.isatty():
            end = "\n" if self.done == total else ""
            print(f"\r{text}  ", end=end, file=sys.stderr, flush=True)
        elif now - self.shown > 60 or self.done == total:
            self.shown = now
            print(text, file=sys.stderr, flush=True)
