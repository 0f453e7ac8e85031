"""What a network costs: its parameters, and the multiplications of a prediction."""

from typing import NamedTuple

from skmtl._data.fitted_final import fitted_final
from skmtl.deep._require_torch import require_torch
from skmtl.deep._to_torch import check_network


class NetworkCost(NamedTuple):
    """The result of :func:`network_cost`.

    Attributes
    ----------
    n_parameters : int
        Number of parameters of all members together.
    n_parameters_of_member : int
        Number of parameters of one member.
    n_multiply_adds : int
        Number of multiplications, each with an addition, that a prediction of one sample takes.
    """

    n_parameters: int
    n_parameters_of_member: int
    n_multiply_adds: int


def network_cost(model):
    """Return the size of a fitted network and the work of its predictions.

    Multiplications are those of layers: a dense layer from p to q units has p q of them, and those
    of a `trunk` are counted by torch. Activations, biases and scaling are not counted. A prediction
    is that of all tasks if y was two-dimensional, else of the task of the sample. Refitted heads
    are counted like the linear ones that they replace.

    Parameters
    ----------
    model : estimator, Pipeline or search
        Fitted, with a network at its end.

    Returns
    -------
    NetworkCost

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If the model is no network.

    Examples
    --------
    >>> from skmtl import MultiTaskMLPRegressor, make_multitask_regression, network_cost
    >>> data = make_multitask_regression(n_features=10, n_tasks=3, random_state=0)
    >>> model = MultiTaskMLPRegressor((20,), n_members=2, max_iter=1, early_stopping=False)
    >>> network_cost(model.fit(data.X, data.y))  # doctest: +SKIP
    NetworkCost(n_parameters=566, n_parameters_of_member=283, n_multiply_adds=520)
    """
    model = fitted_final(model)
    check_network(model)
    require_torch("network_cost")
    from skmtl.deep._network import network_from_arrays, own_settings

    architecture = model._architecture
    with own_settings():
        network = network_from_arrays(architecture, model._arrays)
        of_trunk = _multiply_adds_of_trunk(network)
    n_parameters = sum(parameter.numel() for parameter in network.parameters())
    n_predicted = model.n_tasks_ if model._layout == "wide" else 1
    of_heads = n_predicted * architecture.n_hidden * architecture.n_outputs
    n_trunks = n_predicted if architecture.has_task_trunks else 1
    of_member = of_heads + n_trunks * of_trunk
    return NetworkCost(
        n_parameters=n_parameters,
        n_parameters_of_member=n_parameters // architecture.n_members,
        n_multiply_adds=architecture.n_members * of_member,
    )


def _multiply_adds_of_trunk(network):
    """Return the number of multiplications of a sample in a trunk."""
    architecture = network.architecture
    if architecture.trunk is not None:
        from skmtl.deep._network.operations import multiply_adds

        return multiply_adds(network.trunk.towers[0], architecture.trunk)
    n_products = 0
    n_inputs = architecture.n_features
    for n_units in architecture.hidden_layer_sizes:
        n_products += n_inputs * n_units
        n_inputs = n_units
    return n_products
