"""Runs nbgrader's submissions on all cores, boxed in, the tests apart from the answers.

One line in an ``nbgrader_config.py`` switches it on: ``nbgrader_apart.use(c)``.

===============  ==============================================================
config           puts the pieces below into nbgrader's configuration
intake           what is taken from a hand-in, and what is put back
cells            what a cell is for
options          the roles of processes, the levels of the box, settings
plan             what of an assignment is a set-up cell, what a test, what it imports
execute          nbgrader's step "run the notebook": submissions are run ahead
pool, worker     who runs a submission, and which of its cells run where
cluster          the same work on other machines
forkclient       the grader's end of the fork servers
forkserver       processes that have imported everything, and are forked
box              what a fork may not do
kernels          starts a kernel for what nbgrader runs itself
shell            IPython without a kernel: runs a cell, returns its outputs
testside         the side where tests run, and no line of a student
studentside      the side where students' code runs
codec, figures   plain copies of the values that go between the two
wire             messages over a socket
outputs          the outputs of a cell as a notebook holds them
gradebook        opened once, and a notebook's marks in one transaction
leftovers        what a killed run left half done
progress         how far the run is
required         no command goes on with settings that nobody has chosen
patches          all that is changed in nbgrader, nbconvert and IPython
===============  ==============================================================
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from traitlets.config import Config

__all__ = ["use"]


def use(c: "Config", apart: bool = True) -> str | None:
    """Switch it on in an ``nbgrader_config.py``; see `config.use`."""
    # nbgrader is not imported where nobody asks for it: in the fork servers.
    from .config import use as switch_on

    return switch_on(c, apart)
