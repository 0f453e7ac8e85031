"""The single-task baseline of every estimator: what one task is fitted with on its own."""

from functools import singledispatch
from numbers import Integral

import numpy as np
import sklearn
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.linear_model import ElasticNetCV, LassoCV
from sklearn.model_selection import GridSearchCV
from sklearn.preprocessing import StandardScaler
from sklearn.utils import get_tags
from sklearn.utils.fixes import parse_version
from sklearn.utils.metaestimators import available_if

from skmtl.deep import MultiTaskMLP, MultiTaskMLPClassifier, MultiTaskMLPRegressor
from skmtl.gaussian_process import (
    MultiTaskGaussianProcessClassifier,
    MultiTaskGaussianProcessRegressor,
    MultiTaskSparseGaussianProcessRegressor,
)
from skmtl.kernel import (
    MultiTaskKernelRidge,
    MultiTaskKernelRidgeCV,
    MultiTaskNystroemRidge,
    MultiTaskNystroemRidgeCV,
    MultiTaskRelationshipKernelRidge,
    MultiTaskRelationshipKernelRidgeCV,
    MultiTaskSVC,
    MultiTaskSVR,
    has_gamma,
)
from skmtl.linear_model import (
    ClassifierCV,
    LinearMultiTaskClassifier,
    LinearMultiTaskRegressor,
    MultiTaskCV,
    MultiTaskElasticNet,
    MultiTaskElasticNetCV,
    MultiTaskLassoCV,
    RegressorCV,
)
from skmtl.losses import Logistic, Poisson, Squared, make_loss
from skmtl.meta import SafeSharingClassifier, SafeSharingRegressor, TaskMetaEstimator
from skmtl.mixed_effects import MixedEffectsClassifier, MixedEffectsRegressor

# Tried for kernel ridge, in addition to the alphas of the estimator.
_ALPHAS = (1e-4, 3e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0)
_MU_OF_ONE_TASK = 1e9  # of a support vector machine whose tasks share nothing
_OF_SEVERAL_TASKS = (  # parameters of networks that a single task makes no use of
    *("sharing", "soft_alpha", "head", "head_alpha", "refit_heads", "checkpoint", "weighting"),
    *("task_weight", "task_column", "handle_unknown", "n_jobs"),
)


@singledispatch
def single_task(estimator):
    """The tuned single-task estimator that a multi-task estimator is compared with.

    Parameters
    ----------
    estimator : estimator
        A multi-task estimator. ``single_task.register`` adds the baseline of your own class.

    Returns
    -------
    estimator
        Unfitted; it takes a one-dimensional y.

    Raises
    ------
    ValueError
        If nothing is registered for the class of the estimator.
    """
    raise ValueError(
        f"No single-task baseline is known for {type(estimator).__name__}: give a baseline such "
        "as sklearn.linear_model.RidgeCV()."
    )


@single_task.register
def _regressor(estimator: LinearMultiTaskRegressor):
    return _regression(estimator, estimator)


@single_task.register
def _regressor_cv(estimator: RegressorCV):
    return _regression(estimator, estimator._model)


def takes_counts(estimator):
    """Whether a multi-task estimator is a Poisson regression."""
    if isinstance(estimator, MultiTaskCV):
        return takes_counts(estimator.estimator)
    if isinstance(estimator, MultiTaskMLPRegressor):
        return estimator.loss == "poisson"
    if not isinstance(estimator, LinearMultiTaskRegressor | RegressorCV):
        return False
    return isinstance(make_loss(estimator.loss, huber_delta=estimator.huber_delta), Poisson)


def _regression(estimator, model):
    """A tuned regression of one task, which selects features if the model does."""
    loss = make_loss(estimator.loss, huber_delta=estimator.huber_delta)
    return loss.single_task(
        model._selects, fit_intercept=estimator.fit_intercept, max_iter=estimator.max_iter
    )


@single_task.register
def _classifier(estimator: LinearMultiTaskClassifier):
    return _classification(estimator, estimator)


@single_task.register
def _classifier_cv(estimator: ClassifierCV):
    return _classification(estimator, estimator._model)


def _classification(estimator, model):
    """A tuned logistic regression of one task, which selects features if the model does."""
    return Logistic().single_task(
        model._selects,
        fit_intercept=estimator.fit_intercept,
        max_iter=estimator.max_iter,
        class_weight=estimator.class_weight,
    )


@single_task.register
def _mixed_effects(estimator: MixedEffectsRegressor):
    """A tuned ridge regression, a lasso if slopes may vanish."""
    return Squared().single_task(selects=estimator.fixed_effects == "sparse")


@single_task.register
def _mixed_effects_classes(estimator: MixedEffectsClassifier):
    """A tuned logistic regression."""
    return Logistic().single_task(selects=False, class_weight=estimator.class_weight)


@single_task.register
def _lasso(estimator: MultiTaskElasticNet):
    return _tuned_lasso(estimator, eps=1e-3, alphas=100, cv=None)


@single_task.register(MultiTaskLassoCV)
@single_task.register(MultiTaskElasticNetCV)
def _lasso_cv(estimator):
    cv = estimator.cv if isinstance(estimator.cv, Integral) else None
    return _tuned_lasso(estimator, eps=estimator.eps, alphas=estimator.alphas, cv=cv)


def _tuned_lasso(estimator, *, eps, alphas, cv):
    """scikit-learn's tuned lasso or elastic net.

    It takes over the grid, the number of folds and what scikit-learn has a parameter for; weights
    of features or tasks, the one-standard-error rule and splitters have no counterpart there.
    """
    if not make_loss(estimator.loss).takes_normalized_targets:  # such as counts
        return _regression(estimator, MultiTaskElasticNet)
    options = {
        "eps": eps,
        "cv": cv,
        "fit_intercept": estimator.fit_intercept,
        "positive": estimator.positive,
        "max_iter": max(10_000, estimator.max_iter),
        "tol": estimator.tol,
    }
    if isinstance(alphas, Integral):
        # scikit-learn 1.6 called it n_alphas
        modern = parse_version(sklearn.__version__) >= parse_version("1.7")
        options["alphas" if modern else "n_alphas"] = alphas
    else:
        options["alphas"] = np.asarray(alphas)
    if "l1_ratio" in estimator.get_params():
        model = ElasticNetCV(l1_ratio=estimator.l1_ratio, **options)
    else:
        model = LassoCV(**options)
    if estimator.normalize_y and not isinstance(alphas, Integral):  # they live on that scale
        return TransformedTargetRegressor(model, transformer=StandardScaler())
    return model


@single_task.register
def _search(estimator: MultiTaskCV):
    return single_task(estimator.estimator)


@single_task.register
def _meta(estimator: TaskMetaEstimator):
    return estimator.task_estimator()


@single_task.register
def _safe_sharing_regressor(estimator: SafeSharingRegressor):
    return OneTask(_stack_alone(estimator))


@single_task.register
def _safe_sharing_classifier(estimator: SafeSharingClassifier):
    return OneTaskClassifier(_stack_alone(estimator))


def _stack_alone(estimator):
    """The stack of those members that learn every task alone."""
    return clone(estimator).set_params(
        estimators=estimator.members_alone(),
        task_column=None,
        handle_unknown="error",
    )


@single_task.register(MultiTaskKernelRidge)
@single_task.register(MultiTaskKernelRidgeCV)
@single_task.register(MultiTaskNystroemRidge)
@single_task.register(MultiTaskNystroemRidgeCV)
@single_task.register(MultiTaskRelationshipKernelRidge)
@single_task.register(MultiTaskRelationshipKernelRidgeCV)
def _kernel_ridge(estimator):
    """Kernel ridge with the kernel of the estimator, tuned by exact leave-one-out.

    The grid includes the alphas and gammas that the estimator tries itself.
    """
    if isinstance(estimator.kernel, str) and estimator.kernel == "precomputed":
        raise ValueError(
            "A precomputed kernel cannot be split by task: give a baseline that takes features."
        )
    params = estimator.get_params(deep=False)
    alphas = np.union1d(_ALPHAS, params.get("alphas", ()))
    gammas = params.get("gammas")
    gamma = params.get("gamma")
    if gamma is not None and has_gamma(estimator.kernel):
        gammas = [gamma]
    one_task = MultiTaskKernelRidgeCV(
        alphas,
        gammas=gammas,
        task_kernel="identity",
        kernel=estimator.kernel,
        degree=estimator.degree,
        coef0=estimator.coef0,
        kernel_params=estimator.kernel_params,
        fit_intercept=estimator.fit_intercept,
    )
    return OneTask(one_task)


@single_task.register
def _support_vectors(estimator: MultiTaskSVR):
    """A machine of one task with the kernel of the estimator; C is chosen by cross-validation."""
    one_task = clone(estimator).set_params(
        C=1.0,
        mu=_MU_OF_ONE_TASK,
        task_column=None,
        handle_unknown="error",
    )
    return GridSearchCV(OneTask(one_task), {"estimator__C": np.logspace(-2, 3, 6)})


@single_task.register
def _support_vector_classes(estimator: MultiTaskSVC):
    """As for regression; it has no probabilities.

    A linear machine of classes that overlap needs a million iterations at larger C.
    """
    one_task = clone(estimator).set_params(
        C=1.0,
        mu=_MU_OF_ONE_TASK,
        task_column=None,
        handle_unknown="error",
    )
    is_linear = estimator.kernel == "linear"
    strengths = np.logspace(-3, 1, 5) if is_linear else np.logspace(-2, 3, 6)
    return GridSearchCV(OneTaskClassifier(one_task), {"estimator__C": strengths})


@single_task.register
def _gaussian_process(estimator: MultiTaskGaussianProcessRegressor):
    one_task = clone(estimator).set_params(task_column=None, initial_theta=None)
    return OneTask(one_task)


@single_task.register
def _sparse_gaussian_process(estimator: MultiTaskSparseGaussianProcessRegressor):
    one_task = clone(estimator).set_params(task_column=None, initial_theta=None)
    return OneTask(one_task)


@single_task.register
def _gaussian_process_of_classes(estimator: MultiTaskGaussianProcessClassifier):
    one_task = clone(estimator).set_params(task_column=None, initial_theta=None)
    return OneTaskClassifier(one_task)


@single_task.register
def _network(estimator: MultiTaskMLPRegressor):
    """The same network, trained on one task."""
    return OneTask(_network_alone(estimator))


@single_task.register
def _network_of_classes(estimator: MultiTaskMLPClassifier):
    return OneTaskClassifier(_network_alone(estimator))


@single_task.register
def _network_of_kinds(estimator: MultiTaskMLP):
    raise ValueError(
        "No single estimator is the baseline of tasks of different kinds: take the same network "
        "with training='independent', which learns each task by itself."
    )


def _network_alone(estimator):
    """The network for two-dimensional targets of one task, in which there is nothing to share."""
    defaults = type(estimator)().get_params(deep=False)
    unused = {name: defaults[name] for name in _OF_SEVERAL_TASKS}
    return clone(estimator).set_params(training="independent", **unused)


class _OneTask(BaseEstimator):
    """A multi-task estimator for a single task, whose y is one-dimensional."""

    def __init__(self, estimator):
        self.estimator = estimator

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = get_tags(self.estimator).input_tags.sparse
        return tags

    def fit(self, X, y, sample_weight=None):
        fit_kwargs = {} if sample_weight is None else {"sample_weight": sample_weight}
        Y = np.reshape(y, (-1, 1))
        self.estimator_ = clone(self.estimator).fit(X, Y, **fit_kwargs)
        return self

    def predict(self, X):
        return self.estimator_.predict(X).ravel()


class OneTask(RegressorMixin, _OneTask):
    """A multi-task regressor for a single task, whose y is one-dimensional.

    Parameters
    ----------
    estimator : estimator
        A multi-task regressor that takes a two-dimensional y.
    """


class OneTaskClassifier(ClassifierMixin, _OneTask):
    """A multi-task classifier for a single task, whose y is one-dimensional.

    Parameters
    ----------
    estimator : estimator
        A multi-task classifier that takes a two-dimensional y.
    """

    @property
    def classes_(self):
        return self.estimator_.classes_[0]

    @available_if(lambda one: hasattr(one.estimator, "predict_proba"))
    def predict_proba(self, X):
        return self.estimator_.predict_proba(X)[0]
