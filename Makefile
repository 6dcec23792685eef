# Immune modulators: from mechanism to evidence.  `make help` lists the targets.
#
# The environment lives in .venv. It is made once, and made again when
# requirements.lock or a pyproject.toml changes.

ifndef PYTHON
PYTHON := $(shell for p in python3 python3.13 python3.12 python3.11 python; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$p; break; }; done)
endif
BIN := .venv/bin
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps
SCHEMA := $(BIN)/check-jsonschema --builtin-schema vendor
CHAPTERS := $(sort $(wildcard book/*/*.ipynb))
PORT ?= 8000

# What the students' copies are made of, and the book. `make` compares their times
# with those of the two files that it touches when it has made them.
COPIES := exercises/release/.made
BOOK := _build/html/index.html
COPIES_FROM := $(wildcard exercises/source/*/*.ipynb data/*/*.csv exercises/*.py)
BOOK_FROM := $(shell find book data _config.yml _toc.yml -type f \
	-not -path '*/__pycache__/*' -not -path '*/.*')

# nbgrader, nbval and Jupyter start other programs of the environment by name.
export PATH := $(CURDIR)/$(BIN):$(PATH)
# nbgrader's gradebook reads its settings in the locale's encoding, paths included.
ifeq ($(findstring UTF-8,$(shell locale charmap 2>/dev/null)),)
export LC_ALL := C.UTF-8
endif
# They also write into the home folder; where that cannot be, into one of our own.
ifeq ($(shell test -w "$$HOME" || echo no),no)
export HOME := $(CURDIR)/_build/home
$(shell mkdir -p "$(HOME)")
endif

.DELETE_ON_ERROR:
# Two builds, or two releases, at a time would write into the same folders.
.NOTPARALLEL:
.PHONY: help env lock newest book pdf offline release serve port lab demo test lint check-book notebooks autograder browser \
	downloads lite lite-test tests portable draws mutants class fuzz execute data bench lighthouse clean

help:  ## list what there is to make
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 13

# What a package puts into the environment's etc/ pip leaves out if it is editable.
env: $(READY)  ## make the Python environment in .venv

$(READY): requirements.lock pyproject.toml exercises/autograder/pyproject.toml
	@test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install one" \
	  "(python.org, or your system's packages), or name it: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo \
	  "$(PYTHON) is no Python of version 3.11 or newer. Name one: make PYTHON=/path/to/python3"; exit 1; }
	@"$(PYTHON)" -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) has no venv module." \
	  "On Debian and Ubuntu: apt-get install python3-venv"; exit 1; }
	"$(PYTHON)" -m venv .venv
	@echo "Installing the packages of requirements.lock into .venv (about 1 GB, a few minutes the first time) ..."
	@sed -n '/^uv==/,/# via/p' requirements.lock > .venv/uv.lock
	@{ { $(PIP) --require-hashes -r .venv/uv.lock \
	    && UV_HTTP_RETRIES=1 $(BIN)/uv pip install --quiet --compile-bytecode \
	      --python $(BIN)/python --no-deps --require-hashes -r requirements.lock \
	    || { echo "uv could not (see above); pip, which is slower, tries ..."; \
	      $(PIP) --require-hashes -r requirements.lock; }; } \
	  && $(PIP) --no-build-isolation -e . -e exercises/autograder; } \
	  || { echo "The packages could not be installed. Is there a network (or a package mirror" \
	  "in pip's configuration), and room for 1 GB? The reason stands above. Then: make env"; exit 1; }
	@mkdir -p .venv/etc/jupyter && cp exercises/autograder/etc/jupyter/*.py .venv/etc/jupyter/
	@$(BIN)/python -m pip check
	@touch $@

# One lock for all systems and Python versions, with PyPI's hashes. uv is asked because
# pip and pip-tools resolve only for the machine that they run on; it installs, too,
# in less than half of pip's time. What is locked stays, unless requirements.txt says
# otherwise; `make newest` moves everything.
lock: $(READY)  ## write requirements.lock from requirements.txt
	$(BIN)/python .ci/lock.py

newest: $(READY)  ## move every package to its newest version, in both files
	$(BIN)/python .ci/lock.py --newest
	@$(MAKE) --no-print-directory env

book: $(BOOK)  ## build the book and the assignments to hand out
	@echo "The book:        $(BOOK)      (make serve shows it at http://127.0.0.1:$(PORT)/)"
	@echo "The assignments: exercises/release/          (make lab opens them in JupyterLab)"
	@echo "A graded class:  make demo"

$(BOOK): $(READY) $(COPIES) $(BOOK_FROM)
	@echo "Building the book (half a minute to two; what it says: _build/book.log) ..."
	@mkdir -p _build
	@trap 'exit 130' INT; $(BIN)/python -m course.build > _build/book.log 2>&1 \
	  || { cat _build/book.log; rm -rf _build/html _build/.doctrees; \
	  echo "The book did not build: the warnings above say where. Mend them, then: make book"; exit 1; }
	@touch $@

pdf: $(BOOK)  ## print the whole book as one PDF file (needs Chromium)
	@PYTHONPATH=book/_ext $(BIN)/python -m on_paper.whole_book

offline: $(BOOK)  ## pack the built book into a ZIP file that opens without a server
	@cd _build && rm -f immune-modulators.zip && ../$(BIN)/python -m zipfile -c immune-modulators.zip html
	@echo "_build/immune-modulators.zip (unpack it, and open html/index.html)"

# Who reads or does the exercises changes no gradebook.
$(COPIES): $(READY) $(COPIES_FROM)
	@echo "Making the assignments to hand out (about 20 s) ..."
	@$(BIN)/python -m term release --without-gradebook
	@touch $@

release: $(READY)  ## make the students' copies, and enter their tasks into the gradebook
	@$(BIN)/python -m term release

serve: port $(BOOK)  ## show the book in a browser, built again on each save (PORT=8000)
	@echo "http://127.0.0.1:$(PORT)/  (Ctrl-C ends it)"
	@$(BIN)/python -m course.serve $(PORT)

port:
	@"$(PYTHON)" -c 'import socket; socket.create_server(("127.0.0.1", $(PORT))).close()' 2>/dev/null \
	  || { echo "Port $(PORT) is taken. Choose another: make serve PORT=8001"; exit 1; }

# Work is copied out of release/ once and never overwritten: an answer that
# somebody wrote outlives every later release.
lab: $(COPIES)  ## do the assignments in JupyterLab, in work/ (ARGS=... go to JupyterLab)
	@mkdir -p work
	@for a in exercises/release/*/; do \
	  test -e work/$$(basename $$a) || cp -r $$a work/; done
	@cd work && jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(ARGS)

# JupyterLab for the browser is built in an environment of its own: it is not needed to
# read, do or grade the course, and hangs on a version of Pyodide.
LITE := .venv/lite/.ready
$(LITE): lite/requirements.lock $(READY)
	@$(BIN)/python -m venv .venv/lite
	@.venv/lite/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	  --require-hashes -r lite/requirements.lock
	@touch $@

lite: $(BOOK) $(LITE)  ## build JupyterLab in the browser, below the book (needs run_pyodide in _config.yml)
	@PYTHONPATH=book/_ext $(BIN)/python -m lite.build

# PYODIDE=folder: a Pyodide of one's own, with the packages that the notebooks import.
lite-test: $(BOOK) $(LITE)  ## run chapters and hand in from JupyterLab in the browser (PYODIDE=folder)
	PYODIDE="$(PYODIDE)" $(BIN)/python -m pytest -q -rs -m lite tests/browser/test_lite_in_browser.py

demo: $(READY)  ## hand in, grade and chart a synthetic class of 30
	@$(BIN)/python -m term demo

test: $(READY) lint check-book notebooks tests  ## run the tests (those in a browser: make browser)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(SCHEMA).github-workflows .github/workflows/*.yml
	$(SCHEMA).dependabot .github/dependabot.yml
	$(SCHEMA).github-issue-forms .github/ISSUE_TEMPLATE/science.yml .github/ISSUE_TEMPLATE/fault.yml
	$(SCHEMA).github-issue-config .github/ISSUE_TEMPLATE/config.yml
	$(SCHEMA).citation-file-format CITATION.cff
	$(BIN)/zizmor --offline --quiet --min-severity medium .github

# Sphinx reads only changed pages, so warnings are looked for in a clean build.
check-book: $(READY)
	rm -rf _build/html _build/.doctrees
	@$(MAKE) --no-print-directory book

# Chapters: strictly, figures too. Assignments: that the solution runs.
notebooks: $(COPIES)
	$(BIN)/python -m pytest -q --nbval -n 2 --dist loadfile $(CHAPTERS)
	$(BIN)/python -m pytest -q --nbval-lax -n 2 --dist loadfile exercises/source

# The bank of answers is one file with hundreds of tests: both cores share it.
tests: $(READY)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m "not draws" tests/exercises
	$(BIN)/python -m pytest -q -n 2 --dist loadfile tests book/_ext \
	  --ignore tests/exercises --ignore tests/browser -m "not autograder and not browser and not downloads"

browser: $(READY)  ## test the built book, JupyterLab and formgrader in Chromium
	$(BIN)/python -m pytest -q -n 2 --dist loadgroup --reruns 1 -rR -m browser \
	  tests/browser book/_ext

# Every chapter again, with nothing of the repository but what its page hands out.
downloads: $(BOOK)  ## run every page's download far from the book
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m downloads book/_ext/run

# Chapters and answers, computed as three other processors would: see
# tests/portable/elsewhere.py. No digit, no figure and no mark may change.
SEEDS ?= 1 2 3
portable: $(READY)  ## run chapters and answers as on three other processors (SEEDS="1 2 3")
	for seed in $(SEEDS); do \
	  $(BIN)/python -m pytest -q --elsewhere $$seed --nbval -n 2 --dist loadfile \
	    $(CHAPTERS) \
	  && $(BIN)/python -m pytest -q --elsewhere $$seed -n 2 --dist worksteal \
	    -m "not draws" tests/exercises/test_answers.py || exit 1; done

draws: $(READY)  ## run the hidden tests on 100 draws each, with every answer (DRAWS=100 ASSIGNMENT=name TASK=name)
	$(BIN)/python -m pytest -q -n 2 --dist worksteal -m draws tests/exercises \
	  $(if $(ASSIGNMENT),-k "$(ASSIGNMENT)$(if $(TASK), and $(TASK))")

# A task whose mutant survives is judged in exercises/mutants/<assignment>.toml.
mutants class: export OMP_NUM_THREADS := 1
mutants class: export OPENBLAS_NUM_THREADS := 1
mutants: $(READY)  ## do hidden tests catch every small change? (ASSIGNMENT=name TASK=name)
	@$(BIN)/python tests/mutants.py $(ASSIGNMENT) $(if $(TASK),--task $(TASK))

class: $(READY)  ## do the marks of 200 synthetic learners order them? (ASSIGNMENT=name)
	@$(BIN)/python tests/class_of_learners.py $(ASSIGNMENT)

# What a busy machine was too slow for runs once more, and is reported as such.
autograder: $(READY)  ## test the grading: attacks, kills, PostgreSQL, dask
	$(BIN)/python -m pytest -q -n 2 --dist loadfile -m autograder --reruns 1 \
	  --only-rerun "within [0-9.]+ s" -rR tests/grading

fuzz: $(READY)  ## collect 10,000 odd names; read 5,000 odd hand-ins; grade 2,000 broken and 300 honest ones; kill at 50 moments
	CASES=2500 $(BIN)/python -m pytest -q tests/grading/test_collect.py -k no_name_gives
	FUZZ_TREES=5000 $(BIN)/python -m pytest -q tests/grading/test_fuzz_trees.py
	FUZZ=2000 $(BIN)/python -m pytest -q tests/grading/test_fuzz.py
	HABITS=300 $(BIN)/python -m pytest -q tests/grading/test_habits.py
	KILLS=50 $(BIN)/python -m pytest -q tests/grading/test_killed_runs.py

execute: $(READY)  ## run the chapters again and keep their outputs
	$(BIN)/python -m course.execute $(CHAPTERS)

data: $(READY)  ## make the synthetic cohorts again (SEED=2026)
	$(BIN)/python -m cohorts $(if $(SEED),--seed $(SEED))

# What the measurements import by name, as pytest's `pythonpath` says for the tests.
bench lighthouse mutants class: export PYTHONPATH := $(CURDIR)/tests/support:$(CURDIR)/tests/otter

bench: $(READY)  ## measure, as ratios (PART=grading, build, notebooks, weight, data ...)
	$(BIN)/python tests/bench.py $(PART)

lighthouse: book  ## score the chapter pages with Lighthouse (needs Node.js and Chromium)
	$(BIN)/python tests/lighthouse.py $(PAGES)

clean:  ## remove what is made, but not .venv, work/ or anything of nbgrader
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
