"""The report's tables, as Markdown."""

from collections.abc import Sequence
from dataclasses import dataclass

from src.evaluation.intervals import Interval, paired_test
from src.evaluation.significance import holm, standing
from src.reports.leaderboard.sources import NSL_TESTS, TESTS, source
from src.reports.markdown import MISSING, cost, covered, markdown_table, percent
from src.reports.runs import Configuration, Run, coverage
from src.reports.standings import NO_PAIR, Standing, against

NO_WEIGHTS = "no network"
REFERENCE = "lstm"


def leading(configurations: Sequence[Configuration]) -> str:
    """Return the metric that orders the models of a task: the contest's cost if it has one, else accuracy."""
    return (
        "test_mean_cost"
        if any(configuration.values("test_mean_cost") for configuration in configurations)
        else "test_accuracy"
    )


def ordered(configurations: Sequence[Configuration]) -> list[tuple[Configuration, float]]:
    """Return the configurations with runs, best first, with the score that orders them."""
    metric = leading(configurations)
    scored = [(one, mean) for one in configurations if (mean := one.mean(metric)) is not None]
    return sorted(scored, key=lambda one: one[1], reverse=metric == "test_accuracy")


def timed(configurations: Sequence[Configuration]) -> list[tuple[Configuration, float, float]]:
    """Return those of `ordered` that have both times, with score and seconds.

    The seconds are those of fit and scoring, as nearest neighbors only store records in the fit.
    """
    found = []
    for one, score in ordered(configurations):
        fit, scoring = one.mean("fit_seconds"), one.mean("evaluate_seconds")
        if fit is not None and scoring is not None:
            found.append((one, score, fit + scoring))
    return found


def standings(configurations: Sequence[Configuration]) -> dict[str, Standing | None]:
    """Return the paired difference of each model to the plain LSTM, in the metric that orders them."""
    reference = next((one for one in configurations if one.model == REFERENCE), None)
    found = against(reference, configurations, leading(configurations))
    return {one.model: standing for one, standing in zip(configurations, found, strict=True)}


def ranking(configurations: Sequence[Configuration]) -> str:
    """Return the models on one task and split, best first, each with the command that repeats it."""
    metric, covers = leading(configurations), coverage(configurations)
    with_cost = metric == "test_mean_cost"
    there = [configuration for configuration, _ in ordered(configurations)]
    differences = standings(configurations)
    rows = []
    for one in [*there, *(one for one in configurations if not one.runs)]:
        names = [f"test_{name}" for name in ("accuracy", one.f1, "false_alarm_rate")]
        shares = [percent(one.score(name, covers), one.seed_range(name)) for name in names]
        costs = [cost(one.score(metric, covers), one.seed_range(metric))] if with_cost else []
        run = one.first
        sizes = [_fit(one), _scoring(one), _weights(run)] if run else [MISSING] * 3
        standing = "reference" if one.model == REFERENCE else str(differences[one.model] or NO_PAIR)
        standing = standing if run else MISSING
        read = ", ".join([one.input, *one.details])
        rows.append([one.model, read, *costs, *shares, standing, *sizes, f"`{command(one)}`"])
    columns = ["model", "input", *(["mean cost"] if with_cost else []), "accuracy, %", "F1, %", "false alarms, %",
               f"{'cost' if with_cost else 'accuracy, points,'} less the LSTM's", "fit, s", "scoring, µs a record",
               "weights", "command"]  # fmt: skip
    return markdown_table(columns, rows)


def kind(configurations: Sequence[Configuration]) -> str:
    """Return a sentence on the seeds of a table and on what its intervals cover."""
    counts = sorted({len(one.runs) for one in configurations if one.runs})
    seeds = f"{' or '.join(map(str, counts)) or 'no'} {'seed' if counts == [1] else 'seeds'} a model"
    words = covered(coverage(configurations), (one.overlap for one in configurations))
    return f"{seeds}. [95 % intervals] cover {words}{'; (lowest to highest seed)' if counts[-1:] > [1] else ''}."


def command(configuration: Configuration) -> str:
    """Return the command that makes the run of a configuration with one seed."""
    chosen = f"model={configuration.model} task={configuration.task} split={configuration.split}"
    return f"python -m src.train +experiment={configuration.grid} {chosen}"


def _fit(one: Configuration) -> str:
    """Return three digits of the mean seconds: nearest neighbors take milliseconds."""
    seconds = one.mean("fit_seconds")
    if seconds is None:
        return MISSING
    return f"{seconds:.3g}" if seconds < 100 else f"{seconds:,.0f}"


def _scoring(one: Configuration) -> str:
    """Return the mean microseconds per test record, counting every copy of a record."""
    each = [1e6 * seconds / _scored(one.runs[seed]) for seed, seconds in one.values("evaluate_seconds").items()]
    return f"{sum(each) / len(each):.1f}" if each else MISSING


def _scored(run: Run) -> int:
    """Return the number of records of all test parts."""
    return sum(int(value) for key, value in run.params.items() if key.startswith("derived.records_test"))


def _weights(run: Run) -> str:
    found = run.params.get("derived.network_parameters")
    return f"{int(float(found)):,}" if found else NO_WEIGHTS


def claims(configurations: Sequence[Configuration], nsl: Sequence[Configuration]) -> str:
    """Return the published numbers of each model, and ours on the most similar protocol.

    Args:
        configurations: Models on KDD99.
        nsl: Models on NSL-KDD, trained on KDDTrain+ and tested on both of its test files.
    """
    runs = {(one.model, one.task, one.split): one for one in configurations}
    runs |= {(one.model, one.task, test): one for one in nsl for test in NSL_TESTS}
    rows = []
    for model in dict.fromkeys(configuration.model for configuration in configurations):
        found = source(model)
        for claim in found.claims:
            task, test = claim.ours
            configuration, metric = runs.get((model, task, test)), f"{NSL_TESTS.get(test, 'test')}_{claim.metric}"
            ours = MISSING
            if configuration and (mean := configuration.mean(metric)) is not None:
                alone = Interval(mean, mean, mean)
                seeds = configuration.seed_range(metric)
                ours = (cost if claim.metric == "mean_cost" else percent)(alone, seeds)
            place = f"{found.source}; {claim.place}"
            rows.append([model, str(claim), claim.protocol, ours, f"{task}, {TESTS[test]}", place])
        if found.without:
            rows.append([model, "none", found.without, "see above", "see above", found.source])
    columns = ["model", "published", "on", "ours (lowest to highest seed)", "on our task and data", "source; place"]
    return markdown_table(columns, rows)


@dataclass(frozen=True)
class Contrast:
    """A model against the plain LSTM, over the seeds that both have.

    Attributes:
        differences: Differences of test accuracy in percentage points, one for each seed.
        interval: Mean difference with its 95 % interval over seeds; None with fewer than two pairs.
        p: p-value of no difference after Holm's correction for all models; None with fewer than two pairs.
    """

    model: str
    differences: tuple[float, ...]
    interval: Interval | None = None
    p: float | None = None

    @property
    def verdict(self) -> str:
        if self.interval is None or self.p is None:
            return MISSING
        return standing(self.interval.mean, self.p, less_is_better=False)


def contrasts(configurations: Sequence[Configuration]) -> list[Contrast]:
    """Compare each other model to the LSTM on the seeds that both have: equal seeds have equal test parts."""
    reference = next((one for one in configurations if one.model == REFERENCE), None)
    points = {
        one.model: tuple(_points(*pair) for pair in one.pairs(reference).values()) if reference else ()
        for one in configurations
        if one.model != REFERENCE
    }
    overlap = reference.overlap if reference else 0.0
    tested = {model: paired_test(each, overlap=overlap) for model, each in points.items() if len(each) > 1}
    adjusted = dict(zip(tested, holm([one.p for one in tested.values()]), strict=True))
    return [
        Contrast(model, each, tested[model].interval, adjusted[model]) if model in tested else Contrast(model, each)
        for model, each in points.items()
    ]


def _points(run: Run, reference: Run) -> float:
    return 100 * (run.metrics["test_accuracy"] - reference.metrics["test_accuracy"])


def variants(configurations: Sequence[Configuration]) -> str:
    """Return the recurrent networks beside the plain LSTM."""
    found = {one.model: one for one in contrasts(configurations)}
    covers, rows = coverage(configurations), []
    for configuration in configurations:
        one = found.get(configuration.model)
        accuracy = configuration.score("test_accuracy", covers)
        seconds = configuration.mean("fit_seconds")
        row = [
            configuration.model,
            percent(accuracy, configuration.seed_range("test_accuracy"), 3),
            MISSING if seconds is None else f"{seconds:.0f}",
        ]
        if one is None:
            row += ["reference"] * 3
        else:
            seeds = " ".join(f"{value:+.3f}" for value in one.differences) or MISSING
            mean = one.interval
            tested = f"{mean.mean:+.3f} [{mean.low:+.3f}, {mean.high:+.3f}], p = {one.p:.2g}" if mean else MISSING
            row += [seeds, tested, one.verdict]
        rows.append(row)
    columns = ["model", "test accuracy, %", "fit, s", "less the LSTM's, by seed", "mean, points", "against the LSTM"]
    return markdown_table(columns, rows)
