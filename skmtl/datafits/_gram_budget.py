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
    """Whether the Grams of some features are smaller than the columns that they replace."""
    factor = 2.0
    if sparse.issparse(design.X):
        factor = 0.75  # sparse products cost more
    most = SMALL
    if n_features <= factor * design.column_size:
        most = GRAM_FLOATS
    floats = n_features**2 * n_blocks
    return floats <= most
