"""Paragraphs of estimators with a network."""

PARAGRAPHS = {
    "network_parameters": """
hidden_layer_sizes : tuple of int, default=(64, 64)
    Number of units of each hidden layer; () makes the model linear.
activation : {"relu", "tanh", "logistic", "identity", "gelu", "silu"}, default="relu"
    Activation function of hidden layers.
dropout : float, default=0.0
    Share of hidden units that each step of training leaves out at random, below 1.
trunk : torch.nn.Module or callable, default=None
    A trunk of one's own in place of the hidden layers, such as a convolutional, recurrent or
    pretrained network: a module, of which members get copies, or a function without arguments that
    returns one, which is called for every member. It maps a tensor of samples to a tensor of floats
    with a row for each; what a row holds is flattened and is the input of the heads.
    `hidden_layer_sizes`, `activation` and `dropout` are then not used. The module itself is not
    trained. Fitted estimators are pickled with the module or function, so that a function must be
    importable: no lambda. If X is of integer type in `fit` and not sparse, the trunk gets integers
    of 64 bits, for embeddings; else floats.
reshape : tuple of int, default=None
    Shape of a sample for the trunk, such as (1, 28, 28). None: the one it has in X.
sharing : {"hard", "soft", "none"}, default="hard"
    What tasks share. "hard": the hidden layers. "soft": every task has hidden layers of its own,
    whose deviations from the mean of all tasks are penalized. "none": nothing, but tasks are
    trained on the same batches and stopped together, unlike ``training="independent"``. An epoch of
    "soft" or "none" takes longer than one of "hard": with 4 to 20 tasks, 1.6 to 17 times as long if
    y is two-dimensional, and 1.1 to 5 times if tasks have samples of their own.
soft_alpha : float, default=30.0
    Strength of the penalty of deviations of hidden layers, for soft sharing. It counts like
    samples, as `head_alpha` does.
head : {"auto", "mean", "own", "shared"}, default="auto"
    How tasks differ. "mean": the head of a task is a common head plus a penalized deviation. "own":
    every task has a head of its own, without a common part and penalty. "shared": tasks have the
    same head and differ in their offsets. "auto": "own" if y is two-dimensional, else "mean". Tasks
    that share nothing always have their own.
head_alpha : float, default=30.0
    Strength of the penalty of deviations, for the head "mean". It counts like samples: a task with
    many more samples than `head_alpha` goes its own way.
n_members : int or "auto", default="auto"
    Number of networks whose predictions are averaged. They are trained together, in less time than
    one after the other, unless they have a `trunk`. "auto": 5, but 1 with a `trunk`.
""",
    "refit_parameters": """
refit_heads : None, "auto" or estimator, default="auto"
    How heads are fitted once more, to the representations of all training samples, after training.
    None: not at all. An estimator of skmtl, a regressor or a classifier with probabilities, is
    fitted for each member and its predictions take the place of the member's. Its features are the
    hidden units, not scaled. Numbers are passed to it standardized: by default each task of a
    two-dimensional y by itself, and tasks with samples of their own by the mean of all tasks and
    one standard deviation. It needs ``sharing="hard"``, ``training="joint"`` and
    ``checkpoint="overall"``, and sees tasks as their positions in `tasks_`. "auto": a
    :class:`MixedEffectsRegressor` for the squared loss, whose slopes have one variance if y is
    two-dimensional; a :class:`MixedEffectsClassifier` for two classes if y is 1-D. It is None for
    other targets and parameters, and for representations of more than 256 units.
""",
    "refit_attributes": """
head_estimators_ : list of n_members estimators or None
    The refitted heads of each member. A :class:`MixedEffectsRegressor` of ``refit_heads="auto"`` is
    stored without what its standard errors need, which is far larger than the network.
""",
    "training_parameters": """
alpha : float, default=0.01
    Weight decay of AdamW: a step multiplies weights by ``1 - alpha * learning_rate_init``. Biases
    do not decay. It is not the L2 penalty that `alpha` is in scikit-learn's networks. Values from
    0.01 to 0.1 are usual; many rare inputs may need 10.
batch_size : int or "auto", default="auto"
    Number of samples of a step. "auto": a twentieth of the samples, but between 32 and 256.
learning_rate_init : float, default=0.003
    Step size of AdamW.
trunk_learning_rate : float, default=None
    Step size for the trunk alone. 0 freezes it: weights and the statistics of its layers stay as
    they are given, and its outputs are computed once, unless `transform_batch` changes inputs.
    None: `learning_rate_init`.
max_iter : int, default=300
    Largest number of epochs.
training : {"joint", "sequential", "independent"}, default="joint"
    "joint": all tasks at once. "independent": a network for each task, trained by itself on the
    samples of the task only, whatever `sharing` is. "sequential": the same, in the order of
    `tasks_`, and each starts from the hidden layers of the one before.
weighting : {"equal", "uncertainty", "dwa", "gradnorm", "pcgrad"} or callable, default="equal"
    How the gradients of tasks become one step, if they share hidden layers and are trained
    together. "equal": by their sum, the gradient of the objective. "uncertainty": tasks are
    weighted by one over twice their mean loss, which is learned. "dwa": tasks whose losses fell
    more slowly in the last two epochs count more. "gradnorm": weights are learned that balance the
    norms of gradients. "pcgrad": gradients lose what conflicts with those of other tasks.

    A callable makes one gradient (m,) of the gradients of all tasks, a tensor (n_tasks, m), as an
    aggregator of TorchJD does; or one loss of the losses of all tasks, (n_tasks,), if it is a
    scalarizer of TorchJD or has an attribute ``takes_losses = True``. `task_weight` goes on
    multiplying the losses of tasks.
early_stopping : bool, default=True
    Whether each member is validated after every epoch, stopped when its validation loss gets no
    better, and has its best weights put back. The validation loss is the mean over tasks of their
    mean losses: a small task counts as much as a large one. If False, there are `max_iter` epochs
    on all samples.
checkpoint : {"overall", "task"}, default="overall"
    Whose weights early stopping puts back: those of the epoch that was best for the mean of tasks,
    or for each task those of the epoch that was best for it. The latter stores a trunk for each
    task.
validation_fraction : float, default=0.15
    Share of the samples that a single member leaves out for validation. Several members leave out
    one of `n_members` folds each. The last sample of a task is never left out.
n_iter_no_change : int, default=20
    Number of epochs without a better validation loss after which a member is stopped.
transform_batch : callable, default=None
    A function ``f(x, generator)`` that returns a changed tensor of the same shape and type: image
    augmentation, for example. x is a batch of samples in training, as the trunk gets it, and
    generator is the torch.Generator of the fit. Random numbers that it takes from torch's own state
    depend on `random_state` as well.
""",
    "network_data_parameters": """
standardize : bool or "auto", default="auto"
    Whether features are scaled by their medians and interquartile ranges, and outliers drawn in
    smoothly: a scaled value z becomes ``z / sqrt(1 + (z / b)^2)``. The bound b is twice the size of
    z in 95 % of the samples, between 3 and 10. A feature whose quartiles are equal is scaled by its
    standard deviation, with the bound 10, and a constant one is only centered. A scaler before the
    network is then not needed. If False, features are left as they are. "auto": if there is no
    `trunk`, which gets them in single precision: features far from 0 then lose digits.
task_weight : "balanced", dict, Series or array-like of shape (n_tasks,), default=None
    Weights omega of tasks in the loss: 1 by default. "balanced": every task has the same total
    weight. A dict or pandas Series goes by task id, an array by the order of `tasks_`.
{task_column}
handle_unknown : {"error", "shared"}, default="error"
    What `predict` does for tasks that fit did not see: raise an error, or predict with the mean of
    the heads of all tasks and the offset of a new task.
n_jobs : int, default=None
    Number of tasks that are trained in parallel, with ``training="independent"``. -1 takes all
    processors; None is 1, or what :func:`joblib.parallel_config` says. It pays where a task takes
    several seconds, since every worker has to import PyTorch.
n_threads : int, default=1
    Number of threads of torch in this estimator. Results are the same for the same number.
verbose : bool or int, default=False
    Whether losses are printed after every epoch; a number prints those of every so many epochs.
random_state : int, RandomState instance or None, default=None
    Seed of initial weights, the order of samples, of folds and of dropout. An int makes results
    reproducible. The random state of torch is left as it was.
""",
    "network_attributes": """
loss_curve_ : ndarray of shape (n_epochs, n_tasks)
    Mean training loss of each task in each epoch, over all members.
validation_curve_ : ndarray of shape (n_epochs, n_members, n_tasks)
    Mean validation loss of each task after each epoch; NaN if a member leaves out no sample of the
    task. Without early stopping there are no epochs in it.
best_epoch_ : ndarray of shape (n_members, n_tasks)
    Epoch whose weights each member has for each task, counted from 1, as `n_iter_` and the lines
    of `verbose` do: the losses of epoch k are ``validation_curve_[k - 1]``.
task_weight_curve_ : ndarray of shape (n_epochs, n_tasks)
    Mean weights that `weighting` gave to tasks in each epoch: 1 with equal weights, NaN if a
    callable takes gradients.
n_iter_ : int
    Number of epochs; the largest of those of the tasks if they are trained one by one. Curves of
    the others are NaN after their ends.
""",
}
