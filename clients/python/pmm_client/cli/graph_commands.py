"""``pmm mind graph``, ``neighbors`` and ``path``: how the things in a mind came of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import typer

from pmm.orchestrator.v1.orchestrator_pb2 import FindPathResponse, GraphEdge, GraphNode
from pmm_client import pictures
from pmm_client.cli import completion, exits, output
from pmm_client.cli.completion import DEFAULT_MIND
from pmm_client.cli.connection import CliError, Connection
from pmm_client.cli.drawing import Svg, write_svg
from pmm_client.cli.options import AsOf, Json, MindOrMine, calls_server

NODE_HELP = "A node: event:12, entity:ana, commitment:c-…, memory:m-…, identity:7 or session:…"


def _node(metavar: str, text: str = NODE_HELP) -> Any:
    return typer.Argument(metavar=metavar, help=text, show_default=False, autocompletion=completion.nodes)


SHOWN = (
    "replies_to",
    "mentions",
    "derived_from",
    "evidence_for",
    "opens",
    "closes",
    "reflects_on",
    "adopts",
    "supersedes",
)
"""All but ``recalled_in``: what stood in a prompt beside other things ties everything to everything."""
Types = Annotated[
    list[str] | None,
    typer.Option(
        "--type",
        metavar="TYPE",
        help="Only along these edges: mentions, opens, recalled_in …; may be repeated.",
        autocompletion=completion.words(*SHOWN, "recalled_in"),
    ),
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    calls_server(app, "graph")(graph)
    calls_server(app, "neighbors")(neighbors)
    calls_server(app, "path")(path)


async def graph(
    connection: Connection,
    node: Annotated[str, _node("NODE", f"{NODE_HELP}; else the last message.")] = "",
    mind: MindOrMine = DEFAULT_MIND,
    depth: Annotated[int, typer.Option(min=1, max=12, help="So many edges away.")] = 2,
    limit: Annotated[int, typer.Option(min=1, max=1_000, help="At most so many nodes.")] = 40,
    types: Types = None,
    as_of: AsOf = None,
    svg: Svg = None,
    as_json: Json = False,
) -> None:
    """Show what hangs together around a node of a mind, or draw it.

    What only stood in the prompt of an answer is shown with --type recalled_in.

    Example: pmm mind graph entity:porto --mind ada --depth 3 --svg ada.svg
    """
    async with connection.open() as client:
        found = await client.mind(mind).subgraph(
            node, depth=depth, limit=limit, types=types or SHOWN, as_of_seq=as_of
        )
    if svg is not None:
        write_svg(svg, lambda: pictures.graph_svg(found.nodes, found.edges))
    if as_json:
        output.json_line(found)
    elif not found.nodes:
        output.line(f"There is nothing in {mind} yet. Talk to it with: pmm chat --mind {mind}")
    elif svg is None:
        _print(found.nodes, found.edges)


async def neighbors(
    connection: Connection,
    node: Annotated[str, _node("NODE")],
    mind: MindOrMine = DEFAULT_MIND,
    types: Types = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """List what a node of a mind is connected with.

    Example: pmm mind neighbors entity:porto --mind ada --type mentions
    """
    async with connection.open() as client:
        found = await client.mind(mind).neighbors(node, types=types or (), as_of_seq=as_of)
    if as_json:
        output.json_line(found)
    else:
        _print(found.nodes, found.edges)


async def path(
    connection: Connection,
    start: Annotated[str, _node("FROM")],
    end: Annotated[str, _node("TO")],
    mind: MindOrMine = DEFAULT_MIND,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Show a shortest way from one node of a mind to another. Ends with 1 where there is none.

    Example: pmm mind path commitment:c-0f3a entity:porto --mind ada
    """
    async with connection.open() as client:
        found = await client.mind(mind).path(start, end, as_of_seq=as_of)
    if as_json:
        output.json_line(found)
    elif found.nodes:
        _print_path(found)
    if not found.nodes:
        raise CliError(f"No way of at most 12 edges leads from {start} to {end}.", exits.FAILED)


def _print(nodes: Sequence[GraphNode], edges: Sequence[GraphEdge]) -> None:
    made = output.table("node", "type", "label")
    for node in nodes:
        output.row(made, node.node_id, node.type, _label(node))
    output.console().print(made)
    for edge in edges:
        output.line(f"  {edge.from_node_id} {edge.type} {edge.to_node_id}")


def _print_path(found: FindPathResponse) -> None:
    output.line(f"{found.nodes[0].node_id}  {_label(found.nodes[0])}")
    for before, edge, node in zip(found.nodes, found.edges, found.nodes[1:], strict=False):
        arrow = "→" if edge.from_node_id == before.node_id else "←"
        output.line(f"  {arrow} {edge.type} {arrow}  {node.node_id}  {_label(node)}")


def _label(node: GraphNode) -> str:
    return output.shortened(node.label) or "(erased)"
