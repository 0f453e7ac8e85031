"""`python -m skmtl` as a user types it."""

import re
import subprocess
import sys
from pathlib import Path
from threading import Event

import numpy as np
import pandas as pd
import pytest

from skmtl.__main__ import main
from skmtl._command_line import comparison
from skmtl._command_line.signs_of_life import signs_of_life


@pytest.fixture
def shops(tmp_path, monkeypatch):
    """A frame and its file; folds are drawn once, which is enough to see what is printed."""
    monkeypatch.setattr("skmtl.evaluation._compare_to_single_task._N_REPEATS", 1)
    rng = np.random.default_rng(0)
    X = rng.standard_normal((90, 3))
    frame = pd.DataFrame(X, columns=["price", "staff", "weather"])
    frame["shop"] = np.repeat(["north", "south", "west"], 30)
    frame["sales"] = X[:, 0] * 2 + np.repeat([0.0, 5.0, 9.0], 30) + rng.standard_normal(90)
    frame.to_csv(tmp_path / "shops.csv", index=False)
    return frame, tmp_path / "shops.csv"


def blocks_of_readme(language):
    """The code blocks of the README in a language."""
    readme = Path(__file__).parents[1] / "README.md"
    return re.findall(rf"```{language}\n(.*?)```", readme.read_text("utf-8"), re.DOTALL)


def test_main_job_has_the_figures_of_the_book_and_a_verdict(capsys, tmp_path):
    picture = tmp_path / "gains.png"
    assert main(["--plot", str(picture)]) == 0
    printed = capsys.readouterr()
    assert "919 houses of 85 counties" in printed.out
    reference = [line.split()[-2:] for line in printed.out.splitlines() if "standard dev" in line]
    assert reference == [["0.33", "0.33"], ["0.76", "0.76"]]
    assert "2 houses a county gains" in printed.out
    (words,) = blocks_of_readme("text")
    assert words in printed.out
    assert not printed.err  # no warning in a first run
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_program_of_the_readme_is_the_comparison_of_the_main_job(monkeypatch):
    given = []

    def remember(model, X, y, **options):
        given.append(
            (repr(model), X.tobytes(), y.tobytes(), options.pop("tasks").tolist(), options)
        )
        raise KeyboardInterrupt

    monkeypatch.setattr("skmtl._command_line.radon.compare_to_single_task", remember)
    with pytest.raises(KeyboardInterrupt):
        main([])
    monkeypatch.setattr("skmtl.compare_to_single_task", remember)
    (program,) = blocks_of_readme("python")
    with pytest.raises(KeyboardInterrupt):
        exec(program, {})
    assert given[0] == given[1]


def test_compare_on_a_file(shops, capsys):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--cv", "3"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert "3 tasks (shop), 3 features, target sales" in text
    assert "--details prints all tasks" in text
    for shop in ("north", "south", "west"):
        assert shop in text


def test_several_estimators_are_ranked_drawn_and_saved(shops, capsys, tmp_path):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--cv", "2"]
    picture = tmp_path / "gains.png"
    table = tmp_path / "table.csv"
    names = ["MixedEffectsRegressor", "MultiTaskLassoCV"]
    outputs = ["--plot", str(picture), "--save", str(table), "--details"]
    assert main([*arguments, "--estimators", *names, *outputs]) == 0
    text = capsys.readouterr().out
    assert "--details prints" not in text
    assert picture.read_bytes().startswith(b"\x89PNG")
    assert set(names) < set(pd.read_csv(table)["method"])
    for name in names:
        assert f"\n{name}\n---" in text
        one = tmp_path / f"table-{name}.csv"
        assert str(one) in text
        assert pd.read_csv(one)["task"].tolist() == ["north", "south", "west"]
        assert (tmp_path / f"gains-{name}.png").read_bytes().startswith(b"\x89PNG")


def test_options_reach_the_comparison(monkeypatch, tmp_path, capsys):
    given = {}

    def remember(model, X, y, **options):
        given.update(options, model=model, X=X)
        raise KeyboardInterrupt

    monkeypatch.setattr(comparison, "compare_to_single_task", remember)
    path = tmp_path / "file.csv"
    people = [f"p{k // 2}" for k in range(12)]
    file_of(person=people).to_csv(path, index=False)
    command = ["compare", str(path), "--task", "shop", "--target", "sales"]
    choices = ["--groups", "person", "--rivals", "none", "--scoring", "r2", "--normalize-y"]
    with pytest.raises(KeyboardInterrupt):
        main([*command, *choices, "--estimators", "MultiTaskLassoCV"])
    assert given["X"].columns.tolist() == ["price", "staff", "shop"]
    assert given["groups"].tolist() == people
    assert "Rows of one person stay together: 6 groups." in capsys.readouterr().out
    assert given["rivals"] == []
    assert given["scoring"] == "r2"
    assert given["normalize_y"] is True
    assert given["model"][-1].normalize_y


def test_long_work_gives_signs_of_life(monkeypatch, capsys):
    is_late = Event()
    monkeypatch.setattr("skmtl._command_line.signs_of_life._FIRST_PAUSE", 0.001)
    monkeypatch.setattr("skmtl._command_line.signs_of_life._duration", lambda _: is_late.set())
    with signs_of_life(None):
        assert is_late.wait(10)
    assert "--jobs -1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("target", "options", "name"),
    [
        ([0.5, 1.5, 2.5], [], "MixedEffectsRegressor"),
        (["a", "b", "b"], ["--classify"], "MixedEffectsClassifier"),
        (["a", "b", "c"], ["--classify"], "SafeSharingClassifier"),
    ],
)
def test_the_recommended_model_is_the_default(read, target, options, name):
    data = file_of(sales=target * 4).to_csv(index=False)
    assert f"Compared: {name}, with tuned models" in read(data, *options)[2]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            ["--estimators", "Ridge"],
            "--estimators Ridge is none of the regressors MixedEffectsRegressor",
        ),
        (["--classify", "--estimators", "MultiTaskLassoCV"], "is none of the classifiers"),
        (["--normalize-y"], "MixedEffectsRegressor does not standardize tasks; choose"),
        (["--classify", "--normalize-y"], "--normalize-y is for numbers"),
        (["--groups", "shop"], "--groups shop is the task or the target"),
        (["--groups", "staff", "--drop", "staff"], "'staff' is the column of --groups"),
        (["--scoring", "fast"], "'fast'"),
        (["--plot", "gains.xyz"], "--plot gains.xyz must end in one of"),
        (["--plot", "nowhere/gains.png"], "there is no directory"),
    ],
)
def test_options_that_cannot_be_meant_get_one_line(shops, capsys, options, message):
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales"]
    assert main([*arguments, *options]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_plot_without_matplotlib_names_the_extra(shops, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales"]
    assert main([*arguments, "--plot", "gains.png"]) == 2
    assert 'pip install "skmtl[plot]"' in capsys.readouterr().err


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.assign(sales="low"), "has 1 class(es)"),
        (lambda f: f.assign(sales=f["sales"].where(f["price"] > 0)), "missing value(s)"),
    ],
)
def test_classes_that_cannot_be_told_get_one_line(shops, capsys, change, message):
    spoil(*shops, change)
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--classify"]
    assert main(arguments) == 2
    assert message in capsys.readouterr().err


def spoil(frame, path, change):
    changed = change(frame)
    changed.to_csv(path, index=False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f: f.drop(columns="shop"), "has no column 'shop'; it has price"),
        (lambda f: f.drop(columns="sales"), "has no column 'sales'"),
        (lambda f: f.assign(sales=3.0), "target 'sales' is constant (3)"),
        (lambda f: f.assign(sales="many"), "target 'sales' is not numeric"),
        (
            lambda f: f.assign(sales=f["sales"].where(f["price"] > 0)),
            "missing or infinite value(s)",
        ),
        (lambda f: f.assign(price="low"), "column 'price' is not numeric"),
        (lambda f: f.assign(price=f["price"].where(f["staff"] > 0)), "'price' has missing"),
        (lambda f: f.assign(shop="north"), "has one task only"),
        (lambda f: f.drop(index=f.index[1:30]), "task 'north' of 'shop' has one row"),
        (lambda f: f.assign(shop=f["shop"].where(f["shop"] != "west")), "30 missing value(s)"),
        (lambda f: f[["shop", "sales"]], "no feature column"),
        (lambda f: f.iloc[:0], "nothing"),
    ],
)
def test_problems_of_the_file_get_one_line_and_exit_code_2(shops, capsys, change, message):
    frame, path = shops
    spoil(frame, path, change)
    assert main(["compare", str(path), "--task", "shop", "--target", "sales"]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1


def test_a_missing_file_gets_one_line(capsys):
    assert main(["compare", "nowhere.csv", "--task", "a", "--target", "b"]) == 2
    assert capsys.readouterr().err == "skmtl: there is no file nowhere.csv\n"


def test_help_and_unknown_options_from_the_shell():
    shell = [sys.executable, "-m", "skmtl"]
    shown = subprocess.run(
        [*shell, "compare", "--help"], capture_output=True, text=True, check=True
    )
    assert "--target COLUMN" in shown.stdout
    wrong = subprocess.run([*shell, "--speed"], capture_output=True, text=True, check=False)
    assert wrong.returncode == 2


# ------------------------------------------------------------------- how a file is written


@pytest.fixture
def read(tmp_path, monkeypatch, capsys):
    """A function that runs compare on a text; returns what the comparison is given and prints."""
    given = {}

    def remember(model, X, y, **options):
        given.update(X=X, y=y)
        return "the report"

    monkeypatch.setattr(comparison, "compare_to_single_task", remember)

    def run(content, *options, task="shop", target="sales"):
        path = tmp_path / "file.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        given.clear()
        code = main(["compare", str(path), "--task", task, "--target", target, *options])
        printed = capsys.readouterr()
        assert code == (0 if given else 2)
        assert printed.err.count("\n") == (0 if given else 1)
        return given.get("X"), given.get("y"), printed.out + printed.err

    return run


def file_of(**columns):
    """A frame of twelve rows with some columns replaced or added."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(12, 2)).round(3), columns=["price", "staff"])
    frame.insert(0, "shop", np.repeat(["a", "b", "c"], 4))
    frame["sales"] = rng.normal(size=12).round(3)
    return frame.assign(**columns)


PLAIN = file_of().to_csv(index=False)


def assert_plain(X, y):
    """What was read is the plain file."""
    expected = file_of()
    assert X.columns.tolist() == ["price", "staff", "shop"]
    np.testing.assert_array_equal(X[["price", "staff"]], expected[["price", "staff"]])
    assert X["shop"].tolist() == expected["shop"].tolist()
    np.testing.assert_array_equal(y, expected["sales"])


@pytest.mark.parametrize(
    "ids",
    [
        ["007", "7", "07"],
        ["1", "1.0", "01"],
        ["12E4", "120000", "1.2E5"],
        ["NA", "None", "nan"],
        ["9007199254740993", "9007199254740992", "9007199254740994"],
        ["-0", "0", "+0"],
        ["True", "TRUE", "1"],
    ],
)
def test_ids_and_classes_are_texts_as_written(read, ids):
    data = file_of(shop=np.repeat(ids, 4)).to_csv(index=False)
    X, _, _ = read(data)
    assert X["shop"].tolist() == np.repeat(ids, 4).tolist()
    data = file_of(sales=ids * 4).to_csv(index=False)
    _, y, _ = read(data, "--classify")
    assert y.tolist() == ids * 4


def test_plain_integers_are_sorted_as_numbers(read):
    X, _, _ = read(file_of(shop=np.repeat([10, 9, -1], 4)).to_csv(index=False))
    assert X["shop"].dtype.kind == "i"


def test_the_table_of_a_real_comparison_has_ids_as_written(shops, capsys):
    frame, path = shops
    ids = np.repeat(["007", "7", "NA"], 30)
    spoil(frame, path, lambda f: f.assign(shop=ids))
    table = path.with_name("table.csv")
    arguments = ["compare", str(path), "--task", "shop", "--target", "sales", "--cv", "2"]
    assert main([*arguments, "--save", str(table)]) == 0
    assert "3 tasks (shop)" in capsys.readouterr().out
    saved = pd.read_csv(table, dtype=str, keep_default_na=False)
    assert saved["task"].tolist() == ["007", "7", "NA"]


def test_columns_without_a_name_are_left_out_and_counted(read):
    X, _, said = read(file_of().to_csv(index=True))
    assert_plain(X, file_of()["sales"])
    assert "Left out, since it has no name: column 1 of the file." in said
    renamed = file_of().reset_index(names="Unnamed: 0").to_csv(index=False)
    assert read(renamed)[0].columns.tolist() == ["price", "staff", "shop"]


@pytest.mark.parametrize("name", ["sales", "shop", "price"])
def test_repeated_names_are_refused(read, name):
    data = PLAIN.replace("staff", name, 1)
    assert f"more than one column named {name!r}" in read(data)[2]


def test_a_repeated_column_can_be_dropped(read):
    data = file_of(more=1, again=2).to_csv(index=False).replace("again", "more")
    assert "more than one column named 'more'" in read(data)[2]
    assert_plain(*read(data, "--drop", "more")[:2])


def test_the_features_are_printed(read):
    assert "Features: price, staff." in read(PLAIN)[2]
    X, _, said = read(PLAIN, "--features", "staff")
    assert X.columns.tolist() == ["staff", "shop"]
    assert "Features: staff." in said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (file_of().to_csv(index=False, sep=";"), "Read with separator semicolon."),
        (
            file_of().to_csv(index=False, sep=";", decimal=","),
            "Read with separator semicolon, decimal comma.",
        ),
        (file_of().to_csv(index=False, sep="\t"), "Read with separator tab."),
        (file_of().to_csv(index=False, sep="|"), "Read with separator bar."),
        (file_of().to_csv(index=False, decimal=","), "Read with decimal comma."),
        (PLAIN.encode("utf-16"), "Read with encoding utf-16."),
        (PLAIN.encode("utf-8-sig"), ""),
        (PLAIN.replace("shop,price,staff", " shop , price,staff "), ""),
        (PLAIN.replace(",", ", "), ""),
        (PLAIN.replace("\n", "\n\n") + ",,,\n", ""),
        (PLAIN.replace("\n", "\r\n"), ""),
        (PLAIN.replace("\n", ",\n").replace("sales,", "sales"), ""),
        (file_of().to_csv(index=False, quoting=1), ""),
    ],
)
def test_what_is_certain_about_the_file_is_found(read, content, said):
    X, y, text = read(content)
    assert_plain(X, y)
    assert said in text


def with_umlaut():
    return file_of(shop=np.repeat(["Zürich", "Köln", "c"], 4)).to_csv(index=False)


@pytest.mark.parametrize(
    ("content", "reason", "options"),
    [
        (with_umlaut().encode("latin-1"), "read as utf-8 (line 2)", ["--encoding", "latin-1"]),
        (PLAIN.encode("utf-16-le"), "has zero bytes", ["--encoding", "utf-16-le"]),
        (PLAIN.replace(",", " "), "separated by blanks: add --sep space", ["--sep", "space"]),
        (
            file_of(price=["1,234"] * 11 + ["2,345"]).to_csv(index=False),
            "can be read in two ways ('1,234' in line 2)",
            ["--thousands", ","],
        ),
        (
            file_of(price=["1,234"] * 11 + ["2,345"], staff=1, sales=range(12)).to_csv(index=False),
            "such as --decimal , or --thousands ,",
            ["--decimal", ","],
        ),
        (
            file_of(price=["1,234.5"] * 11 + ["2.0"]).to_csv(index=False),
            "such as --decimal , or --thousands ,",
            ["--thousands", ","],
        ),
        (
            file_of(city=["Oslo", "Rome"] * 6).to_csv(index=False),
            "column 'city' is not numeric ('Oslo' in line 2): --one-hot city",
            ["--one-hot", "city"],
        ),
        (
            file_of(day=["2026-01-02", "2026-01-03"] * 6).to_csv(index=False),
            "column 'day' holds dates ('2026-01-02' in line 2)",
            ["--drop", "day"],
        ),
        (
            file_of(price=[*range(11), "12 kg"]).to_csv(index=False),
            "column 'price' is not numeric in 1 row(s) ('12 kg' in line 13)",
            ["--na", "12 kg"],
        ),
        (file_of(price=[*range(11), "1_0"]).to_csv(index=False), "'1_0'", ["--na", "1_0"]),
        (
            file_of(sales=["many", "few"] * 6).to_csv(index=False),
            "add --classify if it is a class",
            ["--classify"],
        ),
        (file_of(sales=[*range(11), "NA"]).to_csv(index=False), "--na NA", ["--na", "NA"]),
        (file_of(shop=[""] * 2 + ["a", "b"] * 5).to_csv(index=False), "--na ''", ["--na", ""]),
    ],
)
def test_what_is_not_certain_is_refused_with_the_option_that_decides(
    read, content, reason, options
):
    X, _, said = read(content)
    assert X is None
    assert reason in said
    X, _, _ = read(content, *options)
    assert X is not None


@pytest.mark.parametrize("marker", ["", "NA", "?", "-", "null", "inf"])
def test_rows_with_a_marker_of_missing_values_are_left_out_by_option_only(read, marker):
    data = file_of(price=[*range(11), marker]).to_csv(index=False)
    assert "has missing or infinite values" in read(data)[2]
    X, _, said = read(data, "--na", marker)
    assert X["price"].tolist() == list(range(11))
    assert "Rows left out for a missing value: 1 of 12." in said


def test_numbers_that_mean_missing_are_pointed_out(read):
    data = file_of(price=[-999, *range(1, 12)]).to_csv(index=False)
    X, _, said = read(data)
    assert len(X) == 12
    assert "say --na -999" in said
    assert len(read(data.replace("-999", "-999.0"), "--na", "-999")[0]) == 11


def test_thousands_are_read_as_said(read):
    prices = 1000.0 * np.arange(12) + 0.5
    texts = [f"{price:,}" for price in prices]
    X, _, _ = read(file_of(price=texts).to_csv(index=False), "--thousands", ",")
    assert X["price"].tolist() == prices.tolist()
    german = [text.translate(str.maketrans(",.", ".,")) for text in texts]
    data = file_of(price=german).to_csv(index=False, sep=";", decimal=",")
    assert read(data, "--thousands", ".")[0]["price"].tolist() == prices.tolist()


def test_text_is_one_hot_by_option(read):
    data = file_of(city=["Oslo", "Rome", "NA"] * 4, open=["yes", "no"] * 6).to_csv(index=False)
    X, _, _ = read(data, "--one-hot", "city", "open")
    assert X.columns.tolist() == [
        *("price", "staff"),
        *("city=NA", "city=Oslo", "city=Rome", "open=yes"),
        "shop",
    ]
    assert (X[["city=NA", "city=Oslo", "city=Rome"]].sum(axis=1) == 1).all()


def test_ids_that_differ_by_blanks_only_are_refused(read):
    assert "'a' with and without blanks" in read(PLAIN.replace("a,", "a ,", 1))[2]


def test_lines_of_another_length_are_refused_by_number(read):
    assert "2 cells in line 14, but 4 names" in read(PLAIN + "c,1\n")[2]
    assert "5 cells in line 14, but 4 names" in read(PLAIN + "c,1,2,3,4\n")[2]
    assert "cannot be read as CSV after line 13" in read(PLAIN + 'c,"1,2,3\n')[2]


@pytest.mark.parametrize(
    ("columns", "note"),
    [
        ({"copy": file_of()["sales"] * 3 + 1}, "'copy' tells the target 'sales' exactly"),
        ({"price": 1}, "constant, so without effect: 'price'"),
        ({"row": range(12)}, "only a count of the rows (see --drop): 'row'"),
    ],
)
def test_what_may_be_a_mistake_is_noted(read, columns, note):
    X, _, said = read(file_of(**columns).to_csv(index=False))
    assert X is not None
    assert f"Note: {note}" in said


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--drop", "prize"], "no column 'prize'; it has shop, price, staff, sales; did you mean"),
        (["--features", "sales"], "--features sales: 'sales' is the target"),
        (["--drop", "shop"], "--drop shop: 'shop' is the task"),
        (["--drop", "price", "--one-hot", "price"], "'price' is no feature of this comparison"),
        (["--drop", "price", "staff"], "there is no feature column"),
        (["--sep", ";;"], "must be one character"),
        (["--encoding", "klingon"], "--encoding klingon is not known"),
        (["--decimal", ",", "--thousands", ","], "--decimal and --thousands are both ','"),
        (["--classify"], "12 classes in 12 rows: leave out --classify"),
        (["--save", "table.txt"], "--save table.txt must end in one of .csv, .html"),
    ],
)
def test_options_that_do_not_fit_the_file_get_one_line(read, options, message):
    assert message in read(PLAIN, *options)[2]


def test_the_seed_may_stand_before_or_after_the_command(monkeypatch):
    seeds = []
    monkeypatch.setattr("skmtl.__main__.compare", lambda options: seeds.append(options.seed))
    command = ["compare", "file.csv", "--task", "shop", "--target", "sales"]
    assert main(["--seed", "3", *command]) == main([*command, "--seed", "4"]) == main(command) == 0
    assert seeds == [3, 4, 0]


def test_the_results_are_printed_and_saved_before_the_picture_fails(shops, capsys, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("no font")

    monkeypatch.setattr("matplotlib.figure.Figure.savefig", fail)
    table = shops[1].with_name("table.html")
    arguments = ["compare", str(shops[1]), "--task", "shop", "--target", "sales", "--cv", "2"]
    outputs = ["--save", str(table), "--plot", str(shops[1].with_name("gains.png"))]
    assert main([*arguments, *outputs]) == 2
    printed = capsys.readouterr()
    assert "north" in printed.out
    assert "failed (no font); the results above are complete" in printed.err
    page = table.read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert '<meta charset="utf-8">' in page
    assert "<td" in page
    assert f"The report is saved in {table}." in printed.out


def test_names_that_look_like_formulas_are_drawn(shops, tmp_path):
    frame, path = shops
    names = np.repeat(["Ba$$in", "_a_b", "<b>%&"], 30)
    spoil(frame, path, lambda f: f.assign(shop=names))
    picture = tmp_path / "gains.png"
    arguments = ["compare", str(path), "--task", "shop", "--target", "sales", "--cv", "2"]
    assert main([*arguments, "--plot", str(picture)]) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_the_separator_that_excel_announces_is_taken(read):
    data = file_of().to_csv(index=False, sep="\t")
    X, y, _ = read("sep=\t\r\n" + data)
    assert_plain(X, y)
    assert "in line 15" in read("sep=\t\n" + data + "c\t1\n")[2]


@pytest.mark.parametrize("ids", [("007", "7"), ("North", "north"), ("e\u0301", "\u00e9")])
def test_ids_that_look_alike_are_pointed_out(read, ids):
    X, _, said = read(file_of(shop=np.repeat(ids, 6)).to_csv(index=False))
    assert X["shop"].nunique() == 2
    assert f"{ids[0]!r}" in said
    assert "are different tasks, as written" in said


def test_a_number_of_two_values_may_be_a_class(read):
    assert "say --classify if these are classes" in read(file_of(sales=[0, 1] * 6).to_csv())[2]


def test_three_decimals_after_a_zero_are_no_thousands(read):
    prices = [f"0,{k}00" for k in range(1, 10)] + ["1,250", "12,500", "0,000"]
    expected = [float(text.replace(",", ".")) for text in prices]
    data = file_of(price=prices, staff=1, sales=range(12)).to_csv(index=False, sep=";")
    X, _, said = read(data)
    assert "decimal comma" in said
    assert X["price"].tolist() == expected
    fits = ["--thousands", ",", "--decimal", "."]
    assert "'price' has numbers that can be read in two ways" in read(data, *fits)[2]
    target = file_of(price=1, staff=2, sales=["1,234"] * 11 + ["2,345"]).to_csv(index=False)
    assert "target 'sales' has 12 number(s) that can be read in two ways" in read(target)[2]


def test_truth_values_may_be_missing_by_option(read):
    data = file_of(price=[True, False, ""] * 4).to_csv(index=False)
    assert read(data)[0] is None
    X, _, said = read(data, "--na", "")
    assert X["price"].tolist() == [1.0, 0.0] * 4
    assert "Rows left out for a missing value: 4 of 12." in said


def test_too_few_rows_for_the_folds_get_one_line(read):
    few = file_of().iloc[[0, 1, 4, 5, 8, 9]].to_csv(index=False)
    assert "6 rows are too few: of 4 folds, training sets have 4 rows" in read(few)[2]
    assert "--cv 13: there are only 12 rows" in read(PLAIN, "--cv", "13")[2]
    pairs = file_of(pair=["a", "b"] * 6).to_csv(index=False)
    assert "--groups pair has 2 group(s), too few for 4" in read(pairs, "--groups", "pair")[2]


def test_warnings_are_lines_that_occur_once(shops, capsys):
    frame, path = shops
    rare = np.where(np.arange(90) % 15 == 0, "nan", "low")
    spoil(frame, path, lambda f: f.assign(sales=np.where(f["shop"] == "west", "low", rare)))
    arguments = ["compare", str(path), "--task", "shop", "--target", "sales", "--cv", "2"]
    lasso = ["--classify", "--estimators", "MultiTaskLassoClassifierCV"]
    assert main([*arguments, *lasso]) == 0
    printed = capsys.readouterr()
    assert "log loss" in printed.out
    lines = printed.err.splitlines()
    assert any("Task(s) ['west'] have targets that lack a class" in line for line in lines)
    assert all(line.startswith("skmtl: warning: ") for line in lines)
    assert len(set(lines)) == len(lines)
    assert not any("least populated" in line or "string 'nan'" in line for line in lines)


def test_points_between_thousands_mean_that_decimals_have_commas(read):
    data = file_of(price=["1.234"] * 11 + ["12"], staff=["0,25"] * 12, sales=range(12))
    text = data.to_csv(index=False, sep=";")
    assert read(text)[0] is None
    X, _, _ = read(text, "--thousands", ".")
    assert X["price"].tolist() == [1234.0] * 11 + [12.0]
    assert X["staff"].tolist() == [0.25] * 12
