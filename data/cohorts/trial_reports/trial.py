"""A two-arm trial, simulated patient by patient, with its flaws acting on the data.

Every patient has a latent state at each visit; a failure is a state below the
patient's threshold, which hangs on severity and treatment. The same patients could
therefore have been treated the other way, and the trial could have been run without
its flaws: `Trial.clean_rows` is that trial.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from scipy.special import ndtr, ndtri, stdtr, stdtrit

from .world import World

Z = 1.959963984540054
#: Shares of the planned patients at which an interim analysis looks.
LOOKS = (0.4, 0.6, 0.8)
#: Patients of a practice, where practices are randomised.
PER_PRACTICE = 14
#: What trialists expect and the register says.
EXPECTED_ICC = 0.05


@dataclass(frozen=True)
class Design:
    """What the trialists chose: arms, masking, size, and what went wrong.

    ``flaws`` and ``gaps`` are names of `flaws.FLAWS` and `flaws.GAPS`; ``practices``
    says that practices are randomised though no flaw asks for it, ``maker`` who pays.
    """

    comparator: str
    masked: bool
    per_arm: int
    difference: float
    flaws: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    practices: bool = False
    maker: bool = False

    @property
    def clustered(self) -> bool:
        """Whether practices were randomised."""
        return self.practices or "unit_of_analysis" in self.flaws

    @property
    def by_practice(self) -> bool:
        """Whether practices were randomised, and the analysis allows for it."""
        return self.clustered and "unit_of_analysis" not in self.flaws


class Row(NamedTuple):
    """One line of the table of results: events of patients in each arm.

    ``by_practice`` holds the standard error of the difference and its degrees of
    freedom where practices are the unit.
    """

    name: str
    agent: int
    agent_n: int
    control: int
    control_n: int
    by_practice: tuple[float, int] | None = None

    @property
    def difference(self) -> float:
        """Difference of the shares, agent minus comparator."""
        return self.agent / self.agent_n - self.control / self.control_n

    @property
    def error(self) -> float:
        """Its standard error (Wald, not pooled), or that of practices."""
        if self.by_practice:
            return self.by_practice[0]
        p, q = self.agent / self.agent_n, self.control / self.control_n
        variance = p * (1 - p) / self.agent_n + q * (1 - q) / self.control_n
        return math.sqrt(variance)

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % confidence interval of the difference."""
        z = stdtrit(self.by_practice[1], 0.975) if self.by_practice else Z
        return self.difference - z * self.error, self.difference + z * self.error

    @property
    def p_value(self) -> float:
        """Two-sided, by the same standard error, so that it fits the interval."""
        if self.error == 0:
            return 1.0
        z = -abs(self.difference) / self.error
        below = stdtr(self.by_practice[1], z) if self.by_practice else ndtr(z)
        return float(2 * below)


@dataclass(frozen=True)
class Patients:
    """Those who could be randomised, with all that can happen to them.

    ``failed`` has the shape (2, n, 5): under comparator and agent, at each visit;
    ``failed_other`` and ``normal`` (2, n): by the second definition at the registered
    visit, and whether the marker is normal; ``failed_properly`` (2, n): at the
    registered visit, had the comparator been what it should be.
    """

    severe: np.ndarray
    female: np.ndarray
    smoker: np.ndarray
    age: np.ndarray
    practice: np.ndarray
    failed: np.ndarray
    failed_other: np.ndarray
    failed_properly: np.ndarray
    normal: np.ndarray
    serious: np.ndarray


def draw_patients(
    world: World, design: Design, true: Mapping[str, Any], rng: np.random.Generator
) -> Patients:
    """Draw the patients of a trial, under both treatments."""
    n = 2 * design.per_arm
    severe = rng.random(n) < world.severe_share
    practice = np.arange(n) // PER_PRACTICE
    stay = 1.0 if world.outcome.cumulative else true["persistence"]
    lasting = rng.standard_normal(n)
    if design.clustered:
        shared = rng.standard_normal(practice[-1] + 1)[practice]
        part = min(world.icc / stay, 1.0) if stay else 0.0
        lasting = np.sqrt(part) * shared + np.sqrt(1 - part) * lasting
    passing = rng.standard_normal((n, 5))
    state = np.sqrt(stay) * lasting[:, None] + np.sqrt(1 - stay) * passing
    weak = true["weakness"] * ("weak_comparator" in design.flaws)

    spread = world.gap * (severe - world.severe_share)
    risk = np.empty((2, n, 5))
    for arm in (0, 1):
        for visit in range(5):
            mean = world.failure_at(visit, treated=bool(arm)) + weak * (arm == 0)
            risk[arm, :, visit] = mean + spread
    failed = state[None] < ndtri(np.clip(risk, 0.005, 0.995))
    properly = risk[:, :, world.visit] - weak * np.array([[1], [0]])
    at_visit = state[:, world.visit]
    failed_properly = at_visit < ndtri(np.clip(properly, 0.005, 0.995))

    # The second definition: the same thing, a little rarer, measured apart.
    link = 0.75
    other = link * at_visit + np.sqrt(1 - link**2) * rng.standard_normal(n)
    rarer = np.clip(risk[:, :, world.visit] - 0.06 * world.sign, 0.03, 0.97)
    failed_other = other < ndtri(rarer)

    link = true["marker_link"]
    marker = -link * at_visit + np.sqrt(1 - link**2) * rng.standard_normal(n)
    share = world.marker_share + world.marker_effect * np.arange(2)[:, None]
    normal = marker[None] < ndtri(np.clip(share, 0.01, 0.99))
    mean, sd = world.disease.age
    return Patients(
        severe=severe,
        female=rng.random(n) < world.female_share,
        smoker=rng.random(n) < world.smoker_share,
        age=np.clip(np.round(mean + sd * rng.standard_normal(n)), 18, 92),
        practice=practice,
        failed=failed,
        failed_other=failed_other,
        failed_properly=failed_properly,
        normal=normal,
        serious=rng.random(n) < world.serious_share,
    )


@dataclass(frozen=True)
class Trial:
    """A trial that was run: who was in which arm, what was recorded, who was counted.

    Parameters
    ----------
    arm, fair_arm : ndarray of int
        Arm as it came about, and as a sound randomisation would have had it.
    failed : ndarray of bool, shape (n, 5)
        Failures as recorded.
    lost, reasons : ndarray
        Whose outcome is not known, and why.
    stopped : ndarray of bool
        Who stopped treatment.
    size : int
        Patients randomised, fewer than planned if the trial stopped early.
    """

    world: World
    design: Design
    patients: Patients
    arm: np.ndarray
    fair_arm: np.ndarray
    failed: np.ndarray
    failed_other: np.ndarray
    normal: np.ndarray
    lost: np.ndarray
    stopped: np.ndarray
    size: int

    def has(self, flaw: str) -> bool:
        """Return whether a flaw was planted."""
        return flaw in self.design.flaws

    # -- who counts

    def counted(self) -> np.ndarray:
        """Return who is in the analysis, as the report counts."""
        inside = np.arange(len(self.arm)) < self.size
        if self.has("per_protocol"):
            inside = inside & ~self.stopped
        return inside if self.has("baseline_carried") else inside & ~self.lost

    def known(self) -> np.ndarray:
        """Return of whom the report says how they fared."""
        return self.counted() & ~self.lost

    # -- rows of the table

    def _row(self, name: str, failed: np.ndarray, who: np.ndarray, good: bool) -> Row:
        event = ~failed if good else failed
        if self.has("baseline_carried"):
            event = event & ~self.lost  # nobody had the event at baseline
        row = self._plain(name, event, who)
        if not self.has("wrong_denominator"):
            return row
        arm = 1 if self.world.outcome.good else 0  # whose share looks better as it is
        completed = int((who & (self.arm == arm) & ~self.stopped).sum())
        return row._replace(**{"agent_n" if arm else "control_n": completed})

    @cached_property
    def rows(self) -> dict[str, Row]:
        """Return the table of results as the report has it."""
        good, who = self.world.outcome.good, self.counted()
        rows = {
            f"visit{visit}": self._row(
                f"visit{visit}", self.failed[:, visit], who, good
            )
            for visit in range(5)
        }
        rows["other"] = self._row("other", self.failed_other, who, good)
        main = self.failed[:, self.world.visit]
        for name, inside in self.subgroups().items():
            rows[name] = self._row(name, main, who & inside, good)
        observed = self.known()
        rows["marker"] = self._plain("marker", self.normal, observed)
        everybody = np.arange(len(self.arm)) < self.size
        rows["serious"] = self._plain("serious", self.patients.serious, everybody)
        return rows

    def _plain(self, name: str, event: np.ndarray, who: np.ndarray) -> Row:
        """Return a row of what is neither filled in nor misdivided."""
        inside = [who & (self.arm == arm) for arm in (1, 0)]
        counts = [int((event & some).sum()) for some in inside]
        sizes = [int(some.sum()) for some in inside]
        spread = self._by_practice(event, inside) if self.design.by_practice else None
        return Row(name, counts[0], sizes[0], counts[1], sizes[1], spread)

    def _by_practice(
        self, event: np.ndarray, arms: list[np.ndarray]
    ) -> tuple[float, int]:
        """Return the standard error of a difference, and its degrees of freedom.

        By the sum of residuals within practices (cluster-robust), with as many
        degrees of freedom as practices, less 2.
        """
        variance, practices = 0.0, 0
        for inside in arms:
            residual = event[inside] - event[inside].mean()
            labels, place = np.unique(
                self.patients.practice[inside], return_inverse=True
            )
            sums = np.bincount(place, weights=residual)
            m = len(labels)
            practices += m
            variance += (sums**2).sum() / inside.sum() ** 2 * m / (m - 1)
        return math.sqrt(variance), practices - 2

    def intracluster_correlation(self) -> float:
        """Return that of the registered outcome within arms, estimated by ANOVA.

        (MSB − MSW) / (MSB + (k − 1) MSW), with k patients in a practice on average;
        0 where it comes out below.
        """
        who, main = self.known(), self.failed[:, self.world.visit].astype(float)
        between = within = 0.0
        practices = 0
        for arm in (0, 1):
            inside = who & (self.arm == arm)
            labels, place = np.unique(
                self.patients.practice[inside], return_inverse=True
            )
            sizes = np.bincount(place)
            means = np.bincount(place, weights=main[inside]) / sizes
            between += (sizes * (means - main[inside].mean()) ** 2).sum()
            within += ((main[inside] - means[place]) ** 2).sum()
            practices += len(labels)
        patients = int(who.sum())
        between /= practices - 2
        within /= patients - practices
        k = patients / practices
        return max(0.0, (between - within) / (between + (k - 1) * within))

    def subgroups(self) -> dict[str, np.ndarray]:
        """Return the six subgroups of the table."""
        people, limit = self.patients, self.age_limit
        return {
            "women": people.female,
            "men": ~people.female,
            "younger": people.age < limit,
            "older": people.age >= limit,
            "severe": people.severe,
            "other_severity": ~people.severe,
        }

    @property
    def age_limit(self) -> int:
        """Age at which the subgroups part."""
        return 5 * round(self.world.disease.age[0] / 5)

    @property
    def main(self) -> str:
        """Name of the row of the registered clinical outcome."""
        return f"visit{self.world.visit}"

    @cached_property
    def headline(self) -> str:
        """Return the name of the row that the report leads with."""
        rows = self.rows
        if self.has("surrogate"):
            return "marker"
        if self.has("outcome_switched"):
            return "other"
        if self.has("best_time"):
            return self._best(rows, [f"visit{visit}" for visit in range(5)])
        if self.has("subgroup"):
            return self._best(rows, list(self.subgroups()))
        return self.main

    def _best(self, rows: Mapping[str, Row], names: list[str]) -> str:
        def merit(name: str) -> float:
            row = rows[name]
            return self.world.sign * row.difference / max(row.error, 1e-9)

        return min(names, key=merit)

    # -- what the report lets a reader count

    def countable(self) -> Row:
        """Return the registered clinical outcome in all of whom the report tells it."""
        who, main = self.known(), self.failed[:, self.world.visit]
        event = ~main if self.world.outcome.good else main
        return self._plain("countable", event, who)

    # -- what the trial should have found

    def clean_row(self) -> Row:
        """Return the registered outcome of the same patients in a trial without flaws.

        All who were planned, soundly randomised, all followed, measured blind, counted
        where they belong, against the comparator as it should be.
        """
        arm = self.fair_arm
        failed = self.patients.failed_properly[arm, np.arange(len(arm))]
        event = ~failed if self.world.outcome.good else failed
        counts = [int((event & (arm == a)).sum()) for a in (1, 0)]
        sizes = [int((arm == a).sum()) for a in (1, 0)]
        return Row("clean", counts[0], sizes[0], counts[1], sizes[1])

    def right_interval(self, name: str) -> tuple[float, float]:
        """Return the 95 % interval that a row should have had.

        That of the table, but where practices were randomised and patients counted,
        or events divided by other people than those whom they happened to.
        """
        if self.has("wrong_denominator"):
            return self.countable().interval
        row = self.rows[name]
        if not self.has("unit_of_analysis"):
            return row.interval
        arms = [self.counted() & (self.arm == arm) for arm in (1, 0)]
        main = self.failed[:, self.world.visit]
        return row._replace(by_practice=self._by_practice(main, arms)).interval


def run_trial(
    world: World, design: Design, true: Mapping[str, Any], rng: np.random.Generator
) -> Trial:
    """Draw patients, and run the trial of this design on them once."""
    people = draw_patients(world, design, true, rng)
    n = 2 * design.per_arm
    fair_arm = _randomised(people, design, rng)
    arm = _assigned(fair_arm, people, design, true, rng)
    everyone = np.arange(n)
    failed = people.failed[arm, everyone].copy()
    failed_other = people.failed_other[arm, everyone].copy()
    if "unblinded_subjective" in design.flaws:
        _coloured(failed, failed_other, arm, true, rng)
    main = failed[:, world.visit]
    lost = _lost(world, design, main, arm, true, rng)
    return Trial(
        world=world,
        design=design,
        patients=people,
        arm=arm,
        fair_arm=fair_arm,
        failed=failed,
        failed_other=failed_other,
        normal=people.normal[arm, everyone],
        lost=lost,
        stopped=_stopped(world, design, main, arm, true, rng),
        size=_stop(world, design, main, arm, lost),
    )


def _randomised(
    people: Patients, design: Design, rng: np.random.Generator
) -> np.ndarray:
    """Return arms from a sound randomisation: blocks of four, or of practices."""
    n = len(people.severe)
    if design.clustered:
        practices = people.practice[-1] + 1
        return (rng.permutation(practices) < practices // 2)[people.practice].astype(
            int
        )
    blocks = np.tile([0, 0, 1, 1], (n // 4 + 1, 1))
    return rng.permuted(blocks, axis=1).ravel()[:n]


def _assigned(
    fair: np.ndarray,
    people: Patients,
    design: Design,
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return arms as they came about."""
    for flaw, strength in (
        ("not_concealed", "steered"),
        ("baseline_selection", "selected"),
    ):
        if flaw in design.flaws:
            chance = np.where(
                people.severe, true[strength]["severe"], true[strength]["other"]
            )
            return (rng.random(len(fair)) < chance).astype(int)
    return fair


def _coloured(
    failed: np.ndarray,
    failed_other: np.ndarray,
    arm: np.ndarray,
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> None:
    """Record outcomes as those do who know the arm and hope for the agent.

    A patient who is inclined to is so at each visit, and by each definition.
    """
    inclined = rng.random(len(arm))
    flattered = (arm == 1) & (inclined < true["flattered"])
    disappointed = (arm == 0) & (inclined < true["disappointed"])
    for recorded in (failed, failed_other):
        recorded[flattered] = False
        recorded[disappointed] = True


def _lost(
    world: World,
    design: Design,
    main: np.ndarray,
    arm: np.ndarray,
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return whose outcome is not known."""
    chance = np.full(len(arm), true["lost_share"])
    if "informative_dropout" in design.flaws:
        on_agent = np.where(main, true["left"]["failure"], true["left"]["success"])
        chance = np.where(arm == 1, on_agent, true["left"]["comparator"])
    elif "baseline_carried" in design.flaws:
        where, carried = (0 if world.outcome.good else 1), true["carried"]
        there = np.where(main, carried["failure"], carried["success"])
        chance = np.where(arm == where, there, carried["other"])
    elif "lost_evenly" in design.gaps:
        chance = np.full(len(arm), true["lost_evenly"])
    return rng.random(len(arm)) < chance


def _stopped(
    world: World,
    design: Design,
    main: np.ndarray,
    arm: np.ndarray,
    true: Mapping[str, Any],
    rng: np.random.Generator,
) -> np.ndarray:
    """Return who stopped treatment before its end."""
    off = true["off_protocol"]
    chance = np.full(len(arm), off["comparator"])
    if "per_protocol" in design.flaws:
        on_agent = np.where(main, off["failure"], off["success"])
        chance = np.where(arm == 1, on_agent, off["comparator"])
    elif "wrong_denominator" in design.flaws:
        favoured = 1 if world.outcome.good else 0
        chance = np.where(arm == favoured, true["incomplete"], off["comparator"])
    return rng.random(len(arm)) < chance


def _stop(
    world: World, design: Design, main: np.ndarray, arm: np.ndarray, lost: np.ndarray
) -> int:
    """Return after how many patients the trial ended: all, or at a lucky look."""
    n = len(arm)
    if "stopped_early" not in design.flaws:
        return n
    for look in LOOKS:
        seen = np.arange(n) < round(look * n)
        a, b = (main[seen & ~lost & (arm == k)] for k in (1, 0))
        row = Row("look", int(a.sum()), len(a), int(b.sum()), len(b))
        if row.difference < 0 and row.p_value < 0.05:
            return int(seen.sum())
    return n


def came_about(trial: Trial) -> bool:
    """Return whether the planted flaws can be seen in this trial at all.

    Nobody switches to an outcome that came out worse, stops early without a success,
    or spins a significant result. A trial in which it did not come about is run again.
    """
    if trial.has("stopped_early") and trial.size == len(trial.arm):
        return False
    if trial.has("baseline_selection") and imbalance(trial)[1] > 1e-4:
        return False
    if not _alike_at_entry(trial):
        return False
    if "lost_evenly" in trial.design.gaps and _losses(trial).p_value < 0.3:
        return False  # a reader would not call these numbers alike
    rows, sign = trial.rows, trial.world.sign
    main, headline = rows[trial.main], rows[trial.headline]
    if not all(_possible(row) for row in rows.values()):
        return False
    better = sign * headline.difference < sign * main.difference - 0.015
    checks = {
        "outcome_switched": better,
        "best_time": better,
        "subgroup": better and headline.p_value < 0.05,
        "spin": main.p_value > 0.05 and sign * main.difference < 0,
        "surrogate": headline.p_value < 0.05 and main.p_value > 0.05,
    }
    return all(checks.get(flaw, True) for flaw in trial.design.flaws)


def _alike_at_entry(trial: Trial) -> bool:
    """Return whether age, sex and smoking differ as chance makes plausible.

    No outcome hangs on them. But whoever reads of a difference at p < 0.01 has reason
    to doubt the randomisation.
    """
    inside = np.arange(len(trial.arm)) < trial.size
    arms = [inside & (trial.arm == arm) for arm in (1, 0)]
    sizes = [int(some.sum()) for some in arms]
    people = trial.patients
    for trait in (people.female, people.smoker):
        a, b = (int((trait & some).sum()) for some in arms)
        if Row("trait", a, sizes[0], b, sizes[1]).p_value < 0.01:
            return False
    ages = [people.age[some] for some in arms]
    error = math.sqrt(sum(one.var(ddof=1) / len(one) for one in ages))
    return bool(abs(ages[0].mean() - ages[1].mean()) / error < ndtri(0.995))


def _losses(trial: Trial) -> Row:
    """Return the patients of each arm whose outcome is not known."""
    arm = trial.arm[: trial.size]
    lost = [trial.lost[: trial.size][arm == a] for a in (1, 0)]
    return Row("lost", *(int(n) for one in lost for n in (one.sum(), len(one))))


def _possible(row: Row) -> bool:
    """Return whether a row is large enough to print, and no share is above one."""
    return (
        min(row.agent_n, row.control_n) >= 20
        and row.agent <= row.agent_n
        and row.control <= row.control_n
    )


def imbalance(trial: Trial) -> tuple[float, float]:
    """Return the difference in severe patients between the arms, and its p value."""
    inside = np.arange(len(trial.arm)) < trial.size
    severe = trial.patients.severe
    a, b = (severe[inside & (trial.arm == k)] for k in (1, 0))
    row = Row("severe", int(a.sum()), len(a), int(b.sum()), len(b))
    return row.difference, row.p_value
