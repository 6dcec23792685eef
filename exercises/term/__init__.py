"""What an instructor does in a term: ``python -m term COMMAND``.

Each command is one module with two functions: ``add_arguments`` says what the
command takes, ``main`` does it and returns the exit status. The first line of the
module's docstring is the command's line of help, the whole of it its ``--help``.
A new command is such a module and its name in ``__main__.COMMANDS``.

===============  ===========================================================
release          makes the students' copies of the assignments
demo             hands in, grades and charts a synthetic class
summary          prints what became of every hand-in
check            finds tests that cannot do their work
synthetic_class  who hands in what, for ``demo``
folders          where the course and its assignments lie
command          what a command is, and how it fails
===============  ===========================================================
"""
