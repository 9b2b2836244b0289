"""The configs that ship with nntrain."""

from __future__ import annotations

import pytest

from nntrain.config.shipped import shipped_config, shipped_configs
from nntrain.errors import UsageError


@pytest.mark.parametrize("config", shipped_configs(), ids=lambda config: config.name)
def test_shipped_configs_open_with_what_they_show_and_where_the_schema_is(config):
    lines = config.path.read_text().splitlines()
    assert config.shows.endswith((".", "?", "sigmoid.", "digits."))
    assert lines[2] == "# yaml-language-server: $schema=schema.json"


def test_an_unknown_config_is_answered_with_a_guess():
    with pytest.raises(UsageError, match="No shipped config 'mlp_dropuot'\\. Did you mean `mlp_dropout`"):
        shipped_config("mlp_dropuot")
