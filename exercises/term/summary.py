"""Print what became of every hand-in of an assignment.

This is the table that ends `nbgrader autograde`: who was graded, who waits for a
grade by hand, which hand-ins could not be graded and why, which marks are probably not
what was earned, who is late or has not handed in, and how the class did in each task.
A file beside the gradebook gets a line for every student. With --all everybody is
named on the screen, too.
"""

from argparse import ArgumentParser, Namespace

from nbgrader.api import MissingEntry
from nbgrader_apart import closing, outcomes

from .command import NotInGradebook
from .folders import find_course, settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "assignment", help="name of the assignment, for example metrics"
    )
    parser.add_argument("--all", action="store_true", help="name everybody")


def main(arguments: Namespace) -> int:
    """Print the closing table of the assignment that is named."""
    name = arguments.assignment
    directory = settings(find_course())
    directory.assignment_id = name
    try:
        summary = outcomes.summarise(directory, name)
    except MissingEntry:
        raise NotInGradebook(name) from None
    print(closing.as_text(summary, everybody=arguments.all))
    print(closing.write(directory, summary))
    return 0
