"""Groups of features: one norm for all coefficients of a group, or a penalty for each group."""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from skmtl._data.task_ids import as_id_array, missing_mask
from skmtl._data.task_parameters import in_order, refuse_unknown_features
from skmtl.penalties._base import Penalty
from skmtl.prox import shrink_groups


@dataclass(frozen=True)
class GroupNorm(Penalty):
    """`alpha * sum_g u_g ||W_g||_F`, W_g the coefficients of the features of group g in all tasks.

    Groups of features vanish for all tasks. With groups of one feature it is :class:`L21`; of one
    task it is the group lasso.

    Parameters
    ----------
    alpha : float
        Regularization strength, at least 0.
    groups : array-like of shape (n_features,), dict or pandas Series
        The label of each feature's group. A dict or Series has them by the name of the feature, for
        estimators that are given a frame.
    group_weight : None, dict or pandas Series, default=None
        u by the label of the group, at least 0; 0 leaves the group unpenalized; None is 1 for all.
    """

    alpha: float
    groups: np.ndarray
    group_weight: dict | None = None

    def __post_init__(self):
        super().__post_init__()
        object.__setattr__(self, "groups", label_groups(self.groups))
        self._check_weights()

    def _check_weights(self):
        if self.group_weight is None or not isinstance(self.groups, np.ndarray):
            return
        weights = weights_of_groups(self.group_weight, self._members.labels)
        object.__setattr__(self, "_given_weights", weights)

    def for_features(self, features):
        return replace(self, groups=groups_in_order(self.groups, features))

    def weighted_by_size(self):
        """The same penalty, u the square root of the number of features of each group."""
        labels = self._members.labels.tolist()
        roots = np.sqrt(self._members.sizes)
        return replace(self, group_weight=dict(zip(labels, roots, strict=True)))

    @cached_property
    def _members(self):
        return Members(self.groups)

    @property
    def _weights(self):
        """`alpha * u`, (n_groups,)."""
        if self.group_weight is None:
            return np.full(len(self._members.labels), float(self.alpha))
        return self.alpha * self._given_weights

    def _norms(self, W):
        """The Frobenius norm of every group."""
        self._members.check(W)
        squares = np.einsum("jt,jt->j", W, W)
        return np.sqrt(self._members.sums(squares))

    def value(self, W):
        return float(self._weights @ self._norms(W))

    def prox(self, W, step):
        self._members.check(W)
        return shrink_groups(W, self._members.codes, step * self._weights)

    def dual_norm(self, G):
        weights = self._weights
        seen = weights > 0
        if not seen.any():
            return 0.0
        norms = self._norms(G)
        return float(np.max(norms[seen] / weights[seen]))

    def unpenalized_features(self, n_features):
        free = self._weights == 0
        return np.flatnonzero(free[self._members.codes])


@dataclass(frozen=True)
class FeatureGroups(Penalty):
    """`sum_g penalty_g(W_g)`: every group of features has a penalty of its own.

    Parameters
    ----------
    penalties : dict
        The penalty of each group by its label: a single one, no sum, or None where a group is not
        penalized. Penalties of groups add up with others by ``+``.
    groups : array-like of shape (n_features,), dict or pandas Series
        The label of each feature's group. A dict or Series has them by the name of the feature, for
        estimators that are given a frame.
    """

    penalties: dict
    groups: np.ndarray

    def __post_init__(self):
        """Check the penalties; they have checked their parameters."""
        object.__setattr__(self, "groups", label_groups(self.groups))
        for label, penalty in self.penalties.items():
            if penalty is not None:
                _check_single(label, penalty)
        signs = {penalty.positive for penalty in self._given.values()}
        if len(signs) > 1:
            raise ValueError("Either all penalties of groups are positive=True, or none is.")
        if isinstance(self.groups, np.ndarray):
            self._check_labels()

    def _check_labels(self):
        labels = self._members.labels.tolist()
        missing = [label for label in labels if label not in self.penalties]
        unknown = [label for label in self.penalties if label not in labels]
        if missing:
            raise ValueError(
                f"penalties has no entry for the group(s) {missing}; it has "
                f"{list(self.penalties)}. Give each group one, or None if it is not penalized."
            )
        if unknown:
            raise ValueError(
                f"penalties has entries for {unknown}, which are no groups; groups are {labels}."
            )

    def for_features(self, features):
        groups = groups_in_order(self.groups, features)
        members = Members(groups)
        penalties = dict(self.penalties)
        for label, penalty in self._given.items():
            if label in members.labels.tolist():
                own = members.features(label)
                penalties[label] = penalty.for_features(features[own])
        return FeatureGroups(penalties, groups)

    @property
    def _given(self):
        """The penalties of the groups that have one, by label."""
        return {label: own for label, own in self.penalties.items() if own is not None}

    @cached_property
    def _members(self):
        return Members(self.groups)

    @property
    def _parts(self):
        """Pairs of a penalty that is not 0 and the indices of its features."""
        pairs = []
        for label, penalty in self._given.items():
            if penalty.alpha > 0:
                pairs.append((penalty, self._members.features(label)))
        return pairs

    @property
    def alpha(self):
        """1: the strengths are those of the penalties."""
        return 1.0

    @property
    def positive(self):
        given = self._given.values()
        return bool(given) and all(penalty.positive for penalty in given)

    @property
    def sees_tasks(self):
        return any(penalty.sees_tasks for penalty in self._given.values())

    @property
    def is_active(self):
        return any(penalty.is_active for penalty in self._given.values())

    def value(self, W):
        self._members.check(W)
        value = 0.0
        for own, features in self._parts:
            value += own.value(W[features])
        return value

    def prox(self, W, step):
        self._members.check(W)
        out = W.copy()
        for penalty, features in self._parts:
            out[features] = penalty.prox(W[features], step)
        if self.positive:
            out = np.maximum(out, 0.0)
        return out

    def dual_norm(self, G):
        norms = [own.dual_norm(G[features]) for own, features in self._parts]
        return max(norms, default=0.0)

    def conjugate(self, G):
        value = 0.0
        for own, features in self._parts:
            value += own.conjugate(G[features])
        return value

    def unpenalized_features(self, n_features):
        free = np.ones(n_features, dtype=bool)
        for penalty, features in self._parts:
            unseen = penalty.unpenalized_features(len(features))
            free[np.delete(features, unseen)] = False
        return np.flatnonzero(free)

    def scaled(self, factor):
        return self._mapped(lambda penalty: penalty.scaled(factor))

    def with_alpha(self, alpha):
        """The penalties scaled by alpha: groups have no strength in common."""
        return self.scaled(alpha)

    def for_columns(self, n_columns):
        if n_columns == 1:
            return self
        return self._mapped(lambda penalty: penalty.for_columns(n_columns))

    def _mapped(self, function):
        changed = {label: function(penalty) for label, penalty in self._given.items()}
        return replace(self, penalties={**self.penalties, **changed})


class Members:
    """Which features are in which group.

    Parameters
    ----------
    groups : ndarray of shape (n_features,)
        Labels.

    Attributes
    ----------
    labels : ndarray of shape (n_groups,)
        The labels of the groups, sorted.
    codes : ndarray of shape (n_features,)
        Which of them each feature has.
    """

    def __init__(self, groups):
        if not isinstance(groups, np.ndarray):
            raise TypeError(
                "groups by the name of the feature are for estimators: give an array of labels."
            )
        self.labels, self.codes = np.unique(groups, return_inverse=True)

    @property
    def sizes(self):
        """Number of features of each group."""
        return np.bincount(self.codes)

    def sums(self, values):
        """Sums of one value for each feature over the groups."""
        return np.bincount(self.codes, values)

    def features(self, label):
        """Indices of the features of a group."""
        (code,) = np.flatnonzero(self.labels == label)
        return np.flatnonzero(self.codes == code)

    def check(self, W):
        """ValueError unless W has a row for each feature."""
        if len(W) != len(self.codes):
            raise ValueError(
                f"groups has {len(self.codes)} labels, but there are {len(W)} features (the task "
                "column is none): give each feature the label of its group."
            )


def label_groups(groups):
    """The labels of groups as an array, or as they are given if they may be by name."""
    if isinstance(groups, dict) or hasattr(groups, "to_dict"):
        return groups
    labels = as_id_array(groups)
    if labels.ndim != 1 or len(labels) == 0:
        raise ValueError(
            f"groups has shape {labels.shape}, expected (n_features,): the label of the group of "
            "each feature."
        )
    missing = missing_mask(labels)
    if missing.any():
        raise ValueError(
            "groups has no label (NaN or None) for the feature(s) "
            f"{np.flatnonzero(missing).tolist()}."
        )
    return labels


def groups_in_order(groups, features):
    """Labels of groups as an array in the order of the features."""
    if isinstance(groups, np.ndarray):
        return groups
    refuse_unknown_features(groups, "groups", features)
    labels = in_order(groups, "groups", features, "feature")
    return label_groups(np.asarray(labels))


def weights_of_groups(group_weight, labels):
    """One weight of at least 0 for each label, from a dict or Series."""
    if hasattr(group_weight, "to_dict"):
        group_weight = group_weight.to_dict()
    if not isinstance(group_weight, dict):
        raise TypeError(
            f"group_weight must be a dict or Series of weights by label, got {group_weight!r}."
        )
    known = labels.tolist()
    missing = [label for label in known if label not in group_weight]
    unknown = [label for label in group_weight if label not in known]
    if missing:
        raise ValueError(f"group_weight has no entry for the group(s) {missing}: give each one.")
    if unknown:
        raise ValueError(
            f"group_weight has entries for {unknown}, which are no groups; groups are {known}."
        )
    weights = np.array([group_weight[label] for label in known], dtype=float)
    if not (np.isfinite(weights) & (weights >= 0)).all():
        raise ValueError(f"group_weight must be finite and at least 0, got {group_weight!r}.")
    return weights


def _check_single(label, penalty):
    """Raise for what cannot be the penalty of a group."""
    if not isinstance(penalty, Penalty):
        raise TypeError(
            f"The penalty of group {label!r} must be a Penalty or None, got {penalty!r}."
        )
    if len(penalty.terms) > 1 or penalty.is_decomposition:
        raise TypeError(
            f"The penalty of group {label!r} must be a single one, got {penalty!r}. Add "
            "FeatureGroups of the terms instead, with None for the other groups."
        )
    if penalty.is_quadratic and penalty.sees_tasks:
        raise TypeError(
            f"The penalty of group {label!r} couples tasks, which is possible for all features "
            "only: add it to the FeatureGroups."
        )
