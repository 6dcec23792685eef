"""The trainer: reports of fictional trials to judge, and a record of how well.

``{trainer}`` puts it on a page. It makes `COUNT` reports with
`cohorts.trial_reports` from one seed, and writes them as scripts, `CHUNK` at a time,
beside the book's other files: a page opened from a folder can load a script, where it
could not fetch. ``trainer.js`` shows them, scores the reader, and keeps the record in
the reader's browser.

Without the script, and in other builders, the first `PRINTED` reports stand on the
page, each with its key folded.
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import json
import pkgutil
from pathlib import Path
from typing import Any

from cohorts import trial_reports
from cohorts.trial_reports import FLAWS, TrialReport, rob2
from cohorts.trial_reports.effect import effect_of
from cohorts.trial_reports.key import CERTAINTY, STEPS
from cohorts.trial_reports.prose import Line, capital
from docutils import nodes
from elements import MarkdownDirective, serve
from sphinx.application import Sphinx

COUNT = trial_reports.TRAINER_COUNT
CHUNK = 10
PRINTED = 3
SIGN = 'class="trainer"'
TABLES = {
    "baseline": ("Table 1. Patients at entry", "Characteristic"),
    "flow": ("Flow of participants", "Step"),
    "results": ("Table 2. Results", "Outcome"),
}


@functools.cache
def made(count: int = COUNT) -> tuple[TrialReport, ...]:
    """Return the first reports of the page, the same at each build."""
    return tuple(
        trial_reports.make_trial_reports(count, random_state=trial_reports.TRAINER_SEED)
    )


@functools.cache
def source() -> str:
    """Return a digest of all that the reports are made of."""
    digest = hashlib.sha256(Path(__file__).read_bytes())
    folder = Path(inspect.getfile(trial_reports)).parent
    for module in sorted(pkgutil.iter_modules([str(folder)])):
        digest.update((folder / f"{module.name}.py").read_bytes())
    return digest.hexdigest()


# -- a report as plain data


def plain(number: int, report: TrialReport) -> dict[str, Any]:
    """Return a report and its key as what JSON can hold.

    Flaws stand in it as positions in its own list ``flaws``.
    """
    text, key, trial = report.text, report.key, report.trial
    place = {name: i for i, name in enumerate(report.flaws)}

    def marks(flaws: tuple[str, ...]) -> list[int]:
        return [place[flaw] for flaw in flaws]

    def lines(part: tuple[Line, ...]) -> list[list[Any]]:
        return [[*line.cells, marks(line.flaws)] for line in part]

    return {
        "id": number,
        "title": text.title,
        "arms": [capital(trial.world.agent), capital(_comparator(report))],
        "abstract": [
            [part.heading, [[one.text, marks(one.flaws)] for one in part.pieces]]
            for part in text.abstract
        ],
        "register": lines(text.register),
        **{name: lines(getattr(text, name)) for name in TABLES},
        "domains": [
            [rob2.JUDGEMENTS.index(key.judgements[name]), key.reasons[name]]
            for name in rob2.DOMAINS
        ],
        "steps": [[one.levels, one.defensible, one.why] for one in key.steps.values()],
        "certainty": [CERTAINTY.index(key.certainty), len(key.certainties)],
        "certainties": [CERTAINTY.index(one) for one in key.certainties],
        "shown": round(100 * trial.rows[trial.headline].difference, 1),
        "number": round(key.number, 1),
        "found": round(key.found, 1),
        "truth": round(key.truth, 1),
        "asked": f"{trial.world.outcome.name} "
        f"{'by' if trial.world.outcome.cumulative else 'at'} "
        f"{trial.world.disease.unit} {trial.world.disease.visits[trial.world.visit]}",
        "flaws": [
            [
                FLAWS[name].title,
                FLAWS[name].why,
                effect_of(name, trial, report.true),
                list(FLAWS[name].again),
            ]
            for name in report.flaws
        ],
    }


def _comparator(report: TrialReport) -> str:
    names = {"placebo": "placebo", "usual": "usual care"}
    return names.get(report.trial.design.comparator, report.trial.world.other)


def write_chunks(folder: Path) -> None:
    """Write the scripts that hold the reports, unless they are there already."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = folder / "made-of.txt"
    if stamp.is_file() and stamp.read_text() == source():
        return
    reports = [plain(number, report) for number, report in enumerate(made(), 1)]
    for chunk in range(0, COUNT, CHUNK):
        told = json.dumps(
            reports[chunk : chunk + CHUNK], ensure_ascii=False, separators=(",", ":")
        )
        path = folder / f"reports-{chunk // CHUNK}.js"
        path.write_text(f"trainerReports({chunk // CHUNK},{told});\n", "utf-8")
    stamp.write_text(source())


# -- the page


class trainer_node(nodes.General, nodes.Element):
    """The whole: what the script fills, and the reports that stand there without it."""


class Trainer(MarkdownDirective):
    """Put the trainer on a page."""

    def run(self) -> list[nodes.Node]:
        """Return the place for the script, and some reports in print."""
        self.env.note_dependency(__file__)
        folder = Path(inspect.getfile(trial_reports)).parent
        for path in folder.glob("*.py"):
            self.env.note_dependency(str(path))
        node = trainer_node()
        for number, report in enumerate(made(PRINTED), 1):
            node += self.parsed(printed(number, report))
        return [node]


def printed(number: int, report: TrialReport) -> list[str]:
    """Return a report with its key folded below, as lines of Markdown."""
    data = plain(number, report)
    lines = [f"**Report {number}. {data['title']}**", ""]
    for heading, pieces in data["abstract"]:
        lines += [f"*{heading}.* " + " ".join(text for text, _ in pieces), ""]
    lines += _table(("Register entry", ""), data["register"])
    for name, (title, first) in TABLES.items():
        columns = [f"{title}: {first.lower()}", *data["arms"]]
        if name == "results":
            columns += ["Difference, points (95 % CI)", "p"]
        lines += _table(tuple(columns), data[name])
    lines += [":::::{dropdown} " + f"Key of report {number}", "", *key_lines(data)]
    return [*lines, ":::::", ""]


def _table(columns: tuple[str, ...], rows: list[list[Any]]) -> list[str]:
    head = "| " + " | ".join(columns) + " |"
    rule = "|" + "---|" * len(columns)
    body = ["| " + " | ".join(map(str, row[:-1])) + " |" for row in rows]
    return [head, rule, *body, ""]


def key_lines(data: dict[str, Any]) -> list[str]:
    """Return the key of a report as lines of Markdown."""
    lines = [
        f"- **{domain.title}**: {rob2.JUDGEMENTS[judgement]}. {why}"
        for domain, (judgement, why) in zip(
            rob2.DOMAINS.values(), data["domains"], strict=True
        )
    ]
    lines += [
        f"- **{capital(name)}**: {levels} down. {why}"
        for name, (levels, _, why) in zip(STEPS, data["steps"], strict=True)
    ]
    also = [CERTAINTY[one] for one in data["certainties"]]
    lines += [
        f"- **Certainty**: {CERTAINTY[data['certainty'][0]]}"
        + (f" (defensible: {' or '.join(also)})." if len(also) > 1 else "."),
        f"- **In 100 people**, {data['asked']}, agent minus comparator: "
        f"{data['number']} counted from the report, {data['found']} without flaws, "
        f"{data['truth']} in truth.".replace("-", "−"),
    ]
    for title, _, effect, _ in data["flaws"]:
        lines.append(f"- **Planted: {title}.** {effect}")
    if not data["flaws"]:
        lines.append("- **Planted**: no flaw.")
    return [*lines, ""]


def _visit(self, node: trainer_node) -> None:
    self.body.append(
        f'<div {SIGN} data-count="{COUNT}" data-chunk="{CHUNK}">\n'
        '<div class="trainer-app" hidden></div>\n<div class="trainer-printed">\n'
    )


def _depart(self, node: trainer_node) -> None:
    self.body.append("</div>\n</div>\n")


def _nothing(self, node: trainer_node) -> None:
    """Other builders print the reports that are inside."""


def _write(app: Sphinx, page: str, template: str, context: dict, doctree) -> None:
    if app.builder.format == "html" and SIGN in context.get("body", ""):
        write_chunks(Path(app.outdir, "_static", "trainer"))


def setup(app: Sphinx) -> dict:
    """Register the directive with Sphinx."""
    silent = (_nothing, _nothing)
    app.add_node(
        trainer_node,
        html=(_visit, _depart),
        **dict.fromkeys(("latex", "text", "man", "texinfo"), silent),
    )
    app.add_directive("trainer", Trainer)
    app.connect("html-page-context", _write)
    serve(app, Path(__file__).parent, SIGN)
    return {"version": "1", "parallel_read_safe": True, "parallel_write_safe": True}
