"""How a network is trained."""

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
    alpha : float
        Weight decay.
    learning_rate : float
        Step size of AdamW.
    batch_size : int
        Number of samples of a batch.
    max_iter : int
        Largest number of epochs.
    n_iter_no_change : int
        Number of epochs without a better validation loss after which a member is finished.
    has_task_checkpoints : bool
        Whether every task keeps the weights of its own best epoch.
    verbose : bool
        Whether the losses of every epoch are printed.
    """

    head_alpha: float
    soft_alpha: float
    alpha: float
    learning_rate: float
    batch_size: int
    max_iter: int
    n_iter_no_change: int
    has_task_checkpoints: bool
    verbose: bool
