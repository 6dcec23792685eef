"""Run every mutant of every solution against its hidden test: ``make mutants``.

What survives and is not judged is printed as an entry for
``exercises/mutants/<assignment>.toml``, and fails; so does an entry whose mutant is
caught, or is no more. `mutation` says what a mutant and a verdict are.
"""

import shutil
import sys
import tempfile
import time
from pathlib import Path

import mutation
import runner
from mutation import Score
from term import release


def main(assignments):
    """Run the mutants of some assignments, or of all; return the exit status."""
    unknown = set(assignments) - set(runner.ASSIGNMENTS)
    if unknown:
        print(f"there is no assignment {', '.join(unknown)}; there are:", end=" ")
        print(", ".join(runner.ASSIGNMENTS))
        return 1
    return max([run(name) for name in assignments or runner.ASSIGNMENTS])


def run(assignment):
    """Run the mutants of one assignment and write its score; return 1 if any fails."""
    began = time.monotonic()
    judged = mutation.judged(assignment)
    of_task = mutation.of_assignment(runner.source(assignment))
    print(f"{assignment}:", flush=True)
    alive = set()
    with tempfile.TemporaryDirectory() as folder:
        for path in release.data_files(assignment, runner.COURSE):
            shutil.copy(path, folder)
        for task, left in mutation.survivors(assignment, Path(folder), of_task):
            alive |= {mutation.key(task, mutant) for mutant in left}
            print(f"  {task}: {len(of_task[task])} mutants, {len(left)} survive")
            sys.stdout.flush()
    unjudged = [name for name in sorted(alive) if name not in judged]
    stale = [name for name in judged if name not in alive]
    for name in unjudged:
        print(mutation.as_toml(name))
    for name in stale:
        print(f"judged, but caught or no longer there: {name}")
    verdicts = [judged[name].verdict for name in alive if name in judged]
    mutants = sum(map(len, of_task.values()))
    score = Score(
        mutants=mutants,
        caught=mutants - len(alive),
        equivalent=verdicts.count("equivalent"),
        outside=verdicts.count("outside the domain"),
        fingerprint=mutation.fingerprint(assignment),
    )
    print(
        f"{assignment}: {score.mutants} mutants, {score.caught} caught, "
        f"{score.equivalent} equivalent, {score.outside} outside the domain, "
        f"{len(unjudged)} not judged, {len(stale)} stale: {score.share:.1%} "
        f"({time.monotonic() - began:.0f} s)",
        flush=True,
    )
    if unjudged or stale:
        return 1
    mutation.write(assignment, score)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
