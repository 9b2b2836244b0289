"""What training a config will take."""

from __future__ import annotations

import pytest

from nntrain.errors import UsageError
from nntrain.jobs.plan import ImageCounts, open_config, plan_training


def test_a_plan_counts_layers_weights_images_and_operations():
    plan = plan_training(open_config("mlp"))
    assert (len(plan.layers), plan.parameters, plan.trainable) == (5, 118_282, 118_282)
    assert plan.images == ImageCounts(48_000, 12_000, 10_000)
    assert (plan.dataset, plan.epochs, plan.batch_size) == ("mnist", 10, 128)
    assert plan.flops == 339_886_080_000  # 6 for each of 118,016 weights, 48,000 images, 10 epochs


def test_parameters_that_are_not_trained_are_told_apart():
    plan = plan_training(open_config("mlp_complete"))
    assert (plan.parameters, plan.trainable) == (271_370, 270_346)


def test_the_time_is_that_of_the_operations_and_a_start():
    assert plan_training(open_config("mlp")).seconds == pytest.approx(4 + 4.53, abs=0.01)
    assert plan_training(open_config("mlp", ["epochs=20"])).seconds == pytest.approx(4 + 9.06, abs=0.01)


def test_the_validation_split_is_rounded_down_for_training():
    plan = plan_training(open_config("mlp", ["data.dataset=mnist_5k", "fit.validation_split=0.3333"]))
    assert plan.images == ImageCounts(2_666, 1_334, 1_000)


def test_of_data_at_a_path_the_size_is_not_known(write_config, tiny_data):
    plan = plan_training(open_config(str(write_config())))
    assert (plan.dataset, plan.images, plan.flops, plan.seconds) == (str(tiny_data), None, None, None)


def test_advice_is_part_of_the_plan():
    loaded = open_config("mlp", ["optimizer.sgd.learning_rate=0.9"])
    assert plan_training(loaded).hints == loaded.hints


def test_a_config_is_opened_by_name_or_path_with_overrides(write_config):
    assert open_config("mlp", ["epochs=3"]).config.fit.epochs == 3
    assert open_config(str(write_config())).name == "tiny"
    with pytest.raises(UsageError, match="mpl"):
        open_config("mpl")


def test_the_classes_of_data_at_a_path_are_counted(write_config):
    from nntrain.errors import ConfigError

    path = write_config(
        "model: [dense: {units: 3, activation: softmax}]\noptimizer: adam\nloss: categorical_crossentropy"
    )
    with pytest.raises(ConfigError, match="10 classes"):
        open_config(str(path))


def test_a_config_is_a_name_a_path_text_or_a_dict(write_config):
    path = write_config()
    in_braces = "{model: [dense: {units: 10, activation: softmax}], optimizer: sgd, loss: mse}"
    values = {"model": [{"dense": {"units": 10, "activation": "softmax"}}], "optimizer": "sgd", "loss": "mse"}
    configs = [open_config(config) for config in (str(path), path, path.read_text(), in_braces, values)]
    assert [config.name for config in configs] == ["tiny", "tiny", "config", "config", "config"]
    assert configs[0].config == configs[1].config == configs[2].config
    assert configs[3].config == configs[4].config
