"""Support vector classification of several tasks."""

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MultiOutputMixin
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.multiclass import check_classification_targets

from skmtl._data.task_ids import encode
from skmtl._docs import documented
from skmtl.kernel._svm import MultiTaskSVM, _liblinear


@documented
class MultiTaskSVC(MultiTaskSVM, ClassifierMixin, MultiOutputMixin, BaseEstimator):
    """Support vector classification of all tasks at once.

    A :class:`~sklearn.svm.SVC` of rows that know their tasks, with the kernel::

        k((x, s), (z, t)) = (1/mu + [s = t]) k(x, z) + [s = t]

    {svm_model}

    Classes are those of all tasks together, so a task may lack some. More than two are handled as
    scikit-learn does: one against one, by :class:`~sklearn.svm.LinearSVC` one against the rest.

    Parameters
    ----------
    C : float, default=1.0
        Weight of the loss, positive.
    {svm_kernel_parameters}
    class_weight : None, "balanced" or dict, default=None
        Factor of C for the rows of a class, by label; "balanced" is inversely proportional to how
        often a class is there in all tasks.
    {svm_parameters}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,) or list of n_tasks such arrays
        Labels, sorted; the list on two-dimensional y.
    {svm_attributes}

    See Also
    --------
    MultiTaskSVR : For numbers.
    MeanRegularizedClassifier : Logistic regression with the same coupling.

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

    _y_dtype = None

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

    def _targets(self, y, weight, wide):
        if y.dtype == object:
            encode(y, "y")  # a TypeError where types are mixed
            y = np.array(y.tolist())
        check_classification_targets(y)
        classes = np.unique(y)
        self.classes_ = [classes] * self.n_tasks_ if wide else classes
        return y

    def _machine(self, linear):
        options = {"C": self.C, "class_weight": self.class_weight, "tol": self.tol}
        if not linear:
            return SVC(kernel="precomputed", max_iter=self.max_iter, **options)
        return LinearSVC(loss="hinge", **options, **_liblinear(self))

    def decision_function(self, X, *, tasks=None):
        """Distances to the separating surfaces, as scikit-learn's classifiers give them.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
        tasks : array-like of shape (n_samples,), default=None
            Task ids, if and only if `fit` was given them.

        Returns
        -------
        ndarray
            (n_samples,) or (n_samples, n_classes) where rows have their task; (n_samples, n_tasks)
            on two-dimensional y, and a list of (n_samples, n_classes) for more than two classes.
        """
        outputs, wide = self._evaluate(X, tasks, "decision_function")
        if not wide:
            return outputs[0]
        return np.column_stack(outputs) if outputs[0].ndim == 1 else outputs
