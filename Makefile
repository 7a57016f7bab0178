# Everything runs in .venv, which the first command makes from requirements.lock. What only the tests
# and the web site need is added from requirements-dev.lock.

PYTHON = python3
ARGS =

VENV_PYTHON := .venv/bin/python
LESSON := notebooks/00_start_here.ipynb

# The outputs stored in the lessons are those of Linux; elsewhere the lessons only have to run.
NBVAL := $(if $(filter Linux,$(shell uname -s)),--nbval,--nbval-lax)

# What a shell may have set for other work must not reach in here.
unexport CONDA_PREFIX JUPYTER_PATH JUPYTERLAB_DIR MPLBACKEND VIRTUAL_ENV
unexport PIP_CONSTRAINT PIP_NO_DEPS PIP_PREFIX PIP_REQUIRE_HASHES PIP_ROOT PIP_TARGET
unexport PYTHONHOME PYTHONOPTIMIZE PYTHONPATH PYTHONSTARTUP PYTHONWARNINGS
unexport UV_DEFAULT_INDEX UV_EXTRA_INDEX_URL UV_FIND_LINKS UV_INDEX UV_INDEX_URL
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_REQUIRE_VIRTUALENV := 0
export PIP_USER := 0
export JUPYTER_PREFER_ENV_PATH := 1
export IPYTHONDIR := $(CURDIR)/.venv/ipython
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib

# With LC_ALL=C Python 3.11 reads the path of this folder as ASCII, and dies if it has an umlaut.
ifeq "$(shell uname -s)" "Linux"
ifneq "$(filter C POSIX,$(LC_ALL))" ""
export LC_ALL := C.UTF-8
endif
endif

.PHONY: help lab doctor test test-long test-class test-browser mutants notebooks figures site lite
.PHONY: bench bench-stepper lock audit clean
.DEFAULT_GOAL := help

help:
	@echo 'make lab            open the lessons in JupyterLab'
	@echo 'make doctor         find what is wrong with the installation, and the command that fixes it'
	@echo 'make test           check the code, the lessons and the pages; a few minutes'
	@echo 'make test-browser   only the tests that need Chromium; screenshots go to _screenshots'
	@echo 'make test-long      everything with larger samples, and what takes hours'
	@echo 'make test-class     thirty students on a JupyterHub on this machine'
	@echo 'make mutants        change the code in small ways and see whether a test notices'
	@echo 'make notebooks      run every lesson and store its outputs'
	@echo 'make figures        redraw the figures that have changed'
	@echo 'make site           build the web site in _site'
	@echo 'make lite           add a JupyterLab that runs in the browser, in _site/lite'
	@echo 'make bench          compare the speed of the gradients with PyTorch and with plain NumPy'
	@echo 'make bench-stepper  measure a step, from the key to the picture'
	@echo 'make lock           update the lock files (to the newest versions: ARGS=--upgrade)'
	@echo 'make audit          look for known vulnerabilities in the locked packages'
	@echo 'make clean          remove .venv, caches and everything built'
	@echo
	@echo 'Pass options in ARGS:    make lab ARGS="--no-browser --port 8899"'
	@echo 'Choose another Python:   make PYTHON=python3.12 lab'

lab: .venv/ready
	@PATH="$(CURDIR)/.venv/bin:$$PATH" exec $(VENV_PYTHON) -m jupyterlab --allow-root --ip=127.0.0.1 \
	    --config="$(CURDIR)/tools/jupyter_server_config.py" --ServerApp.root_dir="$(CURDIR)" \
	    --LabApp.default_url=/lab/tree/$(LESSON) --ServerApp.answer_yes=True $(ARGS)

# It examines the lab of `make lab`.
doctor: .venv/ready
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(VENV_PYTHON) tools/doctor.py

test: .venv/dev
	$(VENV_PYTHON) -m ruff check
	$(VENV_PYTHON) -m ruff format --check
	$(VENV_PYTHON) -m pytest tests notebooks $(NBVAL) --numprocesses auto --maxprocesses 4 \
	    --dist loadfile --no-loadscope-reorder $(ARGS)

test-browser: .venv/dev
	$(VENV_PYTHON) -m pytest tests/browser $(ARGS)

test-long: .venv/long .venv/class/ready .venv/notebook/ready
	$(VENV_PYTHON) -m pytest tests -m "" --hypothesis-profile long --durations 30 \
	    --junit-xml _reports/long.xml $(ARGS)

test-class: .venv/dev .venv/class/ready
	$(VENV_PYTHON) -m pytest tests/classroom -m "" $(ARGS)

mutants: .venv/long
	$(VENV_PYTHON) tests/long/mutants.py $(ARGS)

notebooks: .venv/dev
	$(VENV_PYTHON) tools/notebooks.py $(ARGS)

figures: .venv/dev
	$(VENV_PYTHON) -m figures $(ARGS)

site: .venv/dev
	$(VENV_PYTHON) -m tools.website $(ARGS)

lite: .venv/dev
	$(VENV_PYTHON) -m tools.lite $(ARGS)

bench: .venv/ready
	$(VENV_PYTHON) tests/bench/conv.py $(ARGS)

bench-stepper: .venv/dev
	$(VENV_PYTHON) tests/bench/stepper.py $(ARGS)

# The second lock holds every package of the first.
audit: .venv/long
	$(VENV_PYTHON) -m pip_audit --strict --require-hashes --disable-pip \
	    --requirement requirements-dev.lock $(ARGS)

clean:
	rm -rf .venv .pytest_cache .ruff_cache .hypothesis _site _screenshots _reports _mutants
	find . -name __pycache__ -prune -exec rm -rf {} +
	find . -name .ipynb_checkpoints -prune -exec rm -rf {} +


# --- set-up --------------------------------------------------------------------------------

# .venv counts as made when its last line has been written: the folder it was made in. It is
# made anew when the folder has moved, its Python has gone, or PYTHON asks for another one.
MADE_IN := $(shell $(VENV_PYTHON) -I -c 'print(open(".venv/ready").read())' 2>/dev/null)
ifneq "$(MADE_IN)" "$(CURDIR)"
.PHONY: .venv/locked
endif
ifneq "$(origin PYTHON)" "file"
VERSION = $(shell "$(1)" -I -c 'import sys; print(sys.version_info[:2])' 2>/dev/null)
ifneq "$(call VERSION,$(PYTHON))" "$(call VERSION,$(VENV_PYTHON))"
.PHONY: .venv/locked
endif
endif

NO_PYTHON = "'$(PYTHON)' is not a Python from 3.11 to 3.14. Install one: on Debian or Ubuntu" \
    "'sudo apt install python3 python3-venv', on Fedora 'sudo dnf install python3', on macOS" \
    "'brew install python@3.13'. To name another: make PYTHON=python3.13 $(MAKECMDGOALS)"
NO_VENV = "'$(PYTHON)' has no venv with pip. On Debian or Ubuntu: sudo apt install python3-venv" \
    "To name another Python: make PYTHON=python3.13 $(MAKECMDGOALS)"

.venv/locked: requirements.lock
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	    || { printf '%s\n' $(NO_PYTHON) >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { printf '%s\n' $(NO_VENV) >&2; exit 1; }
	@echo 'Setting up .venv, once; this takes a few minutes.'
	@rm -rf .venv
	@"$(PYTHON)" -m venv .venv
	@$(VENV_PYTHON) -m pip install --quiet --only-binary :all: --require-hashes -r requirements.lock
	@touch .venv/locked

.venv/ready: .venv/locked pyproject.toml tools/overrides.json
	@$(VENV_PYTHON) -m pip install --quiet --no-deps --no-build-isolation --editable .
	@mkdir -p .venv/share/jupyter/lab/settings
	@cp tools/overrides.json .venv/share/jupyter/lab/settings/
	@echo "$(CURDIR)" > .venv/ready

.venv/dev: .venv/ready requirements-dev.lock
	@echo 'Adding what the tests and the web site need, once.'
	@$(VENV_PYTHON) -m pip install --quiet --only-binary :all: --require-hashes \
	    -r requirements-dev.lock
	@touch .venv/dev

# What is in neither lock comes in its newest version, beside the locked ones. pip takes no hashes
# for a part of what it installs, so the constraints are the second lock without them.
.venv/constraints.txt: requirements-dev.lock .venv/ready
	@sed -e '/--hash/d' -e 's/ *\\$$//' requirements-dev.lock > $@

.venv/long: .venv/dev .venv/constraints.txt
	@$(VENV_PYTHON) -m pip install --quiet --constraint .venv/constraints.txt --editable ".[long]"
	@touch .venv/long

# Notebook 7: apart, since its parts would be seen in the lab too.
.venv/notebook/ready: .venv/constraints.txt
	@echo 'Setting up .venv/notebook with Notebook 7, once.'
	@rm -rf .venv/notebook
	@$(VENV_PYTHON) -m venv .venv/notebook
	@.venv/notebook/bin/python -m pip install --quiet --constraint .venv/constraints.txt \
	    --editable ".[notebook]"
	@touch .venv/notebook/ready

# A JupyterHub and what its students have: apart, so that the lab of `make lab` has none of it.
NO_NODE = "The proxy of JupyterHub needs Node.js 20 or newer, and npm. On Debian or Ubuntu: \
    sudo apt install nodejs npm"

.venv/class/ready: .venv/constraints.txt tests/classroom/package-lock.json \
    tools/jupyter_server_config.py tools/overrides.json
	@npm --version >/dev/null 2>&1 \
	    && node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null \
	    || { printf '%s\n' $(NO_NODE) >&2; exit 1; }
	@echo 'Setting up .venv/class with a JupyterHub, once; this takes a few minutes.'
	@rm -rf .venv/class
	@$(VENV_PYTHON) -m venv .venv/class
	@.venv/class/bin/python -m pip install --quiet --only-binary :all: \
	    --constraint .venv/constraints.txt --editable ".[classroom]"
	@mkdir -p .venv/class/share/jupyter/lab/settings .venv/class/etc/jupyter .venv/class/node
	@cp tools/overrides.json .venv/class/share/jupyter/lab/settings/
	@cp tools/jupyter_server_config.py .venv/class/etc/jupyter/
	@cp tests/classroom/package.json tests/classroom/package-lock.json .venv/class/node/
	@npm ci --prefix .venv/class/node --ignore-scripts --no-audit --no-fund --loglevel error
	@touch .venv/class/ready

# uv works in a throwaway folder. Version 26 of argon2-cffi-bindings has no wheel for Macs with
# an Intel processor. The second lock holds all of the first, in the same versions.
COMPILE = -m uv --no-config --system-certs pip compile pyproject.toml --quiet --extra editable \
    --universal --python-version 3.11 --fork-strategy fewest \
    --generate-hashes --no-annotate --custom-compile-command 'make lock'

lock:
	@tools=$$(mktemp -d) && trap 'rm -rf "$$tools"' EXIT && "$(PYTHON)" -m venv "$$tools" \
	    && "$$tools/bin/python" -m pip install --quiet uv \
	    && echo 'argon2-cffi-bindings<26' > "$$tools/constraints.txt" \
	    && "$$tools/bin/python" $(COMPILE) --constraints "$$tools/constraints.txt" \
	        --output-file requirements.lock $(ARGS) \
	    && "$$tools/bin/python" $(COMPILE) --constraints requirements.lock \
	        --extra test --extra site --output-file requirements-dev.lock $(ARGS)
