"""Loads the classes that a study file names: "module:Class", or an entry point of an installed package.

Naming a class runs its module. Reading and checking a study file never does: only building the study loads code.
"""

import ast
import difflib
import hashlib
import importlib
import importlib.util
import inspect
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import packages_distributions, version
from pathlib import Path
from types import ModuleType
from typing import Any

from statefolio._arrays.text import listed
from statefolio._plug_ins import called, load_plug_in, version_of
from statefolio.backtest.searched_code import library_file
from statefolio.exceptions import InputError, PlugInError, UnknownNameError

_SOURCES: dict[str, str] = {}
"""The hash of each own module when it was imported."""


@dataclass(frozen=True)
class OwnCode:
    """A class or function that a study file names.

    Attributes
    ----------
    made : object
        The class or function.
    who : str
        The field and the class, for messages.
    identity : str
        Version of its package, or a hash of its source: a change of either is another trial.
    place : str
        The file or the package that it comes from.
    """

    made: Any
    who: str
    identity: str
    place: str


def load_own(group: str, name: str, folder: Path, field: str) -> OwnCode:
    """Import what a field names.

    Parameters
    ----------
    group
        The group of entry points in which a name without a colon is looked up.
    name
        "module:Class" (the module is looked up in the study's folder too), or the name of an entry point.
    folder
        The folder of the study file.
    field
        For messages.

    Raises
    ------
    UnknownNameError
        If there is no such entry point, module or class; the message suggests the nearest.
    PlugInError
        If importing it fails.
    """
    if ":" not in name:
        loaded = load_plug_in(group, name, field)
        package = version_of(group, name)
        return OwnCode(loaded, f"{field}: the plug-in {name!r} of {package}", package, package)
    module_name, _, attribute = name.partition(":")
    module = _imported(module_name.strip(), folder, field)
    made: Any = module
    for part in attribute.strip().split("."):
        if not hasattr(made, part):
            offered = sorted(
                each
                for each, found in vars(made).items()
                if callable(found) and not each.startswith("_") and getattr(found, "__module__", "") == module.__name__
            )
            raise UnknownNameError(
                f"{field} must name a class of {module_name} ({listed(offered) or 'none'}), got {part!r}."
                f"{_meant(part, offered)}"
            )
        made = getattr(made, part)
    if not callable(made):
        raise InputError(f"{field} must name a class or a function, got {name!r}, a {type(made).__name__}. Correct it.")
    place = str(getattr(module, "__file__", None) or module_name)
    return OwnCode(made, f"{field}: {name}", _identity(module), place)


def make_own(code: OwnCode, options: Mapping[str, Any], methods: tuple[str, ...]) -> Any:
    """Call a class with options, and check that what it makes has the methods that are needed.

    Raises
    ------
    UnknownNameError
        If an option is not an argument of the class; the message suggests the nearest.
    PlugInError
        If the class raises an error, or what it makes lacks a method.
    """
    known = _options_of(code.made)
    unknown = [] if known is None else [option for option in options if option not in known]
    if known is not None and unknown:
        raise UnknownNameError(
            f"{code.who} must get options that it takes ({listed(known) or 'none'}), got {unknown[0]!r}."
            f"{_meant(unknown[0], known)}"
        )
    made = called(code.made, (), dict(options), code.who, f"accept the options {dict(options)}")
    lacking = [method for method in methods if not callable(getattr(made, method, None))]
    if lacking:
        raise PlugInError(
            f"{code.who} must have a method {lacking[0]}, got {type(made).__name__}. Add the method, or name another "
            "class."
        )
    return made


def _options_of(made: Any) -> list[str] | None:
    """Return the names of the options that a class takes; None where it takes any, or does not say."""
    try:
        taken = inspect.signature(made).parameters
    except (TypeError, ValueError):
        return None
    return None if any(each.kind is inspect.Parameter.VAR_KEYWORD for each in taken.values()) else list(taken)


def _imported(name: str, folder: Path, field: str) -> ModuleType:
    """Import a module of the study's folder or of an installed package; a changed file is imported anew."""
    if not all(part.isidentifier() for part in name.split(".")):
        raise InputError(f"{field} must be module:Class, got the module {name!r}. Write e.g. my_policies:Trend.")
    here = str(folder.absolute())
    if here not in sys.path:
        sys.path.append(here)  # last, so that no file of the folder replaces a library; new processes look there too
    importlib.invalidate_caches()
    top = name.split(".")[0]
    _forget_changed()
    beside = [path for path in (folder / f"{top}.py", folder / top) if path.exists()]
    try:
        if importlib.util.find_spec(top) is None:
            raise UnknownNameError(_no_module(name, folder, field))
        module = importlib.import_module(name)
    except ModuleNotFoundError as error:
        if error.name is not None and (name == error.name or name.startswith(f"{error.name}.")):
            raise UnknownNameError(_no_module(name, folder, field)) from error
        raise _broken(name, field, error) from error
    except UnknownNameError:
        raise
    except Exception as error:
        raise _broken(name, field, error) from error
    origin = getattr(module, "__file__", None)
    if beside and origin is not None and not Path(origin).resolve().is_relative_to(folder.resolve()):
        raise InputError(
            f"{field} names {beside[0]}, but Python finds another module {name!r} first, {origin}. Rename the file."
        )
    _SOURCES.update({each.__name__: _hash(each) for each in _own_modules(module)})
    return module


def _broken(name: str, field: str, error: Exception) -> PlugInError:
    reason = f"{type(error).__name__}: {error}".splitlines()[0][:300]
    return PlugInError(f"{field}: the module {name!r} must be imported, got {reason}. Correct it.")


def _no_module(name: str, folder: Path, field: str) -> str:
    near = [path.stem for path in folder.glob("*.py")]
    return (
        f"{field} must name a module of the study's folder or of an installed package, got {name!r}."
        f"{_meant(name, near) or f' Put {name.split(chr(46))[0]}.py into {folder}.'}"
    )


def _forget_changed() -> None:
    """Forget all own modules if one of their files changed since its import, so that they are imported anew."""
    if any(name in sys.modules and _hash(sys.modules[name]) != known for name, known in _SOURCES.items()):
        for name in _SOURCES:
            sys.modules.pop(name, None)


def _identity(module: ModuleType) -> str:
    """Return the versions of the packages, or a hash of all own modules that a module reaches, without their names."""
    own = _own_modules(module)
    if own:
        text = " ".join(sorted(_hash(each) for each in own))
        return f"source {hashlib.sha256(text.encode()).hexdigest()[:16]}"
    top = module.__name__.split(".")[0]
    found = packages_distributions().get(top, [])
    return ", ".join(f"{each} {version(each)}" for each in found) or top


def _own_modules(module: ModuleType) -> list[ModuleType]:
    """Return the modules that belong to no installed package and that a module refers to, itself included."""
    found: dict[str, ModuleType] = {}
    waiting = [module]
    while waiting:
        each = waiting.pop()
        file = getattr(each, "__file__", None)
        if each.__name__ in found or file is None or library_file(file):
            continue
        found[each.__name__] = each
        for part in vars(each).values():
            home = getattr(part, "__module__", None)
            other = part if isinstance(part, ModuleType) else sys.modules.get(home) if isinstance(home, str) else None
            if other is not None:
                waiting.append(other)
    return list(found.values())


def _hash(module: ModuleType) -> str:
    """Return a hash of what a module's source does: comments, blank lines and documentation do not count."""
    try:
        source = Path(str(module.__file__)).read_bytes()
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return "unknown"
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and node.body:
            first = node.body[0]
            if (
                isinstance(first, ast.Expr)
                and isinstance(first.value, ast.Constant)
                and isinstance(first.value.value, str)
            ):
                node.body = node.body[1:]
    return hashlib.sha256(ast.dump(tree).encode()).hexdigest()


def _meant(given: str, known: list[str]) -> str:
    near = difflib.get_close_matches(given, known, n=1, cutoff=0.5)
    return f" Did you mean {near[0]}?" if near else ""
