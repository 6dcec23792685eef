"""Let a synthetic class hand in, and say how well its marks tell who can do it.

``make class``, or ``make class ASSIGNMENT=metrics``. `learners` says what such a class
can show and what it cannot.
"""

import shutil
import sys
import tempfile
from pathlib import Path

import learners
import runner
from learners import Report
from scipy.stats import spearmanr
from term import release


def main(assignments):
    """Grade the class on some assignments, or on all; return the exit status."""
    totals, status = 0, 0
    for assignment in assignments or runner.ASSIGNMENTS:
        class_ = learners.hand_ins(assignment)
        with tempfile.TemporaryDirectory() as folder:
            for path in release.data_files(assignment, runner.COURSE):
                shutil.copy(path, folder)
            marks = learners.marks(assignment, class_, Path(folder))
        report = Report.of(assignment, class_, marks)
        faultless = learners.faultless(assignment, class_)
        print(report)
        print("   faultless", str(Report.of("", class_, faultless)).strip(), flush=True)
        for problem in report.problems():
            print(f"  too low: {problem}")
            status = 1
        totals += marks.sum(axis=1)
    ranks = spearmanr(totals, learners.abilities()).statistic
    print(f"{learners.STUDENTS} learners, all together: rank correlation {ranks:.3f}")
    return status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
