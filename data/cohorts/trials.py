"""Real trial data: three published trials whose tables are openly licensed.

>>> from cohorts import trials
>>> trials.names()
['cgd', 'colon', 'bcg']
>>> trials.load("bcg").shape
(13, 9)

``cgd``: interferon gamma in chronic granulomatous disease, one row per patient and
interval between infections (203 × 16).
``colon``: levamisole after resection of colon cancer, one row per patient and kind of
event (1,858 × 16).
``bcg``: thirteen trials of the BCG vaccine, one row per trial (13 × 9).

The files are as their R packages export them, down to the column names.
``data/trials/README.md`` says where each comes from, under which licence, and
what is wrong with it.
"""

from __future__ import annotations

from ._base import column, table
from ._files import Collection, folder

FOLDER = folder("trials")

CENTRES = [
    "Amsterdam",
    "Copenhagen",
    "Harvard Medical Sch",
    "L.A. Children's Hosp",
    "Mott Children's Hosp",
    "Mt. Sinai Medical Ctr",
    "NIH",
    "Scripps Institute",
    "Texas Children's Hosp",
    "Univ. of Minnesota",
    "Univ. of Utah",
    "Univ. of Washington",
    "Univ. of Zurich",
]

_CGD = table(
    {
        "id": column(
            int, "Patient; 128 patients, numbered with gaps", between=(1, 135)
        ),
        "center": column(str, "Centre that enrolled the patient", isin=CENTRES),
        "random": column(str, "Date of randomisation", unit="YYYY-MM-DD"),
        "treat": column(
            str,
            "Arm: interferon gamma-1b 50 µg/m² three times a week, or placebo",
            isin=["placebo", "rIFN-g"],
        ),
        "sex": column(str, "Sex", isin=["female", "male"]),
        "age": column(int, "Age at entry", unit="years", between=(1, 44)),
        "height": column(float, "Height at entry", unit="cm", between=(76, 189)),
        "weight": column(float, "Weight at entry", unit="kg", between=(10, 102)),
        "inherit": column(
            str, "Pattern of inheritance", isin=["autosomal", "X-linked"]
        ),
        "steroids": column(int, "1 = on glucocorticoids at entry", isin=[0, 1]),
        "propylac": column(
            int, "1 = on prophylactic antibiotics at entry (spelt so)", isin=[0, 1]
        ),
        "hos.cat": column(
            str,
            "Group of centres",
            isin=["Europe:Amsterdam", "Europe:other", "US:NIH", "US:other"],
        ),
        "tstart": column(
            int,
            "Start of the interval, not itself at risk",
            unit="days since randomisation",
            between=(0, 373),
        ),
        "enum": column(int, "Number of the interval in this patient", between=(1, 8)),
        "tstop": column(
            int,
            "End of the interval",
            unit="days since randomisation",
            between=(4, 439),
        ),
        "status": column(
            int, "1 = the interval ends in a serious infection", isin=[0, 1]
        ),
    },
    key=["id", "enum"],
    about="Interferon gamma in chronic granulomatous disease, repeated infections",
)

_COLON = table(
    {
        "id": column(int, "Patient", between=(1, 929)),
        "study": column(int, "The same for all", isin=[1]),
        "rx": column(
            str,
            "Arm: observation, levamisole, or levamisole and fluorouracil",
            isin=["Obs", "Lev", "Lev+5FU"],
        ),
        "sex": column(int, "1 = male, 0 = female", isin=[0, 1]),
        "age": column(int, "Age", unit="years", between=(18, 85)),
        "obstruct": column(int, "1 = the tumour obstructs the colon", isin=[0, 1]),
        "perfor": column(int, "1 = the colon is perforated", isin=[0, 1]),
        "adhere": column(int, "1 = adheres to organs nearby", isin=[0, 1]),
        "nodes": column(
            float,
            "Lymph nodes with detectable cancer",
            unit="nodes",
            between=(0, 33),
            missing="not recorded for 18 patients",
        ),
        "status": column(int, "1 = the event of `etype` happened", isin=[0, 1]),
        "differ": column(
            float,
            "Differentiation: 1 well, 2 moderate, 3 poor",
            isin=[1, 2, 3],
            missing="not recorded for 23 patients",
        ),
        "extent": column(
            int,
            "Local spread: 1 submucosa, 2 muscle, 3 serosa, 4 contiguous structures",
            isin=[1, 2, 3, 4],
        ),
        "surg": column(
            int, "Time from surgery to registration: 0 short, 1 long", isin=[0, 1]
        ),
        "node4": column(int, "1 = more than 4 positive nodes", isin=[0, 1]),
        "time": column(
            int, "Time to the event or to censoring", unit="days", between=(8, 3329)
        ),
        "etype": column(int, "Event of this row: 1 recurrence, 2 death", isin=[1, 2]),
    },
    key=["id", "etype"],
    about="Levamisole after resection of colon cancer, recurrence and death",
)

_BCG = table(
    {
        "trial": column(int, "Number of the trial", between=(1, 13), unique=True),
        "author": column(str, "Authors of the report"),
        "year": column(int, "Year of the report", between=(1948, 1980)),
        "tpos": column(
            int, "Vaccinated, tuberculosis", unit="people", between=(3, 505)
        ),
        "tneg": column(
            int, "Vaccinated, no tuberculosis", unit="people", between=(119, 87886)
        ),
        "cpos": column(
            int, "Not vaccinated, tuberculosis", unit="people", between=(3, 499)
        ),
        "cneg": column(
            int, "Not vaccinated, no tuberculosis", unit="people", between=(128, 87892)
        ),
        "ablat": column(
            int, "Absolute latitude of the place", unit="degrees", between=(13, 55)
        ),
        "alloc": column(
            str,
            "How people were allocated",
            isin=["random", "alternate", "systematic"],
        ),
    },
    key=["trial"],
    about="Thirteen trials of the BCG vaccine against tuberculosis",
)

TABLES = {"cgd": _CGD, "colon": _COLON, "bcg": _BCG}

_COLLECTION = Collection("trial", FOLDER, TABLES)
names = _COLLECTION.names
load = _COLLECTION.load
