"""TaskStandardScaler: a StandardScaler for each task, the task column left alone."""

import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

from skmtl import MultiTaskLasso, TaskStandardScaler

rng = np.random.default_rng(0)
FEATURES = rng.normal(size=(12, 3)) * [1, 10, 100] + [0, 5, 50]
TASKS = np.repeat([7, 3, 5], [4, 6, 2])
X = np.column_stack([FEATURES[:, :1], TASKS, FEATURES[:, 1:]])  # ids in the second column
FRAME = pd.DataFrame(FEATURES, columns=["p", "q", "r"])
FRAME.insert(1, "school", np.array(["a", "b", "c"])[(TASKS - 3) // 2])


def by_hand(features=FEATURES, **options):
    """One StandardScaler a task."""
    out = np.empty_like(features)
    for task in np.unique(TASKS):
        rows = np.flatnonzero(np.equal(TASKS, task))
        out[rows] = StandardScaler(**options).fit_transform(features[rows])
    return out


def expected_failures(scaler):
    if scaler.task_column is None:
        return {}
    return {"check_estimators_pickle": "puts NaN, which features may be, among the task ids"}


@parametrize_with_checks(
    [
        TaskStandardScaler(),
        TaskStandardScaler(with_mean=False),
        TaskStandardScaler(task_column=-1, handle_unknown="shared"),
        TaskStandardScaler(task_column=-1, handle_unknown="shared", with_mean=False),
    ],
    expected_failed_checks=expected_failures,
)
def test_scikit_learns_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.parametrize("with_mean", [True, False])
@pytest.mark.parametrize("with_std", [True, False])
def test_each_task_is_scaled_as_alone(with_mean, with_std):
    options = {"with_mean": with_mean, "with_std": with_std}
    out = TaskStandardScaler(task_column=1, **options).fit_transform(X)
    np.testing.assert_allclose(np.delete(out, 1, axis=1), by_hand(**options), rtol=1e-12)
    np.testing.assert_array_equal(out[:, 1], TASKS)


def test_ids_may_come_beside_x():
    scaler = TaskStandardScaler()
    out = scaler.fit_transform(FEATURES, tasks=TASKS)
    np.testing.assert_allclose(out, by_hand(), rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform(out, tasks=TASKS), FEATURES)
    with pytest.raises(ValueError, match="was fitted with tasks=; give them here, too"):
        scaler.transform(FEATURES)
    with pytest.raises(ValueError, match="was fitted without tasks="):
        scaler.fit(FEATURES).transform(FEATURES, tasks=TASKS)
    with pytest.raises(ValueError, match="Both task_column=1 and tasks= were given"):
        TaskStandardScaler(task_column=1).fit(X, tasks=TASKS)


def test_without_ids_all_rows_are_one_task():
    scaler = TaskStandardScaler().fit(FEATURES)
    np.testing.assert_allclose(
        scaler.transform(FEATURES), StandardScaler().fit_transform(FEATURES), rtol=1e-12
    )
    assert scaler.tasks_.tolist() == [0]


@pytest.mark.parametrize("make", [pd.DataFrame, pl.DataFrame])
def test_frames_stay_frames_with_their_columns_and_text(make):
    frame = make({name: FRAME[name].tolist() for name in FRAME})
    out = TaskStandardScaler(task_column="school").fit_transform(frame)
    assert isinstance(out, make)
    assert list(out.columns) == ["p", "school", "q", "r"]
    assert out["school"].to_list() == FRAME["school"].tolist()
    np.testing.assert_allclose(np.column_stack([out[c] for c in "pqr"]), by_hand())
    np.testing.assert_allclose(frame["q"], FRAME["q"])  # the input is as before


def test_the_index_and_the_type_of_the_ids_survive():
    frame = FRAME.assign(school=FRAME["school"].astype("category"), q=np.arange(12))
    frame.index = np.arange(12) + 100
    out = TaskStandardScaler(task_column="school").fit_transform(frame)
    assert out["school"].dtype == "category"
    assert out["q"].dtype == float  # were integers
    pd.testing.assert_index_equal(out.index, frame.index)


def test_text_ids_in_an_array_stay_text():
    array = FRAME.to_numpy()
    out = TaskStandardScaler(task_column=1).fit_transform(array)
    assert out.dtype == object
    assert out[:, 1].tolist() == FRAME["school"].tolist()
    np.testing.assert_allclose(np.delete(out, 1, axis=1).astype(float), by_hand())


def test_set_output_names_the_columns():
    scaler = TaskStandardScaler(task_column=1).set_output(transform="pandas")
    out = scaler.fit_transform(X)
    assert isinstance(out, pd.DataFrame)
    assert list(out.columns) == list(scaler.get_feature_names_out()) == ["x0", "x1", "x2", "x3"]
    named = TaskStandardScaler(task_column="school").fit(FRAME)
    assert list(named.get_feature_names_out()) == list(FRAME.columns)


@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_matrix])
@pytest.mark.parametrize("task_column", [0, 2, -1])
def test_sparse_rows_are_scaled_and_stay_sparse(container, task_column):
    features = np.where(rng.random(FEATURES.shape) < 0.5, 0.0, FEATURES)
    dense = np.insert(features, task_column % 4, TASKS, axis=1)
    scaler = TaskStandardScaler(task_column=task_column, with_mean=False)
    out = scaler.fit_transform(container(dense))
    assert sparse.issparse(out)
    np.testing.assert_allclose(out.toarray(), clone(scaler).fit_transform(dense), rtol=1e-12)
    np.testing.assert_allclose(scaler.inverse_transform(out).toarray(), dense, rtol=1e-12)
    with pytest.raises(ValueError, match="Cannot center sparse matrices: pass `with_mean=False`"):
        TaskStandardScaler(task_column=task_column).fit(container(dense))


@pytest.mark.parametrize("data", [X, FRAME], ids=["array", "frame"])
def test_the_inverse_gives_the_rows_back(data):
    scaler = TaskStandardScaler(task_column=1).fit(data)
    back = np.asarray(scaler.inverse_transform(scaler.transform(data)))
    np.testing.assert_allclose(np.delete(back, 1, axis=1).astype(float), FEATURES, rtol=1e-12)


def test_one_row_and_constant_features_have_scale_one():
    data = np.array([[2.0, 5.0, 0], [4.0, 5.0, 0], [9.0, 8.0, 1]])
    scaler = TaskStandardScaler(task_column=-1).fit(data)
    np.testing.assert_array_equal(scaler.scale_, [[1, 1], [1, 1]])
    np.testing.assert_array_equal(scaler.mean_, [[3, 5], [9, 8]])
    np.testing.assert_array_equal(scaler.n_samples_per_task_, [2, 1])


def test_missing_features_are_left_out_and_stay_missing():
    holes = FEATURES.copy()
    holes[[0, 5], [1, 2]] = np.nan
    scaler = TaskStandardScaler(task_column=-1).fit(np.column_stack([holes, TASKS]))
    out = scaler.transform(np.column_stack([holes, TASKS]))
    np.testing.assert_allclose(out[:, :-1], by_hand(holes), rtol=1e-12)
    assert np.isnan(out[[0, 5], [1, 2]]).all()


def test_a_feature_missing_throughout_a_task_has_the_figures_of_all_rows():
    holes = np.where((TASKS == 5)[:, None], [[1.0, np.nan, 1.0]], FEATURES)
    scaler = TaskStandardScaler(task_column=-1).fit(np.column_stack([holes, TASKS]))
    assert scaler.mean_[1, 1] == scaler.shared_mean_[1] == pytest.approx(np.nanmean(holes[:, 1]))
    assert scaler.scale_[1, 1] == scaler.shared_scale_[1] == pytest.approx(np.nanstd(holes[:, 1]))


def test_infinite_features_are_refused():
    with pytest.raises(ValueError, match="Input X contains infinity"):
        TaskStandardScaler(task_column=1).fit(np.column_stack([X, np.full(12, np.inf)]))


def test_unseen_tasks_are_refused_or_get_the_figures_of_all_rows():
    new = np.column_stack([FEATURES[:, :1], np.full(12, 99), FEATURES[:, 1:]])
    scaler = TaskStandardScaler(task_column=1).fit(X)
    with pytest.raises(ValueError, match=r"task\(s\) \[99.0\] that were not seen .*all samples"):
        scaler.transform(new)
    scaler.set_params(handle_unknown="shared")
    expected = StandardScaler().fit_transform(FEATURES)
    np.testing.assert_allclose(np.delete(scaler.transform(new), 1, axis=1), expected, rtol=1e-12)


def test_single_precision_stays_single():
    assert TaskStandardScaler(task_column=1).fit_transform(X.astype("f")).dtype == np.float32


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"handle_unknown": "ignore"}, "'ignore' is not one of"),
        ({"with_mean": 1}, "with_mean must be True or False, got 1"),
        ({"with_std": "no"}, "with_std must be True or False, got 'no'"),
    ],
)
def test_parameters_are_checked(params, message):
    with pytest.raises((ValueError, TypeError), match=message):
        TaskStandardScaler(task_column=1, **params).fit(X)


def test_in_a_pipeline_a_lasso_finds_the_task_column():
    y = rng.normal(size=12) + TASKS
    pipeline = make_pipeline(
        TaskStandardScaler(task_column="school"), MultiTaskLasso(alpha=0.1, task_column="school")
    )
    arrays = make_pipeline(TaskStandardScaler(task_column=1), MultiTaskLasso(0.1, task_column=1))
    expected = arrays.fit(X, y).predict(X)
    np.testing.assert_allclose(pipeline.fit(FRAME, y).predict(FRAME), expected, rtol=1e-6)
    scaled_by_hand = MultiTaskLasso(alpha=0.1).fit(by_hand(), y, tasks=TASKS)
    np.testing.assert_allclose(scaled_by_hand.predict(by_hand(), tasks=TASKS), expected, rtol=1e-6)
