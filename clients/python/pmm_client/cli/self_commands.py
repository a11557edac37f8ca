"""A mind by itself: ``pmm identity``, ``traits``, ``metrics``, ``directives``, ``reflect``, ``explain`` …"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import typer

from pmm.mind.v1.events_pb2 import ReflectionStyle, Stage, Trait
from pmm.orchestrator.v1.orchestrator_pb2 import MetricsSample, Reflection
from pmm_client import pictures
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.drawing import Svg, write_svg
from pmm_client.cli.listing import Limit, first, say_more
from pmm_client.cli.options import AsOf, Json, MindOrMine, Once, Why, calls_server, read_seq_or_0
from pmm_client.jsonable import to_json
from pmm_client.names import short_name

_IDENTITY_WORDS = {
    "identity_adopted": "took the name",
    "identity_cleared": "gave its name up",
    "identity_proposed": "might go by",
    "user_identified": "learned your name",
}
_SPARKS = "▁▂▃▄▅▆▇█"
COURSE = 60
"""Samples in a line of a terminal."""
DRAWN_COURSE = 1_000
MAX_CONSEQUENCES = 20


def register(app: typer.Typer) -> None:
    """Add the commands that stand by themselves."""
    calls_server(app, "traits")(traits)
    calls_server(app, "metrics")(metrics)
    calls_server(app, "reflect")(reflect)
    calls_server(app, "reflections")(reflections)
    calls_server(app, "explain")(explain)


def register_identity(app: typer.Typer) -> None:
    """Add ``show``, ``adopt`` and ``clear``."""
    calls_server(app, "show")(show_identity)
    calls_server(app, "adopt")(adopt)
    calls_server(app, "clear")(clear)


def register_directives(app: typer.Typer) -> None:
    """Add ``list`` and ``retire``."""
    calls_server(app, "list")(list_directives)
    calls_server(app, "retire")(retire)


async def show_identity(
    connection: Connection, mind: MindOrMine = DEFAULT_MIND, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Show what a mind goes by, what it calls you, and how that came about.

    Example: pmm identity show --mind ada --as-of 120
    """
    async with connection.open() as client:
        now = (await client.mind(mind).show(as_of_seq=as_of)).identity
        history = await client.mind(mind).identity_history(as_of_seq=as_of)
    if as_json:
        output.json_line({"identity": to_json(now), "history": [to_json(change) for change in history]})
        return
    output.line(f"{mind} goes by {now.name} (#{now.adopted_seq})" if now.name else f"{mind} has no name")
    if now.proposed_name:
        take = f"pmm identity adopt {now.proposed_name} --mind {mind}"
        output.line(f"might go by {now.proposed_name} (#{now.proposed_seq}): {take}")
    if now.user_name:
        output.line(f"knows you as {now.user_name} (#{now.user_seq})")
    if not history:
        output.line('Give it one: say "Your name is Nova", or use: pmm identity adopt Nova --mind ' + mind)
        return
    made = output.table("seq", "when", "what", "name", "because of")
    for change in history:
        because = " ".join([*(f"#{seq}" for seq in change.evidence_seqs), change.why])
        what = _IDENTITY_WORDS.get(change.kind, change.kind)
        output.row(made, str(change.seq), output.date(change.recorded_at), what, change.name, because)
    output.console().print(made)


async def adopt(
    connection: Connection,
    name: Annotated[str, typer.Argument(metavar="NAME", help="The name.", show_default=False)],
    mind: MindOrMine = DEFAULT_MIND,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """Give a mind a name.

    Example: pmm identity adopt Nova --mind ada
    """
    async with connection.open() as client:
        identity = await client.mind(mind).adopt_name(name, why=why)
    if as_json:
        output.json_line(identity)
    else:
        output.line(f"{mind} goes by {identity.name} (#{identity.adopted_seq})")


async def clear(
    connection: Connection, mind: MindOrMine = DEFAULT_MIND, why: Why = "", as_json: Json = False
) -> None:
    """Take a mind's name away.

    Example: pmm identity clear --mind ada
    """
    async with connection.open() as client:
        identity = await client.mind(mind).clear_name(why=why)
    if as_json:
        output.json_line(identity)
    else:
        output.line(f"{mind} has no name")


async def traits(
    connection: Connection, mind: MindOrMine = DEFAULT_MIND, as_of: AsOf = None, as_json: Json = False
) -> None:
    """Show the five personality traits, from 0 to 1, and what moved them lately.

    Example: pmm traits --mind ada --as-of 120
    """
    async with connection.open() as client:
        answer = await client.mind(mind).traits(as_of_seq=as_of)
    if as_json:
        output.json_line(answer)
        return
    made = output.table("", "", "0 ────── 0.5 ────── 1")
    for one in answer.traits:
        output.row(made, short_name(Trait, one.trait).lower(), f"{one.value:.2f}", output.bar(one.value))
    output.console().print(made)
    if not answer.changes:
        output.line("Nothing has moved them yet: they are reviewed once a day on which something happened.")
    else:
        made = output.table("seq", "when", "trait", "by", "why")
        for change in answer.changes[:10]:
            name, moved = short_name(Trait, change.trait).lower(), f"{change.delta:+.3f}"
            because = " ".join([change.why, *(f"#{seq}" for seq in change.evidence_seqs)])
            output.row(made, str(change.seq), output.date(change.recorded_at), name, moved, because)
        output.console().print(made)


async def metrics(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    as_of: AsOf = None,
    svg: Svg = None,
    as_json: Json = False,
) -> None:
    """Show the autonomy scores of a mind, their course, and its stage; or draw the course.

    Example: pmm metrics --mind ada --svg scores.svg
    """
    async with connection.open() as client:
        samples = DRAWN_COURSE if svg else COURSE
        answer = await client.mind(mind).metrics(samples=samples, as_of_seq=as_of)
        stage = await client.mind(mind).stage(as_of_seq=as_of)
    if svg is not None:
        write_svg(svg, lambda: pictures.metrics_svg(answer.samples))
    if as_json:
        output.json_line({"metrics": to_json(answer), "stage": to_json(stage)})
        return
    if svg is not None:
        return
    made = output.table("", "", "", "")
    for label, name in (("IAS, identity", "ias"), ("GAS, growth", "gas")):
        value = getattr(answer.metrics, name)
        output.row(made, label, f"{value:.3f}", output.bar(value), _spark(answer.samples, name))
    output.console().print(made)
    needs = (
        f"; the next takes IAS {stage.next_ias:.2f} and GAS {stage.next_gas:.2f}" if stage.next_ias else ""
    )
    output.line(
        f"stage {short_name(Stage, stage.stage)} after {output.counted(answer.metrics.ticks, 'tick')}{needs}"
    )


def _spark(samples: Iterable[MetricsSample], name: str) -> str:
    values = [getattr(sample.metrics, name) for sample in samples]
    return "".join(_SPARKS[min(len(_SPARKS) - 1, int(value * len(_SPARKS)))] for value in values)


async def list_directives(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    retired: Annotated[bool, typer.Option("--retired", help="Also those that have ended.")] = False,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List standing instructions, those that were given most often first.

    Example: pmm directives list --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).directives(include_retired=retired, as_of_seq=as_of)
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line('There are none. Say for example: "From now on, answer in one sentence."')
        return
    made = output.table("id", "seq", "in prompts", "", "instruction")
    for one in found:
        ended = "ended" if one.retired else ""
        uses = "" if one.retired else f"{one.uses:,}"
        output.row(made, one.directive_id, str(one.adopted_seq), uses, ended, one.text)
    output.console().print(made)


async def retire(
    connection: Connection,
    directive_id: Annotated[
        str,
        typer.Argument(
            metavar="ID",
            show_default=False,
            help="As `list` shows it.",
            autocompletion=completion.directives,
        ),
    ],
    mind: MindOrMine = DEFAULT_MIND,
    why: Why = "",
    as_json: Json = False,
) -> None:
    """End a standing instruction.

    Example: pmm directives retire d-0a1b2c3d4e5f --mind ada
    """
    async with connection.open() as client:
        ended = await client.mind(mind).retire_directive(directive_id, why=why)
    if as_json:
        output.json_line(ended)
    else:
        output.line(f"no longer holds: {ended.text}")


async def reflect(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    style: Annotated[
        str,
        typer.Option(
            help="succinct, question, narrative, checklist or analytical; as the stage has it.",
            autocompletion=completion.words("succinct", "question", "narrative", "checklist", "analytical"),
        ),
    ] = "",
    once: Once = "",
    as_json: Json = False,
) -> None:
    """Make a mind think about itself now.

    Example: pmm reflect --mind ada --style checklist
    """
    try:
        wanted = ReflectionStyle.Value(f"REFLECTION_STYLE_{style.upper() or 'UNSPECIFIED'}")
    except ValueError:
        known = ", ".join(short_name(ReflectionStyle, one).lower() for one in ReflectionStyle.values() if one)
        raise CliError(f"--style {style!r} is none of {known}", exits.USAGE) from None
    async with connection.open() as client:
        made = await client.mind(mind).reflect(style=wanted, idempotency_key=once)
    if as_json:
        output.json_line(made)
    else:
        _print(made)


async def reflections(
    connection: Connection,
    mind: MindOrMine = DEFAULT_MIND,
    limit: Limit = 10,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List what a mind thought of itself, the latest first.

    Example: pmm reflections --mind ada --limit 3
    """
    async with connection.open() as client:
        found, has_more = await first(limit, client.mind(mind).reflections(as_of_seq=as_of))
    if as_json:
        output.json_line([to_json(one) for one in found])
        return
    if not found:
        output.line(f"Nothing yet. It reflects after some turns, or with: pmm reflect --mind {mind}")
    for one in found:
        _print(one)
    say_more(has_more)


def _print(one: Reflection) -> None:
    style = short_name(ReflectionStyle, one.style).lower()
    output.line(
        f"#{one.seq}  {output.date(one.recorded_at)}  {style}, {one.trigger}, novelty {one.novelty:.2f}"
    )
    for each in one.text.splitlines():
        output.line(f"  {each}")


async def explain(
    connection: Connection,
    seq: Annotated[
        int,
        typer.Argument(
            parser=read_seq_or_0, metavar="SEQ", help="The answer's event; the last one.", show_default=False
        ),
    ] = 0,
    mind: MindOrMine = DEFAULT_MIND,
    as_json: Json = False,
) -> None:
    """Say what an answer was made from: memories with their sources, recent turns, promises and instructions.

    Example: pmm explain 42 --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).explain(seq)
    if as_json:
        output.json_line(found)
        return
    answer = found.answer
    output.line(f"#{found.question.seq}  {output.event_text(found.question)}")
    if answer.kind == "turn_failed":
        output.line(f"#{answer.seq}  {output.no_answer(answer)}")
    else:
        output.line(f"#{answer.seq}  {output.event_text(answer)}")
        if not answer.redacted:
            output.line(output.made_by(answer))
        output.why(found)
    for event in found.consequences[:MAX_CONSEQUENCES]:
        output.line(f"led to #{event.seq} {event.kind}")
    if more := len(found.consequences[MAX_CONSEQUENCES:]) + found.consequences_left_out:
        output.line(f"… and to {more:,} more")
