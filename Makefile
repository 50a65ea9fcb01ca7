# make lab    open the lessons in JupyterLab, in a folder of your own
# make run    execute every lesson, or one: make run LESSON=04
# make test   style, unit tests, every lesson from end to end, and in a browser
# make book   the lessons as they ran, with the pages of docs/, as a site in build/book
# make docs   write everything that repeats a fact of the course or a measurement
# make try-others   lessons 00 to 07 with other encoders and datasets; some: make try-others OTHERS="--dataset rte"
# make class FOLDER=exports   a table of what your learners have done, from the files they export
# make lesson NAME=20_my_lesson   begin a lesson from a template that runs
# make format, make pairs, make bench, make bench-quality and its like   for those who work on the course
# Everything lands in this folder: .venv (packages), build (results), .cache (what libraries keep).

PYTHON ?= python3
BIN := .venv/bin
READY := .venv/ready
CACHE := $(CURDIR)/.cache
$(shell mkdir -p '$(CACHE)')

# .venv works in one folder with one Python; `ready` names both. Where they are others now, it is made again.
NOW = $(BIN)/python -c 'import sys; print(sys.prefix, sys.version[:4])'
ifneq ($(shell $(NOW) 2>/dev/null),$(shell cat $(READY) 2>/dev/null))
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

.PHONY: lab run test book docs try-others class lesson format pairs bench

lab: $(READY)
	@$(BIN)/python -m tools.my_lessons
	$(BIN)/jupyter lab --ip=127.0.0.1 --LabApp.default_url=/lab/tree/my_lessons/00_start_here.ipynb $(if $(filter 0,$(shell id -u)),--allow-root)

run: $(READY)
	$(BIN)/python -m tools.run_lessons $(LESSON)

test: $(READY)
	$(BIN)/nox --no-venv -s lint tests book

book: $(READY)
	$(BIN)/python -m tools.book

docs: $(READY)
	$(BIN)/python -m tools.write_docs

try-others: $(READY)
	$(BIN)/python -m tools.try_others $(OTHERS)

class: $(READY)
	@$(BIN)/python -m lessons_lib.exercises.classroom '$(FOLDER)'

lesson: $(READY)
	$(BIN)/python -m tools.new_lesson '$(NAME)'

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/nbstripout --keep-id notebooks/*.ipynb tools/*.ipynb

pairs: $(READY)
	$(BIN)/python -m authoring.build_pairs
	$(BIN)/python -m authoring.build_entities

bench: bench-speed

bench-%: $(READY)
	$(BIN)/python -m benchmarks.$*

$(READY): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "The course needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Try: make $(MAKECMDGOALS) PYTHON=python3.12")'
	@echo "Installing the course into .venv. This happens once and takes some minutes."
	@$(PYTHON) -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[embedded,heads,knobs,lab,share,book,test]"
	@# beside the newest ipywidgets, the one that Colab has: the labs are tested on both
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --target .venv/ipywidgets7 ipywidgets==7.7.1 ipython_genutils==0.2.0
	@$(BIN)/python -m lessons_lib.page || echo "Only the page that lesson 09 makes needs that; all else works."
	@$(BIN)/python -m lessons_lib.decoder || echo "Only lesson 11 needs that; all else works."
	@$(NOW) > $@
