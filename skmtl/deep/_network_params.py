"""Parameters of estimators with a network: checked, and what follows from them."""

from numbers import Integral

import numpy as np

from skmtl._data.checks import check_bool, check_int, check_option, check_real
from skmtl.deep._architecture import ACTIVATIONS, HEADS, SHARING, Architecture
from skmtl.deep._trainer import TRAINING
from skmtl.deep._training_settings import TrainingSettings
from skmtl.deep._trunk_input import check_trunk_params
from skmtl.deep._weighting_check import check_weighting

_MEMBERS = 5  # of n_members="auto", without one
_BATCHES = 20  # of batch_size="auto", if their sizes are within bounds
_SMALLEST_BATCH = 32
_LARGEST_BATCH = 256


def check_network_params(model):
    """Check the parameters of an estimator with a network, but for those that need data."""
    check_option(model.activation, "activation", ACTIVATIONS)
    check_option(model.sharing, "sharing", SHARING)
    check_real(model.soft_alpha, "soft_alpha")
    check_option(model.training, "training", TRAINING)
    check_weighting(model)
    check_option(model.checkpoint, "checkpoint", ("overall", "task"))
    check_option(model.head, "head", ("auto", *HEADS))
    check_real(model.dropout, "dropout", high=1.0, include="left")
    if model.n_members != "auto":
        check_int(model.n_members, "n_members")
    check_trunk_params(model)
    check_real(model.head_alpha, "head_alpha")
    check_real(huber_delta_of(model), "huber_delta", include="neither")
    check_real(model.alpha, "alpha")
    check_real(model.learning_rate_init, "learning_rate_init", include="neither")
    check_int(model.max_iter, "max_iter")
    check_bool(model.early_stopping, "early_stopping")
    check_real(model.validation_fraction, "validation_fraction", high=1.0, include="neither")
    check_int(model.n_iter_no_change, "n_iter_no_change")
    if model.standardize != "auto":
        check_bool(model.standardize, "standardize")
    check_int(model.n_threads, "n_threads")
    if not isinstance(model.verbose, bool):
        check_int(model.verbose, "verbose", low=0)


def shares(model):
    """Whether the tasks of an estimator have anything in common."""
    return model.sharing != "none" and model.training == "joint"


def huber_delta_of(model):
    """Return the parameter of the loss "huber"; a classifier has none, and any will do."""
    return getattr(model, "huber_delta", 1.0)


def architecture_of(model, samples, has_different_tasks):
    """Return the Architecture that the parameters of an estimator ask for.

    Parameters
    ----------
    model : MultiTaskNetwork
        The estimator.
    samples : TrainingSamples
        Its samples.
    has_different_tasks : bool
        Whether tasks are likely to be of things that differ, so that heads have no mean.
    """
    head = model.head
    if head == "auto":
        head = "own" if has_different_tasks else "mean"
    if not shares(model):
        head = "own"
    n_members = model.n_members
    if n_members == "auto":
        n_members = _MEMBERS if model.trunk is None else 1
    has_task_trunks = model.sharing != "hard" and model.training == "joint"
    if model.trunk_learning_rate == 0:
        has_task_trunks = False  # those of all tasks start alike
    return Architecture(
        n_features=samples.X[0].size,
        hidden_layer_sizes=_checked_sizes(model.hidden_layer_sizes),
        activation=model.activation,
        dropout=float(model.dropout),
        n_members=n_members,
        n_tasks=samples.n_tasks,
        n_outputs=samples.offset.shape[1],
        head=head,
        has_task_trunks=has_task_trunks,
        trunk=_read_trunk(model, samples),
    )


def _read_trunk(model, samples):
    """Return the Trunk, or None."""
    if model.trunk is None:
        return None
    from skmtl.deep._network import own_settings, try_trunk

    with own_settings():
        return try_trunk(
            model.trunk,
            samples.X[[0, -1]],
            is_trained=model.trunk_learning_rate != 0,
        )


def settings_of(model, samples):
    """Return the TrainingSettings that the parameters of an estimator ask for."""
    trunk_learning_rate = model.trunk_learning_rate
    if trunk_learning_rate is None:
        trunk_learning_rate = model.learning_rate_init
    return TrainingSettings(
        head_alpha=model.head_alpha,
        soft_alpha=model.soft_alpha if model.sharing == "soft" else 0.0,
        huber_delta=huber_delta_of(model),
        alpha=model.alpha,
        learning_rate=model.learning_rate_init,
        trunk_learning_rate=trunk_learning_rate,
        transform_batch=model.transform_batch,
        batch_size=_checked_batch_size(model.batch_size, len(samples)),
        max_iter=model.max_iter,
        n_iter_no_change=model.n_iter_no_change,
        has_task_checkpoints=model.checkpoint == "task",
        weighting=model.weighting,
    )


def _checked_sizes(sizes):
    """Return the numbers of hidden units as a tuple; a single number is one layer."""
    if isinstance(sizes, Integral):
        sizes = (sizes,)
    if not isinstance(sizes, tuple | list | np.ndarray):
        raise TypeError(
            f"hidden_layer_sizes must be a tuple of integers, got {sizes!r}; (64, 64) are two "
            "layers of 64 units."
        )
    return tuple(check_int(size, "hidden_layer_sizes") for size in sizes)


def _checked_batch_size(batch_size, n_samples):
    """Return the number of samples of a batch, at most all of them."""
    if isinstance(batch_size, str):
        check_option(batch_size, "batch_size", ("auto",))
        batch_size = np.clip(n_samples // _BATCHES, _SMALLEST_BATCH, _LARGEST_BATCH)
    return min(check_int(batch_size, "batch_size"), n_samples)
