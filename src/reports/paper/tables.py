"""The report's tables as Markdown: the paper's value beside ours, the difference, and the agreement in words."""

from collections.abc import Mapping

from src.data.sampling import Task
from src.data.schema_files import declared_schema
from src.reports.markdown import MISSING, covered, markdown_table, percent, run_ids
from src.reports.paper.claims import check_claims
from src.reports.paper.numbers import compare, compare_run, explained_variance, mean_and_range, mutual_information
from src.reports.paper.paper import TASKS, find, paper_task, training_records
from src.reports.paper.results import PaperResults, records
from src.reports.runs import Configuration, coverage
from src.reports.titles import input_name

NOT_STATED = "not in the text"
MODELS = {
    "lstm": "LSTM",
    "lstm_ensemble": "LSTM ensemble",
    "decision_tree": "decision tree",
    "random_forest": "random forest",
}


def headline(results: PaperResults) -> str:
    """Return the paper's best model on each task, and every other model on the same two components."""
    rows = []
    for task in results.tasks:
        number = find("accuracy", paper_task(task))
        assert number is not None  # the paper states both
        for model, words in MODELS.items():
            if one := results.get(task, "pca", 2, model):
                rows.append(
                    [TASKS.get(task, task), str(number), words, one.recipe, mean_and_range(one),
                     compare_run(number, one)]
                )  # fmt: skip
    columns = ["task", "paper: LSTM, one run", "our model", "recipe", "test accuracy: mean (lowest to highest seed)",
               "difference: verdict; one further run [95 % prediction interval]"]  # fmt: skip
    return markdown_table(columns, rows)


def tuned(results: PaperResults) -> str:
    """Return the models with a recipe in words: `the LSTM on 3-class, literal DoS has recipe=lstm_multiclass`."""
    recipes = {(one.model, one.task): one.recipe for one in results.configurations if one.recipe != "none"}
    return "; ".join(
        f"the {MODELS.get(model, model)} on {TASKS.get(task, task)} has `recipe={recipe}`"
        for (model, task), recipe in sorted(recipes.items())
    )


def claims(results: PaperResults) -> str:
    """Return the paper's claims, the evidence of our runs and the verdicts."""
    rows = [
        [one.claim, TASKS.get(one.task, one.task), one.evidence, f"**{one.verdict}**"] for one in check_claims(results)
    ]
    return markdown_table(["claim", "task", "our runs", "verdict"], rows)


def categories(attacks: Mapping[str, int]) -> str:
    """Return table 1: the attack types of the training file by category."""
    rows = []
    for category, types in declared_schema("kdd").categories.items():
        present = [attack for attack in types if attacks.get(attack)]
        count = sum(attacks.get(attack, 0) for attack in types)
        rows.append([category, ", ".join(present) or "none in this file", f"{len(present)}", f"{count:,}"])
    return markdown_table(["category", "attack types in the training file", "types", "records"], rows)


def instances(attacks: Mapping[str, int]) -> str:
    """Return table 2: records of each attack type."""
    total, schema = sum(attacks.values()), declared_schema("kdd")
    categories = {attack: category for category, types in schema.categories.items() for attack in types}
    found = sorted(((count, attack) for attack, count in attacks.items() if count), reverse=True)
    rows = [
        [
            attack,
            "normal traffic" if attack == schema.normal else categories[attack],
            f"{count:,}",
            f"{count / total:.3%}",
        ]
        for count, attack in found
    ]
    return markdown_table(["label", "category", "records", "share"], rows)


def sampling(task: Task, attacks: Mapping[str, int], scale: float) -> str:
    """Return tables 3 and 4: records of each class before and after sampling."""
    labels = tuple(attacks)
    target = task.target(labels)
    rows = []
    for place, (class_name, one) in enumerate(task.classes.items()):
        available = sum(attacks[label] for label, where in zip(labels, target, strict=True) if where == place)
        drawn = one.asked(scale)
        number = find("records", paper_task(task.name), class_name)
        agrees = compare(number, drawn) if number else NOT_STATED
        again = f"{max(0, drawn - available):,}"
        rows.append([class_name, f"{available:,}", f"{drawn:,}", str(number or NOT_STATED), agrees, again])
    return markdown_table(["class", "before", "after", "paper, after", "difference", "of those drawn again"], rows)


def variance(results: PaperResults, task: str) -> str:
    """Return the explained variance of figure 5."""
    rows = []
    run = results.first(task, "pca", 2)
    for k in (2, 3):
        number = find("variance", paper_task(task), k)
        if run is None or number is None:
            rows.append([str(k), str(number or NOT_STATED), MISSING, MISSING])
            continue
        ours = explained_variance(run, k)
        rows.append([str(k), str(number), f"{ours:.2f} %", compare(number, ours)])
    return markdown_table(["components", "paper", "ours", "difference"], rows)


def information(results: PaperResults) -> str:
    """Return the order of the best features in figure 6a."""
    rows = []
    run = results.first("binary", "mi", 4)
    table = mutual_information(run) if run else None
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


def processing(results: PaperResults, task: str) -> str:
    """Return training time by number of inputs; seconds per feature and 100,000 records should not depend on k."""
    rows = []
    for reducer, k in results.inputs:
        run = results.first(task, reducer, k)
        number = find("seconds", reducer, k, paper_task(task))
        theirs = f"{number.value / k / training_records(paper_task(task)) * 1e5:.1f}" if number else NOT_STATED
        if run is None:
            rows.append([input_name(reducer, k), str(number or NOT_STATED), theirs, *[MISSING] * 5])
            continue
        epoch, epochs = run.metrics["epoch_seconds_median"], run.metrics["epochs"]
        # a parameter in runs of version 0.1
        distinct = int(float(run.metrics.get("rows_per_epoch") or run.params["derived.rows_per_epoch"]))
        train = int(run.params["derived.records_train"])
        fit = run.metrics["fit_seconds"]
        rows.append(
            [input_name(reducer, k), str(number or NOT_STATED), theirs, f"{fit:.1f} s", f"{epochs:.0f}",
             f"{distinct:,}", f"{fit / k / train * 1e5:.2f}", f"{epoch / k / distinct * 1e5:.3f}"]
        )  # fmt: skip
    return markdown_table(
        ["input", "paper", "paper, per feature and 100,000 records", "ours", "epochs", "rows an epoch",
         "ours, per feature and 100,000 records", "median epoch, per feature and 100,000 rows"],
        rows,
    )  # fmt: skip


def everything(results: PaperResults, task: str, *, links: bool) -> str:
    """Return every configuration of one task, with means over its seeds, and what the intervals cover."""
    there = [
        one
        for reducer, k in results.inputs
        for model in MODELS
        if (one := results.get(task, reducer, k, model)) is not None
    ]
    covers, rows = coverage(there), []
    for one in there:
        names = ("train_accuracy", "test_recall", "test_precision", f"test_{one.f1}", "test_false_alarm_rate")
        seconds = one.mean("fit_seconds")
        rows.append(
            [input_name(one.reducer, one.k), MODELS[one.model],
             percent(one.score("test_accuracy", covers), one.seed_range("test_accuracy")), str(len(one.runs)),
             *(_percent_of_mean(one, name) for name in names),
             MISSING if seconds is None else f"{seconds:.1f}", run_ids(one.runs.values(), links=links)]
        )  # fmt: skip
    columns = ["input", "model", "test accuracy, % [95 %] (lowest to highest seed)", "seeds", "training accuracy",
               "recall", "precision", "F1", "false alarms", "fit, s", "runs"]  # fmt: skip
    words = covered(covers, (one.overlap for one in there))
    return f"{markdown_table(columns, rows)}\n\nIntervals cover {words}."


def earlier(results: PaperResults) -> str:
    """Return table 6: the paper's model and ours, all on one protocol."""
    rows = [["paper: LSTM, PCA 2", *(str(find("accuracy", paper_task(task))) for task in results.tasks)]]
    for reducer, k in (("pca", 2), ("none", 53)):
        for model, words in MODELS.items():
            found = [results.get(task, reducer, k, model) for task in results.tasks]
            if any(found):
                cells = [_percent_of_mean(one, "test_accuracy") if one else "not run" for one in found]
                rows.append([f"{words}, {input_name(reducer, k)}", *cells])
    return markdown_table(["system", *(TASKS.get(task, task) for task in results.tasks)], rows)


def _percent_of_mean(configuration: Configuration, metric: str) -> str:
    mean = configuration.mean(metric)
    return MISSING if mean is None else f"{100 * mean:.2f}"


def shares_seen(results: PaperResults) -> str:
    """Return the share of test records with a copy in training, for each task."""
    found = [(task, run) for task in results.tasks if (run := results.first(task, "pca", 2))]
    parts = [
        f"{100 * run.metrics['test_share_seen_in_training']:.0f} % of {records(run):,} ({TASKS.get(task, task)})"
        for task, run in found
    ]
    return "; ".join(parts) or MISSING
