"""What a mind does of its own accord, over a simulated year: nothing runs away, and what is idle is left alone."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from itertools import pairwise

import pytest

from pmm.mind.v1 import events_pb2 as mind
from services.orchestrator.autonomy import decide
from services.orchestrator.autonomy.decide import Limits
from services.orchestrator.projections.profile import CAP, FROZEN
from services.orchestrator.projections.traits import TRAITS
from services.orchestrator.snapshot import Snapshot, dump

SECOND, MINUTE, HOUR, DAY = 1, 60, 3_600, 86_400
LIMITS = Limits(remind_before=HOUR, expire_after=7 * DAY, max_directives=20)
TICK_SECONDS = 10
NEW_YEAR = 1_767_225_600
"""1 January 2026, UTC."""


@dataclass
class World:
    """A mind, a clock that is told what time it is, and everything that was appended."""

    now: int = NEW_YEAR
    state: Snapshot = field(default_factory=Snapshot)
    events: list[mind.Event] = field(default_factory=list)
    ledger_ahead: int = 0
    """Seconds by which the ledger's clock is ahead of the supervisor's."""

    def append(self, body: mind.Body, causation_seq: int | None = None, session_id: str = "s") -> int:
        event = mind.Event(
            seq=self.state.seq + 1,
            kind=body.WhichOneof("kind") or "",
            session_id=session_id,
            causation_seq=causation_seq,
            hash=bytes(32),
            remember=True,
            body=body,
        )
        event.recorded_at.seconds = self.now + self.ledger_ahead
        self.state = self.state.apply(event)
        self.events.append(event)
        return event.seq

    def tick(self) -> bool:
        """One tick of the supervisor; whether it was recorded."""
        decision = decide.decide(self.state, self.now * 10**9, LIMITS)
        if decision is None:
            return False
        seq = self.append(mind.Body(tick_recorded=decision.tick))
        for body in decision.bodies:
            self.append(body, seq)
        if decision.style:
            text = f"I have talked {self.state.profile.user_messages} times and keep what I promise."
            reflected = mind.ReflectionRecorded(text=text, trigger="cadence", style=decision.style)  # type: ignore[arg-type]
            self.append(mind.Body(reflection_recorded=reflected), seq)
        return True

    def wait(self, seconds: int) -> None:
        """Let time pass, with a tick whenever the clock gives something to do, and at the end."""
        until = self.now + seconds
        while (
            wake := decide.next_wake(self.state, self.now * 10**9, LIMITS) // 10**9 + 1
        ) > 1 and wake < until:
            self.now = max(self.now + 1, wake)
            self.tick()
        self.now = until
        self.tick()

    def turn(self, text: str = "hello") -> int:
        asked = self.append(mind.Body(user_message=mind.UserMessage(text=text)))
        self.append(mind.Body(assistant_message=mind.AssistantMessage(text="yes")), asked)
        return asked

    def promise(self, its_id: str, due_in: int | None = None) -> None:
        opened = mind.CommitmentOpened(commitment_id=its_id, text=its_id)
        if due_in is not None:
            opened.due_at.seconds = self.now + due_in
        self.append(mind.Body(commitment_opened=opened))

    def close(self, its_id: str) -> None:
        shown = self.append(mind.Body(message_imported=mind.MessageImported(text="done")))
        done = mind.CommitmentClosed(
            commitment_id=its_id, outcome=mind.COMMITMENT_OUTCOME_DONE, evidence_seqs=[shown]
        )
        self.append(mind.Body(commitment_closed=done))

    def kinds(self) -> Counter[str]:
        return Counter(event.kind for event in self.events)


def born(now: int = NEW_YEAR) -> World:
    world = World(now)
    world.append(mind.Body(mind_created=mind.MindCreated(name="ada")))
    world.append(mind.Body(session_started=mind.SessionStarted()))
    world.tick()
    return world


def a_year(seed: int) -> World:
    """A person who talks on most days, keeps most promises, is now happy and now not, and is away for a month."""
    world, chance = born(), random.Random(seed)
    promised: list[str] = []
    for day in range(365):
        if 200 <= day < 230 or chance.random() < 0.15:
            world.wait(DAY)
            continue
        began = world.now
        mood = chance.uniform(-0.6, 0.8)
        for turn in range(chance.randint(3, 30)):
            world.turn()
            if chance.random() < 0.08:
                its_id = f"c-{day}-{turn}"
                promised.append(its_id)
                world.promise(its_id, chance.choice([None, HOUR, DAY, 5 * DAY]))
            if promised and chance.random() < 0.1:
                its_id = promised.pop(chance.randrange(len(promised)))
                if its_id in world.state.commitments.by_id:
                    world.close(its_id)
            if chance.random() < 0.03:
                told = mind.DirectiveAdopted(directive_id=f"d-{chance.randint(0, 60)}", text="be brief")
                world.append(mind.Body(directive_adopted=told))
            world.now += chance.randint(10, 300)
            world.tick()
        if day in {3, 150}:
            adopted = mind.IdentityAdopted(name=f"Nova {day}", confidence=1.0)
            world.append(mind.Body(identity_adopted=adopted))
        analyzed = mind.ConversationAnalyzed(session_id="s", sentiment=mood, engagement=chance.random())
        world.append(mind.Body(conversation_analyzed=analyzed))
        world.now += TICK_SECONDS
        world.tick()
        world.wait(began + DAY - world.now)
    return world


@pytest.fixture(scope="module", params=[1, 2, 3])
def year(request: pytest.FixtureRequest) -> World:
    return a_year(request.param)


def test_a_year_is_folded_without_a_contradiction(year: World) -> None:
    replayed = Snapshot()
    for event in year.events:
        replayed = replayed.apply(event)

    assert year.state.violations == 0
    assert year.state.profile.user_messages > 3_000
    assert dump(replayed) == dump(year.state)


def test_in_a_year_nothing_runs_away(year: World) -> None:
    courses: dict[str, list[float]] = {"ias": [], "gas": [], **{f"trait {trait}": [] for trait in TRAITS}}
    state = Snapshot()
    for event in year.events:
        state = state.apply(event)
        courses["ias"].append(state.metrics.ias)
        courses["gas"].append(state.metrics.gas)
        for trait in TRAITS:
            courses[f"trait {trait}"].append(state.traits.value(trait))
    for name, course in courses.items():
        steps = [later - sooner for sooner, later in pairwise(course)]
        late = course[len(course) // 4 :]
        assert min(steps) < 0 < max(steps), name
        assert max(late) < 0.99, name
        assert min(late) > 0.0, name


def test_in_a_year_what_stands_in_the_prompt_stays_little(year: World) -> None:
    assert len(year.state.directives.by_id) <= LIMITS.max_directives
    assert len(year.state.commitments.by_id) < 150
    assert len(dump(year.state)) < 200_000


def test_in_a_year_ticks_and_reflections_keep_to_their_cadence(year: World) -> None:
    kinds = year.kinds()
    assert kinds["tick_recorded"] < 2 * kinds["assistant_message"]
    assert kinds["reflection_recorded"] <= kinds["assistant_message"] / 2
    assert kinds["stage_changed"] < 60
    last, turns = 0, 0
    stage_then = mind.STAGE_S0
    for event in year.events:
        if event.kind == "assistant_message":
            turns += 1
        elif event.kind == "stage_changed":
            stage_then = event.body.stage_changed.to
        elif event.kind == "reflection_recorded":
            least_turns, least_seconds, _ = decide.CADENCE[stage_then]
            # A stage that changed with the same tick counts from the next one on.
            assert turns >= min(least_turns, 2)
            assert event.recorded_at.seconds - last >= min(least_seconds, 20)
            last, turns = event.recorded_at.seconds, 0


def test_of_many_conversations_with_little_in_them_the_oldest_are_analysed() -> None:
    world = born()
    for number in range(600):
        session_id = f"s-{number}"
        asked = world.append(mind.Body(user_message=mind.UserMessage(text="hello")), session_id=session_id)
        world.append(mind.Body(assistant_message=mind.AssistantMessage(text="yes")), asked, session_id)
    waiting = world.state.sessions.to_analyze
    decision = decide.decide(world.state, world.now * 10**9, LIMITS)

    assert set(waiting) == {f"s-{number}" for number in range(600 - len(waiting), 600)}
    assert decide.MANY_WAITING < len(waiting) < 600
    assert decision
    assert list(decision.sessions) == [f"s-{600 - len(waiting) + number}" for number in range(3)]


def test_an_idle_month_adds_no_event() -> None:
    world = born()
    world.turn()
    world.now += TICK_SECONDS
    world.tick()
    before = len(world.events)
    for _ in range(30 * DAY // TICK_SECONDS):
        world.now += TICK_SECONDS
        assert not world.tick()
    assert len(world.events) == before


def test_a_week_without_the_process_is_caught_up_with() -> None:
    world = born()
    world.promise("c-soon", due_in=HOUR // 2)
    world.promise("c-old", due_in=DAY)
    world.promise("c-later", due_in=9 * DAY)
    world.tick()
    world.now += 7 * DAY + HOUR
    world.tick()
    then = world.kinds()
    world.now += TICK_SECONDS
    world.tick()

    assert set(world.state.commitments.by_id) == {"c-old", "c-later"}
    assert (then["commitment_expired"], then["commitment_reminded"]) == (1, 1)
    assert world.kinds()["commitment_reminded"] == 1, "one reminder, however many moments were missed"


def test_what_has_no_due_time_never_expires_though_it_was_snoozed() -> None:
    world = born()
    world.promise("c")
    snoozed = mind.CommitmentSnoozed(commitment_id="c")
    snoozed.until.seconds = world.now + HOUR
    world.append(mind.Body(commitment_snoozed=snoozed))
    world.wait(30 * DAY)

    assert set(world.state.commitments.by_id) == {"c"}
    assert world.kinds()["commitment_expired"] == 0


def test_of_a_thousand_that_are_due_together_each_is_told_and_expires_once() -> None:
    world = born()
    for number in range(1_000):
        world.promise(f"c-{number}", HOUR)
    world.wait(30 * DAY)
    caused = Counter(event.causation_seq for event in world.events if event.causation_seq)

    for kind in ("commitment_reminded", "commitment_expired"):
        told = Counter(getattr(e.body, kind).commitment_id for e in world.events if e.kind == kind)
        assert told == dict.fromkeys((f"c-{number}" for number in range(1_000)), 1)
    assert max(caused.values()) < 1_000, "the ledger appends a thousand at once, the tick among them"
    assert not world.state.commitments.by_id


def test_of_instructions_far_beyond_the_limit_all_are_retired_though_commitments_expire_with_them() -> None:
    world = born()
    for number in range(60):
        world.promise(f"c-{number}", -30 * DAY)
    for number in range(1_000):
        told = mind.DirectiveAdopted(directive_id=f"d-{number}", text="be brief")
        world.append(mind.Body(directive_adopted=told))
    world.wait(HOUR)
    caused = Counter(event.causation_seq for event in world.events if event.causation_seq)

    assert len(world.state.directives.by_id) == LIMITS.max_directives
    assert max(caused.values()) < 1_000


def test_a_new_instruction_is_not_retired_for_older_ones_that_were_given_more_often() -> None:
    world = born()
    for number in [*range(LIMITS.max_directives), *range(LIMITS.max_directives)]:
        told = mind.DirectiveAdopted(directive_id=f"d-{number}", text="be brief")
        world.append(mind.Body(directive_adopted=told))
    world.append(mind.Body(directive_adopted=mind.DirectiveAdopted(directive_id="new", text="be kind")))
    world.tick()

    (retired,) = [e.body.directive_retired for e in world.events if e.kind == "directive_retired"]
    assert (retired.directive_id, retired.why) == ("d-0", "others were given later or more often")
    assert "new" in world.state.directives.by_id


@pytest.mark.parametrize(
    ("due_in", "reminded_at"),
    [(3 * HOUR, [2 * HOUR, 3 * HOUR]), (HOUR // 2, [HOUR // 2])],
    ids=["before and when due", "promised within the hour"],
)
def test_reminders_come_when_their_time_has_come(due_in: int, reminded_at: list[int]) -> None:
    world = born()
    world.promise("c-1", due_in)
    began = world.now
    world.wait(6 * DAY)

    reminded = [event for event in world.events if event.kind == "commitment_reminded"]
    assert [event.recorded_at.seconds - began - 1 for event in reminded] == reminded_at


@pytest.mark.parametrize("ahead", [-300, -30, 0, 30, 300])
def test_each_reminder_comes_once_and_in_time_however_the_clocks_differ(ahead: int) -> None:
    world = born()
    world.ledger_ahead = ahead
    began = world.now
    world.promise("c-1", 3 * HOUR)
    told = list[int]()
    while world.now < began + 5 * HOUR:
        world.now += TICK_SECONDS
        world.turn()
        before = len(world.events)
        world.tick()
        told += [world.now - began for event in world.events[before:] if event.kind == "commitment_reminded"]
        if world.now == began + 3 * HOUR + MINUTE:
            snoozed = mind.CommitmentSnoozed(commitment_id="c-1")
            snoozed.until.seconds = began + 4 * HOUR
            world.append(mind.Body(commitment_snoozed=snoozed))

    assert told == [2 * HOUR, 3 * HOUR, 4 * HOUR]


def test_a_reminder_that_does_not_say_of_which_time_it_is_counts_for_all_before_it() -> None:
    world = born()
    world.promise("c-1", 3 * HOUR)
    world.now += 2 * HOUR + 1
    world.append(mind.Body(commitment_reminded=mind.CommitmentReminded(commitment_id="c-1")))
    world.tick()
    assert world.kinds()["commitment_reminded"] == 1
    world.wait(2 * HOUR)

    assert world.kinds()["commitment_reminded"] == 2


@pytest.mark.parametrize("late", [0, 10 * MINUTE, 2 * DAY])
def test_what_was_due_when_the_ledger_came_to_know_of_it_is_told_once(late: int) -> None:
    world = born()
    world.now += DAY
    world.promise("c-1", -1 - late)
    world.wait(DAY)
    world.wait(DAY)

    assert world.kinds()["commitment_reminded"] == 1


def test_a_clock_that_ran_ahead_for_a_while_hides_no_reminder() -> None:
    world = born()
    world.now += 365 * DAY
    world.promise("c-1", -364 * DAY)
    world.now -= 365 * DAY
    world.wait(2 * DAY)

    assert world.kinds()["commitment_reminded"] == 1


def test_what_is_put_off_is_quiet_until_then() -> None:
    world = born()
    world.promise("c-1", HOUR * 2)
    snoozed = mind.CommitmentSnoozed(commitment_id="c-1")
    snoozed.until.seconds = world.now + DAY
    world.append(mind.Body(commitment_snoozed=snoozed))
    began = world.now
    world.wait(3 * DAY)

    reminded = [event for event in world.events if event.kind == "commitment_reminded"]
    assert [event.recorded_at.seconds - began - 1 for event in reminded] == [DAY]


def test_a_mind_that_says_the_same_again_reflects_less_often() -> None:
    world = born()
    for _ in range(40):
        world.turn()
        world.now += MINUTE
        world.tick()
    early = world.kinds()["reflection_recorded"]

    assert early < 40 / 2 * 0.75


def test_traits_can_be_frozen_and_capped() -> None:
    def told(key: str, value: object) -> World:
        world = born()
        changed = mind.PolicyChanged(key=key)
        if isinstance(value, bool):
            changed.value.bool_value = value
        else:
            changed.value.number_value = float(str(value))
        world.append(mind.Body(policy_changed=changed))
        for day in range(60):
            for number in range(3):
                world.promise(f"c-{day}-{number}")
                world.close(f"c-{day}-{number}")
            world.turn()
            world.now += DAY
            world.tick()
        return world

    assert told(FROZEN, True).kinds()["trait_adjusted"] == 0
    capped = told(CAP, 0.1).state.traits
    free = told("personal_data.email", 0.0).state.traits
    assert capped.value(mind.TRAIT_CONSCIENTIOUSNESS) == pytest.approx(0.6)
    assert 0.8 < free.value(mind.TRAIT_CONSCIENTIOUSNESS) < 0.95
