"""What a run is: sections and components, named and defaulted as Keras names and defaults them.

A *section* is a mapping with known keys. A *component* is a member of a family (a layer, an optimizer, a loss, ...):
in the file it is a name, or a name with its arguments, and a bare value after the name is the one argument that Keras
requires. Field name = YAML key = Keras argument. Defaults are Keras's for layers, optimizers, losses and callbacks;
ours for the rest. Nothing here imports TensorFlow; the engine turns these records into Keras's objects.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

Task = Literal["classification", "binary", "regression"]
NAMED_DATASETS = ("mnist", "fashion_mnist", "mnist_5k")
TASKS: tuple[Task, ...] = ("classification", "binary", "regression")

# Every number is finite (the models' config sees to that); these add the range.
Positive = Annotated[float, Field(gt=0)]
NonNegative = Annotated[float, Field(ge=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
OpenShare = Annotated[float, Field(gt=0, lt=1)]
# Beyond these TensorFlow's own counters overflow.
Count = Annotated[int, Field(ge=1, lt=2**31)]
CountOrZero = Annotated[int, Field(ge=0, lt=2**31)]
# Limits that no sensible network meets; they keep a slip of the keyboard from taking all memory.
Width = Annotated[int, Field(ge=1, le=65_536)]
# TensorFlow walks through layers in calls of calls; somewhere above this Python's stack is at its end.
MAX_LAYERS = 400


def _as_pair(value: object) -> object:
    return (value, value) if isinstance(value, int) and not isinstance(value, bool) else value


# Keras takes one number for both directions, or [height, width].
Pair = Annotated[
    tuple[Annotated[int, Field(ge=1, le=1024)], Annotated[int, Field(ge=1, le=1024)]],
    BeforeValidator(_as_pair),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": 1024},
                {
                    "type": "array",
                    "items": {"type": "integer", "minimum": 1, "maximum": 1024},
                    "minItems": 2,
                    "maxItems": 2,
                },
            ]
        }
    ),
]


class Section(BaseModel):
    """A mapping with known keys; frozen once read."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, allow_inf_nan=False, defer_build=True, protected_namespaces=()
    )


class Component(Section):
    """A member of a family, written as its name or as {name: {arguments}}."""

    key: ClassVar[str] = ""  # its name in the config
    family: ClassVar[str] = ""  # what its kind is called in messages
    members: ClassVar[dict[str, type[Component]]] = {}  # of its family, by name

    def __init_subclass__(cls, *, family: str = "", key: str = "") -> None:
        if family:
            cls.family, cls.members = family, {}
        if key:
            cls.key = key
            cls.members[key] = cls

    @classmethod
    def bare(cls) -> str | None:
        """Return the argument that a bare value after the name gives: the only required one, or None."""
        required = [name for name, field in cls.model_fields.items() if field.is_required()]
        return required[0] if len(required) == 1 else None


# --- activations, initializers, regularizers -------------------------------------------------------------------------


class Activation(Component, family="activation"):
    """A function of a neuron's weighted sum; arguments are the layers' (`leaky_re_lu` has a slope)."""


class Relu(Activation, key="relu"):
    """max(0, x)."""


class LeakyRelu(Activation, key="leaky_relu"):
    """x where positive, 0.2 x elsewhere."""


class Elu(Activation, key="elu"):
    """x where positive, exp(x) - 1 elsewhere."""


class Gelu(Activation, key="gelu"):
    """x times the normal distribution's cumulative function at x."""


class Silu(Activation, key="silu"):
    """x sigmoid(x)."""


class Selu(Activation, key="selu"):
    """A scaled elu that keeps mean 0 and variance 1."""


class Sigmoid(Activation, key="sigmoid"):
    """1 / (1 + exp(-x)): a probability."""


class Tanh(Activation, key="tanh"):
    """The hyperbolic tangent, from -1 to 1."""


class Softmax(Activation, key="softmax"):
    """exp(x) over the sum of them: probabilities that sum to 1."""


class Linear(Activation, key="linear"):
    """x itself."""


class Initializer(Component, family="initializer"):
    """How weights are drawn before training."""


class GlorotUniform(Initializer, key="glorot_uniform"):
    """Glorot and Bengio 2010, uniform."""


class GlorotNormal(Initializer, key="glorot_normal"):
    """Glorot and Bengio 2010, truncated normal."""


class HeUniform(Initializer, key="he_uniform"):
    """He et al. 2015, uniform."""


class HeNormal(Initializer, key="he_normal"):
    """He et al. 2015, truncated normal."""


class LecunUniform(Initializer, key="lecun_uniform"):
    """LeCun et al. 1998, uniform."""


class LecunNormal(Initializer, key="lecun_normal"):
    """LeCun et al. 1998, truncated normal."""


class Zeros(Initializer, key="zeros"):
    """All 0."""


class Ones(Initializer, key="ones"):
    """All 1."""


class Constant(Initializer, key="constant"):
    """All one value."""

    value: float = 0.0


class RandomNormal(Initializer, key="random_normal"):
    """A normal distribution."""

    mean: float = 0.0
    stddev: NonNegative = 0.05


class RandomUniform(Initializer, key="random_uniform"):
    """Uniform from minval to maxval."""

    minval: float = -0.05
    maxval: float = 0.05


class TruncatedNormal(Initializer, key="truncated_normal"):
    """A normal distribution, cut at two standard deviations."""

    mean: float = 0.0
    stddev: NonNegative = 0.05


class VarianceScaling(Initializer, key="variance_scaling"):
    """Variance scale / n, where n counts inputs, outputs or their mean."""

    scale: Positive = 1.0
    mode: Literal["fan_in", "fan_out", "fan_avg"] = "fan_in"
    distribution: Literal["normal", "truncated_normal", "untruncated_normal", "uniform"] = "truncated_normal"


class Orthogonal(Initializer, key="orthogonal"):
    """An orthogonal matrix."""

    gain: float = 1.0


class Regularizer(Component, family="regularizer"):
    """A penalty on weights or outputs, added to the training loss."""


class L1(Regularizer, key="l1"):
    """l1 times the sum of absolute values."""

    l1: NonNegative = 0.01


class L2(Regularizer, key="l2"):
    """l2 times the sum of squares."""

    l2: NonNegative = 0.01


class L1L2(Regularizer, key="l1_l2"):
    """Both."""

    l1: NonNegative = 0.0
    l2: NonNegative = 0.0


# --- layers ----------------------------------------------------------------------------------------------------------


class Layer(Component, family="layer"):
    """One layer of the network."""


class Weighted(Layer):
    """What dense and convolutional layers share."""

    activation: Activation | None = None
    use_bias: bool = True
    kernel_initializer: Initializer = GlorotUniform()
    bias_initializer: Initializer = Zeros()
    kernel_regularizer: Regularizer | None = None
    bias_regularizer: Regularizer | None = None
    activity_regularizer: Regularizer | None = None


class Dense(Weighted, key="dense"):
    """Every input to every neuron."""

    units: Width


class Conv2D(Weighted, key="conv2d"):
    """Small filters that slide over the image."""

    filters: Width
    kernel_size: Pair
    strides: Pair = (1, 1)
    padding: Literal["valid", "same"] = "valid"
    dilation_rate: Pair = (1, 1)
    groups: Count = 1


class Pooling2D(Layer):
    """What the two poolings share."""

    strides: Pair | None = None
    padding: Literal["valid", "same"] = "valid"


class MaxPooling2D(Pooling2D, key="max_pooling2d"):
    """The largest value of each patch."""

    pool_size: Pair = (2, 2)


class AveragePooling2D(Pooling2D, key="average_pooling2d"):
    """The mean of each patch."""

    pool_size: Pair


class GlobalAveragePooling2D(Layer, key="global_average_pooling2d"):
    """The mean of each channel."""

    keepdims: bool = False


class GlobalMaxPooling2D(Layer, key="global_max_pooling2d"):
    """The largest value of each channel."""

    keepdims: bool = False


class Flatten(Layer, key="flatten"):
    """An image as one row of numbers."""


class Dropout(Layer, key="dropout"):
    """Set a random fraction of the values to 0 while training."""

    rate: Share


class BatchNormalization(Layer, key="batch_normalization"):
    """Bring each channel to mean 0 and deviation 1 over the batch, then scale and shift it."""

    momentum: Share = 0.99
    epsilon: Positive = 0.001
    center: bool = True
    scale: bool = True
    beta_initializer: Initializer = Zeros()
    gamma_initializer: Initializer = Ones()
    moving_mean_initializer: Initializer = Zeros()
    moving_variance_initializer: Initializer = Ones()
    beta_regularizer: Regularizer | None = None
    gamma_regularizer: Regularizer | None = None


class ActivationLayer(Layer, key="activation"):
    """An activation on its own."""

    activation: Activation


class LeakyReLU(Layer, key="leaky_re_lu"):
    """x where positive, negative_slope x elsewhere."""

    negative_slope: NonNegative = 0.3


# --- optimizers ------------------------------------------------------------------------------------------------------


class Optimizer(Component, family="optimizer"):
    """How gradients change the weights; these arguments are common to all."""

    learning_rate: Positive
    weight_decay: NonNegative | None = None
    clipnorm: Positive | None = None
    clipvalue: Positive | None = None
    global_clipnorm: Positive | None = None
    use_ema: bool = False
    ema_momentum: Annotated[float, Field(ge=0, le=1)] = 0.99
    ema_overwrite_frequency: Count | None = Field(None, description="steps")
    loss_scale_factor: Positive | None = None
    gradient_accumulation_steps: Annotated[int, Field(ge=2, lt=2**31)] | None = Field(None, description="batches")


class SGD(Optimizer, key="sgd"):
    """Stochastic gradient descent."""

    learning_rate: Positive = 0.01
    momentum: Share = 0.0
    nesterov: bool = False


class Adam(Optimizer, key="adam"):
    """Kingma and Ba 2014."""

    learning_rate: Positive = 0.001
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class AdamW(Optimizer, key="adamw"):
    """Adam with decoupled weight decay, Loshchilov and Hutter 2019."""

    learning_rate: Positive = 0.001
    weight_decay: NonNegative = 0.004
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-7
    amsgrad: bool = False


class RMSprop(Optimizer, key="rmsprop"):
    """Divide by a running average of the gradient's size."""

    learning_rate: Positive = 0.001
    rho: Share = 0.9
    momentum: Share = 0.0
    epsilon: Positive = 1e-7
    centered: bool = False


class Adagrad(Optimizer, key="adagrad"):
    """Divide by the whole history of the gradient's size, Duchi et al. 2011."""

    learning_rate: Positive = 0.001
    initial_accumulator_value: NonNegative = 0.1
    epsilon: Positive = 1e-7


class Nadam(Optimizer, key="nadam"):
    """Adam with Nesterov momentum, Dozat 2016."""

    learning_rate: Positive = 0.001
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Positive = 1e-7


# --- losses and metrics ----------------------------------------------------------------------------------------------


class Loss(Component, family="loss"):
    """What training makes small."""


class MeanSquaredError(Loss, key="mse"):
    """The mean of squared differences."""


class MeanAbsoluteError(Loss, key="mae"):
    """The mean of absolute differences."""


class BinaryCrossentropy(Loss, key="binary_crossentropy"):
    """For one probability."""

    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class CategoricalCrossentropy(Loss, key="categorical_crossentropy"):
    """For one probability a class; labels are made one-hot for you."""

    label_smoothing: Annotated[float, Field(ge=0, le=1)] = 0.0


class SparseCategoricalCrossentropy(Loss, key="sparse_categorical_crossentropy"):
    """The same with labels as whole numbers."""


class Metric(Component, family="metric"):
    """What is counted beside the loss."""

    tasks: ClassVar[tuple[Task, ...]] = TASKS  # where it means something
    higher_is_better: ClassVar[bool] = False


class Accuracy(Metric, key="accuracy"):
    """The fraction that is answered rightly."""

    tasks = ("classification", "binary")
    higher_is_better = True


class CategoricalAccuracy(Metric, key="categorical_accuracy"):
    """The same, over one-hot labels."""

    tasks = ("classification",)
    higher_is_better = True


class SparseCategoricalAccuracy(Metric, key="sparse_categorical_accuracy"):
    """The same, over labels as whole numbers."""

    tasks = ("classification",)
    higher_is_better = True


class TopKCategoricalAccuracy(Metric, key="top_k_categorical_accuracy"):
    """The fraction whose class is among the k most probable."""

    tasks = ("classification",)
    higher_is_better = True
    k: Count = 5


class SparseTopKCategoricalAccuracy(Metric, key="sparse_top_k_categorical_accuracy"):
    """The same, over labels as whole numbers."""

    tasks = ("classification",)
    higher_is_better = True
    k: Count = 5


class BinaryAccuracy(Metric, key="binary_accuracy"):
    """The fraction on the right side of the threshold."""

    tasks = ("binary",)
    higher_is_better = True
    threshold: Share = 0.5


class Precision(Metric, key="precision"):
    """Of those answered yes, the fraction that is."""

    tasks = ("binary",)
    higher_is_better = True
    thresholds: Share | None = None


class Recall(Metric, key="recall"):
    """Of those that are, the fraction answered yes."""

    tasks = ("binary",)
    higher_is_better = True
    thresholds: Share | None = None


class MeanSquaredErrorMetric(Metric, key="mse"):
    """The mean of squared differences."""


class MeanAbsoluteErrorMetric(Metric, key="mae"):
    """The mean of absolute differences."""


class RootMeanSquaredError(Metric, key="root_mean_squared_error"):
    """The root of the mean of squared differences."""


class CategoricalCrossentropyMetric(Metric, key="categorical_crossentropy"):
    """The plain cross-entropy, whatever the loss smooths or adds."""

    tasks = ("classification",)


class SparseCategoricalCrossentropyMetric(Metric, key="sparse_categorical_crossentropy"):
    """The same, over labels as whole numbers."""

    tasks = ("classification",)


class BinaryCrossentropyMetric(Metric, key="binary_crossentropy"):
    """The plain binary cross-entropy, whatever the loss smooths or adds."""

    tasks = ("binary",)


# --- the learning rate, stopping, augmentation -----------------------------------------------------------------------


class LearningRateSchedule(Component, family="learning-rate schedule"):
    """How the learning rate changes from epoch to epoch."""


class StepDecay(LearningRateSchedule, key="step_decay"):
    """Multiply the learning rate by `factor` after every `every` epochs."""

    factor: OpenShare = 0.5
    every: Count = Field(10, description="epochs")


class ExponentialDecay(LearningRateSchedule, key="exponential_decay"):
    """Multiply the learning rate by `rate` after each epoch."""

    rate: OpenShare = 0.95


class CosineAnnealing(LearningRateSchedule, key="cosine_annealing"):
    """Half a cosine from the optimizer's rate down to min_lr, begun again `restarts` times (SGDR, arXiv 1608.03983)."""

    warmup_epochs: CountOrZero = Field(0, description="epochs of linear increase before it")
    restarts: CountOrZero = 0
    min_lr: NonNegative = 0.0


class ReduceLROnPlateau(LearningRateSchedule, key="reduce_lr_on_plateau"):
    """Multiply the learning rate by `factor` when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    factor: OpenShare = 0.1
    patience: Count = Field(description="epochs")
    mode: Literal["auto", "min", "max"] = "auto"
    min_delta: NonNegative = 1e-4
    cooldown: CountOrZero = Field(0, description="epochs")
    min_lr: NonNegative = 0.0


class EarlyStopping(Section):
    """Stop when `monitor` has not improved for `patience` epochs."""

    monitor: str = "val_loss"
    min_delta: NonNegative = 0.0
    patience: CountOrZero = Field(description="epochs")
    mode: Literal["auto", "min", "max"] = "auto"
    baseline: float | None = None
    restore_best_weights: bool = False
    start_from_epoch: CountOrZero = 0


class Elastic(Section):
    """A smooth random displacement of every pixel (Simard et al. 2003)."""

    alpha: Annotated[float, Field(ge=0, le=100)] = Field(8.0, description="strength, pixels")
    sigma: Annotated[float, Field(gt=0, le=28)] = Field(4.0, description="smoothness, pixels")


class Augmentation(Section):
    """Random distortions of the training images; each figure is the largest distortion, 0 is none."""

    rotation: Annotated[float, Field(ge=0, le=180)] = Field(0.0, description="degrees")
    translation: Annotated[float, Field(ge=0, le=14)] = Field(0.0, description="pixels")
    zoom: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="share: 0.1 is from 0.9 to 1.1 times")
    shear: Annotated[float, Field(ge=0, lt=1)] = Field(0.0, description="share")
    elastic: Elastic | None = None
    stroke: Annotated[float, Field(ge=0, le=5)] = Field(0.0, description="pixels thicker or thinner")


# --- the whole run ---------------------------------------------------------------------------------------------------


class Data(Section):
    """What is learnt from."""

    dataset: Annotated[str, Field(min_length=1)] = Field(
        "mnist", description="mnist, fashion_mnist, mnist_5k, or a path relative to this file"
    )
    positive: tuple[CountOrZero, ...] | None = Field(None, description="task binary: the labels that count as yes")


class Fit(Section):
    """How long, and in what portions."""

    epochs: Annotated[int, Field(ge=1, le=100_000)] = 10
    batch_size: Annotated[int, Field(ge=1, le=1_000_000)] = 128
    validation_split: Share = Field(0.2, description="the last share of the training images")
    stratify: bool = Field(False, description="draw the validation images by class instead")


class Runtime(Section):
    """What it is computed with; `auto` is replaced by what was chosen in a run's config."""

    device: Literal["auto", "cpu", "gpu"] = "auto"
    jit_compile: Literal["auto"] | bool = "auto"
    dtype_policy: Literal["float32", "mixed_float16", "mixed_bfloat16"] = "float32"
    threads: Literal["auto"] | Annotated[int, Field(ge=1, le=1024)] = "auto"


class Config(Section):
    """One run, whole."""

    seed: Annotated[int, Field(ge=0, lt=2**32)] = 42
    task: Task = "classification"
    data: Data = Data()
    model: Annotated[tuple[Layer, ...], Field(min_length=1, max_length=MAX_LAYERS)]
    optimizer: Optimizer
    loss: Loss
    metrics: tuple[Metric, ...] | None = Field(
        None, max_length=50, description="none given: accuracy, and mae for a regression"
    )
    fit: Fit = Fit()
    lr_schedule: LearningRateSchedule | None = None
    early_stopping: EarlyStopping | None = None
    augmentation: Augmentation | None = None
    runtime: Runtime = Runtime()


def usual_metrics(task: Task) -> tuple[Metric, ...]:
    """Return what is counted when a config names no metrics."""
    return (MeanAbsoluteErrorMetric(),) if task == "regression" else (Accuracy(),)
