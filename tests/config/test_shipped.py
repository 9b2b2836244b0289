"""The configs that ship with nntrain."""

from __future__ import annotations

from pathlib import Path

import pytest

from nntrain.config import shipped
from nntrain.config.shipped import copy_config, find_config, shipped_config, shipped_configs, shipped_dir
from nntrain.errors import UsageError

ADVICE = "`nntrain configs` lists them; a path has a suffix or a slash."


def test_quickstart_comes_first_and_the_others_by_name():
    names = [config.name for config in shipped_configs()]
    assert names[0] == "quickstart"
    assert names[1:] == sorted(names[1:])
    assert set(names) == {path.stem for path in shipped_dir().glob("*.yaml")}


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_shipped_configs_open_with_what_they_show_and_where_the_schema_is(config):
    lines = config.path.read_text().splitlines()
    assert [f"# {config.shows}", f"# {config.reaches}"] == lines[:2]
    assert config.shows.endswith((".", "?"))
    assert lines[2] == "# yaml-language-server: $schema=schema.json"


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


def test_a_path_without_its_suffix_is_an_error_that_suggests_the_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mpl.yaml").touch()
    with pytest.raises(UsageError) as caught:
        shipped_config("mpl")
    assert str(caught.value) == f"No shipped config 'mpl'. Did you mean `mpl.yaml`? {ADVICE}"


def test_a_name_is_a_shipped_config_even_if_there_is_a_file_of_that_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("mlp").touch()
    assert find_config("mlp") == (shipped_dir() / "mlp.yaml", str(shipped_dir() / "mlp.yaml"))


@pytest.mark.parametrize("text", ["mlp.yaml", "./mlp", "a\\mlp", "-", ".", ".."])
def test_anything_with_a_suffix_or_a_slash_is_a_path(text):
    assert find_config(text) == (Path(text), text)


def test_a_copy_names_the_schema_by_its_absolute_path(tmp_path):
    copy_config("mlp", tmp_path / "my.yaml", force=False)
    original = (shipped_dir() / "mlp.yaml").read_text()
    schema = (shipped_dir() / "schema.json").as_uri()
    assert (tmp_path / "my.yaml").read_text() == original.replace("$schema=schema.json", f"$schema={schema}")


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
    for target, why in ((tmp_path, "is a folder"), (tmp_path / "no" / "my.yaml", "no such folder")):
        with pytest.raises(UsageError) as caught:
            copy_config("mlp", target, force=True)
        assert str(caught.value) == f"{target}: {why}; name a file to write"
