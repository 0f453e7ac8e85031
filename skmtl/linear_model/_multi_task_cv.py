"""Cross-validation of any linear estimator over a grid of its parameters."""

from numbers import Integral, Real

import numpy as np
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, MetaEstimatorMixin, clone
from sklearn.model_selection import ParameterGrid
from sklearn.utils import get_tags

from skmtl._data.checks import check_alphas, check_int, check_real
from skmtl._docs import documented
from skmtl.base import MultiTaskEstimator, namesake
from skmtl.linear_model._alpha_max import strengths
from skmtl.linear_model._cross_validation import BestEstimatorMixin
from skmtl.linear_model._penalized_model import PathSolver, model_path
from skmtl.linear_model._search_of_statistics import SearchOfStatistics
from skmtl.model_selection.path_search import PathSearch


@documented
class MultiTaskCV(
    SearchOfStatistics,
    BestEstimatorMixin,
    PathSearch,
    MultiTaskEstimator,
    MetaEstimatorMixin,
    BaseEstimator,
):
    """Any linear estimator of skmtl with its parameters chosen by cross-validation.

    It does what :class:`~sklearn.model_selection.GridSearchCV` does, in one pass over the samples
    if they are more than the features: paths over alpha are warm-started, folds come from second
    moments, and errors are averages over tasks.

    Parameters
    ----------
    estimator : estimator
        A linear regressor or classifier of skmtl, not a cross-validated one.
    param_grid : dict, default=None
        Values to try by parameter name. ``"alpha"`` may be an int, the number of alphas of an
        automatic grid, as in the cross-validated estimators. None is ``{"alpha": 50}``.
    eps : float, default=1e-3
        Smallest alpha of an automatic grid relative to the largest, in (0, 1], for models that a
        large alpha empties.
    {fold_parameters}

    Attributes
    ----------
    best_params_ : dict
        Chosen parameters.
    best_score_ : float
        Minus the mean error of `best_params_`.
    best_estimator_ : estimator
        The estimator with `best_params_`, fitted to all samples. Its fitted attributes are also
        those of the search.
    cv_results_ : dict of ndarrays
        As that of :class:`~sklearn.model_selection.GridSearchCV`: "params", "param_<name>",
        "split<k>_test_score", "mean_test_score", "std_test_score" and "rank_test_score". Scores are
        minus mean losses, averaged over tasks: squared errors, log-losses of classifiers, or the
        loss of the estimator.
    {path_attributes}
    classes_ : ndarray or list of ndarray
        Class labels, for a classifier.
    {linear_attributes}

    Raises
    ------
    TypeError
        In `fit`, if the estimator is not a linear estimator of skmtl.
    ValueError
        In `fit`, if the grid is empty, names a parameter that the estimator does not have, or one
        that is the same for all candidates: those of the data, the loss, and the weights of tasks
        and classes.

    See Also
    --------
    TraceNormRegressorCV, MultiTaskLassoCV : With a grid of their own.

    Examples
    --------
    >>> from skmtl import MultiTaskCV, TemporalGroupLasso, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> search = MultiTaskCV(TemporalGroupLasso(), {"alpha": 10, "smoothness": [0.1, 1.0, 10.0]})
    >>> search.fit(data.X, data.y).mse_path_.shape
    (3, 10, 5)
    """

    def __init__(
        self,
        estimator,
        param_grid=None,
        *,
        eps=1e-3,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.estimator = estimator
        self.param_grid = param_grid
        self.eps = eps
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def __getattr__(self, name):
        if name in _DELEGATED and "estimator" in vars(self):
            return getattr(self.estimator, name)
        return super().__getattr__(name)

    def __setattr__(self, name, value):
        if name in _DELEGATED:
            self.set_params(**{f"estimator__{name}": value})
        else:
            super().__setattr__(name, value)

    def set_params(self, **params):
        """Set parameters of the search; `estimator__handle_unknown` also of a fitted search.

        Parameters
        ----------
        **params : dict
            Parameters by name.

        Returns
        -------
        self : object
            The search.
        """
        super().set_params(**params)
        if "estimator__handle_unknown" in params:
            self._tell_best(self.estimator.handle_unknown)
        return self

    def _prototype(self):
        return self.estimator

    def _takes_statistics(self):
        return hasattr(self.estimator, "fit_statistics")

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.estimator_type = inner.estimator_type
        tags.regressor_tags, tags.classifier_tags = inner.regressor_tags, inner.classifier_tags
        tags.input_tags.sparse = inner.input_tags.sparse
        return tags

    @property
    def _error_name(self):
        return "mse" if self.estimator._make_loss().is_quadratic else "cv_error"

    def _worker(self):
        """The estimator; with shared intercepts, and the folds of these, if they are tried."""
        worker = clone(self.estimator)
        if "shared" in self._grid().get("intercept", ()):
            worker.set_params(intercept="shared")
        return worker

    def _check_params(self):
        if not hasattr(self.estimator, "_penalty_of") or hasattr(self.estimator, "cv"):
            raise TypeError(
                "MultiTaskCV takes a linear estimator of skmtl such as TraceNormRegressor(), got "
                f"{self.estimator!r}{namesake(self.estimator)}. For others there is "
                "sklearn.model_selection.GridSearchCV."
            )
        check_real(self.eps, "eps", high=1.0, include="right")
        super()._check_params()

    def _grid(self):
        if self.param_grid is not None and not isinstance(self.param_grid, dict):
            raise TypeError(
                f"param_grid must be a dict of lists of values, got {self.param_grid!r}."
            )
        grid = {"alpha": 50} if self.param_grid is None else dict(self.param_grid)
        known = self.estimator.get_params()
        for name, values in grid.items():
            if name not in known:
                raise ValueError(
                    f"param_grid has {name!r}, which is no parameter of "
                    f"{type(self.estimator).__name__}; it has {sorted(known)}."
                )
            if name in (*_OF_DATA, *_OF_LOSSES):
                raise ValueError(
                    f"param_grid has {name!r}, but the data are read once, with the same losses "
                    "and weights for all candidates; sklearn.model_selection.GridSearchCV can vary "
                    "it."
                )
            if name == "alpha" and isinstance(values, Integral):
                check_int(values, "param_grid['alpha']")
                continue
            if isinstance(values, str) or not hasattr(values, "__len__"):
                raise TypeError(f"param_grid[{name!r}] must be a list of values, got {values!r}.")
            if len(values) == 0:
                raise ValueError(f"param_grid has no values for {name!r}.")
        return grid

    def _paths(self, datafit, read):
        grid = self._grid()
        alphas = grid.pop("alpha", None)
        paths = []
        for params in ParameterGrid(grid) if grid else [{}]:
            model = clone(self.estimator).set_params(**params)
            model._check_params()
            loss = model._with_intercepts(datafit, read)
            paths.append((params, self._alphas(model, alphas, loss, read)))
        self.grid_ = [params for params, _ in paths]
        return paths

    def _alphas(self, model, alphas, datafit, read):
        """The alphas to try with a model; NaN for one that has none, or one for each task."""
        if alphas is None:
            alpha = getattr(model, "alpha", None)
            return [alpha if isinstance(alpha, Real) else np.nan]
        if isinstance(alphas, Integral):
            return strengths(model, datafit, read, alphas, self.eps)
        return check_alphas(alphas)

    def _loss_of(self, datafit, read, params):
        return clone(self.estimator).set_params(**params)._with_intercepts(datafit, read)

    def _solutions(self, datafit, read, params, alphas, fold):
        model = clone(self.estimator)
        model.set_params(**params)
        return model_path(model, datafit, read, alphas)

    def _path_solver(self, datafit, read, paths):
        models = []
        for params, _ in paths:
            model = clone(self.estimator)
            models.append(model.set_params(**params))
        grids = [alphas for _, alphas in paths]
        return PathSolver(models, grids, datafit, read)

    def _store_choice(self, alpha, params):
        self.best_params_ = dict(params)
        if not np.isnan(alpha):
            self.best_params_ = {"alpha": alpha, **params}

    def _refit(self, worker, read, datafit, solution):
        worker.set_params(**self.best_params_)
        self.best_estimator_ = worker._finish(read, datafit, solution)
        self._store_results()
        return self

    def _all_params(self):
        """Parameters of every candidate, in the order of the errors."""
        paths = getattr(self, f"{self._error_name}_path_")
        shape = paths.shape[-3:-1] if paths.ndim == 3 else (1, paths.shape[0])
        grids = np.broadcast_to(self.alphas_, shape)
        candidates = []
        for params, alphas in zip(self.grid_, grids, strict=True):
            for alpha in alphas:
                varied = {"alpha": float(alpha)} if "alpha" in self.best_params_ else {}
                candidates.append({**varied, **params})
        return candidates

    def _store_results(self):
        """Set `cv_results_` and `best_score_`."""
        candidates = self._all_params()
        errors = getattr(self, f"{self._error_name}_path_")
        scores = -errors.reshape(len(candidates), -1)
        mean = scores.mean(axis=1)
        results = {"params": candidates}
        for name in candidates[0]:
            values = np.empty(len(candidates), dtype=object)
            for k, params in enumerate(candidates):
                values[k] = params[name]
            results[f"param_{name}"] = np.ma.array(values)
        for k in range(scores.shape[1]):
            results[f"split{k}_test_score"] = scores[:, k]
        results["mean_test_score"] = mean
        results["std_test_score"] = scores.std(axis=1)
        results["rank_test_score"] = rankdata(-mean, method="min").astype(np.int32)
        self.cv_results_ = results
        same = [_are_same(params, self.best_params_) for params in candidates]
        self.best_score_ = float(mean[same.index(True)])


def _are_same(params, others):
    """Whether all values are the same objects, or equal alphas."""
    for name, value in params.items():
        same = value == others[name] if name == "alpha" else value is others[name]
        if not same:
            return False
    return True


_OF_DATA = ("task_column", "task_weight", "handle_unknown", "fit_intercept", "normalize_y")
_OF_LOSSES = ("loss", "huber_delta", "class_weight")
_DELEGATED = (*_OF_DATA, "max_iter", "tol")
