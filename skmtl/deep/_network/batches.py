"""Samples as tensors, in batches of random order."""

from dataclasses import dataclass, replace

import torch

from skmtl.deep._network.random_state import seeded
from skmtl.deep._network.tensors import single_precision, tensor_of


@dataclass(frozen=True)
class Batch:
    """Some samples.

    Attributes
    ----------
    X : Tensor of shape (n, n_features), or (n, ...) for a trunk of the user's
        Scaled features, or integers.
    y : Tensor of shape (n, C)
        Targets.
    weight : Tensor of shape (n, C)
        Weights, 0 where a target is missing.
    is_training : Tensor of shape (M, n, 1)
        1 where a member is trained on the sample, 0 where it is validated on it.
    codes : Tensor of int of shape (n,) or None
        The task of each sample.
    """

    X: torch.Tensor
    y: torch.Tensor
    weight: torch.Tensor
    is_training: torch.Tensor
    codes: torch.Tensor | None

    @classmethod
    def of(cls, samples, validation):
        """Return all samples; `validation` are the masks of the members, (M, n) of bool."""
        codes = None
        if samples.codes is not None:
            codes = torch.from_numpy(samples.codes)
        return cls(
            X=single_precision(tensor_of(samples.X)),
            y=torch.from_numpy(samples.y).float(),
            weight=torch.from_numpy(samples.weight).float(),
            is_training=torch.from_numpy(~validation).float().unsqueeze(-1),
            codes=codes,
        )

    def __len__(self):
        return len(self.X)

    def take(self, index):
        """Return the samples at an index: a slice or positions."""
        return Batch(
            X=self.X[index],
            y=self.y[index],
            weight=self.weight[index],
            is_training=self.is_training[:, index],
            codes=None if self.codes is None else self.codes[index],
        )

    @property
    def is_trained(self):
        """Whether any member is trained on a sample, (n,)."""
        return self.is_training.any(0).squeeze(-1)

    def trained(self):
        """Return the samples that a member is trained on."""
        is_trained = self.is_trained
        return self if is_trained.all() else self.take(is_trained)

    def batches(self, size, generator=None):
        """Yield batches of all samples, in random order if there is a generator.

        Samples are copied in that order once; batches are slices of the copy.
        """
        samples = self
        if generator is not None:
            order = torch.randperm(len(self), generator=generator)
            samples = self.take(order)
        for start in range(0, len(self), size):
            yield samples.take(slice(start, start + size))


def transformed(batches, transform, generator):
    """Yield batches with what a function of the user's makes of their X."""
    for batch in batches:
        with seeded(generator):
            x = transform(batch.X, generator)
        _check_transformed(x, batch.X)
        yield replace(batch, X=x)


def _check_transformed(x, before):
    """Raise unless x could stand for the tensor `before`."""
    if not isinstance(x, torch.Tensor):
        raise TypeError(
            f"transform_batch returned {type(x).__name__}; expected a tensor like the one it got."
        )
    if x.shape != before.shape or x.dtype != before.dtype:
        raise ValueError(
            f"transform_batch returned a tensor of shape {tuple(x.shape)} and type {x.dtype}; "
            f"expected {tuple(before.shape)} and {before.dtype}, as it got."
        )
