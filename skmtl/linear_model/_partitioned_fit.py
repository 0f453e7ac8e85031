"""`fit` of losses that are not squared on Dask collections, in rounds over their partitions."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from sklearn.base import is_classifier

from skmtl._dask.partitions import aligned_rows
from skmtl._dask.reduction import Partitions
from skmtl._data.target_scale import TargetScale
from skmtl._data.targets import check_has_targets, ids_name, warn_if_not_ids
from skmtl._data.task_ids import codes_of
from skmtl._data.weighted_tasks import WeightedTasks
from skmtl.datafits import (
    ColumnSetup,
    PartitionedLikelihood,
    PartitionRows,
    TaskRows,
    partitioned_classes,
    warn_of_pseudo_observations,
)
from skmtl.linear_model._partitioned_reading import read_partition, summarize


def fit_partitions(model, X, y, sample_weight=None, tasks=None):
    """Fit a linear regressor whose loss is not squared, or a classifier, to Dask collections.

    The partitions are read once and stay in the memory of the cluster; every look at all of them is
    a round, which the attribute `n_passes_` counts.

    Parameters
    ----------
    model : LinearMultiTaskRegressor or LinearMultiTaskClassifier
        The estimator.
    X, y, sample_weight, tasks
        As in its `fit`, as collections.

    Returns
    -------
    self : object
        The fitted estimator.
    """
    model._check_params()
    _check_supported(model)
    parts = Partitions(aligned_rows(X, y, sample_weight, tasks))
    return fit_parts(model, parts, wide=tasks is None and model.task_column is None)


def fit_parts(model, parts, *, wide):
    """Fit an estimator to the partitions of rows; `wide` if y is two-dimensional.

    Parameters
    ----------
    model : LinearMultiTaskRegressor or LinearMultiTaskClassifier
        The estimator.
    parts : Partitions
        Of Rows: what the user has.
    wide : bool
        Whether y is two-dimensional.

    Returns
    -------
    self : object
        The fitted estimator.
    """
    loss = model._make_loss()
    of_classes = is_classifier(model)
    read = parts.map(read_partition, model, loss)
    (summary,) = read.sum(summarize, wide, of_classes)
    _store_columns(model, summary)
    make = PartitionedClassReading if of_classes else PartitionedReading
    reading = make.of(model, summary, loss)
    warn_of_pseudo_observations(reading.degenerate_tasks, loss)
    likelihood = reading.likelihood(read, **model._fit_options())
    datafit = model._with_intercepts(likelihood, reading)
    solution = model._solve(datafit, reading)
    model._finish(reading, datafit, solution)
    model.n_passes_ = datafit.parts.n_rounds
    return model
