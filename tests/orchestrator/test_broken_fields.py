"""What is wrong with a request is said of its own fields, before anything is kept."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from google.protobuf.struct_pb2 import Value

from pmm.inference.v1 import inference_pb2 as inference
from pmm.mind.v1 import events_pb2 as mind
from pmm.orchestrator.v1 import orchestrator_pb2 as pb
from pmm_client import errors
from services.orchestrator.checks.conversations import MAX_IMPORTED_BYTES
from tests.orchestrator.talking import converse, head
from tests.support.serving import Served

NAN, INFINITE = float("nan"), float("inf")


async def fields(call: Awaitable[object]) -> list[str]:
    """That are broken in a request."""
    with pytest.raises(errors.InvalidArgument) as refused:
        await call
    return [violation.field for violation in refused.value.violations]


async def generated(served: Served, sampling: inference.Sampling) -> None:
    said = inference.Message(role=inference.ROLE_USER, text="hello")
    async for _ in served.inference.generate(inference.GenerateRequest(messages=[said], sampling=sampling)):
        pass


@pytest.mark.parametrize(
    "broken",
    [
        {"temperature": -1.0},
        {"temperature": NAN},
        {"temperature": 10.5},
        {"top_p": 0.0},
        {"top_p": 7.0},
        {"top_k": 0},
        {"max_tokens": 0},
        {"presence_penalty": -3.0},
        {"frequency_penalty": INFINITE},
        {"stop": ["x"] * 17},
    ],
    ids=str,
)
async def test_sampling_is_refused_before_the_message_is_kept_as_inference_refuses_it(
    served: Served, broken: dict[str, Any]
) -> None:
    (name,) = broken
    sampling = inference.Sampling(**broken)

    assert await fields(converse(served, "hello", sampling=sampling)) == [f"sampling.{name}"]
    assert await fields(generated(served, sampling)) == [f"sampling.{name}"]
    assert await head(served) == 1


@pytest.mark.parametrize(
    "allowed",
    [
        {"temperature": 0.0, "top_p": 1.0, "top_k": 1, "max_tokens": 1},
        {"temperature": 10.0, "presence_penalty": -2.0, "frequency_penalty": 2.0, "stop": ["x"] * 16},
    ],
)
async def test_sampling_within_its_limits_is_taken(served: Served, allowed: dict[str, Any]) -> None:
    assert (await converse(served, "hello", sampling=inference.Sampling(**allowed))).completed


@pytest.mark.parametrize("name", ["Ro\nbin", "Ro\x00bin", "\x1b[31mRobin"])
async def test_a_name_is_one_line(served: Served, name: str) -> None:
    adopt = served.orchestrator.adopt_name(pb.AdoptNameRequest(mind_id="ada", name=name))
    assert await fields(adopt) == ["name"]


@pytest.mark.parametrize("tag", ["xx-yy-zz--", "English, please", "e", "pt_BR"])
async def test_a_language_is_a_tag(served: Served, tag: str) -> None:
    request = pb.SetPolicyRequest(mind_id="ada", key="language", value=Value(string_value=tag))
    assert await fields(served.orchestrator.set_policy(request)) == ["value"]
    create = pb.CreateMindRequest(mind_id="eve", settings=mind.MindSettings(language=tag))
    assert await fields(served.orchestrator.create_mind(create)) == ["settings.language"]


@pytest.mark.parametrize("key", ["traits.cap", "traits.frozen", "description", "personal_data.email"])
@pytest.mark.parametrize("number", [NAN, INFINITE, -INFINITE])
@pytest.mark.parametrize("is_in_list", [False, True])
async def test_no_policy_is_a_number_without_a_value(
    served: Served, key: str, number: float, is_in_list: bool
) -> None:
    request = pb.SetPolicyRequest(mind_id="ada", key=key)
    if is_in_list:
        request.value.list_value.append(number)
    else:
        request.value.number_value = number

    assert await fields(served.orchestrator.set_policy(request)) == ["value"]
    assert await head(served) == 1


@pytest.mark.parametrize("outcome", [mind.COMMITMENT_OUTCOME_DONE, mind.COMMITMENT_OUTCOME_DROPPED])
async def test_evidence_is_named_where_it_is_none(served: Served, outcome: Any) -> None:
    opened = await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text="Tea"))
    close = pb.CloseCommitmentRequest(
        mind_id="ada", commitment_id=opened.commitment.commitment_id, outcome=outcome, evidence_seqs=[1, 0]
    )

    assert await fields(served.orchestrator.close_commitment(close)) == ["evidence_seqs[1]"]


BEYOND: list[tuple[str, Callable[[Served, str], Awaitable[object]]]] = [
    (
        "evidence_seqs[1]",
        lambda served, its_id: served.orchestrator.close_commitment(
            pb.CloseCommitmentRequest(
                mind_id="ada",
                commitment_id=its_id,
                outcome=mind.COMMITMENT_OUTCOME_DROPPED,
                evidence_seqs=[1, 500],
            )
        ),
    ),
    (
        "evidence_seqs[0]",
        lambda served, its_id: served.orchestrator.close_commitment(
            pb.CloseCommitmentRequest(
                mind_id="ada",
                commitment_id=its_id,
                outcome=mind.COMMITMENT_OUTCOME_DONE,
                evidence_seqs=[500],
            )
        ),
    ),
    (
        "source_seq",
        lambda served, _: served.orchestrator.open_commitment(
            pb.OpenCommitmentRequest(mind_id="ada", text="Coffee", source_seq=500)
        ),
    ),
]


@pytest.mark.parametrize(("field", "call"), BEYOND, ids=[field for field, _ in BEYOND])
async def test_a_seq_above_the_head_is_named(
    served: Served, field: str, call: Callable[[Served, str], Awaitable[object]]
) -> None:
    opened = await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(mind_id="ada", text="Tea"))
    before = await head(served)

    with pytest.raises(errors.BeyondHead) as refused:
        await call(served, opened.commitment.commitment_id)

    assert refused.value.metadata["field"] == field
    assert refused.value.message.startswith(f"{field}: 500 ")
    assert await head(served) == before


async def listed(served: Served, request: Any) -> Any:
    """A page of whatever a request lists."""
    method = type(request).__name__.removeprefix("List").removesuffix("Request").lower()
    return await getattr(served.orchestrator, f"list_{method}")(request)


async def of_two_pages(served: Served) -> list[Any]:
    """A request for the first page of each listing, of which there is a second."""
    for mind_id in ("ada", "eve"):
        ada: dict[str, Any] = {"mind_id": mind_id}
        for text in ("Tea", "Coffee"):
            await served.orchestrator.start_session(pb.StartSessionRequest(**ada, session_id=text))
            for outcome in (mind.COMMITMENT_OUTCOME_DROPPED, None):
                opened = await served.orchestrator.open_commitment(pb.OpenCommitmentRequest(**ada, text=text))
                if outcome:
                    its_id = opened.commitment.commitment_id
                    await served.orchestrator.close_commitment(
                        pb.CloseCommitmentRequest(**ada, commitment_id=its_id, outcome=outcome)
                    )
            await served.orchestrator.reflect(pb.ReflectRequest(**ada))
    return [
        pb.ListMindsRequest(page_size=1),
        pb.ListSessionsRequest(mind_id="ada", page_size=1),
        pb.ListCommitmentsRequest(mind_id="ada", page_size=1),
        pb.ListCommitmentsRequest(mind_id="ada", page_size=1, status=pb.COMMITMENT_STATUS_CLOSED),
        pb.ListReflectionsRequest(mind_id="ada", page_size=1),
    ]


async def test_a_page_token_is_one_that_was_given_out_for_the_same_listing(served: Served) -> None:
    await served.orchestrator.create_mind(pb.CreateMindRequest(mind_id="eve"))
    requests = await of_two_pages(served)
    tokens = [(await listed(served, request)).next_page_token for request in requests]
    of_eve = list[str]()
    for request in requests[1:]:
        request.mind_id = "eve"
        of_eve.append((await listed(served, request)).next_page_token)
        request.mind_id = "ada"
    forged = ["0", "x", "-1", "1" * 13, "1.2", "99999.1", "1.2.3.4.5.6", "eve", "a" * 10_000]
    forged += [token[:-1] + chr(ord(token[-1]) ^ 1) for token in tokens]

    assert all([*tokens, *of_eve])
    for request, token in zip(requests, tokens, strict=True):
        for other in {*forged, *tokens, *of_eve} - {token}:
            request.page_token = other
            assert await fields(listed(served, request)) == ["page_token"]
        request.page_token = token
        assert await listed(served, request)


@pytest.mark.parametrize("seconds", [0, -1, -(10**9)])
async def test_a_due_time_lies_after_1970(served: Served, seconds: int) -> None:
    opened = pb.OpenCommitmentRequest(mind_id="ada", text="buy bread")
    opened.due_at.seconds = seconds
    revised = pb.ReviseCommitmentRequest(mind_id="ada", commitment_id="c-1")
    revised.due_at.seconds = seconds

    assert await fields(served.orchestrator.open_commitment(opened)) == ["due_at"]
    assert await fields(served.orchestrator.revise_commitment(revised)) == ["due_at"]


async def test_the_event_that_says_whose_a_mind_is_is_not_forgotten_alone(served: Served) -> None:
    async def forget() -> None:
        async for _ in served.orchestrator.forget(pb.ForgetRequest(mind_id="ada", seq=1)):
            pass

    assert await fields(forget()) == ["seq"]


async def test_an_import_that_is_too_large_names_its_messages(served: Served) -> None:
    messages = [pb.ImportedMessage(text="x" * (MAX_IMPORTED_BYTES // 20)) for _ in range(20)]
    request = pb.ImportMessagesRequest(mind_id="ada", messages=messages)

    assert await fields(served.orchestrator.import_messages(request)) == ["messages"]
