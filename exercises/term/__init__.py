"""What an instructor does in a term: ``python -m term COMMAND``.

Each command is one module with two functions: ``add_arguments`` says what the
command takes, ``main`` does it and returns the exit status. The first line of the
module's docstring is the command's line of help, the whole of it its ``--help``.
A new command is such a module and its name in ``__main__.COMMANDS``.

===============  ===========================================================
new              makes a new term: data, chapters, releases, and proves them
class            takes in a class list, as a platform or a spreadsheet writes it
release          makes the students' copies of the assignments
due              says when assignments are due, and who has more time
collect          takes hand-ins from a platform's download, and says whose they are
summary          prints what became of every hand-in
mark             asks for marks of free text, blind, by its rubric
agree            says how far two markers agree, and whether one drifts
regrade          grades again what was changed after hand-ins, on a copy first
feedback         writes pages of feedback as a platform takes them back
export           writes marks as a platform reads them
final            works out final marks by a table of weights
items            says what the marks of a class say of the tasks
alike            finds pairs of hand-ins that share more than the task makes them
archive          keeps a term in one file, and deletes personal data
reports          prints reports of trials to judge in class
judged           draws the reports that an assignment judges
check            finds tests that cannot do their work
demo             hands in, grades and charts a synthetic class
synthetic_class  who hands in what, for ``demo``
classlist        the class: who is on a list, and whom a name means
platforms        how each platform names the files of a download
downloads        the files of a ZIP file or a folder, read as hostile
handins          from files of a download to hand-ins
submissions      hand-ins of a course, and the older ones that are kept
personal         a cohort of their own for each student, and who was given which
personalcopies   the ZIP file of each student, with that cohort
oncohort         which tests of a notebook read its cohorts
gradebooks       two gradebooks beside each other: read, copied, taken over
rubric           model answer, elements and levels, from the instructor's notebook
markinglog       who gave which points, in which order
marktable        the marks of an assignment as tables, in a few queries
itemstats        difficulty, discrimination, reliability
misconceptions   which wrong answers of the bank the failed tasks are like
probe            runs where tests run, and compares a student's function with them
winnow           passages that two texts share
vacuous          answers that are none, for ``check``
page             a page of HTML that needs nothing beside it
folders          where the course and its assignments lie
command          what a command is, and how it fails
===============  ===========================================================
"""
