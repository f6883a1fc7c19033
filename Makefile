# Every target is dev.py's, which works alike where make is missing: python3 dev.py run
PYTHON ?= python3

.PHONY: run test test-quick trials check words browser pictures bench torture attack stateful walk lock sbom audit
run test test-quick trials check words browser pictures bench torture attack stateful walk lock sbom audit:
	@$(PYTHON) dev.py $@
