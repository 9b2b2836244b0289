"""What people type who know other programs, and the words that they are told to type here."""

from __future__ import annotations

import pytest

from nntrain.cli.habits import command_meant, settings_meant

HABITS = [
    ("train mlp --epochs 5", "`epochs=5`"),
    ("train mlp --epochs=5", "`epochs=5`"),
    ("train mlp --num-epochs 5", "`epochs=5`"),
    ("train mlp -e 5", "`epochs=5`"),
    ("train mlp -e5", "`epochs=5`"),
    ("train mlp --lr 0.01", "`learning_rate=0.01`"),
    ("train mlp -lr 0.01", "`learning_rate=0.01`"),
    ("train mlp --learning-rate 0.01", "`learning_rate=0.01`"),
    ("train mlp --batch-size 64", "`batch_size=64`"),
    ("train mlp -b 64", "`batch_size=64`"),
    ("train mlp --seed 3", "`seed=3`"),
    ("train mlp --data x.npz", "`data.dataset=x.npz`"),
    ("train mlp --dataset mnist_5k", "`data.dataset=mnist_5k`"),
    ("train mlp --optimizer sgd", "`optimizer=sgd`"),
    ("train mlp --patience 3", "`early_stopping.patience=3`"),
    ("train mlp --gpu", "`runtime.device=gpu`"),
    ("train mlp --device gpu", "`runtime.device=gpu`"),
    ("train mlp -o out", "`--runs-dir out`"),
    ("train mlp --output out", "`--runs-dir out`"),
    ("check mlp --epochs 5", "`epochs=5`"),
    ("resume --epochs 20", "`epochs=20`"),
    ("train --config x.yaml", "train x.yaml`"),
    ("check -c x.yaml", "check x.yaml`"),
    ("evaluate --run mlp-1", "evaluate mlp-1`"),
    ("predict --image x.png", "predict x.png`"),
    ("predict --model mlp-1 x.png", "`--run mlp-1`"),
    ("train mlp epochs 5", "`epochs=5`"),
    ("train mlp epochs = 5", "`epochs=5`"),
    ("train mlp epochs= 5", "`epochs=5`"),
    ("train mlp epochs: 5 lr 0.1", "`epochs=5 learning_rate=0.1`"),
    ("train mlp epochs:5", "`epochs=5`"),
    ("resume mlp-1 epochs 20", "`epochs=20`"),
    ("train mlp epoch=5", "`epochs=5`"),
    ("train mlp EPOCHS=3", "`epochs=3`"),
    ("train mlp units=64", "`model.0.dense.units=64` or `model.1.dense.units=64`"),
    ("train mlp lr=0.01", "`learning_rate=0.01`"),
    ("train mlp patience=3", "`early_stopping.patience=3`"),
    ("train mlp activation=tanh", "`model.0.dense.activation=tanh` or `model.1.dense.activation=tanh`"),
    ("train mlp model[0].dense.units=64", "`model.0.dense.units=64`"),
    ("train mlp a.b[0]=3", "`a.b.0=3`"),
    ("train mlp model['0'].dense.units=64", "`model.0.dense.units=64`"),
    ("validate x.yaml", "check x.yaml`"),
    ("list", " configs`"),
    ("ls", " runs`"),
    ("test", "evaluate`"),
    ("eval mlp-1", "evaluate mlp-1`"),
    ("fit mlp", "train mlp`"),
    ("mlp epochs=3", "train mlp epochs=3`"),
    ("my.yaml", "train my.yaml`"),
    ("photo.JPG", "predict photo.JPG`"),
    ("download mnist", "data fetch mnist`"),
    ("init my.yaml", "configs cp my.yaml`"),
    ("help", " --help`"),
    ("version", " --version`"),
    ("configs list", " configs`"),
    ("data ls", " data`"),
]


@pytest.mark.parametrize(("typed", "words"), HABITS, ids=[typed for typed, _ in HABITS])
def test_a_habit_is_answered_with_the_words_to_type(in_process, typed, words):
    done = in_process(*typed.split())
    assert (done.exit_code, done.stdout) == (2, "")
    assert words in done.stderr


@pytest.mark.parametrize("typed", ["train mlp --zzz 3", "zzz", "evaluate --epochs 3", "configs zzz"])
def test_words_that_are_no_habit_are_refused_as_before(in_process, typed):
    done = in_process(*typed.split())
    assert done.exit_code == 2
    assert "No such" in done.stderr


def test_words_that_are_no_settings_are_not_taken_for_some():
    assert settings_meant(["cnn", "x"]) == []
    assert settings_meant(["epochs"]) == []


def test_a_group_offers_only_commands_that_it_has():
    assert command_meant("validate", ["cp"]) == ()
    assert command_meant("my.yaml", ["cp"]) == ()
