"""The table of which versions of Keras read model.keras."""

from __future__ import annotations

from keras_versions import run

FINE = {"keras": "3.5.0", "network": "mlp", "step": "fits", "error": None, "loss": 1e-6, "warnings": []}


def test_a_version_that_reads_all_networks_is_a_row(capsys):
    assert run.show("3.5", [FINE, FINE])
    assert capsys.readouterr() == ("| 3.5.0 | 2 of 2 | 2 of 2 | 2 of 2 | 2 of 2 |\n", "")


def test_a_network_that_fails_is_counted_up_to_there_and_named(capsys):
    failed = {**FINE, "network": "cnn", "step": "loads", "error": "ValueError: the outputs differ by 2.0e-03"}
    assert not run.show("3.5", [FINE, failed])
    out, err = capsys.readouterr()
    assert out == "| 3.5.0 | 2 of 2 | 1 of 2 | 1 of 2 | 1 of 2 |\n"
    assert err == "    cnn: ValueError: the outputs differ by 2.0e-03\n"


def test_a_network_that_does_not_load_takes_no_step(capsys):
    assert not run.show("3.5", [{**FINE, "step": "fails", "error": "TypeError: unknown class"}])
    assert capsys.readouterr().out == "| 3.5.0 | 0 of 1 | 0 of 1 | 0 of 1 | 0 of 1 |\n"


def test_warnings_and_other_losses_are_shown_and_fail_nothing(capsys):
    assert run.show("3.5", [{**FINE, "loss": -0.25, "warnings": ["Skipping variable loading"]}])
    assert capsys.readouterr().err == "    mlp: Skipping variable loading\n    mlp: its loss differs by -2.5e-01\n"
