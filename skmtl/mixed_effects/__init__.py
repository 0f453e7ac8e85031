"""Mixed-effects models: coefficients of tasks that vary about common ones."""
