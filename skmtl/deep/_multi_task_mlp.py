"""Multi-layer perceptrons for tasks of different kinds: numbers, classes and counts."""

from sklearn.base import BaseEstimator

from skmtl._data.checks import check_bool
from skmtl._docs import documented
from skmtl.deep._mixed_cells import (
    are_alike,
    coded_targets,
    mixed_cells,
    mixed_outputs,
    plain_tasks,
    tasks_of_plain,
)
from skmtl.deep._mixed_network_predictor import MixedNetworkPredictor
from skmtl.deep._multi_task_network import MultiTaskNetwork


@documented
class MultiTaskMLP(MixedNetworkPredictor, MultiTaskNetwork, BaseEstimator):
    """Multi-layer perceptrons for tasks of different kinds: numbers, classes and counts.

    Task t has scores ``z_t(x) = o_t + c + e_t + (V + D_t)' h_t(x)`` of the features x: one, or one
    for each of its classes. h_t are its hidden layers, the same in all tasks by default. A network
    minimizes::

        (1/n) sum_t omega_t sum_i s_ti loss_t(y_ti, z_t(x_ti))
            + head_alpha / (2 n) sum_t (||D_t||^2 + ||e_t||^2)
            + soft_alpha / (2 n) sum_t ||theta_t - mean(theta)||^2

    with a loss for each task: ``(y - z)^2 / 2`` ("squared_error"), the same up to residuals of
    `huber_delta` and linear beyond ("huber"), ``exp(z) - y z`` for counts ("poisson"), or ``log
    sum_k exp(z_k) - z_y`` for classes ("logistic"). The sample weights are s, the task weights
    omega, and n is the sum of their products over the samples that the network is trained on.
    theta_t are the weights of hidden layers, and the last sum is there with soft sharing only. The
    offsets o_t are known before training: the logarithm of the mean count, or of the frequencies of
    the classes, and 0 for numbers, which are standardized. Steps are those of AdamW, which also
    shrinks weights by `alpha`; early stopping ends them. Predictions of numbers, mean counts and
    probabilities are means over `n_members` such networks, each of which leaves out a fold of the
    samples to be stopped by.

    Where samples have one task each, ``handle_unknown="shared"`` serves tasks that all have the
    same loss and the same classes. Otherwise it is not known what a new task would be.

    Parameters
    ----------
    losses : dict, Series or list, default=None
        Loss of every task, by task id or in the order of `tasks_`: "squared_error", "huber",
        "poisson" or "logistic". None takes "squared_error" for tasks of numbers and "logistic" for
        others.
    {network_parameters}
    huber_delta : float, default=1.35
        Size of a residual from which on "huber" is linear: in standard deviations of the task's y,
        or in its unit without `normalize_y`.
    {training_parameters}
    normalize_y : bool, default=True
        Whether the targets of "squared_error" and "huber" tasks are centered and scaled, so that
        losses of different kinds are comparable. Predictions are on the original scale.
    {network_data_parameters}

    Attributes
    ----------
    classes_ : list
        Class labels of "logistic" tasks, None for the others.
    losses_ : list of str
        Loss of every task.
    baseline_ : list
        What predicts each task without features: a mean, or the frequencies of the classes.
    head_estimators_ : None
        Heads of tasks of different kinds are not refitted.
    {network_attributes}
    {task_attributes}
    {column_attributes}

    Warns
    -----
    UserWarning
        In `fit`, if a task has counts of zero only, which half a count is added to, or a single
        class, which is then always predicted.

    See Also
    --------
    MultiTaskMixed : Linear models, by a convex problem.
    MultiTaskMLPRegressor, MultiTaskMLPClassifier : Tasks that are all of one kind.
    make_mixed_scorer : Scores it by the skill over the baselines.

    References
    ----------
    Caruana (1997), "Multitask learning", Machine Learning 28.
    Loshchilov, Hutter (2019), "Decoupled weight decay regularization", ICLR: AdamW.

    Examples
    --------
    >>> import numpy as np
    >>> from skmtl import MultiTaskMLP
    >>> rng = np.random.default_rng(0)
    >>> X = rng.standard_normal((100, 5))
    >>> Y = np.empty((100, 2), dtype=object)
    >>> Y[:, 0], Y[:, 1] = 40 + 10 * X[:, 0], np.where(X[:, 0] > 0, "f", "m")
    >>> model = MultiTaskMLP(["squared_error", "logistic"], (16,), n_members=2, random_state=0)
    >>> model.fit(X, Y).predict(X).shape
    (100, 2)
    """

    _target_dtype = None

    def __getstate__(self):
        state = super().__getstate__()
        if "_mixed_tasks" in state:
            state["_mixed_tasks"] = plain_tasks(self._mixed_tasks)
        return state

    def __setstate__(self, state):
        super().__setstate__(state)
        if "_mixed_tasks" in state:
            self._mixed_tasks = tasks_of_plain(state["_mixed_tasks"])

    def __init__(
        self,
        losses=None,
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
        huber_delta=1.35,
        alpha=1e-2,
        batch_size="auto",
        learning_rate_init=3e-3,
        trunk_learning_rate=None,
        max_iter=300,
        training="joint",
        early_stopping=True,
        checkpoint="overall",
        validation_fraction=0.15,
        n_iter_no_change=20,
        transform_batch=None,
        weighting="equal",
        normalize_y=True,
        standardize="auto",
        task_weight=None,
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
        n_threads=1,
        verbose=False,
        random_state=None,
    ):
        self.losses = losses
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
        self.huber_delta = huber_delta
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.trunk_learning_rate = trunk_learning_rate
        self.max_iter = max_iter
        self.training = training
        self.early_stopping = early_stopping
        self.checkpoint = checkpoint
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.transform_batch = transform_batch
        self.weighting = weighting
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
        check_bool(self.normalize_y, "normalize_y")

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified. A
            sparse matrix is made dense.
        y : array-like or frame of shape (n_samples, n_tasks), or array-like of shape (n_samples,)
            Targets: two-dimensional, NaN or None where one is missing; 1-D with `task_column` or
            `tasks`, an array of objects if tasks have numbers and strings.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights of the losses of samples. A number is the same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no targets or targets
            that its loss does not take, X holds NaN or infinity, weights are negative, or shapes do
            not match; or if training diverges.
        """
        super().fit(X, y, sample_weight, tasks=tasks)
        self._framed = hasattr(y, "columns") and self._layout == "wide"
        self._describe_kinds()
        return self

    def _read_cells(self, data):
        self._mixed_tasks, cells = mixed_cells(
            data,
            self.losses,
            huber_delta=self.huber_delta,
            normalize=self.normalize_y,
        )
        return cells

    def _coded_targets(self, data):
        return coded_targets(data, self._mixed_tasks)

    def _outputs(self):
        return mixed_outputs(self._mixed_tasks)

    def _has_different_tasks(self, data):
        return data.layout == "wide" or not are_alike(self._mixed_tasks)
