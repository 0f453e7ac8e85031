"""What an estimator is compared with besides single tasks: the rivals of a comparison."""

import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import (
    LinearRegression,
    LogisticRegression,
    MultiTaskLassoCV,
    PoissonRegressor,
    RidgeCV,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MeanRegularizedRegressor,
    MultiTaskLasso,
    PooledTasks,
    compare_to_single_task,
    keep_task_column,
    make_multitask_classification,
    make_multitask_regression,
)
from skmtl.evaluation._boosted_tasks import BoostedTasks

MULTI = MultiTaskLasso(0.2, task_column=-1)
OWN = {"line": LinearRegression(), "mean": MeanRegularizedRegressor()}
FAST = {"baseline": RidgeCV(), "cv": 2, "model_figures": False, "random_state": 0}


@pytest.fixture(scope="module")
def long():
    return make_multitask_regression(
        n_samples=20, n_features=5, n_tasks=3, own_inputs=True, noise=1.0, random_state=0
    )


def compare(long, rivals, estimator=MULTI):
    return compare_to_single_task(estimator, long.X, long.y, rivals=rivals, **FAST)


@pytest.mark.parametrize(
    ("rivals", "names"),
    [
        ("auto", ["intercept", "pooled"]),
        (OWN, ["intercept", "pooled", "line", "mean"]),
        (["pooled", OWN], ["pooled", "line", "mean"]),
        ((), []),
    ],
)
def test_a_dict_adds_to_the_automatic_rivals_and_a_list_is_complete(long, rivals, names):
    report = compare(long, rivals)
    assert report.cv_results_["methods"] == ["single", "multi", *names]
    errors = [name for name in report.table_.dtype.names if name.startswith("error_")]
    assert errors == ["error_single", "error_multi", *(f"error_{name}" for name in names)]


def test_plain_estimators_learn_all_tasks_as_one_and_those_of_skmtl_see_the_tasks(long):
    errors = compare(long, [OWN]).cv_results_["errors"]
    pooled = compare(long, (), PooledTasks(LinearRegression(), task_column=-1))
    mean = compare(long, (), MeanRegularizedRegressor(task_column=-1))
    np.testing.assert_allclose(errors[..., 2], pooled.cv_results_["errors"][..., 1])
    np.testing.assert_allclose(errors[..., 3], mean.cv_results_["errors"][..., 1])


def test_several_estimators_have_the_same_rivals(long):
    scaled = make_pipeline(keep_task_column(StandardScaler(), -1), MULTI)
    models = {"raw": MULTI, "scaled": scaled}
    report = compare_to_single_task(
        models, long.X, long.y, task_column=-1, rivals=["intercept", OWN], **FAST
    )
    methods = report.cv_results_["methods"]
    assert methods[-4:] == [
        "intercept Ridge of raw",
        "intercept Ridge of scaled",
        "line",
        "mean",
    ]
    assert report["scaled"].cv_results_["methods"] == [
        "single",
        "multi",
        "intercept",
        "line",
        "mean",
    ]


@pytest.mark.parametrize(
    ("rivals", "error", "message"),
    [
        ("best", ValueError, "'best' in rivals is none of 'intercept', 'pooled', 'boosting'"),
        (RidgeCV(), TypeError, r"neither a name nor a dict \{name: estimator\}"),
        (["pooled", RidgeCV()], ValueError, "own as a dict"),
        ({"pooled": RidgeCV()}, ValueError, "The name 'pooled' is taken"),
        ({"multi": RidgeCV()}, ValueError, "The name 'multi' is taken"),
        ({"ridge": RidgeCV}, TypeError, "'ridge' must be an estimator"),
        (
            {"lasso": MultiTaskLassoCV()},
            TypeError,
            "learns several targets at once.*use skmtl.MultiTaskLassoCV",
        ),
        ({"classes": LogisticRegression()}, TypeError, "is a classifier, expected a regressor"),
        ({"other": MultiTaskLasso(task_column=0)}, ValueError, "task_column"),
    ],
)
def test_bad_rivals(long, rivals, error, message):
    with pytest.raises(error, match=message):
        compare(long, rivals)


def test_task_ids_reach_no_rival_at_the_end_of_a_pipeline(long):
    rivals = {"scaled": make_pipeline(StandardScaler(), MultiTaskLasso())}
    features = long.X[:, :-1]
    with pytest.raises(ValueError, match="does not reach the last step of a pipeline"):
        compare_to_single_task(MultiTaskLasso(), features, long.y, tasks=long.tasks, rivals=rivals)


# ---------------------------------------------------------------- boosting


def levels_of_tasks(n_tasks, n_samples=40):
    """Tasks that differ in their levels only, whose ids are no help as numbers."""
    rng = np.random.default_rng(0)
    tasks = np.repeat(np.arange(n_tasks), n_samples)
    X = rng.standard_normal((len(tasks), 2))
    y = 10.0 * rng.permutation(n_tasks)[tasks] + X[:, 0]
    return X, y, tasks


def test_boosting_sees_the_task_as_a_category_and_predicts_new_tasks():
    X, y, tasks = levels_of_tasks(4)
    boosting = HistGradientBoostingRegressor(categorical_features=[0], max_iter=50)
    model = BoostedTasks(boosting, handle_unknown="shared").fit(X, y, tasks=tasks)
    assert model.score(X, y, tasks=tasks) > 0.5
    blind = PooledTasks(HistGradientBoostingRegressor(max_iter=50)).fit(X, y, tasks=tasks)
    assert blind.score(X, y, tasks=tasks) < 0
    assert np.isfinite(model.predict(X[:3], tasks=[9, 9, 9])).all()


def test_boosting_does_not_see_the_task_of_more_than_255():
    X, y, tasks = levels_of_tasks(256, n_samples=2)
    boosting = HistGradientBoostingRegressor(categorical_features=[0], max_iter=5)
    model = BoostedTasks(boosting).fit(X, y, tasks=tasks)
    np.testing.assert_array_equal(model.predict(X, tasks=tasks), model.predict(X, tasks=0 * tasks))


@pytest.mark.parametrize("kind", ["numbers", "normalized", "counts", "classes"])
def test_boosting_of_small_tasks_is_called_a_weak_rival(long, kind):
    X = long.X
    y = long.y
    model = MeanRegularizedRegressor(normalize_y=kind == "normalized", task_column=-1)
    baseline = RidgeCV()
    if kind == "counts":
        y = np.round(np.abs(y))
        model = MeanRegularizedRegressor(loss="poisson", task_column=-1)
        baseline = PoissonRegressor()
    if kind == "classes":
        X, y = class_samples()
        baseline = LogisticRegression()
        model = PooledTasks(baseline, task_column=-1)
    options = {**FAST, "baseline": baseline}
    with pytest.warns(UserWarning, match=r"30 samples \(fewer than 1000\) and 10 of a"):
        report = compare_to_single_task(model, X, y, rivals=["boosting"], **options)
    assert report.cv_results_["methods"] == ["single", "multi", "boosting"]
    assert np.isfinite(report.cv_results_["errors"]).all()


def class_samples():
    data = make_multitask_classification(20, 5, 3, own_inputs=True, random_state=0)
    return data.X, data.y
