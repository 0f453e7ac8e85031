"""A fitted estimator as a module of torch."""

import numpy as np
from sklearn.pipeline import Pipeline
from sklearn.utils.validation import check_is_fitted

from skmtl.deep._linear_heads import linear_heads
from skmtl.deep._multi_task_network import MultiTaskNetwork
from skmtl.deep._require_torch import require_torch
from skmtl.mixed_effects import MixedEffectsClassifier
from skmtl.mixed_effects.averaged_log_odds import averaged_log_odds


def to_torch(model):
    """Return a fitted network as a module of torch that predicts the same.

    The module has ordinary layers, in double precision: ``module.float()`` makes it single. Its
    parameters are copies that require no gradients. To train part of it as the `trunk` of another
    network, switch them on: ``trunk=module.members[0].trunk.requires_grad_(True)``, whose features
    are those that ``module.scaling`` returns. A `trunk` of your own is in the module, one for each
    member, in single precision if it works in no other.

    Parameters
    ----------
    model : MultiTaskMLPRegressor, MultiTaskMLPClassifier or MultiTaskMLP
        Fitted.

    Returns
    -------
    torch.nn.Module
        ``module(X)`` of features (n_samples, n_features) if y was two-dimensional, else
        ``module(X, tasks)`` with the position in `tasks_` of the task of each sample, or `n_tasks_`
        for a new task. It returns what `predict` does, or `predict_proba` of a classifier; if y was
        two-dimensional, probabilities are (n_samples, n_tasks, n_classes), 0 for the classes that
        a task lacks. With tasks of several kinds, it returns (n_samples, n_tasks, n_columns) or
        (n_samples, n_columns): the number or mean count of a task and then zeros, or the
        probabilities of its classes. ``module.scaling`` scales features, and ``module.members`` are
        the networks.

    Raises
    ------
    ImportError
        If PyTorch is not installed.
    TypeError
        If the model is no network.
    ValueError
        If heads were refitted by an estimator whose predictions are not linear in the
        representation, other than MixedEffectsClassifier.

    See Also
    --------
    export_onnx : Writes the same to a file for other programs.

    Examples
    --------
    >>> from skmtl import MultiTaskMLPRegressor, make_multitask_regression, to_torch
    >>> data = make_multitask_regression(n_features=10, n_tasks=3, random_state=0)
    >>> model = MultiTaskMLPRegressor((20,), n_members=2, random_state=0)
    >>> module = to_torch(model.fit(data.X, data.y))  # doctest: +SKIP
    >>> module.members[0].trunk  # doctest: +SKIP
    Sequential(
      (0): Linear(in_features=10, out_features=20, bias=True)
      (1): ReLU()
    )
    """
    check_network(model)
    require_torch("to_torch")
    from skmtl.deep._network import own_settings

    with own_settings():
        return _module_of(model)


def _module_of(model):
    """Return a fitted network as a module of torch."""
    import torch

    from skmtl.deep._network import network_from_arrays
    from skmtl.deep._network.deployed import DeployedNetwork, Scaling, members_of

    network = network_from_arrays(model._architecture, model._arrays)
    scale = model._feature_scale
    scaling = torch.nn.Identity()
    if scale is not None:
        parts = [torch.tensor(part) for part in (scale.center, scale.spread, scale.bound)]
        scaling = Scaling(*parts)
    heads = _refitted_heads(model)
    score_offset = model._score_offset
    if heads is not None:  # it is in their scores
        score_offset = np.zeros_like(score_offset)
    module = DeployedNetwork(
        scaling,
        members_of(network, heads),
        torch.tensor(score_offset),
        model._outputs(),
        has_own_tasks=model._layout != "wide",
    )
    return module.eval()


def _refitted_heads(model):
    """Return the refitted heads of all members as modules, or None if there are none."""
    if model.head_estimators_ is None:
        return None
    import torch

    from skmtl.deep._network.deployed import AveragedHeads, linear_modules

    if isinstance(model.head_estimators_[0], MixedEffectsClassifier):
        heads = []
        for estimator, is_used in zip(model.head_estimators_, model._is_used, strict=True):
            heads.append(AveragedHeads(averaged_log_odds(estimator), is_used))
        return heads
    linear = linear_heads(model)
    if linear is None:
        raise ValueError(
            f"The heads were refitted by {model.head_estimators_[0]!r}, whose predictions are not "
            "linear in the representation: give refit_heads a linear model, or None."
        )
    return linear_modules(torch.tensor(linear.weight), torch.tensor(linear.bias))


def check_network(model):
    """Raise unless the model is a fitted network."""
    if isinstance(model, Pipeline) and isinstance(model[-1], MultiTaskNetwork):
        raise TypeError(
            f"Expected a network, got a pipeline whose last step is one: pass pipeline[-1]; the "
            f"steps before it, {list(model.named_steps)[:-1]}, are not exported."
        )
    if not isinstance(model, MultiTaskNetwork):
        raise TypeError(
            "Expected a fitted network, such as MultiTaskMLPRegressor() or "
            f"MultiTaskMLPClassifier(), got {model!r}."
        )
    check_is_fitted(model)
