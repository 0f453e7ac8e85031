"""What rankings say: the best method, whether that is sure, and a line for each method."""

from itertools import combinations

import numpy as np
import pytest
from made_up_reports import LONG_NAME, leave_out, made_up_report, made_up_table

from skmtl.evaluation import TransferRanking, _transfer_ranking
from skmtl.evaluation._reports.formatting import LINE


@pytest.fixture
def ranked(monkeypatch):
    """A function that ranks methods by made-up typical errors; those in `reports` are estimators.

    Errors are known up to a factor of 1.1: two that differ by more are surely different.
    """

    def make(errors, reports):
        def pairwise(losses, methods, is_judged, confidence_level):
            del losses, is_judged, confidence_level
            return made_up_pairs({method: errors[method] for method in methods})

        monkeypatch.setattr(_transfer_ranking, "pairwise_tests", pairwise)
        methods = list(errors)
        values = np.array(list(errors.values()))
        cv_results = {
            "methods": methods,
            "errors": np.ones((20, 3, len(methods))) * values,
            "task_errors": np.ones((3, len(methods))) * values,
            "is_judged": np.ones(3, dtype=bool),
            "rounding": np.zeros(3),
        }
        zeros = dict.fromkeys(methods, 0.0)
        quantities = {"fit_time": zeros, "predict_time": zeros, "n_unconverged": zeros}
        return TransferRanking(reports, cv_results, None, quantities, 0.95, "log_loss")

    return make


def made_up_pairs(errors):
    """The record of each pair of methods, in the format of `pairwise_tests`."""
    pairs = list(combinations(errors, 2))
    names = ("difference", "ci_low", "ci_high", "p_value", "p_adjusted")
    dtype = [("method_a", "U80"), ("method_b", "U80"), *((name, float) for name in names)]
    table = np.zeros(len(pairs), dtype=dtype)
    for record, (a, b) in zip(table, pairs, strict=True):
        ratio = errors[b] / errors[a]
        record["method_a"] = a
        record["method_b"] = b
        record["difference"] = 1 - ratio
        record["ci_low"] = 1 - ratio * 1.1
        record["ci_high"] = 1 - ratio / 1.1
        is_sure = ratio > 1.1 or ratio < 1 / 1.1
        record["p_adjusted"] = 0.001 if is_sure else 0.4
    return table


def a_report(gain=0.12):
    return made_up_report(made_up_table(range(3), np.full(3, gain)))


def test_best_is_first_and_it_is_said_whether_that_is_sure(ranked):
    errors = {"single": 1.2, "pooled": 2.0, "mean": 1.05, "lasso": 1.0}
    ranking = ranked(errors, {"lasso": a_report(), "mean": a_report()})
    assert ranking.ranking_["method"].tolist() == ["lasso", "mean", "single", "pooled"]
    assert ranking.summary_["best"] == "lasso"
    assert str(ranking).splitlines()[:3] == [
        "lasso has the smallest typical error of 4 methods.",
        "With 6 pairs tested, these data cannot tell it from mean.",
        "It is surely better than single and pooled.",
    ]


@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
def test_methods_are_compared_with_the_best_in_whatever_order_they_were_tested(ranked, order):
    errors = {"a": 1.0, "b": 1.25}
    ranking = ranked({method: errors[method] for method in order}, {"a": a_report()})
    table = str(ranking).split("\n\n")[1]
    cells = table.splitlines()[-1].split()
    assert cells[:5] == ["b", "+25%", "[+14%,", "+38%]", "0.001"]  # 1.25 / 1.1 and 1.25 * 1.1
    assert "It is surely better than all others" in ranking.verdict()


def test_another_method_may_be_best(ranked):
    ranking = ranked({"lasso": 2.0, "pooled": 1.0}, {"lasso": a_report()})
    assert ranking.verdict().startswith("pooled, a rival, has the smallest typical error")
    ranking = ranked({"lasso": 2.0, "single RidgeCV": 1.0}, {"lasso": a_report()})
    assert ranking.verdict().startswith("single RidgeCV, a single-task baseline, has the")


def test_all_may_be_undecided(ranked):
    ranking = ranked({"lasso": 1.0, "mean": 1.01, "pooled": 1.02}, {"lasso": a_report()})
    assert "these data cannot tell it from any of the others." in ranking.verdict()


def test_names_of_methods_stay_readable(ranked):
    long = "single LogisticRegressionCV of lasso"
    ranking = ranked({"lasso": 1.0, long: 1.01, "mean": 1.2}, {"lasso": a_report()})
    text = str(ranking) + ranking.details()
    assert f"cannot tell it from {long}." in text
    assert "single Log" in text
    assert "of lasso  " in text


def test_cautions_are_those_of_the_best_estimator(ranked):
    harmed = a_report(gain=-0.3)
    ranking = ranked({"lasso": 1.0, "mean": 2.0}, {"lasso": a_report(), "mean": harmed})
    assert "Careful" not in ranking.verdict()
    assert "mean: 3 tasks are harmed" in ranking.details()
    ranking = ranked({"lasso": 3.0, "mean": 2.0}, {"lasso": a_report(), "mean": harmed})
    assert "Careful: mean: 3 tasks are harmed" in ranking.verdict()


def test_lines_are_short_and_names_escaped(ranked):
    table = made_up_table(range(3), np.full(3, 0.1))
    leave_out(table, [True] * 3, "one sample")
    nothing = made_up_report(table)
    errors = {f"{LONG_NAME}_{k}": 1.0 + k / 30 for k in range(9)} | {"<b>|": 10.0, "x": np.nan}
    ranking = ranked(errors, {"<b>|": nothing})
    for text in (str(ranking), ranking.details()):
        assert max(map(len, text.splitlines())) <= LINE
        assert "nan" not in text
    assert ranking.ranking_["method"][-1] == "x"
    assert "<b>|" not in ranking._repr_html_()
    assert "\\<b>\\|" in ranking.to_markdown()
    assert "and 2 others" in ranking.verdict()
