"""How a network is trained."""

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class TrainingSettings:
    """Parameters of an estimator that concern training, checked.

    Attributes
    ----------
    head_alpha : float
        Strength of the penalty of deviations of heads.
    soft_alpha : float
        Strength of the penalty of deviations of trunks.
    huber_delta : float
        Size of a residual from which on the loss "huber" is linear.
    alpha : float
        Weight decay.
    learning_rate : float
        Step size of AdamW.
    trunk_learning_rate : float
        The same, for the trunk, which 0 freezes.
    transform_batch : callable or None
        What changes the features of training batches.
    batch_size : int
        Number of samples of a batch.
    max_iter : int
        Largest number of epochs.
    n_iter_no_change : int
        Number of epochs without a better validation loss after which a member is finished.
    has_task_checkpoints : bool
        Whether every task keeps the weights of its own best epoch.
    weighting : str or callable
        How the gradients of tasks become one.
    """

    head_alpha: float
    soft_alpha: float
    huber_delta: float
    alpha: float
    learning_rate: float
    trunk_learning_rate: float
    transform_batch: Callable | None
    batch_size: int
    max_iter: int
    n_iter_no_change: int
    has_task_checkpoints: bool
    weighting: object
