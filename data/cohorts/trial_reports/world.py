"""A small fictional world: an agent, a disease, an outcome, and what is true of them.

The diseases are real, the agents are not. What an agent truly does is planted, and it
is often nothing. Everything is told in *failures*: the patients who are worse off at
a visit, whether the report counts those with a bad event or those with a response.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from .._truth import SHARE, Planted

#: What every world is drawn from. Shares and risks are of the patients of an arm.
TRUTH = {
    "null_share": Planted(
        0.3, "Share of worlds in which the agent does nothing, flawed or not", SHARE
    ),
    "harm_share": Planted(0.08, "Share of the other worlds in which it harms", SHARE),
    "benefit": Planted(
        (0.06, 0.16), "Ends of the range of a true benefit, as fewer failures", SHARE
    ),
    "marker_effect": Planted(
        (0.12, 0.4), "Ends of the range by which the agent normalises the marker", SHARE
    ),
    "severe_share": Planted((0.3, 0.5), "Ends of the range of severe patients", SHARE),
    "severe_gap": Planted(
        {"state": 0.26, "cumulative": 0.2},
        "Excess failures of severe patients over the others",
        (0, 0.3),
    ),
    "persistence": Planted(
        0.5, "Correlation of a patient's latent state between visits", (0, 0.99)
    ),
    "marker_link": Planted(
        0.2, "Correlation of the latent marker with the latent outcome", (0, 0.9)
    ),
    "female_share": Planted(
        {
            "rheumatoid arthritis": 0.74,
            "asthma": 0.6,
            "ulcerative colitis": 0.46,
            "atopic dermatitis": 0.5,
            "pneumonia": 0.44,
            "recurrent respiratory infection": 0.6,
            "polymyalgia rheumatica": 0.68,
            "kidney transplantation": 0.4,
            "lupus": 0.82,
        },
        "Share of women, within 0.05; chosen to look like a clinic of the disease",
        SHARE,
    ),
    "smoker_share": Planted(
        {
            "rheumatoid arthritis": 0.22,
            "asthma": 0.14,
            "ulcerative colitis": 0.12,
            "atopic dermatitis": 0.24,
            "pneumonia": 0.28,
            "recurrent respiratory infection": 0.24,
            "polymyalgia rheumatica": 0.15,
            "kidney transplantation": 0.16,
            "lupus": 0.2,
        },
        "Share of smokers, within 0.05; chosen in the same way",
        SHARE,
    ),
    "serious_share": Planted((0.03, 0.09), "Serious adverse events in an arm", SHARE),
    "icc": Planted(
        (0.01, 0.12),
        "Ends of the range of the intracluster correlation of the latent outcome",
        SHARE,
    ),
    "lost_share": Planted(
        0.012, "Outcomes lost in a trial that loses nearly none", SHARE
    ),
    "lost_evenly": Planted(
        0.13, "Outcomes lost for reasons unrelated to them, in either arm", SHARE
    ),
}


@dataclass(frozen=True)
class Outcome:
    """A yes-or-no outcome, and a second definition of the same thing.

    ``judged`` says who decides: the patient, the treating clinician, or nobody
    (``"fact"``: a death, a laboratory result). ``failure`` is the range of the risk of
    a failure without the agent.
    """

    name: str
    other: str
    judged: str
    good: bool
    cumulative: bool
    failure: tuple[float, float]
    how: str

    @property
    def deadly(self) -> bool:
        """Whether the outcome is death, which nobody can judge wrongly."""
        return self.name == "death"


@dataclass(frozen=True)
class Disease:
    """A disease, who is in its trials, and what is measured."""

    name: str
    people: str
    short: str
    sites: str
    severe: str
    unit: str
    visits: tuple[int, int, int, int, int]
    outcomes: tuple[Outcome, ...]
    marker: str
    age: tuple[int, int]


DISEASES = (
    Disease(
        name="rheumatoid arthritis",
        people="adults with active rheumatoid arthritis despite methotrexate",
        short="patients with rheumatoid arthritis",
        sites="rheumatology clinics",
        severe="Erosive disease",
        unit="week",
        visits=(4, 8, 12, 16, 24),
        outcomes=(
            Outcome(
                "pain relief of 30 mm or more",
                "pain of 30 mm or less",
                "patient",
                True,
                False,
                (0.5, 0.68),
                "on a 100 mm scale that patients filled in",
            ),
            Outcome(
                "new erosion",
                "rise of the total erosion score",
                "fact",
                False,
                True,
                (0.24, 0.34),
                "on ultrasound images read centrally, in random order and without "
                "names",
            ),
        ),
        marker="C-reactive protein below 5 mg/L",
        age=(54, 12),
    ),
    Disease(
        name="asthma",
        people="adults with uncontrolled asthma on inhaled glucocorticoids",
        short="patients with asthma",
        sites="chest clinics",
        severe="Admission in the year before",
        unit="week",
        visits=(4, 12, 20, 28, 36),
        outcomes=(
            Outcome(
                "symptom control",
                "improvement of 0.5 points or more in the control score",
                "patient",
                True,
                False,
                (0.5, 0.66),
                "by a questionnaire on symptoms that patients filled in",
            ),
            Outcome(
                "loss of 200 mL or more in FEV1",
                "loss of 10 % or more in FEV1",
                "fact",
                False,
                False,
                (0.24, 0.36),
                "measured by technicians who knew neither arm nor earlier values",
            ),
        ),
        marker="blood eosinophils below 0.15 × 10⁹/L",
        age=(46, 14),
    ),
    Disease(
        name="ulcerative colitis",
        people="adults with moderately active ulcerative colitis",
        short="patients with ulcerative colitis",
        sites="gastroenterology departments",
        severe="Pancolitis",
        unit="week",
        visits=(2, 4, 8, 12, 16),
        outcomes=(
            Outcome(
                "remission of symptoms",
                "halving of stool frequency",
                "patient",
                True,
                False,
                (0.55, 0.7),
                "from a diary of stools and bleeding that patients kept",
            ),
        ),
        marker="faecal calprotectin below 250 µg/g",
        age=(41, 13),
    ),
    Disease(
        name="atopic dermatitis",
        people="adults with moderate or severe atopic dermatitis",
        short="patients with atopic dermatitis",
        sites="dermatology practices",
        severe="Disease since childhood",
        unit="week",
        visits=(2, 4, 8, 12, 16),
        outcomes=(
            Outcome(
                "itch relief of 4 points or more",
                "itch of 3 points or less",
                "patient",
                True,
                False,
                (0.52, 0.7),
                "on a scale from 0 to 10 that patients filled in each evening",
            ),
            Outcome(
                "clear or almost clear skin",
                "three quarters less affected skin",
                "fact",
                True,
                False,
                (0.55, 0.72),
                "on photographs read centrally, in random order and without names",
            ),
        ),
        marker="serum TARC below 1 µg/L",
        age=(36, 13),
    ),
    Disease(
        name="pneumonia",
        people="adults admitted with community-acquired pneumonia",
        short="patients with pneumonia",
        sites="hospitals",
        severe="Confusion on admission",
        unit="day",
        visits=(7, 14, 21, 28, 60),
        outcomes=(
            Outcome(
                "return to usual activities",
                "freedom from cough and breathlessness",
                "patient",
                True,
                False,
                (0.4, 0.58),
                "as patients told by telephone",
            ),
            Outcome(
                "death",
                "death from pneumonia or its complications",
                "fact",
                False,
                True,
                (0.16, 0.24),
                "as the population register has it",
            ),
        ),
        marker="C-reactive protein below 20 mg/L",
        age=(66, 14),
    ),
    Disease(
        name="recurrent respiratory infection",
        people="adults with four or more respiratory infections in the past year",
        short="patients with recurrent respiratory infection",
        sites="general practices",
        severe="Chronic bronchitis",
        unit="week",
        visits=(8, 12, 16, 20, 26),
        outcomes=(
            Outcome(
                "symptomatic infection",
                "infection that kept the patient from work",
                "patient",
                False,
                True,
                (0.45, 0.62),
                "from a symptom diary that patients kept",
            ),
            Outcome(
                "virus-positive infection",
                "infection with influenza or respiratory syncytial virus",
                "fact",
                False,
                True,
                (0.34, 0.48),
                "found by a laboratory that tested a swab from everybody each week",
            ),
        ),
        marker="NK cell activity above 20 %",
        age=(49, 13),
    ),
    Disease(
        name="polymyalgia rheumatica",
        people="adults with polymyalgia rheumatica on a falling dose of prednisolone",
        short="patients with polymyalgia rheumatica",
        sites="rheumatology clinics",
        severe="Relapse before enrolment",
        unit="week",
        visits=(12, 20, 28, 36, 52),
        outcomes=(
            Outcome(
                "relapse",
                "relapse that needed a higher dose of prednisolone",
                "clinician",
                False,
                True,
                (0.42, 0.58),
                "as the treating doctor judged it from stiffness and pain",
            ),
            Outcome(
                "bone loss of 3 % or more at the spine",
                "bone loss of 3 % or more at the hip",
                "fact",
                False,
                True,
                (0.26, 0.38),
                "on scans read centrally, in random order and without names",
            ),
        ),
        marker="erythrocyte sedimentation rate below 20 mm/h",
        age=(71, 8),
    ),
    Disease(
        name="kidney transplantation",
        people="adults with a first kidney transplant from a deceased donor",
        short="recipients of a kidney transplant",
        sites="transplant centres",
        severe="Panel-reactive antibodies",
        unit="week",
        visits=(8, 16, 26, 38, 52),
        outcomes=(
            Outcome(
                "good general health",
                "freedom from fatigue that limits",
                "patient",
                True,
                False,
                (0.45, 0.6),
                "by a questionnaire that patients filled in",
            ),
            Outcome(
                "rejection on biopsy",
                "rejection of Banff grade II or higher",
                "fact",
                False,
                True,
                (0.2, 0.32),
                "judged on biopsies that were due in everybody and were read centrally "
                "without names",
            ),
        ),
        marker="donor-derived cell-free DNA below 0.5 %",
        age=(51, 12),
    ),
    Disease(
        name="lupus",
        people="adults with active systemic lupus erythematosus without nephritis",
        short="patients with lupus",
        sites="specialist centres",
        severe="Low complement",
        unit="week",
        visits=(12, 20, 28, 36, 52),
        outcomes=(
            Outcome(
                "relief of fatigue",
                "relief of joint pain",
                "patient",
                True,
                False,
                (0.5, 0.66),
                "by a questionnaire that patients filled in",
            ),
            Outcome(
                "flare",
                "flare that needed a new treatment",
                "clinician",
                False,
                True,
                (0.4, 0.56),
                "as the treating doctor judged it",
            ),
        ),
        marker="anti-dsDNA antibodies below 30 IU/mL",
        age=(39, 12),
    ),
)

# Names end in what no international nonproprietary name ends in.
STARTS = (
    *("Ar", "Bel", "Cor", "Dav", "El", "Fen", "Gar", "Hal", "Is", "Jor", "Kel", "Lun"),
    *(
        "Mer",
        "Nor",
        "Ost",
        "Pel",
        "Quin",
        "Ros",
        "Sil",
        "Tam",
        "Ul",
        "Ver",
        "Wil",
        "Zel",
    ),
)
MIDDLES = ("a", "e", "i", "o", "ado", "eri", "ila", "oru")
ENDS = ("brisk", "dolan", "fustat", "gortin", "kelor", "mondil", "nalper", "trivost")
ROUTES = ("orally", "as a subcutaneous injection", "as an infusion")
MECHANISMS = (
    "inhibits the release of interleukin-6 from monocytes",
    "blocks the receptor of interleukin-23",
    "inhibits Janus kinase 1",
    "raises the number of regulatory T cells",
    "blocks the homing of T cells to inflamed tissue",
    "activates natural killer cells",
    "inhibits the inflammasome NLRP3",
    "lowers type I interferon signalling",
    "binds thymic stromal lymphopoietin",
    "prevents the co-stimulation of T cells",
)


@dataclass(frozen=True)
class World:
    """One agent in one disease, with what is true of it.

    Parameters
    ----------
    agent, mechanism, route : str
        The agent.
    other : str
        The established treatment, another fictional agent.
    disease : Disease
    outcome : Outcome
        The clinical outcome that the trial registers.
    effect : float
        True difference in the risk of failure at the registered visit, agent minus
        comparator as it should be; negative is a benefit.
    failure : float
        Risk of failure without the agent at the registered visit.
    gap : float
        Excess risk of failure of severe patients over the others.
    severe_share : float
        Share of severe patients.
    marker_effect : float
        By how much the agent raises the share of patients whose marker is normal.
    marker_share : float
        That share without the agent.
    important : float
        Smallest difference in risk that patients call important.
    visit : int
        Index of the registered visit.
    female_share, smoker_share, serious_share : float
        Shares of women, of smokers, and of patients with a serious adverse event.
    icc : float
        Intracluster correlation of the latent outcome, where practices are randomised.
    """

    agent: str
    mechanism: str
    route: str
    other: str
    disease: Disease
    outcome: Outcome
    effect: float
    failure: float
    gap: float
    severe_share: float
    marker_effect: float
    marker_share: float
    important: float
    visit: int
    female_share: float
    smoker_share: float
    serious_share: float
    icc: float

    @property
    def sign(self) -> int:
        """+1 if the report counts failures, −1 if it counts what patients want."""
        return -1 if self.outcome.good else 1

    def failure_at(self, visit: int, *, treated: bool) -> float:
        """Return the mean risk of failure at a visit, under the proper comparator."""
        if self.outcome.cumulative:
            share = (0.3, 0.5, 0.7, 0.85, 1.0)[visit]
            return share * (self.failure + self.effect * treated)
        drift = 0.02 * (self.visit - visit)
        fade = (0.6, 0.8, 1.0, 1.0, 1.0)[visit] / (0.6, 0.8, 1.0, 1.0, 1.0)[self.visit]
        return self.failure + drift + self.effect * fade * treated


def draw_world(
    rng: np.random.Generator,
    true: Mapping[str, Any],
    *,
    judged: tuple[str, ...],
    deaths: bool,
) -> World:
    """Draw a world whose outcome is judged by one of these.

    Parameters
    ----------
    rng : numpy.random.Generator
    true : mapping
        Values of `TRUTH`.
    judged : tuple of str
        Which kinds of `Outcome.judged` are allowed.
    deaths : bool
        Whether the outcome may be death.
    """
    pairs = [
        (disease, outcome)
        for disease in DISEASES
        for outcome in disease.outcomes
        if outcome.judged in judged and (deaths or not outcome.deadly)
    ]
    disease, outcome = pairs[rng.integers(len(pairs))]
    return World(
        *_names(rng),
        disease=disease,
        outcome=outcome,
        effect=_effect(rng, true, outcome),
        failure=rng.uniform(*outcome.failure),
        gap=true["severe_gap"]["cumulative" if outcome.cumulative else "state"]
        * min(1.0, outcome.failure[0] / 0.3),
        severe_share=rng.uniform(*true["severe_share"]),
        marker_effect=rng.uniform(*true["marker_effect"]),
        marker_share=rng.uniform(0.2, 0.4),
        important=float(rng.choice([0.04, 0.05, 0.06])),
        visit=4 if outcome.cumulative else int(rng.integers(2, 5)),
        female_share=true["female_share"][disease.name] + rng.uniform(-0.05, 0.05),
        smoker_share=true["smoker_share"][disease.name] + rng.uniform(-0.05, 0.05),
        serious_share=rng.uniform(*true["serious_share"]),
        icc=rng.uniform(*true["icc"]),
    )


def _names(rng: np.random.Generator) -> tuple[str, str, str, str]:
    """Return the agent, its mechanism, its route, and the established treatment."""
    starts = rng.choice(len(STARTS), 2, replace=False)
    middles = rng.integers(len(MIDDLES), size=2)
    ends = rng.choice(len(ENDS), 2, replace=False)
    agent, other = (
        (STARTS[s] + MIDDLES[m] + ENDS[e]).lower()
        for s, m, e in zip(starts, middles, ends, strict=True)
    )
    mechanism = MECHANISMS[rng.integers(len(MECHANISMS))]
    return agent, mechanism, ROUTES[rng.integers(len(ROUTES))], other


def _effect(
    rng: np.random.Generator, true: Mapping[str, Any], outcome: Outcome
) -> float:
    """Return the true effect on failures: often none, mostly a benefit, rarely harm."""
    if rng.random() < true["null_share"]:
        return 0.0
    size = rng.uniform(*true["benefit"]) * min(1.0, outcome.failure[0] / 0.3)
    return float(size / 2 if rng.random() < true["harm_share"] else -size)
