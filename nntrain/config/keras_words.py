"""What Keras scripts write that a config cannot set under another name, and what to do here."""

from __future__ import annotations

import re

_ADDED = "the input is added for you; leave it out"
_BEST = (
    "checkpoints and the trained network are always saved; "
    "`early_stopping: {patience: 5, restore_best_weights: true}` keeps the best epoch's network"
)
_CALLBACKS = "use the keys early_stopping, and lr_schedule with reduce_lr_on_plateau"
_CURVES = "every run has its curves in history.csv and training.png; leave it out"
_TOP_LEVEL = "write what it contains at the top level: optimizer, loss, metrics"
_LOADING = "loading images needs no workers; leave it out"
_WHOLE = "an epoch always uses all images once; leave it out"
_CHANNELS = "images have their channel last; leave it out"

# By the word, in lower case and without underscores.
_ADVICE = {
    "fromlogits": "the last layer always gives probabilities; leave it out",
    "inputshape": _ADDED,
    "inputdim": _ADDED,
    "batchinputshape": _ADDED,
    "dtype": "use runtime.dtype_policy",
    "name": "names are set for you; leave it out",
    "verbose": "use --quiet on the command line",
    "callbacks": _CALLBACKS,
    "callback": _CALLBACKS,
    "validationdata": "use fit.validation_split",
    "validationsteps": "all validation images are always used; leave it out",
    "validationbatchsize": "leave it out; the batch size makes no difference to a score",
    "shuffle": "training images are always shuffled",
    "decay": (
        "in old Keras it lowered the learning rate at every step; "
        "use lr_schedule, for example `lr_schedule: {exponential_decay: {rate: 0.95}}`"
    ),
    "modelcheckpoint": _BEST,
    "checkpoint": _BEST,
    "checkpoints": _BEST,
    "savebestonly": _BEST,
    "filepath": "a run's files are in its folder; set its name with --name and its place with --runs-dir",
    "imagedatagenerator": "use augmentation, for example `augmentation: {rotation: 10, translation: 2}`",
    "numclasses": "the number of classes is that of the data; leave it out",
    "nclasses": "the number of classes is that of the data; leave it out",
    "weights": "a network starts from its initial weights; to continue a run, use `nntrain resume`",
    "tensorboard": _CURVES,
    "csvlogger": _CURVES,
    "terminateonnan": "training always stops if the loss is no longer finite; leave it out",
    "learningratescheduler": "use lr_schedule, for example `lr_schedule: {step_decay: {factor: 0.5, every: 5}}`",
    "compile": _TOP_LEVEL,
    "stepsperepoch": _WHOLE,
    "samplesperepoch": _WHOLE,
    "initialepoch": "to continue a run, use `nntrain resume`",
    "classweight": "all classes have the same weight; leave it out",
    "sampleweight": "all images have the same weight; leave it out",
    "workers": _LOADING,
    "usemultiprocessing": _LOADING,
    "maxqueuesize": _LOADING,
    "dataformat": _CHANNELS,
    "dimordering": _CHANNELS,
    "runeagerly": "training always runs compiled; leave it out",
    "stepsperexecution": "it is chosen for you; leave it out",
    "trainable": "all layers are trained; leave it out",
    "returnsequences": "recurrent layers are not supported",
    "rotationrange": "use `augmentation: {rotation: ...}`, in degrees as well",
    "widthshiftrange": "use `augmentation: {translation: ...}`, in pixels: a tenth of the width is 2.8",
    "heightshiftrange": "use `augmentation: {translation: ...}`, in pixels: a tenth of the height is 2.8",
    "zoomrange": "use `augmentation: {zoom: ...}`",
    "shearrange": "use `augmentation: {shear: ...}`, a fraction of the height: 10 degrees are 0.18",
    "horizontalflip": "digits are not flipped; leave it out",
    "verticalflip": "digits are not flipped; leave it out",
    "rescale": "pixels are scaled for you; leave it out",
}


_RECURRENT = "recurrent layers are not supported"
_NO_CODE = "a config holds no code; activations and layers are chosen by their names"
# Layers of Keras that are no layers here, by the same form of their name.
_LAYER_ADVICE = {
    "randomrotation": "use `augmentation: {rotation: ...}`, in degrees: 0.1 of a turn is 36",
    "randomtranslation": "use `augmentation: {translation: ...}`, in pixels: 0.1 of the width is 2.8",
    "randomzoom": "use `augmentation: {zoom: ...}`",
    "randomshear": "use `augmentation: {shear: ...}`",
    "randomflip": "digits are not flipped; leave it out",
    "resizing": "images are 28x28; leave it out",
    "lambda": _NO_CODE,
    "lstm": _RECURRENT,
    "gru": _RECURRENT,
    "simplernn": _RECURRENT,
}


def keras_layer_advice(word: str) -> str | None:
    """Return what to do instead of a layer of Keras that is none here, in any spelling, or None."""
    return _LAYER_ADVICE.get(_letters(word))


def _letters(word: str) -> str:
    return re.sub(r"[^a-z0-9]", "", word.lower())


def keras_advice(word: str) -> str | None:
    """Return what to do instead of a setting of Keras, in any spelling, or None if the word is none of these."""
    return _ADVICE.get(_letters(word))


KERAS_WORDS = tuple(_ADVICE)
