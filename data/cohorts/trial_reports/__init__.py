"""Reports of fictional trials whose flaws are planted, with their answer keys.

=============  =======================================================================
`world`        an agent, a disease, an outcome, and what is true of them
`flaws`        the table of flaws: what each does to the data, where it is judged
`trial`        the trial, patient by patient, and what it should have found
`rob2`         the algorithm of RoB 2
`key`          the answer key: RoB 2, GRADE, the absolute effect
`wording`      the sentences, several for each place
`prose`        abstract, register entry, tables and flow, from the patients
`report`       all of it from a seed
=============  =======================================================================
"""

from .flaws import FLAWS as FLAWS
from .flaws import GAPS as GAPS
from .report import TRAINER_COUNT as TRAINER_COUNT
from .report import TRAINER_SEED as TRAINER_SEED
from .report import TRUTH as TRUTH
from .report import TrialReport as TrialReport
from .report import make_trial_report as make_trial_report
from .report import make_trial_reports as make_trial_reports
