"""Archives of fitted objects that repeat to the byte: equal objects give equal files, so that DVC finds no change.

The formats of skops and Keras are zip files. They hold times of their making, and skops names objects by their place in
memory.
"""

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

_MADE = (1980, 1, 1, 0, 0, 0)  # earliest time of a zip file
_NUMBERED = {"schema.json": "__id__", "config.json": "shared_object_id"}  # of skops and Keras: key of an address
_METADATA = "metadata.json"  # of Keras


def make_repeatable(path: Path) -> None:
    """Rewrite a file of skops or Keras without times and memory addresses; it loads as before."""
    with zipfile.ZipFile(path) as archive:
        members = [(info, archive.read(info)) for info in archive.infolist()]
    contents = {info.filename: content for info, content in members}
    names = {name: name for name in contents}
    for name in contents.keys() & _NUMBERED.keys():
        node = json.loads(contents[name])
        _renumber(node, _NUMBERED[name], {}, names)
        contents[name] = json.dumps(node, indent=1).encode()
    contents |= {name: _without_padding(contents[name]) for name in contents if name.endswith(".npy")}
    if _METADATA in contents:
        metadata = json.loads(contents[_METADATA])
        metadata["date_saved"] = ""
        contents[_METADATA] = json.dumps(metadata).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for info, _ in members:
            member = zipfile.ZipInfo(names[info.filename], _MADE)
            member.compress_type = info.compress_type
            archive.writestr(member, contents[info.filename])


def _renumber(node: Any, key: str, numbers: dict[int, int], names: dict[str, str]) -> None:
    """Number objects in their order, in place of their addresses in memory.

    Args:
        node: Part of a description, which is changed.
        key: Key of an address.
        numbers: Number of each address so far; those found are added.
        names: New name of each member of the archive; those that the description names are set.
    """
    if isinstance(node, list):
        for one in node:
            _renumber(one, key, numbers, names)
    if not isinstance(node, dict):
        return
    if isinstance(address := node.get(key), int):
        node[key] = numbers.setdefault(address, len(numbers))
    if isinstance(file := node.get("file"), str) and file in names:
        if names[file] == file:
            names[file] = f"{sum(new != old for old, new in names.items())}{Path(file).suffix}"
        node["file"] = names[file]
    for one in node.values():
        _renumber(one, key, numbers, names)


def _without_padding(content: bytes) -> bytes:
    """Set the bytes between the fields of a structured array to zero: NumPy saves what the memory held there."""
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if not array.dtype.names:
        return content
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    return content[: len(content) - array.nbytes] + clean.tobytes("A")  # np.save may copy to other memory
