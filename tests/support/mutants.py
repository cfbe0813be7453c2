"""Small faults planted in a package, mostly `registry.consent`, one at a time, to see whether anything notices.

A mutant is the source of one module with one place changed. It is tried in a process of its own, forked, in which
the package is read again with that source; so no file is touched, and the process that asks stays as it was. What
decides nothing is left alone: annotations, decorators, texts, and how a value is printed.
"""

from __future__ import annotations

import ast
import importlib
import importlib.abc
import importlib.util
import multiprocessing
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

ROOT = Path(__file__).parents[2]
CONSENT = ROOT / "registry" / "consent"
# What decides: not the writing of consents, not the form of questions, and not redaction, which has its own proofs.
MODULES = (
    *("agreement", "decision", "dialect", "elements", "emergency", "frame", "gates", "hearing", "matching"),
    *("period", "provisions", "readings", "request", "standing", "walking"),
)


Witnesses = Mapping[str, Callable[[], bool]]
"""What may notice a fault, by name, the cheap first: each says whether the package is not as it must be."""

HANGS, UNREADABLE = "it hangs", "it cannot be imported"


@dataclass(frozen=True)
class Mutant:
    """One fault: where it is, what stood there and what stands there now, and the whole source with it."""

    module: str
    line: int
    within: str  # the function or class
    was: str
    now: str
    source: str
    package: str = "registry.consent"

    @property
    def name(self) -> str:
        """Who it is, also when lines above it come and go."""
        return f"{self.module}.{self.within}: {self.was} -> {self.now}"


def every() -> list[Mutant]:
    """All mutants of the modules, in the order of the source; no two have one name."""
    found = [_mutant(module, at, change) for module in MODULES for at, change in _places(module)]
    met = Counter[str]()
    for place, each in enumerate(found):
        met[each.name] += 1
        if met[each.name] > 1:
            found[place] = replace(each, now=f"{each.now} ({met[each.name]})")
    return found


def _places(module: str) -> Iterator[tuple[int, int]]:
    """Every node of the syntax tree that can be changed, by number, and every way to change it."""
    tree = _tree(module)
    decorations = {
        id(each) for node in ast.walk(tree) for one in getattr(node, "decorator_list", ()) for each in ast.walk(one)
    }
    # How a value is printed decides nothing.
    printed = [each.value for each in ast.walk(tree) if isinstance(each, ast.keyword) and each.arg == "repr"]
    decorations |= {id(each) for each in printed}
    for number, node in enumerate(ast.walk(tree)):
        if not _is_annotation(node) and id(node) not in decorations:
            yield from ((number, change) for change in range(len(_changes(node))))


def _mutant(module: str, at: int, change: int) -> Mutant:
    tree = _tree(module)
    node = list(ast.walk(tree))[at]
    was, line = ast.unparse(node), getattr(node, "lineno", 0)
    within = _within(tree, line)
    changed = _changes(node)[change](node)
    _replace(tree, node, changed)
    source = ast.unparse(ast.fix_missing_locations(tree))
    return Mutant(module, line, within, _short(was), f"[{change}] {_short(ast.unparse(changed))}", source)


def _within(tree: ast.Module, line: int) -> str:
    """The functions and classes around a line, outermost first."""
    around = [
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.FunctionDef | ast.ClassDef) and each.lineno <= line <= (each.end_lineno or 0)
    ]
    return ".".join(each.name for each in sorted(around, key=lambda each: each.lineno)) or "module"


def _tree(module: str) -> ast.Module:
    return ast.parse((CONSENT / f"{module}.py").read_text(encoding="utf-8"))


def planted(module: str, was: str, now: str, package: str = "registry.consent") -> Mutant:
    """A mutant by hand: a text that stands in the module once, and what stands there instead."""
    source = ROOT.joinpath(*package.split("."), f"{module}.py").read_text(encoding="utf-8")
    assert source.count(was) == 1, f"{module} does not say this once: {was}"
    line = source[: source.index(was)].count("\n") + 1
    within = _within(ast.parse(source), line)
    return Mutant(module, line, within, _short(was), _short(now), source.replace(was, now), package)


def survives(mutant: Mutant, notices: Callable[[], bool], *, seconds: float = 120) -> bool:
    """Whether this one witness does not notice the mutant."""
    return noticed_by(mutant, {"it": notices}, seconds=seconds) is None


def noticed_by(mutant: Mutant, witnesses: Witnesses, *, seconds: float = 120) -> str | None:
    """The first witness that notices the mutant; None when none does. A mutant that hangs for so long is noticed."""
    context = multiprocessing.get_context("fork")
    process = context.Process(target=_tried, args=(mutant, witnesses))
    process.start()
    process.join(seconds)
    if process.is_alive():
        process.kill()
        process.join()
        return HANGS
    return (None, UNREADABLE, *witnesses)[process.exitcode or 0]


def _tried(mutant: Mutant, witnesses: Witnesses) -> None:
    code = _first(mutant, witnesses)
    # Nothing of the process that asks may be cleaned up here.
    sys.stdout.flush()
    os._exit(code)


def _first(mutant: Mutant, witnesses: Witnesses) -> int:
    """The place of the first witness that notices, counted from two; 0 when none does."""
    place = 1
    try:
        _install(mutant)
        for place, notices in enumerate(witnesses.values(), 2):
            if notices():
                return place
    except BaseException:  # a witness that falls over has noticed
        return place
    return 0


def _install(mutant: Mutant) -> None:
    """Forget what was imported of the package and of whoever imports it, and read it anew."""
    sys.meta_path.insert(0, _Finder(mutant))
    about = (mutant.package, "registry.library", "registry.flows", "registry.cli", "registry.api")
    for name in [each for each in sys.modules if each.startswith((*about, "tests."))]:
        if name != __name__:
            del sys.modules[name]
    for module in MODULES if mutant.package == "registry.consent" else (mutant.module,):
        importlib.import_module(f"{mutant.package}.{module}")


class _Finder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, fullname: str, *_: Any) -> Any:
        if fullname != f"{self._mutant.package}.{self._mutant.module}":
            return None
        return importlib.util.spec_from_loader(fullname, self)

    def exec_module(self, module: ModuleType) -> None:
        exec(compile(self._mutant.source, f"<{self._mutant.name}>", "exec"), module.__dict__)  # noqa: S102


# --- the changes ----------------------------------------------------------------------------------

_COMPARED: dict[type[ast.cmpop], Sequence[type[ast.cmpop]]] = {
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE,),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
_CALLED = {"any": "all", "all": "any", "max": "min", "min": "max"}


def _changes(node: ast.AST) -> list[Callable[[Any], ast.AST]]:
    """What can be done to one node of a syntax tree."""
    if isinstance(node, ast.Compare):
        return [_compared(at, other) for at, op in enumerate(node.ops) for other in _COMPARED.get(type(op), ())]
    if isinstance(node, ast.BoolOp):
        return [_other_word, *(_without(at) for at in range(len(node.values)))]
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [lambda held: held.operand]
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        return [lambda held: ast.Constant(not held.value)]
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return [lambda held: ast.Constant(held.value + 1)]
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _CALLED:
        return [_called]
    if isinstance(node, ast.IfExp):
        return [lambda held: held.body, lambda held: held.orelse]
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub | ast.BitOr | ast.BitAnd):
        return [lambda held: held.left]
    if isinstance(node, ast.If):
        return [lambda held: _if(held, value=False), lambda held: _if(held, value=True)]
    return []


def _compared(at: int, other: type[ast.cmpop]) -> Callable[[ast.Compare], ast.AST]:
    def changed(held: ast.Compare) -> ast.AST:
        held.ops[at] = other()
        return held

    return changed


def _other_word(held: ast.BoolOp) -> ast.AST:
    held.op = ast.Or() if isinstance(held.op, ast.And) else ast.And()
    return held


def _without(at: int) -> Callable[[ast.BoolOp], ast.AST]:
    def changed(held: ast.BoolOp) -> ast.AST:
        kept = [each for number, each in enumerate(held.values) if number != at]
        return kept[0] if len(kept) == 1 else ast.BoolOp(held.op, kept)

    return changed


def _called(held: Any) -> ast.AST:
    held.func.id = _CALLED[held.func.id]
    return held


def _if(held: ast.If, *, value: bool) -> ast.AST:
    held.test = ast.Constant(value)
    return held


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    if old is new:
        return
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
                return
            if isinstance(value, list) and any(each is old for each in value):
                setattr(parent, name, [new if each is old else each for each in value])
                return


def _is_annotation(node: ast.AST) -> bool:
    """`int | None` of a type, and what a dataclass is made with, are no decisions."""
    words = ast.unparse(node) if isinstance(node, ast.BinOp | ast.Constant) else ""
    return " | None" in words or words in ("frozenset[str] | None", "Agreement | Refused")


def _short(text: str) -> str:
    return " ".join(text.split())[:90]
