"""Scores of the classes of one task, encoded so that every metric reads them alike."""

from typing import NamedTuple

import numpy as np

from skmtl._data.task_ids import codes_of, encode, some_of


def known_classes(y_true):
    """Return the class labels of targets; of a single 0, 1 or -1, both labels of its pair."""
    labels = encode(y_true, "y_true")[0]
    if len(labels) == 1 and labels.dtype.kind in "biuf":
        if labels[0] in (0, 1):
            return np.array([0, 1])
        if labels[0] == -1:
            return np.array([-1, 1])
    return labels


class ClassScores(NamedTuple):
    """The true class and the scores of the classes of every sample.

    Attributes
    ----------
    codes : ndarray of int of shape (n_samples,)
        Position of the true class among the classes; -1 if the scores have no such class.
    values : ndarray of shape (n_samples,) or (n_samples, n_classes)
        Scores of the positive class of two, or of all classes.
    classes : ndarray of shape (n_classes,)
        Class labels, sorted.
    """

    codes: np.ndarray
    values: np.ndarray
    classes: np.ndarray

    @classmethod
    def read(cls, y_true, values, classes=None):
        """Read the scores of `classes`, which are those of the targets if None."""
        classes = known_classes(y_true) if classes is None else np.asarray(classes)
        n_scored = 2 if values.ndim == 1 else values.shape[1]
        if n_scored != len(classes):
            raise ValueError(
                f"There are scores of {n_scored} classes, but the class labels are "
                f"{some_of(classes)}: give those of the scores as classes=, such as the classes_ "
                "of the fitted model."
            )
        return cls(codes_of(y_true, classes, "y_true"), values, classes)

    @property
    def n_classes(self):
        return len(self.classes)

    @property
    def n_present(self):
        """Number of classes that are the true one of some sample."""
        return len(np.unique(self.codes))

    @property
    def has_unseen(self):
        """Whether a sample is of a class without scores."""
        return bool((self.codes < 0).any())

    def as_argument(self):
        """Scores as scikit-learn's metrics take them: of two classes, those of the positive one."""
        if self.values.ndim == 2 and self.n_classes == 2:
            return self.values[:, 1]
        return self.values

    def with_unseen(self, y_true):
        """Give classes without a probability that of 0; at least two classes."""
        values = self.values
        if values.ndim == 1:
            values = np.column_stack([1 - values, values])
        added = np.unique(y_true[self.codes < 0])
        classes = np.concatenate([self.classes, added])
        order = np.argsort(classes, kind="stable")
        zeros = np.zeros((len(values), max(len(added), 2 - self.n_classes)))
        values = np.column_stack([values, zeros])
        if len(classes) == 1:
            return ClassScores(self.codes, values, np.append(classes, classes))
        classes = classes[order]
        return ClassScores(codes_of(y_true, classes), values[:, order], classes)

    def with_positive(self, positive):
        """Make a class the positive one; all others are one class."""
        if positive not in self.classes.tolist():
            raise ValueError(f"pos_label={positive!r} is not one of {some_of(self.classes)}.")
        position = self.classes.tolist().index(positive)
        values = self.values
        if values.ndim == 2:
            values = values[:, position]
        elif position == 0:
            values = -values
        return ClassScores((self.codes == position).astype(np.intp), values, np.arange(2))

    def with_first_present(self):
        """Make the class of all samples the negative one of two, if they are of one class."""
        if self.n_classes > 2 or self.n_present > 1:
            return self
        codes = np.zeros_like(self.codes)
        values = self.as_argument()
        if self.codes[0] == 1:
            values = -values
        return ClassScores(codes, values, self.classes)
