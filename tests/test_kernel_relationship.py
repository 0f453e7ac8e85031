"""MultiTaskRelationshipKernelRidge: the learned covariance, its certificate, the linear model.

And the choice of its strengths by cross-validation.
"""

from functools import partial

import numpy as np
import pytest
from scipy.linalg import sqrtm
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LinearRegression
from sklearn.metrics.pairwise import rbf_kernel
from sklearn.model_selection import KFold

import skmtl
from skmtl import TaskRelationshipRegressor, make_multitask_regression
from skmtl._task_covariance.observations import Observations
from skmtl._task_covariance.systems import make_system
from skmtl.kernel._covariance_learner import learn_covariance
from skmtl.kernel._relationship_problem import RelationshipProblem

# What is stated here is in units of y.
MultiTaskKernelRidge = partial(skmtl.MultiTaskKernelRidge, normalize_y=False)
MultiTaskRelationshipKernelRidge = partial(
    skmtl.MultiTaskRelationshipKernelRidge, normalize_y=False
)
MultiTaskRelationshipKernelRidgeCV = partial(
    skmtl.MultiTaskRelationshipKernelRidgeCV, normalize_y=False
)

GAMMA = 0.2


def curves(n=40, n_tasks=5, rank=2, holes=0.0):
    """X and Y whose tasks are mixtures of a few functions, and weights."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    Y = np.sin(X @ rng.normal(size=(3, rank))) @ rng.normal(size=(rank, n_tasks)) + 3
    Y += 0.3 * rng.normal(size=Y.shape)
    Y[rng.random(Y.shape) < holes] = np.nan
    return X, Y, rng.uniform(0.5, 2, Y.shape)


def problem_of(X, Y, alpha, ridge):
    """The problem and the null objective, with dense systems and intercepts."""
    K = rbf_kernel(X, gamma=GAMMA)
    task, row = np.nonzero(~np.isnan(Y).T)
    observations = Observations(row, task, np.ones(len(row)), len(X), Y.shape[1])
    y = Y[row, task]
    y = y - observations.task_mean(y)[task]
    alphas = np.full(Y.shape[1], alpha)

    def solve(B):
        return make_system("cholesky", K, B, alphas, observations, True)

    return RelationshipProblem(K, observations, y, solve, alpha, ridge), float(y @ y)


def objective(model, X, Y, weight=1.0):
    """The objective, from predictions, `dual_coef_` and Omega, on two-dimensional y."""
    K, omega = rbf_kernel(X, gamma=GAMMA), model.task_covariance_
    B = omega @ np.linalg.inv(np.eye(len(omega)) + model.ridge / model.alpha * omega)
    C = model.dual_coef_ @ B
    gram = C.T @ K @ C
    loss = np.nansum(weight * (Y - model.predict(X)) ** 2)
    trace_norm = np.sqrt(np.maximum(np.linalg.eigvalsh(gram), 0)).sum()
    return loss + model.alpha * trace_norm**2 + model.ridge * np.trace(gram)


@pytest.mark.parametrize("layout", ["complete", "holes", "long"])
@pytest.mark.parametrize("ridge", [0.0, 0.05])
@pytest.mark.parametrize("alpha", [0.01, 0.3])
def test_with_a_linear_kernel_it_is_the_linear_model(layout, ridge, alpha):
    own = {"own_inputs": True} if layout == "long" else {"missing": 0.2 * (layout == "holes")}
    data = make_multitask_regression(30, 6, 4, random_state=0, **own)
    column = -1 if layout == "long" else None
    nbar = np.count_nonzero(~np.isnan(data.y)) / 4
    linear = TaskRelationshipRegressor(
        alpha, ridge=ridge, tol=1e-12, max_iter=100_000, task_column=column
    ).fit(data.X, data.y)
    model = MultiTaskRelationshipKernelRidge(
        alpha * nbar, ridge=ridge * nbar, kernel="linear", tol=1e-10, task_column=column
    ).fit(data.X, data.y)
    spread = np.nanstd(data.y)
    # a gap of 1e-10 is a distance of its root
    predicted = linear.predict(data.X)
    np.testing.assert_allclose(model.predict(data.X), predicted, atol=1e-4 * spread)
    np.testing.assert_allclose(model.task_covariance_, linear.task_covariance_, atol=1e-3)
    assert model.objective_ == pytest.approx(2 * nbar * linear.objective_, rel=1e-8)


@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("holes", [0.0, 0.02, 0.5])
def test_given_the_covariance_it_is_the_kernel_ridge(holes, ridge):
    X, Y, _ = curves(holes=holes)
    model = MultiTaskRelationshipKernelRidge(0.5, ridge=ridge, gamma=GAMMA).fit(X, Y)
    omega = model.task_covariance_
    B = omega @ np.linalg.inv(np.eye(5) + ridge / 0.5 * omega)
    given = MultiTaskKernelRidge(0.5, gamma=GAMMA, task_kernel=(B + B.T) / 2).fit(X, Y)
    new = np.random.default_rng(1).normal(size=(9, 3))
    np.testing.assert_allclose(model.predict(new), given.predict(new), rtol=1e-8)


@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_the_covariance_is_the_best_for_the_functions(ridge):
    X, Y, _ = curves()
    model = MultiTaskRelationshipKernelRidge(0.1, ridge=ridge, gamma=GAMMA, tol=1e-10).fit(X, Y)
    omega = model.task_covariance_
    B = omega @ np.linalg.inv(np.eye(5) + ridge / 0.1 * omega)
    C = model.dual_coef_ @ B
    root = sqrtm(C.T @ rbf_kernel(X, gamma=GAMMA) @ C).real
    np.testing.assert_allclose(omega, root / root.trace(), atol=1e-4)
    assert omega.trace() == pytest.approx(1)


@pytest.mark.parametrize("ridge", [0.0, 0.5])
@pytest.mark.parametrize("holes", [0.0, 0.4])
def test_the_objective_is_as_documented_and_the_gap_bounds_it(holes, ridge):
    X, Y, _ = curves(holes=holes)
    params = {"alpha": 0.3, "ridge": ridge, "gamma": GAMMA}
    rough = MultiTaskRelationshipKernelRidge(**params, tol=1e-2).fit(X, Y)
    fine = MultiTaskRelationshipKernelRidge(**params, tol=1e-10).fit(X, Y)
    for model in (rough, fine):
        assert model.objective_ == pytest.approx(objective(model, X, Y), rel=1e-8)
    assert rough.objective_ - rough.dual_gap_ <= fine.objective_ <= rough.objective_
    assert rough.n_iter_ < fine.n_iter_
    assert fine.optimality_ <= 1e-10


@pytest.mark.parametrize("alpha", [1e-3, 0.1, 1.0, 30.0])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_the_objective_never_increases(alpha, ridge):
    X, Y, _ = curves(n=60, n_tasks=8)
    problem, null = problem_of(X, Y, alpha, ridge)
    history = learn_covariance(problem, np.eye(8) / 8, max_iter=200, tol=1e-8 * null)
    values = np.array([step.value for step in history])
    assert (np.diff(values) <= 1e-12 * null).all()
    assert history[-1].gap <= 1e-8 * null


def test_the_gradient_is_that_of_the_value():
    X, Y, _ = curves(holes=0.2)
    problem, _ = problem_of(X, Y, 0.3, 0.2)
    A, D = np.random.default_rng(0).normal(size=(2, 5, 5))
    omega, direction = A @ A.T, D + D.T
    step = 1e-5
    ends = [problem.at(omega + sign * step * direction).value for sign in (1, -1)]
    expected = np.vdot(problem.at(omega).gradient, direction)
    assert (ends[0] - ends[1]) / (2 * step) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("holes", [0.0, 0.4])
def test_wide_and_long_give_the_same_model(holes):
    X, Y, weight = curves(holes=holes)
    tasks, samples = np.nonzero(~np.isnan(Y).T)
    Z = np.column_stack([X[samples], tasks])
    y, w = Y[samples, tasks], weight[samples, tasks]
    params = {"alpha": 0.2, "gamma": GAMMA, "tol": 1e-10}
    wide = MultiTaskRelationshipKernelRidge(**params).fit(X, Y, weight)
    long = MultiTaskRelationshipKernelRidge(task_column=-1, **params).fit(Z, y, w)
    assert long.objective_ == pytest.approx(wide.objective_, rel=1e-9)
    np.testing.assert_allclose(long.predict_all_tasks(Z), wide.predict(Z[:, :-1]), rtol=1e-3)
    assert wide.objective_ == pytest.approx(objective(wide, X, Y, weight), rel=1e-8)


def test_few_holes_complete_data_and_many_are_solved_in_their_own_ways():
    solvers = []
    for holes in (0.0, 0.01, 0.6):
        X, Y, _ = curves(n=60, holes=holes)
        solvers.append(MultiTaskRelationshipKernelRidge(gamma=GAMMA).fit(X, Y).solver_)
    assert solvers == ["kronecker", "schur", "cholesky"]


def test_a_weight_of_two_is_the_sample_twice():
    X, Y, _ = curves()
    weight = np.random.default_rng(0).integers(0, 3, len(X)).astype(float)
    model = MultiTaskRelationshipKernelRidge(0.2, gamma=GAMMA, tol=1e-11)
    weighted = model.fit(X, Y, weight).predict(X)
    twice = np.repeat(np.arange(len(X)), weight.astype(int))
    np.testing.assert_allclose(weighted, model.fit(X[twice], Y[twice]).predict(X), rtol=1e-4)


def test_opposite_tasks_are_seen_as_such():
    rng = np.random.default_rng(0)
    x = rng.uniform(-3, 3, 50)
    Y = np.column_stack([np.sin(x), np.sin(x), -np.sin(x)]) + 0.1 * rng.normal(size=(50, 3))
    omega = MultiTaskRelationshipKernelRidge(0.1).fit(x[:, None], Y).task_covariance_
    scale = np.sqrt(omega.diagonal())
    signs = [[1, 1, -1], [1, 1, -1], [-1, -1, 1]]
    np.testing.assert_allclose(omega / np.outer(scale, scale), signs, atol=0.1)


def test_one_task_is_kernel_ridge_regression():
    X, Y, _ = curves(n_tasks=1)
    model = MultiTaskRelationshipKernelRidge(0.3, ridge=0.2, gamma=GAMMA).fit(X, Y)
    single_task = MultiTaskKernelRidge(0.5, gamma=GAMMA, task_kernel="identity").fit(X, Y)
    np.testing.assert_allclose(model.predict(X), single_task.predict(X), rtol=1e-10)
    assert model.n_iter_ == 1


def test_constant_targets_have_no_relations():
    model = MultiTaskRelationshipKernelRidge().fit(np.eye(4), np.full((4, 2), [3.0, -1.0]))
    np.testing.assert_allclose(model.task_covariance_, np.eye(2) / 2)
    np.testing.assert_allclose(model.predict(np.eye(4)), np.full((4, 2), [3.0, -1.0]))
    assert model.objective_ == model.optimality_ == 0


def test_tasks_of_one_sample_and_copies_of_samples():
    X, Y, _ = curves()
    X, Y = np.vstack([X, X]), np.vstack([Y, Y])
    Y[1:, 0] = np.nan
    model = MultiTaskRelationshipKernelRidge(0.1, gamma=GAMMA).fit(X, Y)
    assert np.isfinite(model.predict(X)).all()
    np.testing.assert_allclose(model.predict(X[:1])[0, 0], Y[0, 0])  # its intercept takes it


def test_unseen_tasks_get_the_average_or_an_error():
    data = make_multitask_regression(10, 6, 3, own_inputs=True, random_state=0)
    new = data.X.copy()
    new[:, -1] = 9
    model = MultiTaskRelationshipKernelRidge(ridge=0.1, task_column=-1).fit(data.X, data.y)
    with pytest.raises(ValueError, match="were not seen in fit"):
        model.predict(new)
    model.set_params(handle_unknown="shared").fit(data.X, data.y)
    average = model.predict_all_tasks(new).mean(axis=1)
    np.testing.assert_allclose(model.predict(new), average, rtol=1e-10)


def test_precomputed_kernels_are_the_same_model():
    X, Y, _ = curves()
    params = {"alpha": 0.2, "ridge": 0.1}
    model = MultiTaskRelationshipKernelRidge(gamma=GAMMA, **params).fit(X[:30], Y[:30])
    given = MultiTaskRelationshipKernelRidge(kernel="precomputed", **params)
    given.fit(rbf_kernel(X[:30], gamma=GAMMA), Y[:30])
    predicted = given.predict(rbf_kernel(X, X[:30], gamma=GAMMA))
    np.testing.assert_allclose(predicted, model.predict(X), rtol=1e-8)


@pytest.mark.parametrize("layout", ["complete", "few holes", "long"])
@pytest.mark.parametrize("ridge", [0.0, 1e-3])
@pytest.mark.filterwarnings("ignore:alpha is too small:UserWarning")
def test_huge_kernels_come_to_least_squares(layout, ridge):
    """Up to the alpha that is left, 1e-12 of the largest eigenvalue, and rounding beside that."""
    own = {"own_inputs": True} if layout == "long" else {"missing": 0.02 * (layout != "complete")}
    data = make_multitask_regression(30, 6, 4, random_state=0, **own)
    column, X = (-1, data.X[:, :-1]) if layout == "long" else (None, data.X)
    huge = np.column_stack([1e6 * X, data.X[:, -1]]) if layout == "long" else 1e6 * X
    options = {"kernel": "linear", "task_column": column}
    search = MultiTaskRelationshipKernelRidgeCV([1e-4], ridges=[ridge], cv=3, **options)
    for model in (MultiTaskRelationshipKernelRidge(1e-4, ridge=ridge, **options), search):
        model.fit(huge, data.y)
        assert model.jitter_ > 1
        predicted = model.predict_all_tasks(huge)
        for t in range(4):
            seen = data.X[:, -1] == t if layout == "long" else ~np.isnan(data.y[:, t])
            y = data.y[seen] if layout == "long" else data.y[seen, t]
            line = LinearRegression().fit(X[seen], y).predict(X[seen])
            np.testing.assert_allclose(predicted[seen, t], line, atol=1e-2 * np.std(y))


def test_a_ridge_of_its_own_needs_no_jitter():
    X, Y, _ = curves()
    model = MultiTaskRelationshipKernelRidge(1e-4, ridge=10.0, kernel="linear").fit(1e5 * X, Y)
    assert model.jitter_ == 0
    with pytest.warns(UserWarning, match="alpha is too small") as caught:
        model.set_params(ridge=0.1).fit(1e5 * X, Y)
    assert model.jitter_ > 1e-4
    search = MultiTaskRelationshipKernelRidgeCV([1e-4], ridges=[0.1], kernel="linear", cv=2)
    with pytest.warns(UserWarning, match="alpha is too small") as caught_by_search:
        search.fit(1e5 * X, Y)
    assert caught[0].filename == caught_by_search[0].filename == __file__


def test_an_indefinite_kernel_is_refused_by_the_alpha_that_was_given():
    X, Y, _ = curves()
    with pytest.raises(ValueError, match=r"smallest eigenvalue is -.*, and alpha=0.05 does not"):
        MultiTaskRelationshipKernelRidge(0.05, kernel="sigmoid").fit(X, Y)


def test_too_few_covariances_warn():
    X, Y, _ = curves()
    with pytest.warns(ConvergenceWarning, match="after 2 covariances, but tol=1.0e-08"):
        model = MultiTaskRelationshipKernelRidge(gamma=GAMMA, max_iter=2, tol=1e-8).fit(X, Y)
    assert model.n_iter_ == 2


@pytest.mark.parametrize(
    ("params", "error", "message"),
    [
        ({"alpha": 0.0}, ValueError, "alpha == 0.0, must be > 0"),
        ({"ridge": -1.0}, ValueError, "ridge == -1.0, must be >= 0"),
        ({"max_iter": 0}, ValueError, "max_iter == 0, must be >= 1"),
        ({"tol": -1.0}, ValueError, "tol == -1.0, must be >= 0"),
        ({"kernel": "rfb"}, ValueError, "kernel='rfb' is not one of"),
        ({"fit_intercept": 1}, TypeError, "fit_intercept must be True or False"),
        ({"handle_unknown": "mean"}, ValueError, "handle_unknown='mean' is not one of"),
    ],
)
def test_bad_parameters_are_named(params, error, message):
    X, Y, _ = curves()
    with pytest.raises(error, match=message):
        MultiTaskRelationshipKernelRidge(**params).fit(X, Y)


# ------------------------------------------------ strengths chosen by cross-validation

GRID = {"alphas": [0.1, 3.0], "ridges": [1.0, 0.0], "gammas": [0.5, GAMMA]}


@pytest.mark.parametrize("fit_intercept", [True, False])
@pytest.mark.parametrize("holes", [0.0, 0.02, 0.4])
def test_errors_are_those_of_fits_without_the_fold(holes, fit_intercept):
    X, Y, weight = curves(holes=holes)
    weight = weight if holes == 0.4 else weight[:, 0]  # weights of observations are for "cholesky"
    options = {"tol": 1e-9, "fit_intercept": fit_intercept}
    model = MultiTaskRelationshipKernelRidgeCV(**GRID, cv=KFold(3), **options).fit(X, Y, weight)
    gammas_and_ridges = [(GAMMA, 0.0), (GAMMA, 1.0), (0.5, 0.0), (0.5, 1.0)]
    assert [(one["gamma"], one["ridge"]) for one in model.grid_] == gammas_and_ridges
    np.testing.assert_array_equal(model.alphas_, [3.0, 0.1])
    expected = np.empty(model.task_mse_path_.shape)
    weight = np.broadcast_to(weight.reshape(len(X), -1), Y.shape)
    for p, params in enumerate(model.grid_):
        for a, alpha in enumerate(model.alphas_):
            fit = MultiTaskRelationshipKernelRidge(alpha, **params, **options)
            for k, (train, test) in enumerate(KFold(3).split(X)):
                squares = (
                    fit.fit(X[train], Y[train], weight[train]).predict(X[test]) - Y[test]
                ) ** 2
                seen = np.where(np.isnan(squares), 0.0, weight[test])
                expected[p, a, k] = np.nansum(seen * squares, axis=0) / seen.sum(axis=0)
    # a gap of 1e-9 is a distance of its root, whatever the initial values
    np.testing.assert_allclose(model.task_mse_path_, expected, rtol=1e-3)
    p, a = np.unravel_index(expected.mean(axis=(2, 3)).argmin(), expected.shape[:2])
    assert (model.gamma_, model.ridge_) == gammas_and_ridges[p]
    assert model.alpha_ == model.alphas_[a]


def test_the_winner_is_the_model_with_its_strengths():
    X, Y, weight = curves(holes=0.2)
    found = MultiTaskRelationshipKernelRidgeCV(**GRID, cv=3).fit(X, Y, weight)
    strengths = {"ridge": found.ridge_, "gamma": found.gamma_}
    model = MultiTaskRelationshipKernelRidge(found.alpha_, **strengths).fit(X, Y, weight)
    np.testing.assert_array_equal(found.predict(X), model.predict(X))
    for name in ("n_iter_", "objective_", "dual_gap_", "optimality_", "solver_", "jitter_"):
        assert getattr(found, name) == getattr(model, name)


def test_initial_values_are_near_the_covariance_of_the_path_before(monkeypatch):
    X, Y, _ = curves(n_tasks=8)
    n_systems, at = [0], RelationshipProblem.at

    def counted(self, omega):
        n_systems[0] += 1
        return at(self, omega)

    monkeypatch.setattr(RelationshipProblem, "at", counted)
    options = {"alphas": [0.01, 0.1, 1.0], "gammas": [GAMMA], "cv": 2}
    counts = []
    for ridges in ([0.1], [0.1, 0.1001]):
        n_systems[0] = 0
        model = MultiTaskRelationshipKernelRidgeCV(ridges=ridges, **options).fit(X, Y)
        counts.append(n_systems[0] - model.n_iter_)
    assert counts[1] - counts[0] < 0.5 * counts[0]


def test_ties_go_to_the_smallest_gamma_and_ridge_and_the_largest_alpha():
    X, Y = np.arange(12.0)[:, None], np.full((12, 2), [3.0, -1.0])
    model = MultiTaskRelationshipKernelRidgeCV(**GRID, cv=3).fit(X, Y)
    assert (model.gamma_, model.ridge_, model.alpha_) == (GAMMA, 0.0, 3.0)
    np.testing.assert_array_equal(model.mse_path_, 0)


def test_wide_and_long_choose_the_same():
    X, Y, weight = curves(holes=0.3)
    tasks, samples = np.nonzero(~np.isnan(Y).T)
    Z = np.column_stack([X[samples], tasks])
    y, w = Y[samples, tasks], weight[samples, tasks]
    splits = list(KFold(3).split(X))
    same = [tuple(np.flatnonzero(np.isin(samples, side)) for side in split) for split in splits]
    options = {**GRID, "tol": 1e-10}
    wide = MultiTaskRelationshipKernelRidgeCV(cv=splits, **options).fit(X, Y, weight)
    long = MultiTaskRelationshipKernelRidgeCV(cv=same, task_column=-1, **options).fit(Z, y, w)
    np.testing.assert_allclose(long.task_mse_path_, wide.task_mse_path_, rtol=2e-4)
    assert (long.alpha_, long.ridge_, long.gamma_) == (wide.alpha_, wide.ridge_, wide.gamma_)
    np.testing.assert_allclose(long.predict_all_tasks(Z), wide.predict(Z[:, :-1]), rtol=1e-3)


def test_a_task_that_a_fold_lacks_is_predicted_by_the_average():
    data = make_multitask_regression(12, 6, 4, own_inputs=True, random_state=0)
    first = data.X[:, -1] == 0
    splits = [(np.flatnonzero(side), np.flatnonzero(~side)) for side in (~first, first)]
    options = {"task_column": -1, "handle_unknown": "shared"}
    model = MultiTaskRelationshipKernelRidgeCV([0.1], ridges=[0.2], cv=splits, **options)
    errors = model.fit(data.X, data.y).task_mse_path_[0]
    expected = np.full(errors.shape, np.nan)
    for k, (train, test) in enumerate(splits):
        fit = MultiTaskRelationshipKernelRidge(0.1, ridge=0.2, **options)
        squares = (fit.fit(data.X[train], data.y[train]).predict(data.X[test]) - data.y[test]) ** 2
        for t in np.unique(data.X[test, -1]).astype(int):
            expected[k, t] = squares[data.X[test, -1] == t].mean()
    np.testing.assert_allclose(errors, expected, rtol=1e-8)


def test_precomputed_kernels_are_cut_into_folds():
    X, Y, _ = curves()
    options = {"alphas": GRID["alphas"], "cv": 3}
    model = MultiTaskRelationshipKernelRidgeCV(gammas=[GAMMA], **options).fit(X, Y)
    given = MultiTaskRelationshipKernelRidgeCV(kernel="precomputed", **options)
    given.fit(rbf_kernel(X, gamma=GAMMA), Y)
    assert given.gamma_ is None
    np.testing.assert_allclose(given.task_mse_path_, model.task_mse_path_, rtol=1e-8)


def test_parallel_folds_change_nothing():
    X, Y, _ = curves(holes=0.2)
    models = [MultiTaskRelationshipKernelRidgeCV(**GRID, n_jobs=n).fit(X, Y) for n in (1, 2)]
    np.testing.assert_array_equal(models[0].task_mse_path_, models[1].task_mse_path_)


def test_too_few_covariances_in_a_fold_warn():
    X, Y, _ = curves()
    model = MultiTaskRelationshipKernelRidgeCV([0.1], gammas=[GAMMA], max_iter=2, tol=1e-8)
    with pytest.warns(ConvergenceWarning) as caught:
        model.fit(X, Y)
    assert "max_iter=2 iterations in a fold" in str(caught[0].message)
    assert "after 2 covariances" in str(caught[1].message)
    assert all(one.filename == __file__ for one in caught)


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"alphas": [0.0, 1.0]}, "alphas == 0.0, must be > 0"),
        ({"ridges": [-1.0, 0.0]}, "ridges == -1.0, must be >= 0"),
        ({"ridges": []}, "ridges is empty"),
        ({"gammas": []}, "gammas is empty"),
        ({"gammas": [1.0], "kernel": "linear"}, "kernel='linear' has no gamma"),
        ({"selection_rule": "max"}, "selection_rule='max' is not one of"),
        ({"tol": -1.0}, "tol == -1.0, must be >= 0"),
    ],
)
def test_bad_parameters_of_the_search_are_named(params, message):
    X, Y, _ = curves()
    with pytest.raises(ValueError, match=message):
        MultiTaskRelationshipKernelRidgeCV(**params).fit(X, Y)
