"""How commands print: JSON for scripts, tables for people, progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, cast

from google.protobuf.message import Message
from google.protobuf.timestamp_pb2 import Timestamp
from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from rich.text import Text

from pmm.memory.v1.memory_pb2 import Memory, SearchResponse, StatsResponse
from pmm.mind.v1.events_pb2 import Event
from pmm.orchestrator.v1.orchestrator_pb2 import ExplainResponse, Session
from pmm_client.cli.wording import SHOWN_CONTROLS
from pmm_client.jsonable import to_json
from pmm_client.names import privacy_name

SHORT_CHARACTERS = 100
BAR_WIDTH = 20
LONG_WORD = 20
"""Columns of a terminal that a word of a text has at least, before it is broken."""
WIDE = 100
"""Columns of a terminal from which on there is room for more than what matters most."""
_WHOLE = frozenset(
    {"id", "session", "policy", "seq", "date", "due", "ended", "began", "when", "last event", "last success"}
)
_EIGHTHS = " ▏▎▍▌▋▊▉"
_NOTHING = (None, "", [], {}, 0, "UNSPECIFIED")
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def write(text: str) -> None:
    """Print at once, and control characters as pictures of them."""
    _write(text.translate(SHOWN_CONTROLS))


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def line(text: str) -> None:
    """Print a line."""
    write(f"{text}\n")


def json_line(value: Message | Any) -> None:
    """Print JSON on a line of its own."""
    # Elsewhere letters would be replaced: what a script gets is whole.
    has_all_letters = sys.stdout.encoding.lower().startswith("utf")
    value = to_json(value) if isinstance(value, Message) else value
    _write(json.dumps(value, ensure_ascii=not has_all_letters) + "\n")


class _Console(Console):
    def on_broken_pipe(self) -> None:
        # Rich would end the process, as if something had failed.
        raise BrokenPipeError


def console() -> Console:
    """For tables. Into a file or a pipe they are as wide as they like, so that nothing is cut."""
    return _Console(highlight=False, width=None if sys.stdout.isatty() else 400)


class _Table(Table):
    """Where a terminal is too narrow to keep words whole, each row is a paragraph, with a line for each cell."""

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        spare = options.max_width - sum(map(_needed, self.columns)) - 2 * (len(self.columns) - 1)
        if spare >= 0:
            self._share(spare)
            yield from super().__rich_console__(console, options)
            return
        for cells in zip(*(column.cells for column in self.columns), strict=True):
            yield self._paragraph(cells)
            yield ""

    def _share(self, spare: int) -> None:
        """Widen columns, those that want least first. (Rich would take from the narrow ones what the widest lack.)"""
        wanting = sorted(self.columns, key=lambda column: _wanted(column) - _needed(column))
        for before, column in enumerate(wanting):
            more = min(_wanted(column) - _needed(column), spare // (len(wanting) - before))
            column.width = _needed(column) + more
            spare -= more

    def _paragraph(self, cells: Sequence[RenderableType]) -> Table:
        made = Table.grid("", "", padding=(0, 1))
        made.columns[0].no_wrap = True
        made.columns[1].overflow = "fold"
        for column, cell in zip(self.columns, cells, strict=True):
            if str(cell).strip():
                made.add_row(Text(str(column.header), style="bold"), cell)
        return made


def _needed(column: Column) -> int:
    """The width in which no word of a column breaks, but for the longest of all."""
    if column.no_wrap:
        return _wanted(column)
    return min(LONG_WORD, max(cell_len(word) for line in _lines(column) for word in (line.split() or [""])))


def _wanted(column: Column) -> int:
    """The width in which nothing of a column is wrapped."""
    return max(map(cell_len, _lines(column)))


def _lines(column: Column) -> list[str]:
    texts = [str(column.header), *map(str, column.cells)]
    return [line for text in texts for line in (text.splitlines() or [""])]


def table(*columns: str, right: Sequence[str] = ()) -> Table:
    """A plain table; numbers stand to the right, and whatever columns ``right`` names."""
    made = _Table(box=None, pad_edge=False, header_style="bold", show_header=any(columns))
    for column in columns:
        numeric = column in {"seq", "events", "score", "messages", *right}
        # An id is what one copies, and a time in two lines is none: words take the room that is left.
        made.add_column(
            column, justify="right" if numeric else "left", overflow="fold", no_wrap=column in _WHOLE
        )
    return made


def row(into: Table, *cells: str | Text) -> None:
    """Add cells as text of one paragraph each: what somebody said is no markup."""
    into.add_row(*(cell if isinstance(cell, Text) else Text(one_line(cell)) for cell in cells))


def one_line(text: str) -> str:
    """A text as one paragraph, with control characters as pictures of them: for whatever ends in a ``Text``."""
    return " ".join(text.split()).translate(SHOWN_CONTROLS)


def bar(share: float, width: int = BAR_WIDTH) -> Text:
    """A share from 0 to 1 as a bar, to an eighth of a character."""
    eighths = round(min(1.0, max(0.0, share)) * width * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + (_EIGHTHS[rest] if rest else "")
    return Text(filled, style="cyan") + Text("·" * (width - len(filled)), style="dim")


def away(stamp: Timestamp, now: datetime | None = None) -> str:
    """How far a moment is from now, in the largest unit that fits: "in 3 h", "2 d ago"; empty for none.

    Days are those of the calendar: all of tomorrow evening is "in 1 d".
    """
    if not stamp.seconds:
        return ""
    then, now = _local(stamp), (now or datetime.now(UTC)).astimezone()
    seconds = (then - now).total_seconds()
    size, unit = next((size, unit) for size, unit in _UNITS if abs(seconds) >= size or size == 1)
    count = max(1, abs((then.date() - now.date()).days)) if unit == "d" else round(abs(seconds) / size)
    return f"in {count} {unit}" if seconds > 0 else f"{count} {unit} ago"


def facts(rows: Sequence[tuple[str, str]]) -> None:
    """A table of a name and what there is to say, without those of which there is nothing."""
    made = table("", "")
    for label, value in rows:
        if value:
            row(made, label, value)
    if made.row_count:
        console().print(made)


def counted(amount: int, one: str, many: str = "") -> str:
    """ "1 mind", "2,000 minds"; ``many`` where it is more than an s behind ``one``."""
    return f"{amount:,} {one if amount == 1 else many or one + 's'}"


def shortened(text: str) -> str:
    """Enough of it to know it again."""
    return text if len(text) <= SHORT_CHARACTERS else f"{text[: SHORT_CHARACTERS - 1]}…"


def progress(*, quiet: bool = False) -> Progress:
    """A progress bar on standard error; nothing where that is no terminal."""
    bar = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(
        *bar, console=Console(stderr=True), disable=quiet or not sys.stderr.isatty(), transient=True
    )


def date(stamp: Timestamp) -> str:
    """Day and minute in the time zone of this machine; empty for none."""
    if not stamp.seconds:
        return ""
    return _local(stamp).strftime("%Y-%m-%d %H:%M")


def _local(stamp: Timestamp) -> datetime:
    return stamp.ToDatetime(tzinfo=UTC).astimezone()


def event_text(event: Event, leave_out: Sequence[str] = ()) -> str:
    """What an event says to people, but for fields that they know already."""
    if event.redacted:
        return "(erased)"
    kind = event.body.WhichOneof("kind")
    if kind is None:
        return ""
    body = getattr(event.body, kind)
    text = getattr(body, "text", None)
    if text and isinstance(text, str):
        return text
    told = {
        name: value
        for name, value in to_json(body).items()
        if value not in _NOTHING and name not in leave_out
    }
    return "; ".join(f"{name.replace('_', ' ')}: {_told(value)}" for name, value in told.items())


def _told(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(
            f"({_told(each)})" if isinstance(each, dict) else _told(each) for each in cast(list[Any], value)
        )
    if isinstance(value, dict):
        said = {name: inner for name, inner in cast(dict[str, Any], value).items() if inner not in _NOTHING}
        # What an application put deep into its own events is clearest as it was written.
        if not any(isinstance(inner, dict | list) for inner in said.values()):
            return ", ".join(f"{name.replace('_', ' ')} {_told(inner)}" for name, inner in said.items())
    if isinstance(value, float):
        return f"{value:g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def event_speaker(event: Event) -> str:
    """Who said it, or else who caused it."""
    kind = event.body.WhichOneof("kind")
    speaker = getattr(getattr(event.body, kind), "speaker", "") if kind else ""
    return speaker or event.actor


def event_date(event: Event) -> str:
    """When it happened, or else when it was recorded."""
    kind = event.body.WhichOneof("kind")
    body = getattr(event.body, kind) if kind else None
    occurred = getattr(body, "occurred_at", None)
    return (date(occurred) if isinstance(occurred, Timestamp) else "") or date(event.recorded_at)


def event_line(event: Event) -> str:
    """One event on one line."""
    text = " ".join(event_text(event).split())
    return f"#{event.seq}  {date(event.recorded_at)}  {event_speaker(event)}  {event.kind}  {text}".rstrip()


def memories_table(memories: Sequence[tuple[Memory, float | None]]) -> Table:
    """Memories, with a score each where they were searched for."""
    scored = any(score is not None for _, score in memories)
    made = table("id", "date", "speaker", *(["score"] if scored else []), "text")
    for memory, score in memories:
        cells = [memory.memory_id, date(memory.occurred_at) or date(memory.recorded_at), memory.speaker]
        row(made, *cells, *([f"{score or 0:.3f}"] if scored else []), memory.text)
    return made


def sessions_table(found: Sequence[Session], this: str = "") -> Table:
    """Conversations; ``this`` is marked."""
    made = table("session", "began", "messages", "privacy", "state", "title")
    for one in found:
        mark = " (this one)" if one.session_id == this else ""
        messages = one.user_messages + one.assistant_messages + one.imported_messages
        state = "ended" if one.HasField("ended_at") else "open"
        kept = privacy_name(one.privacy_mode)
        row(made, one.session_id + mark, date(one.started_at), f"{messages:,}", kept, state, one.title)
    return made


def found_table(found: SearchResponse) -> Table:
    """What a search found."""
    return memories_table([(result.memory, result.score) for result in found.results])


def explained_table(found: SearchResponse) -> Table:
    """What a search found, with what each strategy added to the score."""
    names = [score.strategy for score in found.results[0].strategies] if found.results else []
    made = table("id", *names, "score", "text")
    for result in found.results:
        added = [f"{score.normalized:.2f}" for score in result.strategies]
        row(made, result.memory.memory_id, *added, f"{result.score:.3f}", shortened(result.memory.text))
    return made


def made_by(answer: Event) -> str:
    """Which model an answer is by, and as of which event."""
    said = answer.body.assistant_message
    return f"by {said.model or said.backend or 'no model'}, from the mind as of #{said.receipt.head_seq}"


def no_answer(failed: Event) -> str:
    """Why a turn has none."""
    return f"No answer came: {failed.body.turn_failed.message}."


def why(explained: ExplainResponse) -> None:
    """Print what an answer was made from."""
    sources_left_out = sum(memory.left_out for memory in explained.memories)
    parts = {
        "what fits it, of what is remembered:": (_fitting(explained), sources_left_out),
        "what was said just before:": (_said(explained), explained.recent_left_out),
        "what held: names, instructions, promises, summaries:": (_held(explained), explained.state_left_out),
    }
    if explained.answer.redacted:
        line("What it was made from was erased with it.")
    elif not any(made.row_count or left_out for made, left_out in parts.values()):
        line("It was made from the message alone: nothing that fits was remembered.")
    else:
        for title, (made, left_out) in parts.items():
            if made.row_count or left_out:
                line(title)
                console().print(made)
            if left_out:
                line(f"… and {left_out:,} more, for which there is no room here")


def _fitting(explained: ExplainResponse) -> Table:
    made = table("seq", "date", "speaker", "score", "cited", "text")
    for memory in explained.memories:
        score, cited = f"{memory.memory.score:.3f}", "yes" if memory.memory.cited else ""
        for event in memory.sources:
            row(
                made, str(event.seq), event_date(event), event_speaker(event), score, cited, event_text(event)
            )
    return made


def _said(explained: ExplainResponse) -> Table:
    made = table("seq", "date", "speaker", "text")
    for event in explained.recent:
        row(made, str(event.seq), event_date(event), event_speaker(event), shortened(event_text(event)))
    return made


def _held(explained: ExplainResponse) -> Table:
    made = table("seq", "date", "what", "text")
    for event in explained.state:
        row(made, str(event.seq), event_date(event), event.kind.replace("_", " "), event_text(event))
    return made


def versions_table(versions: Sequence[Memory]) -> Table:
    """The versions of a memory, oldest first."""
    made = table("version", "date", "held", "rating", "events", "text")
    for version in versions:
        since, until = date(version.valid_from), date(version.valid_to)
        held = f"{since or '…'} – {until or '…'}" if since or until else ""
        rating = f"{version.rating:+.2f} ({version.ratings})" if version.ratings else ""
        events = ", ".join(f"#{seq}" for seq in sorted(version.source_seqs))
        text = f"{version.text} (taken back)" if version.retracted else version.text
        row(made, str(version.version), date(version.recorded_at), held, rating, events, text)
    return made


def stats_table(found: StatsResponse) -> Table:
    """How memory does, a line a figure."""
    made = table("", "")
    lines = {
        "memories": f"{found.memories:,} in {counted(found.minds, 'mind')}, {found.loaded_minds:,} loaded",
        "embedder": f"{found.embedder}, {found.dimensions} dimensions",
        "device": found.device,
        "disk": f"{found.disk_bytes / 2**20:,.1f} MiB",
        "skipped": counted(found.skipped_count, "event"),
    }
    if found.index_seq:
        lines["index"] = f"at event {found.index_seq:,}, {found.index_kind or 'not loaded'}"
    if found.rebuilding:
        lines["catching up"] = f"{found.rebuild_progress:.0%}"
    if found.next_embedder:
        lines["next embedder"] = f"{found.next_embedder}, {found.next_embedder_progress:.0%} made"
    for cache in found.caches:
        asked = cache.hits + cache.misses
        rate = f"{cache.hits / asked:.0%} of {asked:,} found" if asked else "not asked yet"
        lines[f"cache {cache.name}"] = f"{counted(cache.entries, 'entry', 'entries')}, {rate}"
    for name, value in lines.items():
        row(made, name, value)
    for event in found.skipped:
        row(made, f"skipped {event.mind_id} #{event.seq}", event.reason)
    return made
