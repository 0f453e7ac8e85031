"""What networks say of mistakes that new users make."""

import importlib.util

import numpy as np
import pytest

from skmtl import MultiTaskMLPRegressor, to_torch

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torch") is None,
    reason='PyTorch is not installed: pip install "skmtl[torch]"',
)
FEW_STEPS = {"max_iter": 3, "early_stopping": False, "n_members": 1, "random_state": 0}


def numbers(n_samples=60):
    """Features and the targets of two tasks."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_samples, 4))
    return X, X[:, :2] + X[:, 2:]


# Trunks


@needs_torch
def test_a_trunk_of_which_nothing_would_be_trained_is_refused():
    X, Y = numbers()
    module = to_torch(MultiTaskMLPRegressor((5,), **FEW_STEPS).fit(X, Y))
    trunk = module.members[0].trunk
    model = MultiTaskMLPRegressor(trunk=trunk, **FEW_STEPS)
    with pytest.raises(ValueError, match=r"trunk_learning_rate=0.*requires_grad_\(True\)"):
        model.fit(X, Y)
    frozen = model.set_params(trunk_learning_rate=0).fit(X, Y).represent(X)
    trunk.requires_grad_(True)
    trained = model.set_params(trunk_learning_rate=None).fit(X, Y).represent(X)
    assert np.abs(trained - frozen).max() > 1e-4


@needs_torch
def test_hidden_layers_are_not_frozen():
    with pytest.raises(ValueError, match="freezes a trunk of your own, but trunk is None"):
        MultiTaskMLPRegressor(trunk_learning_rate=0).fit(*numbers())
