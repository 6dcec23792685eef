"""Run the mutants of every solution against its hidden test: ``make mutants``.

Only tasks that have changed since run again, or those that are named: ``make mutants
ASSIGNMENT=metrics TASK=auc``. What survives and is not judged is printed as an entry
for ``exercises/mutants/<assignment>.toml``, and fails; so does an entry whose mutant is
caught, or is no more. `mutation` says what a mutant and a verdict are.
"""

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

import mutation
import runner
from mutation import Result, Score
from term import release


def main():
    """Run the mutants that the command line names; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("assignment", nargs="*", default=runner.ASSIGNMENTS)
    parser.add_argument("--task", nargs="*", help="run these, changed or not")
    named = parser.parse_args()
    unknown = set(named.assignment) - set(runner.ASSIGNMENTS)
    if unknown:
        parser.error(
            f"there is no assignment {', '.join(unknown)}; there are: "
            + ", ".join(runner.ASSIGNMENTS)
        )
    return max([run(name, named.task) for name in named.assignment])


def run(assignment, tasks=None):
    """Run the mutants of an assignment, write what survives; return 1 if it fails."""
    began = time.monotonic()
    known, now = mutation.results(assignment), mutation.fingerprints(assignment)
    known = {task: known[task] for task in now if task in known}
    changed = [
        task
        for task in now
        if task not in known or known[task].fingerprint != now[task]
    ]
    of_task = mutation.of_assignment(runner.source(assignment))
    to_run = {task: of_task[task] for task in tasks or changed}
    with tempfile.TemporaryDirectory() as folder:
        for path in release.data_files(assignment, runner.COURSE):
            shutil.copy(path, folder)
        for task, left in mutation.survivors(assignment, Path(folder), to_run):
            alive = tuple(mutation.key(task, mutant) for mutant in left)
            known[task] = Result(now[task], len(of_task[task]), alive)
            mutation.write(assignment, {one: known[one] for one in now if one in known})
            print(f"  {task}: {len(of_task[task])} mutants, {len(left)} survive")
            sys.stdout.flush()
    score = Score.of(known, mutation.judged(assignment))
    for name in score.unjudged:
        print(mutation.as_toml(name))
    for name in score.stale:
        print(f"judged, but caught or no longer there: {name}")
    seconds = time.monotonic() - began
    print(
        f"{assignment}: {score.mutants} mutants, {score.caught} caught, "
        f"{score.equivalent} equivalent, {score.outside} outside the domain, "
        f"{len(score.unjudged)} not judged, {len(score.stale)} stale: "
        f"{score.share:.1%} ({len(to_run)} tasks run, {seconds:.0f} s)",
        flush=True,
    )
    return int(bool(score.unjudged or score.stale))


if __name__ == "__main__":
    sys.exit(main())
