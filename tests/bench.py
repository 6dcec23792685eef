"""Measure, as ratios in one run: ``make bench``, or ``make bench PART=...``.

Each line is ``name | ours | compared with | ratio``. The times of one line are taken
in turn on the same machine and hold as a ratio only.
"""

import gzip
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
BIN = Path(sys.executable).parent
CHAPTERS = sorted((ROOT / "book").glob("*/*.ipynb"))
TIMES = 3
#: The cohorts that grow by patients.
PER_PATIENT = (
    *("crp_timecourse", "transplant_tdm", "acute_phase", "lymphocyte_followup"),
    *("ra_trial", "checkpoint_cohort", "biologic_registry", "clinic_diary"),
    "capstone_dossier",
)


def line(name, ours, other, unit, *, larger_is_better=False):
    """Print one figure, in a ratio of 1 or more if ours is the better."""
    ratio = ours / other if larger_is_better else other / ours
    print(f"{name} | {ours:.3g} {unit} | {other:.3g} {unit} | {ratio:.2f}", flush=True)


def seconds(command, before=None):
    """Return how long a command takes; it must succeed."""
    if before:
        before()
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout}{done.stderr}")
    return time.perf_counter() - start


def in_turn(first, second, times=TIMES):
    """Return the median times of two functions that are called in turn."""
    pairs = [(first(), second()) for _ in range(times)]
    return [statistics.median(times) for times in zip(*pairs, strict=True)]


def build(folder, config=None):
    """Return the command of a clean build into `folder`, ours or as `config` says."""
    ours = [BIN / "python", "-m", "course.build"]
    book = [BIN / "jupyter-book", "build", ".", "--config", config, "-q"]
    return [*(book if config else ours), "--path-output", folder]


def configuration():
    """Return the book's configuration, to be changed and written elsewhere."""
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    local = config["sphinx"]["local_extensions"]
    local |= {name: str(ROOT / folder) for name, folder in local.items()}
    return config


def bench_build(scratch):
    """A clean build that shows committed outputs, against one that executes."""
    config = configuration()
    config["execute"] |= {"execute_notebooks": "force", "timeout": 300}
    executing = scratch / "executing.yml"
    executing.write_text(yaml.safe_dump(config))

    def clean():
        shutil.rmtree(scratch / "built", ignore_errors=True)

    ours, theirs = in_turn(
        lambda: seconds(build(scratch / "built"), clean),
        lambda: seconds(build(scratch / "built", executing), clean),
        times=1,  # it runs every chapter: minutes
    )
    line("clean build, against a build that executes", ours, theirs, "s")


def bench_notebooks(_):
    """Strict notebook tests with figures on two cores, against plain nbval on one."""
    pytest = [BIN / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider", "--nbval"]
    ours, theirs = in_turn(
        lambda: seconds([*pytest, "-n", "2", "--dist", "loadfile", *CHAPTERS]),
        lambda: seconds([*pytest, "--noconftest", *CHAPTERS]),
        times=1,
    )
    line("notebook tests, figures compared, against nbval alone", ours, theirs, "s")


def page_weight(html, page):
    """Return kB that a browser fetches for a page, compressed, from this host only.

    What a page asks of other hosts is not counted, since none is reached.
    """
    from chromium import ARGUMENTS
    from playwright.sync_api import sync_playwright
    from serving import served

    fetched = set()
    with served(html) as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=ARGUMENTS
        )
        opened = browser.new_page()
        opened.on("request", lambda request: fetched.add(request.url.split("?")[0]))
        opened.goto(f"{address}/{page}")
        opened.wait_for_load_state("load")
        browser.close()
    files = [html / url[len(address) + 1 :] for url in fetched if address in url]
    files = [path for path in files if path.is_file()]
    return sum(len(gzip.compress(path.read_bytes())) for path in files) / 1e3


def bench_weight(scratch):
    """The first chapter page, against the default theme's."""
    config = configuration()
    # As Jupyter Book comes: only what the pages need in order to build stays.
    sphinx = config["sphinx"]
    sphinx["extra_extensions"] = []
    for ours in ("mend_markup", "load_only_used", "drop_unused_rules", "one_sheet"):
        del sphinx["local_extensions"][ours]
    wanted = ("bibtex_reference_style", "myst_heading_anchors", "numfig")
    sphinx["config"] = {key: sphinx["config"][key] for key in wanted}
    del config["html"]
    default = scratch / "default.yml"
    default.write_text(yaml.safe_dump(config))
    seconds(build(scratch / "ours"))
    seconds(build(scratch / "theirs", default))
    page = "book/metrics/01-acute-phase-reactants.html"
    ours, theirs = (
        page_weight(scratch / name / "_build/html", page) for name in ("ours", "theirs")
    )
    line("weight of a chapter page, against the default theme", ours, theirs, "kB")


def bench_data(_):
    """Time per patient at a million against ten thousand, and against writing it.

    And the most memory that making takes, against that of the tables made.
    """
    import cohorts

    for name in PER_PATIENT:
        cohort = cohorts.get(name)

        def per_patient(n, make=cohort.make, size=cohort.size):
            start = time.perf_counter()
            made = make(**{size: n}, random_state=1)
            return (time.perf_counter() - start) / n, made

        small = statistics.median(per_patient(10_000)[0] for _ in range(TIMES))
        large, made = per_patient(1_000_000)
        what = f"{name}: time per patient at 10⁶, against 10⁴"
        line(what, 1e6 * large, 1e6 * small, "µs")
        largest = max(cohort.frames(made).values(), key=len)
        frame = largest.head(1_000_000)
        rows = len(largest) / len(frame)
        start = time.perf_counter()
        with tempfile.TemporaryFile("w") as file:
            frame.to_csv(file, index=False)
        written = (time.perf_counter() - start) * rows / 1_000_000
        what = f"{name}: making, against writing as CSV"
        line(what, 1e6 * large, 1e6 * written, "µs")
        del made, largest, frame
        tracemalloc.start()
        made = cohort.make(**{cohort.size: 100_000}, random_state=1)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        tables = cohort.frames(made).values()
        own = sum(table.memory_usage(deep=True).sum() for table in tables)
        line(f"{name}: peak memory, against the tables'", peak / 1e6, own / 1e6, "MB")


def bench_grading(_):
    """A class of 30 graded, against stock nbgrader and against ``otter run``."""
    import bench_grading as grading

    grading.main(students=30)


def bench_personal(scratch):
    """Personal copies for a class of 500, on all cores, against one after the other."""
    from term import classlist, demo, personalcopies, release

    course = scratch / "course"
    release.copy_data("metrics", ROOT / "exercises")
    demo.new_course(course, {"metrics": ROOT / "exercises/source/metrics"})
    release.release("metrics", course)
    class_ = [classlist.Student(f"s{number:03}") for number in range(550)]

    def made(students, jobs):
        began = time.perf_counter()
        personalcopies.make(course, "metrics", students, jobs, say=lambda words: None)
        return time.perf_counter() - began

    ours = made(class_[:500], os.cpu_count())
    line("500 personal copies", ours, 10 * made(class_[500:], 1), "s")


PARTS = {
    "build": bench_build,
    "notebooks": bench_notebooks,
    "weight": bench_weight,
    "data": bench_data,
    "grading": bench_grading,
    "personal": bench_personal,
}


def main():
    """Run the parts named on the command line, or all."""
    chosen = sys.argv[1:] or list(PARTS)
    unknown = set(chosen) - set(PARTS)
    if unknown:
        sys.exit(f"no part is called {unknown.pop()!r}; there are {', '.join(PARTS)}")
    print("name | ours | compared with | ratio")
    for name in chosen:
        with tempfile.TemporaryDirectory() as scratch:
            PARTS[name](Path(scratch))


if __name__ == "__main__":
    main()
