"""What an instructor does in a term: ``python -m term COMMAND``.

Each command is one module with two functions: ``add_arguments`` says what the
command takes, ``main`` does it and returns the exit status. The first line of the
module's docstring is the command's line of help, the whole of it its ``--help``.
A new command is such a module and its name in ``__main__.COMMANDS``.

===============  ===========================================================
release          makes the students' copies of the assignments
demo             hands in, grades and charts a synthetic class
summary          prints what became of every hand-in
mark             asks for marks of free text, blind, by its rubric
agree            says how far two markers agree, and whether one drifts
items            says what the marks of a class say of the tasks
alike            finds pairs of hand-ins that share more than the task makes them
check            finds tests that cannot do their work
synthetic_class  who hands in what, for ``demo``
rubric           model answer, elements and levels, from the instructor's notebook
markinglog       who gave which points, in which order
marktable        the marks of an assignment as tables, in a few queries
itemstats        difficulty, discrimination, reliability
misconceptions   which wrong answers of the bank the failed tasks are like
probe            runs where tests run, and compares a student's function with them
winnow           passages that two texts share
page             a page of HTML that needs nothing beside it
folders          where the course and its assignments lie
command          what a command is, and how it fails
===============  ===========================================================
"""
