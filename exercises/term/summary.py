"""Print what became of every hand-in of an assignment.

This is the table that ends `nbgrader autograde`: who was graded, who waits for a
grade by hand, which hand-ins could not be graded and why, and how the class did
in each task.
"""

from argparse import ArgumentParser, Namespace

from nbgrader.api import MissingEntry
from nbgrader_apart import closing

from .command import NotInGradebook
from .folders import find_course, settings


def add_arguments(parser: ArgumentParser) -> None:
    """Declare what the command takes."""
    parser.add_argument(
        "assignment", help="name of the assignment, for example metrics"
    )


def main(arguments: Namespace) -> int:
    """Print the closing table of the assignment that is named."""
    name = arguments.assignment
    directory = settings(find_course())
    directory.assignment_id = name
    try:
        print(closing.as_text(closing.summarise(directory, name)))
    except MissingEntry:
        raise NotInGradebook(name) from None
    return 0
