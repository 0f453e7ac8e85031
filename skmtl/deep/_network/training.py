"""Training: epochs of AdamW steps, validation after each, the best weights at the end."""

from dataclasses import dataclass, replace

import numpy as np
import torch

from skmtl.deep._architecture import Architecture
from skmtl.deep._network.batches import Batch, transformed
from skmtl.deep._network.checkpoints import Checkpoints
from skmtl.deep._network.epochs import train_epoch, validation_losses, with_representations
from skmtl.deep._network.network import Network
from skmtl.deep._network.objective import Objective
from skmtl.deep._network.stored import arrays_of, tensors_of
from skmtl.deep._network.weighting import make_weighting


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
    run = _Run(architecture, samples, validation, settings, seed, start)
    is_stopped = False
    for _ in range(settings.max_iter):
        progress.begin_epoch()
        run.take_epoch()
        is_stopped = progress.end_epoch(run.loss_curve, run.validation_curve, run.attributes)
        if is_stopped or run.is_finished():
            break
    return run.result(is_stopped)


class _Run:
    """A network that is being trained.

    Parameters are those of :func:`train`.
    """

    def __init__(self, architecture, samples, validation, settings, seed, start):
        self.settings = settings
        self.generator = torch.Generator().manual_seed(seed)
        self.network = Network(architecture, self.generator)
        if start is not None:
            self.network.load(tensors_of(start))
        self.samples = Batch.of(samples, validation)
        if settings.trunk_learning_rate == 0:
            self.network.freeze_trunk()
            if settings.transform_batch is None:
                self.samples = with_representations(self.samples, self.network)
        self.training_samples = self.samples.trained()
        self.objective = Objective(self.samples, samples.offset, samples.losses, settings)
        self.weighting = make_weighting(settings.weighting)
        self.weighting.start(self.network, self.objective, self.samples, seed)
        self.optimizer = _optimizer(self.network, self.weighting, settings)
        self.checkpoints = None
        if validation.any():
            self.checkpoints = Checkpoints(
                self.network,
                settings.n_iter_no_change,
                validation.any(axis=1),
                settings.has_task_checkpoints,
            )
        self.loss_curve = []
        self.validation_curve = []
        self.task_weight_curve = []

    def take_epoch(self):
        """Train for an epoch, and validate."""
        epoch = len(self.loss_curve)
        batches = self.training_samples.batches(self.settings.batch_size, self.generator)
        if self.settings.transform_batch is not None:
            batches = transformed(batches, self.settings.transform_batch, self.generator)
        losses = train_epoch(self.network, self.objective, self.weighting, self.optimizer, batches)
        self.loss_curve.append(losses.mean(axis=0))
        _check_finite(self.loss_curve[-1], epoch, self.settings)
        self.task_weight_curve.append(self.weighting.end_epoch(losses).mean(axis=0))
        if self.checkpoints is not None:
            losses = validation_losses(self.network, self.objective, self.samples)
            self.validation_curve.append(losses)
            self.checkpoints.update(epoch, losses)

    def is_finished(self):
        """Whether no member is getting better any more."""
        return self.checkpoints is not None and self.checkpoints.finished.all()

    def attributes(self):
        """Return what the estimator would have if training ended now."""
        return {
            "_arrays": arrays_of(self.network.state()),
            "loss_curve_": np.array(self.loss_curve),
            "validation_curve_": np.array(self.validation_curve),
        }

    def result(self, is_stopped):
        """Return the Training; `is_stopped` says whether somebody wanted it to end."""
        architecture = self.network.architecture
        state = self.network.state()
        shape = (architecture.n_members, architecture.n_tasks)
        best_epoch = np.full(shape, len(self.loss_curve) - 1)
        if self.checkpoints is not None:
            state = self.checkpoints.best()
            best_epoch[:] = self.checkpoints.best_epoch
            is_frozen = self.network.trunk_is_frozen
            if self.checkpoints.of_tasks:
                architecture = replace(architecture, head="own", has_task_trunks=not is_frozen)
            if is_frozen:
                state = state | self.network.trunk_state()
        return Training(
            architecture=architecture,
            arrays=arrays_of(state),
            loss_curve=np.array(self.loss_curve),
            validation_curve=np.array(self.validation_curve).reshape(-1, *shape),
            best_epoch=best_epoch,
            task_weight_curve=np.array(self.task_weight_curve),
            converged=is_stopped or self.checkpoints is None or self.is_finished(),
        )


def _optimizer(network, weighting, settings):
    """Return what takes the steps."""
    groups = network.groups_of_parameters(settings)
    groups.append({"params": weighting.parameters(), "weight_decay": 0.0})
    groups = [group for group in groups if group["params"]]
    return torch.optim.AdamW(groups, lr=settings.learning_rate, fused=True)


def _check_finite(losses, epoch, settings):
    """Raise if training has diverged."""
    if not np.isfinite(losses).all():
        raise ValueError(
            f"Training diverged in epoch {epoch + 1}: the mean losses of tasks are no longer all "
            f"finite. Decrease learning_rate_init={settings.learning_rate}, or set normalize_y and "
            "standardize if they are off."
        )
