"""Inside scikit-learn's tools an estimator gives what it gives by hand."""

import pickle

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.decomposition import PCA
from sklearn.ensemble import BaggingRegressor, StackingRegressor, VotingRegressor
from sklearn.feature_selection import RFE, SelectFromModel
from sklearn.inspection import permutation_importance
from sklearn.metrics import mean_squared_error, r2_score
from sklearn.model_selection import (
    GridSearchCV,
    GroupKFold,
    KFold,
    cross_val_predict,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skmtl import (
    MultiTaskLasso,
    MultiTaskLassoCV,
    TaskStratifiedKFold,
    keep_task_column,
    make_multitask_regression,
    task_feature_importance,
    task_score,
)

NAMES = [f"x{j}" for j in range(6)]
SCHOOLS = np.array(["art", "bio", "law", "maths"])


def _long():
    """A frame with the ids of four schools in its third column, in random order, and y."""
    data = make_multitask_regression(
        [40, 25, 30, 35], n_features=6, n_tasks=4, n_informative=3, own_inputs=True, random_state=0
    )
    order = np.random.default_rng(0).permutation(130)
    X = pd.DataFrame(data.X[order, :-1], columns=NAMES)
    X.insert(2, "school", SCHOOLS[data.tasks[order]])
    return X, data.y[order]


X, y = _long()
SCHOOL = X.columns.get_loc("school")
FEATURES, IDS = X[NAMES], X["school"].to_numpy()
CODES = np.searchsorted(SCHOOLS, IDS)
WEIGHT = np.random.default_rng(1).integers(1, 4, len(y)).astype(float)
GROUPS = np.random.default_rng(2).integers(0, 9, len(y))

_wide = make_multitask_regression(
    130, n_features=6, n_tasks=4, n_informative=3, missing=0.2, random_state=0
)
WIDE_X, Y_HOLES, SUPPORT = _wide.X, _wide.y, _wide.support
Y = WIDE_X @ _wide.coef.T + np.random.default_rng(3).normal(size=Y_HOLES.shape)

FOLDS = TaskStratifiedKFold(3, task_column="school")
LONG = {
    "lasso": MultiTaskLasso(alpha=0.1, task_column="school"),
    "cv": MultiTaskLassoCV(alphas=5, eps=0.05, cv=3, task_column="school"),
}
WIDE = {"lasso": MultiTaskLasso(alpha=0.1), "cv": MultiTaskLassoCV(alphas=5, eps=0.05, cv=3)}
GRIDS = {"lasso": {"alpha": [0.1, 0.5]}, "cv": {"selection_rule": ["min", "1se"]}}

each_model = pytest.mark.parametrize("model", LONG)
each_n_jobs = pytest.mark.parametrize("n_jobs", [1, 2])


def at(model, task_column):
    """A clone that looks for the ids elsewhere."""
    return clone(model).set_params(task_column=task_column)


def folds(model, X, y, cv):
    """A fitted clone and its test rows, for each fold."""
    take = (lambda X, rows: X.iloc[rows]) if hasattr(X, "iloc") else (lambda X, rows: X[rows])
    for train, test in cv.split(X, y):
        yield clone(model).fit(take(X, train), y[train]), take(X, test), test


def assert_close(actual, desired, atol=1e-10):
    """Equal but for rounding: memory order and BLAS threads change the last digits."""
    np.testing.assert_allclose(actual, desired, rtol=1e-7, atol=atol)


@pytest.fixture
def routing():
    """Metadata routing, switched on."""
    with config_context(enable_metadata_routing=True):
        yield


# Pipelines


@each_model
@pytest.mark.parametrize("output", ["default", "pandas"])
@pytest.mark.parametrize("transformer", [StandardScaler(), PCA(3)], ids=["scale", "pca"])
def test_a_pipeline_is_the_transformer_by_hand(model, output, transformer):
    task_column = -1 if output == "default" else "school"
    steps = keep_task_column(transformer, "school"), at(LONG[model], task_column)
    pipeline = make_pipeline(*steps).set_output(transform=output).fit(X, y)
    by_hand = pd.DataFrame(transformer.fit_transform(FEATURES)).add_prefix("z").assign(school=IDS)
    expected = clone(LONG[model]).fit(by_hand, y)
    assert_close(pipeline[-1].coef_, expected.coef_)
    assert_close(pipeline.predict(X), expected.predict(by_hand))
    assert pipeline.score(X, y) == pytest.approx(expected.score(by_hand, y))


@pytest.mark.parametrize("Y", [Y, Y_HOLES], ids=["complete", "holes"])
@each_model
def test_a_wide_pipeline_is_scaling_by_hand(model, Y):
    pipeline = make_pipeline(StandardScaler(), clone(WIDE[model])).fit(WIDE_X, Y)
    scaled = StandardScaler().fit_transform(WIDE_X)
    expected = clone(WIDE[model]).fit(scaled, Y)
    assert_close(pipeline.predict(WIDE_X), expected.predict(scaled))


def test_pandas_output_keeps_names_for_the_estimator():
    pipeline = make_pipeline(keep_task_column(StandardScaler(), "school"), clone(LONG["lasso"]))
    pipeline.set_output(transform="pandas").fit(X, y)
    assert pipeline[-1].feature_names_in_.tolist() == [*NAMES, "school"]


# Containers and kinds of ids


ID_COLUMNS = {
    "object": IDS.astype(object),
    "category": pd.Categorical(IDS),
    "string": pd.array(IDS, dtype="string"),
    "int": CODES,
    "nullable": pd.array(CODES, dtype="Int64"),
    "category of int": pd.Categorical(CODES),
    "float": CODES.astype(float),
    "date": np.datetime64("2024-01-01") + CODES,
}


@pytest.mark.parametrize("ids", ID_COLUMNS)
@each_model
def test_the_kind_of_id_does_not_matter(model, ids):
    expected = clone(LONG[model]).fit(X, y)
    frame = X.assign(school=ID_COLUMNS[ids])
    fitted = clone(LONG[model]).fit(frame, y)
    assert_close(fitted.coef_, expected.coef_)
    assert_close(fitted.predict(frame), expected.predict(X))
    assert fitted.score(frame, y) == pytest.approx(expected.score(X, y))


CONTAINERS = {
    "polars": (pl.DataFrame(X.to_dict("list")), "school"),
    "polars category": (
        pl.DataFrame(X.to_dict("list")).with_columns(pl.col("school").cast(pl.Categorical)),
        "school",
    ),
    "position in a frame": (X, SCHOOL - 7),
    "object array": (X.to_numpy(), SCHOOL),
    "list of lists": (X.to_numpy().tolist(), SCHOOL),
    "array": (np.column_stack([FEATURES, CODES]), -1),
    "csr": (sparse.csr_array(np.column_stack([FEATURES, CODES])), 6),
    "coo": (sparse.coo_matrix(np.column_stack([FEATURES, CODES])), 6),
}


@pytest.mark.parametrize("container", CONTAINERS)
@each_model
def test_the_container_does_not_matter(model, container):
    expected = clone(LONG[model]).set_params(tol=1e-10).fit(X, y)
    data, task_column = CONTAINERS[container]
    fitted = at(LONG[model], task_column).set_params(tol=1e-10).fit(data, y)
    # sparse data take another route; both gaps are below 1e-10 of the null objective
    assert_close(fitted.coef_, expected.coef_, atol=1e-4)
    assert_close(fitted.predict(data), expected.predict(X), atol=1e-3)


@pytest.mark.parametrize("output", ["default", "polars"])
def test_a_pipeline_takes_polars_frames(output):
    task_column = -1 if output == "default" else "school"
    steps = keep_task_column(StandardScaler(), "school"), at(LONG["lasso"], task_column)
    data, _ = CONTAINERS["polars"]
    pipeline = make_pipeline(*steps).set_output(transform=output).fit(data, y)
    expected = make_pipeline(keep_task_column(StandardScaler(), "school"), at(LONG["lasso"], -1))
    assert_close(pipeline.predict(data), expected.fit(X, y).predict(X))


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
def test_wide_targets_may_be_frames(frame):
    targets = frame(dict(zip(SCHOOLS, Y_HOLES.T, strict=True)))
    model, expected = MultiTaskLasso(alpha=0.1), MultiTaskLasso(alpha=0.1)
    model.fit(WIDE_X, targets)
    expected.fit(WIDE_X, Y_HOLES)
    assert model.tasks_.tolist() == SCHOOLS.tolist()
    assert_close(model.coef_, expected.coef_)
    assert model.score(WIDE_X, targets) == pytest.approx(expected.score(WIDE_X, Y_HOLES))


def test_wide_targets_may_have_nullable_columns():
    targets = pd.DataFrame(Y_HOLES).astype("Float64")
    assert targets.isna().any(axis=None)
    model = MultiTaskLasso(alpha=0.1).fit(WIDE_X, targets)
    assert model.score(WIDE_X, targets) == pytest.approx(model.score(WIDE_X, Y_HOLES))


# Model selection


def task_average(model, X, y):
    tasks = X["school"] if hasattr(X, "columns") else None
    return task_score(y, model.predict(X), tasks=tasks)


SCORINGS = {
    None: task_average,
    "r2": lambda model, X, y: r2_score(y, model.predict(X)),
    "neg_mean_squared_error": lambda model, X, y: -mean_squared_error(y, model.predict(X)),
}


@each_model
@pytest.mark.parametrize("scoring", SCORINGS)
def test_grid_search_averages_the_scores_of_the_folds(model, scoring):
    search = GridSearchCV(clone(LONG[model]), GRIDS[model], scoring=scoring, cv=FOLDS).fit(X, y)
    for params, mean in zip(
        search.cv_results_["params"], search.cv_results_["mean_test_score"], strict=True
    ):
        candidate = clone(LONG[model]).set_params(**params)
        scores = [
            SCORINGS[scoring](fitted, X_test, y[test])
            for fitted, X_test, test in folds(candidate, X, y, FOLDS)
        ]
        assert mean == pytest.approx(np.mean(scores))
    expected = clone(LONG[model]).set_params(**search.best_params_).fit(X, y)
    assert_close(search.predict(X), expected.predict(X))


@each_model
@pytest.mark.parametrize("cv", [KFold(3), TaskStratifiedKFold(3)], ids=["kfold", "stratified"])
def test_grid_search_scores_labels_that_are_there(model, cv):
    search = GridSearchCV(clone(WIDE[model]), GRIDS[model], cv=cv).fit(WIDE_X, Y_HOLES)
    best = clone(WIDE[model]).set_params(**search.best_params_)
    scores = [
        task_average(fitted, X_test, Y_HOLES[test])
        for fitted, X_test, test in folds(best, WIDE_X, Y_HOLES, cv)
    ]
    assert search.best_score_ == pytest.approx(np.mean(scores))


def test_wide_scores_are_scikit_learns_on_complete_targets():
    ours = cross_val_score(WIDE["lasso"], WIDE_X, Y, cv=3)
    assert_close(ours, cross_val_score(WIDE["lasso"], WIDE_X, Y, cv=3, scoring="r2"))


@pytest.mark.parametrize("output", ["default", "pandas"])
@each_n_jobs
def test_grid_search_reaches_through_a_pipeline(output, n_jobs):
    task_column = -1 if output == "default" else "school"
    pipeline = make_pipeline(
        keep_task_column(StandardScaler(), "school"), at(LONG["lasso"], task_column)
    ).set_output(transform=output)
    grid = {
        "multitasklasso__alpha": [0.1, 0.5],
        "columntransformer__features__with_std": [True, False],
    }
    search = GridSearchCV(pipeline, grid, cv=FOLDS, n_jobs=n_jobs).fit(X, y)
    scores = cross_val_score(search.best_estimator_, X, y, cv=FOLDS)
    assert search.best_score_ == pytest.approx(scores.mean())


def test_the_default_folds_are_stratified_by_task():
    stratified = clone(LONG["cv"]).set_params(cv=FOLDS).fit(X, y)
    assert_close(clone(LONG["cv"]).fit(X, y).mse_path_, stratified.mse_path_)


@each_model
def test_processes_do_not_change_grid_search(model):
    one, two = (
        GridSearchCV(clone(LONG[model]), GRIDS[model], cv=FOLDS, n_jobs=n).fit(X, y) for n in (1, 2)
    )
    assert_close(one.cv_results_["mean_test_score"], two.cv_results_["mean_test_score"])


@each_model
def test_held_out_rows_are_predicted_without_themselves(model):
    predictions = cross_val_predict(LONG[model], X, y, cv=FOLDS)
    for fitted, X_test, test in folds(LONG[model], X, y, FOLDS):
        assert_close(predictions[test], fitted.predict(X_test))


@each_model
def test_held_out_rows_are_predicted_for_all_tasks(model):
    predictions = cross_val_predict(WIDE[model], WIDE_X, Y_HOLES, cv=KFold(3))
    assert predictions.shape == Y_HOLES.shape
    for fitted, X_test, test in folds(WIDE[model], WIDE_X, Y_HOLES, KFold(3)):
        assert_close(predictions[test], fitted.predict(X_test))


@each_n_jobs
def test_cross_val_score_is_the_own_score(n_jobs):
    scores = cross_val_score(LONG["lasso"], X, y, cv=FOLDS, n_jobs=n_jobs)
    expected = [
        fitted.score(X_test, y[test]) for fitted, X_test, test in folds(LONG["lasso"], X, y, FOLDS)
    ]
    assert_close(scores, expected)


# Inspection and selection


@each_n_jobs
def test_permuting_a_dropped_feature_costs_nothing(n_jobs):
    model = MultiTaskLasso(alpha=0.5, task_column="school").fit(X, y)
    dropped = np.insert((model.coef_ == 0).all(axis=0), SCHOOL, False)
    assert 0 < dropped.sum() < 6
    result = permutation_importance(model, X, y, n_repeats=3, random_state=0, n_jobs=n_jobs)
    assert_close(result.importances[dropped], 0)
    assert (result.importances_mean[~dropped] > 0).all()  # the ids matter, too


def test_permuting_a_dropped_feature_costs_nothing_wide():
    model = MultiTaskLasso(alpha=0.5).fit(WIDE_X, Y_HOLES)
    result = permutation_importance(model, WIDE_X, Y_HOLES, n_repeats=3, random_state=0)
    np.testing.assert_array_equal(result.importances_mean > 0, SUPPORT)


@pytest.mark.parametrize("Y", [Y, Y_HOLES], ids=["complete", "holes"])
def test_select_from_model_keeps_what_some_task_uses(Y):
    select = SelectFromModel(MultiTaskLasso(alpha=0.5), norm_order=2).fit(WIDE_X, Y)
    np.testing.assert_array_equal(select.get_support(), (select.estimator_.coef_ != 0).any(axis=0))
    np.testing.assert_array_equal(select.get_support(), SUPPORT)


@pytest.mark.parametrize("model", [LONG["cv"], MultiTaskLasso(alpha=0.5, task_column="school")])
def test_select_from_model_keeps_the_task_column(model):
    select = SelectFromModel(model, importance_getter=task_feature_importance).fit(X, y)
    used = (select.estimator_.coef_ != 0).any(axis=0)
    np.testing.assert_array_equal(select.get_support(), np.insert(used, SCHOOL, True))


def test_a_model_after_a_selection_finds_the_ids():
    select = SelectFromModel(
        MultiTaskLasso(alpha=0.5, task_column="school"), importance_getter=task_feature_importance
    )
    pipeline = make_pipeline(select, clone(LONG["lasso"])).set_output(transform="pandas").fit(X, y)
    selected = X.loc[:, pipeline[0].get_support()]
    assert selected.shape[1] < 7
    expected = clone(LONG["lasso"]).fit(selected, y).predict(selected)
    assert_close(pipeline.predict(X), expected)


def test_recursive_elimination_keeps_the_task_column():
    data = np.column_stack([FEATURES, CODES])
    rfe = RFE(
        at(LONG["lasso"], -1), importance_getter=task_feature_importance, n_features_to_select=4
    ).fit(data, y)
    assert rfe.support_[-1]


# Ensembles and targets


@each_model
def test_voting_averages_its_members(model):
    members = [("one", clone(LONG[model])), ("two", MultiTaskLasso(task_column="school"))]
    voting = VotingRegressor(members).fit(X, y)
    expected = [clone(member).fit(X, y).predict(X) for _, member in members]
    assert_close(voting.predict(X), np.mean(expected, axis=0))


@each_model
@each_n_jobs
def test_stacking_learns_from_held_out_predictions(model, n_jobs):
    members = [("one", clone(LONG[model])), ("two", MultiTaskLasso(task_column="school"))]
    stack = StackingRegressor(members, cv=FOLDS, n_jobs=n_jobs).fit(X, y)
    held_out = [cross_val_predict(member, X, y, cv=FOLDS) for _, member in members]
    expected = clone(stack.final_estimator_).fit(np.column_stack(held_out), y)
    assert_close(stack.final_estimator_.coef_, expected.coef_)
    assert_close(stack.transform(X)[:, 0], clone(LONG[model]).fit(X, y).predict(X))


@each_model
@pytest.mark.parametrize("data", [X, X.to_numpy()], ids=["frame", "object"])
def test_bagging_without_resampling_is_the_model(model, data):
    bagging = BaggingRegressor(at(LONG[model], SCHOOL), n_estimators=2, bootstrap=False)
    bagging.fit(data, y)
    expected = clone(LONG[model]).fit(X, y).predict(X)
    assert_close(bagging.predict(data), expected)


@each_n_jobs
def test_bagging_averages_bootstraps(n_jobs):
    model = clone(LONG["lasso"]).set_params(tol=1e-10)
    bagging = BaggingRegressor(at(model, SCHOOL), n_estimators=3, random_state=0, n_jobs=n_jobs)
    bagging.fit(X, y)
    expected = [
        clone(model).fit(X.iloc[rows], y[rows]).predict(X) for rows in bagging.estimators_samples_
    ]
    # a bootstrap comes as weights or as repeated rows: one objective, both gaps below 1e-10 of it
    assert_close(bagging.predict(X), np.mean(expected, axis=0), atol=1e-3)


@each_model
def test_a_transformed_target_is_transformed_by_hand(model):
    positive = np.exp(y / y.std())
    wrapped = TransformedTargetRegressor(clone(LONG[model]), func=np.log, inverse_func=np.exp)
    expected = np.exp(clone(LONG[model]).fit(X, y / y.std()).predict(X))
    assert_close(wrapped.fit(X, positive).predict(X), expected)


@each_model
def test_normalize_y_is_scikit_learns_target_scaling(model):
    ours = clone(WIDE[model]).set_params(normalize_y=True, tol=1e-10).fit(WIDE_X, Y)
    wrapped = TransformedTargetRegressor(
        clone(WIDE[model]).set_params(tol=1e-10), transformer=StandardScaler()
    )
    assert_close(wrapped.fit(WIDE_X, Y).predict(WIDE_X), ours.predict(WIDE_X))


# Metadata


@each_model
def test_weights_reach_the_model_without_routing(model):
    pipeline = make_pipeline(keep_task_column(StandardScaler(), "school"), at(LONG[model], -1))
    name = pipeline.steps[-1][0]
    pipeline.fit(X, y, **{f"{name}__sample_weight": WEIGHT})
    scaled = pipeline[:-1].transform(X)
    expected = at(LONG[model], -1).fit(scaled, y, WEIGHT)
    assert_close(pipeline[-1].coef_, expected.coef_)


@each_model
def test_weights_are_routed(model, routing):
    requests = clone(LONG[model]).set_fit_request(sample_weight=True)
    requests.set_score_request(sample_weight=True)
    search = GridSearchCV(requests, GRIDS[model], cv=FOLDS).fit(X, y, sample_weight=WEIGHT)
    best = clone(LONG[model]).set_params(**search.best_params_)
    scores = []
    for train, test in FOLDS.split(X, y):
        best.fit(X.iloc[train], y[train], WEIGHT[train])
        scores.append(best.score(X.iloc[test], y[test], WEIGHT[test]))
    assert search.best_score_ == pytest.approx(np.mean(scores))
    assert_close(search.predict(X), best.fit(X, y, WEIGHT).predict(X))


@each_model
def test_task_ids_are_routed_to_fit_and_score(model, routing):
    requests = clone(WIDE[model]).set_fit_request(tasks=True).set_score_request(tasks=True)
    search = GridSearchCV(requests, GRIDS[model], cv=KFold(3)).fit(FEATURES, y, tasks=IDS)
    expected = GridSearchCV(clone(LONG[model]), GRIDS[model], cv=KFold(3)).fit(X, y)
    assert_close(search.cv_results_["mean_test_score"], expected.cv_results_["mean_test_score"])
    assert_close(search.best_estimator_.predict(FEATURES, tasks=IDS), expected.predict(X))


def test_task_ids_are_routed_through_a_pipeline(routing):
    lasso = MultiTaskLasso(alpha=0.1).set_fit_request(tasks=True).set_predict_request(tasks=True)
    pipeline = make_pipeline(StandardScaler(), lasso.set_score_request(tasks=True))
    pipeline.fit(FEATURES, y, tasks=IDS)
    expected = make_pipeline(keep_task_column(StandardScaler(), "school"), at(LONG["lasso"], -1))
    expected.fit(X, y)
    assert_close(pipeline.predict(FEATURES, tasks=IDS), expected.predict(X))
    assert pipeline.score(FEATURES, y, tasks=IDS) == pytest.approx(expected.score(X, y))


@pytest.mark.usefixtures("routing")
@pytest.mark.parametrize(
    ("splitter", "groups"),
    [(GroupKFold(3), GROUPS), (TaskStratifiedKFold(3), IDS)],
    ids=["groups", "stratified"],
)
def test_groups_are_routed_to_the_splitter(splitter, groups):
    model = MultiTaskLassoCV(alphas=5, eps=0.05, cv=splitter, task_column="school")
    splits = list(splitter.split(X, y, groups))
    expected = clone(model).set_params(cv=splits).fit(X, y)
    assert_close(model.fit(X, y, groups=groups).mse_path_, expected.mse_path_)
    pipeline = make_pipeline(keep_task_column(StandardScaler(), "school"), at(model, -1))
    assert pipeline.fit(X, y, groups=groups)[-1].mse_path_.shape == (5, 3)
    search = GridSearchCV(model, {"normalize_y": [True, False]}, cv=splitter)
    assert np.isfinite(search.fit(X, y, groups=groups).best_score_)


@pytest.mark.usefixtures("routing")
def test_wide_groups_are_routed_to_the_splitter():
    model = MultiTaskLassoCV(alphas=5, eps=0.05, cv=GroupKFold(3)).fit(
        WIDE_X, Y_HOLES, groups=GROUPS
    )
    splits = list(GroupKFold(3).split(WIDE_X, Y_HOLES, GROUPS))
    expected = MultiTaskLassoCV(alphas=5, eps=0.05, cv=splits).fit(WIDE_X, Y_HOLES)
    assert_close(model.mse_path_, expected.mse_path_)


def test_groups_need_routing():
    model = MultiTaskLassoCV(alphas=5, cv=GroupKFold(3), task_column="school")
    with pytest.raises(ValueError, match=r"\['groups'\] is only supported if enable_metadata"):
        model.fit(X, y, groups=GROUPS)


# Objects


@each_model
def test_pickles_predict_alike(model):
    fitted = clone(LONG[model]).fit(X, y)
    restored = pickle.loads(pickle.dumps(fitted))
    assert_close(restored.predict(X), fitted.predict(X))
    assert restored.score(X, y) == fitted.score(X, y)


@each_model
def test_clones_are_unfitted_and_fit_alike(model):
    fitted = clone(LONG[model]).fit(X, y)
    copy = clone(fitted)
    assert not hasattr(copy, "coef_")
    assert copy.get_params() == fitted.get_params()
    assert_close(copy.fit(X, y).coef_, fitted.coef_)


@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_parallel_fits_are_serial_fits(backend):
    models = [MultiTaskLasso(alpha=a, task_column="school") for a in (0.1, 0.3, 1.0)]
    run = joblib.Parallel(n_jobs=2, backend=backend)
    parallel = run(joblib.delayed(model.fit)(X, y) for model in models)
    for fitted, model in zip(parallel, models, strict=True):
        assert_close(fitted.coef_, clone(model).fit(X, y).coef_)


@each_n_jobs
@pytest.mark.parametrize("backend", ["loky", "threading"])
def test_the_number_of_jobs_does_not_change_the_path(n_jobs, backend):
    expected = clone(LONG["cv"]).fit(X, y)
    with joblib.parallel_backend(backend):
        model = clone(LONG["cv"]).set_params(n_jobs=n_jobs).fit(X, y)
    np.testing.assert_array_equal(model.mse_path_, expected.mse_path_)


def test_task_splitters_see_the_ids_given_to_fit():
    data = make_multitask_regression(n_samples=20, n_tasks=3, own_inputs=True, random_state=0)
    X, ids = data.X[:, :-1], data.tasks
    ours = MultiTaskLassoCV(alphas=5, cv=TaskStratifiedKFold(3)).fit(X, data.y, tasks=ids)
    default = MultiTaskLassoCV(alphas=5, cv=3).fit(X, data.y, tasks=ids)
    np.testing.assert_allclose(ours.mse_path_, default.mse_path_)
