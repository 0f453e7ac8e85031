"""The errors of predictions: the loss of each target, for every score."""
