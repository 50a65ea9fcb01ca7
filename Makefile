# make lab    open the course in JupyterLab
# make run    execute every lesson, or one: make run LESSON=04
# make test   style, unit tests, doctests, every lesson from end to end, and in a browser
# make test-colab   every lesson on the versions that Google Colab has, beginning with its install cell
# make test-floor   unit tests and every lesson on the oldest versions that pyproject.toml allows
# make test-binder  lessons 00 to 05 as Binder builds them, with the memory that each kernel holds
# make bench   how fast each way to train is; bench-trainer, bench-sizes, bench-quality, bench-starts and bench-pairs measure more
# make resolve   ask pip what it would install for Python 3.11, 3.12 and 3.13, and record it
# make lesson NAME=12_my_lesson   begin a lesson from a template that runs
# Everything lands in this folder: .venv (packages), build (results), .cache (what libraries keep).

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/ready
CACHE := $(CURDIR)/.cache
$(shell mkdir -p '$(CACHE)')

# .venv works in one folder and with one Python, and `ready` says which. Where it was moved since, where an upgrade took
# its Python away, or where PYTHON= asks for another one, it is made anew.
MAJOR_MINOR := "%d.%d" % sys.version_info[:2]
MADE := $(shell cat $(READY) 2>/dev/null)
FOUND := $(shell $(BIN)/python -c 'import sys; print(sys.prefix, $(MAJOR_MINOR))' 2>/dev/null)
ASKED := $(if $(filter file,$(origin PYTHON)),$(lastword $(FOUND)),$(shell $(PYTHON) -c 'import sys; print($(MAJOR_MINOR))'))
ifneq ($(MADE),$(FOUND))
.PHONY: $(READY)
else ifneq ($(lastword $(FOUND)),$(ASKED))
.PHONY: $(READY)
endif

# A relative folder in a LESSONS_ variable counts from where the command was typed.
export LESSONS_FOLDER ?= $(or $(PWD),$(CURDIR))
export PIP_CACHE_DIR ?= $(CACHE)/pip
export HF_HOME ?= $(CACHE)/huggingface
export HF_TOKEN_PATH ?= $(HOME)/.cache/huggingface/token
export MPLCONFIGDIR := $(CACHE)/matplotlib
export TORCHINDUCTOR_CACHE_DIR := $(CACHE)/torchinductor
export IPYTHONDIR := $(CACHE)/ipython
export JUPYTER_CONFIG_DIR := $(CACHE)/jupyter/config
export JUPYTER_DATA_DIR := $(CACHE)/jupyter/data
export JUPYTER_RUNTIME_DIR := $(CACHE)/jupyter/runtime

.PHONY: lab run test test-colab test-floor test-binder resolve pairs format links lesson bench

lab: $(READY)
	$(BIN)/jupyter lab --ip=127.0.0.1 --LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

run: $(READY)
	$(BIN)/python scripts/run_lessons.py $(LESSON)

test: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --nbmake --nbmake-timeout=900 lessons_lib tests notebooks

test-colab: $(READY)
	$(BIN)/python scripts/run_colab.py $(LESSON)

test-floor: $(READY)
	$(BIN)/python scripts/run_floor.py $(LESSON)

test-binder: $(READY)
	$(BIN)/python scripts/run_binder.py $(LESSON)

resolve: $(READY)
	$(BIN)/python scripts/resolve.py

pairs: $(READY)
	$(BIN)/python -m lessons_lib.embedded.build_pairs

bench: bench-speed

bench-%: $(READY)
	$(BIN)/python benchmarks/$*.py

links: $(READY)
	$(BIN)/python scripts/links.py REPO='$(REPO)' REF='$(REF)'

lesson: $(READY)
	$(BIN)/python scripts/new_lesson.py '$(NAME)'

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout --keep-id notebooks/*.ipynb docs/*.ipynb

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@test ! -d $(VENV) || echo "$(VENV) is unfinished, or is of another folder, another Python or other versions: it is made anew."
	@echo "Installing the course into $(VENV). This happens once and takes some minutes."
	@$(PYTHON) -m venv --clear $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[embedded,lab,book,test]"
	@# beside the newest ipywidgets, the one that Colab has: the labs are tested on both
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target $(VENV)/ipywidgets7 ipywidgets==7.7.1 ipython_genutils==0.2.0
	@$(BIN)/python -c 'import sys; print(sys.prefix, $(MAJOR_MINOR))' > $@
