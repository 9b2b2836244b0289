"""`nntrain configs`."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from nntrain.config.shipped import shipped_configs, shipped_dir

ARTICLE = {"mlp", "mlp_dropout", "mlp_batchnorm", "mlp_complete", "cnn"}


def test_quickstart_is_listed_first_then_every_config_by_name(in_process):
    names = [config["name"] for config in json.loads(in_process("configs", "--json").output)["configs"]]
    assert names[0] == "quickstart"
    assert names[1:] == sorted(names[1:])
    assert set(names) == {path.stem for path in shipped_dir().glob("*.yaml")}
    assert set(names) >= ARTICLE


def test_a_config_is_listed_with_what_it_shows_and_reaches(in_process):
    done = in_process("configs")
    lines = done.stdout.splitlines()
    (index,) = [index for index, line in enumerate(lines) if line.startswith("mlp ")]
    assert lines[index].endswith("  A first network: two hidden layers of 128 neurons.")
    assert lines[index + 1].strip() == "Reaches accuracy 97.3-97.9 % (10 epochs, 10 s)"
    assert re.fullmatch(r"Next: `.* configs show mlp` prints a config, `.* train mlp` trains it\n", done.stderr)


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_every_shipped_config_is_valid_and_gives_no_hint(in_process, config):
    done = in_process("check", config.name)
    assert (done.exit_code, done.stderr) == (0, "")


def test_a_config_is_shown(in_process):
    assert in_process("configs", "show", "mlp").output.startswith("# A first network")


def test_a_copy_is_never_written_over_a_file_unless_forced(in_process, tmp_path):
    done = in_process("configs", "cp", "mlp", "my.yaml")
    assert done.exit_code == 0
    assert re.fullmatch(r"wrote my\.yaml\. Next: `.* train my\.yaml`\n", done.stderr)
    again = in_process("configs", "cp", "mlp", "my.yaml")
    assert again.exit_code == 2
    assert "my.yaml exists; choose another name, or add --force" in again.stderr
    assert in_process("configs", "cp", "mlp", "my.yaml", "--force").exit_code == 0
    assert in_process("check", "my.yaml").exit_code == 0


def test_a_copy_without_a_suffix_is_named_so_that_it_is_not_taken_for_a_shipped_config(in_process, tmp_path):
    done = in_process("configs", "cp", "mlp", "my")
    assert re.fullmatch(r"wrote my\. Next: `.* train \./my`\n", done.stderr)
    assert in_process("check", "./my").exit_code == 0


def test_a_copied_config_finds_the_schema(in_process, tmp_path):
    in_process("configs", "cp", "mlp", "my.yaml")
    address = (tmp_path / "my.yaml").read_text().splitlines()[3].partition("$schema=")[2]
    assert Path(address.removeprefix("file://")).is_file()


def test_the_schema_is_a_json_document_with_every_key_of_a_config(in_process):
    document = json.loads(in_process("configs", "schema").stdout)
    assert {"model", "optimizer", "loss", "fit", "data"} <= set(document["properties"])
