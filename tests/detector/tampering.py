"""Tampered detectors, made by a seeded list of mutations; and a process that scores records with each of them.

Half of the mutations of a file also renew its digest in `detector.json`, as someone would who wants to be believed.
"""

import contextlib
import faulthandler
import hashlib
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

Mutation = tuple[str, Callable[[Path], None]]
ABSURD = [
    None, "x", "", True, -1, 0, 10**9, 10**400, 0.5, float("nan"), float("inf"), 1e308, 5e-324, [], {},
    ["normal", "normal"], [[]], [[float("nan"), 1], [1, 0]],
]  # fmt: skip
SECONDS = 20  # for a mutation; the slowest takes one


def mutations(folder: Path, other: Path, seed: int) -> list[Mutation]:
    """List mutations of a detector.

    Args:
        folder: Folder of the detector.
        other: Folder of another detector.
        seed: Seed of the choices.
    """
    rng = np.random.default_rng(seed)
    files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    found = [*_of_card(folder, rng)]
    for name in files:
        found += _of_file(name, other, rng)
        if name.endswith(".skops"):
            found += _of_skops(name, folder, rng)
        elif name.endswith(".keras"):
            found += _of_keras(name, folder, rng)
    return found


def _of_card(folder: Path, rng: np.random.Generator) -> Iterator[Mutation]:
    card = json.loads((folder / "detector.json").read_text())
    places = [(name,) for name in card] + [("decision", name) for name in card["decision"]]
    for place in places:
        for value in [ABSURD[index] for index in rng.choice(len(ABSURD), 2, replace=False)]:
            yield f"detector.json {'.'.join(place)}={value!r:.20}", lambda at, p=place, v=value: _set_card(at, p, v)
        yield f"detector.json without {'.'.join(place)}", lambda at, p=place: _set_card(at, p, _DELETE)
    for place, value in (
        (("decision", "temperature"), 5e-324),
        (("decision", "cost"), [[0, 1], [float("nan"), 0]]),
        (("decision", "cost"), [[0, 1, 2], [1, 0, 2], [1, 1, 0]]),
        (("k",), "x"),
        (("window",), 10**9),
        (("class_names",), ["normal", "normal"]),
        (("class_names",), ["normal", "a,b\n1,normal"]),
        (("further",), 1),
    ):
        yield f"detector.json {'.'.join(place)}={value!r:.20}", lambda at, p=place, v=value: _set_card(at, p, v)
    yield "detector.json nested without end", lambda at: _write(at / "detector.json", b'{"format":' + b"[" * 100_000)


def _of_file(name: str, other: Path, rng: np.random.Generator) -> Iterator[Mutation]:
    for size in (0, 10, -1):
        yield f"{name} cut to {size}", lambda at, s=size: _write(at / name, (at / name).read_bytes()[:s])
    for place in rng.random(4):
        yield f"{name} with another byte at {place:.2f}", lambda at, p=place: _flip(at / name, p)
    yield f"{name} missing", lambda at: (at / name).unlink()
    yield f"{name} as a folder", lambda at: _as_folder(at / name)
    for text in (b"cos\nsystem\n(S'true'\ntR.", b"[" * 100_000, b"[]", b"null"):
        yield f"{name} as {text[:6]!r}", lambda at, t=text: _write(at / name, t)
    if (other / name).is_file():
        yield f"{name} of another detector", lambda at: shutil.copy(other / name, at / name)
    if name.endswith((".skops", ".keras")):
        for member, size in (("schema.json", 3 << 30), ("config.json", 3 << 30), ("model.weights.h5", 2 << 30)):
            yield f"{name} that unpacks to gigabytes", lambda at, m=member, s=size: _bomb(at / name, m, s)


def _of_skops(name: str, folder: Path, rng: np.random.Generator) -> Iterator[Mutation]:
    members = _members(folder / name)
    arrays = [member for member in members if member.endswith(".npy")]  # their names are new in each file
    for index in rng.permutation(len(arrays))[:10]:
        for way in ("nan", "infinite", "huge", "negative", "zero", "shorter", "shape"):
            if rng.random() < 0.5:
                member = arrays[index]
                yield f"{name} array {index} {way}", lambda at, m=member, w=way: _change_array(at / name, m, w)
    for number in rng.integers(1 << 30, size=16):
        yield f"{name} schema {number}", lambda at, n=number: _change_json(at / name, "schema.json", int(n))
    for way in ("self", "doubled", "deep", "function"):
        yield f"{name} schema {way}", lambda at, w=way: _craft_schema(at / name, w)


def _of_keras(name: str, folder: Path, rng: np.random.Generator) -> Iterator[Mutation]:
    for number in rng.integers(1 << 30, size=16):
        yield f"{name} config {number}", lambda at, n=number: _change_json(at / name, "config.json", int(n))
    for key, value in (
        ("units", 10**9),
        ("units", 5),
        ("batch_shape", [None, 10**9, 1]),
        ("go_backwards", 3),
    ):
        yield f"{name} {key}={value}", lambda at, k=key, v=value: _change_key(at / name, k, v)
    for way in (np.nan, np.inf, 1e38):
        yield f"{name} with a weight {way}", lambda at, w=way: _change_weights(at / name, w)
    for place in rng.random(12):
        yield f"{name} weights with another byte at {place:.2f}", lambda at, p=place: _flip_member(at / name, p)


_DELETE = object()


def _set_card(at: Path, place: tuple[str, ...], value: Any) -> None:
    card = json.loads((at / "detector.json").read_text())
    inner = card
    for name in place[:-1]:
        inner = inner[name]
    if value is _DELETE:
        del inner[place[-1]]
    else:
        inner[place[-1]] = value
    (at / "detector.json").write_text(json.dumps(card))


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


def _flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    data[int(place * len(data))] ^= 1 + int(place * 1000) % 255
    path.write_bytes(data)


def _as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _members(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _write_members(path: Path, members: dict[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)


def _bomb(path: Path, member: str, size: int) -> None:
    """Claim a size that the file does not have: a real one would take seconds to write."""
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        if member in archive.namelist():
            member += "2"
        archive.writestr(member, b"\0" * 1000)
        archive.infolist()[-1].file_size = size


def _change_array(path: Path, member: str, way: str) -> None:
    members = _members(path)
    array = np.load(io.BytesIO(members[member]))
    flat = array.copy()
    fields = [flat[name] for name in flat.dtype.names] if flat.dtype.names else [flat]
    for field in fields:
        kind = field.dtype.kind
        if way in ("nan", "infinite") and kind == "f":
            field[...] = np.nan if way == "nan" else np.inf
        elif way in ("huge", "negative") and kind in "iuf":
            most = np.finfo(field.dtype).max if kind == "f" else np.iinfo(field.dtype).max
            field[...] = most if way == "huge" else np.array(-2).astype(field.dtype)
        elif way == "zero":
            field[...] = np.zeros((), field.dtype)
    if way == "shorter":
        flat = flat[:-1] if flat.ndim else flat
    file = io.BytesIO()
    np.save(file, flat)
    data = file.getvalue()
    if way == "shape":
        data = data.replace(b"'shape': (", b"'shape': (900000000, ")
    _write_members(path, members | {member: data})


def _values(found: Any) -> Iterator[tuple[Any, Any]]:
    """Every place in a JSON document: container and key."""
    for key in list(found) if isinstance(found, dict) else range(len(found)):
        yield found, key
        if isinstance(found[key], (dict, list)):
            yield from _values(found[key])


def _change_json(path: Path, member: str, seed: int) -> None:
    """Replace a value somewhere by an absurd one, or by one of another place."""
    rng = np.random.default_rng(seed)
    members = _members(path)
    found = json.loads(members[member])
    places = list(_values(found))
    container, key = places[rng.integers(len(places))]
    source, other = places[rng.integers(len(places))]
    values = [*ABSURD, source[other], "1000000000", "NaN", "-1", '"x"', [container[key]] * 3]
    container[key] = json.loads(json.dumps(values[rng.integers(len(values))]))
    _write_members(path, members | {member: json.dumps(found).encode()})


def _craft_schema(path: Path, way: str) -> None:
    members = _members(path)
    schema = json.loads(members["schema.json"])
    a_list = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode"}
    if way == "self":
        schema["content"]["content"]["endless_"] = {**a_list, "__id__": 7, "content": [{**a_list, "__id__": 7}]}
    elif way == "doubled":  # 2 ** 60 lists in sixty
        node: dict[str, Any] = {**a_list, "__id__": 1000, "content": []}
        for number in range(60):
            node = {
                **a_list,
                "__id__": 1001 + number,
                "content": [node, {**a_list, "__id__": 1000 + number, "content": []}],
            }
        schema["content"]["content"]["doubled_"] = node
    elif way == "deep":
        inner: dict[str, Any] = {**a_list, "content": []}
        for _ in range(300):
            inner = {**a_list, "content": [inner]}
        schema["content"]["content"]["deep_"] = inner
    else:
        function = {"__class__": "system", "__module__": "os", "__loader__": "FunctionNode"}
        schema["content"]["content"]["function_"] = function
    _write_members(path, members | {"schema.json": json.dumps(schema).encode()})


def _change_key(path: Path, key: str, value: Any) -> None:
    members = _members(path)
    config = json.loads(members["config.json"])
    for container, name in list(_values(config)):
        if name == key and isinstance(container, dict):
            container[name] = value
    _write_members(path, members | {"config.json": json.dumps(config).encode()})


def _change_weights(path: Path, value: float) -> None:
    import h5py

    members = _members(path)
    file = io.BytesIO(members["model.weights.h5"])
    with h5py.File(file, "r+") as weights:
        found: list[Any] = []
        weights.visititems(lambda name, item: found.append(item) if hasattr(item, "shape") and item.size > 4 else None)
        found[0][...] = np.full(found[0].shape, value)
    _write_members(path, members | {"model.weights.h5": file.getvalue()})


def _flip_member(path: Path, place: float) -> None:
    members = _members(path)
    data = bytearray(members["model.weights.h5"])
    data[int(place * len(data))] ^= 0x41
    _write_members(path, members | {"model.weights.h5": bytes(data)})


def seal(folder: Path) -> None:
    """Renew the digests of a tampered detector, where its card can still be read."""
    path = folder / "detector.json"
    with contextlib.suppress(Exception):
        card = json.loads(path.read_text())
        card.pop("sha256")
        whole = json.dumps(card, sort_keys=True).encode()
        files = [one for one in folder.rglob("*") if one.is_file() and one != path]
        card["sha256"] = {
            one.relative_to(folder).as_posix(): hashlib.sha256(one.read_bytes()).hexdigest() for one in files
        }
        card["sha256"]["detector.json"] = hashlib.sha256(whole).hexdigest()
        path.write_text(json.dumps(card))


def main(folders: list[Path], records: Path, first: int, out: Path) -> None:
    """Score records with each tampered detector, from the mutation `first` on; one line a mutation to `out`."""
    from src import predict

    def scored(model: Path) -> tuple[int, str, bytes]:
        verdicts = out.with_suffix(".csv")
        verdicts.unlink(missing_ok=True)
        errors = io.StringIO()
        with contextlib.redirect_stderr(errors):
            status = predict.main(["--model", str(model), str(records), "-o", str(verdicts)])
        return status, errors.getvalue(), verdicts.read_bytes() if verdicts.exists() else b""

    number = -1
    with out.open("a", buffering=1) as lines:
        for index, folder in enumerate(folders):
            expected = scored(folder)
            assert expected[0] == 0, expected
            for name, mutate in mutations(folder, folders[index - 1], seed=index):
                number += 1
                if number < first:
                    continue
                sealed = number % 2 == 0
                print(json.dumps([number, folder.name, name + " sealed" * sealed, "started"]), file=lines)
                tampered = out.with_name("tampered")
                shutil.rmtree(tampered, ignore_errors=True)
                shutil.copytree(folder, tampered)
                mutate(tampered)
                if sealed:
                    seal(tampered)
                faulthandler.dump_traceback_later(SECONDS, exit=True, file=sys.__stderr__)
                try:
                    status, errors, verdicts = scored(tampered)
                except (Exception, SystemExit) as error:
                    outcome = f"traceback {type(error).__name__}: {str(error)[:200]}"
                else:
                    if status and errors.startswith("predict: ") and errors.count("\n") == 1 and not verdicts:
                        outcome = "one line " + errors.strip()
                    elif status == 0 and verdicts == expected[2]:
                        outcome = "same verdicts"
                    elif sealed and status == 0 and verdicts and errors.count("\n") == 1:
                        outcome = "another detector"  # whole and finite, only with other numbers
                    else:
                        outcome = f"silence {status} {errors[:200]}"
                faulthandler.cancel_dump_traceback_later()
                print(json.dumps([number, folder.name, name + " sealed" * sealed, outcome]), file=lines)


if __name__ == "__main__":
    main([Path(one) for one in sys.argv[4:]], Path(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]))
