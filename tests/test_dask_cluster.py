"""Dask clusters: sums over partitions, workers that die, searches through joblib."""

import os
from types import SimpleNamespace

import numpy as np
import pytest
from sklearn.model_selection import GridSearchCV

from skmtl import (
    MultiTaskLasso,
    MultiTaskLassoCV,
    TaskStatistics,
    TaskStratifiedKFold,
    compare_to_single_task,
)

dask = pytest.importorskip("dask")
da = pytest.importorskip("dask.array")
distributed = pytest.importorskip("distributed")


def make_rows(n_rows=120):
    """Rows with the task in the last column."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n_rows, 5))
    X[:, 4] = np.arange(n_rows) % 3
    y = X @ [1.0, 2.0, 0.0, 0.0, 1.0] + rng.normal(size=n_rows)
    return X, y


X, Y = make_rows()


def test_partitions_are_summed_in_rounds(client):
    from skmtl._dask.partitions import aligned_rows
    from skmtl._dask.reduction import Partitions

    rows = Partitions(aligned_rows(da.from_array(X, chunks=(17, 5)), Y))
    mapped = rows.map(lambda part, scale: part.X * scale, 2.0)
    total, count = mapped.sum(lambda part, power: ((part**power).sum(axis=0), len(part)), 2)
    np.testing.assert_allclose(total, ((2 * X) ** 2).sum(axis=0))
    assert count == len(X)
    assert mapped.n_rounds == 1


def test_searches_run_on_a_cluster(client):
    search = MultiTaskLassoCV(alphas=5, cv=3, task_column=-1)
    search.fit(da.from_array(X, chunks=(17, 5)), da.from_array(Y, chunks=17))
    statistics = TaskStatistics.from_data(X, Y, task_column=-1, n_folds=3)
    expected = MultiTaskLassoCV(alphas=5, cv=3, task_column=-1).fit_statistics(statistics)
    np.testing.assert_allclose(search.mse_path_, expected.mse_path_, rtol=1e-8)


def test_futures_are_partitions(client):
    starts = range(0, 120, 30)
    features = client.map(lambda k: X[k : k + 30], starts)
    targets = client.map(lambda k: Y[k : k + 30], starts)
    model = MultiTaskLasso(task_column=-1, tol=1e-12).fit(features, targets)
    expected = MultiTaskLasso(task_column=-1, tol=1e-12).fit(X, Y)
    np.testing.assert_allclose(model.coef_, expected.coef_, atol=1e-10)
    np.testing.assert_allclose(model.predict(features).compute(), model.predict(X))


def test_grid_searches_and_comparisons_run_on_a_cluster(client):
    import joblib

    cv = TaskStratifiedKFold(2, task_column=-1)
    search = GridSearchCV(MultiTaskLasso(task_column=-1), {"alpha": [0.01, 1.0]}, cv=cv, n_jobs=2)
    options = {"task_column": -1, "cv": 2, "rivals": (), "random_state": 0}
    with joblib.parallel_config(backend="dask"):
        search.fit(X, Y)
        report = compare_to_single_task(MultiTaskLasso(task_column=-1), X, Y, n_jobs=2, **options)
    scores = search.cv_results_["mean_test_score"]
    search.set_params(n_jobs=None).fit(X, Y)
    np.testing.assert_array_equal(search.cv_results_["mean_test_score"], scores)
    expected = compare_to_single_task(MultiTaskLasso(task_column=-1), X, Y, **options)
    np.testing.assert_array_equal(report.table_["gain"], expected.table_["gain"])


def block_of_mortal_worker(k, marker):
    """Rows; the process that first computes block 2 ends."""
    if k == 2 and not os.path.exists(marker):
        with open(marker, "w"):
            os._exit(1)
    return X[30 * k : 30 * (k + 1)]


@pytest.mark.slow
def test_rows_of_a_dead_worker_are_read_again(tmp_path):
    with (
        distributed.LocalCluster(
            n_workers=1,  # another process starts in its place
            threads_per_worker=1,
            dashboard_address=":0",
            silence_logs=50,
        ) as cluster,
        distributed.Client(cluster),
    ):
        read = dask.delayed(block_of_mortal_worker)
        blocks = [read(k, str(tmp_path / "died")) for k in range(4)]
        targets = [dask.delayed(Y[30 * k : 30 * (k + 1)]) for k in range(4)]
        statistics = TaskStatistics.from_dask(blocks, targets, task_column=-1)
    assert (tmp_path / "died").exists()
    expected = TaskStatistics.from_data(X, Y, task_column=-1)
    assert statistics.n_samples_per_task_.tolist() == expected.n_samples_per_task_.tolist()
    model = MultiTaskLasso(task_column=-1).fit_statistics(statistics)
    same = MultiTaskLasso(task_column=-1).fit_statistics(expected)
    np.testing.assert_allclose(model.coef_, same.coef_, atol=1e-10)


def test_a_partition_that_kills_every_worker_is_named(monkeypatch):
    def compute(*values):
        raise distributed.KilledWorker(("block-of-rows", 7), SimpleNamespace(address="tcp"), 3)

    monkeypatch.setattr(dask, "compute", compute)
    with pytest.raises(RuntimeError, match=r"'block-of-rows', 7.*Make partitions smaller"):
        TaskStatistics.from_dask(da.from_array(X, chunks=30), Y, task_column=-1)
