"""docs/json.md describes every key of the documents that the commands print and of the files that a run has."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import chdir
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from doc_folder import make_doc_folder
from doc_pages import ROOT
from fake_engine import FakeEngine
from synthetic.paper import row
from synthetic.shapes import DIGITS, LETTERS
from typer.testing import CliRunner

from nntrain.cli.app import app
from nntrain.config.schema import Metric
from nntrain.inference.trained_model import open_trained_model
from nntrain.jobs.predict import predict, predict_test_images
from nntrain.report import predictions
from nntrain.results import EpochResult
from nntrain.runs.folder import RunDir
from nntrain.runs.history import write_history
from nntrain.runs.store import find_trained_run

TEXT = (ROOT / "docs" / "json.md").read_text(encoding="utf-8")
TYPES = {
    "integer": int,
    "number": (int, float),
    "string": str,
    "boolean": bool,
    "object": dict,
    "array": list,
    "null": type(None),
}
ANSWER = (
    "digit",
    "label",
    "confidence",
    "probabilities",
    "unsure",
    "why",
    "best_two",
    "positive",
    "probability",
    "value",
)
CONFIG = """
data: {dataset: mnist_5k}
model: [dense: {units: 10, activation: softmax}]
optimizer: adam
loss: categorical_crossentropy
fit: {epochs: 2}
"""


def section(heading: str, text: str = TEXT) -> dict[str, str]:
    """Return the keys of a section's tables with their types."""
    body = re.split(r"^## ", text.partition(f"\n## {heading}\n")[2], maxsplit=1, flags=re.MULTILINE)[0]
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", body, re.MULTILINE)
    return dict(rows)


def documented() -> dict[str, dict[str, str]]:
    """Return the documented keys with their types, by section."""
    keys = {
        heading: section(heading)
        for heading in ("evaluate", "predict", "runs", "reproduce", "check", "configs", "data", "data show", "run.json")
    }
    keys["train"] = section("train, resume")
    answer = {name: keys["predict"][f"predictions[].{name}"] for name in ANSWER}
    keys["predict"] |= {f"predictions[].parts[].{name}": kind for name, kind in answer.items()}
    return keys


def entries(value: Any, keys: dict[str, str], path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the path and the value of every key in a document; objects of undocumented keys are not entered."""
    if isinstance(value, list):
        for item in value:
            yield from entries(item, keys, f"{path}[]")
    elif isinstance(value, dict) and (not path or any(key.startswith(f"{path}.") for key in keys)):
        for name, child in value.items():
            name = "METRIC" if name in Metric.members and f"{path}.{name}".lstrip(".") not in keys else name
            key = f"{path}.{name}".lstrip(".")
            yield key, child
            yield from entries(child, keys, key)


def differences(document: dict[str, Any], keys: dict[str, str]) -> list[str]:
    """Return what a document has that is not documented: keys, and values of another type."""
    return [
        f"{key}: {json.dumps(value)[:40]}"
        for key, value in entries(document, keys)
        if key not in keys or not _is_one_of(value, keys[key])
    ]


def _is_one_of(value: Any, kinds: str) -> bool:
    words = [kind.split()[0] for kind in kinds.split(" or ")]
    return any(isinstance(value, TYPES[word]) and (isinstance(value, bool) == (word == "boolean")) for word in words)


Documents = dict[str, list[dict[str, Any]]]


class Recorder:
    """Runs commands in the current folder and keeps the JSON that they print, by section of the page."""

    def __init__(self) -> None:
        self.documents: Documents = {}

    def __call__(self, heading: str, *words: str) -> None:
        """Run a command that needs no TensorFlow."""
        printed = CliRunner().invoke(app, [*words, "--json"]).stdout
        self.documents.setdefault(heading, []).append(json.loads(printed))


@pytest.fixture(scope="module")
def printed(tmp_path_factory) -> Documents:
    """Return what the commands print with the pretrained network and with an engine that trains nothing."""
    folder, run, engine = tmp_path_factory.mktemp("documents"), Recorder(), FakeEngine()
    make_doc_folder(folder)
    row([DIGITS["7"], LETTERS["K"]]).save(folder / "unsure.png")
    (folder / "tiny.yaml").write_text(CONFIG)
    (folder / "runs" / "damaged-1").mkdir(parents=True)
    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        patch.setattr("nntrain.jobs.session.load_engine", lambda: lambda: engine.train)
        patch.setattr("nntrain.report.plots.draw_training", lambda *_, **options: None)
        run("train", "train", "tiny.yaml")
        run("train", "resume", "tiny-1", "epochs=3")
        run("reproduce", "reproduce")
        engine.loss = 0.9
        run("reproduce", "reproduce")
        run("runs", "runs")
        run("evaluate", "evaluate", "pretrained", "--data", "mnist_5k", "--no-plots")
        pictures = ("photo.jpg", "row.png", "letter.png", "unsure.png", "missing.png")
        run("predict", "predict", *pictures, "--run", "pretrained")
        patch.setenv("NNTRAIN_DATA_DIR", "data")
        run("predict", "predict", "--test", "0", "--run", "pretrained")
        run("check", "check", "mlp", "model.0.dense.activation=tanh")
        run("check", "check", "tiny.yaml", "data.dataset=shapes/", "model.0.dense.units=2")
        run("configs", "configs")
        run("data", "data")
        run("data show", "data", "show", "mnist_5k")
        run.documents["predict"].append(with_second_opinion("photo.jpg"))
        run.documents["run.json"] = [RunDir(Path("runs/tiny-1")).read_info()]
    return run.documents


def with_second_opinion(picture: str) -> dict[str, Any]:
    """Return the document of a picture that the pretrained network reads differently."""
    model = open_trained_model(find_trained_run("pretrained", Path("runs")))
    (recognition,) = predict([picture], model)
    return predictions.json_document(model, [replace(recognition, second_opinion=recognition.reading)], [])


def with_two_digits(name: str) -> dict[str, Any]:
    """Return the document of a picture in which a network finds two digits."""
    model = open_trained_model(find_trained_run(name, Path("runs")))
    (recognition,) = predict_test_images(range(1), model)
    reading = replace(recognition.reading, answers=recognition.reading.answers * 2)
    return predictions.json_document(model, [replace(recognition, reading=reading)], [])


def undocumented(documents: Documents) -> list[str]:
    """Return what differs from the page: keys that it does not have, and values of another type."""
    return [
        f"{heading}: {difference}"
        for heading, printed in documents.items()
        for document in printed
        for difference in differences(document, documented()[heading])
    ]


def missing(documents: Documents) -> list[str]:
    """Return the documented keys that no document has."""
    return [
        f"{heading}: {key}"
        for heading, keys in documented().items()
        for key in keys
        if key not in {found for document in documents.get(heading, []) for found, _ in entries(document, keys)}
    ]


# Keys that only networks of one's own have.
OWN_NETWORKS = [
    *(f"predict: predictions[].{name}" for name in ("positive", "probability", "value")),
    *(f"predict: predictions[].parts[].{name}" for name in ("positive", "probability", "value")),
    *(f"run.json: data.{name}" for name in ("training", "validation", "test")),
]


def test_every_key_that_is_printed_is_documented_with_its_type(printed):
    assert set(printed) == set(documented())
    assert undocumented(printed) == []


def test_every_documented_key_is_printed(printed):
    assert missing(printed) == OWN_NETWORKS


@pytest.mark.tensorflow
def test_the_documents_of_ones_own_networks_are_documented(trained, printed):
    run = Recorder()
    with chdir(trained.folder):
        for name in ("tiny-1", "sevens-1", "value-1"):
            run("predict", "predict", "--run", name, "--test", "0")
            run("evaluate", "evaluate", name, "--no-plots")
            run.documents["predict"].append(with_two_digits(name))
        run("runs", "runs")
        folders = [RunDir(trained.folder / "runs" / name) for name in ("tiny-1", "sevens-1", "value-1")]
    run.documents["run.json"] = [folder.read_info() for folder in folders]
    run.documents["train"] = [folder.read_metrics() for folder in folders]
    assert undocumented(run.documents) == []
    assert missing({heading: printed[heading] + run.documents.get(heading, []) for heading in printed}) == []


def test_a_key_or_a_type_that_is_not_documented_is_found():
    keys = {"a": "integer or null", "b": "array of objects", "b[].c": "string", "d": "object"}
    assert differences({"a": None, "b": [{"c": "x"}], "d": {"any": "thing"}}, keys) == []
    assert differences({"a": True, "b": [{"c": 1, "e": 2}]}, keys) == ["a: true", "b[].c: 1", "b[].e: 2"]


def test_the_columns_of_the_history_are_those_that_the_page_shows(tmp_path):
    metrics = {"accuracy": 0.9, "val_accuracy": 0.9, "loss": 0.3, "val_loss": 0.2}
    write_history(tmp_path / "history.csv", [EpochResult(1, 1, 1.8, 0.001, metrics)])
    assert (tmp_path / "history.csv").read_text().splitlines()[0] in TEXT.splitlines()
