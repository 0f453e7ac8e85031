"""Inducing points: centers of clusters of the samples, at distances in length scales.

At equal parameters and number they left less variance unexplained than samples of the largest
conditional variance, which lie at the edge of the data.
"""

import numpy as np

_SAMPLES = 10000  # among which clusters are searched
_ITERATIONS = 10


def inducing_points(X, length_scale, n_points, rng):
    """At most so many inducing points: all distinct samples if these are not more.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_features)
        Samples.
    length_scale : float or ndarray of shape (n_features,)
        Length scales of the kernel.
    n_points : int
        Number of points.
    rng : RandomState
        Generator of a part of many samples, and of the first centers.

    References
    ----------
    Arthur, Vassilvitskii (2007), "k-means++: the advantages of careful seeding", SODA.
    """
    # Loaded here because few users need it.
    from sklearn.cluster import KMeans

    largest = max(_SAMPLES, n_points)
    if len(X) > largest:
        X = X[rng.choice(len(X), largest, replace=False)]
    distinct = np.unique(X, axis=0)
    if len(distinct) <= n_points:
        return distinct
    clusters = KMeans(
        n_points,
        n_init=1,
        max_iter=_ITERATIONS,
        random_state=rng.randint(2**31 - 1),
    )
    clusters.fit(distinct / length_scale)
    return clusters.cluster_centers_ * length_scale
