"""Multi-layer perceptrons for tasks of different kinds: numbers, classes and counts."""

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from skmtl._data.checks import check_bool
from skmtl._data.row_names import warn_of_row_order
from skmtl._data.targets import read_long_targets
from skmtl._data.task_ids import split_task_column
from skmtl._docs import documented
from skmtl.deep._member_scores import score_of_task
from skmtl.deep._mixed_cells import (
    are_alike,
    coded_targets,
    mixed_cells,
    mixed_outputs,
    new_task,
)
from skmtl.deep._multi_task_network import MultiTaskNetwork
from skmtl.linear_model import MixedPredictor, may_have_classes


@documented
class MultiTaskMLP(MixedPredictor, MultiTaskNetwork, BaseEstimator):
    """Multi-layer perceptrons of numbers, classes and counts, whose hidden layers tasks share.

    Task t has scores ``z_t(x) = o_t + c + e_t + (V + D_t)' h(x)`` of the features x, where h are
    the hidden layers: one score, or one for each of its classes. A member minimizes::

        (1/n) sum_t omega_t sum_i s_ti loss_t(y_ti, z_t(x_ti))
            + head_alpha / (2 n) sum_t (||D_t||^2 + ||e_t||^2)

    with a loss for each task: ``(y - z)^2 / 2`` ("squared_error"), the same up to residuals of
    `huber_delta` and linear beyond ("huber"), ``exp(z) - y z`` for counts ("poisson"), or ``log
    sum_k exp(z_k) - z_y`` for classes ("logistic"). The sample weights are s, the task weights
    omega, and n is the sum of their products over the samples that the member is trained on. The
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
    MultiTaskMLPRegressor, MultiTaskMLPClassifier : Tasks of one kind.
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
    >>> model = MultiTaskMLP(["squared_error", "logistic"])  # model.fit(X, Y) needs torch
    """

    _target_dtype = None

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

    def _scores(self, X):
        """Return pairs of every task and its scores (n_samples, size), in any data form."""
        scores = self._all_scores(X)
        pairs = []
        for t, task in enumerate(self._mixed_tasks):
            pairs.append((task, score_of_task(task, scores[:, :, t])))
        return pairs

    def _scores_by_task(self, X, tasks):
        """Return the tasks of samples of long data: (task code, MixedTask, samples, scores)."""
        scores, codes = self._own_scores(X, tasks)
        parts = []
        for code in np.unique(codes):
            task = self._task_of_code(code)
            samples = np.flatnonzero(codes == code)
            parts.append((code, task, samples, score_of_task(task, scores[:, samples, 0])))
        return parts

    def _task_of_code(self, code):
        """Return the MixedTask of a code, which is -1 for a task that fit did not see."""
        if code >= 0:
            return self._mixed_tasks[code]
        task = new_task(self._mixed_tasks)
        if task is None:
            raise ValueError(
                "X holds tasks that fit did not see, and tasks differ in their losses or classes, "
                "so that it is not known what a new task would be: handle_unknown='shared' needs "
                "tasks that are alike."
            )
        return task

    def _is_wide(self, tasks):
        """Whether it was fitted on two-dimensional y, and given no task ids to be refused."""
        check_is_fitted(self)
        return self._layout == "wide" and tasks is None

    def decision_function(self, X, *, tasks=None):
        """Scores of tasks: one, or one for each of more than two classes.

        They are numbers as they are standardized, logarithms of mean counts, log-odds of the second
        of two classes, or logarithms of the probabilities of several.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_samples, n_scores)
            The scores of all tasks side by side if y was two-dimensional. Else those of the task of
            each sample, with as many columns as a task has scores at most, NaN in those that the
            task does not have.
        """
        if self._is_wide(tasks):
            return np.hstack([z for _, z in self._scores(X)])
        size = max(task.size for task in self._mixed_tasks)
        return self._in_rows(X, tasks, size, lambda task, z: z)

    def predict(self, X, *, tasks=None):
        """Numbers, mean counts and the most probable classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks) or (n_samples,)
            A frame, with the index of X, if `fit` was given one as y; floats if no task has
            classes, else objects.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        ValueError
            For tasks that fit did not see, unless ``handle_unknown="shared"`` and all tasks have
            the same loss and classes.
        """
        if self._is_wide(tasks):
            return super().predict(X)
        parts = self._scores_by_task(X, tasks)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        predictions = np.empty(n_samples, dtype=object if may_have_classes(self) else float)
        for _, task, samples, z in parts:
            predictions[samples] = task.predict(z)
        return predictions

    def predict_all_tasks(self, X):
        """Predict with every task for every sample, in whichever form the data were fitted.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        pandas.DataFrame or ndarray of shape (n_samples, n_tasks)
            As `predict` of an estimator that was fitted on a two-dimensional y.
        """
        return super().predict(X)

    @available_if(may_have_classes)
    def predict_proba(self, X, *, tasks=None):
        """Class probabilities of the "logistic" tasks.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the columns of `fit`.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        list of n_tasks ndarrays of shape (n_samples, n_classes_t), None for other tasks
            If y was two-dimensional. Else an ndarray (n_samples, n_classes), with as many columns
            as a task has classes at most: a row has the probabilities of the `classes_` of its
            task, and NaN in other columns, or in all of them if the task has no classes.
        """
        if self._is_wide(tasks):
            return super().predict_proba(X)
        n_classes = max(len(classes) for classes in self.classes_ if classes is not None)

        def probabilities(task, z):
            return np.empty((len(z), 0)) if task.classes is None else task.proba(z)

        return self._in_rows(X, tasks, n_classes, probabilities)

    def _in_rows(self, X, tasks, n_columns, function):
        """Return what a function makes of the scores of each sample of long data.

        It gets a MixedTask and scores, and returns an array with at most `n_columns` columns; the
        others are NaN.
        """
        parts = self._scores_by_task(X, tasks)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        rows = np.full((n_samples, n_columns), np.nan)
        for _, task, samples, z in parts:
            values = function(task, z)
            rows[samples, : values.shape[1]] = values
        return rows

    def score(self, X, y, sample_weight=None, *, tasks=None):
        """Mean skill over tasks: 1 - loss / loss of the baseline, as in :func:`make_mixed_scorer`.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks) or (n_samples,)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        float
            Mean over the tasks that have a skill.
        """
        return float(np.nanmean(self.skills(X, y, sample_weight, tasks=tasks)))

    def skills(self, X, y, sample_weight=None, *, tasks=None):
        """Skill of every task: 1 - loss / loss of its baseline on these samples.

        The loss is that of the task: mean squared error, mean Huber loss, mean Poisson deviance or
        log-loss. 1 is perfect, 0 no better than the mean, or the class frequencies, of the training
        samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Test samples.
        y : array-like or frame of shape (n_samples, n_tasks) or (n_samples,)
            Their targets; the columns of a frame are matched by name with `tasks_`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray of shape (n_tasks,)
            NaN for tasks without a target here, and if the baseline is perfect.
        """
        if self._is_wide(tasks):
            return super().skills(X, y, sample_weight)
        warn_of_row_order(X, y=y, sample_weight=sample_weight)
        parts = self._scores_by_task(X, tasks)
        if tasks is None:
            _, tasks = split_task_column(X, self.task_column)
        n_samples = sum(len(samples) for _, _, samples, _ in parts)
        known = read_long_targets(self, n_samples, y, sample_weight, np.asarray(tasks), None)
        targets = np.empty(n_samples, dtype=known.y.dtype)
        targets[known.indices] = known.y
        weight = np.zeros(n_samples)
        weight[known.indices] = known.weight
        skills = np.full(self.n_tasks_, np.nan)
        for code, task, samples, z in parts:
            seen = weight[samples] > 0
            samples = samples[seen]
            if code >= 0 and len(samples):
                skills[code] = task.skill(targets[samples], z[seen], weight[samples])
        return skills
