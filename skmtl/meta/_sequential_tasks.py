"""Tasks learned one after another, each pulled towards the earlier ones."""

import numpy as np
from sklearn.utils import _safe_indexing

from skmtl._data.checks import check_option
from skmtl._data.task_ids import as_id_array, codes_of, some_of
from skmtl.meta._decision_chain import DecisionChain
from skmtl.meta._residual_chain import ResidualChain
from skmtl.meta._task_models import TaskMetaEstimator


class SequentialTasks(TaskMetaEstimator):
    """Learn tasks one after another, each pulled towards the earlier ones.

    Let :math:`f_1, f_2, \\ldots` be the models in the order of learning and :math:`\\bar f_k` the
    mean of :math:`f_1, \\ldots, f_{k-1}` or the last of them.

    *Regressors.* The first task is learned alone. For every further one the estimator is fitted to
    the residuals :math:`y - \\bar f_k(X)` and added to :math:`\\bar f_k`. A linear estimator thus
    minimizes, with an unpenalized intercept,

    .. math:: \\min_w \\; \\mathrm{loss}_k(w) + \\mathrm{penalty}(w - \\bar w_k)

    with the coefficients :math:`\\bar w_k` of :math:`\\bar f_k`: a ridge pulls coefficients towards
    the earlier ones, a lasso keeps most of them unchanged.

    *Classifiers.* A class label has no residual. The estimator sees the decisions
    :math:`\\bar f_k(X)` as further features: log-odds, or one column for each class if there are
    more than two. They are scaled to a root mean square of 10 over the samples of the task. A
    linear classifier thus minimizes

    .. math:: \\min_{v, a, b} \\; \\mathrm{loss}_k\\left(x^\\top v
        + \\frac{10}{\\mathrm{rms}}\\, a\\, \\bar f_k(x) + b\\right) + \\mathrm{penalty}(v, a)

    where a is hardly penalized: with :math:`a = \\mathrm{rms} / 10` it keeps :math:`\\bar f_k` as
    it is. A scaler inside the estimator would undo this; scale the features before instead. Since
    samples pass through all earlier classifiers, the cost grows with the square of the number of
    tasks; that of linear regressors grows linearly.

    The first tasks gain nothing from later ones.

    Parameters
    ----------
    estimator : estimator
        Any scikit-learn regressor or classifier for 1-D y, best with a regularization strength that
        it chooses itself, such as ``RidgeCV()``. Without a penalty tasks are learned independently.
        Few samples are treated as in :class:`IndependentTasks`.
    order : {"size"} or array-like of shape (n_tasks,), default=None
        Task ids in the order of learning; those that the data do not have are ignored. None is the
        order of `tasks_`, "size" puts tasks with more samples first.
    towards : {"mean", "last"}, default="mean"
        Whether tasks are pulled towards the mean of the earlier models or towards the last one.
    task_column : str or int, default=None
        Column of X that holds the task ids.
    handle_unknown : {"error", "shared"}, default="error"
        What `predict` does with tasks that were not seen in fit: raise an error, or use the mean of
        all models (of their decisions, for classifiers).

    Attributes
    ----------
    order_ : ndarray of shape (n_tasks,)
        Task ids in the order of learning.
    estimators_ : list of n_tasks estimators
        The fitted estimators in the order of learning; all but the first add to earlier ones.
    coef_ : ndarray of shape (n_tasks, n_features)
        Coefficients of each task, only of linear regressors: those with `coef_` and `intercept_`.
        With other estimators a model stays the sum of all earlier ones, so that prediction takes
        longer for later tasks.
    intercept_ : ndarray of shape (n_tasks,)
        Intercepts, under the same condition as `coef_`.
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
        In `fit`, if `order` lacks a task or repeats one.

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

    def _fit_parts(self, data):
        check_option(self.towards, "towards", ("mean", "last"))
        sequence = self._sequence(data)
        self.order_ = data.tasks[sequence]
        self._position = np.argsort(sequence)
        chain_type = DecisionChain if self._is_classifier() else ResidualChain
        self._chain = chain_type(self.estimator, self.towards, data)
        for t in sequence:
            part = data.parts[t]
            X = _safe_indexing(self._chain.features, part.indices)
            self._chain.learn(X, part.y, part.weight)
        self._chain.finish()
        self.estimators_ = self._chain.estimators

    def _sequence(self, data):
        """Return the codes of the tasks in the order of learning."""
        if self.order is None:
            return np.arange(data.n_tasks)
        if isinstance(self.order, str):
            check_option(self.order, "order", ("size",))
            return np.argsort(-data.n_samples_per_task, kind="stable")
        codes = codes_of(as_id_array(self.order), data.tasks, "order")
        codes = codes[codes >= 0]
        counts = np.bincount(codes, minlength=data.n_tasks)
        for problem, wrong in (("lacks", counts == 0), ("repeats", counts > 1)):
            if wrong.any():
                raise ValueError(
                    f"order {problem} the task(s) {some_of(data.tasks[wrong])}: give each of the "
                    f"{data.n_tasks} tasks once, 'size' or None."
                )
        return codes

    @property
    def coef_(self):
        """Coefficients of each task, of linear regressors."""
        return self._coefficients()[:, :-1]

    @property
    def intercept_(self):
        """Intercept of each task, of linear regressors."""
        return self._coefficients()[:, -1]

    def _coefficients(self):
        """Return coefficients and, in the last column, intercepts, (n_tasks, n_features + 1)."""
        chain = vars(self).get("_chain")  # absent before fit
        if chain is None or chain.collapsed is None:
            raise AttributeError(
                f"{type(self).__name__} has coef_ and intercept_ only after the fit of linear "
                f"regressors; its estimator is {self.estimator!r}."
            )
        return chain.collapsed[self._position]

    def _inputs(self, X):
        return self._chain.inputs(X)

    def _position_of(self, t):
        """Return the position of task t in the chain, -1 for a new task."""
        return self._position[t] if t >= 0 else -1

    def _predict_task(self, X, t):
        return self._chain.predict(X, self._position_of(t), self._classes_of(t))

    def _proba_task(self, X, t, classes):
        return self._chain.proba(X, self._position_of(t), classes)
