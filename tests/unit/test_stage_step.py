"""What becomes of one record in a stage: every outcome, and what it sends on."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.contracts.headers import MAX_DEAD_LETTER_HEADER_BYTES
from services.contracts.message import Message
from services.contracts.outcomes import Rejection
from services.contracts.topics import DEAD_LETTER_ROOM, REJECTIONS, Topic
from services.runtime.stage import Outcome, Record, Stage, Transient, decode, step

NOW = datetime(2026, 3, 1, tzinfo=UTC)
TRACE = "0123456789abcdef0123456789abcdef"


class Word(Message):
    """A message."""

    text: str


WORDS = Topic("words", Word, lambda w: w.text[:3], "its start", "words", timedelta(days=1), (), (), 1000)
SHOUTS = Topic("shouts", Word, lambda w: w.text[:3], "its start", "shouts", timedelta(days=1), (), (), 2000)
RECORD = Record(
    "words", 2, 41, b"yur", b'{"text":"yurt"}', (("traceparent", f"00-{TRACE}-0123456789abcdef-01".encode()),), 7
)


def stage(handle: Callable[[Word], Awaitable[Any]], **changes: Any) -> Stage[Word, Word]:
    return replace(
        Stage(
            "shouter", WORDS, SHOUTS, handle, lane=str, url_of=lambda _: "http://e.example/", source_of=lambda _: "e"
        ),
        **changes,
    )


async def outcome_of(
    handle: Callable[[Word], Awaitable[Any]] | None = None, record: Record = RECORD, **changes: Any
) -> Outcome:
    async def shout(word: Word) -> Word:
        return Word(text=word.text.upper())

    subject = stage(handle or shout, **changes)
    return await step(subject, record, decode(WORDS, record), NOW)


def headers(outcome: Outcome) -> dict[str, str]:
    assert outcome.send is not None
    return {name: value.decode() for name, value in outcome.send.headers}


async def test_a_result_goes_to_the_target_with_its_key_and_its_event() -> None:
    outcome = await outcome_of()
    assert (outcome.name, outcome.reason, outcome.source) == ("done", "", "e")
    assert outcome.send is not None
    assert (outcome.send.topic, outcome.send.key, outcome.send.value) == ("shouts", b"YUR", b'{"text":"YURT"}')
    assert outcome.send.partition is None
    assert headers(outcome)["ce_type"] == "xabar.shouts"
    assert headers(outcome)["ce_source"] == "xabar/shouter"


async def test_a_repeat_of_a_record_makes_the_same_event() -> None:
    first, second = await outcome_of(), await outcome_of()
    assert headers(first)["ce_id"] == headers(second)["ce_id"] == "shouter:words/2@41"


async def test_a_result_belongs_to_the_trace_of_its_record_with_a_span_of_its_own() -> None:
    version, trace, span, flags = headers(await outcome_of())["traceparent"].split("-")
    assert (version, trace, flags) == ("00", TRACE, "01")
    assert span != "0123456789abcdef"


async def test_a_stage_may_keep_the_partition_of_its_records() -> None:
    outcome = await outcome_of(keeps_partition=True)
    assert outcome.send is not None
    assert outcome.send.partition == 2


async def test_nothing_to_send_on_is_done_all_the_same() -> None:
    async def listen(_: Word) -> None:
        return None

    assert await outcome_of(listen) == Outcome("done", "", None, "e")


async def test_a_refused_page_goes_to_the_rejections_with_its_reason() -> None:
    async def refuse(_: Word) -> Rejection:
        return Rejection(stage="shouter", reason="robots", url="http://e.example/a", rejected_at=NOW, detail="no bots")

    outcome = await outcome_of(refuse)
    assert (outcome.name, outcome.reason, outcome.detail) == ("rejected", "robots", "no bots")
    assert outcome.send is not None
    assert (outcome.send.topic, outcome.send.key) == (REJECTIONS.name, b"e.example")


async def test_a_result_too_large_for_its_topic_is_rejected_as_such() -> None:
    async def shout_long(_: Word) -> Word:
        return Word(text="A" * 2000)

    outcome = await outcome_of(shout_long)
    assert (outcome.name, outcome.reason) == ("rejected", "too-large")
    assert outcome.send is not None
    said = Rejection.decode(outcome.send.value or b"")
    assert (said.stage, said.source, said.url) == ("shouter", "e", "http://e.example/")
    assert "shouts takes 2000" in said.detail


@pytest.mark.parametrize("value", [b"", None, b"\xff\xfe", b"{", b"[]", b'{"text":1}', b'{"text":"\\ud800"}'])
async def test_bytes_that_are_no_message_die_as_they_came(value: bytes | None) -> None:
    outcome = await outcome_of(record=replace(RECORD, value=value))
    assert (outcome.name, outcome.reason) == ("dead-lettered", "undecodable")
    assert outcome.send is not None
    assert (outcome.send.topic, outcome.send.key, outcome.send.value) == ("shouter-dlq", b"yur", value)


async def test_whatever_a_stage_raises_is_a_dead_letter_that_tells_what_and_where() -> None:
    async def stumble(_: Word) -> Word:
        raise KeyError("körk")

    outcome = await outcome_of(stumble)
    assert (outcome.name, outcome.reason) == ("dead-lettered", "KeyError")
    told = headers(outcome)
    assert told["traceparent"] == RECORD.headers[0][1].decode(), "the original headers stay"
    assert {k: v for k, v in told.items() if k in {"dlq-stage", "dlq-topic", "dlq-partition", "dlq-offset"}} == {
        "dlq-stage": "shouter",
        "dlq-topic": "words",
        "dlq-partition": "2",
        "dlq-offset": "41",
    }
    assert told["dlq-error"] == "KeyError: 'körk'"


async def test_text_that_can_not_be_encoded_is_a_dead_letter_and_no_crash() -> None:
    async def halve(_: Word) -> Word:
        return Word.model_construct(text="\ud83d")

    assert (await outcome_of(halve)).name == "dead-lettered"


async def test_a_result_of_the_wrong_kind_is_a_dead_letter_and_no_crash() -> None:
    async def mumble(_: Word) -> str:
        return "mm"

    assert (await outcome_of(mumble)).name == "dead-lettered"


@pytest.mark.parametrize("broken", ["source_of", "url_of"])
async def test_a_fault_in_what_a_stage_says_of_its_messages_is_a_dead_letter_and_no_crash(broken: str) -> None:
    def stumble(_: Word) -> str:
        raise LookupError(broken)

    async def shout_long(_: Word) -> Word:
        return Word(text="A" * 2000)

    outcome = await outcome_of(shout_long, **{broken: stumble})
    assert (outcome.name, outcome.reason) == ("dead-lettered", "LookupError")


async def test_an_outage_is_no_outcome() -> None:
    async def knock(_: Word) -> Word:
        raise Transient("nobody there")

    with pytest.raises(Transient):
        await outcome_of(knock)


async def test_a_second_death_replaces_what_the_first_one_told() -> None:
    first = await outcome_of(record=replace(RECORD, value=b"{"))
    assert first.send is not None
    again = replace(RECORD, topic="shouter-replays", value=b"{", headers=first.send.headers)
    second = await outcome_of(record=again)
    assert second.send is not None
    names = [name for name, _ in second.send.headers]
    assert len(names) == len(set(names))
    assert headers(second)["dlq-topic"] == "shouter-replays"


async def test_the_largest_record_with_the_longest_complaint_fits_the_dead_letters() -> None:
    async def complain(_: Word) -> Word:
        raise ValueError("ж" * 100_000)

    largest = replace(RECORD, value=b'{"text":"' + b"a" * 989 + b'"}')
    outcome = await outcome_of(complain, record=largest)
    assert outcome.send is not None
    assert outcome.send.size <= outcome.send.max_bytes == WORDS.max_message_bytes + DEAD_LETTER_ROOM
    assert sum(len(k) + len(v) for k, v in outcome.send.headers if k.startswith("dlq-")) <= MAX_DEAD_LETTER_HEADER_BYTES
