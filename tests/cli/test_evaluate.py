"""`nntrain evaluate` on the shipped network."""

from __future__ import annotations

import json

EVALUATE = ("evaluate", "pretrained", "--data", "mnist_5k")


def test_the_confusion_the_classes_the_confidence_and_the_score_are_shown(in_process):
    lines = in_process(*EVALUATE, "--no-plots").stdout.splitlines()
    assert lines[0].split() == ["true", "\\", "answer", *"0123456789"]
    assert lines[12].split() == ["class", "precision", "recall", "f1", "images"]
    assert lines[-2].startswith("confidence is off by 0.")
    assert lines[-2].endswith(" % on average (calibrated; expected calibration error over 15 bins)")
    assert lines[-1].startswith("pretrained: accuracy ")
    assert lines[-1].endswith(" (1,000 images)")


def test_quietly_one_line_is_left(in_process):
    done = in_process(*EVALUATE, "--quiet")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_images_that_the_network_may_know_are_mentioned(in_process):
    assert in_process(*EVALUATE, "--no-plots").stderr.startswith("mnist_5k is part of mnist's training images")


def test_plots_are_named_and_the_next_command_too(in_process):
    *_, drawn, following = in_process(*EVALUATE).stderr.splitlines()
    assert drawn == "drawn: confusion-pretrained-mnist_5k.png, worst-pretrained-mnist_5k.png"
    assert following.endswith(" predict --test 0-4 --run pretrained`")


def test_json_is_one_document_in_its_order(in_process):
    done = in_process(*EVALUATE, "--json", "--no-plots")
    document = json.loads(done.stdout)
    assert list(document) == [
        "schema",
        "run",
        "dataset",
        "images",
        "loss",
        "accuracy",
        "calibration",
        "classes",
        "confusion",
    ]
    assert (document["run"], document["dataset"], document["images"]) == ("pretrained", "mnist_5k", 1000)
    assert list(document["calibration"]) == ["error", "bins", "temperature"]
    assert document["calibration"]["bins"] == 15
    assert list(document["classes"][3]) == ["label", "precision", "recall", "f1", "support"]
    assert (document["classes"][3]["label"], document["classes"][3]["support"]) == ("3", 100)
    assert sum(map(sum, document["confusion"])) == 1000
    assert done.stderr == ""


def test_a_requirement_that_is_missed_exits_with_6_after_the_result(in_process):
    done = in_process(*EVALUATE, "--no-plots", "--quiet", "--require", "accuracy>=101%")
    assert done.exit_code == 6
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr.endswith("is below the required 1.01\n")
    assert in_process(*EVALUATE, "--no-plots", "--quiet", "--require", "accuracy>=90%").exit_code == 0
