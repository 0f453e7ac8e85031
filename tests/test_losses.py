"""Every loss is what its derivatives and its conjugate say that it is."""

import warnings
from typing import NamedTuple

import numpy as np
import pytest
from scipy.special import xlogy

from skmtl.losses import (
    LOSSES,
    ClassLoss,
    Grouped,
    Huber,
    Logistic,
    Loss,
    Poisson,
    Softmax,
    Squared,
)

N = 60
STEP = 1e-5  # of differences: errors of STEP**2 from the third derivative, 1e-11 of rounding


class Example(NamedTuple):
    """A loss with targets and predictions that suit it, one row for each of N points."""

    name: str
    loss: Loss
    y: np.ndarray
    z: np.ndarray

    def __str__(self):
        return self.name

    def total(self, z):
        """The loss of each row, (N,)."""
        return self.sum(self.loss.value(self.y, z))

    def sum(self, values):
        """Over the columns of a row."""
        return values.reshape(N, -1).sum(axis=1)

    def moves(self, seed, size=1.0):
        return size * np.random.default_rng(seed).normal(size=self.z.shape)


def examples():
    rng = np.random.default_rng(0)
    z = 2 * rng.normal(size=N)
    z3 = 2 * rng.normal(size=(N, 3))
    labels, labels3 = rng.integers(2, size=N).astype(float), np.eye(3)[rng.integers(3, size=N)]
    mixed = np.hstack([rng.normal(size=(N, 1)), labels[:, None], labels3])
    index = np.arange(5 * N).reshape(N, 5)
    parts = (index[:, 0], Squared()), (index[:, 1], Logistic()), (index[:, 2:], Softmax())
    return [
        Example("Squared", Squared(), 3 * rng.normal(size=N), z),
        Example("Huber", Huber(0.7), rng.normal(size=N), z),
        Example("Poisson", Poisson(), rng.poisson(2.0, size=N).astype(float), z),
        Example("Poisson of zeros", Poisson(), np.zeros(N), z),
        Example("Logistic", Logistic(), labels, z),
        Example("Logistic of soft labels", Logistic(), rng.random(N), z),
        Example("Softmax", Softmax(), labels3, z3),
        Example("Softmax of soft labels", Softmax(), rng.dirichlet(np.ones(3), N), z3),
        Example("Grouped", Grouped(parts), mixed, 2 * rng.normal(size=(N, 5))),
        *(named_example(name, z) for name in LOSSES),
    ]


def named_example(name, z):
    """A registered loss, with targets that are expected somewhere near z."""
    loss = LOSSES[name]()
    noise = np.random.default_rng(1).normal(size=N)
    return Example(f"{name} by name", loss, loss.inverse_link(z + noise), z)


EXAMPLES = examples()
SMOOTH = [e for e in EXAMPLES if not isinstance(e.loss, Huber)]
# whose link is that of the exponential family
CANONICAL = [e for e in SMOOTH if isinstance(e.loss, Squared | Poisson | ClassLoss | Grouped)]
# where the curvature of each number is a second derivative
SINGLE = [e for e in SMOOTH if e.z.ndim == 1]


@pytest.fixture(params=EXAMPLES, ids=str)
def example(request):
    return request.param


# Values and derivatives


def test_losses_are_at_least_0(example):
    assert (example.loss.value(example.y, example.z) >= 0).all()


def test_losses_are_0_where_predictions_are_certain_and_right():
    label = np.array([0.0, 1.0])
    assert (Squared().value(label, label) == 0).all()
    assert (Huber(1.0).value(label, label) == 0).all()
    assert (Poisson().value(np.array([2.0]), np.log([2.0])) < 1e-15).all()  # exp(log 2) - 2
    assert (Logistic().value(label, 100 * (2 * label - 1)) < 1e-40).all()
    assert (Softmax().value(np.eye(2), 100 * np.eye(2)) < 1e-40).all()


def test_losses_are_convex(example):
    for seed in range(20):
        other = example.z + example.moves(seed, 3.0)
        between = example.total(0.3 * example.z + 0.7 * other)
        chord = 0.3 * example.total(example.z) + 0.7 * example.total(other)
        assert (between <= chord + 1e-13 * (1 + chord)).all()  # rounding


def test_the_gradient_is_the_derivative(example):
    for column in np.ndindex(example.z.shape[1:]):
        move = np.zeros_like(example.z)
        move[:, *column] = STEP
        difference = example.total(example.z + move) - example.total(example.z - move)
        gradient = example.loss.gradient(example.y, example.z)[:, *column]
        # huber's gradient has kinks, next to which the difference is of order STEP beside it
        atol = 1e-8 if example in SMOOTH else STEP
        np.testing.assert_allclose(difference / (2 * STEP), gradient, rtol=1e-8, atol=atol)


def test_curvatures_are_not_negative(example):
    for factor in (1, 1000):  # in the tails of losses that are flat there
        with np.errstate(over="ignore"):  # the exponential of a count
            assert (example.loss.curvature(example.y, factor * example.z) >= 0).all()


@pytest.mark.parametrize("example", SINGLE, ids=str)
def test_exact_curvatures_are_second_derivatives(example):
    assert example.loss.exact_curvature
    gradients = [example.loss.gradient(example.y, example.z + s * STEP) for s in (1, -1)]
    second = (gradients[0] - gradients[1]) / (2 * STEP)
    np.testing.assert_allclose(example.loss.curvature(example.y, example.z), second, rtol=1e-7)


@pytest.mark.parametrize("size", [1e-2, 1.0, 100.0])
def test_hubers_curvature_is_of_a_parabola_above(size):
    (example,) = (e for e in EXAMPLES if e.name == "Huber")
    loss, y, z = example.loss, example.y, example.z
    for seed in range(50):
        d = example.moves(seed, size)
        parabola = loss.value(y, z) + loss.gradient(y, z) * d + 0.5 * loss.curvature(y, z) * d**2
        assert (loss.value(y, z + d) <= parabola * (1 + 1e-12) + 1e-12).all()  # rounding


@pytest.mark.parametrize("example", [e for e in SMOOTH if not e.loss.exact_curvature], ids=str)
def test_curvatures_of_columns_bound_the_second_derivative_in_any_direction(example):
    for seed in range(50):
        d = example.moves(seed)
        gradients = [example.loss.gradient(example.y, example.z + s * STEP * d) for s in (1, -1)]
        second = example.sum((gradients[0] - gradients[1]) * d) / (2 * STEP)
        bound = example.sum(example.loss.curvature(example.y, example.z) * d**2)
        assert (second <= bound + 1e-9).all()  # error of the difference


def test_a_loss_is_exact_where_its_curvature_is_the_second_derivative():
    bounds = {type(e.loss) for e in EXAMPLES if not e.loss.exact_curvature}
    assert bounds == {Huber, Softmax, Grouped}
    assert Grouped(((np.arange(3), Squared()), (np.arange(3, 5), Logistic()))).exact_curvature


def test_derivatives_are_gradient_and_curvature(example):
    gradient, curvature = example.loss.derivatives(example.y, example.z)
    np.testing.assert_array_equal(gradient, example.loss.gradient(example.y, example.z))
    np.testing.assert_array_equal(curvature, example.loss.curvature(example.y, example.z))


# Conjugates


def gradients_and_below(example):
    """The gradients at random points, and these times numbers between 0 and 1."""
    rng = np.random.default_rng(1)
    for seed in range(20):
        u = example.loss.gradient(example.y, example.moves(seed, 3.0))
        yield u
        yield rng.random() * u


def test_fenchel_youngs_inequality_holds(example):
    for u in gradients_and_below(example):
        both = example.total(example.z) + example.sum(example.loss.conjugate(example.y, u))
        assert (both >= example.sum(example.z * u) - 1e-13 * (1 + np.abs(both))).all()  # rounding


def test_fenchel_youngs_inequality_is_an_equation_at_the_gradient(example):
    u = example.loss.gradient(example.y, example.z)
    both = example.total(example.z) + example.sum(example.loss.conjugate(example.y, u))
    np.testing.assert_allclose(both, example.sum(example.z * u), rtol=1e-13, atol=1e-13)


def test_conjugates_are_finite_between_0_and_a_gradient(example):
    for u in gradients_and_below(example):
        assert np.isfinite(example.loss.conjugate(example.y, u)).all()


def test_conjugates_are_convex_between_0_and_a_gradient(example):
    for u in gradients_and_below(example):
        ends = [example.sum(example.loss.conjugate(example.y, s * u)) for s in (0.0, 1.0)]
        for s in (0.1, 0.5, 0.9):
            between = example.sum(example.loss.conjugate(example.y, s * u))
            chord = (1 - s) * ends[0] + s * ends[1]
            assert (between <= chord + 1e-13 * (1 + np.abs(chord))).all()  # rounding


def test_the_conjugate_at_0_is_minus_the_minimum():
    y, labels = np.array([0.0, 1.0, 3.0]), np.array([0.0, 1.0])
    for loss in (Squared(), Huber(0.5), Poisson()):
        np.testing.assert_allclose(loss.conjugate(y, np.zeros(3)), 0.0, atol=1e-15)
    assert (Logistic().conjugate(labels, np.zeros(2)) == 0).all()
    assert (Softmax().conjugate(np.eye(2), np.zeros((2, 2))) == 0).all()


# Extremes


@pytest.mark.parametrize("z", [-700.0, 700.0, -1e5, 1e5])
@pytest.mark.parametrize("method", ["value", "gradient", "curvature", "derivatives"])
def test_far_predictions_give_numbers_without_warnings(example, method, z):
    predictions = z * np.sign(example.moves(0))
    if isinstance(example.loss, Poisson):
        predictions = np.minimum(predictions, 700)  # exp overflows at 710
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = getattr(example.loss, method)(example.y, predictions)
    assert not np.isnan(found).any()


@pytest.mark.parametrize("z", [-700.0, 700.0])
def test_conjugates_are_finite_at_the_gradients_of_far_predictions(example, z):
    u = example.loss.gradient(example.y, z * np.sign(example.moves(0)))
    assert np.isfinite(example.loss.conjugate(example.y, u)).all()


# Relations between losses


def test_softmax_of_two_classes_is_logistic_of_the_difference():
    rng = np.random.default_rng(0)
    z, second = 3 * rng.normal(size=(N, 2)), rng.random(N)
    both, difference = np.column_stack([1 - second, second]), z[:, 1] - z[:, 0]
    value = Softmax().value(both, z).sum(axis=1)
    np.testing.assert_allclose(value, Logistic().value(second, difference), rtol=1e-13)
    gradient = Softmax().gradient(both, z)
    np.testing.assert_allclose(gradient[:, 1], Logistic().gradient(second, difference), atol=1e-15)
    np.testing.assert_allclose(gradient[:, 0], -gradient[:, 1], atol=1e-15)
    conjugate = Softmax().conjugate(both, gradient).sum(axis=1)
    np.testing.assert_allclose(conjugate, Logistic().conjugate(second, gradient[:, 1]), atol=1e-14)


def test_hubers_loss_of_a_large_delta_is_squared():
    z, y = np.linspace(-3, 3, N), np.zeros(N)
    for method in ("value", "gradient", "curvature"):
        np.testing.assert_array_equal(
            getattr(Huber(10.0), method)(y, z), getattr(Squared(), method)(y, z)
        )


def test_poissons_loss_is_half_the_deviance():
    y, z = np.array([0.0, 1.0, 4.0]), np.array([0.5, -1.0, 2.0])
    half = xlogy(y, y / np.exp(z)) - y + np.exp(z)
    np.testing.assert_allclose(Poisson().value(y, z), half, rtol=1e-14)


@pytest.mark.parametrize("example", CANONICAL, ids=str)
def test_the_gradient_is_what_is_expected_less_what_is(example):
    expected = example.loss.inverse_link(example.z) - example.y
    gradient = example.loss.gradient(example.y, example.z)
    np.testing.assert_allclose(gradient, expected, rtol=1e-14, atol=1e-15)


def test_the_parts_of_a_group_are_what_they_are_alone():
    (example,) = (e for e in EXAMPLES if e.name == "Grouped")
    columns = [(0, Squared()), (1, Logistic()), (slice(2, 5), Softmax())]
    for method in ("value", "gradient", "conjugate"):
        whole = getattr(example.loss, method)(example.y, example.z)
        for where, loss in columns:
            y, z = example.y[:, where], example.z[:, where]
            np.testing.assert_array_equal(whole[:, where], getattr(loss, method)(y, z))


def test_what_a_group_leaves_out_counts_0():
    loss = Grouped(((np.array([0, 2]), Squared()),))
    np.testing.assert_array_equal(loss.value(np.ones(3), np.zeros(3)), [0.5, 0.0, 0.5])
    np.testing.assert_array_equal(loss.curvature(np.ones(3), np.zeros(3)), [1.0, 0.0, 1.0])


def test_losses_of_several_kinds_are_asked_for_both_derivatives_at_once():
    class Apart(Logistic):
        def gradient(self, y, z):
            raise AssertionError("asked for the gradient alone")

        curvature = gradient

        def derivatives(self, y, z):
            return Logistic().gradient(y, z), Logistic().curvature(y, z)

    z = np.linspace(-1, 1, 6)
    y = np.array([0.0, 1.0, 1.0, 0.0, 2.0, 3.0])
    loss = Grouped(((np.arange(4), Apart()), (np.arange(4, 6), Squared())))
    first, second = loss.derivatives(y, z)
    np.testing.assert_array_equal(first[:4], Logistic().gradient(y[:4], z[:4]))
    np.testing.assert_array_equal(second[4:], 1.0)
