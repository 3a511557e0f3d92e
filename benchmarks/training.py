"""Compares the time of training: an epoch with other frameworks, and a fit up to an accuracy with plain Keras."""

from collections.abc import Callable, Iterator
from functools import partial

from benchmarks.contest import Contender, peer_version, peers_python, race
from benchmarks.inputs import Inputs
from benchmarks.table import Ratio

OURS = ("model.fourier.n_frequencies=0", "training.epochs=100000", "training.learning_rate=0.001",
        "training.schedule=constant", "training.warmup_epochs=0", "training.patience=null")  # fmt: skip
PEERS = {"torch": ("PyTorch's `nn.LSTM`", "torch_lstm", 1.9), "jax": ("JAX, a scan, the epoch jitted", "jax_scan", 1.0)}
ACCURACY = 0.993


def epochs(inputs: Inputs, k: int, rounds: int, batch: int = 1024) -> Iterator[Ratio]:
    """Measure an epoch of an LSTM of 64 units over k steps."""
    data = str(inputs.for_training(k, batch=batch))
    ours = (*OURS, f"training.batch_size={batch}")
    contenders: dict[str, Callable[[], Contender]] = {
        "ours": partial(Contender, "ours_fit", data, *ours),
        "compiled": partial(Contender, "ours_fit", data, *ours, "training.jit_compile=true"),
        "every record": partial(Contender, "ours_fit", data, *ours, "training.max_copies_per_row=1"),
        "keras": partial(Contender, "keras_fit", data, "--batch", str(batch)),
    }
    for library, (_, module, _) in PEERS.items():
        if peer_version(library):
            contenders[library] = partial(Contender, module, data, str(batch), python=peers_python())
    best = {name: turn["seconds"] for name, turn in race(contenders, rounds).items()}
    what = f"an epoch, LSTM(64), batch {batch:,}, k = {k}"
    yield Ratio(what, best["ours"], "plain Keras `fit`", best["keras"], 1.6)
    for library, (name, _, target) in PEERS.items():
        yield Ratio(
            "...", best["ours"], name, best.get(library), target, note="" if library in best else "not installed"
        )
    yield Ratio("... with XLA, without shards", best["compiled"], "plain Keras `fit`", best["keras"])
    yield Ratio("... without merging copies", best["every record"], "plain Keras `fit`", best["keras"])


def default_config(inputs: Inputs, rounds: int, batch: int = 512) -> Iterator[Ratio]:
    """Measure an epoch of the default config, and a plain fit of the same network."""
    data = str(inputs.for_training(2, batch=batch, standardize=False))
    best = race(
        {
            "ours": partial(Contender, "ours_fit", data, "training.epochs=100000", "training.patience=null"),
            "keras": partial(Contender, "keras_fit", data, "--batch", str(batch), "--ours"),
        },
        rounds,
    )
    yield Ratio(f"an epoch of the default config (k = 2, batch {batch})", best["ours"]["seconds"],
                "plain Keras `fit` of the same network", best["keras"]["seconds"])  # fmt: skip


def time_to_accuracy(inputs: Inputs, most: float, accuracy: float = ACCURACY) -> Iterator[Ratio]:
    """Measure the time from the start of the fit to the end of the first epoch with the validation accuracy."""
    data = str(inputs.for_training(2, batch=32, standardize=False))
    until = ("--until", str(accuracy))
    turn = race({"ours": partial(Contender, "ours_fit", data, *until)}, 2)["ours"]
    if not turn["reached"]:
        raise SystemExit(f"the default config does not reach {accuracy} on validation: found {turn['val_accuracy']}")
    plain = race({"keras": partial(Contender, "keras_fit", data, "--batch", "32", *until, "--most", str(most))}, 1)[
        "keras"
    ]
    note = f"epoch {turn['epoch']}, Keras {plain['epoch']}"
    if not plain["reached"]:
        note += f", whose best is {plain['val_accuracy']:.2%}"
    yield Ratio(f"fit to {accuracy:.1%} on validation, binary, k = 2", turn["seconds"],
                "plain Keras, LSTM(64), batch 32, Adam 1e-3", plain["seconds"], 10, note=note,
                least=not plain["reached"])  # fmt: skip


def measure(inputs: Inputs, *, smoke: bool) -> Iterator[Ratio]:
    """Measure everything."""
    if smoke:
        yield from epochs(inputs, 2, 1, batch=64)
        yield from time_to_accuracy(inputs, 1, accuracy=0.2)
        return
    for k, rounds in ((2, 6), (10, 3), (53, 2)):
        yield from epochs(inputs, k, rounds)
    yield from default_config(inputs, 4)
    yield from time_to_accuracy(inputs, 150)
