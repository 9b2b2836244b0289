"""Images and labels as NumPy arrays: the data sets known by name, and those at a path."""

from nntrain.data.dataset import Dataset
from nntrain.data.sources import DATASETS, count_classes, fetch_dataset, find_dataset, load_dataset
from nntrain.data.splitting import validation_split

__all__ = [
    "DATASETS",
    "Dataset",
    "count_classes",
    "fetch_dataset",
    "find_dataset",
    "load_dataset",
    "validation_split",
]
