"""Data sets: the real ones have their published facts, the generated ones their stated truth."""

import sys
from pathlib import Path

import numpy as np
import pytest

from skmtl.datasets import (
    _school,
    fetch_school,
    load_parkinsons,
    load_radon,
    make_multitask_classification,
    make_multitask_regression,
)

SCHOOL_MAT = Path(__file__).parent / "data" / "school.mat"
MAKERS = [make_multitask_regression, make_multitask_classification]


@pytest.fixture(autouse=True)
def no_network(monkeypatch, tmp_path):
    """No test downloads: the address leads nowhere, the data home is empty."""
    monkeypatch.setattr(_school, "URL", (tmp_path / "nowhere.mat").as_uri())
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path / "home"))


@pytest.fixture
def served(monkeypatch, tmp_path):
    """Serves the given bytes instead of the original file."""

    def serve(content):
        path = tmp_path / "served.mat"
        path.write_bytes(content)
        monkeypatch.setattr(_school, "URL", path.as_uri())

    return serve


@pytest.fixture
def school(served):
    """Serves the original file."""
    served(SCHOOL_MAT.read_bytes())


each_loader = pytest.mark.parametrize("load", [load_parkinsons, load_radon, fetch_school])


# All real data sets


@pytest.mark.parametrize(
    ("load", "task_name", "n_tasks", "n_samples", "n_features"),
    [
        (load_parkinsons, "patient", 42, 5875, 17),
        (load_radon, "county", 85, 919, 2),
        (fetch_school, "school", 139, 15362, 27),
    ],
)
def test_the_task_is_the_last_column(school, load, task_name, n_tasks, n_samples, n_features):
    data = load()
    assert data.X.shape == (n_samples, n_features + 1)
    assert data.X.dtype == data.y.dtype == np.float64
    assert data.y.shape == data.tasks.shape == (n_samples,)
    assert data.task_column == -1
    assert data.feature_names[-1] == task_name
    assert len(set(data.feature_names)) == n_features + 1
    assert np.issubdtype(data.tasks.dtype, np.integer)
    np.testing.assert_array_equal(data.X[:, -1], data.tasks)
    np.testing.assert_array_equal(np.unique(data.tasks), np.arange(1, n_tasks + 1))
    assert np.all(np.diff(data.tasks) >= 0)
    assert np.isfinite(data.X).all()


@each_loader
def test_frames_hold_what_arrays_hold(school, load):
    pd = pytest.importorskip("pandas")
    arrays, frames = load(), load(as_frame=True)
    assert isinstance(frames.X, pd.DataFrame)
    assert isinstance(frames.y, pd.Series)
    assert list(frames.X.columns) == frames.feature_names == arrays.feature_names
    assert frames.y.name == frames.target_name
    assert frames.task_column == frames.feature_names[-1]
    assert pd.api.types.is_integer_dtype(frames.X[frames.task_column])
    np.testing.assert_array_equal(frames.X.to_numpy(), arrays.X)
    np.testing.assert_array_equal(frames.y.to_numpy(), arrays.y)
    np.testing.assert_array_equal(frames.tasks, arrays.tasks)
    assert arrays.frame is None
    assert list(frames.frame.columns) == [*frames.feature_names, frames.target_name]


@each_loader
def test_return_X_y_returns_the_same_data(school, load):
    data = load()
    X, y = load(return_X_y=True)
    np.testing.assert_array_equal(X, data.X)
    np.testing.assert_array_equal(y, data.y)


@each_loader
def test_as_frame_without_pandas_names_the_extra(school, monkeypatch, load):
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(ImportError, match=r'pip install "skmtl\[pandas\]"'):
        load(as_frame=True)


@each_loader
@pytest.mark.parametrize("option", ["as_frame", "return_X_y"])
def test_flags_must_be_bool(school, option, load):
    with pytest.raises(TypeError, match=option):
        load(**{option: "yes"})


# Parkinson's


def test_parkinsons_rows_are_the_published_ones():
    data = load_parkinsons()
    assert data.feature_names[:3] == ["test_time", "Jitter(%)", "Jitter(Abs)"]
    first = [5.6431, 0.00662, 3.38e-05, 0.00401, 0.00317, 0.01204, 0.02565, 0.23, 0.01438]
    first += [0.01309, 0.01662, 0.04314, 0.01429, 21.64, 0.41888, 0.54842, 0.16006, 1]
    np.testing.assert_array_equal(data.X[0], first)  # exactly: the file keeps every digit
    counts = np.bincount(data.tasks)[1:]
    assert (counts.min(), counts.max()) == (101, 168)
    assert data.X[:, 0].min() == -4.2625
    assert data.X[:, 0].max() == 215.49


@pytest.mark.parametrize(
    ("target", "first", "low", "high"),
    [("motor_UPDRS", 28.199, 5.0377, 39.511), ("total_UPDRS", 34.398, 7.0, 54.992)],
)
def test_parkinsons_targets(target, first, low, high):
    data = load_parkinsons(target=target)
    assert data.target_name == target
    assert data.y[0] == first
    assert data.y.min() == low
    assert data.y.max() == high


def test_parkinsons_features_vary_within_every_patient():
    data = load_parkinsons()
    for patient in np.unique(data.tasks):
        assert np.all(np.ptp(data.X[data.tasks == patient, :-1], axis=0) > 0)


def test_parkinsons_age_and_sex_belong_to_the_patient():
    data = load_parkinsons()
    assert data.task_feature_names == ["age", "sex"]
    assert data.task_features.shape == (42, 2)
    np.testing.assert_array_equal(data.task_features[0], [72, 0])
    assert data.task_features[:, 1].sum() == 14
    assert not {"age", "sex"} & set(data.feature_names)


def test_parkinsons_description_has_source_and_licence():
    description = load_parkinsons().DESCR
    assert "CC BY 4.0" in description
    assert "10.24432/C5ZS3N" in description


def test_parkinsons_unknown_target_lists_the_targets():
    with pytest.raises(ValueError, match=r"target='UPDRS'.*motor_UPDRS.*total_UPDRS"):
        load_parkinsons(target="UPDRS")


# Radon


def test_radon_has_the_published_facts():
    data = load_radon()
    floor, log_uranium, county = data.X.T
    counts = np.bincount(data.tasks)[1:]
    assert (counts.min(), counts.max()) == (1, 116)
    np.testing.assert_array_equal(counts[[0, 1, 25, 69, 84]], [4, 52, 105, 116, 2])
    np.testing.assert_array_equal(np.bincount(floor.astype(int)), [766, 153])
    in_aitkin = np.log([1.1, 2.3, 3.0, 2.3])
    np.testing.assert_allclose(data.y[county == 1], in_aitkin, rtol=1e-14)
    np.testing.assert_allclose(log_uranium[0], np.log(0.602054), rtol=1e-14)
    assert np.sum(np.isclose(data.y, np.log(0.1))) == 3  # houses without radon


def test_radon_uranium_belongs_to_the_county():
    data = load_radon()
    for county in np.unique(data.tasks):
        assert np.ptp(data.X[data.tasks == county, 1]) == 0


def test_radon_counties_have_names():
    data = load_radon()
    counties = data.county_names[data.tasks - 1]
    names, counts = np.unique(counties, return_counts=True)
    np.testing.assert_array_equal(names, data.county_names)  # 85, in alphabetical order
    largest = dict(zip(names[counts > 50].tolist(), counts[counts > 50].tolist(), strict=True))
    assert largest == {"Anoka": 52, "Dakota": 63, "Hennepin": 105, "St. Louis": 116}


def test_radon_description_has_source_and_licence():
    description = load_radon().DESCR
    assert "public domain" in description
    assert "Environmental Protection Agency" in description


# School


def test_school_has_the_known_facts(school):
    data = fetch_school()
    counts = np.bincount(data.tasks)[1:]
    assert (counts.min(), counts.max()) == (22, 251)
    assert (data.y.min(), data.y.max()) == (1, 70)
    first = np.zeros(28)
    first[[0, 3, 4, 6, 9, 10, 21, 24, 27]] = [1, 24, 18, 1, 1, 1, 1, 1, 1]
    np.testing.assert_array_equal(data.X[0], first)
    assert data.y[0] == 17
    assert data.target_name == "exam_score"
    assert "bristol" in data.DESCR.lower()


def test_school_indicators_add_up_to_one(school):
    data = fetch_school()
    names = np.array(data.feature_names)
    for prefix, size, n_without in [
        ("year_", 3, 0),
        ("gender_", 2, 0),
        ("vr_band_", 3, 15),
        ("ethnic_", 11, 0),
        ("school_", 3, 0),
        ("denomination_", 3, 0),
    ]:
        columns = np.char.startswith(names, prefix)
        assert columns.sum() == size
        sums = data.X[:, columns].sum(axis=1)
        assert np.all((sums == 1) | (sums == 0))
        assert np.sum(sums == 0) == n_without


def test_school_names_fit_the_columns(school):
    data = fetch_school()
    column = dict(zip(data.feature_names, data.X.T, strict=True))
    assert np.all(column["gender_male"][column["school_female"] == 1] == 0)
    assert np.sum(column["gender_female"][column["school_male"] == 1]) == 1
    mean = [data.y[column[f"vr_band_{band}"] == 1].mean() for band in (1, 2, 3)]
    assert mean[0] > mean[1] > mean[2]  # band 1 is the highest
    for task in np.unique(data.tasks):  # a school's gender and denomination are its pupils' too
        assert np.all(np.ptp(data.X[data.tasks == task, 21:27], axis=0) == 0)


def test_school_is_downloaded_once(school, monkeypatch, tmp_path):
    fetch_school(data_home=tmp_path)
    monkeypatch.setattr(_school, "URL", (tmp_path / "nowhere.mat").as_uri())
    fetch_school(data_home=tmp_path)
    fetch_school(data_home=tmp_path, download_if_missing=False)
    assert [path.name for path in (tmp_path / "skmtl").iterdir()] == ["school.mat"]


def test_school_is_kept_in_the_data_home_of_sklearn(school, tmp_path):
    fetch_school()
    assert (tmp_path / "home" / "skmtl" / "school.mat").exists()


def test_school_damaged_copy_is_replaced(school, tmp_path):
    path = tmp_path / "skmtl" / "school.mat"
    path.parent.mkdir()
    path.write_bytes(b"half a file")
    with pytest.raises(OSError, match="damaged and download_if_missing=False"):
        fetch_school(data_home=tmp_path, download_if_missing=False)
    assert fetch_school(data_home=tmp_path).X.shape == (15362, 28)
    assert path.read_bytes() == SCHOOL_MAT.read_bytes()


@pytest.mark.parametrize(
    ("damage", "got"),
    [
        (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "got 44759 bytes"),
        (lambda content: content[:30000], "got 30000 bytes"),
        (lambda content: content + b"\0", "got more bytes"),
        (lambda content: b"", "got 0 bytes"),
    ],
    ids=["changed", "truncated", "longer", "empty"],
)
def test_school_wrong_file_is_an_error_and_never_kept(served, tmp_path, damage, got):
    served(damage(SCHOOL_MAT.read_bytes()))
    with pytest.raises(OSError, match=f"answered with another file.*{got}.*Nothing was kept"):
        fetch_school(data_home=tmp_path / "new")
    assert not list((tmp_path / "new").rglob("*.*"))


def test_school_offline_names_address_and_place(tmp_path):
    with pytest.raises(OSError, match=r"Could not download .*nowhere\.mat.*save .*school\.mat"):
        fetch_school(data_home=tmp_path / "new")
    assert not list((tmp_path / "new").rglob("*.*"))


def test_school_missing_without_download_is_an_error(tmp_path):
    with pytest.raises(OSError, match="missing and download_if_missing=False"):
        fetch_school(data_home=tmp_path, download_if_missing=False)


# Generators: what they promise about the truth


def _residual(data):
    """y - X coef' - intercept, in y's shape."""
    if data.task_column is None:
        return data.y - data.X @ data.coef.T - data.intercept
    X = data.X[:, :-1]
    return data.y - np.sum(X * data.coef[data.tasks], axis=1) - data.intercept[data.tasks]


@pytest.mark.parametrize("own_inputs", [False, True])
@pytest.mark.parametrize("noise", [0.0, 0.5, 3.0])
def test_residuals_have_the_standard_deviation_of_the_noise(own_inputs, noise):
    data = make_multitask_regression(
        2000, n_tasks=4, noise=noise, own_inputs=own_inputs, random_state=0
    )
    # 8000 residuals: the standard error of their standard deviation is 0.8%
    np.testing.assert_allclose(_residual(data).std(), noise, rtol=0.04, atol=1e-12)


def test_signal_is_about_the_square_root_of_n_informative():
    ratios = [
        np.std(data.X @ data.coef.T) / 3
        for data in (
            make_multitask_regression(500, n_tasks=20, n_informative=9, random_state=seed, **kind)
            for seed in range(10)
            for kind in ({}, {"rank": 2}, {"n_clusters": 4})
        )
    ]
    assert 0.8 < np.mean(ratios) < 1.2


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("kind", [{}, {"rank": 2}, {"n_clusters": 3}])
def test_coefficients_are_zero_exactly_outside_the_support(make, kind):
    data = make(n_features=30, n_tasks=8, n_informative=7, random_state=1, **kind)
    assert data.coef.shape == (8, 30)
    assert data.intercept.shape == (8,)
    assert data.support.dtype == bool
    assert data.support.sum() == 7
    np.testing.assert_array_equal(data.coef != 0, np.tile(data.support, (8, 1)))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("rank", [1, 3])
def test_coefficients_have_the_given_rank(make, rank):
    data = make(n_tasks=10, n_informative=6, rank=rank, n_outlier_tasks=2, random_state=0)
    related = np.setdiff1d(data.tasks, data.outlier_tasks)
    assert np.linalg.matrix_rank(data.coef[related]) == rank
    assert np.linalg.matrix_rank(data.coef) == rank + 2


def test_coefficients_have_full_rank_by_default():
    data = make_multitask_regression(n_tasks=10, n_informative=6, random_state=0)
    assert np.linalg.matrix_rank(data.coef) == 6


def test_tasks_are_near_the_center_of_their_cluster():
    data = make_multitask_regression(
        n_tasks=60, n_informative=10, n_clusters=3, n_outlier_tasks=6, random_state=0
    )
    np.testing.assert_array_equal(np.bincount(data.clusters + 1), [6, 18, 18, 18])
    np.testing.assert_array_equal(np.flatnonzero(data.clusters == -1), data.outlier_tasks)
    centers = np.array([data.coef[data.clusters == c].mean(axis=0) for c in range(3)])
    inside = data.clusters >= 0
    deviations = (data.coef[inside] - centers[data.clusters[inside]])[:, data.support]
    np.testing.assert_allclose(deviations.std(), 0.2, rtol=0.1)  # 540 deviations, 51 are lost
    assert np.std(centers[:, data.support], axis=0).mean() > 0.5


def test_without_clusters_all_tasks_but_outliers_are_in_one():
    data = make_multitask_regression(n_tasks=4, n_outlier_tasks=1, random_state=0)
    assert sorted(data.clusters) == [-1, 0, 0, 0]


@pytest.mark.parametrize("make", MAKERS)
def test_outlier_tasks_have_features_of_their_own(make):
    data = make(n_features=50, n_tasks=12, n_outlier_tasks=3, rank=1, random_state=0)
    assert data.outlier_tasks.shape == (3,)
    assert np.all(np.diff(data.outlier_tasks) > 0)
    supports = data.coef != 0
    np.testing.assert_array_equal(supports.sum(axis=1), np.full(12, 5))
    differ = np.any(supports != data.support, axis=1)
    np.testing.assert_array_equal(np.flatnonzero(differ), data.outlier_tasks)


@pytest.mark.parametrize("correlation", [0.0, 0.6, -0.6])
def test_features_have_toeplitz_correlations(correlation):
    X = make_multitask_regression(20000, n_features=6, correlation=correlation, random_state=0).X
    distance = np.abs(np.subtract.outer(np.arange(6), np.arange(6)))
    expected = float(correlation) ** distance
    np.testing.assert_allclose(np.cov(X.T), expected, atol=0.04)  # four standard errors


# Generators: the two forms


@pytest.mark.parametrize("make", MAKERS)
def test_wide_form(make):
    data = make(40, 7, 3, random_state=0)
    assert data.X.shape == (40, 7)
    assert data.y.shape == (40, 3)
    assert data.task_column is None
    np.testing.assert_array_equal(data.tasks, [0, 1, 2])


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("n_samples", [[10, 30, 20], np.array([10, 30, 20])])
def test_long_form_with_sizes(make, n_samples):
    data = make(n_samples, 7, 3, own_inputs=True, random_state=0)
    assert data.X.shape == (60, 8)
    assert data.y.shape == (60,)
    assert data.task_column == -1
    assert data.feature_names == ["x0", "x1", "x2", "x3", "x4", "x5", "x6", "task"]
    assert data.target_name == "y"
    np.testing.assert_array_equal(data.tasks, np.repeat([0, 1, 2], [10, 30, 20]))
    np.testing.assert_array_equal(data.X[:, -1], data.tasks)


@pytest.mark.parametrize("make", MAKERS)
def test_one_size_for_all_tasks_equals_a_list_of_it(make):
    one = make(15, n_tasks=3, own_inputs=True, random_state=0)
    three = make([15, 15, 15], n_tasks=3, own_inputs=True, random_state=0)
    np.testing.assert_array_equal(one.X, three.X)
    np.testing.assert_array_equal(one.y, three.y)


@pytest.mark.parametrize("make", MAKERS)
def test_random_state_fixes_the_data(make):
    kind = {"n_clusters": 2, "n_outlier_tasks": 1, "missing": 0.3}
    first, again = make(random_state=3, **kind), make(random_state=3, **kind)
    other = make(random_state=4, **kind)
    for name, value in first.items():
        np.testing.assert_array_equal(value, again[name])
    assert not np.array_equal(first.coef, other.coef)


@pytest.mark.parametrize("make", MAKERS)
def test_truth_does_not_depend_on_the_sampling(make):
    kind = {"n_tasks": 6, "n_clusters": 2, "n_outlier_tasks": 1, "random_state": 0}
    wide = make(50, missing=0.1, **kind)
    long = make([5, 6, 7, 8, 9, 10], own_inputs=True, correlation=0.5, noise=0.1, **kind)
    for name in ("coef", "intercept", "support", "clusters", "outlier_tasks"):
        np.testing.assert_array_equal(wide[name], long[name])


# Generators: missing labels


@pytest.mark.parametrize("make", MAKERS)
def test_missing_labels_are_the_asked_share_and_the_rest_is_unchanged(make):
    full = make(200, n_tasks=5, random_state=0).y
    holes = make(200, n_tasks=5, missing=0.4, random_state=0).y
    absent = np.isnan(holes)
    assert absent.sum() == 400
    np.testing.assert_array_equal(holes[~absent], full[~absent])
    # completely at random: every task's share is within four standard errors
    np.testing.assert_allclose(absent.mean(axis=0), 0.4, atol=4 * np.sqrt(0.24 / 200))


@pytest.mark.parametrize("make", MAKERS)
def test_every_task_keeps_two_labels(make):
    y = make(10, n_tasks=4, missing=0.8, random_state=0).y
    np.testing.assert_array_equal(np.sum(~np.isnan(y), axis=0), [2, 2, 2, 2])


@pytest.mark.parametrize("make", MAKERS)
def test_too_many_missing_labels_name_the_limit(make):
    with pytest.raises(ValueError, match=r"missing=0\.9 of 40 targets.*at most 0\.800"):
        make(10, n_tasks=4, missing=0.9)


# Classification


@pytest.mark.parametrize("n_classes", [2, 3, 5])
@pytest.mark.parametrize("own_inputs", [False, True])
def test_every_class_is_common(n_classes, own_inputs):
    data = make_multitask_classification(
        500, n_tasks=10, n_classes=n_classes, own_inputs=own_inputs, random_state=0
    )
    assert np.issubdtype(data.y.dtype, np.integer)
    shares = np.bincount(data.y.ravel(), minlength=n_classes) / data.y.size
    assert len(shares) == n_classes
    assert shares.min() > 0.5 / n_classes


def test_every_binary_task_has_both_classes_often():
    y = make_multitask_classification(500, n_tasks=50, random_state=0).y
    assert np.all(np.abs(y.mean(axis=0) - 0.5) < 0.4)


def test_binary_labels_follow_the_logistic_model():
    data = make_multitask_classification(20000, n_tasks=2, n_informative=2, random_state=0)
    z = data.X @ data.coef.T + data.intercept
    for low, high in [(-3, -1.5), (-0.5, 0.5), (1, 2)]:
        inside = (z > low) & (z < high)
        expected = np.mean(1 / (1 + np.exp(-z[inside])))
        error = 0.5 / np.sqrt(inside.sum())
        np.testing.assert_allclose(data.y[inside].mean(), expected, atol=4 * error)


def test_multiclass_labels_follow_the_softmax():
    data = make_multitask_classification(20000, n_tasks=2, n_classes=3, random_state=0)
    z = np.einsum("ij,tkj->itk", data.X, data.coef) + data.intercept
    probability = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    drawn = np.eye(3)[data.y]
    for k in range(3):
        inside = (probability[..., k] > 0.3) & (probability[..., k] < 0.6)
        error = 0.5 / np.sqrt(inside.sum())
        expected = probability[inside, k].mean()
        np.testing.assert_allclose(drawn[inside, k].mean(), expected, atol=4 * error)


@pytest.mark.parametrize("n_classes", [2, 3])
def test_labels_without_noise_are_the_largest_score(n_classes):
    data = make_multitask_classification(n_classes=n_classes, noise=0, random_state=0)
    coef = data.coef if n_classes == 3 else np.stack([0 * data.coef, data.coef], axis=1)
    intercept = data.intercept
    if n_classes == 2:
        intercept = np.stack([0 * intercept, intercept], axis=1)
    z = np.einsum("ij,tkj->itk", data.X, coef) + intercept
    np.testing.assert_array_equal(data.y, z.argmax(axis=-1))


def test_multiclass_truth_has_one_row_per_class():
    data = make_multitask_classification(
        n_tasks=6, n_classes=3, rank=2, n_outlier_tasks=1, random_state=0
    )
    assert data.coef.shape == (6, 3, 20)
    assert data.intercept.shape == (6, 3)
    related = np.setdiff1d(data.tasks, data.outlier_tasks)
    for k in range(3):
        assert np.linalg.matrix_rank(data.coef[related, k]) == 2
        assert np.all((data.coef[related, k] != 0) == data.support)


# Wrong parameters


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize(
    ("kind", "error", "message"),
    [
        ({"n_samples": 0}, ValueError, "n_samples == 0"),
        ({"n_samples": 10.5}, TypeError, "n_samples"),
        ({"n_samples": [5, 5, 5, 5, 5]}, ValueError, "Pass own_inputs=True"),
        ({"n_samples": [5, 5], "own_inputs": True}, ValueError, "2 numbers.*n_tasks=5"),
        ({"n_samples": [5, 5, 0, 5, 5], "own_inputs": True}, ValueError, r"n_samples\[2\] == 0"),
        ({"n_features": 0}, ValueError, "n_features == 0"),
        ({"n_tasks": 0}, ValueError, "n_tasks == 0"),
        ({"n_informative": 0}, ValueError, "n_informative == 0"),
        ({"n_informative": 21}, ValueError, "n_informative=21.*at most n_features = 20"),
        ({"rank": 6}, ValueError, "rank=6.*at most min.* = 5"),
        ({"rank": 4, "n_outlier_tasks": 2}, ValueError, "rank=4.*n_outlier_tasks.* = 3"),
        ({"rank": 0}, ValueError, "rank == 0"),
        ({"n_clusters": 0}, ValueError, "n_clusters == 0"),
        ({"n_clusters": 6}, ValueError, "n_clusters=6.*at most .* = 5"),
        ({"rank": 2, "n_clusters": 2}, ValueError, "exclude each other"),
        ({"n_outlier_tasks": -1}, ValueError, "n_outlier_tasks == -1"),
        ({"n_outlier_tasks": 5}, ValueError, "n_outlier_tasks=5.*at most n_tasks - 1 = 4"),
        ({"own_inputs": 1}, TypeError, "own_inputs must be True or False"),
        ({"correlation": 1.0}, ValueError, "correlation == 1.0"),
        ({"correlation": -1.5}, ValueError, "correlation == -1.5"),
        ({"noise": -0.1}, ValueError, "noise == -0.1"),
        ({"missing": 1.0}, ValueError, "missing == 1.0"),
        ({"missing": -0.2}, ValueError, "missing == -0.2"),
        ({"missing": 0.2, "own_inputs": True}, ValueError, "missing=0.2 needs a shared X"),
    ],
)
def test_wrong_parameters_are_named(make, kind, error, message):
    with pytest.raises(error, match=message):
        make(**kind)


def test_one_class_is_refused():
    with pytest.raises(ValueError, match="n_classes == 1"):
        make_multitask_classification(n_classes=1)
