"""Rules across fields: settings that are valid individually but cannot work together.

A rule yields findings: the path of the setting to change, and a message. It also runs on a config that has mistakes:
reading an invalid value raises Unavailable, which ends the rule, while all others still report what they find.
"""

from nntrain.config.rules import data, loss_and_metrics, network, training
from nntrain.config.rules.base import CheckContext, Finding, Rule, run_checks

__all__ = ["CROSS_FIELD_RULES", "CheckContext", "Finding", "Rule", "run_checks"]

CROSS_FIELD_RULES: tuple[Rule, ...] = (
    network.layers_take_their_inputs,
    network.softmax_has_classes,
    network.parameters_fit_into_memory,
    network.outputs_fit_into_memory,
    network.output_has_the_classes,
    network.output_suits_task,
    network.arguments_have_an_effect,
    network.initializers_are_consistent,
    loss_and_metrics.loss_suits_task,
    loss_and_metrics.alpha_has_the_classes,
    loss_and_metrics.metrics_suit_task,
    loss_and_metrics.top_k_leaves_classes_out,
    loss_and_metrics.binary_f1_score_has_a_threshold,
    loss_and_metrics.metrics_suit_labels,
    data.dataset_is_known,
    data.positive_suits_task,
    data.stratify_has_images,
    training.monitors_are_computed,
    training.modes_suit_monitors,
    training.early_stopping_outlasts_plateau,
    training.lowest_rate_is_below_optimizers,
    training.schedule_fits_run,
    training.optimizer_is_consistent,
)
