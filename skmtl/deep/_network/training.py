"""Training: epochs of AdamW steps, validation after each, the best weights at the end."""

from dataclasses import dataclass

import numpy as np
import torch

from skmtl.deep._network.batches import Batch
from skmtl.deep._network.checkpoints import Checkpoints
from skmtl.deep._network.network import Network
from skmtl.deep._network.objective import Objective

_CHUNK = 4096  # samples that are validated at a time


@dataclass(frozen=True)
class Training:
    """A trained network and what happened on the way.

    Attributes
    ----------
    network : Network
        With the best weights of each member, by its validation loss, or with the last ones.
    loss_curve : ndarray of shape (n_epochs, n_tasks)
        Mean training loss of each task over the samples and members, before the steps.
    validation_curve : ndarray of shape (n_epochs, n_members, n_tasks)
        Mean validation loss, NaN for a task of which a member leaves out no samples; no epochs if
        there is no early stopping.
    best_epoch : ndarray of int of shape (n_members,)
        The epoch whose weights were kept, from 0.
    converged : bool
        Whether all members stopped before the last epoch.
    """

    network: torch.nn.Module
    loss_curve: np.ndarray
    validation_curve: np.ndarray | None
    best_epoch: np.ndarray
    converged: bool


def train(architecture, samples, validation, settings, seed):
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
    """
    generator = torch.Generator().manual_seed(seed)
    network = Network(architecture, generator)
    everything = Batch.of(samples, validation)
    objective = Objective(everything, samples.offset, settings.loss, settings.head_alpha)
    optimizer = torch.optim.AdamW(
        network.groups_of_parameters(settings.alpha),
        lr=settings.learning_rate,
        fused=True,
    )
    is_validated = validation.any(axis=1)
    checkpoints = Checkpoints(network, settings.n_iter_no_change, is_validated)
    stops_early = is_validated.any()
    loss_curve = []
    validation_curve = []
    for epoch in range(settings.max_iter):
        batches = everything.batches(settings.batch_size, generator)
        loss_curve.append(_run_epoch(network, objective, optimizer, batches))
        _check_finite(loss_curve[-1], epoch, settings)
        if stops_early:
            losses = _validation_losses(network, objective, everything)
            validation_curve.append(losses)
            checkpoints.update(epoch, _mean_of_tasks(losses))
        if settings.verbose:
            _print_progress(epoch, loss_curve, validation_curve)
        if stops_early and checkpoints.finished.all():
            break
    best_epoch = np.full(architecture.n_members, len(loss_curve) - 1)
    if stops_early:
        checkpoints.restore()
        best_epoch = checkpoints.best_epoch
    shape = (-1, architecture.n_members, architecture.n_tasks)
    return Training(
        network=network,
        loss_curve=np.array(loss_curve),
        validation_curve=np.array(validation_curve).reshape(shape),
        best_epoch=best_epoch,
        converged=not stops_early or checkpoints.finished.all(),
    )


def _run_epoch(network, objective, optimizer, batches):
    """Take a step for each batch; return the mean training loss of each task, (n_tasks,)."""
    network.train()
    sums = 0.0
    for batch in batches:
        cells = objective.cells(network, batch)
        optimizer.zero_grad(set_to_none=True)
        objective.value(network, batch, cells).backward()
        optimizer.step()
        with torch.no_grad():
            sums = sums + objective.task_sum(cells * batch.is_training, batch.codes).sum(0)
    return (sums / objective.training_weight.sum(0)).numpy()


def _validation_losses(network, objective, samples):
    """Return the mean validation loss of each member and task, (n_members, n_tasks)."""
    network.eval()
    sums = 0.0
    with torch.no_grad():
        for batch in samples.batches(_CHUNK):
            cells = objective.cells(network, batch)
            left_out = 1.0 - batch.is_training
            sums = sums + objective.task_sum(cells * left_out, batch.codes)
    weight = objective.validation_weight
    means = sums / weight
    means[weight == 0] = torch.nan
    return means.numpy()


def _mean_of_tasks(losses):
    """Return the mean over tasks, (n_members,): a large task counts no more than a small one.

    It is infinity for a member without validation samples.
    """
    is_known = ~np.isnan(losses)
    n_known = is_known.sum(axis=1)
    sums = np.where(is_known, losses, 0.0).sum(axis=1)
    return np.where(n_known > 0, sums / np.maximum(n_known, 1), np.inf)


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
