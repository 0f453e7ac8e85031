"""What is said of training while it goes on: printed lines, and callbacks of scikit-learn.

scikit-learn has callbacks since version 1.9. With an older one, estimators have no `set_callbacks`.
"""

from dataclasses import dataclass

import numpy as np

try:
    from sklearn.callback import CallbackSupportMixin, with_callbacks
except ImportError:

    class CallbackSupportMixin:
        """Stands for the mixin of scikit-learn 1.9."""

    def with_callbacks(method):
        """Return the method."""
        return method


@dataclass(frozen=True)
class Progress:
    """What is told of every epoch.

    Attributes
    ----------
    every : int
        A line is printed after every so many epochs; none for 0.
    epochs : EpochCallbacks or None
        The callbacks of the estimator.
    """

    every: int = 0
    epochs: object = None

    def begin_epoch(self):
        """Tell that an epoch begins."""
        if self.epochs is not None:
            self.epochs.begin()

    def end_epoch(self, loss_curve, validation_curve, attributes):
        """Tell that an epoch has ended; return whether a callback wants to stop.

        `loss_curve` and `validation_curve` are lists of those of all epochs so far, and
        ``attributes()`` returns what the estimator would have if training ended now.
        """
        if self.every and len(loss_curve) % self.every == 0:
            _print_losses(loss_curve, validation_curve)
        if self.epochs is None:
            return False
        return self.epochs.end(attributes)


class EpochCallbacks:
    """Callbacks of the estimator, called at the beginning and the end of `fit` and every epoch.

    Parameters
    ----------
    estimator : estimator
        With `max_iter` epochs at most.
    X, y : array-like
        As in `fit`.
    metadata : dict
        Other arguments of `fit`; those that are None were not given.
    """

    def __init__(self, estimator, X, y, metadata):
        given = {name: value for name, value in metadata.items() if value is not None}
        self._data = {"estimator": estimator, "X": X, "y": y, "metadata": given}
        self._fit = estimator._init_callback_context(max_subtasks=estimator.max_iter)
        self._epoch = None
        self._fit.call_on_fit_task_begin(**self._data)

    def begin(self):
        """Call the callbacks before an epoch."""
        self._epoch = self._fit.subcontext(task_name="epoch")
        self._epoch.call_on_fit_task_begin(**self._data)

    def end(self, attributes):
        """Call the callbacks after an epoch; return whether one of them wants to stop."""
        return self._epoch.call_on_fit_task_end(**self._data, reconstruction_attributes=attributes)

    def end_fit(self):
        """Call the callbacks after the last epoch."""
        self._fit.call_on_fit_task_end(**self._data, reconstruction_attributes=dict)


def epoch_callbacks(estimator, X, y, **metadata):
    """Return the EpochCallbacks of an estimator, or None if it has none."""
    if not hasattr(estimator, "_init_callback_context"):  # before scikit-learn 1.9
        return None
    return EpochCallbacks(estimator, X, y, metadata)


def _print_losses(loss_curve, validation_curve):
    """Print the mean losses of an epoch."""
    text = f"Epoch {len(loss_curve)}: training loss {np.mean(loss_curve[-1]):.6f}"
    if validation_curve:
        text += f", validation loss {np.nanmean(validation_curve[-1]):.6f}"
    print(text)
