"""Models of other libraries for tasks with rows of their own, as estimators.

The last column of X is the task, 0 to n_tasks - 1. A library that is not installed is imported by
`fit` only.
"""

import warnings

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.model_selection import GridSearchCV, KFold


class CategoricalTrees(RegressorMixin, BaseEstimator):
    """scikit-learn's boosted trees, the task a category beside the features; their number tuned."""

    def fit(self, X, y):
        trees = HistGradientBoostingRegressor(
            learning_rate=0.05, categorical_features=[X.shape[1] - 1], random_state=0
        )
        folds = KFold(5, shuffle=True, random_state=0)
        self.trees_ = GridSearchCV(trees, {"max_iter": [30, 100, 300]}, cv=folds).fit(X, y)
        return self

    def predict(self, X):
        return self.trees_.predict(X)


class GPBoostMixed(RegressorMixin, BaseEstimator):
    """GPBoost: random intercepts and independent random slopes of all features.

    Parameters
    ----------
    slopes : bool
        Whether slopes are random as well as intercepts.
    """

    def __init__(self, slopes=True):
        self.slopes = slopes

    def fit(self, X, y):
        import gpboost

        features, tasks = _split(X)
        random = {}
        if self.slopes:
            random["group_rand_coef_data"] = features
            random["ind_effect_group_rand_coef"] = [1] * features.shape[1]
        self.model_ = gpboost.GPModel(group_data=tasks, likelihood="gaussian", **random)
        self.model_.fit(y=y, X=_with_constant(_varying(self, features)))
        return self

    def predict(self, X):
        features, tasks = _split(X)
        random = {"group_rand_coef_data_pred": features} if self.slopes else {}
        found = self.model_.predict(
            group_data_pred=tasks,
            X_pred=_with_constant(features[:, self.columns_]),
            predict_var=False,
            **random,
        )
        return found["mu"]


class StatsmodelsMixed(RegressorMixin, BaseEstimator):
    """statsmodels' MixedLM: random intercepts and, if asked for, independent random slopes."""

    def __init__(self, slopes=True):
        self.slopes = slopes

    def fit(self, X, y):
        from statsmodels.regression.mixed_linear_model import MixedLM, VCSpec

        features, tasks = _split(X)
        fixed = _with_constant(_varying(self, features))
        components = None
        if self.slopes:
            blocks = [features[tasks == task] for task in np.unique(tasks)]
            numbers = range(features.shape[1])
            components = VCSpec(
                [str(j) for j in numbers],
                [[[str(j)] for _ in blocks] for j in numbers],
                [[block[:, [j]] for block in blocks] for j in numbers],
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            intercepts = np.ones((len(y), 1))
            model = MixedLM(y, fixed, groups=tasks, exog_re=intercepts, exog_vc=components)
            self.result_ = model.fit(reml=True)
        return self

    def predict(self, X):
        features, tasks = _split(X)
        found = _with_constant(features[:, self.columns_]) @ self.result_.fe_params
        effects = self.result_.random_effects
        design = _with_constant(features)
        for task in np.unique(tasks):
            rows = tasks == task
            own = np.asarray(effects[task])
            found[rows] += design[rows, : len(own)] @ own
        return found


def _split(X):
    return X[:, :-1], X[:, -1].astype(int)


def _with_constant(features):
    return np.column_stack([np.ones(len(features)), features])


def _varying(estimator, features):
    """Columns that are not combinations of the constant and of earlier ones, kept as `columns_`."""
    triangle = np.linalg.qr(_with_constant(features), mode="r")
    size = np.abs(np.diag(triangle))[1:]
    largest = np.sqrt(np.sum(triangle[:, 1:] ** 2, axis=0))
    estimator.columns_ = np.flatnonzero(size > 1e-8 * largest)
    return features[:, estimator.columns_]
