"""The area above the ROC curve, and what each target adds to it."""

import numpy as np

from skmtl.evaluation._errors.measures import (
    NEGLIGIBLE,
    Measure,
    ProbabilityTargets,
    encode_classes,
)
from skmtl.evaluation._gains.statistics import NO_ERROR

_ERROR_OF_CONSTANT = 0.5  # a constant orders no pair


class RankLoss(Measure):
    """One minus the area under the ROC curve, for tasks of two classes.

    It is the share of pairs of a positive and a negative target that are in the wrong order; ties
    count half.

    References
    ----------
    DeLong, DeLong, Clarke-Pearson (1988), "Comparing the areas under two or more correlated
    receiver operating characteristic curves", Biometrics 44.
    """

    name = "1 - AUC"
    response_method = ("predict_proba",)

    def read(self, y, task_codes):
        """The :class:`Targets` of the user's y; the larger class of a task is the positive one."""
        classes, class_codes = encode_classes(y, task_codes)
        positive_code = np.zeros_like(class_codes)
        for t in range(task_codes.max() + 1):
            own = np.unique(class_codes[task_codes == t])
            if len(own) == 0:
                continue
            if len(own) > 2:
                raise ValueError(
                    f"scoring='roc_auc' needs tasks of two classes, got {classes[own].tolist()}; "
                    "use scoring='neg_log_loss'."
                )
            positive_code[task_codes == t] = own[-1]
        truth = (class_codes == positive_code).astype(float)
        return ProbabilityTargets(truth, class_codes, classes, positive_code)

    def rounding(self, targets, task_codes, n_tasks):
        """As :meth:`MeanLoss.rounding`; an area has no unit."""
        return np.full(n_tasks, NO_ERROR)

    def floor(self, targets, task_codes, n_tasks):
        """As :meth:`MeanLoss.floor`."""
        return np.full(n_tasks, NEGLIGIBLE * _ERROR_OF_CONSTANT)

    def losses(self, truth, predictions, groups, n_groups):
        """The loss of each target: the error of its group, and by how much the target moves it.

        The target moves the error by the share of targets of the other class that it is in the
        wrong order with, less the mean of that over its class. The variance of a mean of these
        losses is that of DeLong et al. for the area.

        Losses are NaN in groups of one class, or with a NaN among the predictions.
        """
        is_positive = truth > 0
        sizes = np.bincount(groups, minlength=n_groups)[groups]
        n_positive = np.bincount(groups, is_positive, minlength=n_groups)[groups]
        n_own = np.where(is_positive, n_positive, sizes - n_positive)
        n_other = sizes - n_own
        has_nan = np.bincount(groups, np.isnan(predictions), minlength=n_groups) > 0
        is_defined = (n_other > 0) & ~has_nan[groups]

        n_misordered = _count_misordered(is_positive, predictions, groups, n_groups)
        share = np.full(len(truth), np.nan)
        np.divide(n_misordered, n_other, out=share, where=is_defined)
        of_positives = np.where(is_positive, share, 0.0)
        sums = np.bincount(groups, of_positives, minlength=n_groups)
        errors = sums[groups] / np.maximum(n_positive, 1)

        # Variances within a class divide by its size less one.
        n_free = np.maximum(n_own - 1, 1)
        correction = n_own / n_free * (sizes - 1) / sizes
        weights = np.sqrt(correction) * sizes / n_own
        return errors + weights * (share - errors)


def _count_misordered(is_positive, predictions, groups, n_groups):
    """Number of targets of the other class in the group that each is in the wrong order with."""
    order = np.lexsort((predictions, groups))
    positive = is_positive[order].astype(float)
    groups = groups[order]
    predictions = predictions[order]
    is_new = np.ones(len(order), dtype=bool)
    is_new[1:] = np.diff(predictions) != 0
    is_new[1:] |= np.diff(groups) != 0
    ties = np.cumsum(is_new) - 1

    n_positive_below = _count_below(positive, ties, groups, n_groups)
    n_negative_below = _count_below(1 - positive, ties, groups, n_groups)
    n_negative = np.bincount(groups, 1 - positive, minlength=n_groups)
    n_negative_above = n_negative[groups] - n_negative_below
    n_misordered = np.empty(len(order))
    n_misordered[order] = np.where(positive > 0, n_negative_above, n_positive_below)
    return n_misordered


def _count_below(is_counted, ties, groups, n_groups):
    """Number of the counted targets below each in its group, those that are tied by half."""
    tied = np.bincount(ties, is_counted)
    n_below = np.cumsum(tied) - 0.5 * tied
    in_groups = np.bincount(groups, is_counted, minlength=n_groups)
    n_in_groups_before = np.cumsum(in_groups) - in_groups
    return n_below[ties] - n_in_groups_before[groups]
