"""How large Grams may be."""

from scipy import sparse

GRAM_FLOATS = 2**25  # 256 MiB of Grams
FEW = 300  # features, for which a Gram costs next to nothing
SMALL = 2**20  # floats of Grams that are never too many


def many_rows(design, weight):
    """Features up to which a Gram of all is worth computing."""
    labeled = design.task_sum(weight > 0).mean()
    return labeled / 20 if sparse.issparse(design.X) else 1.2 * labeled
