"""Data augmentation: random distortions of the training images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nntrain.config.schema.base import Section


class Elastic(Section):
    """A smooth random displacement of every pixel (Simard et al. 2003)."""

    alpha: Annotated[float, Field(ge=0, le=100)] = Field(8.0, description="strength in pixels")
    sigma: Annotated[float, Field(gt=0, le=28)] = Field(4.0, description="smoothness in pixels")


class Augmentation(Section):
    """Random distortions of the training images; each number is the largest distortion, and 0 means none."""

    rotation: Annotated[float, Field(ge=0, le=180)] = Field(0.0, description="degrees")
    translation: Annotated[float, Field(ge=0, le=14)] = Field(0.0, description="pixels")
    zoom: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="fraction: 0.1 means 0.9 to 1.1 times the size")
    shear: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="fraction of the height")
    elastic: Elastic | None = Field(None, description="a smooth displacement of every pixel")
    stroke: Annotated[float, Field(ge=0, le=5)] = Field(0.0, description="pixels thicker or thinner")
