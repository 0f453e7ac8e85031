"""Did sharing help? The comparison on rows that do not fit in memory: they are read twice."""

import numpy as np
from joblib import Parallel, delayed
from sklearn.utils import check_random_state

from skmtl._data.checks import check_bool, check_int, check_option, check_real
from skmtl.evaluation._baselines import all_models
from skmtl.evaluation._errors.measures import NEGLIGIBLE
from skmtl.evaluation._estimators import (
    are_classifiers,
    mixes_units,
    normalizes_targets,
    read_estimators,
    warn_about_convergence,
)
from skmtl.evaluation._findings import Findings
from skmtl.evaluation._gains.statistics import NO_ERROR
from skmtl.evaluation._reports.task_noun import name_of_column
from skmtl.evaluation._rivals import read_rivals
from skmtl.evaluation._streamed.batches import Batches, BatchReader
from skmtl.evaluation._streamed.moments import (
    deviations_of_targets,
    levels_and_units,
    targets_differ,
)
from skmtl.evaluation._streamed.repeated_folds import (
    RepeatedFolds,
    counts_of_parts,
    number_of_parts,
)
from skmtl.evaluation._streamed.second_reading import SecondReading
from skmtl.evaluation._streamed.split_models import (
    check_baselines,
    check_takes_statistics,
    fit_split,
)
from skmtl.evaluation._streamed.streamed_losses import StreamedLosses
from skmtl.evaluation._streamed.tested_rows import TestedRows
from skmtl.evaluation._task_notes import warn_about_spreads
from skmtl.evaluation._transfer_ranking import TransferRanking

_N_REPEATS = 5
_ERROR_NAME = "root_mean_squared_error"


def compare_batches(
    estimator,
    read_batches,
    *,
    task_column,
    target=None,
    baseline="auto",
    rivals="auto",
    normalize_y="auto",
    standardize=False,
    n_folds=4,
    confidence_level=0.95,
    memory_limit=None,
    n_jobs=None,
    verbose=0,
    random_state=None,
):
    """Compare multi-task regressors with tuned baselines on rows that do not fit in memory.

    The comparison is that of :func:`compare_to_single_task`, with the same gains, intervals and
    verdicts, of models with a squared loss. Such models see of the rows only their moments. Rows
    are read twice and never kept:

    1. The moments of every task are summed up in ``5 * n_folds`` parts of the rows. Parts are
       stratified by task, and do not depend on the size of the batches. Folds are drawn 5 times;
       each has 5 of the parts, and its training set has the sum of the moments of all others. All
       models are fitted to these, and choose their penalties by 5 inner folds of these parts.
    2. Every row is predicted by the models of those training sets that it is not in. What the
       verdicts need of the losses are sums and sums of products.

    Parameters
    ----------
    estimator : estimator or dict of them
        Multi-task regressor with a squared loss that has `fit_statistics`, not in a pipeline
        (`standardize` stands for a scaler). A dict {name: estimator} compares several.
    read_batches : callable
        It returns a new iterable of the batches, the same ones in the same order: frames of pandas
        with a column of task ids, or pairs (X, y). For example
        ``lambda: pandas.read_csv(path, chunksize=100_000)``, or a function with ``yield`` that
        leaves out columns and rows.
    task_column : str or int
        Column with the task ids, also of an estimator that has ``task_column=None``.
    target : str, default=None
        Where batches are frames, the column to predict, which no row may lack. All other columns
        are features.
    baseline : "auto" or estimator, default="auto"
        What each task is fitted with on its own (and all tasks pooled): `Ridge`, `RidgeCV`,
        `Lasso`, `LassoCV`, `ElasticNet` or `ElasticNetCV` of scikit-learn. Their penalties are
        chosen by the inner folds, also those of `RidgeCV`, which leaves out single rows otherwise.
        "auto" takes the single-task limit of the estimator, as :func:`compare_to_single_task`.
    rivals : "auto" or list, default="auto"
        What the estimator is compared with besides single tasks: a list of "intercept" and
        "pooled", as in :func:`compare_to_single_task`. "auto" is both.
    normalize_y : bool or "auto", default="auto"
        Whether "intercept" and "pooled" standardize the targets of each task first; "auto" does so
        if an estimator has ``normalize_y=True``.
    standardize : bool, default=False
        Whether features are standardized for all models, by their mean and standard deviation in
        the training set.
    n_folds : int, default=4
        Number of folds, which are drawn 5 times.
    confidence_level : float, default=0.95
        Level of the intervals.
    memory_limit : float, default=None
        Largest memory of the moments in bytes. None is half of that of the machine. Fits of a
        training set take as much again.
    n_jobs : int, default=None
        Number of training sets to fit in parallel.
    verbose : int, default=0
        Verbosity level of joblib.
    random_state : int, RandomState instance or None, default=None
        Seed of the folds and of the draws of gains.

    Returns
    -------
    TransferReport or TransferRanking
        The result of one estimator, or of a dict of them. There are no figures on the sizes of
        models, and no times of predictions.

    Raises
    ------
    TypeError
        If `read_batches` is no function, or an estimator or baseline cannot be fitted to moments,
        as classifiers, boosting, or other losses than the squared one.
    ValueError
        If the input is invalid, or the second reading has other rows than the first.
    MemoryError
        If the moments would be larger than `memory_limit`.

    Warns
    -----
    ConvergenceWarning
        If fits of the estimators did not converge.
    UserWarning
        If the targets of tasks must be in different units, and models do not standardize them.

    See Also
    --------
    compare_to_single_task : Of rows in memory: any estimator, error, groups and splits.
    TaskStatistics : The moments.

    Examples
    --------
    >>> from skmtl import MultiTaskLassoCV, compare_batches, make_multitask_regression
    >>> data = make_multitask_regression(
    ...     n_samples=100, n_features=5, n_tasks=3, own_inputs=True, random_state=0
    ... )
    >>> def read_batches():
    ...     for start in range(0, len(data.y), 64):
    ...         batch = slice(start, start + 64)
    ...         yield data.X[batch], data.y[batch]
    >>> model = MultiTaskLassoCV(alphas=20, task_column=-1)
    >>> report = compare_batches(model, read_batches, task_column=-1, random_state=0)
    >>> report.table_.shape
    (3,)
    """
    check_bool(standardize, "standardize")
    check_int(n_folds, "n_folds", low=2)
    check_real(confidence_level, "confidence_level", high=1.0, include="neither")
    rng = check_random_state(random_state)
    batches = Batches(read_batches, target, task_column)
    head = batches.first()
    estimators, task_column = _read_estimators(estimator, head, task_column)
    rivals = _read_rivals(rivals, estimators, head, task_column)
    normalize_y = _read_normalize_y(normalize_y, estimators)
    models, roles = all_models(estimators, baseline, rivals, normalize_y)
    check_baselines(models)

    n_parts = number_of_parts(n_folds)
    statistics = batches.statistics(task_column, n_parts, memory_limit)
    _warn_about_units(statistics, estimators, rivals, normalize_y)
    folds = RepeatedFolds.drawn(_N_REPEATS, n_folds, rng)
    counts = counts_of_parts(statistics, n_parts)
    _check_number_of_rows(counts, folds)
    fitted = Parallel(n_jobs=n_jobs, verbose=verbose)(
        delayed(fit_split)(models, statistics, parts, standardize)
        for parts in folds.training_parts()
    )
    found = _Comparison(models, fitted, statistics, counts, folds)
    found.test(batches, task_column)

    results = found.cv_results()
    quantities = found.quantities()
    is_automatic = isinstance(baseline, str)
    warn_about_convergence(quantities["n_unconverged"], estimators if is_automatic else models)
    findings = Findings(
        found.losses,
        results,
        quantities,
        found.notes(),
        confidence_level,
        rng.randint(np.iinfo(np.int32).max),
        _ERROR_NAME,
        name_of_column(head, task_column),
    )
    reports = {name: findings.report(methods) for name, methods in roles.items()}
    if not isinstance(estimator, dict):
        return reports["multi"]
    return TransferRanking(
        reports, results, found.losses, quantities, confidence_level, _ERROR_NAME
    )


class _Comparison:
    """Models of all splits, tested on the rows that they did not see.

    Parameters
    ----------
    models : dict of str to estimator
        The unfitted models.
    fitted : list of SplitModels
        The models of every split.
    statistics : TaskStatistics
        The moments of the rows in parts.
    counts : ndarray of int of shape (n_parts, n_tasks)
        The numbers of rows in parts.
    folds : RepeatedFolds
        The folds of the parts.
    """

    def __init__(self, models, fitted, statistics, counts, folds):
        self.methods = list(models)
        self.fitted = fitted
        self.statistics = statistics
        self.counts = counts
        self.folds = folds
        self.whole = statistics.total._moments
        deviations = deviations_of_targets(self.whole)
        # Errors of predictions that differ from the targets by rounding
        largest = np.abs(self.whole.mean_y) + deviations
        self.rounding = NO_ERROR * deviations + 64 * np.finfo(float).eps * largest
        self.floor = NEGLIGIBLE * deviations**2
        self.losses = None

    def test(self, batches, task_column):
        """Read the rows again and set `losses`."""
        reader = BatchReader.of(self.statistics, task_column)
        n_parts = len(self.counts)
        second = SecondReading(self.statistics, n_parts)
        tested = TestedRows(self.fitted, self.folds, self.rounding**2, second)
        for X, y, parts in batches.in_parts(task_column, n_parts):
            features, codes = reader.read(X)
            tested.add(features, y.astype(float), codes, parts)
        second.check()
        self.losses = StreamedLosses(self.methods, tested.sums, self.floor, self.rounding)

    @property
    def n_test(self):
        """Number of tested rows, (n_splits, n_tasks)."""
        return self.folds.tested(self.counts)

    @property
    def n_train(self):
        """Number of training rows, (n_splits, n_tasks)."""
        return self.counts.sum(axis=0) - self.n_test

    def cv_results(self):
        """`cv_results_` of all methods."""
        fit_time = np.array([one.fit_time for one in self.fitted])
        split_errors = [self.losses.split_errors(method) for method in self.methods]
        task_errors = [self.losses.task_errors(method) for method in self.methods]
        return {
            "errors": np.stack(split_errors, axis=-1),
            "task_errors": np.stack(task_errors, axis=-1),
            "methods": self.methods,
            "tasks": self.statistics.tasks_,
            "is_judged": ~self._are_constant(),
            "shares_rows": False,
            "rounding": self.rounding,
            "floor": self.floor,
            "n_train": self.n_train,
            "n_test": self.n_test,
            "fit_time": fit_time,
            "predict_time": np.full(fit_time.shape, np.nan),
        }

    def _are_constant(self):
        """Whether tasks have a constant target, (n_tasks,); a single number is none."""
        return ~targets_differ(self.whole) & (self.whole.counts > 1)

    def quantities(self):
        """Mean times of fits and numbers of ConvergenceWarnings: for each a dict by method."""
        fit_time = np.mean([one.fit_time for one in self.fitted], axis=0)
        n_unconverged = np.sum([one.n_unconverged for one in self.fitted], axis=0)
        return {
            "fit_time": dict(zip(self.methods, fit_time.tolist(), strict=True)),
            "n_unconverged": dict(zip(self.methods, n_unconverged.tolist(), strict=True)),
        }

    def notes(self):
        """Notes on each task: a list of short texts."""
        is_tested = self.n_test > 0
        n_test_sets = is_tested.sum(axis=0)
        is_untrained = is_tested & (self.n_train == 0)
        n_untrained = is_untrained.sum(axis=0)
        are_constant = self._are_constant()
        notes = [[] for _ in self.whole.counts]
        for t, own in enumerate(notes):
            if self.whole.counts[t] == 1:
                own.append("one sample")
            elif are_constant[t]:
                own.append("constant target")
            if n_untrained[t]:
                own.append(f"not in {n_untrained[t]} of {n_test_sets[t]} training sets")
        return notes


def _read_estimators(estimator, head, task_column):
    """The estimators by name, and the task column."""
    if task_column is None:
        raise ValueError(
            "task_column=None: name the column of the task ids, which every batch must have."
        )
    estimators, task_column = read_estimators(estimator, head, task_column)
    if are_classifiers(estimators):
        raise TypeError(
            "Classifiers need the rows, which are not kept: compare a sample of the rows with "
            "compare_to_single_task."
        )
    for name, one in estimators.items():
        check_takes_statistics(name, one)
    return estimators, task_column


def _check_number_of_rows(counts, folds):
    """Raise ValueError if a test set has no rows."""
    if (folds.tested(counts).sum(axis=1) == 0).any():
        raise ValueError(
            f"{counts.sum()} rows are too few for n_folds={folds.n_folds}: a fold has none. "
            "Compare so few rows in memory, with compare_to_single_task."
        )


def _read_rivals(rivals, estimators, head, task_column):
    """The :class:`Rivals`, which can be fitted to moments."""
    rivals = read_rivals(rivals, estimators, head, task_column)
    unable = [name for name in rivals.named if name == "boosting"] + list(rivals.own)
    if unable:
        raise TypeError(
            f"The rival {unable[0]!r} needs the rows, which are not kept: name 'intercept' and "
            "'pooled' only, or compare a sample of the rows with compare_to_single_task."
        )
    return rivals


def _read_normalize_y(normalize_y, estimators):
    """Whether the rivals standardize targets."""
    if isinstance(normalize_y, str):
        check_option(normalize_y, "normalize_y", ("auto",))
        return any(normalizes_targets(one, is_wide=False) for one in estimators.values())
    return check_bool(normalize_y, "normalize_y")


def _warn_about_units(statistics, estimators, rivals, normalize_y):
    """Warn if targets must be in different units, and models do not standardize them."""
    mixing = [name for name, one in estimators.items() if mixes_units(one, is_wide=False)]
    if not normalize_y:
        mixing += rivals.named
    if not mixing:
        return
    names = ", ".join(repr(name) for name in mixing)
    whole = statistics.total._moments
    _, units = levels_and_units(whole)
    warn_about_spreads(
        units,
        targets_differ(whole),
        statistics.tasks_,
        f"what tasks share in {names} serves the first only. If their units differ, set "
        "normalize_y=True (of the estimator; the baselines follow it, or the comparison)",
    )
