"""Finds what functions refer to: closures, defaults, and the constants, globals and modules that their code names."""

import dis
import re
import site
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

_LIBRARIES = (
    *map(sysconfig.get_path, ("purelib", "platlib", "stdlib")),
    f"{sys.prefix}/lib",
    site.getusersitepackages(),
    str(Path(__file__).parents[1]),
)
_READS_GLOBAL = ("LOAD_GLOBAL", "LOAD_NAME", "LOAD_CLASSDEREF")
DATE = re.compile(r"(?<!\d)\d{4}-?\d{2}-?\d{2}(?!\d)")
_MADE_BY_CODE = 1 << 9  # CPython's flag of types that are not built in


def function_parts(function: FunctionType) -> Iterator[tuple[str, Any]]:
    """Yield a function's closure, defaults, attributes and, unless a library defines it, what its code names."""
    code, called = function.__code__, function.__qualname__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=True):
        if cell != type(cell)():
            yield f"{name!r} of {called}", cell.cell_contents
    for default in (*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()):
        yield f"a default of {called}", default
    yield from ((f"{called}.{name}", part) for name, part in vars(function).items())
    if code.co_filename.startswith(_LIBRARIES):
        return
    texts = list(_text_in(code, function.__doc__))
    yield f"the dates in {called}", " ".join(found for text in texts for found in DATE.findall(text))
    yield from ((f"a text in {called}", text) for text in texts)
    names, loaded = _names_in(code), _globals_in(code)
    if "globals" in loaded:  # any of them may be meant
        loaded = [name for name in function.__globals__ if not name.startswith("__")]
    yield from ((f"the global {name!r}", function.__globals__.get(name)) for name in loaded)
    for module in _modules_named(function, loaded, texts):
        yield from ((f"the global {module.__name__}.{part}", getattr(module, part, None)) for part in names)


def _modules_named(function: FunctionType, loaded: list[str], texts: list[str]) -> list[ModuleType]:
    """List the modules of the user among the globals that code reads, the modules it imports, and those in its text."""
    steps = dis.get_instructions(function.__code__)
    imported = [step.argval for step in steps if step.opname == "IMPORT_NAME"]
    found = [*map(function.__globals__.get, loaded), *map(sys.modules.get, [*imported, *texts])]
    files = {module: getattr(module, "__file__", None) for module in found if isinstance(module, ModuleType)}
    return [module for module, file in files.items() if file is not None and not file.startswith(_LIBRARIES)]


def _globals_in(code: CodeType) -> list[str]:
    """List the globals that code, and the functions and comprehensions inside it, read; not attributes."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _globals_in(part)]
    read = [step.argval for step in dis.get_instructions(code) if step.opname in _READS_GLOBAL]
    return list(dict.fromkeys([*read, *inner]))


def _names_in(code: CodeType) -> list[str]:
    """List the names that code, and the functions and comprehensions inside it, look up."""
    inner = [name for part in code.co_consts if isinstance(part, CodeType) for name in _names_in(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def _text_in(code: CodeType, documentation: str | None) -> Iterator[str]:
    """Yield the text constants of code, and of the functions inside it, without their documentation."""
    waiting = list(code.co_consts)
    while waiting:
        constant = waiting.pop()
        if isinstance(constant, str) and constant != documentation:
            yield constant
        elif isinstance(constant, tuple | frozenset):
            waiting.extend(constant)
        elif isinstance(constant, CodeType):
            yield from _text_in(constant, None)


def library_file(file: str) -> bool:
    """Return whether a file belongs to the standard library, an installed package or statefolio."""
    return file.startswith(_LIBRARIES)


def is_from_library(code: type | FunctionType) -> bool:
    """Return whether a class or function comes from a library or from statefolio, and has not been changed."""
    if isinstance(code, FunctionType):
        file = code.__globals__.get("__file__")
        return code.__globals__.get("__name__") != "__main__" if file is None else file.startswith(_LIBRARIES)
    if not code.__flags__ & _MADE_BY_CODE:
        return True
    module = sys.modules.get(code.__module__)
    file = getattr(module, "__file__", None)
    if file is None:
        return code.__module__ != "__main__" and hasattr(module, code.__qualname__.split(".")[0])
    methods = (part for part in vars(code).values() if isinstance(part, FunctionType))
    return file.startswith(_LIBRARIES) and all(is_from_library(method) for method in methods)
