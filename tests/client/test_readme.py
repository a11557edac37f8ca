"""The examples of the client's README, as they stand there, against the services."""

from __future__ import annotations

import ast
import asyncio
import inspect
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pmm_client.sync
from tests.support.contracts import ROOT
from tests.support.stack import Stack

README = ROOT / "clients" / "python" / "README.md"
EXAMPLES = re.findall(r"```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("readme") / "data") as running:
        # The first example makes it; the others may run without that one.
        with pmm_client.sync.connect(running.target) as client:
            client.mind("ada").create(exist_ok=True)
        yield running


def test_there_are_examples() -> None:
    assert len(EXAMPLES) >= 6


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_the_example_runs(stack: Stack, number: int, capsys: pytest.CaptureFixture[str]) -> None:
    here = (
        EXAMPLES[number]
        .replace("127.0.0.1:50050", stack.target)
        .replace("connect()", f'connect("{stack.target}")')
    )
    names: dict[str, Any] = {}
    # In the order of the page: a later example may use what an earlier one imports.
    exec("import pmm_client", names)

    code = compile(here, f"README.md, example {number + 1}", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    async def run() -> None:
        result = eval(code, names)
        if inspect.isawaitable(result):
            await result

    if code.co_flags & inspect.CO_COROUTINE:
        asyncio.run(run())
    else:
        eval(code, names)
    assert "Traceback" not in capsys.readouterr().err


def test_the_commands_in_the_readme_are_there() -> None:
    from tests.client.test_cli_words import COMMANDS

    block = re.search(r"```\n(pmm .*?)```", README.read_text("utf-8"), re.DOTALL)
    assert block
    named: set[str] = set()
    groups = {name.split()[0] for name in COMMANDS if " " in name}
    for line in block[1].splitlines():
        words = line.split("  ")[0].removeprefix("pmm ").replace(" · ", "|")
        group, _, rest = words.partition(" ")
        if group in groups:
            named |= {f"{group} {sub}" for sub in rest.split()[0].split("|")}
        else:
            named |= set(group.split("|"))

    assert named == set(COMMANDS)


def test_the_readme_of_the_project_shows_what_the_client_does() -> None:
    project = Path(ROOT / "README.md").read_text("utf-8")

    for example in re.findall(r"```python\n(.*?)```", project, re.DOTALL):
        compile(example, "README.md", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
