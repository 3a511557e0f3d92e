"""Checked objects from a composed config; no other module instantiates classes that config files name."""

import json
from collections.abc import Sequence
from dataclasses import fields
from typing import Annotated, Any, Literal, cast

from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig, OmegaConf
from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import is_pydantic_dataclass
from pydantic_core import ArgsKwargs

from src.config.declared_files import composed_files, file_of
from src.config.settings import Seeds, Settings
from src.config.stage_params import stage_params
from src.config.targets import check_target
from src.data.costs import checked_cost
from src.data.history import missing_roles
from src.data.sampling import Task
from src.data.schema import Schema
from src.utils.paths import in_dvc_stage

GROUPS = (
    *("dataset", "task", "split", "scaling", "reducer", "layout", "model", "training"),
    *("decision", "evaluation"),
)
# Groups whose `name` captions and names of runs have.
NAMED = ("dataset", "task", "split", "scaling", "reducer", "layout", "model")
TEACHER = "training/teacher"
_NUMBERS = ("k", "window", "seed")
_SEEDS = tuple(field.name for field in fields(Seeds))
_TRACKING = {"experiment": str, "parent": str | None, "log_model": bool, "origin": bool, "skip_finished": bool}


class ConfigError(ValueError):
    """Config value that cannot work, found before any work is done."""


def build(cfg: DictConfig, *, stage: str | None = None) -> Settings:
    """Check every value and make the objects that the config names; imports no framework.

    Args:
        stage: Stage of dvc.yaml. Only the groups that it declares are made, so that it cannot read another, and starts
            without importing what those need. None makes all groups.
    Raises:
        ConfigError: a value cannot work; the message names the key, the value found and the values expected.
    """
    config: Any = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    _check_keys(config)
    if in_dvc_stage() and config != OmegaConf.to_container(cfg, resolve=False):
        raise ConfigError(
            "params.yaml: found a value with ${...}, expected plain values: DVC compares the text, and would not run a "
            "stage again when the value behind it changes; write it with `make params`"
        )
    made = [group for group in GROUPS if stage is None or group in stage_params(stage)]
    nodes = {group: config[group] for group in made} | _teacher_nodes(config, made)
    for group, node in nodes.items():  # all of them, before anything is made
        _check_target(group, node)
    built: dict[str, Any] = {group: make(group, nodes[group]) if group in made else None for group in GROUPS}
    schema = built["dataset"].schema if built["dataset"] else None
    if built["task"] and schema:
        built["task"] = _task_of(built["task"], schema)
    if TEACHER in nodes:
        built["model"] = _taught(built["model"], nodes[TEACHER])
    for key, kind in _TRACKING.items():
        _check(f"tracking.{key}", kind, config["tracking"][key])
    settings = Settings(
        config={str(key): value for key, value in config.items()},
        **built,
        on_bad_record=_check(
            "preprocess.on_bad_record", Literal["stop", "quarantine"], config["preprocess"]["on_bad_record"]
        ),
        max_unknown=_check(
            "preprocess.max_unknown",
            Annotated[float, Field(ge=0, le=1)],
            config["preprocess"]["max_unknown"],
        ),
        k=_check("k", int | None, config["k"]),
        seed=_seed("seed", config["seed"]),
        seeds=Seeds(**{name: _seed(f"seeds.{name}", config["seeds"][name]) for name in _SEEDS}),
    )
    if settings.reducer is not None:
        _check_input(settings)
    if settings.model is not None:
        _check_model(settings)
    return settings


def _task_of(task: Any, schema: Schema) -> Task:
    """Task with the attack types of a data set."""
    try:
        return cast(Task, task.of_schema(schema))
    except ValueError as error:
        raise ConfigError(f"task: {error}") from None


def _seed(key: str, value: Any) -> int:
    seed: int = _check(key, int, value)
    if not 0 <= seed < 2**32:
        raise ConfigError(f"{key}={seed}: expected a whole number from 0 to {2**32 - 1}")
    return seed


def _teacher_nodes(config: dict[str, Any], made: Sequence[str]) -> dict[str, Any]:
    """Parts of `training` and of its teacher by group, whose classes they may name; none where there is no training.

    Raises:
        ConfigError: `training.teacher` or its model is no mapping.
    """
    if "training" not in made:
        return {}
    training = dict(config["training"])
    teacher = training.pop("teacher", None)
    if teacher is None:
        return {"training": training}
    if not isinstance(teacher, dict) or not isinstance(teacher.get("model"), dict):
        raise ConfigError(f"training.teacher={teacher!r}: expected null, or the keys of a file of "
                          "conf/training/teacher, which training/teacher=... chooses")  # fmt: skip
    return {"training": training, TEACHER: teacher}


def _taught(student: Any, node: dict[str, Any]) -> Any:
    """Make the model of a network and its teacher."""
    teacher = make("model", node["model"], "training.teacher.model")
    try:
        return make(TEACHER, node).teach(student, teacher)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _check_keys(config: dict[str, Any]) -> None:
    """Check that every group and key is there that this module and captions read."""
    wanted = [*_NUMBERS, *GROUPS, *(f"{group}.name" for group in NAMED)]
    wanted += ["preprocess.on_bad_record", "preprocess.max_unknown", *(f"seeds.{name}" for name in _SEEDS)]
    for key in (*wanted, *(f"tracking.{name}" for name in _TRACKING)):
        group, _, name = key.partition(".")
        if group not in config or (name and not (isinstance(config[group], dict) and name in config[group])):
            raise ConfigError(f"{key}: found no such key, expected the keys of conf/config.yaml")
        if group in GROUPS and not isinstance(config[group], dict):
            raise ConfigError(f"{group}={config[group]!r}: found a value, expected the keys of a file of conf/{group}")
    for copy, source in (("reducer.k", "k"), ("layout.window", "window")):
        group, _, name = copy.partition(".")
        if config[group].get(name, config[source]) != config[source]:
            raise ConfigError(f"{copy}={config[group][name]}: found {source}={config[source]}, expected the same; "
                              f"set {source} alone")  # fmt: skip


def _check_input(settings: Settings) -> None:
    """Check k, and that split and reducer keep the file order and the feature groups that the layout reads."""
    schema = settings.dataset.schema
    if settings.k is None and not settings.reducer.keeps_features:
        raise ConfigError(f"k=null: found reducer={settings.config['reducer']['name']}, expected a number of columns")
    if not schema.learns:  # otherwise the number of features follows from the training file
        try:
            settings.reducer.check_k(len(settings.scaling.features(schema)), len(settings.task.classes))
        except ValueError as error:
            raise ConfigError(str(error)) from None
    layout = settings.layout.name
    split, reducer = (settings.config[group]["name"] for group in ("split", "reducer"))
    if settings.layout.follows_file and not settings.split.keeps_order:
        raise ConfigError(
            f"layout={layout}: found split={split}, expected split=official or held_out_types: with this one the "
            "records before a training record in its file are test records"
        )
    if settings.layout.follows_file and not settings.dataset.ordered:
        raise ConfigError(
            f"layout={layout}: found dataset.ordered=false with dataset={settings.dataset.name}, expected a data set "
            "whose lines are in the order of the traffic: in a shuffled file the records before one say nothing; "
            "choose layout=groups or record, or set dataset.ordered=true if you know that the lines are in order"
        )
    if settings.split.official and len(settings.dataset.parts) == 1:
        raise ConfigError(
            f"split={split}: found no test file in dataset={settings.dataset.name}, expected one; choose split=grouped "
            "or split=random, or name the file as dataset.test"
        )
    if layout in ("groups", "history") and not schema.groups:
        raise ConfigError(
            f"layout={layout}: found no groups of columns in schema {schema.name!r}, expected dataset.schema.groups; "
            "choose layout=record or layout=window, or write the groups into the schema"
        )
    if layout == "history" and (missing := missing_roles(schema)):
        raise ConfigError(
            f"layout=history: found no column with the role {missing[0]!r} in schema {schema.name!r}, expected "
            "dataset.schema.roles to name one; choose another layout, or write the roles into the schema"
        )
    if layout in ("groups", "history") and not settings.reducer.keeps_features:
        raise ConfigError(
            f"layout={layout}: found reducer={reducer}, expected reducer=none: other reducers give columns "
            "that are in none of the contest's groups of features"
        )


def _check_model(settings: Settings) -> None:
    """Check that the model suits the task and the layout, and that the decision has all it needs."""
    limit, names, model = settings.model.max_classes, settings.task.class_names, settings.config["model"]["name"]
    if limit is not None and len(names) > limit:
        raise ConfigError(
            f"task={settings.task.name}: found {len(names)} classes ({', '.join(names)}), expected at most {limit} "
            f"with model={model}; add task=binary, or choose another model"
        )
    layout = settings.layout.name
    if layout in ("groups", "window") and not settings.model.reads_windows:
        raise ConfigError(f"layout={layout}: found model={model}, expected a network; add layout=record for this model")
    if settings.training.history_grafts and layout != "history":
        raise ConfigError(
            f"training.history_grafts={settings.training.history_grafts:g}: found layout={layout}, expected "
            "layout=history: with other layouts no model reads the history of a record"
        )
    if teacher := settings.config["training"].get("teacher"):
        _check_teacher(settings, teacher)
    if settings.decision.rule == "least_cost" and settings.task.cost is None:
        raise ConfigError(
            f"decision.rule='least_cost': found no cost matrix in task {settings.task.name!r}, expected one; "
            "choose a task with costs, or set task.cost=[[...], ...] with one row for each actual class and one column "
            "for each predicted class"
        )
    if settings.decision.rule == "least_cost":
        try:
            checked_cost(settings.task.cost)
        except ValueError as error:
            raise ConfigError(f"task.{error}") from None
    if settings.decision.false_alarm_blocks and not settings.split.distinct:
        raise ConfigError(
            f"decision.false_alarm_blocks={settings.decision.false_alarm_blocks}: found split.distinct=false, "
            "expected true: otherwise a fit may see a copy of a record that is held out of it"
        )


def _check_teacher(settings: Settings, teacher: dict[str, Any]) -> None:
    """Check that the records can be mixed, and that nothing is set that training without labels does not use."""
    layout, training = settings.layout.name, settings.training
    if layout == "window":
        raise ConfigError("layout=window: found training.teacher, expected another layout, as a teacher reads one "
                          "record; add training/teacher=none")  # fmt: skip
    if teacher["mixed_by_group"] and layout == "record":
        raise ConfigError(
            f"training.teacher.mixed_by_group={teacher['mixed_by_group']:g}: found layout=record, expected "
            "layout=groups or layout=history, which group the columns; or set it to 0"
        )
    if (teacher["mixed_by_column"] or teacher["mixed_by_group"]) and settings.scaling.one_hot_service:
        raise ConfigError(
            "scaling.one_hot_service=true: found a teacher with mixed records, expected false: a record would have "
            "several services; model.form=rank_logarithm gives the network indicators of the service"
        )
    for name in ("class_balance", "type_balance", "history_grafts"):
        if value := getattr(training, name):
            raise ConfigError(f"training.{name}={value:g}: found a teacher, expected 0: it applies to labels, which a "
                              "taught network does not learn")  # fmt: skip


def make(group: str, node: dict[str, Any], place: str | None = None) -> Any:
    """Make the checked object that one group of the config names.

    Args:
        group: Group, whose files name the classes that may be made.
        node: Part of the config.
        place: Key of that part, for messages; None if it is that of the group.
    Raises:
        ConfigError: values of the group are wrong; the message names each of them.
    """
    place = place or group.replace("/", ".")
    _check_target(group, node, place)
    # `name` is for captions and run names; only the classes of these groups have such a field
    named = group in ("dataset", "task", "split", "scaling", "layout", "sweep")
    arguments = {key: value for key, value in node.items() if named or key != "name"}
    try:
        built = instantiate(arguments, _convert_="all", _recursive_=False, _execution_whitelist_=[node["_target_"]])
        if is_pydantic_dataclass(type(built)):
            # Checked again, strictly, because the first check takes `true` for 1 and '3' for 3. The input is JSON,
            # because strict checks accept a mapping for a nested class only from JSON.
            del arguments["_target_"]
            built = TypeAdapter(type(built)).validate_json(json.dumps(arguments), strict=True)
    except ValidationError as error:
        raise ConfigError(_explain(place, error)) from None
    except (InstantiationException, TypeError, ValueError) as error:
        raise ConfigError(f"{place}: {error.__cause__ or error}") from None
    home = f"{type(built).__module__}.{type(built).__qualname__}"
    if home != node["_target_"]:  # the code of a run is found by this name
        raise ConfigError(f"{place}._target_={node['_target_']!r}: found another name of a class, expected {home}")
    return built


def _check_target(group: str, node: dict[str, Any], place: str | None = None) -> None:
    try:
        check_target(group, node, place)
    except ValueError as error:
        raise ConfigError(str(error)) from None


def _check(key: str, kind: Any, value: Any) -> Any:
    try:
        return TypeAdapter(kind).validate_python(value, strict=True)
    except ValidationError as error:
        raise ConfigError(_explain(key, error)) from None


def _explain(group: str, error: ValidationError) -> str:
    """Text that names every wrong value of one group."""
    lines, files = [], composed_files()
    for one in error.errors():
        key = ".".join([group, *(str(part) for part in one["loc"])])
        found = "" if isinstance(one["input"], (dict, ArgsKwargs)) else f"={one['input']!r}"  # not a whole group
        path = file_of(key, *files) if files else ""
        place = f"{path}: " if path else ""
        lines.append(f"{place}{key}{found}: {one['msg'].removeprefix('Value error, ')}")
    return "; ".join(lines)
