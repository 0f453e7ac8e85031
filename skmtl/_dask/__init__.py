"""Dask collections: their partitions, sums over them, lazy predictions.

Nothing but this package imports dask, and it does so inside functions only.
"""
