"""Which form of the squared loss suits the data."""

import numpy as np
from scipy import sparse

from skmtl._data.designs import SharedDesign
from skmtl.datafits import _gram_budget
from skmtl.datafits._gram_form import GramForm
from skmtl.datafits._residual_form import ResidualForm
from skmtl.datafits._statistics_readers import statistics_reader


def prefers_gram(design, weight, *, uniform=True, path=True):
    """Whether the Gram form suits the size: the one place that chooses.

    It does when features are few, or hardly more than the samples of a task (of sparse X a
    twentieth of them) and the Grams serve a path. They must fit in 256 MiB. One model of many
    features is left to working sets, whose Grams are smaller.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
        The samples.
    weight : ndarray
        Weights that broadcast against the predictions.
    uniform : bool, default=True
        Whether the factor of the weights is the same for all tasks. Tasks that weigh the samples
        alike then share a Gram; else every task has one of its own.
    path : bool, default=True
        Whether several models will be fitted to it.

    Returns
    -------
    bool
    """
    n_features = design.n_features
    largest = _gram_budget.many_features(design, weight) if path else 0
    if n_features > max(largest, _gram_budget.FEW):
        return False
    most = _gram_budget.GRAM_FLOATS // n_features**2
    if design.n_tasks <= most or not uniform:
        return design.n_tasks <= most
    return len(design.blocks(weight)) <= most


def have_alike_grams(design):
    """Whether one Gram of the samples stands well enough for those of all tasks.

    It does in a preconditioner, where all tasks have the same dense samples: they differ in their
    weights only. Of sparse samples a Gram costs more than many products.
    """
    shared = isinstance(design, SharedDesign) and not sparse.issparse(design.X)
    return shared and design.n_tasks > 2


def squared_datafit(
    design,
    y,
    weight,
    *,
    scale=1.0,
    fit_intercept=True,
    path=True,
    form="auto",
):
    """The squared loss in the form that suits its size.

    Parameters
    ----------
    design : SharedDesign or StackedDesign
        The samples.
    y : ndarray
        Targets in the shape of the design's predictions; ignored where the weight is 0.
    weight : ndarray
        Weights that broadcast against y.
    scale : float or ndarray of shape (n_tasks,), default=1.0
        Factor of the weights of each task.
    fit_intercept : bool, default=True
        Whether to profile out one intercept per task.
    path : bool, default=True
        Whether several models will be fitted to it.
    form : {"auto", "gram", "residual"}, default="auto"
        "auto" is the rule of :func:`prefers_gram`.

    Returns
    -------
    GramForm or ResidualForm
    """
    scale = np.asarray(scale, dtype=float)
    scale = np.broadcast_to(scale, (design.n_tasks,))
    first = scale[0]
    uniform = bool((scale == first).all())
    if form == "auto":
        gram = prefers_gram(design, weight, uniform=uniform, path=path)
        form = "gram" if gram else "residual"
    if form == "gram":
        read = statistics_reader(design, y, weight, centered=fit_intercept)
        statistics = read()
        return GramForm.from_statistics(statistics, scale, fit_intercept=fit_intercept)
    factor = first if uniform else design.spread(scale)
    design = design.as_float64()
    return ResidualForm(design, y, weight * factor, fit_intercept=fit_intercept)
