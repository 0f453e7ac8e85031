"""LibMTL's own Trainer on a processor, for deep_speed.py.

LibMTL is not on PyPI. A checkout of github.com/median-research-group/LibMTL has to be on the
PYTHONPATH; the figures in the documentation are of commit 4336804. Its Trainer asks for a graphics
card: a subclass has it train on the processor. What it imports for graphs, quadratic programs and
images is not used here, and need not be installed.
"""

import io
import sys
from contextlib import redirect_stdout
from importlib.util import find_spec
from itertools import pairwise
from unittest.mock import MagicMock

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

UNUSED = ("cvxpy", "qpsolvers", "torch_geometric", "torchvision", "torchvision.models.utils")


def _import_libmtl():
    """Return the Trainer and the squared loss, with what is not installed replaced by dummies."""
    missing = [name for name in UNUSED if find_spec(name.split(".")[0]) is None]
    dummies = {name: MagicMock() for name in missing}
    sys.modules.update(dummies)
    try:
        from LibMTL import Trainer
        from LibMTL.loss import MSELoss
    finally:
        for name in missing:
            del sys.modules[name]
    return Trainer, MSELoss


Trainer, MSELoss = _import_libmtl()


class OnProcessor(Trainer):
    """A Trainer without a graphics card, and without the test that follows every epoch."""

    def _prepare_model(self, *args):
        self.device = torch.device("cpu")
        super()._prepare_model(*args)

    def test(self, *args, **kwargs):
        pass


class NoMetric:
    """What a Trainer has for each task; scores of training batches are not computed."""

    def update_fun(self, predictions, targets):
        pass

    def score_fun(self):
        return [0.0]

    def reinit(self):
        pass


class Rows(Dataset):
    """Samples one by one, each with a dictionary of its targets, as LibMTL's examples have them."""

    def __init__(self, X, Y, names):
        self.X = torch.from_numpy(X).float()
        self.Y = torch.from_numpy(Y).float()
        self.names = names

    def __len__(self):
        return len(self.X)

    def __getitem__(self, index):
        targets = {name: self.Y[index, t : t + 1] for t, name in enumerate(self.names)}
        return self.X[index], targets


class ReadyBatches:
    """The same in batches that are sliced from a shuffled copy: no loader that collects samples."""

    def __init__(self, rows, batch_size):
        self.rows = rows
        self.batch_size = batch_size

    def __len__(self):
        return -(-len(self.rows) // self.batch_size)

    def __iter__(self):
        order = torch.randperm(len(self.rows))
        X = self.rows.X[order]
        Y = self.rows.Y[order]
        for start in range(0, len(X), self.batch_size):
            batch = slice(start, start + self.batch_size)
            targets = {name: Y[batch, t : t + 1] for t, name in enumerate(self.rows.names)}
            yield X[batch], targets


def trainer(n_features, names, hidden, weighting, learning_rate):
    """A Trainer with a shared perceptron and a linear head for each task."""

    def perceptron():
        sizes = (n_features, *hidden)
        layers = []
        for n_inputs, n_units in pairwise(sizes):
            layers += [nn.Linear(n_inputs, n_units), nn.ReLU()]
        return nn.Sequential(*layers)

    def task():
        return {
            "metrics": ["none"],
            "metrics_fn": NoMetric(),
            "loss_fn": MSELoss(),
            "weight": [0],
        }

    return OnProcessor(
        task_dict={name: task() for name in names},
        weighting=weighting,
        architecture="HPS",
        encoder_class=perceptron,
        decoders=nn.ModuleDict({name: nn.Linear(hidden[-1], 1) for name in names}),
        rep_grad=False,
        multi_input=False,
        optim_param={"optim": "adam", "lr": learning_rate},
        scheduler_param=None,
        weight_args={"alpha": 1.5} if weighting == "GradNorm" else {},
        arch_args={},
    )


def train(X, Y, hidden, batch_size, learning_rate, n_epochs, weighting="EW", loader=True):
    """Train a new network for so many epochs, in one thread and silently."""
    torch.set_num_threads(1)
    torch.manual_seed(0)
    names = [f"task{t}" for t in range(Y.shape[1])]
    rows = Rows(X, Y, names)
    if loader:
        batches = DataLoader(rows, batch_size=batch_size, shuffle=True)
    else:
        batches = ReadyBatches(rows, batch_size)
    with redirect_stdout(io.StringIO()):
        model = trainer(X.shape[1], names, hidden, weighting, learning_rate)
        model.train(batches, None, n_epochs)
    return model
