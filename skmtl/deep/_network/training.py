"""Training: epochs of AdamW steps, validation after each, the best weights at the end."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import torch

from skmtl.deep._architecture import Architecture
from skmtl.deep._network.batches import Batch, transformed
from skmtl.deep._network.checkpoints import Checkpoints
from skmtl.deep._network.network import Network
from skmtl.deep._network.objective import Objective
from skmtl.deep._network.stored import arrays_of, tensors_of
from skmtl.deep._network.weighting import make_weighting

_CHUNK = 4096  # samples that are validated at a time
_CHUNK_OF_MODULES = 128  # the same, with a trunk of the user's, whose layers may be large


@dataclass(frozen=True)
class Training:
    """A trained network and what happened on the way.

    Attributes
    ----------
    architecture : Architecture
        Of the trained network. Where every task keeps its own best epoch, each has a trunk.
    arrays : dict of ndarray
        The best weights, or the last ones without early stopping.
    loss_curve : ndarray of shape (n_epochs, n_tasks)
        Mean training loss of each task over the samples and members, before the steps.
    validation_curve : ndarray of shape (n_epochs, n_members, n_tasks)
        Mean validation loss, NaN for a task of which a member leaves out no samples; no epochs if
        there is no early stopping.
    best_epoch : ndarray of int of shape (n_members, n_tasks)
        The epoch whose weights were kept, from 0.
    task_weight_curve : ndarray of shape (n_epochs, n_tasks)
        Mean over steps and members of the weights that tasks had.
    converged : bool
        Whether all members stopped before the last epoch, or a callback stopped them.
    """

    architecture: Architecture
    arrays: dict
    loss_curve: np.ndarray
    validation_curve: np.ndarray
    best_epoch: np.ndarray
    task_weight_curve: np.ndarray
    converged: bool


def train(architecture, samples, validation, settings, seed, progress, *, start=None):
    """Return the Training of a network.

    Parameters
    ----------
    architecture : Architecture
        What to build it from.
    samples : TrainingSamples
        What to train it on.
    validation : ndarray of bool of shape (n_members, n_samples)
        Which samples each member is validated on instead; none if it is not to stop early.
    settings : TrainingSettings
        How to train it.
    seed : int
        What initial weights, the order of samples and dropout depend on.
    progress : Progress
        What is told of every epoch.
    start : dict of ndarray, default=None
        Weights to start from, of a network of the same architecture.
    """
    generator = torch.Generator().manual_seed(seed)
    network = Network(architecture, generator)
    if start is not None:
        network.load(tensors_of(start))
    everything = Batch.of(samples, validation)
    if settings.trunk_learning_rate == 0:
        network.freeze_trunk()
        if settings.transform_batch is None:
            everything = _with_representations(everything, network)
    training = everything.trained()
    objective = Objective(everything, samples.offset, samples.losses, settings)
    weighting = make_weighting(settings.weighting)
    weighting.start(network, objective, everything, seed)
    optimizer = _optimizer(network, weighting, settings)
    is_validated = validation.any(axis=1)
    stops_early = is_validated.any()
    checkpoints = None
    if stops_early:
        checkpoints = Checkpoints(
            network, settings.n_iter_no_change, is_validated, settings.has_task_checkpoints
        )
    loss_curve = []
    validation_curve = []
    attributes = partial(_attributes_so_far, network, loss_curve, validation_curve)
    task_weight_curve = []
    is_stopped = False
    for epoch in range(settings.max_iter):
        progress.begin_epoch()
        batches = training.batches(settings.batch_size, generator)
        if settings.transform_batch is not None:
            batches = transformed(batches, settings.transform_batch, generator)
        losses = _run_epoch(network, objective, weighting, optimizer, batches)
        loss_curve.append(losses.mean(axis=0))
        _check_finite(loss_curve[-1], epoch, settings)
        task_weight_curve.append(weighting.end_epoch(losses).mean(axis=0))
        if stops_early:
            validation_curve.append(_validation_losses(network, objective, everything))
            checkpoints.update(epoch, validation_curve[-1])
        is_stopped = progress.end_epoch(loss_curve, validation_curve, attributes)
        if is_stopped or (stops_early and checkpoints.finished.all()):
            break
    state = network.state()
    shape = (architecture.n_members, architecture.n_tasks)
    best_epoch = np.full(shape, len(loss_curve) - 1)
    if stops_early:
        state = checkpoints.best()
        best_epoch[:] = checkpoints.best_epoch
        if checkpoints.of_tasks:
            has_task_trunks = not network.trunk_is_frozen
            architecture = replace(architecture, head="own", has_task_trunks=has_task_trunks)
        if network.trunk_is_frozen:
            state = state | network.trunk_state()
    return Training(
        architecture=architecture,
        arrays=arrays_of(state),
        loss_curve=np.array(loss_curve),
        validation_curve=np.array(validation_curve).reshape(-1, *shape),
        best_epoch=best_epoch,
        task_weight_curve=np.array(task_weight_curve),
        converged=is_stopped or not stops_early or checkpoints.finished.all(),
    )


def _attributes_so_far(network, loss_curve, validation_curve):
    """Return what an estimator would have if training ended now."""
    return {
        "_arrays": arrays_of(network.state()),
        "loss_curve_": np.array(loss_curve),
        "validation_curve_": np.array(validation_curve),
    }


def _optimizer(network, weighting, settings):
    """Return what takes the steps."""
    groups = network.groups_of_parameters(settings)
    groups.append({"params": weighting.parameters(), "weight_decay": 0.0})
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def _run_epoch(network, objective, weighting, optimizer, batches):
    """Take a step for each batch; return the mean training losses, (n_members, n_tasks)."""
    network.train()
    sums = 0.0
    for batch in batches:
        optimizer.zero_grad(set_to_none=True)
        cells = weighting.backward(network, objective, batch)
        optimizer.step()
        sums = sums + objective.task_sum(cells * batch.is_training, batch.codes)
    return (sums / objective.training_weight).numpy()


def _validation_losses(network, objective, samples):
    """Return the mean validation loss of each member and task, (n_members, n_tasks)."""
    network.eval()
    sums = 0.0
    with torch.no_grad():
        for batch in samples.batches(_chunk(network)):
            cells = objective.cells(network(batch.X, batch.codes), batch)
            left_out = 1.0 - batch.is_training
            sums = sums + objective.task_sum(cells * left_out, batch.codes)
    weight = objective.validation_weight
    means = sums / weight
    means[weight == 0] = torch.nan
    return means.numpy()


def _with_representations(samples, network):
    """Return samples with the representations of a frozen trunk in place of features.

    From then on the network takes those.
    """
    network.eval()
    with torch.no_grad():
        parts = [network.represent(batch.X) for batch in samples.batches(_chunk(network))]
    network.takes_representations = True
    of_members = torch.cat(parts, dim=1)
    return replace(samples, X=of_members.transpose(0, 1).contiguous())


def _chunk(network):
    """Return how many samples are evaluated at a time."""
    if network.architecture.trunk is None or network.takes_representations:
        return _CHUNK
    return _CHUNK_OF_MODULES


def _check_finite(losses, epoch, settings):
    """Raise if training has diverged."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f"Training diverged in epoch {epoch + 1}: the mean losses of tasks are no longer all "
            f"finite. Decrease learning_rate_init={settings.learning_rate}, or set normalize_y and "
            "standardize if they are off."
        )
