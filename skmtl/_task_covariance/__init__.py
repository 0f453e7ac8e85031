"""Covariances of observations of several tasks, their systems and likelihoods."""
