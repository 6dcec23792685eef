"""The declared table of flaws: what each does to the data, and where it is judged.

A flaw acts on the data, with a strength that is drawn and kept, so that its bias is
known. `bias` gives it in closed form, for those whose bias does not hang on chance.
All of them favour the agent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .._truth import SHARE, Planted
from .world import World

TRUTH = {
    "strength": Planted(
        (0.15, 1.35),
        "Ends of the range of a flaw's strength: 1 plants what stands below, a small "
        "one hardly anything",
        (0, 1.5),
    ),
    "steered": Planted(
        {"severe": 0.4, "other": 0.57},
        "Chance that a recruiter who foresees the assignment lets a patient into the "
        "agent's arm",
        SHARE,
    ),
    "selected": Planted(
        {"severe": 0.32, "other": 0.63},
        "The same chance where assignments were undone after the patient was seen",
        SHARE,
    ),
    "flattered": Planted(
        0.14, "Failures on the open agent that are recorded as success", SHARE
    ),
    "disappointed": Planted(
        0.06, "Successes on the open comparator that are recorded as failure", SHARE
    ),
    "left": Planted(
        {"failure": 0.32, "success": 0.06, "comparator": 0.07},
        "Patients who leave: on the agent by how they fare, on the comparator anyhow",
        SHARE,
    ),
    "off_protocol": Planted(
        {"failure": 0.3, "success": 0.08, "comparator": 0.05},
        "Patients who stop treatment: on the agent by how they fare, on the comparator",
        SHARE,
    ),
    "incomplete": Planted(
        0.16, "Patients of the favoured arm who do not complete treatment", SHARE
    ),
    "carried": Planted(
        {"failure": 0.3, "success": 0.22, "other": 0.05},
        "Outcomes lost and filled in from baseline: by how patients fare, in the arm "
        "where it helps the agent, and in the other anyhow",
        SHARE,
    ),
    "weakness": Planted(
        0.1, "Excess failures on the comparator at too low a dose", (0, 0.2)
    ),
}


#: What a flaw's strength multiplies whole, down to a half, or as a contrast: at 0 all
#: would leave alike, however they fare. Losses must be seen, so they stay many.
#: `baseline_selection` has one strength, since its imbalance must be seen.
WHOLE = ("flattered", "disappointed", "weakness")
HALF = ("incomplete", "carried")
CONTRAST = {
    "steered": ("severe", "other"),
    "left": ("failure", "success"),
    "off_protocol": ("failure", "success"),
}


def with_strength(true: Mapping[str, Any], strength: float) -> dict[str, Any]:
    """Return what is planted if the flaws are so strong.

    Parameters
    ----------
    true : mapping
        Values of `TRUTH`.
    strength : float
        1 changes nothing.

    Examples
    --------
    >>> true = {name: one.value for name, one in TRUTH.items()}
    >>> weak = with_strength(true, 0.5)
    >>> round(weak["flattered"], 3), round(weak["left"]["failure"], 3)
    (0.07, 0.255)
    """
    changed = dict(true)
    for name in WHOLE:
        changed[name] = strength * true[name]
    half = 0.5 + 0.5 * strength
    changed["incomplete"] = half * true["incomplete"]
    changed["carried"] = true["carried"] | {
        who: half * true["carried"][who] for who in ("failure", "success")
    }
    for name, pair in CONTRAST.items():
        middle = sum(true[name][who] for who in pair) / 2
        changed[name] = true[name] | {
            who: middle + strength * (true[name][who] - middle) for who in pair
        }
    return changed


def _shifted_baseline(kind: str) -> Callable[[World, Mapping[str, Any]], float]:
    """Return the bias of assigning severe patients to the agent less often."""

    def bias(world: World, true: Mapping[str, Any]) -> float:
        severe, other = true[kind]["severe"], true[kind]["other"]
        s = world.severe_share
        agent = s * severe / (s * severe + (1 - s) * other)
        rest = s * (1 - severe) / (s * (1 - severe) + (1 - s) * (1 - other))
        return (agent - rest) * world.gap

    return bias


def _flattered(world: World, true: Mapping[str, Any]) -> float:
    agent = world.failure + world.effect
    return -true["flattered"] * agent - true["disappointed"] * (1 - world.failure)


def _gone(kind: str) -> Callable[[World, Mapping[str, Any]], float]:
    """Return the bias of leaving out those of the agent's arm who fare badly."""

    def bias(world: World, true: Mapping[str, Any]) -> float:
        risk = world.failure + world.effect
        fails = risk * (1 - true[kind]["failure"])
        stays = fails + (1 - risk) * (1 - true[kind]["success"])
        return fails / stays - risk

    return bias


def _wrong_denominator(world: World, true: Mapping[str, Any]) -> float:
    stretch = 1 / (1 - true["incomplete"]) - 1
    if world.outcome.good:  # successes of all over the completers of the agent's arm
        return -stretch * (1 - world.failure - world.effect)
    return -stretch * world.failure


def _carried(world: World, true: Mapping[str, Any]) -> float:
    lost, other = true["carried"], true["carried"]["other"]
    agent, rest = world.failure + world.effect, world.failure
    if world.outcome.good:  # the comparator's lost successes count as failures
        return other * (1 - agent) - lost["success"] * (1 - rest)
    return other * rest - lost["failure"] * agent  # the agent's failures are forgotten


def _too_weak(world: World, true: Mapping[str, Any]) -> float:
    return -true["weakness"]


def _none(world: World, true: Mapping[str, Any]) -> float:
    return 0.0


#: Whoever judges the outcome.
ANYBODY = ("patient", "clinician", "fact")


@dataclass(frozen=True)
class Flaw:
    """One flaw of the table.

    Parameters
    ----------
    title : str
        What it is called.
    group : str
        Of the flaws of a group, a report has one at most.
    domain : str or None
        The domain of RoB 2 that it belongs to; None if RoB 2 leaves it to others.
    why : str
        Why it is judged there, for the answer key.
    bias : callable or None
        Expected bias on the difference in failures, or None where it depends on
        chance, or is about something else.
    answers : mapping
        The answers to signalling questions that follow from it.
    grade : str or None
        The step of GRADE that follows beside or instead of risk of bias.
    excludes : tuple of str
        Groups that a report with this flaw cannot have.
    again : tuple of (str, str)
        What to read again: words and page.
    opens : bool
        Whether the trial is open-label with it.
    judged : tuple of str
        Which outcomes it needs, see `world.Outcome`.
    deaths : bool
        Whether it makes sense where the outcome is death.
    """

    title: str
    group: str
    domain: str | None
    why: str
    bias: Callable[[World, Mapping[str, Any]], float] | None
    again: tuple[str, str]
    answers: Mapping[str, str] = field(default_factory=dict)
    grade: str | None = None
    excludes: tuple[str, ...] = ()
    opens: bool = False
    judged: tuple[str, ...] = ANYBODY
    deaths: bool = True


RANDOMISATION = ("What randomisation buys", "02-what-randomisation-buys.html")
ILLUSION = ("The clinic illusion", "01-the-clinic-illusion.html")
TRAPS = ("Observational traps", "03-observational-traps.html")
LABELS = ("Claims and labels", "05-claims-and-labels.html")
ABSTRACTS = ("Three unseen abstracts", "06-three-unseen-abstracts.html")
MARKERS = (
    "When a biomarker misleads",
    "../metrics/04-when-a-biomarker-misleads.html",
)

FLAWS: dict[str, Flaw] = {
    "not_concealed": Flaw(
        "Allocation not concealed",
        "randomisation",
        "randomisation",
        "Whoever enrolled patients could see the next assignment, so question 1.2 is "
        "answered no, and the domain is high whatever Table 1 looks like.",
        _shifted_baseline("steered"),
        RANDOMISATION,
        {"1.1": "Y", "1.2": "N"},
        opens=True,
    ),
    "baseline_selection": Flaw(
        "Baseline imbalance by selection",
        "randomisation",
        "randomisation",
        "Nothing is said of concealment (1.2: no information), and a strong predictor "
        "of the outcome differs more than chance would allow (1.3: yes).",
        _shifted_baseline("selected"),
        TRAPS,
        {"1.1": "Y", "1.2": "NI"},
    ),
    "unblinded_subjective": Flaw(
        "Unblinded, and the outcome a matter of judgement",
        "blinding",
        "measurement",
        "Whoever judged the outcome knew the arm (4.3: yes), could be swayed (4.4: "
        "yes), and was led to expect a benefit (4.5: probably yes).",
        _flattered,
        ILLUSION,
        {"2.1": "Y", "2.2": "Y", "4.3": "Y", "4.4": "Y", "4.5": "PY"},
        opens=True,
        judged=("patient", "clinician"),
    ),
    "informative_dropout": Flaw(
        "Selective dropout",
        "analysis",
        "missing",
        "Many outcomes are missing (3.1: no), more in one arm, and the reasons have to "
        "do with how the patients fared (3.3 and 3.4: yes).",
        _gone("left"),
        RANDOMISATION,
        {"3.2": "N", "3.3": "Y", "3.4": "Y"},
        deaths=False,
    ),
    "outcome_switched": Flaw(
        "Outcome switched from the register",
        "headline",
        "selection",
        "The register names another definition of the outcome as primary. The "
        "reported one was chosen from several measurements (5.2: yes).",
        None,
        ABSTRACTS,
        {"5.1": "N", "5.2": "Y", "5.3": "N"},
    ),
    "best_time": Flaw(
        "Best of five time points",
        "headline",
        "selection",
        "The register names another visit. The reported one came out best of five "
        "(5.2: yes).",
        None,
        RANDOMISATION,
        {"5.1": "N", "5.2": "Y", "5.3": "N"},
    ),
    "subgroup": Flaw(
        "Subgroup after the fact",
        "headline",
        "selection",
        "The claim rests on the best of six subgroups, chosen once the results were "
        "known (5.3: yes).",
        None,
        ABSTRACTS,
        {"5.1": "N", "5.2": "N", "5.3": "Y"},
    ),
    "surrogate": Flaw(
        "Surrogate for the outcome",
        "headline",
        None,
        "RoB 2 does not ask whether the choice of outcome was sensible: the marker may "
        "be measured without any bias. GRADE does: a marker is indirect evidence for "
        "what patients notice.",
        None,
        MARKERS,
        grade="indirectness",
        excludes=("blinding", "comparator", "analysis", "stopping"),
    ),
    "per_protocol": Flaw(
        "Per-protocol analysis only",
        "analysis",
        "deviations",
        "Patients who had stopped treatment were left out (2.6: no), enough of them to "
        "move the result (2.7: yes).",
        _gone("off_protocol"),
        RANDOMISATION,
        {"2.6": "N"},
    ),
    "stopped_early": Flaw(
        "Stopped early for benefit",
        "stopping",
        None,
        "RoB 2 has no question for it. GRADE counts stopping early for benefit among "
        "the limitations of a trial: it stops at a random high.",
        None,
        RANDOMISATION,
        grade="risk of bias",
        excludes=("headline", "clusters"),
    ),
    "baseline_carried": Flaw(
        "Baseline carried forward",
        "analysis",
        "missing",
        "Missing outcomes were filled in as if nothing had happened since baseline. "
        "Such values count as missing (3.1: no), they correct nothing (3.2: no), and "
        "the arms lost patients unequally, for reasons that have to do with the "
        "outcome (3.3 and 3.4: yes).",
        _carried,
        RANDOMISATION,
        {"3.2": "N", "3.3": "Y", "3.4": "Y"},
        deaths=False,
    ),
    "unit_of_analysis": Flaw(
        "Unit of analysis",
        "clusters",
        None,
        "Practices were randomised and patients counted, as if each had been "
        "randomised. The estimate is not biased; its interval is too narrow, which "
        "GRADE asks under imprecision.",
        _none,
        RANDOMISATION,
        grade="imprecision",
        excludes=("randomisation", "stopping", "headline", "analysis"),
    ),
    "wrong_denominator": Flaw(
        "Wrong denominator",
        "analysis",
        "deviations",
        "In one arm the events of all are divided by those who completed treatment. "
        "Whoever did not is out of the denominator after randomisation; for the effect "
        "of assignment the guidance calls analyses “excluding eligible trial "
        "participants post-randomization” inappropriate (2.6: no), and enough are left "
        "out to move the result (2.7: yes).",
        _wrong_denominator,
        ABSTRACTS,
        {"2.6": "N"},
        excludes=("headline", "stopping"),
    ),
    "spin": Flaw(
        "Spin in the conclusion",
        "headline",
        None,
        "The primary result is reported as it should be, and the conclusion does not "
        "follow from it. Spin is in the words: it moves neither RoB 2 nor GRADE.",
        _none,
        ABSTRACTS,
    ),
    "weak_comparator": Flaw(
        "Sponsor's comparator too weak",
        "comparator",
        None,
        "The comparator was given below its approved dose. Within the trial nothing is "
        "biased; for the question that patients ask it is the wrong comparison, which "
        "is indirectness.",
        _too_weak,
        LABELS,
        grade="indirectness",
    ),
}


@dataclass(frozen=True)
class Gap:
    """Something that a report leaves open or a trial did not need: some concerns.

    No data are touched. `opens`, `judged` and `deaths` are those of `Flaw`.
    """

    group: str
    domain: str
    why: str
    answers: Mapping[str, str]
    opens: bool = False
    judged: tuple[str, ...] = ANYBODY
    deaths: bool = True


GAPS: dict[str, Gap] = {
    "concealment_unsaid": Gap(
        "randomisation",
        "randomisation",
        "The report does not say whether the next assignment was hidden (1.2: no "
        "information); the groups do not differ more than by chance.",
        {"1.2": "NI"},
    ),
    "treatment_unsaid": Gap(
        "blinding",
        "deviations",
        "The trial was open, and other treatment was left to the doctors: whether they "
        "deviated because of the trial is not said (2.3: no information).",
        {"2.1": "Y", "2.2": "Y", "2.3": "NI"},
        opens=True,
        judged=("fact",),
    ),
    "open_judgement": Gap(
        "blinding",
        "measurement",
        "Whoever judged the outcome knew the arm (4.3: yes) and could be swayed (4.4: "
        "yes). The guidance separates this from a likely influence, as where people "
        "strongly believe in the treatment; of that nothing is said (4.5: probably "
        "not).",
        {"2.1": "Y", "2.2": "Y", "4.3": "Y", "4.4": "Y", "4.5": "PN"},
        opens=True,
        judged=("patient", "clinician"),
    ),
    "lost_evenly": Gap(
        "analysis",
        "missing",
        "Many outcomes are missing (3.1: no). They could depend on how patients fared "
        "(3.3: yes), but numbers and reasons are alike in both arms (3.4: probably "
        "not).",
        {"3.2": "N", "3.3": "Y", "3.4": "PN"},
        deaths=False,
    ),
    "registered_late": Gap(
        "register",
        "selection",
        "The trial was registered after the last patient had been seen: no plan is "
        "known from before (5.1: no), so nobody can tell whether the result was chosen "
        "(5.2 and 5.3: no information).",
        {"5.1": "N", "5.2": "NI", "5.3": "NI"},
    ),
}
