"""What reports say, in text, HTML and Markdown."""

import numpy as np
import pandas as pd
import pytest
from made_up_reports import LONG_NAME, leave_out, made_up_report, made_up_table

from skmtl.evaluation._reports.cautions import find_cautions
from skmtl.evaluation._reports.formatting import (
    LINE,
    error_text,
    gain_text,
    percent_text,
    probability_text,
    shortened,
)
from skmtl.evaluation._reports.task_noun import name_of_column, noun_of


def spread_gains(n_tasks):
    """Gains of tasks from large losses to clear gains."""
    return np.linspace(-0.8, 0.3, n_tasks)


def clear_report(**options):
    """42 tasks, some of which surely gain and some surely lose, trained on a few of many rows."""
    table = made_up_table(np.arange(42), spread_gains(42), n_train=6.0, n_test=137.0)
    return made_up_report(table, "patient", **options)


def odd_reports():
    """Reports with few or many tasks, long names, huge losses, tasks that are not judged."""
    rng = np.random.default_rng(0)
    for n_tasks in (1, 2, 13, 1000):
        gains = rng.normal(0.04, 0.05, n_tasks)
        tasks = [f"{LONG_NAME}_{k}" for k in range(n_tasks)]
        yield made_up_report(made_up_table(tasks, gains, rng.integers(1, 90, n_tasks)))
    table = made_up_table([0.5, 1.0, 2.0], [-400.0, 0.0, 1e-7])
    leave_out(table, [False, True, False], "one sample")
    yield made_up_report(table, rivals={})
    table = made_up_table(["|", "<b>", "a\tb"], [0.1, np.nan, np.nan])
    leave_out(table, [True] * 3, "constant target")
    yield made_up_report(table, LONG_NAME)


@pytest.mark.parametrize("report", list(odd_reports()))
def test_lines_are_short_and_tables_end(report):
    text = report.to_text()
    assert max(map(len, text.splitlines())) <= LINE
    assert max(map(len, report.details().splitlines())) <= LINE
    assert max(map(len, report.to_text(rows=None).splitlines())) <= LINE
    _, table, _ = text.split("\n\n")
    assert len(table.splitlines()) <= 13  # twelve tasks, or twelve lines
    assert "nan" not in text + report.details() + report.to_markdown() + report._repr_html_()


def test_the_answer_comes_first():
    report = clear_report(median_gain=0.078, median_gain_low=0.035, median_gain_high=0.126)
    lines = str(report).splitlines()
    assert lines[0] == (
        "Sharing helps the typical patient: an error 7.8% smaller than alone "
        "(95% interval 3.5% to 13%)."
    )
    assert lines[1].startswith("About 12 of 42 patients gain (21 to 42).")
    n_harmed = report.summary_["n_harmed"]
    assert f"Careful: {n_harmed} patients are harmed, up to an error 80% larger (patient 0)" in str(
        report
    )


@pytest.mark.parametrize(
    ("interval", "beginning"),
    [
        (
            (-0.2, -0.02),
            "Sharing harms the typical patient: an error 10% larger than alone (95% int",
        ),
        (
            (-0.2, 0.03),
            "It is open whether sharing helps the typical patient: a gain of -10% (95% ",
        ),
    ],
)
def test_claims_need_an_interval_without_zero(interval, beginning):
    low, high = interval
    report = clear_report(median_gain=-0.1, median_gain_low=low, median_gain_high=high)
    assert report.verdict().startswith(beginning)


def test_all_open_is_said_once():
    report = made_up_report(made_up_table(range(8), np.full(8, 0.02)))
    assert "One by one, all are open." in report.verdict()


def test_table_shows_the_most_surely_helped_and_the_most_harmed():
    report = clear_report()
    _, table, _ = str(report).split("\n\n")
    lines = table.splitlines()
    tasks = [line.split()[0] for line in lines[1:]]
    assert tasks == ["41", "40", "39", "38", "37", "...", "4", "3", "2", "1", "0"]
    assert lines[6].startswith("... 32 between surest gains and largest losses, -67% to +17%; to")
    every_task = report.to_text(rows=None).split("\n\n")[1].splitlines()
    assert [line.split()[0] for line in every_task[1:]] == [str(task) for task in range(42)]


@pytest.mark.parametrize(
    ("gain", "which"),
    [
        (0.12, "... 8 that gain less surely, +12%; to_text(rows=None) shows all"),
        (-0.12, "... 8 with smaller losses, -12%; to_text(rows=None) shows all"),
        (0.0, "... 8 that gain less surely, 0%; to_text(rows=None) shows all"),
    ],
)
def test_table_is_full_if_all_tasks_are_alike(gain, which):
    table = made_up_table(range(18), np.full(18, gain))
    lines = str(made_up_report(table)).split("\n\n")[1].splitlines()
    assert len(lines) == 12
    assert which in lines


def test_rows_are_at_least_four():
    with pytest.raises(ValueError, match="rows == 3"):
        clear_report().to_text(rows=3)


@pytest.mark.parametrize(
    ("code", "numbers"),
    [
        ("better rival", {"rivals": {"pooled": (-0.2, -0.3, -0.1)}}),
        ("equal rival", {"rivals": {"pooled": (0.0, -0.01, 0.01)}}),
        ("equal rival", {"rivals": {"pooled": (-0.007, -0.014, -0.0001)}}),
        ("few repeats", {"n_splits": 4}),
        ("new task", {"new_task_low": -0.6, "spread": 0.4, "typical_gain": 0.1}),
        ("mean and median", {"median_gain": -0.1, "median_gain_high": -0.05}),
        ("unconverged", {"n_unconverged": {"single": 0, "multi": 3}}),
    ],
)
def test_caution_for(code, numbers):
    table = made_up_table(range(8), np.full(8, 0.12))
    assert made_up_report(table).summary_["cautions"] == []
    report = made_up_report(table, **numbers)
    assert report.summary_["cautions"] == [code]
    assert "Careful: " in str(report)


def test_rivals_are_named_with_their_intervals():
    table = made_up_table(range(8), np.full(8, 0.12))
    better = made_up_report(table, rivals={"pooled": (-0.25, -1.0, -0.1)})
    assert (
        "One model for all is better: its error is 20% smaller (95% interval 9.1% to 50%). Use it "
    ) in " ".join(better.verdict().split())
    equal = made_up_report(table, rivals={"intercept": (0.0, -0.01, 0.01)})
    assert "One model with shrunken intercepts (RandomInterceptTasks) does as well" in str(equal)


def test_number_of_tasks_that_gain_has_no_estimate_where_the_typical_gain_is_open():
    report = clear_report(median_gain=0.01, median_gain_low=-0.1, median_gain_high=0.1)
    assert "Between 21 and 42 of 42 patients gain (95% interval)." in report.verdict()


def test_small_mean_numbers_of_samples_have_a_decimal():
    table = made_up_table(range(8), np.full(8, 0.12), n_train=4.5, n_test=1.5)
    text = str(made_up_report(table))
    assert "Gains: for 4.5 training samples per task" in text
    assert text.splitlines()[4].split()[1:3] == ["4.5", "1.5"]


def test_caution_for_tasks():
    table = made_up_table(range(8), np.full(8, 0.12))
    table["n_train"][3] = 0.0
    leave_out(table, [True, *[False] * 7], "one sample")
    report = made_up_report(table)
    assert report.summary_["cautions"] == ["untrained tasks", "not judged"]
    assert "1 task (3) has no samples in some training sets" in report.verdict()
    assert "1 task (0) is not judged" in report.verdict()
    assert "Note on 0: one sample." in report.details()


def test_caution_where_simulations_were_worse_than_promised():
    assert "small training sets" in clear_report().summary_["cautions"]
    gains = np.full(8, 0.12)
    sizes = np.array([10.0, 100.0] * 4)
    mixed = made_up_report(made_up_table(range(8), gains, sizes), spread=0.3)
    assert mixed.summary_["cautions"] == ["unequal sizes"]
    together = made_up_report(made_up_table(range(8), gains), correlation=0.6)
    assert together.summary_["cautions"] == []
    together.cv_results_["shares_rows"] = True
    assert [caution.code for caution in find_cautions(together)] == ["correlated errors"]


def test_footer_says_if_tiny_errors_count_as_more():
    table = made_up_table(range(8), np.full(8, 0.12))
    sentence = "Where an error is below a tenth of the spread of y, gains count it as that tenth."
    name = "root_mean_squared_error"
    assert sentence not in str(made_up_report(table, error_name=name))
    table["error_single"][2] = 0.001
    assert str(made_up_report(table, error_name=name)).endswith(sentence)


def test_only_the_first_cautions_are_shown():
    report = clear_report(
        correlation=0.5,
        spread=0.9,
        n_unconverged={"single": 0, "multi": 2, "intercept": 0, "pooled": 0},
        new_task_low=-0.9,
    )
    n_more = len(report.summary_["cautions"]) - 2
    assert n_more > 0
    assert f"\n         {n_more} more in the details" in report.verdict()
    assert "did not converge: multi (2)" in report.details()


def test_markdown_and_html_escape_names():
    table = made_up_table(["a|b", "<script>"], [0.1, 0.12])
    report = made_up_report(table)
    assert "| a\\|b |" in report.to_markdown()
    html = report._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html


def test_html_has_all_tasks_and_the_colors_of_verdicts():
    html = clear_report()._repr_html_()
    assert "All 42 patients" in html
    assert html.count('font-weight:bold">harmed</td>') == 5 + clear_report().summary_["n_harmed"]


@pytest.mark.parametrize(
    ("column", "one", "many"),
    [
        ("patient", "patient", "patients"),
        ("prep__County", "county", "counties"),
        ("day", "day", "days"),
        ("school_id", "school", "schools"),
        ("class", "task", "tasks"),
        (-1, "task", "tasks"),
        (None, "task", "tasks"),
    ],
)
def test_tasks_are_called_by_the_name_of_their_column(column, one, many):
    noun = noun_of(column)
    assert (noun.one, noun.many) == (one, many)


def test_the_name_of_the_column_is_found_by_its_position():
    frame = pd.DataFrame({"x": [0.0, 1.0], "patient": [1, 2]})
    assert name_of_column(frame, -1) == "patient"
    assert name_of_column(frame, "patient") == "patient"
    assert name_of_column(frame.to_numpy(), -1) == -1


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0.0, "0%"),
        (0.078, "+7.8%"),
        (0.0996, "+10%"),
        (0.126, "+13%"),
        (-0.0003, "-0.03%"),
        (4e-7, "+4e-05%"),
        (-40.0, "-4000%"),
        (-3e5, "-3e+07%"),
        (np.nan, "-"),
    ],
)
def test_gains_have_two_digits_and_keep_their_sign(share, text):
    assert gain_text(share) == text
    assert percent_text(abs(share)) == text.lstrip("+-") or text == "-"


def test_errors_have_three_digits():
    errors = [0.0, 0.01532, 0.9999, 1.594, 12.3456, 12345.6, 3e-7, np.nan]
    texts = ["0", "0.0153", "1.00", "1.59", "12.3", "12346", "3.00e-07", "-"]
    assert [error_text(error) for error in errors] == texts


def test_probabilities_near_zero_and_one_have_a_decimal():
    probabilities = [1e-5, 0.008, 0.25, 0.987, 0.99999, np.nan]
    texts = ["<0.1%", "0.8%", "25%", "98.7%", ">99.9%", "-"]
    assert [probability_text(one) for one in probabilities] == texts


def test_the_t_test_has_the_smallest_p_only():
    table = made_up_table(range(20), np.full(20, 0.12))
    table["t_p_value"][17] = 0.03
    tests = made_up_report(table).details().split("Corrected resampled t-test")[1]
    assert "The 12 tasks with the smallest p of 20" in " ".join(tests.split())
    lines = tests[tests.index("own gain") :].splitlines()[1:]
    assert len(lines) == 12
    assert lines[0].split()[0] == "17"


def test_long_names_are_shortened_in_the_middle():
    assert shortened(LONG_NAME, 20) == "the_patie..._of_text"
    assert shortened("short", 20) == "short"
    assert shortened("single LogisticRegressionCV of lasso", 26) == "single Logi...nCV of lasso"
