"""The public names: listed, documented, importable, and the exceptions form the tree that the docstring draws."""

from __future__ import annotations

import inspect
import re

import tickwright


def drawn() -> dict[str, str]:
    """Child to parent of the exception tree as the module's docstring draws it."""
    tree: dict[str, str] = {}
    above: list[str] = []
    block = (tickwright.__doc__ or "").split("```")[1]
    for line in block.strip().splitlines():
        found = re.match(r"([│├└─ ]*)(\w+)", line)
        assert found is not None
        depth = len(found[1]) // 4
        above[depth:] = [found[2]]
        if depth:
            tree[found[2]] = above[depth - 1]
    return tree


def test_all_is_sorted_complete_and_true() -> None:
    assert tickwright.__all__ == sorted(tickwright.__all__)
    assert len(set(tickwright.__all__)) == len(tickwright.__all__)
    public = {
        name for name, value in vars(tickwright).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public == set(tickwright.__all__) - {"__version__"}


def test_every_public_name_says_what_it_is() -> None:
    silent = [name for name in tickwright.__all__ if name != "__version__" and not getattr(tickwright, name).__doc__]
    assert silent == []


def test_the_exceptions_are_the_tree_that_is_drawn() -> None:
    tree = drawn()
    exceptions = {name for name in tickwright.__all__ if name.endswith("Error")}
    assert set(tree) | {"TickwrightError"} == exceptions
    for child, parent in tree.items():
        assert issubclass(getattr(tickwright, child), getattr(tickwright, parent)), child
