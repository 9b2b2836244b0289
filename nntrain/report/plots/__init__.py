"""The plots of a run: its training curves, its confusion matrix, its worst mistakes."""

from nntrain.report.plots.confusion_matrix import draw_confusion
from nntrain.report.plots.fonts import letters_without_font
from nntrain.report.plots.training_curves import draw_training
from nntrain.report.plots.worst_mistakes import draw_worst

__all__ = ["draw_confusion", "draw_training", "draw_worst", "letters_without_font"]
