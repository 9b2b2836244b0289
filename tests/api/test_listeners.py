"""Progress as plain lines."""

from __future__ import annotations

import io

import nntrain


def test_a_progress_listener_prints_the_run_the_device_each_epoch_and_notes(fake_engine, config, tmp_path):
    out = io.StringIO()
    run = nntrain.train(config, runs_dir=tmp_path, listener=nntrain.progress_listener(out))
    assert out.getvalue().splitlines() == [
        f"run {run.path}",
        "device CPU, 2 threads",
        "epoch 1/2: loss 0.5000, accuracy 0.5000, val_loss 1.0000, val_accuracy 0.0000, learning_rate 0.01, 0.2 s",
        "after epoch 1",
        "epoch 2/2: loss 0.2500, accuracy 0.7500, val_loss 0.5000, val_accuracy 0.5000, learning_rate 0.01, 0.2 s",
        "after epoch 2",
    ]


def test_lines_go_to_stdout_by_default_and_nothing_without_a_listener(fake_engine, config, tmp_path, capsys):
    nntrain.train(config, runs_dir=tmp_path, listener=None)
    assert capsys.readouterr() == ("", "")
    nntrain.resume("tiny-1", {"fit.epochs": 3}, runs_dir=tmp_path, listener=nntrain.progress_listener())
    assert "tiny-1, continuing after epoch 2" in capsys.readouterr().out
