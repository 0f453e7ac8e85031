"""Ways of training: all tasks at once, each by itself, or one after another."""

from dataclasses import dataclass, replace

import numpy as np
from joblib import Parallel, delayed

from skmtl.deep._architecture import Architecture
from skmtl.deep._progress import Progress
from skmtl.deep._training_settings import TrainingSettings
from skmtl.deep._validation_folds import validation_masks

TRAINING = ("joint", "sequential", "independent")
_LARGEST_SEED = 2**31 - 1
_HEADS = "heads."  # what names of their arrays begin with


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
    progress : Progress
        What is told of every epoch. Callbacks hear of the epochs of all tasks together only.
    """

    architecture: Architecture
    settings: TrainingSettings
    validation_fraction: float
    n_threads: int
    progress: Progress

    def train(self, samples, rng, start=None):
        """Return the Training of one network for all tasks of the samples."""
        from skmtl.deep._network import own_settings, train

        n_members = self.architecture.n_members
        seed = rng.randint(_LARGEST_SEED)
        validation = np.zeros((n_members, len(samples)), dtype=bool)
        if self.validation_fraction > 0:
            validation = validation_masks(samples, n_members, self.validation_fraction, rng)
        with own_settings(self.n_threads):
            return train(
                self.architecture,
                samples,
                validation,
                self.settings,
                seed,
                self.progress,
                start=start,
            )

    def train_each_task(self, samples, rng, n_jobs):
        """Return the Training of a network for each task, trained by itself."""
        of_one_task = self._of_one_task()
        seeds = rng.randint(_LARGEST_SEED, size=samples.n_tasks)
        trainings = Parallel(n_jobs=n_jobs)(
            delayed(of_one_task.train)(samples.of_task(task), np.random.RandomState(seed))
            for task, seed in enumerate(seeds)
        )
        return self._side_by_side(trainings)

    def train_in_order(self, samples, rng):
        """Return the Training of a network for each task, which starts from that of the last."""
        of_one_task = self._of_one_task()
        trainings = []
        start = None
        for task in range(samples.n_tasks):
            trainings.append(of_one_task.train(samples.of_task(task), rng, start))
            start = _with_new_heads(trainings[-1].arrays)
        return self._side_by_side(trainings)

    def _of_one_task(self):
        """Return the trainer of a task by itself."""
        architecture = replace(self.architecture, n_tasks=1, head="own", has_task_trunks=False)
        settings = replace(self.settings, has_task_checkpoints=False)
        progress = Progress(self.progress.every)
        return replace(self, architecture=architecture, settings=settings, progress=progress)

    def _side_by_side(self, trainings):
        """Return one Training of networks of one task each, which come second in every array.

        A frozen module is the same for all tasks, and stays one.
        """
        from skmtl.deep._network import Training

        trunk = self.architecture.trunk
        is_frozen = self.settings.trunk_learning_rate == 0
        has_task_trunks = not is_frozen or trunk is None or trunk.is_factory
        arrays = dict(trainings[0].arrays)
        for name in arrays:
            if name.startswith(_HEADS):
                of_tasks = [training.arrays[name].squeeze(1) for training in trainings]
                arrays[name] = np.stack(of_tasks, axis=1)
            elif has_task_trunks:
                arrays[name] = np.stack([training.arrays[name] for training in trainings], axis=1)
        architecture = replace(
            trainings[0].architecture, n_tasks=len(trainings), has_task_trunks=has_task_trunks
        )
        return Training(
            architecture=architecture,
            arrays=arrays,
            loss_curve=_curves_side_by_side([training.loss_curve for training in trainings]),
            validation_curve=_curves_side_by_side([one.validation_curve for one in trainings]),
            task_weight_curve=_curves_side_by_side([one.task_weight_curve for one in trainings]),
            best_epoch=np.concatenate([training.best_epoch for training in trainings], axis=1),
            converged=all(training.converged for training in trainings),
        )


def _with_new_heads(arrays):
    """Return weights of a network with those of its heads 0, as they are before training."""
    start = {}
    for name, array in arrays.items():
        start[name] = np.zeros_like(array) if name.startswith(_HEADS) else array
    return start


def _curves_side_by_side(curves):
    """Return curves (n_epochs, ..., 1) as (most epochs, ..., n_tasks), NaN after their ends."""
    longest = max(map(len, curves))
    filled = []
    for curve in curves:
        missing = [(0, longest - len(curve))] + [(0, 0)] * (curve.ndim - 1)
        filled.append(np.pad(curve, missing, constant_values=np.nan))
    return np.concatenate(filled, axis=-1)
