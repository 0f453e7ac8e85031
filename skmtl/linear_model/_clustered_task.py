"""Tasks that form clusters."""

import numpy as np

from skmtl._data.checks import check_int
from skmtl._data.task_parameters import POSITIVE
from skmtl._docs import documented
from skmtl.linear_model._adapt import AdaptableModel
from skmtl.linear_model._classifier import LinearMultiTaskClassifier
from skmtl.linear_model._cross_validation import RegressorCV
from skmtl.linear_model._learned_covariance import LearnedCovariance
from skmtl.linear_model._new_task import pulled
from skmtl.linear_model._penalized_model import PenalizedModel
from skmtl.linear_model._regressor import LinearMultiTaskRegressor
from skmtl.linear_model._task_intercepts import TaskIntercepts
from skmtl.penalties import ClusterNorm


class ClusteredTaskModel(TaskIntercepts, LearnedCovariance, AdaptableModel, PenalizedModel):
    """The relaxation of k-means on tasks, for any loss."""

    _ranges = {"eta": POSITIVE}  # noqa: RUF012
    _empties = False

    def _check_params(self):
        super()._check_params()
        check_int(self.n_clusters, "n_clusters")

    def _penalty(self, features, tasks):
        return ClusterNorm(self.alpha, self.n_clusters, self.eta)

    def _store_model(self, solution, unpack):
        from sklearn.cluster import KMeans  # here: slow to import

        n_clusters = min(self.n_clusters, self.n_tasks_)
        V, above = self._store_covariance_of(solution.W)
        leading = V[:n_clusters].T * np.sqrt(above[:n_clusters])
        n_distinct = len(np.unique(leading.round(12), axis=0))
        k_means = KMeans(min(n_clusters, n_distinct), n_init=10, random_state=0)
        self.task_clusters_ = k_means.fit_predict(leading)

    def _store_covariance_of(self, W):
        """Store the optimal covariance for W; returns the eigenvectors and eigenvalues of M."""
        n_tasks = self.n_tasks_
        _, s, V = np.linalg.svd(W, full_matrices=False)
        rank = len(s)
        s = np.concatenate([s, np.zeros(n_tasks - rank)])
        theta = ClusterNorm(1.0, self.n_clusters, self.eta).weights(s, n_tasks)
        above = theta[:rank] - self.eta  # what is beyond the rank is eta
        self._store_covariance(V, above, self.eta)
        return V, above

    def _new_task_priors(self, W, task_id):
        # M the projection on clusters: tr(W (eta I + M)^-1 W') is the sum of squares within them
        # divided by eta, and that of their means by 1 + eta. One task more in a cluster of n adds
        # n / (n + 1) (1 / eta - 1 / (1 + eta)) ||w - center||^2 + ||w||^2 / (1 + eta).
        ridge = self.alpha / (1 + self.eta)
        priors = []
        for cluster in range(self.task_clusters_.max() + 1):
            own = W[:, self.task_clusters_ == cluster]
            n = own.shape[1]
            pull = n / (n + 1) * ridge / self.eta
            priors.append(pulled(own.mean(axis=1), pull, ridge))
        return priors

    def _store_new_task(self, chosen):
        self.task_clusters_ = np.append(self.task_clusters_, chosen)
        self._store_covariance_of(self._normalized_coef())


@documented
class ClusteredTaskRegressor(ClusteredTaskModel, LinearMultiTaskRegressor):
    """Linear regressions whose tasks form clusters, which are learned.

    The objective is::

        loss(W, b) + alpha/2 * min_M tr(W (eta I + M)^-1 W'),   0 <= M <= I,  tr M = n_clusters

    the convex relaxation of k-means on the tasks' coefficients.

    {loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    n_clusters : int, default=2
        Number of clusters, clipped at the number of tasks.
    eta : float, default=0.1
        Positive. The smaller, the more alike are the tasks of a cluster.
    {intercept_parameters}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}

    Attributes
    ----------
    task_clusters_ : ndarray of shape (n_tasks,)
        Cluster of each task, 0, 1, ...: k-means on the leading eigenvectors of M.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``eta I + M``; its trace is ``n_clusters + eta * n_tasks`` unless `coef_` has a lower rank.
    {linear_attributes}

    See Also
    --------
    ClusteredTaskRegressorCV : Chooses the strengths by cross-validation.
    TaskRelationshipRegressor : A covariance without clusters.
    ClusteredTaskClassifier : Classification counterpart.

    References
    ----------
    Jacob, Bach, Vert (2009), "Clustered multi-task learning: a convex formulation", NIPS, section
    3. Zhou, Chen, Ye (2011), "Clustered multi-task learning via alternating structure
    optimization", NIPS, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import ClusteredTaskRegressor
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((40, 6))
    >>> centers = 3 * rng.standard_normal((6, 2))
    >>> Y = X @ centers[:, [0, 0, 0, 1, 1, 1]] + 0.1 * rng.standard_normal((40, 6))
    >>> model = ClusteredTaskRegressor(alpha=0.1, n_clusters=2).fit(X, Y)
    >>> bool((model.task_clusters_[:3] != model.task_clusters_[3:]).all())
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        n_clusters=2,
        eta=0.1,
        intercept="free",
        intercept_alpha=1.0,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.n_clusters = n_clusters
        self.eta = eta
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol


@documented
class ClusteredTaskRegressorCV(RegressorCV):
    """:class:`ClusteredTaskRegressor` with `alpha` and `n_clusters` chosen by cross-validation.

    Its objective is that of :class:`ClusteredTaskRegressor`.

    Parameters
    ----------
    {curvature_alphas}
    n_clusters : int or array-like of int, default=None
        Numbers of clusters to try; None is 1, 2, 3 and 5, as far as there are more tasks.
    eta : float, default=0.1
        As in :class:`ClusteredTaskRegressor`.
    {intercept_search}
    {loss_parameters}
    {data_parameters}
    {iteration_parameters}
    {fold_parameters}

    Attributes
    ----------
    alpha_ : float
        Chosen alpha.
    n_clusters_ : int
        Chosen number of clusters.
    task_clusters_ : ndarray of shape (n_tasks,)
        Cluster of each task, 0, 1, ...
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``eta I + M``.
    {chosen_intercepts}
    {path_attributes}
    {linear_attributes}

    See Also
    --------
    ClusteredTaskRegressor : With given strengths.

    Examples
    --------
    >>> from skmtl import ClusteredTaskRegressorCV, make_multitask_regression
    >>> data = make_multitask_regression(n_features=10, n_informative=3, random_state=0)
    >>> model = ClusteredTaskRegressorCV(alphas=4).fit(data.X, data.y)
    >>> model.mse_path_.shape  # 3 numbers of clusters and 3 strengths of intercepts, alphas, folds
    (9, 4, 5)
    """

    _model = ClusteredTaskRegressor
    _tried = ("n_clusters", "intercept_alpha")

    def __init__(
        self,
        *,
        alphas=15,
        n_clusters=None,
        eta=0.1,
        intercept="shared",
        intercept_alpha=None,
        loss="squared_error",
        huber_delta=1.35,
        task_column=None,
        task_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        normalize_y=False,
        max_iter=1000,
        tol=1e-4,
        cv=None,
        selection_rule="min",
        verbose=False,
        n_jobs=None,
    ):
        self.alphas = alphas
        self.n_clusters = n_clusters
        self.eta = eta
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.loss = loss
        self.huber_delta = huber_delta
        self.task_column = task_column
        self.task_weight = task_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.normalize_y = normalize_y
        self.max_iter = max_iter
        self.tol = tol
        self.cv = cv
        self.selection_rule = selection_rule
        self.verbose = verbose
        self.n_jobs = n_jobs

    def _candidates(self, name, datafit):
        if name != "n_clusters":
            return super()._candidates(name, datafit)
        n_tasks = datafit.shape[1]
        return [k for k in (1, 2, 3, 5) if k == 1 or k < n_tasks]


@documented
class ClusteredTaskClassifier(ClusteredTaskModel, LinearMultiTaskClassifier):
    """Logistic regressions whose tasks form clusters, which are learned.

    The objective is::

        loss(W, b) + alpha/2 * min_M tr(W (eta I + M)^-1 W'),   0 <= M <= I,  tr M = n_clusters

    the convex relaxation of k-means on the tasks' coefficients.

    {class_loss}

    Parameters
    ----------
    alpha : float, default=1.0
        Strength of the penalty, at least 0.
    n_clusters : int, default=2
        Number of clusters, clipped at the number of tasks.
    eta : float, default=0.1
        Positive. The smaller, the more alike are the tasks of a cluster.
    {intercept_parameters}
    {class_data_parameters}
    {newton_parameters}

    Attributes
    ----------
    task_clusters_ : ndarray of shape (n_tasks,)
        Cluster of each task, 0, 1, ...: k-means on the leading eigenvectors of M.
    task_covariance_ : ndarray of shape (n_tasks, n_tasks)
        ``eta I + M``.
    {class_attributes}

    See Also
    --------
    TaskRelationshipClassifier : A covariance without clusters.
    ClusteredTaskRegressor : Regression counterpart.

    References
    ----------
    Jacob, Bach, Vert (2009), "Clustered multi-task learning: a convex formulation", NIPS, section
    3. Zhou, Chen, Ye (2011), "Clustered multi-task learning via alternating structure
    optimization", NIPS, equation 5.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import ClusteredTaskClassifier
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((40, 6))
    >>> centers = 3 * rng.standard_normal((6, 2))
    >>> Y = X @ centers[:, [0, 0, 0, 1, 1, 1]] + 0.1 * rng.standard_normal((40, 6))
    >>> model = ClusteredTaskClassifier(alpha=0.1, n_clusters=2).fit(X, Y > 0)
    >>> bool((model.task_clusters_[:3] != model.task_clusters_[3:]).all())
    True
    """

    def __init__(
        self,
        alpha=1.0,
        *,
        n_clusters=2,
        eta=0.1,
        intercept="free",
        intercept_alpha=1.0,
        task_column=None,
        task_weight=None,
        class_weight=None,
        handle_unknown="error",
        fit_intercept=True,
        max_iter=100,
        tol=1e-4,
    ):
        self.alpha = alpha
        self.n_clusters = n_clusters
        self.eta = eta
        self.intercept = intercept
        self.intercept_alpha = intercept_alpha
        self.task_column = task_column
        self.task_weight = task_weight
        self.class_weight = class_weight
        self.handle_unknown = handle_unknown
        self.fit_intercept = fit_intercept
        self.max_iter = max_iter
        self.tol = tol
