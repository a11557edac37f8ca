"""What Search promises: the right memories, of this mind only, and nothing from after the seq."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from pmm.ledger.v1 import ledger_pb2 as ledger
from pmm.memory.v1 import memory_pb2 as pb
from pmm.mind.v1 import events_pb2 as mind
from pmm_client import errors
from tests.support.drafts import created, imported, said
from tests.support.serving import Served, serving

DAY = datetime(2026, 5, 3, 10, tzinfo=UTC)


async def tell(served: Served, *events: ledger.NewEvent, mind_id: str = "ada") -> int:
    return (await served.ledger.append(ledger.AppendRequest(mind_id=mind_id, events=events))).head_seq


async def search(served: Served, query: str, mind_id: str = "ada", **more: Any) -> list[str]:
    request = pb.SearchRequest(mind_id=mind_id, query=query, **more)
    return [result.memory.text for result in (await served.memory.search(request, timeout=10)).results]


async def test_a_message_is_found_by_its_meaning_and_its_words(served: Served) -> None:
    head = await tell(
        served,
        created(),
        said("my sister Ana moved to Porto in May"),
        said("the cat sleeps on the piano"),
        said("I paid the electricity bill"),
    )

    assert (await search(served, "where does my sister live?", min_seq=head))[
        0
    ] == "my sister Ana moved to Porto in May"
    assert (await search(served, "piano"))[0] == "the cat sleeps on the piano"


async def test_a_turn_is_found_by_the_turns_around_it(served: Served) -> None:
    head = await tell(
        served,
        created(),
        imported("What did you plant behind the greenhouse?", "Ben", DAY),
        imported("Mostly tulips.", "Mia", DAY),
        *[
            imported(f"Filler talk number {i} about nothing", "Ben", DAY, session_id="other")
            for i in range(30)
        ],
    )

    assert "Mostly tulips." in (await search(served, "what grows behind the greenhouse", k=2, min_seq=head))


async def test_minds_never_see_each_other(served: Served) -> None:
    await tell(served, created(), said("the vault code is 4711"))
    head = await tell(served, created("bob"), said("hello there"), mind_id="bob")

    assert await search(served, "vault code", mind_id="bob", min_seq=head) == ["hello there"]


async def test_nothing_from_after_the_seq_is_found(served: Served) -> None:
    await tell(served, created(), said("Ana lives in Lisbon"))
    head = await tell(served, said("Ana lives in Porto now"))

    assert await search(served, "where does Ana live", as_of_seq=2, min_seq=head) == ["Ana lives in Lisbon"]
    assert len(await search(served, "where does Ana live", as_of_seq=head)) == 2


async def test_what_may_not_be_remembered_is_not(served: Served) -> None:
    head = await tell(served, created(), said("off the record", remember=False), said("on the record"))

    assert await search(served, "record", min_seq=head) == ["on the record"]


async def test_filters_hold_together(served: Served) -> None:
    turns = [
        imported(f"tea number {i}", ("Ana", "Ben")[i % 2], DAY + timedelta(days=i), session_id=f"s{i // 4}")
        for i in range(12)
    ]
    head = await tell(served, created(), *turns)
    wanted = pb.MemoryFilter(speakers=["ana"], not_session_ids=["s2"])
    wanted.occurred_from.FromDatetime(DAY + timedelta(days=1))

    assert sorted(await search(served, "tea", filter=wanted, min_seq=head)) == [
        "tea number 2",
        "tea number 4",
        "tea number 6",
    ]


async def test_every_strategy_is_explained(served: Served) -> None:
    head = await tell(served, created(), said("Ana moved to Porto"), said("tea"))
    asked = [
        pb.SearchRequest(mind_id="ada", query="Porto", explain=explain, min_seq=head)
        for explain in (False, True, False)
    ]
    plain, best, again = [(await served.memory.search(request)).results[0] for request in asked]

    total = pytest.approx(sum(one.normalized for one in best.strategies))
    assert plain.score == best.score == again.score == total
    assert not plain.strategies
    assert not again.strategies
    assert {score.strategy for score in best.strategies} == {
        "semantic",
        "keyword",
        "temporal",
        "entity",
        "prior",
    }


async def test_pages_hold_each_memory_once(served: Served) -> None:
    head = await tell(served, created(), *[said(f"tea number {i}") for i in range(25)])
    found: list[str] = []
    token = ""
    while True:
        request = pb.SearchRequest(mind_id="ada", query="tea", k=10, page_token=token, min_seq=head)
        answer = await served.memory.search(request)
        found += [result.memory.memory_id for result in answer.results]
        token = answer.next_page_token
        if not token:
            break

    assert len(found) == len(set(found)) == 25


async def test_a_seq_above_the_head_is_refused_and_an_unknown_mind_not_found(served: Served) -> None:
    head = await tell(served, created(), said("a"))

    with pytest.raises(errors.BeyondHead):
        await search(served, "a", min_seq=head + 1)
    with pytest.raises(errors.UnknownMind):
        await search(served, "a", mind_id="nobody")


async def test_memories_have_versions_and_an_end(served: Served) -> None:
    recorded = mind.MemoryRecorded(
        memory_id="m1", text="Ana lives in Lisbon", type=mind.MEMORY_TYPE_FACT, tags=["home"]
    )
    revised = mind.MemoryRevised(memory_id="m1", text="Ana lives in Porto")
    retracted = mind.MemoryRetracted(memory_id="m1")
    events = [
        ledger.NewEvent(body=mind.Body(memory_recorded=recorded)),
        ledger.NewEvent(body=mind.Body(memory_revised=revised)),
    ]
    head = await tell(served, created(), *events)
    assert await search(served, "where does Ana live", min_seq=head) == ["Ana lives in Porto"]
    assert await search(served, "where does Ana live", as_of_seq=2) == ["Ana lives in Lisbon"]

    head = await tell(served, ledger.NewEvent(body=mind.Body(memory_retracted=retracted)))
    assert await search(served, "where does Ana live", min_seq=head) == []
    history = await served.memory.get_memory_history(
        pb.GetMemoryHistoryRequest(mind_id="ada", memory_id="m1")
    )
    assert [(m.version, m.text, m.retracted) for m in history.versions] == [
        (1, "Ana lives in Lisbon", False),
        (2, "Ana lives in Porto", True),
    ]
    then = await served.memory.get_memory(pb.GetMemoryRequest(mind_id="ada", memory_id="m1", as_of_seq=2))
    assert then.memory.text == "Ana lives in Lisbon"


async def test_every_memory_leads_to_its_events_and_back(served: Served) -> None:
    recorded = mind.MemoryRecorded(memory_id="m1", text="Ana lives in Porto", source_seqs=[2])
    head = await tell(
        served,
        created(),
        said("my sister moved to Porto"),
        ledger.NewEvent(body=mind.Body(memory_recorded=recorded)),
    )
    listed = await served.memory.list_memories(pb.ListMemoriesRequest(mind_id="ada", min_seq=head))
    of_event = await served.memory.list_memories_of_events(
        pb.ListMemoriesOfEventsRequest(mind_id="ada", seqs=[2])
    )

    assert [(m.memory_id, list(m.source_seqs)) for m in listed.memories] == [("m1", [3, 2]), ("e2", [2])]
    assert [m.memory_id for m in of_event.memories] == ["e2", "m1"]


async def test_what_is_erased_is_gone_with_all_that_came_from_it(served: Served) -> None:
    recorded = mind.MemoryRecorded(memory_id="m1", text="the code is 4711", source_seqs=[2])
    await tell(
        served,
        created(),
        said("the vault code is 4711"),
        ledger.NewEvent(body=mind.Body(memory_recorded=recorded)),
    )
    assert await search(served, "code", min_seq=3)

    await tell(served, said("tea"))
    redaction = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=[2]))
    head = redaction.seq

    assert await search(served, "code", min_seq=head) == ["tea"]
    with pytest.raises(errors.UnknownMemory):
        await served.memory.get_memory(pb.GetMemoryRequest(mind_id="ada", memory_id="m1"))


async def test_embeddings_are_unit_vectors_and_cached(served: Served) -> None:
    await search(served, "mouse", min_seq=await tell(served, created(), said("a mouse")))
    request = pb.EmbedRequest(mind_id="ada", texts=["a cat", "a dog"])
    await served.memory.embed(request)
    answer = await served.memory.embed(request)

    assert [embedding.cached for embedding in answer.embeddings] == [True, True]
    assert all(abs(sum(v * v for v in e.values) - 1) < 1e-3 for e in answer.embeddings)
    assert answer.dimensions == len(answer.embeddings[0].values) == 256


async def test_stats_tell_how_much_and_how_far(served: Served) -> None:
    head = await tell(served, created(), said("a cat"), said("a dog"), said("a cat"))
    await search(served, "cat", min_seq=head)
    stats = await served.memory.stats(pb.StatsRequest(mind_id="ada"))

    assert (stats.memories, stats.index_seq, stats.index_kind, stats.rebuilding) == (3, head, "flat", False)
    assert {cache.name for cache in stats.caches} == {"embeddings", "queries", "results", "understanding"}


async def test_caches_are_cleared_of_one_mind_or_of_all(served: Served) -> None:
    heads = {
        name: await tell(served, created(name), said(f"a cat of {name}"), mind_id=name)
        for name in ("ada", "bob")
    }
    for name, head in heads.items():
        await search(served, "where is the cat", mind_id=name, min_seq=head)

    async def entries() -> dict[str, int]:
        stats = await served.memory.stats(pb.StatsRequest())
        return {cache.name: cache.entries for cache in stats.caches}

    before = await entries()
    cleared = await served.memory.clear_cache(pb.ClearCacheRequest(mind_id="ada"))
    after = await entries()

    assert cleared.removed == 3
    assert {name: before[name] - after[name] for name in before} == {
        "embeddings": 1, "queries": 1, "results": 1, "understanding": 0,
    }  # fmt: skip
    assert (await served.memory.clear_cache(pb.ClearCacheRequest(caches=["results"]))).removed == 1
    await served.memory.clear_cache(pb.ClearCacheRequest())
    assert set((await entries()).values()) == {0}
    assert (await search(served, "where is the cat"))[0] == "a cat of ada"


async def test_a_full_cache_lets_go_of_what_was_used_least_lately_and_counts_it(tmp_path: Path) -> None:
    settings = {"memory": {"settle_ms": 0, "result_cache_entries": 2}}
    async with serving(tmp_path, "ledger", "memory", settings=settings) as served:
        head = await tell(served, created(), said("a cat"), said("a dog"))
        asked = [
            pb.SearchRequest(mind_id="ada", query=query, min_seq=head) for query in ("cat", "dog", "cow")
        ]
        found = [await served.memory.search(asked[place], timeout=10) for place in (0, 1, 0, 2, 0, 1)]
        stats = await served.memory.stats(pb.StatsRequest())

    results = next(cache for cache in stats.caches if cache.name == "results")
    assert [answer.cached for answer in found] == [False, False, True, False, True, False]
    assert (results.entries, results.hits, results.misses, results.evictions) == (2, 2, 4, 2)


async def test_the_days_of_a_query_are_those_of_its_time_zone(served: Served) -> None:
    # Half past four on a Sunday morning in Auckland, where Saturday began at 11:00 UTC on Friday.
    now = datetime(2026, 11, 21, 15, 30, tzinfo=UTC)
    on_friday = imported("planted the roses", "Ana", datetime(2026, 11, 20, 2, tzinfo=UTC))
    on_saturday = imported("planted the tulips", "Ana", datetime(2026, 11, 20, 20, tzinfo=UTC))
    head = await tell(served, created(), on_friday, on_saturday)

    async def nearness(time_zone: str) -> dict[str, float]:
        request = pb.SearchRequest(
            mind_id="ada", query="planted yesterday", explain=True, min_seq=head, time_zone=time_zone
        )
        request.query_time.FromDatetime(now)
        found = (await served.memory.search(request, timeout=10)).results
        return {
            result.memory.text: score.raw
            for result in found
            for score in result.strategies
            if score.strategy == "temporal"
        }

    assert await nearness("") == {"planted the roses": 1, "planted the tulips": 1}
    assert await nearness("Pacific/Auckland") == {"planted the roses": 0, "planted the tulips": 1}
    assert await nearness("UTC") == await nearness("")


async def test_a_filter_holds_for_what_was_at_a_time_that_the_query_names(served: Served) -> None:
    yesterday = datetime(2026, 11, 20, 12, tzinfo=UTC)
    here = imported("planted the roses", "Ana", yesterday, "here")
    there = imported("planted the tulips", "Ana", yesterday, "there")
    head = await tell(served, created(), here, there)
    request = pb.SearchRequest(mind_id="ada", query="planted yesterday", min_seq=head)
    request.query_time.FromDatetime(yesterday + timedelta(days=1))
    request.filter.session_ids.append("here")

    found = (await served.memory.search(request, timeout=10)).results
    assert [one.memory.text for one in found] == ["planted the roses"]


async def test_what_a_query_means_in_one_time_zone_it_does_not_mean_in_another_of_the_same_day(
    served: Served,
) -> None:
    late = imported("planted the roses", "Ana", datetime(2026, 11, 20, 23, 30, tzinfo=UTC))
    head = await tell(served, created(), late)

    async def nearness(time_zone: str) -> list[float]:
        request = pb.SearchRequest(
            mind_id="ada", query="planted yesterday", explain=True, min_seq=head, time_zone=time_zone
        )
        request.query_time.FromDatetime(datetime(2026, 11, 21, 6, tzinfo=UTC))
        (found,) = (await served.memory.search(request, timeout=10)).results
        return [score.raw for score in found.strategies if score.strategy == "temporal"]

    assert await nearness("") == [1]
    assert await nearness("Europe/Berlin") != [1]


@pytest.mark.parametrize("time_zone", ["Mars/Olympus", "../../etc/passwd", "Europe", "x" * 5_000, "\0"])
async def test_a_time_zone_that_there_is_not_is_refused(served: Served, time_zone: str) -> None:
    await tell(served, created())
    with pytest.raises(errors.InvalidArgument) as refused:
        await search(served, "tea yesterday", time_zone=time_zone)
    assert [violation.field for violation in refused.value.violations] == ["time_zone"]


async def test_what_few_memories_fit_is_cached_as_well(served: Served) -> None:
    head = await tell(served, created(), said("tea", session_id="one"), *[said(f"tea {i}") for i in range(9)])
    request = pb.SearchRequest(mind_id="ada", query="tea", min_seq=head)
    request.filter.session_ids.append("one")

    found = [await served.memory.search(request, timeout=10) for _ in range(2)]
    assert [answer.cached for answer in found] == [False, True]
    assert [[one.memory.text for one in answer.results] for answer in found] == [["tea"]] * 2
    request.filter.ClearField("session_ids")
    request.k = 3
    assert not (await served.memory.search(request, timeout=10)).cached
    request.k = 2
    assert (await served.memory.search(request, timeout=10)).cached
    request.k = 7
    assert len((await served.memory.search(request, timeout=10)).results) == 7


async def test_pages_between_which_something_was_erased_do_not_fit_together(served: Served) -> None:
    head = await tell(served, created(), *[said(f"tea number {i}") for i in range(9)])
    request = pb.SearchRequest(mind_id="ada", query="tea", k=3, min_seq=head)
    first = await served.memory.search(request, timeout=10)
    request.page_token = first.next_page_token
    assert len((await served.memory.search(request, timeout=10)).results) == 3
    erased = list(first.results[0].memory.source_seqs)
    done = await served.ledger.redact(ledger.RedactRequest(mind_id="ada", seqs=erased))
    request.min_seq = done.seq

    with pytest.raises(errors.ListingChanged):
        await served.memory.search(request, timeout=10)
    request.page_token = ""
    again = await served.memory.search(request, timeout=10)
    request.page_token = again.next_page_token
    found = [*again.results, *(await served.memory.search(request, timeout=10)).results]
    assert len({one.memory.memory_id for one in found}) == 6


async def test_all_are_found_where_few_were_asked_for_before(served: Served) -> None:
    head = await tell(served, created(), *[said(f"tea {number}") for number in range(150)])

    for k in (1, 150):
        request = pb.SearchRequest(mind_id="ada", query="tea", k=k, min_seq=head)
        assert len((await served.memory.search(request, timeout=10)).results) == k


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("What became of Project 77?", {"Project 77"}),
        ("project 7, was it stopped", {"Project 7"}),
        ("who spoke to Jean-Luc", {"Jean-Luc"}),
        ("the projects of New Yorkers", set()),
        ("is New York far", {"New York"}),
        ("is New York City far", {"New York", "New York City"}),
    ],
)
async def test_an_entity_is_named_by_its_words_and_no_others(
    served: Served, query: str, named: set[str]
) -> None:
    names = ["Project 7", "Project 77", "Jean-Luc", "New York", "New York City"]
    recorded = [
        mind.MemoryRecorded(memory_id=f"m{place}", text="it goes on", type=place + 2, entities=[name])
        for place, name in enumerate(names)
    ]
    events = [ledger.NewEvent(body=mind.Body(memory_recorded=one)) for one in recorded]
    head = await tell(served, created(), *events)
    request = pb.SearchRequest(mind_id="ada", query=query, explain=True, min_seq=head)

    found = (await served.memory.search(request, timeout=10)).results
    about = {
        name
        for result in found
        for score in result.strategies
        if score.strategy == "entity" and score.raw > 0
        for name in result.memory.entities
    }
    assert about == named
