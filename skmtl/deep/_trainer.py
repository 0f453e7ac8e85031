"""Ways of training: all tasks at once, each by itself, or one after another."""

from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed

from skmtl.deep._architecture import Architecture
from skmtl.deep._training_settings import TrainingSettings
from skmtl.deep._validation_folds import validation_masks

TRAINING = ("joint", "sequential", "independent")
_LARGEST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Trainer:
    """What the ways of training have in common.

    Attributes
    ----------
    architecture : Architecture
        Of the network of all tasks.
    settings : TrainingSettings
        How to train it.
    validation_fraction : float
        What a single member leaves out for early stopping; without it, 0.
    n_threads : int
        Number of threads of torch.
    """

    architecture: Architecture
    settings: TrainingSettings
    validation_fraction: float
    n_threads: int

    def train(self, samples, rng, start=None):
        """Return the Training of one network for all tasks of the samples."""
        from skmtl.deep._network import pinned_threads, train

        n_members = self.architecture.n_members
        seed = rng.randint(_LARGEST_SEED)
        validation = np.zeros((n_members, len(samples)), dtype=bool)
        if self.validation_fraction > 0:
            validation = validation_masks(samples, n_members, self.validation_fraction, rng)
        with pinned_threads(self.n_threads):
            return train(self.architecture, samples, validation, self.settings, seed, start=start)

    def train_each_task(self, samples, rng, n_jobs):
        """Return the Training of a network for each task, trained by itself."""
        of_one_task = self._of_one_task()
        seeds = rng.randint(_LARGEST_SEED, size=samples.n_tasks)
        trainings = Parallel(n_jobs=n_jobs)(
            delayed(of_one_task.train)(samples.of_task(task), np.random.RandomState(seed))
            for task, seed in enumerate(seeds)
        )
        return _side_by_side(trainings)

    def train_in_order(self, samples, rng):
        """Return the Training of a network for each task, which starts from that of the last."""
        of_one_task = self._of_one_task()
        trainings = []
        start = None
        for task in range(samples.n_tasks):
            trainings.append(of_one_task.train(samples.of_task(task), rng, start))
            start = _with_new_heads(trainings[-1].arrays)
        return _side_by_side(trainings)

    def _of_one_task(self):
        """Return the trainer of a task by itself."""
        architecture = replace(self.architecture, n_tasks=1, head="own", has_task_trunks=False)
        settings = replace(self.settings, has_task_checkpoints=False)
        return replace(self, architecture=architecture, settings=settings)


def _with_new_heads(arrays):
    """Return weights of a network with those of its heads 0, as they are before training."""
    start = {}
    for name, array in arrays.items():
        start[name] = np.zeros_like(array) if name.startswith("heads.") else array
    return start


def _side_by_side(trainings):
    """Return one Training of networks of one task each, which come second in every array."""
    from skmtl.deep._network import Training

    arrays = {}
    for name in trainings[0].arrays:
        of_tasks = []
        for training in trainings:
            array = training.arrays[name]
            if name.startswith("heads."):
                array = array.squeeze(1)
            of_tasks.append(array)
        arrays[name] = np.stack(of_tasks, axis=1)
    return Training(
        architecture=replace(
            trainings[0].architecture, n_tasks=len(trainings), has_task_trunks=True
        ),
        arrays=arrays,
        loss_curve=_curves_side_by_side([training.loss_curve for training in trainings]),
        validation_curve=_curves_side_by_side([one.validation_curve for one in trainings]),
        best_epoch=np.concatenate([training.best_epoch for training in trainings], axis=1),
        converged=all(training.converged for training in trainings),
    )


def _curves_side_by_side(curves):
    """Return curves (n_epochs, ..., 1) as (most epochs, ..., n_tasks), NaN after their ends."""
    longest = max(map(len, curves))
    filled = []
    for curve in curves:
        missing = [(0, longest - len(curve))] + [(0, 0)] * (curve.ndim - 1)
        filled.append(np.pad(curve, missing, constant_values=np.nan))
    return np.concatenate(filled, axis=-1)
