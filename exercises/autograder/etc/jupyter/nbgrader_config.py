"""Every nbgrader command of this environment reads this, and then a course's own."""

from nbgrader_apart import required

required.insist()
