"""Which spans of a conversation wait for a summary, the words of one by rules, and what goes with what is forgotten."""

from __future__ import annotations

from itertools import pairwise

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given, settings
from hypothesis import strategies as st

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.extraction.condensing import condense, shortened
from services.orchestrator.projections import summaries
from services.orchestrator.projections.summaries import SPAN_MESSAGES, SUMMARIES, Job, Summaries
from services.orchestrator.radius import BlastRadius

WINDOW = 12


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
