# Thin: each target is a `python -m hooks ...`, for systems without make.
PYTHON ?= python3
VENV := .venv/bin/python

.PHONY: site serve test check update
site:
	@$(PYTHON) -m hooks install book
	@$(VENV) -m hooks site $(if $(STRICT),--strict)
serve:
	@$(PYTHON) -m hooks install book run
	@$(VENV) -m hooks serve
test:
	@$(PYTHON) -m hooks install book run test
	@$(VENV) -m hooks test
check:
	@$(PYTHON) -m hooks install book
	@$(VENV) -m hooks check
update:
	@$(PYTHON) -m hooks install book run
	@$(VENV) -m hooks update $(SECTION)
