"""What estimators with a network share: read, scale, train; scores at prediction."""

import numpy as np
from scipy import sparse
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from skmtl._data.reading import read_features, read_prediction_data, read_training_data
from skmtl._warn import warn
from skmtl.base import MultiTaskEstimator
from skmtl.deep._feature_scale import FeatureScale
from skmtl.deep._network_params import architecture_of, check_network_params, settings_of
from skmtl.deep._plain_state import PlainState
from skmtl.deep._progress import CallbackSupportMixin, Progress, epoch_callbacks, with_callbacks
from skmtl.deep._refitted_heads import check_refit_heads, fit_heads, scores_of_heads
from skmtl.deep._require_torch import require_torch
from skmtl.deep._trainer import Trainer
from skmtl.deep._training_samples import TrainingSamples
from skmtl.deep._trunk_input import TrunkInput, check_two_dimensional, flattened

_CHUNK = 4096  # samples that are predicted at a time
_LARGEST_WEIGHT = 1e30  # of a task, and one over the smallest; single precision ends at 1e38
_CHUNK_OF_MODULES = 128  # the same, with a trunk of the user's, whose layers may be large


class MultiTaskNetwork(CallbackSupportMixin, PlainState, MultiTaskEstimator):
    """Base of estimators with a network.

    A subclass stores its parameters, has the type of targets `_target_dtype`, and defines
    ``_read_cells(data)``, ``_coded_targets(data)`` and ``_outputs()``. Pickles hold NumPy arrays
    only: a network is built from them when it is needed.
    """

    _target_dtype = np.float64

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.input_tags.three_d_array = self.trunk is not None
        return tags

    def _check_params(self):
        self._check_layout_params()
        check_network_params(self)
        check_refit_heads(self)

    def _read_cells(self, data):
        """Return the Cells of TaskData; set what predictions need of them."""
        raise NotImplementedError

    def _coded_targets(self, data):
        """Return the targets of TaskData as the losses take them, in units of `fit`, and weights.

        The data have the tasks of `fit`, but may be of other samples.
        """
        raise NotImplementedError

    def _outputs(self):
        """Return the Outputs: what predictions are made of scores."""
        raise NotImplementedError

    def _head_offset(self):
        """Return what is added to the targets of every task, and a new one, for refitted heads."""
        return np.zeros(self.n_tasks_ + 1, dtype=np.intp)

    @with_callbacks
    def fit(self, X, y, sample_weight=None, *, tasks=None):
        """Fit all tasks together.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            Samples; with `task_column`, one of the columns holds the task ids. Never modified. A
            sparse matrix is made dense. With `trunk`, and without `task_column`, samples may be
            arrays of any shape, here and in the other methods.
        y : array-like of shape (n_samples, n_tasks) or (n_samples,)
            Targets: two-dimensional, NaN (or None, of class labels) where one is missing; 1-D with
            `task_column` or `tasks`.
        sample_weight : array-like of shape (n_samples,) or (n_samples, n_tasks), default=None
            Non-negative weights of the losses of samples. A number is the same as None.
        tasks : array-like of shape (n_samples,), default=None
            Task ids, in place of `task_column`; `predict` then needs them too.

        Returns
        -------
        self : object
            Fitted estimator.

        Raises
        ------
        ImportError
            If PyTorch is not installed.
        ValueError
            If the input is invalid: y is 1-D without task ids, a task has no targets, X holds NaN
            or infinity, weights are negative, or shapes do not match; or if training diverges.
        """
        require_torch(type(self).__name__)
        self._check_params()
        callbacks = epoch_callbacks(self, X, y, sample_weight=sample_weight, tasks=tasks)
        flat = self._flat_in_fit(X)
        data = read_training_data(self, flat, y, sample_weight, tasks, dtype=self._target_dtype)
        self._store_tasks(data)
        self._trunk_input = None
        if self.trunk is not None:
            n_features = data.design.n_features
            self._trunk_input = TrunkInput.of(X, n_features, self.reshape, self.task_column)
        cells = self._read_cells(data)
        samples = self._training_samples(data, cells)
        _check_weights(samples.task_sum(samples.weight))
        self._score_offset = cells.offset
        self._losses = cells.losses
        self._architecture = architecture_of(self, samples, self._has_different_tasks(data))
        self.head_estimators_ = None  # which callbacks look at
        self._train(samples, callbacks)
        fit_heads(self, data, cells)
        if callbacks is not None:
            callbacks.end_fit()
        return self

    def _training_samples(self, data, cells):
        """Return the TrainingSamples; set the scale of the features."""
        features = _dense(data.design.X)
        y = cells.y
        weight = self._cell_weights(data, cells)
        codes = None
        if data.layout != "wide":
            codes = data.design.task_of_sample
            y = y[:, None]
            weight = weight[:, None]
        is_labeled = (weight > 0).any(axis=1)
        if not is_labeled.all():  # of wide data
            features = features[is_labeled]
            y = y[is_labeled]
            weight = weight[is_labeled]
        _, strata = np.unique(cells.strata[is_labeled], return_inverse=True)
        self._feature_scale = self._make_feature_scale(features, weight.sum(axis=1))
        return TrainingSamples(
            X=self._network_input(features),
            y=y,
            weight=weight,
            codes=codes,
            offset=cells.offset[:-1],
            losses=cells.losses,
            strata=strata,
        )

    def _make_feature_scale(self, features, weight):
        """Return the FeatureScale of weighted samples, None if they are left as they are."""
        has_trunk = self.trunk is not None
        standardize = self.standardize
        if standardize == "auto":
            standardize = not has_trunk
        if standardize and has_trunk and self._trunk_input.is_integer:
            raise ValueError(
                "standardize=True, but X is of integer type, which the trunk gets as it is: give X "
                "as floats if they are numbers, or leave standardize='auto'."
            )
        if not standardize:
            return None
        return FeatureScale.of(np.asarray(features, dtype=np.float64), weight)

    def _network_input(self, features):
        """Return what the network gets for features, (n_samples, ...)."""
        features = _dense(features)
        if self._feature_scale is not None:
            features = self._feature_scale.apply(features)
        if self._trunk_input is not None:
            return self._trunk_input.apply(features)
        return features.astype(np.float64, copy=False)

    def _cell_weights(self, data, cells):
        """Return the weights of targets, with those of tasks in them, of the shape of y."""
        omega = data.task_weights(self.task_weight, data.design.task_sum(cells.weight))
        if omega is None:
            omega = np.ones(data.n_tasks)
        return cells.weight * data.design.spread(omega)

    def _has_different_tasks(self, data):
        """Whether tasks are likely to be of things that differ, so that heads have no mean."""
        return data.layout == "wide"

    def _train(self, samples, callbacks):
        """Train the network; set the fitted attributes."""
        rng = check_random_state(self.random_state)
        trainer = Trainer(
            architecture=self._architecture,
            settings=settings_of(self, samples),
            validation_fraction=self.validation_fraction if self.early_stopping else 0.0,
            n_threads=self.n_threads,
            progress=Progress(int(self.verbose), callbacks),
        )
        if self.training == "joint":
            training = trainer.train(samples, rng)
        elif self.training == "independent":
            training = trainer.train_each_task(samples, rng, self.n_jobs)
        else:
            training = trainer.train_in_order(samples, rng)
        self._architecture = training.architecture
        self._arrays = training.arrays
        self.loss_curve_ = training.loss_curve
        self.validation_curve_ = training.validation_curve
        self.best_epoch_ = training.best_epoch + 1  # the first epoch is called 1
        self.task_weight_curve_ = training.task_weight_curve
        self.n_iter_ = len(training.loss_curve)
        if not training.converged:
            warn(
                f"Stopped after max_iter={self.max_iter} epochs, before early stopping: the best "
                f"validation loss was less than n_iter_no_change={self.n_iter_no_change} epochs "
                "ago. Increase max_iter or learning_rate_init.",
                ConvergenceWarning,
            )

    def _flat_in_fit(self, X):
        """Return the samples of `fit` as (n_samples, n_columns)."""
        if self.trunk is None:
            check_two_dimensional(X)
            return X
        return flattened(X, self.task_column)

    def _flat(self, X):
        """Return samples of any shape that was fitted as (n_samples, n_columns)."""
        return X if self._trunk_input is None else self._trunk_input.flat(X)

    def _own_scores(self, X, tasks):
        """Return the scores of the tasks of samples, and their codes.

        Returns
        -------
        scores : ndarray of shape (n_members, n_samples, n_tasks or 1, n_outputs)
            Scores of all tasks if the codes are None, else of the task of each sample.
        codes : ndarray of int of shape (n_samples,) or None
            -1 for a new task.
        """
        check_is_fitted(self)
        X, codes = read_prediction_data(self, self._flat(X), tasks)
        return self._scores_of_members(X, codes), codes

    def _all_scores(self, X):
        """Return the scores (n_members, n_samples, n_tasks, n_outputs), in any data form."""
        check_is_fitted(self)
        X, _ = read_features(self, self._flat(X), reset=False, ids=False)
        return self._scores_of_members(X, None)

    def _scores_of_members(self, X, codes):
        """Return the scores of `_own_scores` for features.

        Those of a new task are the means over all tasks, or what refitted heads make of one.
        """
        if self.head_estimators_ is not None:
            return scores_of_heads(self, self._representations(X), codes)
        require_torch(type(self).__name__)
        import torch

        def scores_of_all_tasks(network, x, samples):
            return network(x).numpy() + self._score_offset[:-1]

        def scores_of_own_task(network, x, samples):
            own = codes[samples]
            is_new = own < 0
            z = np.empty((network.n_members, len(own), 1, network.n_outputs))
            if not is_new.all():
                known = torch.from_numpy(own[~is_new])
                z[:, ~is_new] = network(x[~is_new], known).numpy()
            if is_new.any():
                z[:, is_new] = network(x[is_new]).mean(2, keepdim=True).numpy()
            return z + self._score_offset[own][:, None]

        scores = scores_of_all_tasks if codes is None else scores_of_own_task
        return self._evaluate(scores, X)

    def represent(self, X):
        """Return what the trunks make of the samples: the inputs of the heads.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_columns)
            As in `fit`; the ids in a task column are ignored.

        Returns
        -------
        ndarray of shape (n_samples, n_members * n_hidden)
            The last hidden layers of all members side by side; of all members and tasks if tasks
            have trunks of their own.
        """
        check_is_fitted(self)
        X, _ = read_features(self, self._flat(X), reset=False, ids=False)
        return np.concatenate(self._representations(X), axis=1)

    def _representations(self, X):
        """Return the inputs of the heads for features, (n_members, n_samples, n_hidden)."""

        def representation(network, x, samples):
            return network.represent(x).flatten(2).numpy()

        return self._evaluate(representation, X)

    @property
    def _n_representation(self):
        """Number of columns that `represent` returns."""
        return self._architecture.n_towers * self._architecture.n_hidden

    def _evaluate(self, function, X):
        """Return what a function makes of the network and features, chunk by chunk.

        It gets the network, a tensor of what the network takes and the slice of samples that this
        is of, and returns an array (n_members, n_samples of the chunk, ...).
        """
        require_torch(type(self).__name__)
        from skmtl.deep._network import network_from_arrays, own_settings, tensor_of

        size = _CHUNK if self._trunk_input is None else _CHUNK_OF_MODULES
        chunks = []
        with own_settings(self.n_threads):
            network = network_from_arrays(self._architecture, self._arrays)
            for start in range(0, X.shape[0], size):
                samples = slice(start, start + size)
                x = tensor_of(self._network_input(X[samples]))
                chunks.append(function(network, x, samples))
        return np.concatenate(chunks, axis=1)


def _check_weights(weight_of_task):
    """Raise unless training in single precision can take the sums of weights of the tasks."""
    is_extreme = (weight_of_task < 1.0 / _LARGEST_WEIGHT) | (weight_of_task > _LARGEST_WEIGHT)
    if is_extreme.any():
        raise ValueError(
            f"The sample weights of a task sum to {weight_of_task[is_extreme][0]:g}, but networks "
            "are trained in single precision: multiply sample_weight, or task_weight, by a number "
            "that makes them about 1."
        )


def _dense(X):
    """Return features as a dense array."""
    return X.toarray() if sparse.issparse(X) else np.asarray(X)
