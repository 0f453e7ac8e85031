"""Weights of the gradients of tasks: against separate passes for each task, and by identities."""

import importlib.util
import math

import numpy as np
import pytest
from sklearn.base import clone
from test_deep import FEW_STEPS, as_wide, long_data

from skmtl import MultiTaskMLPClassifier, MultiTaskMLPRegressor
from skmtl.deep._architecture import Architecture
from skmtl.deep._training_samples import TrainingSamples
from skmtl.deep._training_settings import TrainingSettings

HAS_TORCH = importlib.util.find_spec("torch") is not None
pytestmark = pytest.mark.skipif(
    not HAS_TORCH, reason='PyTorch is not installed: pip install "skmtl[torch]"'
)
if HAS_TORCH:
    import torch
    from torch import nn

    from skmtl.deep._network.batches import Batch
    from skmtl.deep._network.network import Network
    from skmtl.deep._network.objective import Objective
    from skmtl.deep._network.weighting import make_weighting
    from skmtl.deep._network.weighting.pcgrad import projected_gradients
    from skmtl.deep._network.weighting.task_gradients import task_gradients

    class LearnedWeights(nn.Module):
        """A weighted sum whose weights are learned."""

        takes_losses = True

        def __init__(self, n_tasks):
            super().__init__()
            self.logits = nn.Parameter(torch.zeros(n_tasks))

        def forward(self, losses):
            return torch.softmax(self.logits, 0) @ losses


NAMES = ["uncertainty", "dwa", "gradnorm", "pcgrad"]
FORMS = ["wide", "long"]
LOSSES = ["squared_error", "cross_entropy"]
N_MEMBERS = 2
N_TASKS = 3


def mean_of_rows(gradients):
    return gradients.mean(0)


class MeanLoss:
    """The mean of losses; counts how often it is told of epochs and of steps."""

    takes_losses = True

    def __init__(self):
        self.calls = []

    def __call__(self, losses):
        self.calls.append("call")
        return losses.mean()

    def step(self):
        self.calls.append("step")

    def update(self, losses):
        assert not losses.requires_grad
        self.calls.append("update")


def weighting_of(name, n_tasks):
    """What a test's name of a weighting stands for."""
    if name == "mean of gradients":
        return mean_of_rows
    if name == "mean of losses":
        return MeanLoss()
    if name == "learned":
        return LearnedWeights(n_tasks)
    return name


class Step:
    """A network in the midst of training, its objective and a batch that are all samples."""

    def __init__(self, form="wide", loss="squared_error", task_weight=(1.0, 1.0, 1.0), seed=0):
        rng = np.random.default_rng(seed)
        n_samples = 40
        n_outputs = 1 if loss == "squared_error" else 3
        y = rng.normal(size=(n_samples, N_TASKS))
        if loss == "cross_entropy":
            y = rng.integers(3, size=y.shape).astype(float)
        weight = rng.uniform(0.5, 1.5, size=y.shape) * (rng.random(y.shape) > 0.2)
        weight = weight * np.array(task_weight)
        codes = None
        if form == "long":
            codes = rng.integers(N_TASKS, size=n_samples)
            y = np.take_along_axis(y, codes[:, None], axis=1)
            weight = np.take_along_axis(weight, codes[:, None], axis=1)
        samples = TrainingSamples(
            X=rng.normal(size=(n_samples, 4)),
            y=y,
            weight=weight,
            codes=codes,
            offset=0.1 * rng.normal(size=(N_TASKS, n_outputs)),
            losses=(loss,) * N_TASKS,
            strata=np.zeros(n_samples, dtype=int),
        )
        validation = np.zeros((N_MEMBERS, n_samples), dtype=bool)
        validation[0, :10] = True
        validation[1, 10:20] = True
        generator = torch.Generator().manual_seed(seed)
        self.network = Network(architecture(n_outputs), generator)
        with torch.no_grad():
            for parameter in self.network.heads.parameters():
                parameter.normal_(generator=generator)
        self.batch = Batch.of(samples, validation)
        self.objective = Objective(self.batch, samples.offset, samples.losses, SETTINGS)

    def started(self, weighting):
        """Return a weighting before its first epoch."""
        made = make_weighting(weighting)
        made.start(self.network, self.objective, self.batch, seed=0)
        return made

    def gradients(self, weighting):
        """Return the gradients of the parameters of the network, flat, by their names."""
        self.network.zero_grad()
        weighting.backward(self.network, self.objective, self.batch)
        return {name: one.grad.flatten(1) for name, one in self.network.named_parameters()}

    def task_losses(self):
        """Return what tasks add to the mean losses, (M, T), with a graph, and representations."""
        h = self.network.represent(self.batch.X, self.batch.codes)
        scores = self.network.scores(h, self.batch.codes)
        cells = self.objective.cells(scores, self.batch)
        return self.objective.task_losses(cells, self.batch), h

    def gradients_of_tasks(self, with_respect_to_h):
        """Return the gradients (M, T, m) of the tasks by a pass for each."""
        losses, h = self.task_losses()
        inputs = [h] if with_respect_to_h else list(self.network.trunk.parameters())
        rows = []
        for loss in losses.sum(0):
            of_task = torch.autograd.grad(loss, inputs, retain_graph=True)
            rows.append(torch.cat([gradient.flatten(1) for gradient in of_task], 1))
        return torch.stack(rows, 1)


def architecture(n_outputs):
    return Architecture(4, (7, 6), "tanh", 0.0, N_MEMBERS, N_TASKS, n_outputs, "mean")


SETTINGS = TrainingSettings(
    head_alpha=3.0,
    soft_alpha=0.0,
    huber_delta=1.0,
    alpha=0.0,
    learning_rate=0.1,
    trunk_learning_rate=0.1,
    transform_batch=None,
    batch_size=40,
    max_iter=1,
    n_iter_no_change=1,
    has_task_checkpoints=False,
    weighting="equal",
)


def of_trunk(gradients):
    """The gradients of the trunk side by side, (M, m)."""
    parts = [one for name, one in gradients.items() if name.startswith("trunk")]
    return torch.cat(parts, 1)


def assert_same(actual, expected, rtol=1e-4):
    """Single precision, relative to the largest entry."""
    atol = rtol * max(float(expected.abs().max()), 1e-6)
    torch.testing.assert_close(actual, expected, rtol=0, atol=atol)


# Gradients of tasks


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("form", FORMS)
def test_gradients_of_tasks_are_those_of_separate_passes(form, loss):
    step = Step(form, loss)
    expected = step.gradients_of_tasks(with_respect_to_h=form == "wide")
    step.network.zero_grad()
    gradients = task_gradients(step.network, step.objective, step.batch)
    assert_same(gradients.matrix(), expected)
    assert_same(gradients.gram(), expected @ expected.mT)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighting", ["mean of gradients", "mean of losses"])
def test_the_mean_is_the_gradient_of_the_objective(weighting, form, loss):
    step = Step(form, loss)
    weighting = weighting_of(weighting, N_TASKS)
    expected = step.gradients(step.started("equal"))
    actual = step.gradients(step.started(weighting))
    for name, gradient in expected.items():
        assert_same(actual[name], gradient)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighting", ["dwa", "mean of gradients", "mean of losses"])
def test_a_fit_with_the_mean_is_one_with_equal_weights(weighting, form):
    X, y, tasks = long_data()
    weighting = weighting_of(weighting, N_TASKS)
    ids = {"tasks": tasks}
    if form == "wide":
        y = np.column_stack([y, np.sin(X[:, 0])])
        ids = {}
    model = MultiTaskMLPRegressor(**FEW_STEPS).set_params(max_iter=2)  # dwa begins with the third
    equal = clone(model).fit(X, y, **ids)
    same = clone(model).set_params(weighting=weighting).fit(X, y, **ids)
    np.testing.assert_allclose(same.loss_curve_, equal.loss_curve_, rtol=1e-4)
    np.testing.assert_allclose(same.predict(X, **ids), equal.predict(X, **ids), atol=1e-3)


def test_gradients_of_tasks_through_a_trunk_of_ones_own():
    X, y, tasks = long_data()
    trunk = nn.Sequential(nn.Linear(4, 6), nn.Tanh(), nn.Linear(6, 5))
    trunk[0].requires_grad_(False)
    model = MultiTaskMLPRegressor(**FEW_STEPS, trunk=trunk, batch_size=10)
    model.set_params(max_iter=1)  # copies draw from the random state, as dropout might
    equal = clone(model).fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    model.set_params(weighting=mean_of_rows).fit(X, y, tasks=tasks)
    np.testing.assert_allclose(model.predict(X, tasks=tasks), equal, atol=1e-3)
    model.set_params(weighting="pcgrad").fit(X, y, tasks=tasks)
    assert (model.task_weight_curve_ != 1).any()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("weighting", [*NAMES, "mean of gradients", "learned"])
def test_members_do_not_see_each_other(weighting, form):
    step = Step(form)
    weighting = weighting_of(weighting, N_TASKS)
    alone = of_trunk(step.gradients(step.started(weighting)))[0]
    with torch.no_grad():
        for parameter in step.network.parameters():
            parameter[1] *= -3.0
    torch.testing.assert_close(of_trunk(step.gradients(step.started(weighting)))[0], alone)


# Each weighting


def projected_by_hand(gradients, order):
    """Algorithm 1 of Yu et al. (2020) for a member: gradients (T, m), order (T, T)."""
    projected = gradients.copy()
    for i in range(len(gradients)):
        for j in order[i]:
            product = projected[i] @ gradients[j]
            if j != i and product < 0:
                projected[i] -= product / (gradients[j] @ gradients[j]) * gradients[j]
    return projected


def test_projections_are_those_of_the_algorithm():
    rng = np.random.default_rng(0)
    gradients = rng.normal(size=(2, 6, 4))
    gradients[:, 2] = 0.0  # a task without samples
    gram = gradients @ gradients.transpose(0, 2, 1)
    order = rng.permuted(np.tile(np.arange(6), (2, 6, 1)), axis=2)
    projected = projected_gradients(gram, order) @ gradients
    for member in range(2):
        expected = projected_by_hand(gradients[member], order[member])
        np.testing.assert_allclose(projected[member], expected, atol=1e-12)


@pytest.mark.parametrize("form", FORMS)
def test_pcgrad_takes_conflicts_out_of_the_gradient_of_the_trunk_only(form):
    step = Step(form, seed=2)
    rows = step.gradients_of_tasks(with_respect_to_h=form == "wide")
    gram = (rows @ rows.mT).detach().numpy()
    assert (gram < 0).any()
    equal = step.gradients(step.started("equal"))
    weighting = step.started("pcgrad")
    actual = step.gradients(weighting)
    weights = torch.from_numpy(weighting.end_epoch(None))
    order = torch.rand(gram.shape, generator=torch.Generator().manual_seed(0)).argsort(-1)
    expected = projected_gradients(gram, order.numpy()).sum(axis=1)
    assert_same(weights, torch.from_numpy(expected), rtol=1e-3)
    of_trunks = step.gradients_of_tasks(with_respect_to_h=False)
    assert_same(of_trunk(actual), torch.einsum("mt,mtp->mp", weights, of_trunks))
    for name in ("heads.common", "heads.deviations"):
        assert_same(actual[name], equal[name])


def test_gradnorm_moves_weights_towards_equal_norms():
    step = Step()
    rows = step.gradients_of_tasks(with_respect_to_h=True)
    squared_weights = (step.batch.weight.square() * step.batch.is_training).sum(1)
    size = (rows.square().sum(2) / squared_weights).sqrt()
    weighting = step.started("gradnorm")
    with torch.no_grad():
        weighting.logits.copy_(torch.tensor([[0.3, 0.0, -0.2], [0.0, 0.1, 0.5]]))
    rates = torch.tensor([[0.5, 1.0, 1.5], [1.0, 1.0, 1.0]])
    untrained = step.objective.untrained_losses(step.batch)
    weighting.end_epoch((rates * untrained).numpy())
    logits = weighting.logits.detach().clone().requires_grad_()
    weights = 3 * torch.softmax(logits, 1)
    norms = weights * size * step.objective.total[:, None]
    target = (norms.mean(1, keepdim=True) * rates**1.5).detach()
    (expected,) = torch.autograd.grad((norms - target).abs().sum(), logits)
    gradients = step.gradients(weighting)
    scale = step.objective.total[:, None]  # of the losses in the norms
    assert_same(weighting.logits.grad * scale, expected)
    of_trunks = step.gradients_of_tasks(with_respect_to_h=False)
    expected = torch.einsum("mt,mtp->mp", weights.detach(), of_trunks)
    assert_same(of_trunk(gradients), expected)


def test_task_weights_go_on_multiplying_with_gradnorm():
    plain = Step()
    heavy = Step(task_weight=(1.0, 10.0, 1.0))
    weighting = plain.started("gradnorm")
    plain.gradients(weighting)
    other = heavy.started("gradnorm")
    heavy.gradients(other)
    directions = torch.nn.functional.normalize(weighting.logits.grad)
    assert_same(torch.nn.functional.normalize(other.logits.grad), directions)


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("task_weight", [(1.0, 1.0, 1.0), (1.0, 10.0, 0.1)])
def test_uncertain_weights_end_at_one_over_twice_the_mean_loss(task_weight, loss):
    step = Step("wide", loss, task_weight)
    losses, _ = step.task_losses()
    mean = losses * step.objective.total[:, None] / step.objective.training_weight
    weighting = step.started("uncertainty")
    step.gradients(weighting)
    shares = step.objective.training_weight / step.objective.total[:, None]
    assert_same(weighting.log_variance.grad, (0.5 * shares - losses).detach())
    with torch.no_grad():
        weighting.log_variance.copy_(torch.log(2 * mean))
    weighting.log_variance.grad = None
    gradients = step.gradients(weighting)
    assert weighting.log_variance.grad.abs().max() < 1e-6
    of_trunks = step.gradients_of_tasks(with_respect_to_h=False)
    expected = torch.einsum("mt,mtp->mp", (1 / (2 * mean)).detach(), of_trunks)
    assert_same(of_trunk(gradients), expected)


def test_dwa_follows_the_losses_of_two_epochs():
    step = Step()
    weighting = step.started("dwa")
    first = np.array([[1.0, 2.0, 4.0], [1.0, 0.0, 1.0]])
    second = np.array([[0.5, 2.0, 1.0], [1.0, 0.0, 1.0]])
    for losses in (first, second):
        step.gradients(weighting)
        np.testing.assert_array_equal(weighting.end_epoch(losses), 1.0)
    step.gradients(weighting)
    weights = weighting.end_epoch(second)
    shares = np.exp(np.array([0.5, 1.0, 0.25]) / 2)
    np.testing.assert_allclose(weights[0], 3 * shares / shares.sum(), rtol=1e-6)
    np.testing.assert_allclose(weights[1], 1.0)  # a loss of 0 does not fall


# Estimators


@pytest.mark.parametrize("weighting", ["uncertainty", "dwa", "gradnorm", "learned"])
def test_wide_data_with_one_target_a_row_are_long_data(weighting):
    X, y, tasks = long_data()
    weighting = weighting_of(weighting, N_TASKS)
    model = MultiTaskMLPRegressor(**FEW_STEPS, head="mean", weighting=weighting)
    long = clone(model).fit(X, y, tasks=tasks)
    wide = clone(model).set_params(normalize_y="common").fit(X, as_wide(y, tasks))
    np.testing.assert_allclose(wide.loss_curve_, long.loss_curve_, rtol=1e-3)
    np.testing.assert_allclose(wide.task_weight_curve_, long.task_weight_curve_, rtol=1e-3)


@pytest.mark.parametrize("weighting", NAMES)
def test_units_of_targets_do_not_matter(weighting):
    X, y, _ = long_data()
    Y = np.column_stack([y, np.sin(X[:, 0]), X[:, 1] ** 2])
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting)
    plain = clone(model).fit(X, Y)
    scaled = clone(model).fit(X, Y * [1024.0, 1.0, 0.0625])
    np.testing.assert_allclose(scaled.task_weight_curve_, plain.task_weight_curve_, rtol=1e-4)
    assert plain.task_weight_curve_.shape == (4, 3)
    assert (plain.task_weight_curve_[-1] != 1).any()


@pytest.mark.parametrize("weighting", NAMES)
def test_a_heavy_task_is_fitted_more_closely_with_every_weighting(weighting):
    X, y, _ = long_data()
    Y = np.column_stack([y, np.sin(3 * X[:, 0])])
    model = MultiTaskMLPRegressor((4,), n_members=2, early_stopping=False, random_state=0)
    model.set_params(max_iter=25, learning_rate_init=0.01, weighting=weighting)
    even = model.fit(X, Y).loss_curve_[-1]
    uneven = model.set_params(task_weight={0: 1.0, 1: 50.0}).fit(X, Y).loss_curve_[-1]
    assert uneven[1] < even[1]
    assert uneven[0] > even[0]


def test_noisy_tasks_weigh_less():
    X, y, _ = long_data(300)
    noise = np.random.default_rng(1).normal(size=(300, 2))
    Y = np.column_stack([y, X[:, 0]]) + [0.1, 2.0] * noise
    model = MultiTaskMLPRegressor(
        (8,), n_members=2, early_stopping=False, learning_rate_init=0.02, random_state=0
    )
    model.set_params(max_iter=40, weighting="uncertainty").fit(X, Y)
    weights = model.task_weight_curve_[-1]
    expected = 1 / (2 * model.loss_curve_[-1])
    assert weights[0] > 2 * weights[1]
    np.testing.assert_allclose(weights, expected, rtol=0.2)


@pytest.mark.parametrize("weighting", [*NAMES, "mean of gradients", "learned"])
def test_tasks_that_most_batches_lack(weighting):
    X, y, tasks = long_data()
    takes_gradients = weighting == "mean of gradients"
    weighting = weighting_of(weighting, 4)
    tasks = tasks.copy()
    tasks[0] = 3
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting, batch_size=8)
    model.fit(X, y, tasks=tasks)
    assert np.isfinite(model.predict(X, tasks=tasks)).all()
    assert np.isnan(model.task_weight_curve_).all() == takes_gradients
    assert takes_gradients or (model.task_weight_curve_ < 10).all()


@pytest.mark.parametrize("weighting", NAMES)
def test_classes_and_tasks_that_are_constant(weighting):
    X, y, _ = long_data()
    labels = np.column_stack([y > 1, np.digitize(X[:, 0], [-0.5, 0.5]), np.zeros(120)])
    model = MultiTaskMLPClassifier(**FEW_STEPS, weighting=weighting).fit(X, labels)
    assert np.isfinite(model.task_weight_curve_).all()
    Y = np.column_stack([y, np.full(120, 5.0)])
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting).fit(X, Y)
    np.testing.assert_array_equal(model.predict(X)[:, 1], 5.0)


def test_without_hidden_layers_there_is_nothing_to_weight():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS).set_params(hidden_layer_sizes=())
    equal = clone(model).fit(X, y, tasks=tasks).predict(X, tasks=tasks)
    projected = clone(model).set_params(weighting="pcgrad").fit(X, y, tasks=tasks)
    np.testing.assert_allclose(projected.predict(X, tasks=tasks), equal, atol=1e-5)


# Objects of the user


def test_objects_are_copied_and_told_of_steps_and_epochs():
    X, y, _ = long_data()
    scalarizer = MeanLoss()
    step = Step()
    weighting = step.started(scalarizer)
    step.gradients(weighting)
    step.gradients(weighting)
    weighting.end_epoch(None)
    assert scalarizer.calls == []
    for copy in weighting.functions:
        assert copy.calls == ["call", "update", "call", "step"]
    learned = LearnedWeights(2)
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=learned)
    model.fit(X, np.column_stack([y, X[:, 0]]))
    assert (learned.logits == 0).all()
    assert (model.task_weight_curve_[-1] != 1).all()


def test_random_callables_repeat():
    X, y, _ = long_data()
    Y = np.column_stack([y, X[:, 0]])

    def random_weights(gradients):
        return torch.rand(len(gradients)) @ gradients

    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=random_weights)
    state = torch.random.get_rng_state()
    once = clone(model).fit(X, Y).predict(X)
    assert torch.equal(torch.random.get_rng_state(), state)
    torch.rand(5)
    np.testing.assert_array_equal(clone(model).fit(X, Y).predict(X), once)


def as_losses(function):
    function.takes_losses = True
    return function


@pytest.mark.parametrize(
    ("weighting", "match"),
    [
        ("mgda", "'mgda' is not one of"),
        (MeanLoss, r"weighting=MeanLoss\(\)"),
        (lambda gradients: gradients[:, 0], r"a tensor of shape \(2,\).*\(2, \d+\)"),
        (lambda gradients: 1.0, "returned float"),
        (lambda gradients: gradients[0] / 0.0, "NaN or infinity"),
        (as_losses(lambda losses: losses), r"a tensor of shape \(2,\)"),
        (as_losses(lambda losses: losses.sum() * math.inf), "inf for losses"),
    ],
)
def test_what_is_not_a_weighting_is_told(weighting, match):
    X, y, _ = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting)
    with pytest.raises((TypeError, ValueError), match=match):
        model.fit(X, np.column_stack([y, X[:, 0]]))


@pytest.mark.parametrize(
    "params",
    [{"sharing": "none"}, {"sharing": "soft"}, {"training": "sequential"}],
)
@pytest.mark.parametrize("weighting", ["dwa", mean_of_rows])
def test_there_is_nothing_to_weight_if_nothing_is_shared(weighting, params):
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, **params, weighting=weighting)
    with pytest.raises(ValueError, match="weighting='equal'"):
        model.fit(X, y, tasks=tasks)
    equal = model.set_params(weighting="equal").fit(X, y, tasks=tasks)
    np.testing.assert_array_equal(equal.task_weight_curve_, np.ones((4, 3)))


def test_a_frozen_trunk_has_no_gradients_to_weight():
    X, y, tasks = long_data()
    model = MultiTaskMLPRegressor(**FEW_STEPS, trunk_learning_rate=0, weighting="pcgrad")
    with pytest.raises(ValueError, match="trunk_learning_rate=0"):
        model.fit(X, y, tasks=tasks)


def test_objects_of_torchjd():
    aggregation = pytest.importorskip("torchjd.aggregation")
    scalarization = pytest.importorskip("torchjd.scalarization")
    step = Step()
    equal = of_trunk(step.gradients(step.started("equal")))
    for mean in (aggregation.Mean(), scalarization.Mean()):
        assert_same(of_trunk(step.gradients(step.started(mean))), equal)
    X, y, tasks = long_data()
    for weighting in (aggregation.MGDA(), scalarization.UW(3), scalarization.FAMO(3)):
        model = MultiTaskMLPRegressor(**FEW_STEPS, weighting=weighting)
        model.fit(X, y, tasks=tasks)
        assert np.isfinite(model.predict(X, tasks=tasks)).all()
