"""Training: epochs of AdamW steps, validation after each, the best weights at the end."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from skmtl.deep._architecture import Architecture
from skmtl.deep._network.batches import Batch
from skmtl.deep._network.checkpoints import Checkpoints
from skmtl.deep._network.network import Network
from skmtl.deep._network.objective import Objective
from skmtl.deep._network.stored import arrays_of, tensors_of
from skmtl.deep._network.weighting import EqualWeighting

_CHUNK = 4096  # samples that are validated at a time


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
    converged : bool
        Whether all members stopped before the last epoch.
    """

    architecture: Architecture
    arrays: dict
    loss_curve: np.ndarray
    validation_curve: np.ndarray
    best_epoch: np.ndarray
    converged: bool


def train(architecture, samples, validation, settings, seed, *, weighting=None, start=None):
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
    weighting : EqualWeighting, default=None
        How the gradients of tasks become one.
    start : dict of ndarray, default=None
        Weights to start from, of a network of the same architecture.
    """
    generator = torch.Generator().manual_seed(seed)
    network = Network(architecture, generator)
    if start is not None:
        network.load(tensors_of(start))
    everything = Batch.of(samples, validation)
    objective = Objective(everything, samples.offset, samples.losses, settings)
    weighting = weighting or EqualWeighting()
    weighting.start(network, objective)
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
    for epoch in range(settings.max_iter):
        batches = everything.batches(settings.batch_size, generator)
        losses = _run_epoch(network, objective, weighting, optimizer, batches)
        loss_curve.append(losses.mean(axis=0))
        _check_finite(loss_curve[-1], epoch, settings)
        weighting.end_epoch(losses)
        if stops_early:
            validation_curve.append(_validation_losses(network, objective, everything))
            checkpoints.update(epoch, validation_curve[-1])
        if settings.verbose:
            _print_progress(epoch, loss_curve, validation_curve)
        if stops_early and checkpoints.finished.all():
            break
    state = network.state()
    shape = (architecture.n_members, architecture.n_tasks)
    best_epoch = np.full(shape, len(loss_curve) - 1)
    if stops_early:
        state = checkpoints.best()
        best_epoch[:] = checkpoints.best_epoch
        if checkpoints.of_tasks:
            architecture = replace(architecture, head="own", has_task_trunks=True)
    return Training(
        architecture=architecture,
        arrays=arrays_of(state),
        loss_curve=np.array(loss_curve),
        validation_curve=np.array(validation_curve).reshape(-1, *shape),
        best_epoch=best_epoch,
        converged=not stops_early or checkpoints.finished.all(),
    )


def _optimizer(network, weighting, settings):
    """Return what takes the steps."""
    groups = network.groups_of_parameters(settings.alpha)
    groups.append({"params": weighting.parameters(), "weight_decay": 0.0})
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def _run_epoch(network, objective, weighting, optimizer, batches):
    """Take a step for each batch; return the mean training losses, (n_members, n_tasks)."""
    network.train()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    sums = 0.0
    for batch in batches:
        for parameter in parameters:  # what zero_grad does, without a tenth of the epoch's time
            parameter.grad = None
        cells = weighting.backward(network, objective, batch)
        optimizer.step()
        sums = sums + objective.task_sum(cells * batch.is_training, batch.codes)
    return (sums / objective.training_weight).numpy()


def _validation_losses(network, objective, samples):
    """Return the mean validation loss of each member and task, (n_members, n_tasks)."""
    network.eval()
    sums = 0.0
    with torch.no_grad():
        for batch in samples.batches(_CHUNK):
            cells = objective.cells(network(batch.X, batch.codes), batch)
            left_out = 1.0 - batch.is_training
            sums = sums + objective.task_sum(cells * left_out, batch.codes)
    weight = objective.validation_weight
    means = sums / weight
    means[weight == 0] = torch.nan
    return means.numpy()


def _check_finite(losses, epoch, settings):
    """Raise if training has diverged."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f"Training diverged in epoch {epoch + 1}: the mean losses of tasks are no longer all "
            f"finite. Decrease learning_rate_init={settings.learning_rate}, or set normalize_y and "
            "standardize if they are off."
        )


def _print_progress(epoch, loss_curve, validation_curve):
    """Print the mean losses of an epoch."""
    text = f"Epoch {epoch + 1}: training loss {np.mean(loss_curve[-1]):.6f}"
    if validation_curve:
        text += f", validation loss {np.nanmean(validation_curve[-1]):.6f}"
    print(text)
