"""The configs that ship with nntrain."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from nntrain.config import shipped
from nntrain.config.load import load_config
from nntrain.config.shipped import copy_config, find_config, shipped_config, shipped_configs, shipped_dir
from nntrain.errors import UsageError

HEAD_MEASURED = (
    r"Reaches (accuracy|mae) .+ on (10,000|1,000) test images "
    r"\(seeds 1-[35]; \d+(-\d+)? epochs, (\d+ min )?\d+ s, 2-core x86_64\)\."
)
ADVICE = "`nntrain configs` lists them; a path has a suffix or a slash."


def test_quickstart_comes_first_and_the_others_by_name():
    names = [config.name for config in shipped_configs()]
    assert names[0] == "quickstart"
    assert names[1:] == sorted(names[1:])
    assert set(names) == {path.stem for path in shipped_dir().glob("*.yaml")}


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_shipped_configs_open_with_what_they_show_and_reach_how_to_train_them_and_where_the_schema_is(config):
    assert config.path.read_text().splitlines()[:5] == [
        f"# {config.shows}",
        f"# {config.reaches}",
        f"# Train it: nntrain train {config.name}",
        "# yaml-language-server: $schema=schema.json",
        "",
    ]
    assert config.shows.endswith(".")
    assert re.fullmatch(HEAD_MEASURED, config.reaches)


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_shipped_configs_explain_settings_and_fit_the_screen(config):
    lines = config.path.read_text().splitlines()
    assert any("# " in line for line in lines[5:])
    assert max(len(line) for line in lines if not line.startswith("# Reaches")) <= 120
    assert len(f"exponential_decay  {config.shows}") <= 80  # in the list of `nntrain configs`


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_no_hint_advises_against_a_shipped_config(config):
    assert [str(hint) for hint in load_config(config.path).hints] == []


def test_the_summary_of_a_config_is_what_it_reaches_without_the_conditions():
    assert shipped_config("mlp").summary == "Reaches accuracy 97.3-97.9 % (10 epochs, 10 s)"
    assert shipped_config("cnn_best").summary == "Reaches accuracy 99.68-99.69 % (30 epochs, 19 min 12 s)"


def test_shipped_configs_are_inside_an_installed_package_or_next_to_it_in_a_checkout(tmp_path, monkeypatch):
    assert shipped_dir() == Path(__file__).parents[2] / "configs"
    (tmp_path / "nntrain" / "config").mkdir(parents=True)
    monkeypatch.setattr(shipped, "__file__", str(tmp_path / "nntrain" / "config" / "shipped.py"))
    assert shipped_dir() == tmp_path / "configs"
    (tmp_path / "nntrain" / "shipped_configs").mkdir()
    assert shipped_dir() == tmp_path / "nntrain" / "shipped_configs"


@pytest.mark.parametrize(("name", "guess"), [("mlp_dropuot", " Did you mean `mlp_dropout`?"), ("xyz", "")])
def test_an_unknown_name_is_an_error_with_a_suggestion(tmp_path, monkeypatch, name, guess):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError) as caught:
        shipped_config(name)
    assert str(caught.value) == f"No shipped config '{name}'.{guess} {ADVICE}"


@pytest.mark.parametrize(("file", "path"), [("mpl.yaml", "mpl.yaml"), ("mpl", "./mpl")])
def test_the_name_of_a_file_is_an_error_that_suggests_its_path(tmp_path, monkeypatch, file, path):
    monkeypatch.chdir(tmp_path)
    Path(file).touch()
    with pytest.raises(UsageError) as caught:
        shipped_config("mpl")
    assert str(caught.value) == f"No shipped config 'mpl'. Did you mean `{path}`? {ADVICE}"


def test_a_name_is_a_shipped_config_even_if_there_is_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mlp").touch()
    assert find_config("mlp") == (shipped_dir() / "mlp.yaml", str(shipped_dir() / "mlp.yaml"))


@pytest.mark.parametrize("text", ["mlp.yaml", "./mlp", "a\\mlp", "-", ".", ".."])
def test_anything_with_a_suffix_or_a_slash_is_a_path(text):
    assert find_config(text) == (Path(text), text)


def test_a_copy_keeps_all_comments_and_names_itself_and_the_schemas_full_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    copy_config("mlp", Path("my.yaml"), force=False)
    original = (shipped_dir() / "mlp.yaml").read_text().splitlines()
    copy = Path("my.yaml").read_text().splitlines()
    schema = (shipped_dir() / "schema.json").as_uri()
    assert copy[2:4] == ["# Train it: nntrain train my.yaml", f"# yaml-language-server: $schema={schema}"]
    assert copy[:2] + copy[4:] == original[:2] + original[4:]


@pytest.mark.parametrize(
    ("target", "command"),
    [
        ("my config.yaml", "nntrain train 'my config.yaml'"),
        ("mine", "nntrain train ./mine"),
        ("two\nlines.yaml", "nntrain train mlp"),
    ],
)
def test_the_command_in_a_copy_can_be_typed_whatever_the_files_name_is(tmp_path, monkeypatch, target, command):
    monkeypatch.chdir(tmp_path)
    copy_config("mlp", Path(target), force=False)
    assert Path(target).read_text().splitlines()[2] == f"# Train it: {command}"
    assert load_config(Path(target)).config == load_config(shipped_config("mlp").path).config


def test_a_copy_overwrites_a_file_only_if_forced(tmp_path):
    target = tmp_path / "my.yaml"
    target.write_text("mine")
    with pytest.raises(UsageError) as caught:
        copy_config("mlp", target, force=False)
    assert str(caught.value) == f"{target} exists; choose another name, or add --force to overwrite it"
    assert target.read_text() == "mine"
    copy_config("mlp", target, force=True)
    assert target.read_text().startswith("# ")


def test_a_copy_needs_a_file_to_write_in_a_folder_that_exists(tmp_path):
    missing = tmp_path / "no"
    for target, message in (
        (tmp_path, f"{tmp_path} is a folder; name a file, such as {tmp_path / 'my.yaml'}"),
        (missing / "my.yaml", f"{missing / 'my.yaml'}: there is no folder {missing}; create it first"),
    ):
        with pytest.raises(UsageError) as caught:
            copy_config("mlp", target, force=True)
        assert str(caught.value) == message
