"""The error measures of an evaluation: from predictions to a loss of each target.

All tested targets are in one long array, with the group of each: its task in a split. The error of
a group is the mean of its losses, or a root of it. How much the losses vary tells how sure an error
is, so measures that are no means, such as an area under a curve, have losses of targets, too: by
how much a target moves the error of its group.
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import kl_div

from skmtl._data.spellings import encode_labels, target_array
from skmtl._data.targets import as_targets
from skmtl._data.task_ids import codes_of
from skmtl.evaluation._gains.statistics import NO_ERROR, group_means, rounding_of

# A mean loss up to this share of that of the best constant counts as nothing. For squared errors,
# this is a root error of a tenth of the standard deviation of the targets.
NEGLIGIBLE = 0.01


@dataclass(frozen=True)
class Targets:
    """What predictions are compared with. The arrays have the shape of y.

    Attributes
    ----------
    truth : ndarray of float
        The targets as the measure takes them.
    values : ndarray
        The targets of a regressor, or the class codes of a classifier.
    classes : ndarray or None
        Class labels of all tasks, in the order of their codes; None for regressors.
    """

    truth: np.ndarray
    values: np.ndarray
    classes: np.ndarray | None = None

    def of_tasks(self, columns):
        """The targets in one or several columns of wide data."""
        return replace(self, truth=self.truth[:, columns], values=self.values[:, columns])

    def perfect(self, samples):
        """Predictions of a model that knows the targets."""
        return self.truth[samples]

    def predictions(self, model, X, samples, predict_kwargs):
        """Predictions of a fitted model for test samples, in the shape of their targets."""
        return model.predict(X, **predict_kwargs)


@dataclass(frozen=True)
class ProbabilityTargets(Targets):
    """Targets that are compared with the probability of one class.

    Attributes
    ----------
    class_code : ndarray
        Code of this class for every target.
    """

    class_code: np.ndarray | None = None

    def of_tasks(self, columns):
        """The targets in one or several columns of wide data."""
        return replace(super().of_tasks(columns), class_code=self.class_code[:, columns])

    def predictions(self, model, X, samples, predict_kwargs):
        """The probabilities that a fitted model gives to the classes, in the shape of targets."""
        probabilities = model.predict_proba(X, **predict_kwargs)
        class_code = self.class_code[samples]
        if class_code.ndim == 1:
            return self._probability(probabilities, model.classes_, class_code)
        columns = []
        for task in zip(probabilities, model.classes_, class_code.T, strict=True):
            columns.append(self._probability(*task))
        return np.column_stack(columns)

    def _probability(self, probabilities, known_classes, class_code):
        """Probability of the class of each sample; 0 for a class that the model never saw."""
        column_of_code = codes_of(self.classes, np.asarray(known_classes))
        columns = column_of_code[class_code]
        samples = np.arange(len(class_code))
        return np.where(columns >= 0, probabilities[samples, columns], 0.0)


class Measure:
    """An error of groups of targets, of which every target has a loss.

    The mean loss of a group, to the `power`, is its error. Subclasses have a `name`, `read` the
    targets, and know the losses, by what errors a task differs by rounding, and what counts as
    nothing.
    """

    power = 1.0
    response_method = ("predict",)

    def read(self, y, task_codes):
        """The :class:`Targets` of the user's y."""
        y = read_numbers(y)
        return Targets(y, y)

    def rounding(self, targets, task_codes, n_tasks):
        """Errors up to these are rounding of the predictions, (n_tasks,)."""
        return error_of_rounding(self, targets, task_codes, n_tasks)

    def errors(self, truth, predictions, groups, n_groups):
        """The error of each group, (n_groups,); NaN where it is undefined, or the group empty."""
        losses = self.losses(truth, predictions, groups, n_groups)
        return group_means(losses, groups, n_groups) ** self.power


class MeanLoss(Measure):
    """The mean of a loss over targets, or its square root.

    Parameters
    ----------
    name : str
        Name of the error in reports.
    loss : callable
        ``loss(truth, predictions)`` returns the loss of each target.
    root : bool, default=False
        Whether to take the square root of the mean.
    constant : callable, default=np.mean
        ``constant(truth)`` returns the best constant prediction of the targets of one task.
    negligible : float, default=NEGLIGIBLE
        Losses up to this share of that of the best constant count as nothing.
    """

    def __init__(self, name, loss, root=False, constant=np.mean, negligible=NEGLIGIBLE):
        self.name = name
        self.loss = loss
        self.root = root
        self.power = 0.5 if root else 1.0
        self.constant = constant
        self.negligible = negligible

    def floor(self, targets, task_codes, n_tasks):
        """Mean losses up to these count as nothing, (n_tasks,)."""
        known = task_codes >= 0
        codes = task_codes[known]
        truth = targets.truth[known]
        predictions = self._constants(targets.values[known], truth, codes, n_tasks)
        losses = self.loss(truth, predictions)
        return self.negligible * np.nan_to_num(group_means(losses, codes, n_tasks))

    def _constants(self, values, truth, codes, n_tasks):
        """The best constant prediction of each target's task, (n_targets,)."""
        return constants_of_groups(self.constant, truth, codes, n_tasks)

    def losses(self, truth, predictions, groups, n_groups):
        """The loss of each target, (n_targets,); NaN where the prediction is."""
        return self.loss(truth, predictions)


class LogLoss(MeanLoss):
    """Minus the mean log probability of the true class."""

    response_method = ("predict_proba",)

    def __init__(self):
        super().__init__("log_loss", _negative_log)

    def rounding(self, targets, task_codes, n_tasks):
        """As :meth:`MeanLoss.rounding`; probabilities have no unit."""
        return np.full(n_tasks, NO_ERROR)

    def _constants(self, values, truth, codes, n_tasks):
        """The share of each target's class among the targets of its task, (n_targets,)."""
        n_classes = values.max(initial=0) + 1
        cells = codes * n_classes + values
        counts = np.bincount(codes, minlength=n_tasks)
        return np.bincount(cells)[cells] / counts[codes]

    def read(self, y, task_codes):
        classes, class_codes = encode_classes(y, task_codes)
        truth = np.zeros(task_codes.shape)  # not used: the loss sees probabilities only
        return ProbabilityTargets(truth, class_codes, classes, class_codes)


def members_of_groups(groups, n_groups):
    """The positions of the members of each group: a list of ndarray."""
    order = np.argsort(groups, kind="stable")
    counts = np.bincount(groups, minlength=n_groups)
    ends = np.cumsum(counts)
    return np.split(order, ends[:-1])


def constants_of_groups(constant, truth, groups, n_groups):
    """A constant of each target's group, (n_targets,): ``constant(truth)`` of the group."""
    constants = np.zeros(len(truth))
    for own in members_of_groups(groups, n_groups):
        if len(own):
            constants[own] = constant(truth[own])
    return constants


def squared_error(truth, predictions):
    with np.errstate(over="ignore"):  # of a model that diverged: its error is infinite
        return (truth - predictions) ** 2


def absolute_error(truth, predictions):
    return np.abs(truth - predictions)


def poisson_deviance(truth, predictions):
    """The deviance of counts; a mean of 0 counts as tiny, so that no deviance is infinite."""
    if (truth < 0).any():
        raise ValueError(
            f"y must be counts for the Poisson deviance, got {truth.min():.4g}: use another score, "
            "such as scoring='neg_mean_absolute_error'."
        )
    if (predictions < 0).any():
        raise ValueError(
            f"Counts are predicted to be {predictions.min():.4g}, where the Poisson deviance is "
            "not defined: compare models of counts, such as loss='poisson'."
        )
    smallest = np.finfo(float).eps
    return 2 * kl_div(truth, np.maximum(predictions, smallest))


def gamma_deviance(truth, predictions):
    """The deviance of positive targets whose standard deviation is proportional to the mean."""
    for name, values in (("y", truth), ("The predictions", predictions)):
        if (values <= 0).any():
            raise ValueError(
                f"{name} must be positive for the gamma deviance, got {values.min():.4g}: use "
                "another score, such as scoring='neg_mean_absolute_error'."
            )
    ratio = truth / predictions
    return 2 * (ratio - 1 - np.log(ratio))


def losses_of_metric(truth, predictions, metric, **options):
    """The loss of each target that a metric of scikit-learn is the mean of.

    The metric takes several outputs, of which every target becomes one.
    """
    losses = np.full(len(truth), np.nan)
    known = np.flatnonzero(~np.isnan(predictions))
    if len(known):
        rows = (truth[known][None], predictions[known][None])
        losses[known] = metric(*rows, multioutput="raw_values", **options)
    return losses


def error_of_rounding(measure, targets, task_codes, n_tasks):
    """Errors of predictions that differ from the targets by rounding, (n_tasks,)."""
    known = task_codes >= 0
    truth = targets.truth[known]
    codes = task_codes[known]
    offsets = rounding_of(truth, codes, n_tasks)[codes]
    errors = measure.errors(truth, truth + offsets, codes, n_tasks)
    return np.nan_to_num(errors)


def _negative_log(truth, probabilities):
    """Minus the log probability of the true class, bounded as in scikit-learn."""
    smallest = np.finfo(float).eps
    return -np.log(np.clip(probabilities, smallest, 1.0))


def read_numbers(y):
    """The targets of a regressor, NaN where they are missing."""
    return as_targets(target_array(y, labels=False), np.float64)


def encode_classes(y, task_codes):
    """Class labels of all tasks, and the class code of each target (0 where it is missing)."""
    known = task_codes >= 0
    labels = target_array(y)
    classes, codes = encode_labels(labels[known])
    class_codes = np.zeros(task_codes.shape, dtype=np.intp)
    class_codes[known] = codes
    return classes, class_codes
