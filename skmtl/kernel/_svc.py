"""Support vector classification of several tasks."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_prediction_data
from skmtl._data.spellings import plain_labels
from skmtl._docs import documented
from skmtl.kernel._svm import MultiTaskSVM


@documented
class MultiTaskSVC(MultiTaskSVM, ClassifierMixin, MultiOutputMixin, BaseEstimator):
    """Support vector classification of all tasks at once.

    A :class:`~sklearn.svm.SVC` on pairs of a sample and its task, with the kernel::

        k((x, s), (z, t)) = (1/mu + [s = t]) k(x, z) + [s = t]

    {svm_model}

    Classes are those of all tasks together, so a task may lack some. More than two classes are
    handled as in scikit-learn: one-vs-one, and one-vs-rest with ``kernel="linear"``
    (:class:`~sklearn.svm.LinearSVC`).

    Parameters
    ----------
    C : float, default=1.0
        Factor of the loss, positive: the inverse of a regularization strength.
    {svm_kernel_parameters}
    class_weight : None, "balanced" or dict, default=None
        Factor of C for the samples of a class, by class label; "balanced" is inversely proportional
        to the frequency of the class in all tasks together.
    {svm_parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of n_tasks such arrays
        Class labels, sorted; a list on two-dimensional y.
    {svm_attributes}

    See Also
    --------
    MultiTaskSVR : Regression counterpart.
    MeanRegularizedClassifier : Logistic regression that couples tasks in the same way.

    References
    ----------
    Evgeniou, Pontil (2004), "Regularized multi-task learning", KDD.

    Examples
    --------
    >>> from skmtl import MultiTaskSVC, make_multitask_classification
    >>> data = make_multitask_classification(n_tasks=3, random_state=0)
    >>> model = MultiTaskSVC(mu=0.5).fit(data.X, data.y)
    >>> model.predict(data.X).shape == data.y.shape
    True
    """

    _y_dtype = None  # class labels stay what they are

    def __init__(
        self,
        C=1.0,
        *,
        mu=1.0,
        kernel="rbf",
        gamma="scale",
        degree=3,
        coef0=0.0,
        kernel_params=None,
        class_weight=None,
        task_column=None,
        handle_unknown="error",
        tol=1e-3,
        max_iter=-1,
        random_state=None,
    ):
        self.C = C
        self.mu = mu
        self.kernel = kernel
        self.gamma = gamma
        self.degree = degree
        self.coef0 = coef0
        self.kernel_params = kernel_params
        self.class_weight = class_weight
        self.task_column = task_column
        self.handle_unknown = handle_unknown
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state

    def _machine_targets(self, y, weight, wide):
        y = plain_labels(y)
        check_classification_targets(y)
        classes = np.unique(y)
        self.classes_ = [classes] * self.n_tasks_ if wide else classes
        return y

    def _make_machine(self, linear):
        options = {"C": self.C, "class_weight": self.class_weight, "tol": self.tol}
        if linear:
            return LinearSVC(loss="hinge", **options, **self._liblinear_options())
        return SVC(kernel="precomputed", max_iter=self.max_iter, **options)

    def decision_function(self, X, *, tasks=None):
        """Decision values, as scikit-learn's support vector classifiers give them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples, with the task column if `fit` had one.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray, or list of n_tasks ndarrays
            On long data of shape (n_samples,), or (n_samples, n_classes) for more than two classes.
            On two-dimensional y of shape (n_samples, n_tasks), or a list of arrays
            (n_samples, n_classes) for more than two classes.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, X, tasks)
        outputs = self._outputs(self.svm_.decision_function, X, codes)
        if codes is None and outputs[0].ndim == 1:
            return np.column_stack(outputs)
        return outputs
