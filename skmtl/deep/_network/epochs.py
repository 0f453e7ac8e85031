"""All samples in batches: an epoch of steps, validation, representations of a frozen trunk."""

from dataclasses import replace

import torch

_CHUNK = 4096  # samples that are validated at a time
_CHUNK_OF_MODULES = 128  # the same, with a trunk of the user's, whose layers may be large


def train_epoch(network, objective, weighting, optimizer, batches):
    """Take a step for each batch; return the mean training losses, (n_members, n_tasks)."""
    network.train()
    parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
    sums = 0.0
    for batch in batches:
        for parameter in parameters:  # zero_grad would take longer than some layers
            parameter.grad = None
        cells = weighting.backward(network, objective, batch)
        optimizer.step()
        sums = sums + objective.task_sum(cells * batch.is_training, batch.codes)
    return (sums / objective.training_weight).numpy()


def validation_losses(network, objective, samples):
    """Return the mean validation loss of each member and task, (n_members, n_tasks)."""
    network.eval()
    sums = 0.0
    with torch.no_grad():
        for batch in samples.batches(_chunk(network)):
            cells = objective.cells(network(batch.X, batch.codes), batch)
            left_out = 1.0 - batch.is_training
            sums = sums + objective.task_sum(cells * left_out, batch.codes)
    weight = objective.validation_weight
    means = sums / weight
    means[weight == 0] = torch.nan
    return means.numpy()


def with_representations(samples, network):
    """Return samples with the representations of a frozen trunk in place of features.

    From then on the network takes those.
    """
    network.eval()
    with torch.no_grad():
        parts = [network.represent(batch.X) for batch in samples.batches(_chunk(network))]
    network.takes_representations = True
    of_members = torch.cat(parts, dim=1)
    return replace(samples, X=of_members.transpose(0, 1).contiguous())


def _chunk(network):
    """Return how many samples are evaluated at a time."""
    if network.architecture.trunk is None or network.takes_representations:
        return _CHUNK
    return _CHUNK_OF_MODULES
