"""Covariances of observations of several tasks, their linear systems and likelihoods.

Kernel ridge regressions and Gaussian processes are one algebra: the inverse of a covariance of
observations, by Kronecker eigenvectors, by a Schur complement or by a Cholesky factor.
"""
