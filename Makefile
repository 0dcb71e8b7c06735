# Thin: each target is a `python -m hooks ...`, for systems without make.
PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: site serve test nightly check update bench
site:
	@$(PYTHON) -m hooks install book
	@$(VENV) -m hooks site $(if $(STRICT),--strict)
serve:
	@$(PYTHON) -m hooks install book run
	@$(VENV) -m hooks serve
test:
	@$(PYTHON) -m hooks install book run test
	@$(VENV) -m hooks test $(if $(ONLY),-- $(ONLY))
nightly:
	@$(PYTHON) -m hooks install book run test
	@$(VENV) -m hooks nightly
check:
	@$(PYTHON) -m hooks install book
	@$(VENV) -m hooks check
update:
	@$(PYTHON) -m hooks install book run
	@$(VENV) -m hooks update $(SECTION)
bench:
	@$(PYTHON) -m hooks install book run test
	@$(VENV) -m benchmarks.marks
	@$(VENV) -m benchmarks.pages
	@$(VENV) -m benchmarks.search
