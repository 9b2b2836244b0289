# Everything runs in .venv, which the first target creates; nothing is installed outside it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test test-fast lint format docs measure score-pictures pretrained judge bench soak mutants keras-versions clean

# Train the quickstart network on the images that ship with nntrain.
train: .venv/installed
	$(BIN)/nntrain train quickstart

# All tests. Those that need all of MNIST are skipped without it (set NNTRAIN_DATA_DIR).
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

# The tests that do not need TensorFlow: seconds.
test-fast: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not tensorflow"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Write the generated pages of docs/ again, and build the site in site/. A broken link is an error.
docs: .venv/installed-dev
	$(BIN)/python tools/make_docs.py
	$(BIN)/zensical build --strict --clean

# Train the shipped configs on all of MNIST with several seeds: the figures of the README and of the configs' heads.
measure: .venv/installed-dev
	$(BIN)/python tools/benchmarks/measure_configs.py

# Score a run (RUN=name, default: the latest one, or the pretrained network) on handwriting, on test images pasted onto
# larger pictures, and on drawings that are no digits; also its calibration error, and the time per picture. The
# handwriting is not part of the project: set NNTRAIN_HANDWRITING_DIR, or put handwriting/ into NNTRAIN_DATA_DIR.
score-pictures: .venv/installed-dev
	$(BIN)/python tools/benchmarks/score_pictures.py $(if $(RUN),--run $(RUN)) $(if $(HALF),--half $(HALF))

# Train the pretrained network again, or another config (CONFIG=name), or copy a finished run (RUN=folder), into
# nntrain/assets/pretrained/.
pretrained: .venv/installed-dev
	$(BIN)/python tools/make_pretrained.py $(if $(CONFIG),--config $(CONFIG)) $(if $(RUN),--run $(RUN))

# Train the detector of what is no digit, and fit how it is combined with the pretrained network's confidence.
judge: .venv/installed-dev
	$(BIN)/python tools/train_detector.py
	$(BIN)/python tools/fit_confidence.py

# Compare nntrain's speed with Keras, PyTorch, JAX and scikit-learn, each in its own environment under .bench/. Takes two
# hours, most of it for JAX's convolutions; a part of it: python tools/benchmarks/bench.py --only answers. The results are
# also written to .bench/bench.json.
bench: .venv/installed-dev
	$(BIN)/python tools/benchmarks/bench.py --json .bench/bench.json

# End 200 trainings with signals and resume them, train 300 random configs in two parts and again, and give commands 20,000
# invalid inputs; results in soak.md and soak.json.
soak: .venv/installed-dev
	$(BIN)/python tools/soak/run.py

# Change the source at random, one place at a time, and report the changes that no test notices. 300 of them (or
# COUNT=number) take about 20 minutes on two cores. SEED=number draws others. MODULES="nntrain/data nntrain/cli/train.py"
# draws from these files and folders, by default from all that do not need TensorFlow. Also writes .mutants/report.txt.
mutants: .venv/installed-dev
	$(BIN)/python tools/mutants.py $(if $(SEED),--seed $(SEED)) $(if $(COUNT),--count $(COUNT)) $(if $(MODULES),--modules $(MODULES))

# Try which versions of Keras 3, from 3.0 on, load model.keras, evaluate and train it, each version in its own environment
# under .keras-versions/, which is removed afterwards. VERSIONS="3.0 3.15" tries these. A minute or two per version.
keras-versions: .venv/installed-dev
	$(BIN)/python tools/keras_versions/run.py $(VERSIONS)

clean:
	rm -rf .venv .bench .mutants .keras-versions .cache .pytest_cache .mypy_cache .ruff_cache build dist site

.venv/bin/python:
	$(PYTHON) -m venv .venv

# pip compiles what it installs; without that, TensorFlow takes 12 seconds to import. pip does not compile an editable
# package, which would then be compiled at every start if PYTHONDONTWRITEBYTECODE is set, as it is in many containers.
.venv/installed: .venv/bin/python pyproject.toml
	@echo "Installing nntrain and its libraries, most of it TensorFlow: downloads 620 MB"
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q nntrain
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	$(BIN)/python -m compileall -q nntrain
	touch $@ .venv/installed
