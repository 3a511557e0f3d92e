"""The report's tables, as Markdown: the paper's value beside ours, the difference, and the verdict in words."""

from collections.abc import Mapping, Sequence

import pandas as pd

from src.data.sampling import Task
from src.data.schema import CATEGORIES, N_FEATURES, NORMAL
from src.reports.page import markdown_table
from src.reports.paper.claims import judge, name, seeds, slowdown
from src.reports.paper.paper import Stated, find, paper_task, stated, training_records
from src.reports.paper.results import Cell, Estimate, Result, Results, records

MISSING = "run missing"
NOT_STATED = "not in the text"
MODELS = {
    "lstm": "LSTM",
    "lstm_ensemble": "LSTM ensemble",
    "decision_tree": "decision tree",
    "random_forest": "random forest",
}
_SHARES = ("train_accuracy", "test_recall", "test_precision", "test_f1", "test_false_alarm_rate")
TASKS = {
    "binary": "binary",
    "multiclass": "3-class, literal DoS",
    "multiclass_smurf": "3-class, DoS = smurf",
}


def verdict(number: Stated, ours: float, low: float | None = None, high: float | None = None) -> str:
    """Whether a number of ours agrees with the paper's, in words."""
    difference = round(ours - number.value, 2) + 0.0  # no -0.00
    shown = f"{difference:+.2f}" + (" points" if number.unit == "%" else "")
    if number.at_least:
        return f"{shown}: {'agrees' if ours > number.value else 'disagrees, ours is lower'}"
    if low is not None and high is not None and low <= number.value <= high:
        return f"{shown}: agrees, within our interval"
    if abs(difference) < 0.005 or (low is None and abs(difference) < 1 and number.unit == "%"):
        return f"{shown}: agrees"
    return f"{shown}: disagrees, ours is {'higher' if difference > 0 else 'lower'}"


def shown(estimate: Estimate | None) -> str:
    """`99.53 [99.48, 99.58], 5 seeds`."""
    if estimate is None:
        return MISSING
    return f"{estimate.mean:.2f} [{estimate.low:.2f}, {estimate.high:.2f}], {seeds(estimate)}"


def headline(results: Results, recipes: Mapping[tuple[str, str], str]) -> str:
    """The paper's best model on each task, and every other model on the same two components.

    Args:
        recipes: By model and task.
    """
    rows = []
    for task in results.tasks:
        number = find("accuracy", paper_task(task))
        assert number is not None  # the paper states both
        for model in [model for model in MODELS if results.wants(task, "pca", 2, model)]:
            ours = results.accuracy(task, "pca", 2, model)
            agrees = verdict(number, ours.mean, ours.low, ours.high) if ours else MISSING
            rows.append([TASKS.get(task, task), str(number), MODELS[model], recipes[model, task], shown(ours), agrees])
    columns = ["task", "paper: LSTM", "our model", "recipe", "test accuracy: mean [95 % interval]", "difference"]
    return markdown_table(columns, rows)


def tuned(recipes: Mapping[tuple[str, str], str]) -> str:
    """The models that have a recipe, in words: `the LSTM on 3-class, literal DoS has recipe=lstm_multiclass`."""
    return "; ".join(
        f"the {MODELS.get(model, model)} on {TASKS.get(task, task)} has `recipe={recipe}`"
        for (model, task), recipe in sorted(recipes.items())
        if recipe != "none"
    )


def _plain(estimate: Estimate | None) -> str:
    return f"{estimate.mean:.2f}" if estimate else MISSING


def claims(results: Results) -> str:
    """What the paper says in words, and whether our runs bear it out."""
    rows = [[one.claim, TASKS.get(one.task, one.task), one.evidence, f"**{one.verdict}**"] for one in judge(results)]
    return markdown_table(["claim", "task", "our runs", "verdict"], rows)


def categories(attacks: Mapping[str, int]) -> str:
    """Table 1: the attack types of the training file by category."""
    rows = []
    for category, types in CATEGORIES.items():
        present = [attack for attack in types if attacks.get(attack)]
        count = sum(attacks.get(attack, 0) for attack in types)
        rows.append([category, ", ".join(present) or "none in this file", f"{len(present)}", f"{count:,}"])
    return markdown_table(["category", "attack types in the training file", "types", "records"], rows)


def instances(attacks: Mapping[str, int]) -> str:
    """Table 2: records of each attack type."""
    total = sum(attacks.values())
    categories = {attack: category for category, types in CATEGORIES.items() for attack in types}
    found = sorted(((count, attack) for attack, count in attacks.items() if count), reverse=True)
    rows = [
        [attack, "normal traffic" if attack == NORMAL else categories[attack], f"{count:,}", f"{count / total:.3%}"]
        for count, attack in found
    ]
    return markdown_table(["label", "category", "records", "share"], rows)


def sampling(task: Task, attacks: Mapping[str, int], scale: float) -> str:
    """Tables 3 and 4: records of each class before and after sampling."""
    labels = tuple(attacks)
    target = task.target(labels)
    rows = []
    for place, (class_name, one) in enumerate(task.classes.items()):
        available = sum(attacks[label] for label, where in zip(labels, target, strict=True) if where == place)
        drawn = one.asked(scale)
        number = find("records", paper_task(task.name), class_name)
        agrees = verdict(number, drawn) if number else NOT_STATED
        again = f"{max(0, drawn - available):,}"
        rows.append([class_name, f"{available:,}", f"{drawn:,}", str(number or NOT_STATED), agrees, again])
    return markdown_table(["class", "before", "after", "paper, after", "difference", "of those drawn again"], rows)


def variance(results: Results, task: str) -> str:
    """Figure 5 in numbers."""
    rows = []
    run = results.first(task, "pca", 2)
    for k in (2, 3):
        number = find("variance", paper_task(task), k)
        if run is None or number is None:
            rows.append([str(k), str(number or NOT_STATED), MISSING, MISSING])
            continue
        ours = _variance(run, k)
        rows.append([str(k), str(number), f"{ours:.2f} %", verdict(number, ours)])
    return markdown_table(["components", "paper", "ours", "difference"], rows)


def information(results: Results) -> str:
    """Figure 6a in numbers: the order of the best features."""
    rows = []
    run = results.first("binary", "mi", 4)
    table = _information(run) if run else None
    for rank in range(1, 11):
        number = find("information", "binary", rank)
        if table is None:
            rows.append([str(rank), str(number or NOT_STATED), MISSING, MISSING, MISSING])
            continue
        ours = table.iloc[rank - 1]
        same = "same" if number and number.value == ours["position"] else "another feature" if number else NOT_STATED
        rows.append(
            [
                str(rank),
                str(number or NOT_STATED),
                f"{ours['position']} ({ours['feature']})",
                f"{ours['score']:.4f}",
                same,
            ]
        )
    return markdown_table(["rank", "paper: feature", "ours", "score (nats)", "agreement"], rows)


def processing(results: Results, task: str) -> str:
    """Training time by number of inputs; seconds for each feature and 100,000 records should not depend on k."""
    rows = []
    for reducer, k in results.inputs:
        run = results.first(task, reducer, k)
        number = find("seconds", reducer, k, paper_task(task))
        theirs = f"{number.value / k / training_records(paper_task(task)) * 1e5:.1f}" if number else NOT_STATED
        if run is None:
            rows.append([name((reducer, k)), str(number or NOT_STATED), theirs, *[MISSING] * 5])
            continue
        epoch, epochs = run.metrics["epoch_seconds_median"], run.metrics["epochs"]
        distinct = int(float(run.params["derived.rows_per_epoch"]))
        train = int(run.params["derived.records_train"])
        fit = run.metrics["fit_seconds"]
        rows.append(
            [name((reducer, k)), str(number or NOT_STATED), theirs, f"{fit:.1f} s", f"{epochs:.0f}", f"{distinct:,}",
             f"{fit / k / train * 1e5:.2f}", f"{epoch / k / distinct * 1e5:.3f}"]
        )  # fmt: skip
    return markdown_table(
        ["input", "paper", "paper, per feature and 100,000 records", "ours", "epochs", "rows an epoch",
         "ours, per feature and 100,000 records", "one epoch, per feature and 100,000 rows"],
        rows,
    )  # fmt: skip


def everything(results: Results, task: str, *, links: bool) -> str:
    """Every configuration of one task, means over its seeds."""
    rows = []
    for reducer, k in results.inputs:
        for model in [model for model in MODELS if results.wants(task, reducer, k, model)]:
            runs = results.runs(task, reducer, k, model)
            shares = [_mean(runs, metric) for metric in _SHARES]
            values = [*(f"{100 * share:.2f}" for share in shares), f"{_mean(runs, 'fit_seconds'):.1f}"] if runs else []
            rows.append(
                [name((reducer, k)), MODELS[model], shown(results.accuracy(task, reducer, k, model)),
                 *(values or [MISSING] * 6), run_list(runs, links=links)]
            )  # fmt: skip
    return markdown_table(
        ["input", "model", "test accuracy, %", "training accuracy", "recall", "precision", "F1", "false alarms",
         "fit, s", "runs"],
        rows,
    )  # fmt: skip


def _mean(runs: Sequence[Result], metric: str) -> float:
    return sum(run.metrics[metric] for run in runs) / len(runs) if runs else 0.0


def earlier(results: Results) -> str:
    """Table 6: the paper's model among others, all of them ours and on one protocol."""
    rows = [["paper: LSTM, PCA 2", *(str(find("accuracy", paper_task(task))) for task in results.tasks)]]
    for reducer, k in (("pca", 2), ("none", 53)):
        for model, words in MODELS.items():
            cells = [
                _plain(results.accuracy(task, reducer, k, model))
                if results.wants(task, reducer, k, model)
                else "not run"
                for task in results.tasks
            ]
            if set(cells) != {"not run"}:
                rows.append([f"{words}, {name((reducer, k))}", *cells])
    return markdown_table(["system", *(TASKS.get(task, task) for task in results.tasks)], rows)


def numbers(results: Results, tasks: Sequence[Task], scale: float) -> str:
    """Every number of the paper's text beside ours."""
    rows = []
    for key, number in stated().items():
        what, *rest = key.split(".")
        of_task = next((part for part in rest if part in ("binary", "multiclass")), None)
        for task in [task for task in tasks if of_task in (None, paper_task(task.name))]:
            ours, agrees = _ours(results, task, what, rest, number, scale)
            rows.append(
                [number.place, str(number), TASKS.get(task.name, task.name) if of_task else "all", ours, agrees]
            )
            if of_task is None:
                break
    return markdown_table(["place in the paper", "paper", "task", "ours", "difference"], rows)


def _ours(
    results: Results, task: Task, what: str, rest: Sequence[str], number: Stated, scale: float
) -> tuple[str, str]:
    """Our value of one stated number, and whether they agree."""
    pca = results.first(task.name, "pca", 2)
    if what == "features":
        return f"{N_FEATURES}", verdict(number, N_FEATURES)
    if what == "records":
        drawn = task.classes[rest[1]].asked(scale)
        return f"{drawn:,}", verdict(number, drawn)
    if what == "accuracy" and (mean := results.accuracy(task.name, "pca", 2)):
        return shown(mean), verdict(number, mean.mean, mean.low, mean.high)
    if what == "seconds" and (run := results.first(task.name, rest[0], int(rest[1]))):
        return f"{run.metrics['fit_seconds']:.1f} s", "another machine and network"
    if what == "slower" and (ratio := slowdown(results, task.name)):
        return f"{ratio:.1f} times", verdict(number, ratio)
    if what == "split" and pca:
        parts = {part: int(pca.params[f"derived.records_{part}"]) for part in ("train", "val", "test")}
        share = 100 * parts[rest[0]] / sum(parts.values())
        return f"{share:.2f} %", verdict(number, share)
    if what == "variance" and pca:
        share = _variance(pca, int(rest[1]))
        return f"{share:.2f} %", verdict(number, share)
    if what == "information" and (run := results.first(task.name, "mi", 4)):
        position = _information(run)["position"].iloc[int(rest[1]) - 1]
        return str(position), "agrees" if position == number.value else "disagrees, another feature"
    return MISSING, MISSING


def _variance(run: Result, k: int) -> float:
    """Percent of variance that k components explain."""
    table = pd.read_csv(run.files / "explained_variance.csv")
    return 100 * float(table.loc[table["component"] == k, "cumulative"].iloc[0])


def _information(run: Result) -> pd.DataFrame:
    return pd.read_csv(run.files / "mutual_information.csv")


def run_list(runs: Sequence[Result | None], *, links: bool) -> str:
    """The runs that a figure was made from."""
    return ", ".join(_link(run, links=links) for run in runs if run) or MISSING


def _link(run: Result, *, links: bool) -> str:
    return f"[{run.run_id[:8]}]({run.link})" if links else f"`{run.run_id[:8]}`"


def missing(cells: Sequence[Cell]) -> str:
    """Runs that were asked for and are not there, a line each."""
    return "\n".join(f"- {cell}" for cell in cells)


def shares_seen(results: Results) -> str:
    """How flattering the random split is."""
    found = [(task, run) for task in results.tasks if (run := results.first(task, "pca", 2))]
    parts = [
        f"{100 * run.metrics['test_share_seen_in_training']:.0f} % of {records(run):,} ({TASKS.get(task, task)})"
        for task, run in found
    ]
    return "; ".join(parts) or MISSING
