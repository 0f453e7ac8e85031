"""What a network is built from, in plain Python: it is in the pickle of every fitted estimator."""

from dataclasses import dataclass

from skmtl.deep._trunk import Trunk

ACTIVATIONS = ("relu", "tanh", "logistic", "identity", "gelu", "silu")
HEADS = ("mean", "own", "shared")
SHARING = ("hard", "soft", "none")


@dataclass(frozen=True)
class Architecture:
    """Sizes and kinds of the layers of a network.

    Attributes
    ----------
    n_features : int
        Number of inputs.
    hidden_layer_sizes : tuple of int
        Number of units of each hidden layer of the trunk.
    activation : str
        One of :data:`ACTIVATIONS`.
    dropout : float
        Share of hidden units that training leaves out at random.
    n_members : int
        Number of networks that are trained side by side, and averaged.
    n_tasks : int
        Number of heads.
    n_outputs : int
        Number of scores of a head: one, or one for each class.
    head : str
        One of :data:`HEADS`.
    has_task_trunks : bool
        Whether every task has a trunk of its own.
    trunk : Trunk or None
        The user's own, in place of the hidden layers.
    """

    n_features: int
    hidden_layer_sizes: tuple
    activation: str
    dropout: float
    n_members: int
    n_tasks: int
    n_outputs: int
    head: str
    has_task_trunks: bool = False
    trunk: Trunk | None = None

    @property
    def n_towers(self):
        """Number of trunks: one for each member, or for each member and task."""
        return self.n_members * (self.n_tasks if self.has_task_trunks else 1)

    @property
    def n_hidden(self):
        """Number of units of the representation, the last layer of the trunk."""
        if self.trunk is not None:
            return self.trunk.n_outputs
        return (self.n_features, *self.hidden_layer_sizes)[-1]
