"""What is told in scripts without spaces is found by its words, and asked about as in any other."""

from __future__ import annotations

import pytest

from pmm.memory.v1 import memory_pb2 as memory
from services.orchestrator.autonomy.analysis import analyze
from services.orchestrator.terms import Said
from tests.orchestrator.talking import converse, events, followed, head, wait_for
from tests.support.serving import Served

TOLD = {
    "Chinese": ("我住在柏林。", "我妹妹在波尔图工作。", "我喜欢绿茶。", "我的狗叫小白。"),
    "Japanese": (
        "私はベルリンに住んでいます。",
        "妹はポルトで働いています。",
        "緑茶が好きです。",
        "犬の名前はシロです。",
    ),
    "Korean": (
        "저는 베를린에 살아요.",
        "제 여동생은 포르투에서 일해요.",
        "저는 녹차를 좋아해요.",
        "강아지 이름은 바둑이예요.",
    ),
    "English": (
        "I live in Berlin.",
        "My sister works in Porto.",
        "I like green tea.",
        "My dog is called Snowy.",
    ),
}
ASKED = {
    "你记得我妹妹在哪里工作吗？": "波尔图",
    "我的狗叫什么？": "小白",
    "喜欢绿茶的是谁": "绿茶",
    "妹はどこで働いていますか": "ポルト",
    "犬の名前は何ですか？": "シロ",
    "여동생은 어디에서 일해요?": "포르투",
    "강아지 이름이 뭐예요?": "바둑이",
    "Where does my sister work?": "Porto",
}
FOUND = {"柏林": "我住在柏林。", "犬": "犬の名前はシロです。", "포르투": "제 여동생은 포르투에서 일해요."}


@pytest.fixture
async def told(served: Served) -> Served:
    for texts in TOLD.values():
        for text in texts:
            await converse(served, text)
    return served


async def test_what_was_told_in_any_script_is_found_by_a_word_of_it(told: Served) -> None:
    seq = await head(told)
    for word, text in (
        ("柏林", "我住在柏林。"),
        ("犬", "犬の名前はシロです。"),
        ("포르투", "제 여동생은 포르투에서 일해요."),
    ):
        request = memory.SearchRequest(mind_id="ada", query=word, k=1, min_seq=seq)
        [first] = (await told.memory.search(request, timeout=20)).results
        assert first.memory.text == text


async def test_a_question_in_any_script_is_answered_by_what_was_told_in_it(told: Served) -> None:
    answers = {question: (await converse(told, question)).text.splitlines()[0] for question in ASKED}

    assert {q: a for q, a in answers.items() if ASKED[q] not in a} == {}


async def test_rules_know_a_question_by_any_script_s_mark(served: Served) -> None:
    for mark in ("？", "؟"):
        await converse(served, f"I live in Berlin{mark}")
    await converse(served, "I live in Porto.")
    formed = await wait_for(served, "memory_recorded")
    await followed(served)

    told = [event.body.memory_recorded.text for event in await events(served, kinds=["memory_recorded"])]
    assert told == [formed.body.memory_recorded.text] == ["The user lives in Porto."]


def test_what_is_asked_in_any_script_stays_open_where_nothing_answers_it() -> None:
    found = analyze(
        [Said("user", "我住在柏林。你知道我的狗叫什么？"), Said("user", "妹はどこ？お茶が好き。")]
    )

    assert found.open_questions == ("你知道我的狗叫什么？", "妹はどこ？")
