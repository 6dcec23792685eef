"""What a test in a source notebook must not do, for tests run apart from the answers.

``python check_tests.py NOTEBOOK ...`` prints what it finds.
"""

import ast
import builtins
import re
import sys
from pathlib import Path

import nbformat
from nbgrader_apart import plan

PASSES_IN_VAIN = re.compile(
    r"\.copy\(\)[^\n]*\n(?:.*\n)*?.*(?:equals|assert_\w+_equal)"
)


def names(source):
    """Return the names that a cell defines, uses, and imports; all at its top level."""
    lines = source.splitlines()
    plain = "\n".join(line for line in lines if line.lstrip()[:1] not in ("%", "!"))
    tree = ast.parse(plain)
    defined, used, modules = set(), set(), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            (used if isinstance(node.ctx, ast.Load) else defined).add(node.id)
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            defined.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            modules |= {
                (one.asname or one.name).partition(".")[0] for one in node.names
            }
        elif isinstance(node, ast.arg):
            defined.add(node.arg)
        elif isinstance(node, ast.ExceptHandler) and node.name:
            defined.add(node.name)
    return defined | modules, used, modules


def top_level(source):
    """Return the names that a cell leaves behind for later cells."""
    found = set()
    for node in ast.parse(source).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif not isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {
                one.id
                for one in ast.walk(node)
                if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
            }
    return found


def problems(notebook):
    """Return what is wrong with the tests of a source notebook, one line each.

    Parameters
    ----------
    notebook : NotebookNode
        With solutions and hidden tests.
    """
    found, instructor, student, student_modules = [], set(), set(), set()
    solutions, before = set(), {}
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("solution"):
            solutions |= top_level(cell.source)
    for cell in cells:
        kind, source = plan.kind_of(cell), cell.source
        name = cell.metadata.get("nbgrader", {}).get("grade_id") or cell.get("id", "?")
        defined, used, modules = names(source)
        if kind == "student":
            student |= defined
            student_modules |= modules
            continue
        if kind == "setup":
            instructor |= defined
            continue
        unknown = used - defined - instructor - set(vars(builtins))
        for one in sorted(unknown & student_modules):
            found.append(f"{name}: only a student's cell imports {one}; import it here")
        for one in sorted(unknown - student_modules - solutions):
            if one in student:
                found.append(
                    f"{name}: {one} comes from a cell that a student can change; "
                    "define it in the test or in a locked cell"
                )
            elif one not in ("get_ipython", "display", "__name__"):
                found.append(f"{name}: nothing defines {one}")
        for one in sorted(set(before) & unknown):
            found.append(
                f"{name}: {one} is left over from {before[one]}; define it anew"
            )
        for one in sorted(top_level(source) & solutions):
            found.append(
                f"{name}: gives {one} a value, which the student's cell defines: "
                "later tests would never see the student's"
            )
        if "__code__" in source:
            found.append(f"{name}: a test cannot look into a function's __code__")
        if PASSES_IN_VAIN.search(source) and "# in place" not in source:
            found.append(
                f"{name}: looks whether an argument was changed, which it never is, "
                "for a test gives a copy: write `# in place` into the test"
            )
        before |= dict.fromkeys(top_level(source), name)
        instructor |= defined
    return found


def main():
    """Print the problems of the notebooks named on the command line."""
    count = 0
    for path in map(Path, sys.argv[1:]):
        for line in problems(nbformat.read(path, as_version=4)):
            count += 1
            print(f"{path}: {line}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
