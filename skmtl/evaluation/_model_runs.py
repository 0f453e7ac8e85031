"""Every model of a comparison fitted and applied: on all splits, and on all samples."""

import warnings
from time import perf_counter
from typing import NamedTuple

import numpy as np
from joblib import delayed
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import _safe_indexing

from skmtl.evaluation._estimators import fit_and_count
from skmtl.evaluation._model_size import model_size
from skmtl.evaluation._wide_fits import predict_every_task, tasks_of_samples, training_data

_N_PROBES = 10  # of degrees of freedom


class ModelRun(NamedTuple):
    """What one model did on one split; times are in seconds."""

    predictions: np.ndarray
    fit_time: float
    predict_time: float
    n_unconverged: int  # number of ConvergenceWarnings


def run_models(models, data, splits, parallel):
    """Fit every model to every training set and predict the test set.

    Returns
    -------
    dict of list of ModelRun
        For each model its runs on all splits.
    """
    runs = parallel(
        delayed(_fit_and_predict)(model, data, train, test)
        for train, test in splits
        for model in models.values()
    )
    return {name: runs[m :: len(models)] for m, name in enumerate(models)}


def _fit_and_predict(model, data, train, test):
    """The :class:`ModelRun` of a model on one split."""
    start = perf_counter()
    trained = tasks_of_samples(data, train) if data.is_wide else None
    X, y = training_data(data, train, trained)
    model = clone(model)
    n_unconverged = fit_and_count(model, X, y, data.fit_kwargs(train))
    fitted = perf_counter()
    if data.is_wide:
        predictions = predict_every_task(data, model, trained, test)
    else:
        X = _safe_indexing(data.X, test)
        predictions = data.targets.predictions(model, X, test, data.fit_kwargs(test))
    predicted = perf_counter()
    return ModelRun(predictions, fitted - start, predicted - fitted, n_unconverged)


def model_sizes(models, data, seed, parallel):
    """Sizes of the models of all samples: a dict {method: value} for each part of ModelSize.

    It has the numbers of their ConvergenceWarnings, too, as "n_unconverged".
    """
    found = parallel(delayed(_size)(model, data, seed) for model in models.values())
    sizes, counts = zip(*found, strict=True)
    by_method = dict(zip(models, sizes, strict=True))
    quantities = {
        name: {method: getattr(size, name) for method, size in by_method.items()}
        for name in sizes[0]._fields
    }
    quantities["n_unconverged"] = dict(zip(models, counts, strict=True))
    return quantities


def _size(model, data, seed):
    """The :class:`ModelSize` of a model of all samples, and its number of ConvergenceWarnings."""
    fit_kwargs = data.fit_kwargs()
    model = clone(model)
    n_unconverged = fit_and_count(model, data.X, data.y, fit_kwargs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # of fits to shifted targets
        size = model_size(
            model,
            data.X,
            data.y,
            n_probes=_N_PROBES,
            random_state=seed,
            **fit_kwargs,
        )
    return size, n_unconverged
