"""Checked objects from a config: values that cannot work are named before any work is done."""

from collections.abc import Callable
from typing import Any

import pytest
from hydra.errors import ConfigCompositionException, MissingConfigException
from omegaconf import DictConfig, OmegaConf

from src.config.build import GROUPS, ConfigError, build
from src.config.renamed_keys import RENAMED_KEYS, RENAMED_KEYS_OF_CHOICES, refuse_renamed_keys
from src.config.settings import Seeds
from src.config.stage_params import stage_params
from src.data.sampling import REFERENCE_RECORDS
from src.features.reducers import MutualInformation, PrincipalComponents
from src.models.networks.lstm import LSTM
from src.pipeline import fingerprint

Compose = Callable[..., DictConfig]


def test_the_default_experiment_is_built_as_its_files_say(composed: Compose) -> None:
    settings = build(composed())
    assert settings.dataset.name == "kdd99_10pct"
    assert settings.task.class_names == ("normal", "attack")
    assert (settings.split.train, settings.split.val, settings.split.test) == (0.6, 0.2, 0.2)
    assert isinstance(settings.reducer, PrincipalComponents)
    assert (settings.scaling.name, settings.scaling.clip, settings.scaling.one_hot_service) == ("minmax", False, False)
    assert (settings.layout.name, settings.layout.window) == ("record", 1)
    assert isinstance(settings.model, LSTM)
    assert (settings.model.layers, settings.model.units, settings.model.input_scale) == (1, 64, 1.0)
    assert (settings.training.epochs, settings.training.batch_size) == (30, 512)
    assert (settings.k, settings.seed) == (2, 0)
    assert (settings.on_bad_record, settings.max_unknown) == ("stop", 0.01)


def test_a_task_with_costs_may_be_decided_by_them(composed: Compose) -> None:
    settings = build(composed("decision.rule=least_cost", "task.cost=[[0,1],[4,0]]"))
    assert settings.task.cost == [[0, 1], [4, 0]]
    assert settings.decision.rule == "least_cost"
    assert build(composed()).task.cost is None


def test_overrides_reach_the_objects(composed: Compose) -> None:
    settings = build(composed("model.units=7", "training.epochs=5", "seed=3", "split.name=grouped", "reducer=mi"))
    assert (settings.model.units, settings.training.epochs, settings.split.name) == (7, 5, "grouped")
    assert isinstance(settings.reducer, MutualInformation)
    assert (settings.reducer.k, settings.reducer.random_state, settings.seed) == (4, 3, 3)
    assert settings.seeds == Seeds(3, 3, 3)
    assert build(composed("seed=3", "seeds.split=5")).seeds == Seeds(3, 5, 3)


TAUGHT = ("training/teacher=extra_trees", "layout=groups", "reducer=none")


@pytest.mark.parametrize(
    ("override", "error", "message"),
    [
        (["trainin.epochs=3"], ConfigCompositionException, r"trainin\.epochs"),
        (["training.epoch=3"], ConfigCompositionException, r"training\.epoch"),
        (["reducer=pcaa"], MissingConfigException, r"(?s)reducer/pcaa.*Available options.*mi\s+mrmr\s+none\s+pca"),
        (["optimizer=adam"], ConfigCompositionException, "optimizer"),
    ],
)
def test_a_misspelt_override_is_named_before_anything_is_built(
    override: list[str], error: type[Exception], message: str, composed: Compose
) -> None:
    with pytest.raises(error, match=message):
        composed(*override)


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        # wrong types; where a number is expected, `true` is not 1 and '3' is not 3
        (["training.epochs=abc"], r"training\.epochs='abc': .*valid integer"),
        (["training.epochs=2.5"], r"training\.epochs=2\.5: .*valid integer"),
        (["training.epochs=true"], r"training\.epochs=True: .*valid integer"),
        (["training.epochs='3'"], r"training\.epochs='3': .*valid integer"),
        (["training.epochs=null"], r"training\.epochs=None: .*valid integer"),
        (["training.learning_rate=true"], r"training\.learning_rate=True: .*valid number"),
        (["training.jit_compile=1"], r"training\.jit_compile=1: .*valid boolean"),
        (["training.progress=no"], r"training\.progress='no': .*valid boolean"),
        (["tracking.log_model=no"], r"tracking\.log_model='no': .*valid boolean"),
        (["model.units=true"], r"model\.units=True: .*valid integer"),
        (["model=random_forest", "model.n_estimators=true"], r"model: n_estimators=True: expected no true or false"),
        (
            ["model=knn", "model.estimator=os.system"],
            r"model: estimator='os\.system': expected the full name of a scikit",
        ),
        (
            ["model=knn", "+model.neighbours=3"],
            r"model: neighbours: found no such parameter for sklearn\.neighbors\.KNei",
        ),
        (["model=decision_tree", "model.max_depth=true"], r"model: max_depth=True: expected no true or false"),
        (["dataset=simulated", "dataset.seed=true"], r"dataset\.seed=True: .*valid integer"),
        (["task.classes.normal.count=true"], r"task\.classes\.normal\.count=True: .*valid integer"),
        (["split.train=true"], r"split\.train=True: .*less than 1"),
        (["seed=true"], r"seed=True: .*valid integer"),
        (["k=true"], r"k=True: .*valid integer"),
        (["k=two"], r"k='two': .*valid integer"),
        (["reducer=mi", "reducer.bins=true"], r"reducer\.bins=True: expected a whole number, 2 or more"),
        # out of range
        (["training.batch_size=0"], r"training\.batch_size=0: .*greater than or equal to 1"),
        (["training.learning_rate=nan"], r"training\.learning_rate=nan: .*finite"),
        (["training.warmup_epochs=inf"], r"training\.warmup_epochs=inf: .*finite"),
        (
            ["training.optimizer=adamax"],
            r"training\.optimizer='adamax': .*'adam', 'adamw', 'nadam', 'rmsprop' or 'sgd'",
        ),
        (["model.dropout=1.5"], r"model\.dropout=1\.5: .*less than 1"),
        (["dataset=simulated", "dataset.records=5"], r"dataset\.records=5: .*greater than or equal to 1000"),
        (["dataset.train.sha256=abc"], r"dataset\.train\.sha256='abc': .*pattern"),
        (["seeds.split=-1"], r"seeds\.split=-1: expected a whole number from 0 to 4294967295"),
        (["seeds.training=true"], r"seeds\.training=True: .*valid integer"),
        (["seed=-1"], r"seed=-1: expected a whole number from 0 to 4294967295"),
        (["seed=4294967296"], r"seed=4294967296: expected a whole number from 0 to 4294967295"),
        (["k=0"], r"k=0: expected a whole number from 1 to 53"),
        (["k=54"], r"k=54: expected a whole number from 1 to 53"),
        (["reducer=mi", "k=54"], r"k=54: expected a whole number from 1 to 53"),
        (["reducer=none", "k=10"], r"k=10: expected 53, since reducer=none keeps every feature"),
        (["preprocess.max_unknown=1.5"], r"preprocess\.max_unknown=1\.5: .*less than or equal to 1"),
        (["preprocess.max_unknown=few"], r"preprocess\.max_unknown='few': .*valid number"),
        (["preprocess.on_bad_record=x"], r"preprocess\.on_bad_record='x': .*'stop' or 'quarantine'"),
        (["reducer=mi", "reducer.estimator=foo"], r"reducer\.estimator='foo': expected 'histogram' or 'knn'"),
        (["scaling.clip=1"], r"scaling\.clip=1: .*valid boolean"),
        (["scaling.name=log"], r"scaling\.name='log': .*'minmax' or 'log_minmax'"),
        (["scaling.one_hot_service=true", "k=124"], r"k=124: expected a whole number from 1 to 123"),
        (["scaling.one_hot_service=true", "reducer=none"], r"k=53: expected 123, since reducer=none keeps every fea"),
        (["training.class_balance=2"], r"training\.class_balance=2: .*less than or equal to 1"),
        (["training.type_balance=2"], r"training\.type_balance=2: .*less than or equal to 1"),
        (["training.noise=-1"], r"training\.noise=-1: .*greater than or equal to 0"),
        (["model.standardize=1"], r"model\.standardize=1: .*valid boolean"),
        (["training.label_smoothing=1"], r"training\.label_smoothing=1: .*less than 1"),
        (["layout=window", "window=0"], r"layout\.window=0: .*greater than or equal to 1"),
        (["split.name=sorted"], r"split\.name='sorted': .*'random', 'grouped' or 'official'"),
        (["task=five", "task.cost=[[0,1],[1,0]]"], r"task: cost: found rows of \[2, 2\] values, expected 5 rows of 5"),
        (["task.cost=[[0,1],[-1,0]]"], r"task\.cost\.1\.0=-1: .*greater than or equal to 0"),
        (["task.classes.attack.count=0"], r"task\.classes\.attack\.count=0: .*greater than or equal to 1"),
        (["split=official", "split.test=0.2"], r"split: test=0\.2: expected `published` with split=official"),
        (["split.test=published"], r"split: test=published: expected a share between 0 and 1 with split=random"),
        (["dataset=nsl_kdd", "dataset.train.git_blob=abc"], r"dataset\.train\.git_blob='abc': .*pattern"),
        (
            ["dataset.schema.columns.land=flag"],
            r"dataset\.schema\.columns\.land\.kind='flag': .*'count', 'binary'",
        ),
        (["decision.rule=cheapest"], r"decision\.rule='cheapest': .*'most_probable' or 'least_cost'"),
        (["decision.calibrate=1"], r"decision\.calibrate=1: .*valid boolean"),
        (["decision.false_alarm_budget=1.5"], r"decision\.false_alarm_budget=1\.5: .*less than or equal to 1"),
        (["decision.false_alarm_budget=-0.1"], r"decision\.false_alarm_budget=-0\.1: .*greater than or equal to 0"),
        (["evaluation.bootstrap=-1"], r"evaluation\.bootstrap=-1: .*greater than or equal to 0"),
        # values that do not fit together
        (
            ["decision.rule=least_cost", "task.cost=[[0,1],[0,0]]"],
            r"task\.cost=.*, expected a cost for a missed attack; without one each verdict is normal",
        ),
        (
            ["decision.rule=least_cost", "task.cost=[[0,1],[1e10,0]]"],
            r"task\.cost\[1\]\[0\]=10000000000\.0, expected a number from 0 to 1e\+09",
        ),
        (
            ["decision.rule=least_cost"],
            r"decision\.rule='least_cost': found no cost matrix in task 'binary', .* or set task\.cost=",
        ),
        (
            ["model=ae_ids", "task=five"],
            r"task=five: found 5 classes \(normal, probe, dos, u2r, r2l\), expected at most 2 with model=ae_ids; add "
            r"task=binary, or choose another model",
        ),
        (["model=ae_ids", "task=multiclass"], r"task=multiclass: found 3 classes .* at most 2 with model=ae_ids"),
        (["window=8"], r"layout: window=8: expected 1 where a model reads one record; add layout=window"),
        (
            ["layout=window"],
            r"layout=window: found split=random, expected split=official or held_out_types: with this one",
        ),
        (
            ["layout=window", "split=grouped"],
            r"layout=window: found split=grouped, expected split=official or held_out_types",
        ),
        (
            ["layout=window", "split=official", "model=decision_tree"],
            r"layout=window: found model=decision_tree, expected a network; add layout=record for this model",
        ),
        (["layout=groups"], r"layout=groups: found reducer=pca, expected reducer=none: other reducers give columns"),
        (["layout=groups", "reducer=mi"], r"layout=groups: found reducer=mi, expected reducer=none"),
        (
            ["layout=groups", "reducer=none", "model=random_forest"],
            r"layout=groups: found model=random_forest, expected a network; add layout=record for this model",
        ),
        (
            [*TAUGHT, "model=decision_tree"],
            r"training\.teacher: found the model SklearnModel, expected a network, such",
        ),
        (
            [*TAUGHT, "model@training.teacher.model=lstm", "~training.teacher.model.max_features"],
            r"training\.teacher\.model: found LSTM, expected a classical model, such as model@training\.teacher",
        ),
        (
            [*TAUGHT, "layout=record"],
            r"training\.teacher\.mixed_by_group=0\.3: found layout=record, expected layout=gro",
        ),
        (
            [*TAUGHT, "layout=window", "split=official"],
            r"layout=window: found training\.teacher, expected another layout",
        ),
        (
            [*TAUGHT, "scaling.one_hot_service=true", "k=123"],
            r"scaling\.one_hot_service=true: found a teacher with mixed records",
        ),
        (
            [*TAUGHT, "training.class_balance=0.5"],
            r"training\.class_balance=0\.5: found a teacher, expected 0: it appl",
        ),
        (
            [*TAUGHT, "training.teacher.mixed_by_column=2"],
            r"training\.teacher\.mixed_by_column=2: .*less than or equal",
        ),
        (
            [*TAUGHT, "training.teacher.mixed_by_column=0.8"],
            r"training\.teacher: mixed_by_column=0\.8 mixed_by_group=0\.3: expected shares of at most 1 together",
        ),
        (
            [*TAUGHT, "training.teacher.model.n_estimators=0"],
            r"training\.teacher\.model: .*'n_estimators' parameter of",
        ),
        ([*TAUGHT, "+training.teacher.pace=2"], r"training\.teacher\.pace=2: Unexpected keyword argument"),
        (["training.teacher=extra_trees"], r"training\.teacher='extra_trees': expected null, or the keys of a file"),
        (["split=held_out_types", "split.fold=4"], r"split: fold=4: expected a whole number from 0 to 3, or none"),
        (["layout=groups", "reducer=none", "window=4"], r"layout: window=4: expected 1 where a model reads one record"),
        (
            ["layout=history"],
            r"layout=history: found split=random, expected split=official or held_out_types: with this one",
        ),
        (
            ["layout=history", "split=official"],
            r"layout=history: found reducer=pca, expected reducer=none: other reducers give",
        ),
        (
            ["layout=history", "split=official", "reducer=none", "dataset=nsl_kdd"],
            r"layout=history: found dataset\.ordered=false with dataset=nsl_kdd, .* set dataset\.ordered=true if you",
        ),
        (
            ["layout=window", "split=official", "dataset=nsl_kdd_20pct"],
            r"layout=window: found dataset\.ordered=false with dataset=nsl_kdd_20pct",
        ),
        (
            ["layout=history", "layout.history=[]"],
            r"layout: history=\[\]: expected one length or more with layout=history",
        ),
        (["layout=history", "layout.history=[0]"], r"layout\.history\.0=0: .*greater than or equal to 1"),
        (
            ["+layout.history=[9]"],
            r"layout: history=\[9\]: expected one length or more with layout=history, and none elsewhere",
        ),
        (
            ["training.max_rows_per_attack_type=0"],
            r"training\.max_rows_per_attack_type=0: .*greater than or equal to 1",
        ),
        (["training.history_grafts=-1"], r"training\.history_grafts=-1: .*greater than or equal to 0"),
        (
            ["training.history_grafts=0.1"],
            r"training\.history_grafts=0\.1: found layout=record, expected layout=history",
        ),
        (
            ["decision.false_alarm_blocks=10"],
            r"decision: false_alarm_blocks=10: found no budget, expected false_al",
        ),
        (
            ["decision.false_alarm_blocks=10", "decision.false_alarm_budget=0.01"],
            r"decision\.false_alarm_blocks=10: found split\.distinct=false, expected true: otherwise a fit may see",
        ),
        (["split.train=0.9"], r"split: train \+ val \+ test is 1\.3, expected 1"),
        (
            ["dataset=unsw_nb15", "split=official"],
            r"split=official: found no test file in dataset=unsw_nb15, expected one; choose split=grouped",
        ),
        (
            ["dataset=unsw_nb15", "layout=groups", "reducer=none"],
            r"layout=groups: found no groups of columns in schema 'unsw_nb15', expected dataset\.schema\.groups",
        ),
        (
            ["~dataset.schema.roles.state", "layout=history", "split=official", "reducer=none"],
            r"layout=history: found no column with the role 'state' in schema 'kdd', expected dataset\.schema\.roles",
        ),
        (["dataset=simulated", "dataset/schema=unsw_nb15"], r"dataset: schema: found 'unsw_nb15', expected kdd, whose"),
        (["dataset.schema.n_features=54"], r"dataset\.schema: n_features: found 54, expected 53, or null"),
        (["k=null"], r"k=null: found reducer=pca, expected a number of columns"),
        (
            ["dataset=unsw_nb15", "task=five"],
            r"task: classes\.probe\.attacks='probe': expected a list of attack types, a",
        ),
        (
            ["task.classes.attack.attacks=rest"],
            r"task: classes\.attack\.attacks='rest': expected a list of attack types,",
        ),
        (["task.classes.normal.attacks=[nomal]"], r"task: found the attack type 'nomal', expected one of normal, "),
        # keys that are unknown or missing
        (["+training.steps=3"], r"training\.steps=3: Unexpected keyword argument"),
        (["+reducer.gamma=3"], r"reducer: .*unexpected keyword argument 'gamma'"),
        (["+task.classes.normal.weight=2"], r"task\.classes\.normal\.weight=2: Unexpected keyword argument"),
        (["~training.epochs"], r"training\.epochs: Field required"),
        (["~seed", "~seeds"], r"seed: found no such key"),
        (["~seeds.split"], r"seeds\.split: found no such key"),
        (["~split"], r"split: found no such key"),
    ],
)
def test_a_value_that_cannot_work_is_named_with_its_key_and_what_is_expected(
    overrides: list[str], message: str, composed: Compose
) -> None:
    cfg = composed(*overrides)
    with pytest.raises(ConfigError, match=f"^{message}"):
        build(cfg)


def test_all_wrong_values_of_a_group_are_named_at_once(composed: Compose) -> None:
    with pytest.raises(ConfigError, match=r"training\.epochs=0: .*; training\.batch_size=-3: "):
        build(composed("training.epochs=0", "training.batch_size=-3"))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (("reducer.k=5",), r"reducer\.k=5: found k=2, expected the same; set k alone"),
        (("layout.window=3",), r"layout\.window=3: found window=1, expected the same; set window alone"),
        (("~model.name",), r"model\.name: found no such key"),
        (("~tracking.log_model",), r"tracking\.log_model: found no such key"),
        (("~preprocess.on_bad_record",), r"preprocess\.on_bad_record: found no such key"),
        (("preprocess=null",), r"preprocess\.on_bad_record: found no such key"),
    ],
)
def test_values_that_disagree_or_are_not_there_are_named(
    overrides: tuple[str, ...], message: str, composed: Compose
) -> None:
    with pytest.raises(ConfigError, match=message):
        build(composed(*overrides))


def test_a_group_is_the_keys_of_a_file(composed: Compose) -> None:
    config = composed()
    OmegaConf.set_struct(config, False)
    config["training"] = "fast"
    with pytest.raises(ConfigError, match=r"training='fast': found a value, expected the keys of a file of conf/"):
        build(config)


def test_a_stage_refuses_values_that_dvc_cannot_compare(composed: Compose, monkeypatch: pytest.MonkeyPatch) -> None:
    config = OmegaConf.create(OmegaConf.to_container(composed(), resolve=True))
    monkeypatch.setenv("DVC_STAGE", "train")
    build(config)
    config["decision"]["attack_prior_odds"] = "${oc.decode:${oc.env:ODDS,1.0}}"
    with pytest.raises(ConfigError, match=r"params\.yaml: found a value with \$\{\.\.\.\}, expected plain values"):
        build(config)


@pytest.mark.parametrize("stage", fingerprint.STAGES)
def test_a_stage_has_the_groups_that_dvc_yaml_declares_for_it_and_no_other(stage: str, composed: Compose) -> None:
    settings = build(composed(), stage=stage)
    declared = [group for group in GROUPS if getattr(settings, group) is not None]
    assert declared == [group for group in GROUPS if group in stage_params(stage)]


def test_a_stage_does_not_check_what_it_cannot_read(composed: Compose) -> None:
    settings = build(composed("k=54", "model.units=0", "split.name=grouped"), stage="sample")
    assert (settings.scaling, settings.reducer, settings.model) == (None, None, None)
    assert (settings.split.name, settings.config["k"]) == ("grouped", 54)
    with pytest.raises(ConfigError, match=r"split\.train=0\.0: .*greater than 0"):
        build(composed("split.train=0.0"), stage="sample")


@pytest.mark.parametrize(("old", "new"), RENAMED_KEYS.items())
def test_a_key_of_an_earlier_version_is_refused_with_its_new_name(old: str, new: str, composed: Compose) -> None:
    with pytest.raises(ConfigError, match=f"{old}: found a key of an earlier version, expected {new}"):
        refuse_renamed_keys(composed(f"+{old}=1"))
    assert OmegaConf.select(composed(), new, default="missing") != "missing"


@pytest.mark.parametrize(
    ("choice", "old", "new"),
    [(choice, old, new) for choice, renamed in RENAMED_KEYS_OF_CHOICES.items() for old, new in renamed.items()],
)
def test_a_key_that_one_choice_had_is_refused_for_it_and_for_no_other(
    choice: str, old: str, new: str, composed: Compose
) -> None:
    with pytest.raises(ConfigError, match=f"{old}: found a key of an earlier version, expected {new}"):
        refuse_renamed_keys(composed(choice, f"+{old}=1"))
    assert OmegaConf.select(composed(choice), new, default="missing") != "missing"


@pytest.mark.parametrize("choice", ["model=two_stage", "model=lstm_weighted"])
def test_a_key_that_another_choice_gave_up_is_no_old_key(choice: str, composed: Compose) -> None:
    refuse_renamed_keys(composed(choice, "task=binary"))


def test_indicators_widen_the_range_of_k(composed: Compose) -> None:
    for overrides in (["k=123"], ["reducer=mi", "k=123"], ["reducer=none", "k=123"]):
        assert build(composed("scaling.one_hot_service=true", *overrides)).k == 123


def test_a_whole_number_is_accepted_where_a_number_is_expected(composed: Compose) -> None:
    settings = build(composed("training.warmup_epochs=2", "model.input_scale=4", "training.clipnorm=1"))
    assert (settings.training.warmup_epochs, settings.model.input_scale, settings.training.clipnorm) == (2.0, 4.0, 1.0)


def test_building_does_not_change_the_config(composed: Compose) -> None:
    cfg = composed()
    before = OmegaConf.to_yaml(cfg)
    settings = build(cfg)
    assert OmegaConf.to_yaml(cfg) == before
    assert settings.config == OmegaConf.to_container(cfg, resolve=True)


@pytest.mark.parametrize(
    ("overrides", "scale"),
    [
        ([], 1.0),
        (["dataset=simulated", "dataset.records=1000"], 1000 / REFERENCE_RECORDS),
        (["dataset=simulated", "dataset.records=9000000"], 1.0),
    ],
)
def test_counts_are_scaled_for_small_simulated_sets_alone(
    overrides: list[str], scale: float, composed: Compose
) -> None:
    assert build(composed(*overrides)).scale == scale


@pytest.mark.parametrize(
    ("overrides", "caption"),
    [
        ([], "kdd99_10pct, binary, random split, lstm on pca k=2, seed 0"),
        (["seeds.split=3"], "kdd99_10pct, binary, random split, lstm on pca k=2, seed 0, split 3"),
        (
            ["dataset=simulated", "reducer=mi", "model=random_forest", "split=grouped", "task=multiclass", "seed=7"],
            "SIMULATED DATA - simulated, multiclass, grouped split, random_forest on mi k=4, seed 7",
        ),
        (
            ["split=official", "scaling=log_minmax", "layout=window", "window=6", "k=10"],
            "kdd99_10pct, binary, official split, lstm on log_minmax pca k=10, windows of 6, seed 0",
        ),
        (
            ["layout=groups", "reducer=none"],
            "kdd99_10pct, binary, random split, lstm on none k=53, by groups, seed 0",
        ),
        (
            [*TAUGHT, "model=gru"],
            "kdd99_10pct, binary, random split, gru taught by extra_trees on none k=53, by groups, seed 0",
        ),
    ],
)
def test_the_caption_names_data_protocol_and_model(overrides: list[str], caption: str, composed: Compose) -> None:
    assert build(composed(*overrides)).caption == caption


def test_settings_cannot_change_once_they_are_checked(composed: Compose) -> None:
    settings: Any = build(composed())
    with pytest.raises(AttributeError, match="k"):
        settings.k = 3
    with pytest.raises(AttributeError, match="epochs"):
        settings.training.epochs = 3
