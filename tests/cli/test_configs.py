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
    assert "The article's first network" in lines[index]
    assert lines[index + 1].strip().startswith("Reaches accuracy 97")
    assert re.fullmatch(r"Next: `.* train mlp`, or `.* configs show mlp`\n", done.stderr)


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_every_shipped_config_is_valid_and_tells_what_it_reaches(in_process, config):
    assert in_process("check", config.name).exit_code == 0
    assert config.reaches.startswith("Reaches ")
    assert re.search(r"\(seeds? 1[-;]", config.reaches)


def test_a_config_is_shown(in_process):
    assert in_process("configs", "show", "mlp").output.startswith("# The article's first network")


def test_a_copy_is_never_written_over_a_file_unless_forced(in_process, tmp_path):
    done = in_process("configs", "cp", "mlp", "my.yaml")
    assert done.exit_code == 0
    assert re.fullmatch(r"wrote my\.yaml\. Next: `.* train my\.yaml`\n", done.stderr)
    again = in_process("configs", "cp", "mlp", "my.yaml")
    assert again.exit_code == 2
    assert "my.yaml exists; choose another name, or add --force" in again.stderr
    assert in_process("configs", "cp", "mlp", "my.yaml", "--force").exit_code == 0
    assert in_process("check", "my.yaml").exit_code == 0


def test_a_copied_config_finds_the_schema(in_process, tmp_path):
    in_process("configs", "cp", "mlp", "my.yaml")
    address = (tmp_path / "my.yaml").read_text().splitlines()[2].partition("$schema=")[2]
    assert Path(address.removeprefix("file://")).is_file()


def test_the_schema_is_a_json_document_with_every_key_of_a_config(in_process):
    document = json.loads(in_process("configs", "schema").stdout)
    assert {"model", "optimizer", "loss", "fit", "data"} <= set(document["properties"])
