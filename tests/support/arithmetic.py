"""What is written twice, compiled and in numpy, for tests that both must pass."""

from __future__ import annotations

import importlib
from types import ModuleType

import pytest


def compiled_of(name: str) -> ModuleType | None:
    """A compiled module; None where it is not."""
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def needs(module: ModuleType | None) -> pytest.MarkDecorator:
    """Skips a test, loudly, where a module is not compiled."""
    reason = "NOT TESTED: not compiled; have a C compiler and Python's headers, and `make clean setup`"
    return pytest.mark.skipif(module is None, reason=reason)


def compiled_and_plain(argument: str, name: str, plain: ModuleType) -> pytest.MarkDecorator:
    """Runs a test with the compiled module, and with the plain one."""
    compiled = compiled_of(name)
    both = [pytest.param(compiled, marks=needs(compiled)), plain]
    return pytest.mark.parametrize(argument, both, ids=["compiled", "plain"])
