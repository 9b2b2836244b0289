"""The listener that hears nothing."""

from __future__ import annotations

from nntrain.jobs.listener import SILENT, JobListener


def test_a_silent_listener_takes_every_report_and_never_stops():
    with SILENT.downloading("mnist") as on_download:
        on_download(1, 2)
    SILENT.on_plan(None)
    SILENT.on_run(None, 3)
    SILENT.on_waiting("a moment")
    assert SILENT.should_stop() is False


def test_a_listener_names_the_functions_that_it_was_given():
    assert repr(JobListener(on_epoch=print, on_plan=print)) == "JobListener(on_epoch, on_plan)"
    assert repr(SILENT) == "JobListener()"
