"""Mixed-effects models: coefficients of tasks that vary about common ones."""

from skmtl.mixed_effects._mixed_effects_classifier import MixedEffectsClassifier
from skmtl.mixed_effects._mixed_effects_regressor import MixedEffectsRegressor
from skmtl.mixed_effects._summary import MixedEffectsSummary

__all__ = ["MixedEffectsClassifier", "MixedEffectsRegressor", "MixedEffectsSummary"]
