# Everything runs in .venv, which the first target makes; nothing is installed outside it.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: train test test-fast lint format measure score-pictures pretrained judge bench soak clean

# Train the quickstart network on the images that ship with nntrain.
train: .venv/installed
	$(BIN)/nntrain train quickstart

# All tests; those that want full MNIST say so where they skip (set NNTRAIN_DATA_DIR).
test: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal

# The part that needs no TensorFlow: seconds.
test-fast: .venv/installed-dev
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not tensorflow"

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Train the shipped configs on full MNIST over several seeds: the figures of the README and of the configs' heads.
measure: .venv/installed-dev
	$(BIN)/python tools/benchmarks/measure_configs.py

# Score a run (RUN=name; else the latest, or the network that ships) on handwriting, on test images pasted onto larger
# pictures, and on drawings of no digit; its calibration error, and the time that pictures take. The handwriting is no part of the project: NNTRAIN_HANDWRITING_DIR, or handwriting/ in NNTRAIN_DATA_DIR.
score-pictures: .venv/installed-dev
	$(BIN)/python tools/benchmarks/score_pictures.py $(if $(RUN),--run $(RUN)) $(if $(HALF),--half $(HALF))

# Train the network that ships anew, or another config (CONFIG=name), or take a finished run (RUN=folder), into
# nntrain/assets/pretrained/.
pretrained: .venv/installed-dev
	$(BIN)/python tools/make_pretrained.py $(if $(CONFIG),--config $(CONFIG)) $(if $(RUN),--run $(RUN))

# Train anew what tells digits from all else, and weigh it against the network that ships: how answers are judged unsure.
judge: .venv/installed-dev
	$(BIN)/python tools/train_detector.py
	$(BIN)/python tools/fit_confidence.py

# Time nntrain beside Keras, PyTorch, JAX and scikit-learn, each in an environment of its own under .bench/, for two
# hours, most of one for JAX's convolutions; a part of it: python tools/benchmarks/bench.py --only answers. The figures
# are also in .bench/bench.json.
bench: .venv/installed-dev
	$(BIN)/python tools/benchmarks/bench.py --json .bench/bench.json

# Kill 200 trainings and resume them, hand commands 20,000 inputs that nobody meant: soak.md and soak.json say how it went.
soak: .venv/installed-dev
	$(BIN)/python tools/soak/run.py

clean:
	rm -rf .venv .bench .pytest_cache .mypy_cache .ruff_cache build dist

.venv/bin/python:
	$(PYTHON) -m venv .venv

# pip compiles what it installs; without that TensorFlow takes 12 seconds to load. An editable package it leaves as it is:
# compiled at every start where PYTHONDONTWRITEBYTECODE is set, as in many containers.
.venv/installed: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable .
	$(BIN)/python -m compileall -q nntrain
	touch $@

.venv/installed-dev: .venv/bin/python pyproject.toml
	$(BIN)/python -m pip install --quiet --editable ".[dev]"
	$(BIN)/python -m compileall -q nntrain
	touch $@ .venv/installed
