# make demo   everything, from nothing to a leaderboard      make test    the test suite, in a process a core and one more
# make quick  the tests that train nothing and start no Blender, cluster, ranks or cloud
# make coverage   make quick, and the share of the statements that it runs: tests/coverage.csv, which make check holds
# make docs   the site of docs/ in build/site      make docs-serve  the same on http://127.0.0.1:8000, made again on a change
# make browser  Debian's chromium and its driver, for the tests of the report (skipped where they are not there)
# make readme  the opening of README.md, its table and figures, from what `make demo` made
# make board SCORES="runs/*/score.json"   adds scores to benchmark/scores and renews the tables of its README
# make setup  only the virtual environment in .venv          make check   format, lint, docstrings and types
# make test-installs   every extra in an environment of its own, from a wheel: minutes and gigabytes
# make test-minimum   the whole path and every extra on the oldest versions that pyproject.toml allows, in .venv-minimum: before a release
# make test-containers   the images of containers/, or their steps in a clean environment where no builder runs: minutes and gigabytes
# make test-next   the rendering tests on Blender 5.2, in .venv-next; needs a Python 3.13 (NEXT=/path/to/python3.13)
#
# PYTHON=...  the Python to use (3.11, or 3.13 for rendering only)      INDEX=URL  another package index

PYTHON ?= python3.11
NEXT ?= python3.13
INDEX ?=
VENV := .venv
BIN := $(VENV)/bin
EXTRAS := render,train,test,check,docs
MKDOCS := NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs
# Tests start hundreds of Pythons; where a machine forbids bytecode files, each would compile iebench again.
unexport PYTHONDONTWRITEBYTECODE
PYTEST := -m pytest --numprocesses auto --maxprocesses 8 --dist worksteal

# What Blender's wheel takes from the system, and the Debian packages that bring it.
LIBRARIES := libX11.so.6 libXrender.so.1 libXfixes.so.3 libXi.so.6 libxkbcommon.so.0 libSM.so.6 libICE.so.6 libGL.so.1
PACKAGES := libx11-6 libxrender1 libxfixes3 libxi6 libxkbcommon0 libsm6 libice6 libgl1

.PHONY: demo readme board test quick coverage test-installs test-minimum test-containers test-next check docs docs-serve setup system browser clean

demo: setup
	$(BIN)/iebench demo

readme: setup
	$(BIN)/python .ci/readme.py demo

board: setup
	$(BIN)/python .ci/board.py $(SCORES)

test: setup
	$(BIN)/python $(PYTEST)

quick: setup
	$(BIN)/python $(PYTEST) -m "not slow"

coverage: setup
	@mkdir -p build
	$(BIN)/python $(PYTEST) -m "not slow" --cov --cov-report=json:build/coverage.json
	$(BIN)/python .ci/covered.py build/coverage.json

test-installs: setup
	$(BIN)/python tests/by_hand/installs.py

test-minimum: setup
	$(if $(INDEX),PIP_INDEX_URL=$(INDEX)) $(BIN)/python tests/by_hand/minimum.py .venv-minimum

test-containers: setup
	$(BIN)/python tests/by_hand/containers.py

test-next:
	@$(NEXT) -c '' 2>/dev/null || { echo "make: $(NEXT) does not run here: make NEXT=/path/to/python3.13 test-next" >&2; exit 1; }
	$(MAKE) --no-print-directory VENV=.venv-next PYTHON=$(NEXT) EXTRAS=render,test setup
	.venv-next/bin/python $(PYTEST) $(addprefix tests/renderer/,blender builtin commands parity test_golden.py)

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/python .ci/docstrings.py
	$(BIN)/python .ci/covered.py
	$(BIN)/hadolint containers/*.Containerfile
	rm -rf build/check build/lib && $(BIN)/pip install -q --no-deps --no-build-isolation --target build/check .
	rm -rf *.egg-info  # else it hides the installed entry points from what runs here
	rm build/check/iebench/renderer/parity/*_scene.py  # they run in the Python of other Blenders
	cp -r examples/iebench-example/iebench_example tests/typing/iebench_consumer.py build/check
	cd build/check && ../../$(BIN)/mypy --config-file ../../pyproject.toml \
		--cache-dir ../mypy -p iebench -p iebench_example -m iebench_consumer

docs: setup
	$(MKDOCS) build --strict

docs-serve: setup
	$(MKDOCS) serve --strict

setup: $(VENV)/ready

$(VENV)/ready: pyproject.toml .ci/constraints.txt
	@$(MAKE) --no-print-directory system
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 13)))' || \
		{ echo "make: needs Python 3.11, and $(PYTHON) is not: make PYTHON=/path/to/python3.11" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	$(BIN)/pip install --disable-pip-version-check -q -c .ci/constraints.txt $(if $(INDEX),--index-url $(INDEX)) \
		-e '.[$(EXTRAS)]'
	@touch $@

system:
	@missing=; set -- $(PACKAGES); \
	for library in $(LIBRARIES); do \
		PATH="$$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -q "$$library" || missing="$$missing $$1"; shift; \
	done; \
	if [ -z "$$missing" ] || [ "$$(uname -s)" != Linux ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends $$missing; \
	else \
		echo "make: Blender needs system libraries that are missing here; install the packages:$$missing" >&2; exit 1; \
	fi

browser:
	@if command -v chromium && command -v chromedriver; then exit 0; fi >/dev/null; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver; \
	fi || echo "make: chromium could not be installed; the tests of the report in a browser will be skipped" >&2

clean:
	rm -rf $(VENV) .venv-next .venv-minimum build *.egg-info
