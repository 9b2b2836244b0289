"""docs/configs.md: the configs that ship with nntrain, in full."""

from __future__ import annotations

from pathlib import Path

from generated_pages.markdown import NOTE, block, code, fill, table
from nntrain.config.shipped import SCHEMA_COMMENT, ShippedConfig, shipped_configs

TEMPLATE = Path(__file__).with_name("configs.md")


def configs_page() -> str:
    """Return the page."""
    configs = shipped_configs()
    return fill(
        TEMPLATE,
        {
            "note": NOTE,
            "table": table(
                ["config", "what it shows", "what it reached"],
                [[f"[{code(config.name)}](#{config.name})", config.shows, config.reaches] for config in configs],
            ),
            "configs": "\n\n".join(_section(config) for config in configs),
        },
    )


def _section(config: ShippedConfig) -> str:
    lines = config.path.read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.startswith(SCHEMA_COMMENT))
    return f"## {config.name}\n\n{block('yaml', f'# {config.name}.yaml{chr(10)}{text}')}"
