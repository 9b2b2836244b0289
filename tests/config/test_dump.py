"""What is written reads back equal."""

from __future__ import annotations

import pytest

from nntrain.config.dump import dump_config
from nntrain.config.load import load_config
from nntrain.config.shipped import shipped_configs


@pytest.mark.parametrize("path", [config.path for config in shipped_configs()], ids=lambda path: path.stem)
def test_a_written_config_reads_back_equal(path, tmp_path):
    config = load_config(path).config
    written = tmp_path / "config.yaml"
    written.write_text(dump_config(config))
    assert load_config(written).config == config
    assert dump_config(load_config(written).config) == dump_config(config)


def test_everything_at_once_reads_back_equal(read, tmp_path):
    text = """
seed: 7
task: binary
data: {dataset: fashion_mnist, positive: [1, 3]}
model:
  - conv2d: {filters: 4, kernel_size: [3, 5], kernel_initializer: {constant: {value: 0.5}}, kernel_regularizer: {l2: {l2: 1e-4}}}
  - batch_normalization: {momentum: 0.9, gamma_initializer: {random_normal: {stddev: 0.1}}}
  - leaky_re_lu: {negative_slope: 0.1}
  - global_max_pooling2d
  - dense: {units: 1, activation: sigmoid}
optimizer: {rmsprop: {learning_rate: 1e-4, centered: true, clipnorm: 1.0}}
loss: {binary_crossentropy: {label_smoothing: 0.1}}
metrics: [{binary_accuracy: {threshold: 0.4}}, precision]
fit: {epochs: 3, stratify: true}
lr_schedule: {reduce_lr_on_plateau: {monitor: val_precision, patience: 2, mode: max}}
early_stopping: {monitor: val_loss, patience: 4, baseline: 0.5}
augmentation: {rotation: 10, elastic: {alpha: 5}}
runtime: {device: cpu, threads: 1, jit_compile: false, dtype_policy: mixed_bfloat16}
"""
    config = read(text)
    (tmp_path / "again.yaml").write_text(dump_config(config))
    assert load_config(tmp_path / "again.yaml").config == config
