"""A convex stack of models that share and of models that do not, weighed by what they predict."""

from numbers import Number

import numpy as np
from sklearn.base import MetaEstimatorMixin
from sklearn.utils import get_tags

from skmtl._data.checks import check_option, check_real
from skmtl._data.reading import read_samples_by_task
from skmtl.base import MultiTaskEstimator
from skmtl.meta._complete_folds import complete_folds
from skmtl.meta._member_params import MemberParams
from skmtl.meta._members import check_finds_tasks, in_form, is_alone, read_members
from skmtl.meta._out_of_fold import FitData, fit_members, warn_of_unconverged
from skmtl.meta._stack import Prior, fit_stack, held_out_losses
from skmtl.meta.pipelines import final_estimator

_MOST_FOLDS = 10  # left out one after the other of the weights; further ones are joined to them


class SafeSharing(MemberParams, MultiTaskEstimator, MetaEstimatorMixin):
    """Mixin: what the regressor and the classifier share.

    A subclass defines ``_kind``, the type of its members; ``_method``, what gives their out-of-fold
    predictions; ``_default_members()``, and ``_expected``, what the prior holds of them;
    ``_read_classes(data)``, the class labels or None;
    ``_evidence(data, held_out, folds, n_folds)``; ``_negligible(data, evidence)``, the losses of
    tasks that are none but for rounding; ``_error(losses)``, what `gain_` compares, but for a
    factor of each task; and ``_combined_held_out(data, held_out)``.
    """

    def __init__(
        self,
        estimators=None,
        *,
        cv=5,
        prior="auto",
        task_weights="shrunk",
        task_column=None,
        handle_unknown="error",
        n_jobs=None,
    ):
        self.estimators = estimators
        self.cv = cv
        self.prior = prior
        self.task_weights = task_weights
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.n_jobs = n_jobs

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        try:
            members = self._members()
        except (TypeError, ValueError):  # fit raises it
            return tags
        finals = [get_tags(final_estimator(member)) for member in members.values()]
        tags.input_tags.sparse = all(one.input_tags.sparse for one in finals)
        tags.input_tags.allow_nan = all(one.input_tags.allow_nan for one in finals)
        return tags

    def _members(self):
        """Return the unfitted members by name."""
        estimators = self.estimators
        if estimators is None:
            estimators = self._default_members()
        return read_members(estimators, self._kind, self._get_param_names())

    def members_alone(self):
        """Return those unfitted members that learn every task alone, by name.

        Where the user gave none, they are those of the default library.

        Returns
        -------
        dict
        """
        for members in (self._members(), self._default_members()):
            alone = {name: one for name, one in members.items() if is_alone(one)}
            if alone:
                return alone

    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all members, and weigh them by their predictions of samples left out.

        Parameters
        ----------
        X : {array-like, sparse matrix, frame} of shape (n_samples, n_columns)
            Training data, passed on to the members.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN or None where missing, or 1-D with `task_column` or
            `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Sample weights, if all members take them; a weight counts as so many rows.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self
        """
        members = self._checked_members(X, tasks)
        data = read_samples_by_task(self, X, y, sample_weight, tasks)
        params = {}
        if sample_weight is not None and not isinstance(sample_weight, Number):
            has_shape = hasattr(sample_weight, "shape")
            params["sample_weight"] = sample_weight if has_shape else np.asarray(sample_weight)
        self._store_tasks(data)
        classes = self._read_classes(data)
        members = self._suited(members)
        folds = complete_folds(self.cv, data, classes)
        fitted = fit_members(
            members,
            FitData(X, y, tasks, params, data.layout == "wide"),
            _testing_all(folds, data),
            self.task_column,
            self._method,
            self.n_jobs,
        )
        if self.estimators is not None:  # the default ones stop early on purpose
            warn_of_unconverged(members, fitted)
        self.member_names_ = list(members)
        self.estimators_ = [one.estimator for one in fitted]
        self._fit_weights(data, folds, [one.held_out for one in fitted])
        return self

    def _checked_members(self, X, tasks):
        """Return the members for these data; raise if a parameter or a member does not fit them."""
        self._check_layout_params()
        if isinstance(self.prior, str):
            check_option(self.prior, "prior", ("auto",))
        else:
            check_real(self.prior, "prior")
        check_option(self.task_weights, "task_weights", ("shrunk", "common"))
        members = {}
        for name, member in self._members().items():
            members[name] = in_form(member, X, self.task_column)
            check_finds_tasks(name, members[name], tasks, self.task_column)
        return members

    def _suited(self, members):
        """Return the members for what was read."""
        return members

    def _fit_weights(self, data, folds, held_out):
        """Set the weights, and what was seen of their gain."""
        fold_of_sample = np.zeros(data.features.shape[0], dtype=np.intp)
        for k, (_, test) in enumerate(folds):
            fold_of_sample[test] = k % _MOST_FOLDS
        n_folds = min(len(folds), _MOST_FOLDS)
        evidence = self._evidence(data, held_out, fold_of_sample, n_folds)
        prior = self._prior(data, self.member_names_)
        stack = fit_stack(evidence, prior, self.task_weights == "shrunk")
        self.common_weights_ = stack.common
        self.weights_ = stack.by_task
        self.shrinkage_ = stack.shrinkage
        self.gain_ = self._gain(data, evidence, prior)
        self.oof_prediction_ = self._combined_held_out(data, held_out)

    def _prior(self, data, names):
        """Return the prior of the weights of members."""
        expected = {}
        if self.estimators is None and names == self.member_names_:
            expected = self._expected
        rows_per_task = data.n_rows / data.n_tasks
        return Prior.of_members(self.prior, names, expected, rows_per_task)

    def _gain(self, data, evidence, prior):
        """Return `gain_`, None if all or none of the members learn every task alone."""
        is_single = [is_alone(member) for member in self.estimators_]
        alone = np.flatnonzero(is_single)
        if len(alone) in (0, evidence.n_members):
            return None
        (losses,) = held_out_losses(evidence, prior, [self.shrinkage_])
        prior = self._prior(data, [self.member_names_[k] for k in alone])
        (losses_alone,) = held_out_losses(evidence.take_members(alone), prior, [np.inf])
        ratios = np.ones(data.n_tasks)
        np.divide(
            losses,
            losses_alone,
            out=ratios,
            where=losses_alone > self._negligible(data, evidence),
        )
        return 1 - self._error(ratios)

    def _weights_of(self, codes):
        """Return the weights of samples of these tasks, (n_samples, n_members); -1 is new."""
        return self._every_weight()[codes]

    def _used(self):
        """Yield the number of each member that has a weight, and the member."""
        is_used = self._every_weight().any(axis=0)
        for k in np.flatnonzero(is_used):
            yield k, self.estimators_[k]

    def _every_weight(self):
        """Return the weights of all tasks and, last, of new ones, (n_tasks + 1, n_members)."""
        return np.vstack([self.weights_, self.common_weights_])


def _testing_all(folds, data):
    """Return the folds with unlabeled samples in the last test set, and in no training set."""
    n_samples = data.features.shape[0]
    is_labeled = np.zeros(n_samples, dtype=bool)
    for _, test in folds:
        is_labeled[test] = True
    splits = [(train[is_labeled[train]], test) for train, test in folds]
    train, test = splits[-1]
    unlabeled = np.flatnonzero(~is_labeled)
    splits[-1] = (train, np.union1d(test, unlabeled))
    return splits


def task_of_sample(data):
    """Return the task code of each sample of long data, -1 of those that have no weight."""
    codes = np.full(data.features.shape[0], -1)
    for t, part in enumerate(data.parts):
        codes[part.indices] = t
    return codes
