"""The representation that a network has learned from several tasks, as a step of a pipeline."""

from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin, clone
from sklearn.utils import get_tags
from sklearn.utils.validation import check_is_fitted


class SharedRepresentation(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Turn samples into what the trunk of a multi-task network makes of them.

    `fit` fits a clone of the network to all tasks, and `transform` returns the inputs of its heads:
    ``network.represent(X)``. The next step of a pipeline gets those in place of features. They have
    no task column.

    Parameters
    ----------
    estimator : estimator
        An estimator with the method `represent`, such as :class:`MultiTaskMLPRegressor`. In a
        :class:`sklearn.frozen.FrozenEstimator`, a fitted one is used as it is, also where y is that
        of new tasks.

    Attributes
    ----------
    estimator_ : estimator
        The fitted network.
    n_features_in_ : int
        Number of columns of X.
    feature_names_in_ : ndarray of shape (n_columns,)
        Column names of a frame X, where all are strings.

    See Also
    --------
    MultiTaskMLPRegressor : Networks for numbers and counts.
    MultiTaskMLPClassifier : Networks for classes.

    Examples
    --------
    Two new targets are learned from a representation that three others have in common:

    >>> from sklearn.frozen import FrozenEstimator
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> from skmtl import MultiTaskMLPRegressor, SharedRepresentation, make_multitask_regression
    >>> data = make_multitask_regression(random_state=0)
    >>> network = MultiTaskMLPRegressor((16,), n_members=2, random_state=0)
    >>> network = network.fit(data.X, data.y[:, :3])
    >>> representation = SharedRepresentation(FrozenEstimator(network))
    >>> model = make_pipeline(representation, Ridge()).fit(data.X, data.y[:, 3:])
    >>> model[:-1].transform(data.X).shape
    (100, 32)
    """

    def __init__(self, estimator):
        self.estimator = estimator

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        inner = get_tags(self.estimator)
        tags.input_tags = inner.input_tags
        tags.target_tags = inner.target_tags
        return tags

    def fit(self, X, y=None, sample_weight=None, *, tasks=None):
        """Fit a clone of the network.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, as the network takes them.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets of all tasks. A frozen network needs none.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Sample weights.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if the network is given them beside X.

        Returns
        -------
        self : object
            Fitted transformer.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        TypeError
            If the estimator has no method `represent`.
        """
        self.estimator_ = clone(self.estimator)
        if not hasattr(self.estimator_, "represent"):
            raise TypeError(
                f"estimator={self.estimator!r} has no method represent: expected a network, such "
                "as MultiTaskMLPRegressor()."
            )
        passed = {}
        if sample_weight is not None:
            passed["sample_weight"] = sample_weight
        if tasks is not None:
            passed["tasks"] = tasks
        self.estimator_.fit(X, y, **passed)
        for name in ("n_features_in_", "feature_names_in_"):
            vars(self).pop(name, None)  # of an earlier fit
            if hasattr(self.estimator_, name):
                setattr(self, name, getattr(self.estimator_, name))
        return self

    @property
    def _n_features_out(self):
        """Number of outputs, of which names are made."""
        return self.estimator_._n_representation

    def transform(self, X):
        """Return the representations of samples.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The outputs of the trunks of all members side by side, and of those of all tasks if each
            has its own.
        """
        check_is_fitted(self, "estimator_")
        return self.estimator_.represent(X)
