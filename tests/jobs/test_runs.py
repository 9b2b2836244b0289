"""Listing runs."""

from __future__ import annotations

from nntrain.jobs.runs import RunSummary, summarize_runs


def test_runs_are_listed_the_oldest_first_with_what_they_came_to(workshop):
    workshop.train("epochs=3")
    workshop.train(name="other")
    first, second = summarize_runs(workshop.runs)
    assert (first.name, second.name) == ("tiny-1", "other-1")
    assert (first.status, first.config, first.epochs, first.seconds) == ("complete", "tiny", 3, 0.75)
    assert first.test == {"images": 100, "loss": 0.125, "accuracy": 0.875}
    assert first.differs == {"fit.epochs": 3}
    assert first.finished.endswith("+00:00")
    assert first.path == workshop.runs / "tiny-1"


def test_a_damaged_run_json_leaves_the_score(workshop):
    run = workshop.train().run
    run.info_path.write_text("{")
    (summary,) = summarize_runs(workshop.runs)
    assert (summary.status, summary.config, summary.epochs) == ("damaged", None, 2)


def test_a_run_without_a_score_has_none(workshop):
    run = workshop.train().run
    run.metrics_path.unlink()
    (summary,) = summarize_runs(workshop.runs)
    assert (summary.status, summary.epochs, summary.test) == ("complete", None, None)


def test_the_folder_is_the_environments_by_default(workshop, monkeypatch):
    workshop.train()
    monkeypatch.setenv("NNTRAIN_RUNS_DIR", str(workshop.runs))
    assert [summary.name for summary in summarize_runs()] == ["tiny-1"]


def test_a_folder_without_runs_gives_none(tmp_path):
    assert summarize_runs(tmp_path) == []


def test_a_summary_of_nothing_is_damaged(tmp_path):
    assert RunSummary("x", tmp_path).status == "damaged"
