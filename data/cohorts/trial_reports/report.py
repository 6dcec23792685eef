"""Make trial reports: draw flaws, world, trial, text and key from a seed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._base import check_size, generator
from .._truth import SHARE, Planted, true_values
from . import flaws as _flaws
from . import world as _world
from .flaws import FLAWS, GAPS
from .key import Key, answer_key, seen_in_counts
from .prose import Text, Writer
from .trial import EXPECTED_ICC, PER_PRACTICE, Design, Trial, came_about, run_trial
from .wording import Wording

TRUTH: dict[str, Planted] = {
    "sound_share": Planted(0.35, "Share of reports without a planted flaw", SHARE),
    "more_flaws": Planted(
        0.5, "Chance of one flaw more, after the first and after the second", SHARE
    ),
    "gap_share": Planted(0.25, "Chance of each kind of gap, where it fits", SHARE),
    "cluster_share": Planted(
        0.11,
        "Trials that randomise practices and analyse them as they should, where the "
        "flaws leave room for it",
        SHARE,
    ),
    "open_share": Planted(
        0.4, "Trials that are open though no flaw asks for it", SHARE
    ),
    "maker_share": Planted(
        0.5, "Trials that the maker of the agent pays for, without a reason to", SHARE
    ),
    "power": Planted(
        (0.08, 0.13), "Ends of the range of the difference planned for", (0.08, 0.3)
    ),
    **_world.TRUTH,
    **_flaws.TRUTH,
}
#: The reports on the page of the trainer are those of `make_trial_reports` with these.
TRAINER_COUNT, TRAINER_SEED = 300, 2026
#: Worlds, and trials in each, that are tried until the planted flaws come about.
WORLDS, TRIES = 80, 50


@dataclass(frozen=True)
class TrialReport:
    """A report, and all that is known of it.

    Parameters
    ----------
    text : prose.Text
        Title, abstract, register entry, tables and flow.
    trial : trial.Trial
        The simulated trial, its world and its design with the planted flaws.
    key : key.Key
        The answer key.
    true : dict
        What was planted.
    like : tuple of str
        The planted flaws; of a report without any, those that it was made like.
    """

    text: Text
    trial: Trial
    key: Key
    true: dict[str, Any]
    like: tuple[str, ...]

    @property
    def flaws(self) -> tuple[str, ...]:
        """Names of the planted flaws, in the order of `flaws.FLAWS`."""
        return self.trial.design.flaws

    def bias(self, flaw: str) -> float | None:
        """Return the bias that a flaw has by itself, in 100 people, as reported.

        None if there is no such number: the result was chosen since it came out well,
        or it is about something else.
        """
        known = FLAWS[flaw].bias
        if known is None:
            return None
        return 100 * self.trial.world.sign * known(self.trial.world, self.true)


def make_trial_report(
    flaws: Sequence[str] | None = None,
    gaps: Sequence[str] | None = None,
    *,
    truth: Mapping[str, Any] | None = None,
    random_state: Any = None,
    wording: Wording | None = None,
) -> TrialReport:
    """Make the report of a fictional trial, with planted flaws and an answer key.

    A trial without flaws is made *like* one with flaws that are drawn for it: with an
    outcome, a comparator, masking, units and gaps that such a trial could have. So
    none of these tells a sound report from a flawed one.

    Parameters
    ----------
    flaws : sequence of str, optional
        Names of `flaws.FLAWS`; ``[]`` for none. Drawn if left out.
    gaps : sequence of str, optional
        Names of `flaws.GAPS`: what gives some concerns and touches no data.
    truth : mapping, optional
        Planted values to change, by name; see `cohorts._truth.true_values`.
    random_state : None, int, SeedSequence or Generator
        See `cohorts._base.generator`.
    wording : Wording, optional
        Go on with the wording of the report before, so that no sentence follows
        itself.

    Returns
    -------
    TrialReport

    Raises
    ------
    ValueError
        If an argument is not allowed, or flaws are named that exclude one another.

    Examples
    --------
    >>> report = make_trial_report(["best_time"], [], random_state=1)
    >>> report.key.judgements["selection"]
    'high'
    """
    true = true_values(TRUTH, truth)
    rng = generator(random_state, "trial_report")
    if flaws is None:
        flaws = draw_flaws(true, rng)
    chosen = check_flaws(flaws)
    like = chosen or tuple(draw_some_flaws(true, rng))
    if gaps is None:
        gaps = draw_gaps(chosen, like, true, rng)
    design_of = _check_gaps(chosen, gaps)
    if "open_judgement" not in design_of and not chosen:
        like = tuple(flaw for flaw in like if FLAWS[flaw].group != "blinding")
    needs = [FLAWS[flaw] for flaw in like] + [GAPS[gap] for gap in design_of]
    judged = tuple(
        one for one in _flaws.ANYBODY if all(one in need.judged for need in needs)
    )
    opened = any(need.opens for need in needs)
    # An open trial whose outcome somebody judges has a flaw or a gap by that.
    if opened and not {"blinding"} & {need.group for need in needs}:
        judged = ("fact",)
    for _ in range(WORLDS):
        planted = _flaws.with_strength(true, rng.uniform(*true["strength"]))
        world = _world.draw_world(
            rng,
            planted,
            judged=judged,
            deaths=all(need.deaths for need in needs),
        )
        design = _design(world, chosen, like, design_of, opened, planted, rng)
        for _ in range(TRIES):
            trial = run_trial(world, design, planted, rng)
            if came_about(trial) and seen_in_counts(trial):
                text = Writer(trial, wording or Wording(), rng).write()
                return TrialReport(text, trial, answer_key(trial), planted, like)
    raise ValueError(
        f"flaws={list(chosen)} did not come about in {WORLDS * TRIES} trials "
        "of what is planted; plant other values"
    )


def make_trial_reports(
    count: int, *, truth: Mapping[str, Any] | None = None, random_state: Any = None
) -> list[TrialReport]:
    """Make several reports, none of which repeats a sentence of the one before.

    Parameters
    ----------
    count : int
        How many, 1 or more.
    truth, random_state
        As in `make_trial_report`.
    """
    count = check_size("count", count)
    rng = generator(random_state, "trial_reports")
    wording = Wording()
    return [
        make_trial_report(truth=truth, random_state=one, wording=wording)
        for one in rng.spawn(count)
    ]


# -- what is planted


def draw_flaws(true: Mapping[str, Any], rng: np.random.Generator) -> list[str]:
    """Draw the flaws of a report: none, or one to three that go together."""
    return [] if rng.random() < true["sound_share"] else draw_some_flaws(true, rng)


def draw_some_flaws(true: Mapping[str, Any], rng: np.random.Generator) -> list[str]:
    """Draw one to three flaws that go together."""
    chosen: list[str] = []
    for name in rng.permutation(list(FLAWS)):
        if not chosen or (
            len(chosen) < 3
            and go_together([*chosen, name])
            and rng.random() < true["more_flaws"] / 4
        ):
            chosen.append(str(name))
    return chosen


def go_together(names: Sequence[str]) -> bool:
    """Return whether a report can have all of these flaws."""
    picked = [FLAWS[name] for name in names]
    groups = [flaw.group for flaw in picked]
    if len(set(groups)) < len(groups):
        return False
    return not any(set(flaw.excludes) & set(groups) for flaw in picked)


def check_flaws(flaws: Sequence[str]) -> tuple[str, ...]:
    """Return the flaws in the order of the table, or say what is wrong with them."""
    for name in flaws:
        if name not in FLAWS:
            raise ValueError(
                f"flaws has {name!r}, which is none; there are {', '.join(FLAWS)}"
            )
    if not go_together(flaws):
        raise ValueError(f"flaws={list(flaws)} do not go together in one report")
    return tuple(name for name in FLAWS if name in flaws)


def draw_gaps(
    flaws: Sequence[str],
    like: Sequence[str],
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> list[str]:
    """Draw the gaps of a report, where its flaws leave room for them.

    One without flaws has room where those that it is made `like` would leave it, and
    is open where they would make it so, which then leaves a judgement open.
    """
    drawn = [
        gap
        for gap in GAPS
        if _has_room(gap, like) and rng.random() < _gap_chance(gap, true)
    ]
    if not flaws and "blinding" in {FLAWS[flaw].group for flaw in like}:
        drawn.insert(0, "open_judgement")
    return drawn[:2]


def _gap_chance(gap: str, true: Mapping[str, Any]) -> float:
    """Return the chance of a gap; the two kinds of an open trial share theirs."""
    shared = GAPS[gap].group == "blinding"
    return true["open_share"] / 2 if shared else true["gap_share"]


def _has_room(gap: str, flaws: Sequence[str]) -> bool:
    taken = {FLAWS[flaw].group for flaw in flaws}
    taken |= {group for flaw in flaws for group in FLAWS[flaw].excludes}
    if GAPS[gap].group in taken:
        return False
    if gap == "registered_late":  # nothing to compare a changed outcome with
        return "headline" not in taken
    if gap == "concealment_unsaid":
        return "clusters" not in taken
    return True


def _check_gaps(flaws: Sequence[str], gaps: Sequence[str]) -> tuple[str, ...]:
    """Return the gaps that can be together, each group once."""
    kept: dict[str, str] = {}
    for name in gaps:
        if name not in GAPS:
            raise ValueError(
                f"gaps has {name!r}, which is none; there are {', '.join(GAPS)}"
            )
        if _has_room(name, flaws):
            kept.setdefault(GAPS[name].group, name)
    return tuple(kept.values())


def _design(
    world: _world.World,
    flaws: tuple[str, ...],
    like: tuple[str, ...],
    gaps: tuple[str, ...],
    opened: bool,
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> Design:
    """Choose arms, masking and size."""
    practices = "unit_of_analysis" in like or rng.random() < true["cluster_share"]
    practices = practices and _can_be_practices(flaws, gaps)
    fact = world.outcome.judged == "fact"
    masked = not (opened or (fact and rng.random() < true["open_share"]))
    if "weak_comparator" in like:
        comparator = "active"
    else:
        second = "placebo" if masked else "usual"
        comparator = second if rng.random() < 0.7 else "active"
    difference = rng.uniform(*true["power"]) * min(1.0, world.outcome.failure[0] / 0.3)
    p = world.failure
    # Two proportions, 80 % power at 5 %: (1.96 + 0.84)² · 2 p (1 − p) / δ².
    size = np.clip(2.8**2 * 2 * p * (1 - p) / difference**2, 100, 600)
    if practices:
        size *= 1 + (PER_PRACTICE - 1) * EXPECTED_ICC
    return Design(
        comparator=comparator,
        masked=masked,
        per_arm=int(10 * np.ceil(size / 10)),
        difference=difference,
        flaws=flaws,
        gaps=gaps,
        practices=practices,
        maker="weak_comparator" in like or bool(rng.random() < true["maker_share"]),
    )


def _can_be_practices(flaws: Sequence[str], gaps: Sequence[str]) -> bool:
    """Return whether practices could be randomised, and analysed as they should."""
    apart = {"randomisation", "stopping", "clusters"}
    groups = {FLAWS[flaw].group for flaw in flaws} | {GAPS[gap].group for gap in gaps}
    # These say how they analyse, in the place where the practices would stand.
    said = {"per_protocol", "wrong_denominator"} & set(flaws)
    return not (apart & groups or said)
