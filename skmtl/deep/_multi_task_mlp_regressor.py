"""Multi-layer perceptrons of several tasks, for numbers and counts."""

from dataclasses import replace

import numpy as np
from sklearn.base import BaseEstimator, MultiOutputMixin, RegressorMixin

from skmtl._data.checks import check_option
from skmtl._data.stratification import data_strata
from skmtl._docs import documented
from skmtl.deep._cells import Cells
from skmtl.deep._multi_task_network import MultiTaskNetwork
from skmtl.deep._network_params import shares
from skmtl.deep._outputs import Outputs
from skmtl.deep._score_offsets import log_means
from skmtl.deep._target_units import target_units
from skmtl.losses import Poisson


@documented
class MultiTaskMLPRegressor(MultiTaskNetwork, RegressorMixin, MultiOutputMixin, BaseEstimator):
    """Multi-layer perceptrons for tasks of one kind: all numbers, or all counts.

    Task t predicts ``o_t + r_t z_t(x)`` for the features x, where the score is ``z_t(x) = c + e_t +
    (v + d_t)' h_t(x)`` and h_t are its hidden layers, the same in all tasks by default. The offset
    o_t and the scale r_t are known before training, in closed form. A network minimizes::

        (1/n) sum_t omega_t sum_i s_ti / 2 ((y_ti - o_t) / r_t - z_t(x_ti))^2
            + head_alpha / (2 n) sum_t (||d_t||^2 + e_t^2)
            + soft_alpha / (2 n) sum_t ||theta_t - mean(theta)||^2

    with sample weights s, task weights omega, and n the sum of their products over the samples that
    it is trained on. theta_t are the weights of hidden layers, and the last sum is there with soft
    sharing only. Steps are those of AdamW, which also shrinks weights by `alpha`; early stopping
    ends them. Predictions are means over `n_members` such networks, each of which leaves out a fold
    of the samples to be stopped by. The heads that training ends with are then replaced by those of
    `refit_heads`.

    Parameters
    ----------
    {network_parameters}
    {refit_parameters}
    loss : {"squared_error", "huber", "poisson"}, default="squared_error"
        Loss of a target. "huber": the squared loss up to residuals of `huber_delta`, and linear
        beyond. "poisson": ``exp(o_t + z_t) - y (o_t + z_t)`` for counts, with
        the logarithm o_t of the mean count of the task; predictions are expected counts.
    huber_delta : float, default=1.35
        Size of a residual from which on the loss "huber" is linear, in units of the scale r_t.
    {training_parameters}
    normalize_y : {"auto", "task", "common"} or bool, default="auto"
        Offset and scale of targets, for "squared_error" and "huber". "task": mean and standard
        deviation of each task. "common": the scale is the same for all tasks, and offsets are the
        intercepts of a random-intercept model, which shrinks those of small tasks to the mean of
        all. "auto": "task" if y is two-dimensional, as its columns may be in different units, else
        "common". True is "auto". False: offset 0 and scale 1.
    {network_data_parameters}

    Attributes
    ----------
    {network_attributes}
    {refit_attributes}
    {task_attributes}
    {column_attributes}

    See Also
    --------
    MultiTaskMLPClassifier : Classification counterpart.
    MultiTaskMLP : Numbers, classes and counts by one network.
    MeanRegularizedRegressor : Linear models about a common one.
    MultiTaskKernelRidgeCV : Functions that are not linear, by a convex problem.
    SharedRepresentation : The last hidden layers as a step of a pipeline.

    References
    ----------
    Caruana (1997), "Multitask learning", Machine Learning 28.
    Loshchilov, Hutter (2019), "Decoupled weight decay regularization", ICLR: AdamW.

    Examples
    --------
    >>> from skmtl import MultiTaskMLPRegressor, make_multitask_regression
    >>> data = make_multitask_regression(random_state=0)
    >>> model = MultiTaskMLPRegressor((16,), n_members=2, random_state=0)
    >>> model.fit(data.X, data.y).predict(data.X).shape
    (100, 5)
    """

    def __init__(
        self,
        hidden_layer_sizes=(64, 64),
        *,
        activation="relu",
        dropout=0.0,
        trunk=None,
        reshape=None,
        sharing="hard",
        soft_alpha=30.0,
        head="auto",
        head_alpha=30.0,
        n_members="auto",
        refit_heads="auto",
        loss="squared_error",
        huber_delta=1.35,
        alpha=1e-2,
        batch_size="auto",
        learning_rate_init=3e-3,
        trunk_learning_rate=None,
        max_iter=300,
        training="joint",
        weighting="equal",
        early_stopping=True,
        checkpoint="overall",
        validation_fraction=0.15,
        n_iter_no_change=20,
        transform_batch=None,
        normalize_y="auto",
        standardize="auto",
        task_weight=None,
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
        n_threads=1,
        verbose=False,
        random_state=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.dropout = dropout
        self.trunk = trunk
        self.reshape = reshape
        self.sharing = sharing
        self.soft_alpha = soft_alpha
        self.head = head
        self.head_alpha = head_alpha
        self.n_members = n_members
        self.refit_heads = refit_heads
        self.loss = loss
        self.huber_delta = huber_delta
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.trunk_learning_rate = trunk_learning_rate
        self.max_iter = max_iter
        self.training = training
        self.weighting = weighting
        self.early_stopping = early_stopping
        self.checkpoint = checkpoint
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.transform_batch = transform_batch
        self.normalize_y = normalize_y
        self.standardize = standardize
        self.task_weight = task_weight
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.n_jobs = n_jobs
        self.n_threads = n_threads
        self.verbose = verbose
        self.random_state = random_state

    def _check_params(self):
        super()._check_params()
        check_option(self.loss, "loss", ("squared_error", "huber", "poisson"))
        check_option(self.normalize_y, "normalize_y", ("auto", "task", "common", True, False))

    def _read_cells(self, data):
        weight = np.broadcast_to(data.weight, data.y.shape)
        data = replace(data, weight=weight)
        strata = data_strata(data)
        if data.layout != "wide":
            strata = data.design.task_of_sample
        losses = (self.loss,) * data.n_tasks
        self._is_of_counts = self.loss == "poisson"
        if self._is_of_counts:
            Poisson().check_targets(data.y)
            return Cells(data.y, weight, log_means(data), strata, losses)
        kind = self._kind_of_units()
        self._has_common_units = kind != "task"
        self._units = target_units(data, kind)
        y = np.where(weight > 0, self._units.standardize(data), 0.0)
        offset = np.zeros((data.n_tasks + 1, 1))
        return Cells(y, weight, offset, strata, losses)

    def _coded_targets(self, data):
        weight = np.broadcast_to(data.weight, data.y.shape)
        if self._is_of_counts:
            Poisson().check_targets(data.y)
            return data.y, weight
        return np.where(weight > 0, self._units.standardize(data), 0.0), weight

    def _outputs(self):
        if self._is_of_counts:
            return Outputs("count")
        return Outputs("number", self._units.offset, self._units.scale)

    def _head_offset(self):
        # that of training, which is only needed by steps of gradients, was shrunk without features
        if self._is_of_counts or not self._has_common_units:
            return super()._head_offset()
        offset = self._units.offset
        return (offset - offset[-1]) / self._units.scale

    def _kind_of_units(self):
        """Return "task", "common" or False."""
        if self.normalize_y not in ("auto", True):
            return self.normalize_y
        if self._layout == "wide" or not shares(self):
            return "task"
        return "common"

    def predict(self, X, *, tasks=None):
        """Predict with the task of each sample, or with all tasks if y was two-dimensional.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks) or (n_samples,)
            Expected targets.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"``.
        """
        scores, codes = self._own_scores(X, tasks)
        if codes is None:
            return self._expected(scores, np.arange(self.n_tasks_))
        return self._expected(scores, codes[:, None])[:, 0]

    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_tasks)
            Expected targets.
        """
        return self._expected(self._all_scores(X), np.arange(self.n_tasks_))

    def _expected(self, scores, codes):
        """Return the mean over members of the expected targets, (n_samples, n_tasks or 1).

        `codes` are those of the tasks of the scores, and broadcast against them.
        """
        z = scores[..., 0]
        if self._is_of_counts:
            return np.exp(z).mean(axis=0)
        return self._units.offset[codes] + self._units.scale[codes] * z.mean(axis=0)
