"""Older conversation enters the prompt in few words: what is summarised, when, and how it is forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from itertools import pairwise
from pathlib import Path

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from services.orchestrator.extraction.condensing import condense, shortened
from services.orchestrator.projections import summaries
from services.orchestrator.projections.summaries import SPAN_MESSAGES, SUMMARIES, Job, Summaries
from services.orchestrator.prompt import MAX_SUMMARIES_CHARACTERS
from services.orchestrator.radius import BlastRadius
from tests.orchestrator.conftest import ROOMY, SERVICES
from tests.orchestrator.talking import Turn, converse, events, wait_for
from tests.support.files import files_with
from tests.support.openai_server import OpenAIServer
from tests.support.serving import Served, serving

WINDOW = 12
TICKING = {**ROOMY, "orchestrator": {"search_budget_ms": 5_000, "tick_seconds": 0.05, "snapshot_events": 4}}
MARKER = "quinquereme"
TOLD = (
    "My sister Ana moved to Porto in May.",
    f"I keep a {MARKER} in the harbour of Ophir.",
    "We want to rent a boat in Porto with Ana in July.",
    "It should cost about 300 euros.",
    "What would you pack?",
    "By the way, I am allergic to nuts.",
)


async def told(
    served: Served, session_id: str, texts: tuple[str, ...], *, remember: bool = True
) -> list[int]:
    """A conversation that was kept; the seqs of the person's messages."""
    mode = mind.PRIVACY_MODE_NORMAL if remember else mind.PRIVACY_MODE_PAUSED
    await served.orchestrator.start_session(
        pb.StartSessionRequest(mind_id="ada", session_id=session_id, privacy_mode=mode)
    )
    seqs: list[int] = []
    for text in texts:
        asked = ledger.NewEvent(
            session_id=session_id,
            actor="user",
            remember=remember,
            body=mind.Body(user_message=mind.UserMessage(text=text)),
        )
        (event,) = (await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[asked]))).events
        seqs.append(event.seq)
        answer = mind.AssistantMessage(text="I see.", backend="openai")
        answered = ledger.NewEvent(
            session_id=session_id,
            actor="assistant",
            causation_seq=event.seq,
            remember=remember,
            body=mind.Body(assistant_message=answer),
        )
        await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=[answered]))
    return seqs


async def answer_to(served: Served, seq: int) -> int:
    answers = await events(served, kinds=["assistant_message"])
    return next(event.seq for event in answers if event.causation_seq == seq)


@pytest.fixture
async def ticking(tmp_path: Path) -> AsyncIterator[Served]:
    async with serving(tmp_path, *SERVICES, settings=TICKING) as running:
        await running.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        yield running


async def test_what_left_the_recent_turns_is_summarised_and_stands_in_the_next_prompt(
    ticking: Served,
) -> None:
    seqs = await told(ticking, "s", TOLD)
    await converse(ticking, "And what else?", session_id="s")
    recorded = await wait_for(ticking, "summary_recorded")
    turn = await converse(ticking, "Good.", session_id="s")
    explained = await ticking.orchestrator.explain(pb.ExplainRequest(mind_id="ada"))
    shown = await ticking.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    body = recorded.body.summary_recorded
    assert (recorded.session_id, body.from_seq, body.to_seq) == (
        "s",
        seqs[0],
        await answer_to(ticking, seqs[-1]),
    )
    assert (body.model, len(body.text) <= 240) == ("", True)
    assert "“My sister Ana moved to Porto in May.”" in body.text
    assert turn.completed
    assert recorded.seq in turn.completed.receipt.state_seqs
    assert body.text in [event.body.summary_recorded.text for event in explained.state]
    assert [(one.seq, one.text) for one in shown.session.summaries] == [(recorded.seq, body.text)]


async def test_what_is_not_to_be_remembered_is_never_summarised(ticking: Served) -> None:
    await told(ticking, "paused", TOLD * 3, remember=False)
    for _ in range(8):
        await converse(ticking, TOLD[0], session_id="paused")
    await told(ticking, "s", TOLD)
    await converse(ticking, "And what else?", session_id="s")
    await wait_for(ticking, "summary_recorded")

    recorded = await events(ticking, kinds=["summary_recorded"])
    assert {event.session_id for event in recorded} == {"s"}


async def test_a_long_conversation_is_summarised_in_layers_within_its_room(ticking: Served) -> None:
    seqs = await told(ticking, "s", tuple(f"{text} It is part {n}." for n in range(6) for text in TOLD))
    await converse(ticking, "And what else?", session_id="s")
    digest = await wait_until(ticking, lambda body: body.from_seq == seqs[0] and body.to_seq > seqs[18])
    shown = await ticking.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    held = shown.session.summaries
    assert digest.seq == held[0].seq
    assert len(held) == summaries.KEPT
    assert all(one.to_seq < later.from_seq for one, later in pairwise(held))
    assert (held[0].from_seq, held[-1].to_seq) == (seqs[0], await answer_to(ticking, seqs[-1]))
    assert sum(len(one.text) for one in held) <= MAX_SUMMARIES_CHARACTERS


async def test_a_conversation_that_went_on_long_without_summaries_is_caught_up_with_from_its_beginning(
    tmp_path: Path,
) -> None:
    spans = 2 * summaries.MAX_WAITING
    off = {**TICKING, "orchestrator": {**TICKING["orchestrator"], "summarizes": False}}
    async with serving(tmp_path, *SERVICES, settings=off) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        await served.orchestrator.start_session(pb.StartSessionRequest(mind_id="ada", session_id="s"))
        seqs: list[int] = []
        for span in range(spans):
            for other in ("s", "", "s"):
                said = [
                    mind.Body(user_message=mind.UserMessage(text=f"Person{span} keeps key {span} of {n}."))
                    for n in range(SPAN_MESSAGES // 2)
                ]
                new = [ledger.NewEvent(session_id=other, actor="user", body=body) for body in said]
                written = await served.ledger.append(ledger.AppendRequest(mind_id="ada", events=new))
                seqs += [each.seq for each in written.events] if other else []
    async with serving(tmp_path, *SERVICES, settings=TICKING) as served:
        await converse(served, "And what else?", session_id="s")
        # Nothing more is said: it is looked after until nothing is left.
        await wait_until(
            served, lambda body: (body.from_seq, body.to_seq) == (seqs[0], seqs[-1 - 2 * SPAN_MESSAGES])
        )
        recorded = [one.body.summary_recorded for one in await events(served, kinds=["summary_recorded"])]
        shown = await served.orchestrator.get_session(pb.GetSessionRequest(mind_id="ada", session_id="s"))

    ends = [(seqs[at], seqs[at + SPAN_MESSAGES - 1]) for at in range(0, len(seqs), SPAN_MESSAGES)]
    alone = [body for body in recorded if (body.from_seq, body.to_seq) in ends]
    assert [(body.from_seq, body.to_seq) for body in alone] == ends
    assert all(f"Person{number} keeps key {number}" in body.text for number, body in enumerate(alone))
    assert len(recorded) == 2 * spans - summaries.KEPT
    assert [one.to_seq for one in shown.session.summaries] == [last for _, last in ends[-summaries.KEPT :]]


async def wait_until(served: Served, is_it: Callable[[mind.SummaryRecorded], bool]) -> mind.Event:
    request = ledger.SubscribeRequest(mind_id="ada", kinds=["summary_recorded"])
    async for message in served.ledger.subscribe(request, timeout=20):
        for event in message.page.events:
            if is_it(event.body.summary_recorded):
                return event
    raise AssertionError("a subscription does not end")


async def test_what_is_forgotten_is_in_no_summary_and_the_rest_is_summarised_again(tmp_path: Path) -> None:
    async with serving(tmp_path, *SERVICES, settings=TICKING) as served:
        await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
        seqs = await told(served, "s", TOLD)
        await converse(served, "And what else?", session_id="s")
        first = await wait_for(served, "summary_recorded")
        assert MARKER in first.body.summary_recorded.text
        await converse(served, "Good.", session_id="s")
        assert files_with(tmp_path, MARKER)

        request = pb.ForgetRequest(mind_id="ada", seq=seqs[1])
        steps = [step async for step in served.orchestrator.forget(request, timeout=60)]
        assert {seqs[1], first.seq} <= set(steps[-1].redacted_seqs)
        assert files_with(tmp_path, MARKER) == []

        await converse(served, "Where were we?", session_id="s")
        again = await wait_until(served, lambda body: body.from_seq == seqs[0])
        kept = await events(served, kinds=["user_message"])
        assert again.seq > steps[-1].redacted_seqs[-1]
        assert "Porto" in again.body.summary_recorded.text
        assert [event.seq for event in kept if event.redacted] == [seqs[1]]
        assert files_with(tmp_path, MARKER) == []


async def test_a_model_writes_the_summary_after_those_who_wait_and_reads_it_in_the_next_turn(
    tmp_path: Path,
) -> None:
    with OpenAIServer() as server:
        backend = {"backend": "openai", "openai_base_url": server.base_url, "model": "ok"}
        async with serving(tmp_path, *SERVICES, settings={**TICKING, "inference": backend}) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await told(served, "s", TOLD)
            await converse(served, "And what else?", session_id="s")
            recorded = await wait_for(served, "summary_recorded")
            turn: Turn = await converse(served, "Where were we?", session_id="s")

    body = recorded.body.summary_recorded
    asked = [request["messages"] for request in server.requests]
    notes = [messages for messages in asked if "notes of it" in messages[-1]["content"]]
    prompts = [messages for messages in asked if messages[-1]["content"] == "Where were we?"]
    assert (body.model, body.text) == ("porto-7b", "Your sister lives in Porto.")
    assert [f"user: {TOLD[0]}" in messages[-1]["content"] for messages in notes] == [True]
    assert f"Earlier in this conversation:\n- {body.text}" in prompts[0][0]["content"]
    assert turn.completed
    assert recorded.seq in turn.completed.receipt.state_seqs


@pytest.mark.parametrize(
    ("says", "model", "text"),
    [
        ("I am Ben, a travel blogger from Lisbon. I blog.", "", "“"),
        (
            "Ana moved to Porto. Ben is a travel blogger. Ana moved to Porto.",
            "porto-7b",
            "Ana moved to Porto.",
        ),
    ],
)
async def test_what_a_model_makes_up_is_in_no_summary(
    tmp_path: Path, says: str, model: str, text: str
) -> None:
    with OpenAIServer() as server:
        server.says = says
        backend = {"backend": "openai", "openai_base_url": server.base_url, "model": "said"}
        async with serving(tmp_path, *SERVICES, settings={**TICKING, "inference": backend}) as served:
            await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="ada"))
            await told(served, "s", TOLD)
            await converse(served, "And what else?", session_id="s")
            body = (await wait_for(served, "summary_recorded")).body.summary_recorded

    assert body.model == model
    assert text in body.text
    assert "blog" not in body.text


# --- What waits, by itself.


def event(
    seq: int,
    kind: str,
    session_id: str = "s",
    *,
    remember: bool = True,
    redacted: bool = False,
    **body: object,
) -> mind.Event:
    made = mind.Event(seq=seq, kind=kind, session_id=session_id, remember=remember, redacted=redacted)
    made.recorded_at.CopyFrom(Timestamp(seconds=seq))
    if not redacted:
        made.body.CopyFrom(mind.Body(**{kind: body}))  # type: ignore[arg-type]
    return made


def fold(events: list[mind.Event]) -> Summaries:
    state = Summaries()
    for each in events:
        state, _ = SUMMARIES.apply(state, each)
    return state


def spoken(first: int, last: int) -> list[mind.Event]:
    return [event(seq, "user_message", text="x") for seq in range(first, last + 1)]


def summary(seq: int, from_seq: int, to_seq: int, **more: int) -> mind.Event:
    return event(
        seq, "summary_recorded", from_seq=from_seq, to_seq=to_seq, text=f"{from_seq}-{to_seq}", **more
    )


@pytest.mark.parametrize(
    ("history", "window", "job"),
    [
        (spoken(1, 12), WINDOW, None),
        (spoken(1, 13), WINDOW, Job(1, 12)),
        (spoken(1, 12), 0, Job(1, 12)),
        (spoken(1, 200), 200, None),
        (spoken(1, 201), 200, Job(1, 12)),
        ([*spoken(1, 30), summary(31, 1, 12)], WINDOW, Job(13, 24)),
        ([*spoken(1, 30), summary(31, 1, 12), summary(32, 13, 24)], WINDOW, None),
        ([*spoken(1, 30), event(31, "session_ended")], WINDOW, None),
        # Erased, so that it waits again, though nothing is said any more.
        ([*spoken(1, 24), summary(25, 1, 12, redacted=True), summary(26, 13, 24)], WINDOW, Job(1, 12)),
    ],
)
def test_a_span_waits_until_its_first_message_has_left_the_recent_ones(
    history: list[mind.Event], window: int, job: Job | None
) -> None:
    assert fold(history).job("s", window) == job


def test_the_two_oldest_summaries_become_one() -> None:
    history = [*spoken(1, 48), *(summary(50 + n, 12 * n + 1, 12 * n + 12) for n in range(4))]
    state = fold(history)
    job = state.job("s", WINDOW)
    assert job
    assert (job.from_seq, job.to_seq, [one.text for one in job.summaries]) == (1, 24, ["1-12", "13-24"])

    after, _ = SUMMARIES.apply(state, summary(60, 1, 24))
    assert [one.text for one in after.of("s")] == ["1-24", "25-36", "37-48"]
    assert after.job("s", WINDOW) is None


@pytest.mark.parametrize("nonsense", [summary(20, 13, 12), summary(20, 0, 12), summary(20, 1, 20)])
def test_a_summary_of_nothing_changes_nothing(nonsense: mind.Event) -> None:
    state = fold(spoken(1, 13))
    after, made_sense = SUMMARIES.apply(state, nonsense)
    assert (after, made_sense) == (state, False)


class Talk:
    """One conversation and its worker, as events."""

    def __init__(self) -> None:
        self.events: list[mind.Event] = []
        self.state = Summaries()
        self.spans: list[list[int]] = [[]]
        """The messages to be remembered, twelve together."""

    def add(self, made: mind.Event) -> None:
        self.events.append(made)
        self.state, made_sense = SUMMARIES.apply(self.state, made)
        assert made_sense
        for one in self.state.by_session.values():
            assert len(one.waiting) <= summaries.MAX_WAITING
            assert len(one.summaries) <= summaries.MAX_HELD
            assert all(sooner.to_seq < later.from_seq for sooner, later in pairwise(one.waiting))
            assert all(sooner.to_seq < later.from_seq for sooner, later in pairwise(one.summaries))

    def say(self) -> None:
        self.add(event(len(self.events) + 1, "user_message", text="x"))
        if len(self.spans[-1]) == SPAN_MESSAGES:
            self.spans.append([])
        self.spans[-1].append(len(self.events))
        # What others write meanwhile, and what is not to be remembered, stands in between.
        self.add(event(len(self.events) + 1, "user_message", remember=False, text="x"))

    def work(self) -> bool:
        """Whether there was anything to summarise."""
        job = self.state.job("s", 0)
        if job is None:
            return False
        first, last, next_seq = job.from_seq, job.to_seq, 0
        if not job.summaries:
            said = [seq for seqs in self.spans for seq in seqs if seq >= first]
            last = said[SPAN_MESSAGES - 1] if len(said) >= SPAN_MESSAGES else last
            next_seq = next((seq for seq in said if seq > last), 0)
        self.add(summary(len(self.events) + 1, first, last, next_seq=next_seq))
        return True

    def erase(self, number: int) -> None:
        """All summaries of one message; the state is then what is folded from what is left."""
        said = [seq for span in self.spans for seq in span]
        if not said:
            return
        seq = said[number % len(said)]
        for each in self.events:
            body = each.body.summary_recorded
            if body.from_seq <= seq <= body.to_seq:
                each.redacted = True
                each.ClearField("body")
        self.state = fold(self.events)

    @property
    def whole(self) -> list[tuple[int, int]]:
        """The first and the last message of each span."""
        return [(span[0], span[-1]) for span in self.spans if len(span) == SPAN_MESSAGES]

    @property
    def summarised(self) -> list[tuple[int, int]]:
        bodies = [each.body.summary_recorded for each in self.events if each.HasField("body")]
        return sorted((body.from_seq, body.to_seq) for body in bodies if body.to_seq)


STEPS = st.one_of(
    st.tuples(st.just("say"), st.integers(1, 400)),
    st.tuples(st.just("work"), st.integers(1, 60)),
)
FAR_BEHIND = [("say", 33 * SPAN_MESSAGES)]
ERASURES = st.lists(st.tuples(st.just("erase"), st.integers(0, 33 * SPAN_MESSAGES)), min_size=1, max_size=4)


def lived(steps: list[tuple[str, int]]) -> Talk:
    """A conversation in which the worker did so much now and then, and all that was left in the end."""
    talk = Talk()
    for what, number in steps:
        if what == "erase":
            talk.erase(number)
        for _ in range(number if what != "erase" else 0):
            talk.work() if what == "work" else talk.say()
    for _ in range(4 * len(talk.spans) + 20):
        if not talk.work():
            return talk
    raise AssertionError("it is never done")


@settings(max_examples=40)
@given(st.lists(STEPS, max_size=6))
def test_however_far_behind_every_span_is_summarised_once_and_as_without_a_pause(
    steps: list[tuple[str, int]],
) -> None:
    talk = lived(steps)

    whole = talk.whole
    together = [(whole[0][0], whole[number][1]) for number in range(1, len(whole) - summaries.KEPT + 1)]
    assert talk.summarised == sorted([*whole, *together])
    assert fold(talk.events) == talk.state


@settings(max_examples=60)
@given(st.tuples(st.lists(STEPS, max_size=3), ERASURES, st.lists(STEPS, max_size=2), ERASURES))
def test_whatever_is_erased_every_span_is_summarised_again(steps: tuple[list[tuple[str, int]], ...]) -> None:
    talk = lived([*FAR_BEHIND, *(step for some in steps for step in some)])

    assert {*talk.whole} <= {*talk.summarised}


@settings(max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["user_message", "assistant_message", "summary", "session_ended", "event_redacted"]
            ),
            st.integers(0, 80),
            st.booleans(),
            st.integers(0, 300),
        ),
        max_size=400,
    )
)
def test_whatever_is_said_the_state_stays_bounded_and_its_spans_apart(
    said: list[tuple[str, int, bool, int]],
) -> None:
    state = Summaries()
    for seq, (kind, session, remember, back) in enumerate(said, start=1):
        session_id = f"s-{session}"
        known = state.by_session.get(session_id)
        if kind != "summary":
            made = event(seq, kind, session_id, remember=remember)
        elif known and known.waiting:
            span = known.waiting[back % len(known.waiting)]
            made = event(
                seq, "summary_recorded", session_id, from_seq=span.from_seq, to_seq=span.to_seq, text="x"
            )
        else:
            made = event(seq, "summary_recorded", session_id, from_seq=back, to_seq=seq - 1, text="x")
        state, _ = SUMMARIES.apply(state, made)
        assert len(state.by_session) <= summaries.MAX_CONVERSATIONS
        for one in state.by_session.values():
            assert one.messages < SPAN_MESSAGES
            assert len(one.waiting) <= summaries.MAX_WAITING
            assert len(one.summaries) <= summaries.MAX_HELD
            assert all(sooner.to_seq < later.from_seq for sooner, later in pairwise(one.waiting))


# --- The words, by rules.


@pytest.mark.parametrize(
    ("texts", "summarised"),
    [
        (["Hi there!", "ok", "thanks"], ""),
        ([], ""),
        (["My sister Ana moved to Porto."], "“My sister Ana moved to Porto.”"),
        (
            ["Ana lives in Porto.", "What is it like?", "Ana works at 7.30 in the library."],
            "Ana: “Ana lives in Porto.” “Ana works at 7.30 in the library.”",
        ),
        (["He said “buy 3 apples” to Ben."], "“He said 'buy 3 apples' to Ben.”"),
        (["Bring bread.", "Bring bread."], "“Bring bread.”"),
    ],
)
def test_a_summary_by_rules_is_made_of_the_persons_own_sentences(texts: list[str], summarised: str) -> None:
    assert condense(texts, 240) == summarised


def test_what_names_somebody_goes_before_what_everybody_says_where_there_is_no_room_for_both() -> None:
    texts = ["The weather is rather nice outside.", "Marta Reis called about the 1,200 maps."]
    assert condense(texts, 60) == "“Marta Reis called about the 1,200 maps.”"


@settings(max_examples=100)
@given(st.lists(st.text(max_size=300), max_size=20), st.integers(60, 300))
def test_a_summary_keeps_to_its_room_and_is_the_same_every_time(texts: list[str], room: int) -> None:
    made = condense(texts, room)
    assert len(made) <= room
    assert condense(texts, room) == made
    assert all(len(shortened(text, room)) <= room for text in texts)


# --- What goes with what is forgotten.


@pytest.mark.parametrize(
    ("session_id", "model", "reached", "later_reached"),
    [("s", "", True, False), ("s", "porto-7b", True, True), ("t", "", False, False)],
)
def test_a_summary_goes_with_what_it_covers_and_what_says_its_own_words_only_where_a_model_wrote_it(
    session_id: str, model: str, reached: bool, later_reached: bool
) -> None:
    radius = BlastRadius(event(5, "user_message", text="My sister Ana moved to Porto in May."))
    covering = event(
        9, "summary_recorded", session_id, from_seq=2, to_seq=8, text="“Ben keeps seven cats.”", model=model
    )
    found = radius.take(covering)
    answer = radius.take(event(12, "assistant_message", text="Ben keeps seven cats, you said."))
    assert (found is not None, bool(answer and answer.carries_words)) == (reached, later_reached)
