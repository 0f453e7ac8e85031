"""How large Grams may be."""

from scipy import sparse

GRAM_FLOATS = 2**25  # 256 MiB of Grams
FEW = 300  # features, for which a Gram costs next to nothing
SMALL = 2**20  # floats of Grams that are never too many


def many_features(design, weight):
    """Number of features up to which a Gram of all is worth computing."""
    n_labeled = design.task_sum(weight > 0)
    n_labeled = n_labeled.mean()
    if sparse.issparse(design.X):
        return n_labeled / 20
    return 1.2 * n_labeled


def worth_a_gram(design, n_features, n_blocks):
    """Whether sweeps cost less with the Grams of some features than with their columns."""
    factor = 2.0
    most = SMALL
    if sparse.issparse(design.X):
        factor = 5.0  # columns are gathered entry by entry, Grams read as they lie in memory
        most = SMALL // 64
    if n_features <= factor * design.column_size:
        most = GRAM_FLOATS
    floats = n_features**2 * n_blocks
    return floats <= most


def first_set(design):
    """Number of features of a first working set of dense samples.

    A quarter of a task's samples, or as many as half of them while the Gram and some ten sweeps
    (in measured ns) take no longer than one product of all features with the residuals.
    """
    n_samples = design.column_size
    n_features = design.n_features
    n_tasks = design.n_tasks
    product = 0.05 * n_samples * n_features * n_tasks
    of_square = 0.05 * n_samples + 1.2 * n_tasks
    affordable = (product / of_square) ** 0.5
    most = min(affordable, n_samples / 2)
    most = max(most, n_samples / 4)
    return int(min(most, n_features // 5))
