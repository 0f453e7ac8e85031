"""Multi-layer perceptrons of several tasks, for classes."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin

from skmtl._data.spellings import plain_labels
from skmtl._data.task_ids import codes_of, name_of_task, some_of
from skmtl._docs import documented
from skmtl.datafits import class_factors, code_classes
from skmtl.deep._cells import Cells
from skmtl.deep._member_scores import log_mean_probabilities
from skmtl.deep._multi_task_network import MultiTaskNetwork
from skmtl.deep._outputs import Outputs
from skmtl.deep._score_offsets import log_frequencies
from skmtl.linear_model import ClassPredictor


@documented
class MultiTaskMLPClassifier(
    ClassPredictor, MultiTaskNetwork, ClassifierMixin, MultiOutputMixin, BaseEstimator
):
    """Multi-layer perceptrons for tasks of one kind: all class labels.

    Task t gives class k of the features x the score ``z_tk(x) = o_tk + c_k + e_tk + (v_k + d_tk)'
    h_t(x)``, where h_t are its hidden layers, the same in all tasks by default, and o_tk is the
    logarithm of the frequency of the class in the task, counted with one more sample that has the
    frequencies of all tasks. A network minimizes::

        (1/n) sum_t omega_t sum_i s_ti (log sum_k exp(z_tk(x_ti)) - z_t,y_ti(x_ti))
            + head_alpha / (2 n) sum_tk (||d_tk||^2 + e_tk^2)
            + soft_alpha / (2 n) sum_t ||theta_t - mean(theta)||^2

    with sample weights s, task weights omega, and n the sum of their products over the samples that
    it is trained on. theta_t are the weights of hidden layers, and the last sum is there with soft
    sharing only. Steps are those of AdamW, which also shrinks weights by `alpha`; early stopping
    ends them. Probabilities are means over `n_members` such networks, each of which leaves out a
    fold of the samples to be stopped by. The heads that training ends with are then replaced by
    those of `refit_heads`.

    Parameters
    ----------
    {network_parameters}
    {refit_parameters}
    {training_parameters}
    class_weight : "balanced" or dict, default=None
        Weights of classes, which multiply sample weights. "balanced": every class of a task has the
        same total weight. A dict holds a weight for each class label, 1 for those that it lacks.
    {network_data_parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of n_tasks ndarrays
        Class labels; a list with those of each task if fitted on two-dimensional y.
    {network_attributes}
    {refit_attributes}
    {task_attributes}
    {column_attributes}

    See Also
    --------
    MultiTaskMLPRegressor : Regression counterpart.
    MultiTaskMLP : Numbers, classes and counts by one network.
    MeanRegularizedClassifier : Linear models about a common one.
    SharedRepresentation : The last hidden layers as a step of a pipeline.

    References
    ----------
    Caruana (1997), "Multitask learning", Machine Learning 28.
    Loshchilov, Hutter (2019), "Decoupled weight decay regularization", ICLR: AdamW.

    Examples
    --------
    >>> from skmtl import MultiTaskMLPClassifier, make_multitask_classification
    >>> data = make_multitask_classification(random_state=0)
    >>> model = MultiTaskMLPClassifier((16,), n_members=2, random_state=0)
    >>> model.fit(data.X, data.y).predict(data.X).shape
    (100, 5)
    """

    _target_dtype = None

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
        class_weight=None,
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
        self.class_weight = class_weight
        self.standardize = standardize
        self.task_weight = task_weight
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.n_jobs = n_jobs
        self.n_threads = n_threads
        self.verbose = verbose
        self.random_state = random_state

    def _read_cells(self, data):
        coded = code_classes(data, self.class_weight)
        self.classes_ = coded.classes if data.layout == "wide" else coded.classes[0]
        if data.layout == "wide":
            y, weight = _cells_of_columns(data, coded)
            strata = _patterns(y, weight)
        else:
            y = np.concatenate(coded.codes)
            weight = np.concatenate(coded.weights)
            strata = data.design.task_of_sample * len(self.classes_) + y
        losses = ("cross_entropy",) * data.n_tasks
        return Cells(y, weight, log_frequencies(coded), strata, losses)

    def _coded_targets(self, data):
        weight = np.array(np.broadcast_to(data.weight, data.y.shape), dtype=float)
        y = np.zeros(data.y.shape, dtype=np.intp)
        for t in range(data.n_tasks):
            classes = self.classes_
            known = weight > 0
            if data.layout == "wide":
                classes = classes[t]
                known[:, np.arange(data.n_tasks) != t] = False
            else:
                known &= data.design.task_of_sample == t
            y[known] = codes_of_labels(data.y[known], classes, data.tasks[t])
            factors = class_factors(self.class_weight, classes, y[known], weight[known])
            weight[known] *= factors[y[known]]
        return y, weight

    def _outputs(self):
        return Outputs("class")

    def _scores(self, X, tasks):
        scores, codes = self._own_scores(X, tasks)
        if codes is None:
            return log_mean_probabilities(scores), True
        return log_mean_probabilities(scores)[:, 0], False

    def _scores_of_tasks(self, X):
        return log_mean_probabilities(self._all_scores(X))


def _cells_of_columns(data, coded):
    """Return codes and weights of the classes of a two-dimensional y, (n_samples, n_tasks)."""
    y = np.zeros(data.y.shape, dtype=np.intp)
    weight = np.zeros(data.y.shape)
    is_known = np.broadcast_to(data.weight > 0, data.y.shape)
    for t, (codes, weights) in enumerate(zip(coded.codes, coded.weights, strict=True)):
        y[is_known[:, t], t] = codes
        weight[is_known[:, t], t] = weights
    return y, weight


def codes_of_labels(labels, classes, task):
    """Return the positions of class labels among the classes of a task."""
    codes = codes_of(plain_labels(labels), classes)
    unknown = dict.fromkeys(labels[codes < 0].tolist())
    if unknown:
        raise ValueError(
            f"Task {name_of_task(task)} has class labels {some_of(unknown)}, which fit did not "
            f"see; its classes are {some_of(classes)}."
        )
    return codes


def _patterns(y, weight):
    """Return the combination of classes of every sample, (n_samples,) of int."""
    codes = np.where(weight > 0, y, -1)
    _, patterns = np.unique(codes, axis=0, return_inverse=True)
    return patterns.ravel()
