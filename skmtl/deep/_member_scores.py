"""From the scores of all members to one score, whose prediction is the mean of theirs."""

import numpy as np
from scipy.special import log_softmax, logsumexp


def log_mean_probabilities(scores):
    """Return the scores of all members together, whose softmax is their mean probability.

    From (n_members, ..., n_classes) they become (..., n_classes), or the log-odds (...) of two
    classes.
    """
    of_members = log_softmax(scores, axis=-1)
    log_mean = logsumexp(of_members, axis=0) - np.log(len(scores))
    if log_mean.shape[-1] == 2:
        return log_mean[..., 1] - log_mean[..., 0]
    return log_mean


def score_of_task(task, scores):
    """Return the scores of a MixedTask, (n_samples, size), from those of all members.

    Scores of members are (n_members, n_samples, n_outputs), of which the task uses the first ones.
    """
    if task.classes is None:
        means = task.loss.inverse_link(scores[..., :1]).mean(axis=0)
        return task.loss.link(means)
    n_classes = len(task.classes)
    if n_classes == 1:
        return np.zeros((scores.shape[1], 1))
    log_mean = log_mean_probabilities(scores[..., :n_classes])
    if log_mean.ndim == 1:
        return log_mean[:, None]
    return log_mean
