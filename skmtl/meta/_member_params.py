"""Parameters of the members of a stack, under their names: as in scikit-learn's stacks."""

from sklearn.utils import Bunch

from skmtl.meta._members import named_pairs


class MemberParams:
    """Mixin of a stack with `estimators`: ``<name>`` and ``<name>__<parameter>`` are parameters."""

    def get_params(self, deep=True):
        """Get the parameters of the stack, and of the members that the user gave.

        Parameters
        ----------
        deep : bool, default=True
            Whether to add the members under their names, and their parameters as
            ``<name>__<parameter>``.

        Returns
        -------
        dict
        """
        params = super().get_params(deep=False)
        if not deep:
            return params
        for name, member in self._given_members().items():
            params[name] = member
            if not hasattr(member, "get_params"):
                continue
            for key, value in member.get_params().items():
                params[f"{name}__{key}"] = value
        return params

    def set_params(self, **params):
        """Set parameters of the stack, replace members by name, or set parameters of them.

        Parameters
        ----------
        **params : dict
            Names and values; ``<name>=estimator`` replaces a member, and ``<name>__<parameter>``
            sets a parameter of one.

        Returns
        -------
        self
        """
        if "estimators" in params:
            self.estimators = params.pop("estimators")
        members = self._given_members()
        new = {name: params.pop(name) for name in members if name in params}
        if new:
            pairs = [(name, new.get(name, member)) for name, member in members.items()]
            self.estimators = dict(pairs) if isinstance(self.estimators, dict) else pairs
        return super().set_params(**params)

    def _given_members(self):
        """Return the members that the user gave, by name; none if they are not valid."""
        if self.estimators is None:
            return {}
        try:
            return dict(named_pairs(self.estimators, self._get_param_names()))
        except (TypeError, ValueError):  # fit raises it
            return {}

    @property
    def named_estimators_(self):
        """Fitted members by name, also as attributes."""
        return Bunch(**dict(zip(self.member_names_, self.estimators_, strict=True)))
