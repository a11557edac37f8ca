"""Whose minds are whose: each owner has a default mind of their own, and sees nobody else's."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value
from typer.testing import CliRunner

import pmm_client
from pmm.ledger.v1.ledger_pb2 import NewEvent
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1.orchestrator_pb2 import ListMindsRequest
from pmm_client import moving, sync
from pmm_client.cli import exits
from pmm_client.cli.app import app
from tests.support.serving import serving
from tests.support.stack import Stack

ANA, BEN, CAT = "ana-token-0123456789", "ben-token-0123456789", "cat-token-0123456789"
ALL = '["mind.*", "memory.*", "ledger.*"]'
TOKENS = "".join(
    f'[[token]]\nowner = "{owner}"\ntoken = "{token}"\nminds = {json.dumps(minds)}\nscopes = {ALL}\n'
    for owner, token, minds in (
        ("ana", ANA, ["ana*", "both*"]),
        ("ben", BEN, ["ben*", "both*", "me"]),
        ("cat", CAT, ["cat*"]),
    )
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("owners")
    (folder / "tokens.toml").write_text(TOKENS)
    for name, token in (("ana", ANA), ("ben", BEN), ("cat", CAT)):
        (folder / name).write_text(token)
    with Stack(folder / "data", env={"PMM_SERVER__TOKENS_FILE": str(folder / "tokens.toml")}) as running:
        yield running


@pytest.fixture(scope="module")
def minds(stack: Stack) -> None:
    """Ana's and Ben's, one that both may see among them; each made their first one first."""
    for token, names in ((ANA, ("ana-b", "ana-a", "both-ana")), (BEN, ("ben", "ben-2"))):
        with sync.connect(stack.target, token=token) as client:
            for name in names:
                client.mind(name).create()


async def default(stack: Stack, token: str) -> str:
    async with pmm_client.connect(stack.target, token=token) as client:
        return (await client.default_mind()).mind_id


@pytest.mark.usefixtures("minds")
async def test_the_first_mind_is_the_default_until_another_one_is_marked(stack: Stack) -> None:
    assert (await default(stack, ANA), await default(stack, BEN)) == ("ana-b", "ben")

    async with pmm_client.connect(stack.target, token=ANA) as client:
        seq = await client.mind("ana-a").make_default(why="it is the one I use")
        assert (await client.default_mind()).mind_id == "ana-a"
        event = await client.mind("ana-a").event(seq)
        assert (event.kind, event.body.policy_changed.why) == ("policy_changed", "it is the one I use")
        assert await client.mind("ana-a").make_default() == 0
        assert await client.mind("ana-b").make_default() > 0
        assert (await client.default_mind()).mind_id == "ana-b"


@pytest.mark.usefixtures("minds")
async def test_neither_owner_sees_or_moves_the_others_default(stack: Stack) -> None:
    before = await default(stack, ANA)
    async with pmm_client.connect(stack.target, token=BEN) as client:
        await client.mind("both-ana").make_default()
        listed = {mind.mind_id: (mind.owner, mind.is_default) async for mind in client.minds()}
        assert listed == {"ben": ("ben", False), "ben-2": ("ben", False), "both-ana": ("ana", True)}
        assert [mind.mind_id async for mind in client.minds(owner="ben")] == ["ben", "ben-2"]
        assert [mind.mind_id async for mind in client.minds(owner="ana")] == ["both-ana"]
        with pytest.raises(pmm_client.PermissionDenied):
            await client.mind(before).make_default()

    assert await default(stack, ANA) == before
    async with pmm_client.connect(stack.target, token=ANA) as client:
        assert [mind.mind_id async for mind in client.minds() if mind.is_default] == [before]


@pytest.mark.usefixtures("minds")
async def test_an_event_that_speaks_for_another_owner_is_refused(stack: Stack) -> None:
    marked = mind.PolicyChanged(key="default_of.ana", value=Value(bool_value=True))
    before = await default(stack, ANA)
    async with pmm_client.connect(stack.target, token=BEN) as client:
        for mind_id, body in (
            ("both-ana", mind.Body(policy_changed=marked)),
            ("ben-3", mind.Body(mind_created=mind.MindCreated(owner="ana"))),
        ):
            with pytest.raises(pmm_client.PermissionDenied, match="speak for nobody else"):
                await client.mind(mind_id).append([NewEvent(body=body)])

    assert await default(stack, ANA) == before


async def test_whoever_has_no_mind_is_told_so(stack: Stack) -> None:
    with pytest.raises(pmm_client.NoDefaultMind):
        await default(stack, CAT)


async def test_a_page_of_an_owners_minds_goes_on_where_the_last_one_ended(stack: Stack) -> None:
    async with pmm_client.connect(stack.target, token=ANA) as client:
        names = [f"ana-page-{number}" for number in range(5)]
        for name in names:
            await client.mind(name).create()
        found, token = list[str](), ""
        while True:
            request = ListMindsRequest(owner="ana", prefix="ana-page", page_size=2, page_token=token)
            page = await client.orchestrator.list_minds(request)
            found += [mind.mind_id for mind in page.minds]
            if not (token := page.next_page_token):
                break

    assert found == names


async def test_a_default_that_is_deleted_or_copied_gives_way_to_the_right_one(
    stack: Stack, tmp_path: Path
) -> None:
    async with pmm_client.connect(stack.target, token=CAT) as client:
        for name in ("cat", "cat-2"):
            await client.mind(name).create()
        await client.mind("cat-2").make_default()
        await moving.copy(client, "cat-2", "cat-3")
        # The copy has the origin's mark among its events, and is nobody's choice.
        assert (await client.default_mind()).mind_id == "cat-2"
        # The table of owners is read behind the ledger: what is made next is seen once the deletion is.
        await client.mind("cat-2").delete()
        await client.mind("cat-4").create()
        assert (await client.default_mind()).mind_id == "cat"
        assert [mind.mind_id async for mind in client.minds(owner="cat")] == ["cat", "cat-3", "cat-4"]


async def test_the_table_is_rebuilt_from_the_ledger(tmp_path: Path) -> None:
    services = ("ledger", "inference", "memory", "orchestrator")
    async with serving(tmp_path, *services) as served, pmm_client.connect(served.target) as client:
        for name in ("first", "second"):
            await client.mind(name).create()
        await client.mind("second").make_default()
    shutil.rmtree(tmp_path / "orchestrator" / "owners")

    async with serving(tmp_path, *services) as served, pmm_client.connect(served.target) as client:
        # Made now, and so seen once everything before it is.
        await client.mind("third").create()
        assert (await client.default_mind()).mind_id == "second"
        owners = {mind.mind_id: mind.owner async for mind in client.minds()}
        assert owners == dict.fromkeys(["first", "second", "third"], "local")


@pytest.fixture
def pmm(stack: Stack) -> Callable[..., Any]:
    def run(who: str, *arguments: str, code: int = 0, env: dict[str, str] | None = None) -> str:
        token = str(stack.data.parent / who)
        done = CliRunner().invoke(
            app,
            [*arguments, "--target", stack.target, "--token-file", token],
            env=env,
            catch_exceptions=False,
        )
        assert done.exit_code == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    return run


@pytest.mark.usefixtures("minds")
def test_commands_mean_the_default_mind_where_none_is_named(pmm: Callable[..., str]) -> None:
    pmm("ben", "mind", "default", "ben-2")

    assert json.loads(pmm("ben", "chat", "-m", "good morning", "--json"))["mind_id"] == "ben-2"
    assert json.loads(pmm("ben", "chat", "-m", "hi", "--json", env={"PMM_MIND": "ben"}))["mind_id"] == "ben"
    assert json.loads(pmm("ben", "chat", "--mind", "ben", "-m", "hi", "--json"))["mind_id"] == "ben"
    assert json.loads(pmm("ben", "mind", "default", "--json")) == {"mind_id": "ben-2"}
    assert "your default" in pmm("ben", "mind", "list")
    assert "not cover" in pmm("ben", "mind", "default", "ana-a", code=exits.NOT_ALLOWED)


@pytest.mark.usefixtures("minds")
def test_what_is_asked_of_all_minds_stays_so_and_what_cannot_be_taken_back_wants_a_name(
    pmm: Callable[..., str],
) -> None:
    pmm("ben", "memory", "add", "Ben likes tea")
    pmm("ben", "mind", "default", "ben")

    # Of all minds, which this token may not ask about.
    assert "all minds" in pmm("ben", "memory", "stats", code=exits.NOT_ALLOWED)
    assert json.loads(pmm("ben", "memory", "stats", "--mind", "ben-2", "--json"))["index_seq"] > 0
    assert json.loads(pmm("ben", "ledger", "read", "--limit", "1", "--json"))["mind_id"] == "ben"
    assert "--mind" in pmm("ben", "ledger", "redact", "1", "--yes", code=exits.USAGE)
    assert "--mind" in pmm("ben", "mind", "forget", "1", "--yes", code=exits.USAGE)
