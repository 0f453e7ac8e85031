"""Tasks learned one after another, each pulled towards what came before."""

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._data.checks import check_option
from skmtl._data.task_ids import as_id_array, codes_of, some_of
from skmtl.meta._chains import Decisions, Residuals
from skmtl.meta._task_models import TaskMetaEstimator


class SequentialTasks(TaskMetaEstimator):
    """Tasks learned one after another: each starts from what came before and is pulled towards it.

    Let :math:`f_1, f_2, \\ldots` be the models in the order of learning and :math:`\\bar f_k` what
    came before the k-th, the mean of :math:`f_1, \\ldots, f_{k-1}` or the last of them.

    *Regressors.* The first task is learned alone. Every further one fits the estimator to the
    residuals :math:`y - \\bar f_k(X)` and adds it to :math:`\\bar f_k`. A linear estimator thus
    minimizes, with an intercept that is free,

    .. math:: \\min_w \\; \\mathrm{loss}_k(w) + \\mathrm{penalty}(w - \\bar w_k)

    with the coefficients :math:`\\bar w_k` of :math:`\\bar f_k`: a ridge pulls coefficients towards
    the earlier ones, a lasso keeps most of them.

    *Classifiers.* A label has no residual. The estimator sees the decisions :math:`\\bar f_k(X)` as
    further features: log-odds, or one column a class where there are more than two. They are scaled
    to a root mean square of 10 on the task's rows. A linear classifier thus minimizes

    .. math:: \\min_{v, a, b} \\; \\mathrm{loss}_k\\left(x^\\top v
        + \\frac{10}{\\mathrm{rms}}\\, a\\, \\bar f_k(x) + b\\right) + \\mathrm{penalty}(v, a)

    where a hardly costs anything: :math:`\\bar f_k` is kept as it is with
    :math:`a = \\mathrm{rms} / 10`. A scaler inside the estimator would undo this; put it before.

    Learning in order has no look ahead: the first tasks gain nothing from later ones.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn regressor or classifier for 1-D y, best with a penalty that it chooses
        itself, such as ``RidgeCV()``. Without a penalty nothing is pulled. Few rows are treated as
        in :class:`IndependentTasks`.
    order : {"size"} or array-like of shape (n_tasks,), default=None
        Task ids in the order of learning; those that the data do not have are passed over. None is
        the order of `tasks_`, "size" puts tasks with more rows first.
    towards : {"mean", "last"}, default="mean"
        Whether what came before is the mean of the earlier models or the last one.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that fit did not see: raise, or use the mean of all models
        (of their decisions, for classifiers).

    Attributes
    ----------
    order_ : ndarray of shape (n_tasks,)
        Task ids in the order of learning.
    estimators_ : list of n_tasks estimators
        In the order of learning; all but the first add to what came before.
    coef_ : ndarray of shape (n_tasks, n_features)
        Only for linear regressors, those with `coef_` and `intercept_`. Each task is one vector
        then. The models of other estimators stay sums, which take longer the more came before.
    intercept_ : ndarray of shape (n_tasks,)
        As `coef_`.
    tasks_ : ndarray of shape (n_tasks,)
    n_tasks_ : int
    n_samples_per_task_ : ndarray of shape (n_tasks,)
    classes_ : ndarray, or list of ndarray for two-dimensional y
        Of classifiers.
    n_features_in_ : int
    feature_names_in_ : ndarray of shape (`n_features_in_`,)

    Raises
    ------
    ValueError
        In `fit`, for an `order` that lacks a task or repeats one.

    See Also
    --------
    IndependentTasks : Each task alone.
    MeanRegularizedRegressor : All tasks together, each pulled towards their mean.

    References
    ----------
    Kuzborskij, Orabona (2013), "Stability and hypothesis transfer learning", ICML: least squares
    pulled towards a model that is given.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import Ridge
    >>> from skmtl import SequentialTasks
    >>> x = np.arange(-4.0, 5.0)
    >>> X, Y = x[:, None], np.column_stack([2 * x, 3 * x])
    >>> SequentialTasks(Ridge(alpha=60.0)).fit(X, Y).coef_.round(3)
    array([[1.],
           [2.]])
    """

    def __init__(
        self,
        estimator,
        *,
        order=None,
        towards="mean",
        task_column=None,
        handle_unknown="error",
    ):
        self.estimator = estimator
        self.order = order
        self.towards = towards
        self.task_column = task_column
        self.handle_unknown = handle_unknown

    def _fit_parts(self, data, weighted):
        check_option(self.towards, "towards", ("mean", "last"))
        sequence = self._sequence(data)
        self.order_ = data.tasks[sequence]
        self._position = np.argsort(sequence)
        chain = Decisions if self._is_classifier() else Residuals
        self._chain = chain(self.estimator, self.towards, data)
        for t in sequence:
            rows, y, weight = data.parts[t]
            X = _safe_indexing(self._chain.features, rows)
            self._chain.learn(X, y, weight if weighted else None)
        self._chain.finish()
        self.estimators_ = self._chain.estimators

    def _sequence(self, data):
        """Codes of the tasks in the order of learning."""
        if self.order is None:
            return np.arange(data.n_tasks)
        if isinstance(self.order, str):
            check_option(self.order, "order", ("size",))
            return np.argsort(-data.n_samples_per_task, kind="stable")
        codes = codes_of(as_id_array(self.order), data.tasks, "order")
        codes = codes[codes >= 0]
        counts = np.bincount(codes, minlength=data.n_tasks)
        if (counts != 1).any():
            what = "lacks" if (counts == 0).any() else "repeats"
            wrong = data.tasks[counts == 0 if what == "lacks" else counts > 1]
            raise ValueError(
                f"order {what} the task(s) {some_of(wrong)}: give each of the {data.n_tasks} "
                "tasks once, 'size' or None."
            )
        return codes

    @property
    def coef_(self):
        """Coefficients of each task, of linear regressors."""
        return self._lines()[:, :-1]

    @property
    def intercept_(self):
        """Intercept of each task, of linear regressors."""
        return self._lines()[:, -1]

    def _lines(self):
        """Coefficients and intercepts, (n_tasks, n_features + 1)."""
        lines = getattr(vars(self).get("_chain"), "collapsed", None)
        if lines is None:
            raise AttributeError(
                f"{type(self).__name__} has coef_ and intercept_ only after the fit of linear "
                f"regressors; its estimator is {self.estimator!r}."
            )
        return lines[self._position]

    def _inputs(self, X):
        return self._chain.inputs(X)

    def _predict_task(self, X, t):
        return self._chain.predict(X, self._position[t] if t >= 0 else -1, self._classes_of(t))

    def _proba_task(self, X, t, classes):
        return self._chain.proba(X, self._position[t] if t >= 0 else -1, classes)

    def _classes_of(self, t):
        if not self._is_classifier():
            return None
        return self.classes_[t] if self._layout == "wide" else self.classes_
