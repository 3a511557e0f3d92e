"""Import closure: the definitions of this project that a function or class can reach.

The unit is a definition: a function, a method, a class without its methods, or an assigned name. A definition reaches
the definitions that its names refer to, in its own module or through imports, and so on. A definition that is never
reached does not count, such as another model in the same file. Comments, docstrings and annotations of functions do
not count. Modules that import matplotlib do not count either: results do not depend on pictures.

Methods are reached by name: `x.fit` reaches the method `fit` of every reached class, as the class of `x` is known at
run time only. A class that derives from a class of a library counts whole, because the library calls its methods. So
do decorated methods and those with double underscores. Names computed at run time (`getattr(x, name)`) are not seen;
a test compares the closure with the functions that really run.
"""

import ast
import hashlib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

PACKAGE = "src"
_DRAWS = "matplotlib"
_CHECKED_BY = "pydantic"  # reads the annotations of a class when it runs
_PASSIVE_BASES = {"abc", "typing"}  # modules whose classes call no method of those that derive from them
_PLAIN_DECORATORS = {
    "property",
    "cached_property",
    "classmethod",
    "staticmethod",
    "abstractmethod",
    "cache",
    "override",
}
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_IMPORTS = (ast.Import, ast.ImportFrom)

Origin = tuple[str, str | None]  # a module, and a name in it; None: the module itself


@dataclass(frozen=True)
class Closure:
    """Code that some roots reach.

    Attributes:
        digest: SHA-256 of the code.
        definitions: Full names, such as `src.data.sampling.draw` or `src.models.networks.lstm.LSTM.layer`.
        files: Files with these definitions, and data files that the code names.
        libraries: Top-level packages that the code imports, without the standard library.
    """

    digest: str
    definitions: frozenset[str]
    files: frozenset[Path]
    libraries: frozenset[str]


@dataclass(frozen=True)
class _Part:
    """A definition, or one method of a class.

    Attributes:
        text: Source without docstrings and annotations, and the origin of each imported name in it.
        origins: Definitions and modules that its names refer to.
        attributes: Names of attributes of other objects; each may be a method.
        files: Data files beside the code that its strings name.
    """

    name: str
    text: str
    origins: frozenset[Origin]
    attributes: frozenset[str]
    files: frozenset[Path]


@dataclass
class _Module:
    """One source file.

    Attributes:
        definitions: Top-level statements that bind each name.
        imports: Origin of each imported name.
        effects: Other top-level statements, which run when the module is imported.
    """

    name: str
    path: Path
    definitions: dict[str, list[ast.stmt]] = field(default_factory=dict)
    imports: dict[str, Origin] = field(default_factory=dict)
    effects: list[ast.stmt] = field(default_factory=list)

    @property
    def draws(self) -> bool:
        return any(_top(module) == _DRAWS for module, _ in self.imports.values())


class Code:
    """Code of a project; each file is read when it is first needed.

    Args:
        root: Folder of the package `src`.
    """

    def __init__(self, root: Path):
        self._root = root
        self._modules: dict[str, _Module | None] = {}
        self._parts: dict[Origin, tuple[list[_Part], dict[str, list[_Part]]]] = {}
        self._closures: dict[frozenset[str], Closure] = {}

    def closure(self, roots: Iterable[str]) -> Closure:
        """Code that roots reach.

        Args:
            roots: Full names of functions or classes, such as `src.pipeline.stages.write_sampled`.
        Raises:
            ValueError: a root is not defined.
        """
        key = frozenset(roots)
        if key not in self._closures:
            origins = [(name, attribute) for name, _, attribute in (root.rpartition(".") for root in sorted(key))]
            for name, attribute in origins:
                module = self.module(name)
                if module is None or attribute not in module.definitions:
                    raise ValueError(f"{name}.{attribute}: found no such definition, expected a function or class")
            self._closures[key] = _Search(self).reach(origins)
        return self._closures[key]

    def module(self, name: str) -> _Module | None:
        """Module with a full name; None if this project has no such module."""
        if name not in self._modules:
            stem = self._root / Path(*name.split("."))
            found = [path for path in (stem.with_suffix(".py"), stem / "__init__.py") if path.is_file()]
            self._modules[name] = _read(name, found[0]) if found and _top(name) == PACKAGE else None
        return self._modules[name]

    def parts(self, module: _Module, name: str | None) -> tuple[list[_Part], dict[str, list[_Part]]]:
        """Parts of a definition: first those that count once it is reached, then its methods by name.

        Args:
            name: Name of the definition; None for the statements that run when the module is imported.
        """
        key = (module.name, name)
        if key not in self._parts:
            always: list[_Part] = []
            by_name: dict[str, list[_Part]] = {}
            for statement in module.effects if name is None else module.definitions[name]:
                if not isinstance(statement, ast.ClassDef):
                    always.append(self._part(module, name or "<module>", statement))
                    continue
                shell, methods, checked = self._class(module, statement)
                always.append(self._part(module, statement.name, shell, annotations=checked))
                for method in methods:
                    part = self._part(module, f"{statement.name}.{method.name}", method)
                    by_name.setdefault(method.name, []).append(part)
            self._parts[key] = always, by_name
        return self._parts[key]

    def _class(
        self, module: _Module, node: ast.ClassDef
    ) -> tuple[ast.ClassDef, list[ast.FunctionDef | ast.AsyncFunctionDef], bool]:
        """Return a class without methods, the methods that are called by name, and True if annotations are read."""
        library = self._derives_from_library(module, node)
        methods = [one for one in node.body if isinstance(one, _FUNCTIONS) and not library and _called_by_name(one)]
        rest = [one for one in node.body if one not in methods] or [ast.Pass()]
        shell = ast.ClassDef(node.name, node.bases, node.keywords, rest, node.decorator_list)
        ast.copy_location(shell, node)
        names = {part.id for one in node.decorator_list for part in ast.walk(one) if isinstance(part, ast.Name)}
        checked = any(_top(module.imports[name][0]) == _CHECKED_BY for name in names & module.imports.keys())
        return shell, methods, checked or library

    def _derives_from_library(self, module: _Module, node: ast.ClassDef) -> bool:
        """Tell whether a class derives, at any depth, from a class of a library."""
        for base in node.bases:
            name = base.value if isinstance(base, ast.Subscript) else base
            while isinstance(name, ast.Attribute):
                name = name.value
            local = getattr(name, "id", "")
            origin = (
                (module.name, local) if local in module.definitions else module.imports.get(local, ("builtins", ""))
            )
            home = self.module(origin[0])
            if home is None:
                if origin[0] not in _PASSIVE_BASES:
                    return True
                continue
            found = home.definitions.get(origin[1] or "", [])
            classes = [one for one in found if isinstance(one, ast.ClassDef)]
            # a base that is no class here belongs to a library that a call imports, such as Keras
            if not classes or any(self._derives_from_library(home, one) for one in classes):
                return True
        return False

    def _part(self, module: _Module, name: str, node: ast.stmt, *, annotations: bool = False) -> _Part:
        nodes = list(_running(node, annotations=annotations))
        imports = module.imports | dict(_imported(one for one in nodes if isinstance(one, _IMPORTS)))
        origins: set[Origin] = set()
        stands_for: set[str] = set()
        attributes: set[str] = set()
        files: set[Path] = set()
        for one in nodes:
            if isinstance(one, ast.Attribute):
                origin = self._attribute(module, one, imports)
                if origin is None:
                    attributes.add(one.attr)
                else:
                    origins.add(origin)
            elif isinstance(one, ast.Name) and one.id in module.definitions:
                origins.add((module.name, one.id))
            elif isinstance(one, ast.Name) and one.id in imports:
                origins.add(imports[one.id])
                stands_for.add(f"{one.id} = {imports[one.id]}")
            elif isinstance(one, ast.Constant) and isinstance(one.value, str):
                files |= _data_files(module.path, one.value)
        # the import lines are no part of it: another class under the same name must change the text all the same
        text = "\n".join([ast.unparse(node), *sorted(stands_for)])
        return _Part(f"{module.name}.{name}", text, frozenset(origins), frozenset(attributes), frozenset(files))

    def _attribute(self, module: _Module, node: ast.Attribute, imports: dict[str, Origin]) -> Origin | None:
        """Origin of an attribute of a module, as in `metrics.accuracy` and `np.linalg.norm`; None for other objects."""
        base: ast.expr = node
        while isinstance(base, ast.Attribute):
            base = base.value
        local = base.id if isinstance(base, ast.Name) else ""
        if local not in imports or local in module.definitions:
            return None
        name, attribute = imports[local]
        whole = name if attribute is None else f"{name}.{attribute}"
        if self.module(whole) is not None:
            return (whole, node.attr) if base is node.value else None
        return imports[local] if self.module(name) is None else None  # a library, or a class of this project


class _Search:
    """Search from some roots until nothing new is reached."""

    def __init__(self, code: Code):
        self._code = code
        self._reached: set[_Part] = set()
        self._waiting: list[Origin] = []
        self._seen: set[Origin] = set()
        self._attributes: set[str] = set()
        self._methods: list[dict[str, list[_Part]]] = []  # methods of reached classes, not yet reached
        self._files: set[Path] = set()
        self._libraries: set[str] = set()

    def reach(self, roots: Iterable[Origin]) -> Closure:
        """Find everything that the roots reach."""
        self._waiting += roots
        while self._waiting or self._take_methods():
            while self._waiting:
                self._visit(*self._waiting.pop())
        texts = sorted(f"{part.name}\n{part.text}" for part in self._reached)
        digest = hashlib.sha256("\0".join(texts).encode())
        for path in sorted(self._files):
            if path.suffix != ".py":
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        definitions = frozenset(part.name for part in self._reached)
        return Closure(digest.hexdigest(), definitions, frozenset(self._files), frozenset(self._libraries))

    def _visit(self, name: str, attribute: str | None) -> None:
        """Reach one name of one module."""
        if (name, attribute) in self._seen:
            return
        self._seen.add((name, attribute))
        module = self._code.module(name)
        if attribute is not None and self._code.module(f"{name}.{attribute}") is not None:
            pass  # a module: its names are reached as its attributes
        elif module is None:
            if _top(name) not in sys.stdlib_module_names:
                self._libraries.add(_top(name))
        elif not module.draws:
            self._files.add(module.path)
            self._take(*self._code.parts(module, None))
            if attribute in module.definitions:
                self._take(*self._code.parts(module, attribute))
            elif attribute in module.imports:
                self._waiting.append(module.imports[attribute])

    def _take(self, parts: Iterable[_Part], methods: dict[str, list[_Part]] | None = None) -> None:
        for part in parts:
            self._reached.add(part)
            self._waiting += part.origins - self._seen
            self._attributes |= part.attributes
            self._files |= part.files
        if methods:
            self._methods.append(dict(methods))

    def _take_methods(self) -> bool:
        """Reach the methods of reached classes whose names are reached; True if there were any."""
        found = [methods.pop(name) for methods in self._methods for name in self._attributes & methods.keys()]
        for parts in found:
            self._take(parts)
        return bool(found)


def _read(name: str, path: Path) -> _Module:
    tree = ast.parse(path.read_bytes())
    _Plain().visit(tree)
    module = _Module(name, path, imports=dict(_imported(tree.body)))
    for statement in tree.body:
        if isinstance(statement, _IMPORTS) or _for_types_only(statement):
            continue
        names = list(_bound(statement))
        for one in names:
            module.definitions.setdefault(one, []).append(statement)
        if not names:
            module.effects.append(statement)
    return module


class _Plain(ast.NodeTransformer):
    """Removes docstrings and annotations of functions, which have no effect."""

    def visit(self, node: ast.AST) -> ast.AST:
        """Return a node without docstrings and annotations."""
        super().generic_visit(node)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            first: ast.stmt | None = node.body[0] if node.body else None
            if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
                node.body = node.body[1:] or [ast.Pass()]
        if isinstance(node, _FUNCTIONS):
            node.returns = None
        if isinstance(node, ast.arg):
            node.annotation = None
        return node


def _running(node: ast.AST, *, annotations: bool) -> Iterator[ast.AST]:
    """Nodes that have an effect; annotations only where `annotations` says that a library reads those of the class."""
    yield node
    annotations = annotations and not isinstance(node, _FUNCTIONS)
    for name, value in ast.iter_fields(node):
        if name != "annotation" or annotations:
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _running(child, annotations=annotations)


def _imported(nodes: Iterable[ast.AST]) -> Iterator[tuple[str, Origin]]:
    """Names that imports bind, also those inside of `if` and `try`, each with its origin."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                module = alias.name if alias.asname else _top(alias.name)
                yield alias.asname or module, (module, None)
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield alias.asname or alias.name, (node.module or "", alias.name)
        elif isinstance(node, (ast.If, ast.Try)) and not _for_types_only(node):
            yield from _imported([*node.body, *node.orelse])


def _bound(statement: ast.stmt) -> Iterator[str]:
    """Names that a top-level statement binds."""
    if isinstance(statement, (*_FUNCTIONS, ast.ClassDef)):
        yield statement.name
        return
    targets: list[ast.AST] = [statement]
    if isinstance(statement, ast.Assign):
        targets = [*statement.targets]
    elif isinstance(statement, (ast.AnnAssign, ast.AugAssign)):
        targets = [statement.target]
    for target in targets:
        for node in ast.walk(target):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                yield node.id


def _called_by_name(method: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Tell whether a method runs only where code names it, and is never called by a library or by syntax."""
    names = {one.attr if isinstance(one, ast.Attribute) else getattr(one, "id", "") for one in method.decorator_list}
    special = method.name.startswith("__") and method.name.endswith("__")
    return not special and names <= _PLAIN_DECORATORS


def _data_files(code: Path, text: str) -> set[Path]:
    """Data file beside the code that a string names, such as `simulator_profile.json`."""
    if text.startswith(".") or "/" in text or not Path(text).suffix or "\0" in text or len(text) > 100:
        return set()
    path = code.with_name(text)
    return {path} if path.suffix != ".py" and path.is_file() else set()


def _for_types_only(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def _top(module: str) -> str:
    return module.partition(".")[0]
