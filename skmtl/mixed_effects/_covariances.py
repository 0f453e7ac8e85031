"""How the effects of tasks vary: structures of the covariance of (intercept, slopes).

A covariance of q = 1 + n_features effects is a function of m parameters theta. What fits a model
sees it only through the methods here: the matrix and a root of it, derivatives by theta, and the
estimate from second moments of the effects.
"""

import numpy as np

_TINY = np.finfo(float).tiny
_ROUNDING = 1e-14  # eigenvalues that count as 0, relative to the largest

COVARIANCES = ("intercept", "isotropic", "diagonal", "full")


def make_covariance(name, n_features, varies=True):
    """Return the covariance of an intercept and the slopes of `n_features` features.

    Slopes of features that are constant do not vary: samples tell nothing of them.

    Parameters
    ----------
    name : {"intercept", "isotropic", "diagonal", "full"}
        Only intercepts vary; slopes have one variance; each has its own; any covariance.
    n_features : int
        Number of slopes.
    varies : bool or ndarray of bool of shape (n_features,), default=True
        Whether features are not constant.

    Returns
    -------
    DiagonalCovariance or FullCovariance
    """
    varies = np.broadcast_to(varies, n_features)
    if name == "full":
        return FullCovariance(np.append(True, varies))
    group_of_slope = {
        "intercept": np.full(n_features, -1),
        "isotropic": np.full(n_features, 1),
        "diagonal": np.cumsum(varies),
    }
    of_slopes = np.where(varies, group_of_slope[name], -1)
    return DiagonalCovariance(np.append(0, of_slopes))


class DiagonalCovariance:
    """Independent effects; those of a group have one variance.

    The parameters are the variances of the groups.

    Parameters
    ----------
    groups : ndarray of int of shape (n_effects,)
        The group of each effect, 0, 1, ...; -1 for effects that do not vary.
    """

    lower = 0.0  # least value of a parameter

    def __init__(self, groups):
        self.groups = groups
        self.n_effects = len(groups)
        self.n_parameters = int(groups.max()) + 1
        members = groups[:, None] == np.arange(self.n_parameters)
        self.members = members.astype(float)  # (n_effects, n_parameters)

    @property
    def varying(self):
        """Which effects vary, (n_effects,) of bool."""
        return self.members.any(axis=1)

    @property
    def divided(self):
        """Which effects are larger in outlying tasks: slopes, or intercepts if only they vary."""
        slopes = self.varying.copy()
        slopes[0] = not slopes[1:].any()
        return slopes

    def variances(self, theta):
        """The variance of each effect, (n_effects,)."""
        return self.members @ theta

    def matrix(self, theta):
        """The covariance, (n_effects, n_effects)."""
        return np.diag(self.variances(theta))

    def root(self, theta):
        """A matrix whose product with its transpose is the covariance."""
        return np.diag(np.sqrt(self.variances(theta)))

    def from_variances(self, variances):
        """The parameters for which effects have, on average, these variances."""
        return self.members.T @ variances / self.members.sum(axis=0)

    def from_moments(self, moments):
        """The parameters that make normal effects with these mean squares and products likeliest.

        Parameters
        ----------
        moments : ndarray of shape (n_effects, n_effects)
            Mean over tasks of the (expected) products of effects.

        Returns
        -------
        theta : ndarray of shape (n_parameters,)
        """
        return self.from_variances(moments.diagonal())

    def gradient(self, theta, slope):
        """Derivatives by the parameters of a function of the covariance.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        slope : symmetric ndarray of shape (n_effects, n_effects)
            The matrix D with which the function changes by ``trace(D dC)``.

        Returns
        -------
        ndarray of shape (n_parameters,)
        """
        return self.members.T @ slope.diagonal()

    def information(self, theta, precisions):
        """``sum_t trace(H_t C_j H_t C_k)``, with C_j the derivative by parameter j.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        precisions : ndarray of shape (n_tasks, n_effects, n_effects)
            Symmetric matrices H_t; twice the expected information is asked for where they are
            ``Z' V^-1 Z``.

        Returns
        -------
        ndarray of shape (n_parameters, n_parameters)
        """
        squares = np.einsum("tjk,tjk->jk", precisions, precisions)
        return self.members.T @ squares @ self.members

    def crossed_information(self, theta, columns):
        """``sum_t m_tk' C_j m_tk``, with C_j the derivative by parameter j and m_tk column k.

        Parameters
        ----------
        theta : ndarray of shape (n_parameters,)
            Parameters.
        columns : ndarray of shape (n_tasks, n_effects, n_columns)
            Matrices.

        Returns
        -------
        ndarray of shape (n_parameters, n_columns)
        """
        squares = np.einsum("tik,tik->ik", columns, columns)
        return self.members.T @ squares

    def curvature(self, slope):
        """Second derivatives of ``trace(D C)`` for a constant positive semidefinite D."""
        return np.zeros((self.n_parameters, self.n_parameters))

    def largest_steps(self, precisions):
        """Changes that matter even where the information is zero; infinite, as none is needed."""
        return np.full(self.n_parameters, np.inf)

    def moved(self, theta, direction, variance):
        """The parameters, but for the variance of the effect of a unit vector."""
        (group,) = np.flatnonzero(direction @ self.members)
        moved = theta.copy()
        moved[group] = variance
        return moved


class FullCovariance:
    """Effects of any covariance.

    The parameters are the lower triangle of a root L, row by row: the covariance is L L'.

    Parameters
    ----------
    varying : ndarray of bool of shape (n_effects,)
        Which effects vary; rows and columns of L are zero for the others.
    """

    lower = -np.inf  # least value of a parameter

    def __init__(self, varying):
        self.varying = varying
        self.n_effects = len(varying)
        self.groups = np.where(varying, np.arange(self.n_effects), -1)
        positions = np.flatnonzero(varying)
        rows, columns = np.tril_indices(len(positions))
        self.rows = positions[rows]
        self.columns = positions[columns]
        self.n_parameters = len(self.rows)

    @property
    def divided(self):
        """Which effects are larger in outlying tasks: all that vary."""
        return self.varying

    def variances(self, theta):
        """The variance of each effect, (n_effects,)."""
        return np.sum(self.root(theta) ** 2, axis=1)

    def matrix(self, theta):
        """The covariance, (n_effects, n_effects)."""
        root = self.root(theta)
        return root @ root.T

    def root(self, theta):
        """The matrix L."""
        root = np.zeros((self.n_effects, self.n_effects))
        root[self.rows, self.columns] = theta
        return root

    def from_variances(self, variances):
        """The parameters of independent effects with these variances."""
        root = np.diag(np.sqrt(variances))
        return root[self.rows, self.columns]

    def from_moments(self, moments):
        """As for :class:`DiagonalCovariance`: a root of the moments."""
        values, vectors = np.linalg.eigh(moments)
        least = _ROUNDING * max(values[-1], 0.0)
        root = vectors * np.sqrt(np.maximum(values, least))
        triangle = np.linalg.qr(root.T, mode="r").T
        triangle = triangle * np.where(triangle.diagonal() < 0, -1.0, 1.0)
        return triangle[self.rows, self.columns]

    def gradient(self, theta, slope):
        """As for :class:`DiagonalCovariance`."""
        by_root = 2 * slope @ self.root(theta)
        return by_root[self.rows, self.columns]

    def information(self, theta, precisions):
        """As for :class:`DiagonalCovariance`.

        The derivative by entry (i, k) of L is ``E L' + L E'``, E having a one there. With
        K_t = H_t L and M_t = L' K_t, the traces for the entries (i, k) and (j, l) are

            2 sum_t K_t[i, l] K_t[j, k] + H_t[i, j] M_t[k, l].
        """
        root = self.root(theta)
        right = precisions @ root
        middle = root.T @ right
        crossed = np.einsum("til,tjk->ikjl", right, right, optimize=True)
        same = np.einsum("tij,tkl->ikjl", precisions, middle, optimize=True)
        n_entries = self.n_effects**2
        traces = 2 * (crossed + same).reshape(n_entries, n_entries)
        entries = self.rows * self.n_effects + self.columns
        return traces[np.ix_(entries, entries)]

    def crossed_information(self, theta, columns):
        """As for :class:`DiagonalCovariance`."""
        squares = np.einsum("tik,tjk->kij", columns, columns, optimize=True)
        by_column = [self.gradient(theta, square) for square in squares]
        return np.transpose(by_column)

    def curvature(self, slope):
        """As for :class:`DiagonalCovariance`: those by the entries (i, k) and (i', k) of L."""
        same_column = self.columns[:, None] == self.columns
        return 2 * slope[np.ix_(self.rows, self.rows)] * same_column

    def largest_steps(self, precisions):
        """As for :class:`DiagonalCovariance`, but finite: a root has no information at zero.

        They are the roots of the standard errors of the variances.
        """
        squares = np.einsum("tjj,tjj->j", precisions, precisions)
        of_effects = (2 / np.maximum(squares, _TINY)) ** 0.25
        return of_effects[self.rows]

    def moved(self, theta, direction, variance):
        """The parameters for which a combination of effects has this variance.

        What effects have in common with it moves along; how they vary given it does not.
        """
        covariance = self.matrix(theta)
        common = covariance @ direction
        present = direction @ common
        share = common / present if present > 0 else direction / (direction @ direction)
        moved = covariance + (variance - present) * np.outer(share, share)
        return self.from_moments(moved)
