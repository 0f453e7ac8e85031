"""What out-of-fold class probabilities say about the members of a stack."""

import numpy as np

from skmtl.meta._evidence import Evidence, grams_of_folds
from skmtl.meta._log_weights import LogProblems, log_minima

LEAST = 1e-6  # probability: no member loses all its weight by one sample


class LogEvidence(Evidence):
    """Probabilities that the members gave to what was observed.

    The loss of a task is twice the log-loss, ``-2 sum_i s_i log(p_i' w)``, where p_i are the
    probabilities that the members gave to the class of sample i. Near its minimum it is as large as
    the squared errors of :class:`SquaredEvidence`.

    Parameters
    ----------
    grams : ndarray of shape (n_tasks, n_folds, n_members, n_members)
        As of :class:`Evidence`; residuals are those of indicators of the classes.
    probabilities : ndarray of shape (n_rows, n_members)
        Of the class that was observed.
    weight : ndarray of shape (n_rows,)
    codes : ndarray of int of shape (n_rows,)
        Task of each row.
    folds : ndarray of int of shape (n_rows,)
    """

    def __init__(self, grams, probabilities, weight, codes, folds):
        super().__init__(grams)
        self.probabilities = probabilities
        self.weight = weight
        self.codes = codes
        self.folds = folds

    @classmethod
    def from_predictions(cls, parts, predictions, classes, folds, n_folds):
        """The evidence of predictions.

        Parameters
        ----------
        parts : list of n_tasks TaskSamples
            With weights.
        predictions : list of ndarray of shape (n_rows, n_classes, n_members)
            Class probabilities of the samples of each task, in the order of `parts`.
        classes : list of ndarray
            Class labels of each task.
        folds : ndarray of int of shape (n_samples,)
            Fold in which each sample of X is tested.
        n_folds : int
        """
        grams = []
        probabilities = []
        for t, part in enumerate(parts):
            observed = part.y[:, None] == classes[t]
            of_observed = predictions[t][observed]
            probabilities.append(np.maximum(of_observed, LEAST))
            residuals = observed[:, :, None] - predictions[t]
            of_task = grams_of_folds(residuals, part.weight, folds[part.indices], n_folds)
            grams.append(of_task)
        every_task = np.arange(len(parts))
        return cls(
            np.array(grams),
            np.concatenate(probabilities),
            np.concatenate([part.weight for part in parts]),
            np.repeat(every_task, [len(part.y) for part in parts]),
            np.concatenate([folds[part.indices] for part in parts]),
        )

    def take_members(self, chosen):
        """The evidence about some of the members."""
        return LogEvidence(
            self.grams_of_members(chosen),
            self.probabilities[:, chosen],
            self.weight,
            self.codes,
            self.folds,
        )

    def without_fold(self, fold):
        """The evidence of all other folds."""
        grams = self.grams.copy()
        grams[:, fold] = 0.0
        rows = self.folds != fold
        return LogEvidence(
            grams,
            self.probabilities[rows],
            self.weight[rows],
            self.codes[rows],
            self.folds[rows],
        )

    def common_weights(self, strength, center):
        """Return the weights of all tasks that minimize the sum of losses and of the prior."""
        group = np.zeros(len(self.weight), dtype=np.intp)
        return self._minima(group, 1, strength, center)[0]

    def task_weights(self, strength, center):
        """Return the weights of each task, which minimize its loss and the prior."""
        return self._minima(self.codes, self.n_tasks, strength, center)

    def _minima(self, groups, n_groups, strength, center):
        problems = LogProblems(
            self.probabilities,
            2 * self.weight,
            groups,
            n_groups,
            strength * self.metric(),
            center,
        )
        return log_minima(problems)

    def n_rows(self):
        """Return the rows of each task, (n_tasks,); a weight counts as so many."""
        return np.bincount(self.codes, self.weight, minlength=self.n_tasks)

    def losses(self, weights, fold=None):
        """Return the losses of tasks in a fold, or in all, with weights (n_tasks, n_members)."""
        mixed = np.einsum("ik,ik->i", self.probabilities, weights[self.codes])
        losses = -2 * self.weight * np.log(mixed)
        if fold is not None:
            losses = np.where(self.folds == fold, losses, 0.0)
        return np.bincount(self.codes, losses, minlength=self.n_tasks)
