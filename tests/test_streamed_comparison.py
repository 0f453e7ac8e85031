"""The comparison of models on rows that are streamed."""

import numpy as np
import pytest

from skmtl.evaluation._errors.held_out_targets import HeldOutTargets
from skmtl.evaluation._gains.label_losses import LabelLosses
from skmtl.evaluation._gains.pairwise_tests import pairwise_tests
from skmtl.evaluation._gains.task_gains import TaskGains
from skmtl.evaluation._streamed_losses import StreamedLosses
from skmtl.evaluation._streamed_sums import LossSums

N_TASKS = 5
N_REPEATS = 3
N_FOLDS = 4
METHODS = ["single", "multi", "pooled"]


def rows_with_losses(rng, n_rows):
    """Tasks of rows, their fold in each repetition, and losses of models that differ a little."""
    tasks = rng.permutation(np.repeat(np.arange(N_TASKS), n_rows // N_TASKS))
    folds = rng.integers(N_FOLDS, size=(n_rows, N_REPEATS))
    base = rng.chisquare(1, size=(n_rows, 1, 1)) * (1 + tasks[:, None, None])
    luck = 0.1 * rng.standard_normal((1, N_REPEATS, len(METHODS)))
    own = 0.1 * rng.standard_normal((n_rows, N_REPEATS, len(METHODS)))
    losses = base * np.exp(luck + own + [0.0, -0.1, 0.2])
    losses[tasks == 2, :, 1] = losses[tasks == 2, :, 0]  # equal models of a task
    return tasks, folds, losses


def losses_of_labels(tasks, folds, losses, floor):
    """The LabelLosses of the same rows."""
    rows, groups, values, splits = [], [], [], []
    for r in range(N_REPEATS):
        for fold in range(N_FOLDS):
            test = np.flatnonzero(folds[:, r] == fold)
            splits.append((np.flatnonzero(folds[:, r] != fold), test))
            rows.append(test)
            groups.append((r * N_FOLDS + fold) * N_TASKS + tasks[test])
            values.append(losses[test, r])
    held_out = HeldOutTargets(
        np.concatenate(rows), np.concatenate(groups), None, None, (len(splits), N_TASKS)
    )
    by_method = dict(zip(METHODS, np.concatenate(values).T, strict=True))
    return LabelLosses(held_out, by_method, None, splits, 0.5, floor, np.full(N_TASKS, 1e-9))


def streamed_losses(tasks, folds, losses, floor, chunksize):
    """The StreamedLosses of rows that come in chunks; a segment for each row or more."""
    sums = LossSums(len(METHODS), N_REPEATS, N_FOLDS, np.full(N_TASKS, 1e-18))
    for start in range(0, len(tasks), chunksize):
        chunk = slice(start, start + chunksize)
        keys = np.column_stack([tasks[chunk], folds[chunk]])
        order = np.lexsort(keys.T)
        segments, sizes = np.unique(keys[order], axis=0, return_counts=True)
        order = np.lexsort(keys.T[::-1])  # the order of np.unique
        sums.add(losses[chunk][order], segments[:, 0], segments[:, 1:], sizes)
    return StreamedLosses(METHODS, sums, floor, np.full(N_TASKS, 1e-9))


@pytest.mark.parametrize("chunksize", [7, 1000])
def test_sums_of_losses_tell_what_the_losses_of_labels_do(chunksize):
    rng = np.random.default_rng(0)
    rows = rows_with_losses(rng, 200)
    floor = np.array([0.0, 0.01, 0.01, 0.02, 0.0])
    expected = losses_of_labels(*rows, floor)
    found = streamed_losses(*rows, floor, chunksize)
    assert found.overlap == pytest.approx(expected.overlap, rel=1e-12)
    for method in METHODS:
        np.testing.assert_allclose(found.task_errors(method), expected.task_errors(method))
        np.testing.assert_allclose(found.split_errors(method), expected.split_errors(method))
    is_judged = np.ones(N_TASKS, dtype=bool)
    n_train = np.array([10.0, 20.0, 30.0, 40.0, 50.0])
    for other in ("single", "pooled"):
        gains = [
            TaskGains(losses, "multi", other, is_judged, n_train, 0.95)
            for losses in (found, expected)
        ]
        assert gains[0].is_equal.tolist() == gains[1].is_equal.tolist()
        for name, column in gains[0].columns().items():
            np.testing.assert_allclose(column, gains[1].columns()[name], rtol=1e-8, err_msg=name)
    tests = [pairwise_tests(one, METHODS, is_judged, 0.95) for one in (found, expected)]
    np.testing.assert_allclose(tests[0]["p_value"], tests[1]["p_value"], rtol=1e-6)
