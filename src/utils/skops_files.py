"""Objects in skops files: loaded after a check of sizes, nesting, types, trees, and of every number.

skops refuses unknown types, but trusts what a known type holds: references between objects, sizes, indices of a tree.
"""

import io
import json
import math
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from src.utils.archives import AGAIN, UNPACKED_BYTES, DamagedError, read_archive, read_json
from src.utils.estimator_checks import check_estimators, tree_fault
from src.utils.kept_classes import own_classes
from src.utils.messages import first_line

# Kinds of nodes of skops that saved models consist of. The others hold functions, methods and sparse matrices.
_KINDS = {
    "DictNode", "DTypeNode", "JsonNode", "ListNode", "LossNode", "NdArrayNode", "ObjectNode", "RandomGeneratorNode",
    "RandomStateNode", "SetNode", "SliceNode", "TreeNode", "TupleNode", "TypeNode",
}  # fmt: skip
# Attributes that no prediction reads. The F statistic of a feature that separates the classes is infinite.
_MAY_BE_INFINITE = {"scores_"}
_POOL = 4  # numbers in the pool of NumPy's seed sequences
_HEADERS = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}


def load_object(path: Path, trusted: Callable[[str], bool]) -> Any:
    """Load the object that `skops.io.dump` wrote to a file.

    Args:
        path: File to load.
        trusted: Function that accepts the full name of a type; scikit-learn's public types need no consent.
    Raises:
        ValueError: the file is damaged, too large, or holds a type, a number or a tree that it must not hold.
    """
    import skops.io  # a late import: it loads all of scikit-learn

    members = read_archive(path)
    schema = read_json(path, members.pop("schema.json", b""))
    try:
        _Check(path, members).node(schema, "")
        data = _archive(own_classes(schema), members)
        names = skops.io.get_untrusted_types(data=data)
        foreign = [name for name in names if not trusted(name)]
        found = None if foreign else skops.io.loads(data, trusted=names)
        check_estimators(path, found)
    except DamagedError:
        raise
    except Exception as error:  # any class: the file decides which calls are made
        raise ValueError(f"{path}: found {type(error).__name__}: {first_line(error)}, expected a saved model; "
                         f"{AGAIN}") from None  # fmt: skip
    if foreign:
        raise ValueError(
            f"{path}: Untrusted types found in the file: {', '.join(foreign)}; expected types of scikit-learn and of "
            "this project; another program or another version of this project wrote it"
        )
    return found


def _archive(schema: dict[str, Any], members: dict[str, bytes]) -> bytes:
    """Write the checked parts as a skops file."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


class _Check:
    """Check of the nodes of one skops file.

    Args:
        path: Name of the file for messages.
        members: Arrays of the file by name.
    """

    def __init__(self, path: Path, members: dict[str, bytes]):
        self._path = path
        self._members = members
        self._left = 2 * max(UNPACKED_BYTES, sum(map(len, members.values())))

    def node(self, value: Any, where: str) -> None:
        """Check a value of the schema and all below it; removes the ids that let nodes refer to each other.

        Without ids the objects are a tree. With them, few lines can describe an object of any size, or an endless one.

        Args:
            value: Node, or a list or dictionary of nodes.
            where: Attribute that holds it.
        """
        if isinstance(value, list):
            for index, one in enumerate(value):
                self.node(one, f"{where}[{index}]")
        elif isinstance(value, dict) and "__loader__" in value:
            value.pop("__id__", None)
            self._one(value, where)
            for key, one in value.items():
                self.node(one, where if key in ("content", "key_types", "shape", "__reduce__") else f"{where}.{key}")
        elif isinstance(value, dict):
            for key, one in value.items():
                self.node(one, f"{where}.{key}" if where else key)

    def _one(self, node: dict[str, Any], where: str) -> None:
        kind = node["__loader__"]
        if not isinstance(kind, str) or kind not in _KINDS:
            name = f"{node.get('__module__')}.{node.get('__class__')} ({kind})"
            raise DamagedError(
                f"{self._path}: Untrusted types found in the file: {name} in {where or 'it'}, expected estimators, "
                "arrays and values"
            )
        if kind == "JsonNode":
            self._number(node.get("content"), where)
        elif kind == "NdArrayNode" and node.get("type") == "numpy":
            self._array(node, where)
        elif kind == "TreeNode":
            self._tree(node, where)
        elif kind == "RandomGeneratorNode":
            state = node.get("content")
            size = _whole(_below(state.get("seed_seq") if isinstance(state, dict) else None, "pool_size"))
            if size != _POOL:
                raise self._wrong(where, f"pool_size={size}", str(_POOL))

    def _number(self, text: Any, where: str) -> None:
        try:
            value = json.loads(text)
        except (TypeError, ValueError, RecursionError):
            raise self._wrong(where, repr(text)[:80], "a JSON value") from None
        if isinstance(value, (list, dict)):
            raise self._wrong(where, type(value).__name__, "a number, a text, true, false or null")
        if where.endswith("._sklearn_version") and not isinstance(value, str):
            raise self._wrong(where, repr(value), "a version of scikit-learn")
        if isinstance(value, float) and not math.isfinite(value) and where.endswith("_"):
            raise self._wrong(where, str(value), "a finite number")

    def _array(self, node: dict[str, Any], where: str) -> None:
        array = self._read(node, where)
        self._left -= array.nbytes
        if self._left < 0:
            raise self._wrong(where, "arrays that are read again and again", f"at most {UNPACKED_BYTES:,} bytes")
        known = node.get("__class__") == "ndarray" and node.get("__module__") == "numpy"
        if not known and not (array.ndim == 0 and isinstance(array[()], np.number | np.bool_ | np.str_)):
            raise self._wrong(where, f"the class {node.get('__class__')}", "an array or a number of NumPy")
        self._finite(array, where)

    def _read(self, node: Any, where: str) -> np.ndarray:
        """Read an array; its header must agree with its size, before NumPy makes room for it."""
        data = self._members.get(str(node.get("file"))) if isinstance(node, dict) else None
        if data is None:
            raise self._wrong(where, "no array", "a file in the archive")
        file = io.BytesIO(data)
        try:
            shape, column_major, dtype = _HEADERS[np.lib.format.read_magic(file)](file)
        except (ValueError, KeyError):
            raise self._wrong(where, "a damaged header", "a NumPy array") from None
        size = len(data) - file.tell()
        if dtype.hasobject or min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != size:
            raise self._wrong(where, f"{size:,} bytes for {dtype} of shape {shape}", "as many as the array needs")
        if not math.prod(shape):
            return np.empty(shape, dtype)
        return np.frombuffer(data, dtype, offset=file.tell()).reshape(shape, order="F" if column_major else "C")

    def _finite(self, array: np.ndarray, where: str) -> None:
        for name in array.dtype.names or ():
            self._finite(array[name], f"{where}.{name}")
        if array.dtype.kind in "fc":
            may_be_infinite = where.rpartition(".")[2] in _MAY_BE_INFINITE
            wrong = np.isnan(array) if may_be_infinite else ~np.isfinite(array)
            if wrong.any():
                raise self._wrong(where, str(array[wrong].ravel()[0]), "finite numbers")

    def _tree(self, node: dict[str, Any], where: str) -> None:
        """Check a decision tree: scikit-learn follows its indices without a check."""
        arguments = (node.get("__reduce__") or {}).get("args", {}).get("content")
        if not (isinstance(arguments, list) and len(arguments) == 3):
            raise self._wrong(where, "an incomplete tree", "a tree with its numbers of features, classes and outputs")
        n_features, n_outputs = _whole(arguments[0]), _whole(arguments[2])
        n_classes = self._read(arguments[1], where)
        nodes, values = (self._read(_below(node.get("content"), name), where) for name in ("nodes", "values"))
        n_nodes = _whole(_below(node.get("content"), "node_count"))
        if (n_outputs, n_nodes, n_classes.shape) != (1, len(nodes), (1,)) or n_classes.dtype != np.int64:
            raise self._wrong(where, f"{len(nodes)} nodes of a tree", f"{n_nodes}, and one output")
        if values.shape != (n_nodes, 1, int(n_classes[0])):
            raise self._wrong(where, f"values of shape {values.shape}", "one for each node and class")
        if fault := tree_fault(nodes, nodes["left_child"] != -1, ("left_child", "right_child", "feature"), n_features):
            raise self._wrong(where, fault, "a tree")

    def _wrong(self, where: str, found: str, expected: str) -> DamagedError:
        return DamagedError(f"{self._path}: found {found} in {where or 'the file'}, expected {expected}; {AGAIN}")


def _below(node: Any, key: str) -> Any:
    """Node under a key of a dictionary node; None where there is none."""
    content = node.get("content") if isinstance(node, dict) else None
    return content.get(key) if isinstance(content, dict) else None


def _text(node: Any) -> str | None:
    """JSON text of a value node; None for another node."""
    return str(node.get("content")) if isinstance(node, dict) and node.get("__loader__") == "JsonNode" else None


def _whole(node: Any) -> int | None:
    """Whole number of a value node; None for another node."""
    text = _text(node)
    return int(text) if text and text.isdecimal() and len(text) < 10 else None
