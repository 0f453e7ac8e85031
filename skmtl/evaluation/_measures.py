"""The errors of a comparison: from predictions to one figure for each split and task.

All labels that are tested stand in one long array; `index` is the number of the group, a task in a
split, of each. Errors are wanted for weighted labels, too: the bootstrap counts rows several times.
"""

from typing import NamedTuple

import numpy as np
from sklearn.utils import check_array

from skmtl._data.checks import check_option
from skmtl._data.task_ids import as_id_array, codes_of, encode


class Targets(NamedTuple):
    """What predictions are held against, arrays in y's shape."""

    truth: np.ndarray  # of float
    labels: np.ndarray  # numbers, or those of classes
    wanted: np.ndarray | None = None  # number of the class whose probability is asked for
    classes: np.ndarray | None = None  # labels of all tasks

    def predictions(self, model, X, rows, told):
        """Of a fitted model for the test rows X: one number a label, in the shape of their y."""
        if self.wanted is None:
            return model.predict(X, **told)
        p, wanted = model.predict_proba(X, **told), self.wanted[rows]
        if wanted.ndim == 1:
            return self._pick(p, model.classes_, wanted)
        columns = zip(p, model.classes_, wanted.T, strict=True)
        return np.column_stack([self._pick(*column) for column in columns])

    def _pick(self, probabilities, known, wanted):
        """Probability of each row's class; 0 for a class that the model never saw."""
        position = codes_of(self.classes, np.asarray(known))[wanted]
        chosen = probabilities[np.arange(len(wanted)), position]
        return np.where(position >= 0, chosen, 0.0)


class MeanLoss:
    """The mean over labels of a loss, or its root."""

    def __init__(self, name, loss, root=False):
        self.name, self.loss, self.root = name, loss, root

    def read(self, y, codes):
        """The :class:`Targets` of the user's y."""
        y = check_array(
            y, dtype=np.float64, ensure_2d=False, ensure_all_finite=False, input_name="y"
        )
        return Targets(y, y)

    def grouped(self, truth, z, index, size):
        """Function from the labels' weights to errors (size,), NaN where nothing is tested."""
        losses = self.loss(truth, z)

        def errors(weights=None):
            counts = np.bincount(index, weights, minlength=size)
            weighted = losses if weights is None else weights * losses
            sums = np.bincount(index, weighted, minlength=size)
            means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
            return np.sqrt(means) if self.root else means

        return errors


class LogLoss(MeanLoss):
    """Minus the mean logarithm of the probability of the true class."""

    def __init__(self):
        super().__init__("log_loss", _surprise)

    def read(self, y, codes):
        classes, numbers = _class_numbers(y, codes)
        return Targets(np.zeros(codes.shape), numbers, numbers, classes)


class RankLoss:
    """One minus the area under the ROC curve, of tasks with two classes."""

    name = "1 - AUC"

    def read(self, y, codes):
        """The :class:`Targets` of the user's y; a task's larger class is the positive one."""
        classes, numbers = _class_numbers(y, codes)
        larger = np.zeros_like(numbers)
        for t in range(codes.max() + 1):
            own = np.unique(numbers[codes == t])
            if len(own) == 0:
                continue
            if len(own) > 2:
                raise ValueError(
                    f"scoring='roc_auc' needs tasks of two classes, got {classes[own].tolist()}; "
                    "use scoring='neg_log_loss'."
                )
            larger[codes == t] = own[-1]
        return Targets((numbers == larger).astype(float), numbers, larger, classes)

    def grouped(self, truth, z, index, size):
        """As :meth:`MeanLoss.grouped`; NaN where one class only is tested."""
        order = np.lexsort((z, index))
        positive, group, z = truth[order] > 0, index[order], z[order]
        starts = np.concatenate([[True], (np.diff(z) != 0) | (np.diff(group) != 0)])
        ties = np.cumsum(starts) - 1

        def errors(weights=None):
            w = np.ones(len(order)) if weights is None else weights[order]
            ups, downs = np.where(positive, w, 0.0), np.where(positive, 0.0, w)
            at = np.bincount(ties, downs)
            below = (np.cumsum(at) - 0.5 * at)[ties]  # half of those with the same score
            n_up, n_down = (np.bincount(group, side, minlength=size) for side in (ups, downs))
            before = np.cumsum(n_down) - n_down  # negatives of other groups
            ordered = np.bincount(group, ups * below, minlength=size) - n_up * before
            pairs = n_up * n_down
            area = np.divide(ordered, pairs, out=np.full(size, np.nan), where=pairs > 0)
            return 1.0 - area

        return errors


def _surprise(truth, p):
    """Log-loss of the probability of the true class, bounded as scikit-learn's."""
    return -np.log(np.clip(p, np.finfo(float).eps, 1.0))


def _class_numbers(y, codes):
    """Classes of all tasks, and the number of each label among them, 0 where there is none."""
    labeled = codes >= 0
    classes, inverse = encode(as_id_array(y)[labeled], "y")
    numbers = np.zeros(codes.shape, dtype=np.intp)
    numbers[labeled] = inverse
    return classes, numbers


REGRESSION = {
    "neg_root_mean_squared_error": MeanLoss(
        "root_mean_squared_error", lambda y, z: (y - z) ** 2, root=True
    ),
    "neg_mean_squared_error": MeanLoss("mean_squared_error", lambda y, z: (y - z) ** 2),
    "neg_mean_absolute_error": MeanLoss("mean_absolute_error", lambda y, z: np.abs(y - z)),
}


CLASSIFICATION = {"neg_log_loss": LogLoss(), "roc_auc": RankLoss()}


def find_measure(scoring, classifies):
    """The measure of a name; None is the first of its kind."""
    known = CLASSIFICATION if classifies else REGRESSION
    check_option(scoring, "scoring", (None, *known))
    return known[scoring or next(iter(known))]
