"""Which form of the squared loss suits the data."""

import numpy as np

from skmtl.datafits import _gram_budget
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._residual_form import ResidualForm
from skmtl.datafits._sufficient_statistics import statistics_reader


def prefers_gram(design, weight, *, uniform=True, path=True):
    """Whether the Gram form suits the size: the one place that chooses.

    It does when features are few, or hardly more than the rows of a task (of sparse X a twentieth
    of them) and a `path` of models is to share the Grams. They must fit in 256 MiB, one for each
    group of tasks that weigh the rows alike (of a `uniform` factor), else one for each task. One
    model of many features is left to working sets, whose Grams are smaller.
    """
    p, T = design.n_features, design.n_tasks
    if p > _gram_budget.FEW and (not path or p > _gram_budget.many_rows(design, weight)):
        return False
    n_grams = len(design.blocks(weight)) if uniform else T
    return n_grams * p**2 <= _gram_budget.GRAM_FLOATS


def squared_datafit(design, y, weight, *, scale=1.0, fit_intercept=True, path=True, form="auto"):
    """The squared loss in the form that suits its size.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
    y : ndarray
        Targets in the shape of the design's predictions; ignored where the weight is 0.
    weight : ndarray
        Weights that broadcast against y.
    scale : float or ndarray of shape (n_tasks,), default=1.0
        Factor of the weights of each task.
    fit_intercept : bool, default=True
        Profile out one intercept per task.
    path : bool, default=True
        Whether several models will be fitted to it.
    form : {"auto", "gram", "residual"}, default="auto"
        "auto" is the rule of :func:`prefers_gram`.
    """
    scale = np.broadcast_to(np.asarray(scale, dtype=float), (design.n_tasks,))
    uniform = bool((scale == scale[0]).all())
    if form == "auto":
        gram = prefers_gram(design, weight, uniform=uniform, path=path)
        form = "gram" if gram else "residual"
    if form == "gram":
        moments = statistics_reader(design, y, weight, centered=fit_intercept)()
        return GramForm.from_statistics(moments, scale, fit_intercept=fit_intercept)
    weight = weight * scale[0] if uniform else weight * design.spread(scale)
    return ResidualForm(design.as_float64(), y, weight, fit_intercept=fit_intercept)
