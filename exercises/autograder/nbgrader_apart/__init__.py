"""Grading of nbgrader's submissions that is faster and cannot be fooled.

``nbgrader_config.py`` switches it on with ``nbgrader_apart.use(c)``.

===============  ==============================================================
config           puts the pieces below into nbgrader's configuration
intake           what is taken from a hand-in, and what is put back
execute          nbgrader's step "run the notebook": runs submissions ahead
gradebook        opened once, and a notebook's marks in one transaction
progress         how far the run is
plan             what of an assignment is a setup cell, what a test, what it imports
job              one submission: which cell runs where, and with what outcome
warm, zygote     processes that have imported everything, and their forks
box              what such a process may not do
shell            IPython without a kernel: runs a cell, returns its outputs
trusted          the side where tests run, and no line of a student
student          the side where students' code runs
codec, figures   plain copies of values that go between the two
wire             messages over a socket
recovery         what a killed run left half done
cluster          the same work on other machines
provisioner      warm kernels for Jupyter (used to test the book's notebooks)
===============  ==============================================================
"""

__all__ = ["use"]


def use(c):
    """Switch it on in an ``nbgrader_config.py``; see `config.use`."""
    from .config import use as switch_on  # nbgrader is not imported before it is wanted

    return switch_on(c)
