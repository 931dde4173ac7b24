# Two targets do everything from a fresh clone: `make demo` and `make test`. Both may be run again at once.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo demo-desk test benchmarks browser postgres mariadb clean

demo: $(VENV)/.ready
	$(BIN)/cleaner clean --diff --verbose fixtures/seeds/003_72eb07f55c0dc79f.txt

demo-desk: $(VENV)/.ready
	-@$(BIN)/python demo/review_desk.py

test: $(VENV)/.ready browser postgres mariadb
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2

benchmarks: $(VENV)/.ready
	-$(BIN)/python benchmarks/startup.py
	-$(BIN)/python benchmarks/pages.py build/pages
	-$(BIN)/python benchmarks/throughput.py --pages build/pages
	-$(BIN)/python benchmarks/html5lib_tests.py build/packages
	-$(BIN)/python benchmarks/rendering.py
	-$(BIN)/python benchmarks/adversarial.py --large

# Chromium and its driver, where they can be had; what needs them says so and is skipped without them.
browser:
	@which chromium chromedriver >/dev/null || if [ "$$(id -u)" = 0 ] && which apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -qq -y chromium chromium-driver >/dev/null; else false; fi \
	|| echo "no Chromium: install chromium and chromium-driver to run the tests in a browser"

# A PostgreSQL server, where it can be had; the tests start one of their own, or are skipped without it.
postgres:
	@{ ls /usr/lib/postgresql/*/bin/initdb || which initdb; } >/dev/null 2>&1 \
	|| if [ "$$(id -u)" = 0 ] && which apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -qq -y postgresql >/dev/null; else false; fi \
	|| echo "no PostgreSQL: install postgresql to run the tests on a server"

# Likewise a MariaDB server.
mariadb:
	@PATH="$$PATH:/usr/sbin" which mariadbd mariadb-install-db >/dev/null \
	|| if [ "$$(id -u)" = 0 ] && which apt-get >/dev/null; \
	then apt-get update -qq && apt-get install -qq -y mariadb-server >/dev/null; else false; fi \
	|| echo "no MariaDB: install mariadb-server to run the tests on a server"

$(VENV)/.ready: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
