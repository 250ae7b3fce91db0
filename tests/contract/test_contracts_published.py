"""What is published of the contracts is what the code says, and every example holds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from pydantic import ValidationError

from services.contracts import topics
from services.contracts.articles import EnrichedArticle, ParsedArticle, entity_text
from services.contracts.identity import article_id, canonical_url, content_key
from services.contracts.message import Message
from services.contracts.pages import FetchedPage
from services.contracts.publish import ASYNCAPI, COMMAND, EXAMPLES, SCHEMAS, changes, published
from services.contracts.topics import DEAD_LETTER_ROOM, MESSAGE_TOPICS, RAW_TOPICS, STAGE_INPUTS, TOPICS, Topic

DEAD_LETTER = "dead-letter"
BY_NAME: dict[str, Topic[Any]] = {topic.name: topic for topic in MESSAGE_TOPICS}
CASES = [
    pytest.param(BY_NAME[path.parent.name], path, id=f"{path.parent.name}/{path.stem}")
    for path in sorted(EXAMPLES.glob("*/*.json"))
    if path.parent.name in BY_NAME
]


def read(path: Path) -> Any:
    return json.loads(path.read_text("utf-8"))


def message(topic: Topic[Any], path: Path) -> Any:
    return topic.model.decode(path.read_bytes())


def nodes(tree: object) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
    for inner in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from nodes(inner)


def models(kind: type[Message]) -> list[Any]:
    return [message(topic, path) for topic, path in (case.values for case in CASES) if topic.model is kind]


# Code and files


@pytest.mark.parametrize(("path", "text"), published().items(), ids=lambda value: getattr(value, "name", ""))
def test_what_is_published_is_what_the_code_says(path: Path, text: str) -> None:
    found = path.read_text("utf-8") if path.exists() else None
    assert found == text, f"{path.name} is not what the code says: run `{COMMAND}` and commit what it writes"


def test_no_change_breaks_a_reader() -> None:
    broken = [str(change) for change in changes() if change.breaking]
    assert not broken, "\n".join(["Add an optional field or define a new topic instead:", *broken])


def test_every_topic_has_a_schema_and_examples_and_no_file_is_an_orphan() -> None:
    assert {path.name for path in SCHEMAS.iterdir()} == {f"{name}.json" for name in BY_NAME}
    assert {path.name for path in EXAMPLES.iterdir()} == {*BY_NAME, DEAD_LETTER}
    for name in BY_NAME:
        stems = {path.stem for path in (EXAMPLES / name).iterdir()}
        assert {"realistic", "minimal"} <= stems, f"{name} needs a realistic and a minimal example"
        assert all(re.fullmatch(r"(minimal|realistic)(-[\w-]+)?", stem) for stem in stems), f"{name}: {stems}"


@pytest.mark.parametrize("name", BY_NAME)
def test_schemas_mean_the_same_in_draft_07_so_that_asyncapi_tools_can_read_them(name: str) -> None:
    schema = read(SCHEMAS / f"{name}.json")
    jsonschema.Draft202012Validator.check_schema(schema)
    newer = {"prefixItems", "unevaluatedProperties", "dependentSchemas", "$dynamicRef", "$anchor", "minContains"}
    for node in nodes(schema):
        assert not newer & node.keys()
        if isinstance(node.get("$ref"), str):  # draft 07 ignores what stands beside a reference
            assert node.keys() <= {"$ref", "default", "description", "title"}


# Examples


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_every_example_validates_against_schema_and_model(topic: Topic[Any], path: Path) -> None:
    schema = read(SCHEMAS / f"{topic.name}.json")
    checks = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
    assert [error.message for error in checks.iter_errors(read(path))] == []
    assert topic.key(message(topic, path)), "the example's record has no key"


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_examples_survive_decoding_and_encoding(topic: Topic[Any], path: Path) -> None:
    decoded = message(topic, path)
    encoded = json.loads(decoded.encode())
    assert topic.model.decode(decoded.encode()) == decoded
    lost = missing(read(path), encoded)
    assert lost == [], f"{topic.name} reads {path.name} without {lost}"


def missing(before: Any, after: Any, field: str = "") -> list[str]:
    """What an example says that is no longer there, or is there otherwise; what defaults add is fine."""
    if isinstance(before, dict) and isinstance(after, dict):
        return [lost for name in before for lost in missing(before[name], after.get(name), f"{field}.{name}")]
    if isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        return [lost for a, b in zip(before, after, strict=True) for lost in missing(a, b, f"{field}[]")]
    return [] if before == after else [field]


@pytest.mark.parametrize("topic", MESSAGE_TOPICS, ids=lambda topic: topic.name)
def test_minimal_examples_hold_required_fields_only(topic: Topic[Any]) -> None:
    content = read(EXAMPLES / topic.name / "minimal.json")
    assert content.keys() == set(read(SCHEMAS / f"{topic.name}.json")["required"])
    for name in content:
        with pytest.raises(ValidationError):
            topic.model.model_validate({k: v for k, v in content.items() if k != name})


@pytest.mark.parametrize(("topic", "path"), CASES)
def test_readers_ignore_fields_that_they_do_not_know(topic: Topic[Any], path: Path) -> None:
    content = read(path)
    for node in [node for node in nodes(content) if node is content or "stage" in node or "confidence" in node]:
        node["from_the_future"] = {"any": [1, None]}
    assert topic.model.decode(json.dumps(content).encode()) == message(topic, path)


@pytest.mark.parametrize("topic", MESSAGE_TOPICS, ids=lambda topic: topic.name)
def test_messages_are_frozen(topic: Topic[Any]) -> None:
    decoded = message(topic, EXAMPLES / topic.name / "minimal.json")
    with pytest.raises(ValidationError):
        setattr(decoded, next(iter(topic.model.model_fields)), "other")


def test_page_examples_carry_the_bytes_that_their_hash_names() -> None:
    pages = models(FetchedPage)
    assert pages
    for page in pages:
        assert hashlib.sha256(page.content()).hexdigest() == page.body_sha256


def test_article_examples_have_the_identities_that_the_code_gives_them() -> None:
    for article in models(ParsedArticle) + [enriched.article for enriched in models(EnrichedArticle)]:
        assert article.canonical_url == canonical_url(article.url)
        assert article.article_id == article_id(article.url)
        assert article.content_key == content_key(article.title, article.text)


def test_enriched_examples_point_at_their_text_and_keep_its_paragraphs() -> None:
    for enriched in models(EnrichedArticle):
        text = entity_text(enriched.article)
        for mention in (mention for entity in enriched.entities for mention in entity.mentions):
            assert text[mention.start : mention.end] == mention.surface
        for translation in enriched.translations:
            assert len(translation.paragraphs) in (0, len(enriched.article.paragraphs))


def test_the_same_article_in_both_uzbek_scripts_has_one_content_key_and_two_ids() -> None:
    folder = EXAMPLES / topics.PARSED_ARTICLES.name
    latin, cyrillic = (message(topics.PARSED_ARTICLES, folder / f"realistic{s}.json") for s in ("", "-uz-Cyrl"))
    assert latin.content_key == cyrillic.content_key
    assert latin.article_id != cyrillic.article_id


def test_the_dead_letter_example_shows_the_record_and_the_headers_that_the_document_requires() -> None:
    example = read(EXAMPLES / DEAD_LETTER / "realistic.json")
    headers = read(ASYNCAPI)["components"]["messageTraits"]
    for trait in ("event", "dead-letter"):
        jsonschema.validate(example["headers"], headers[trait]["headers"])
    assert example["topic"] in {topic.name for topic in RAW_TOPICS}
    original = BY_NAME[example["headers"]["dlq-topic"]]
    assert original.key(original.model.model_validate(example["value"])) == example["key"]


# Topics


def test_topic_names_are_words_and_hyphens_because_a_dot_collides_with_an_underscore_in_metrics() -> None:
    names = [topic.name for topic in TOPICS]
    assert len(set(names)) == len(names)
    assert [name for name in names if not re.fullmatch(r"[a-z]+(-[a-z]+)*", name)] == []
    for topic in MESSAGE_TOPICS:
        assert getattr(topics, topic.name.upper().replace("-", "_")) is topic


def test_what_a_stage_makes_is_named_by_what_was_done_to_it() -> None:
    made = {topics.FETCHED_PAGES, topics.PARSED_ARTICLES, topics.ENRICHED_ARTICLES, topics.STORED_ARTICLES}
    assert all(re.fullmatch(r"[a-z]+ed-[a-z]+s", topic.name) for topic in made)


def test_dead_letters_and_replays_take_the_largest_record_of_their_stage_with_its_headers() -> None:
    largest = {topic.name: topic.max_message_bytes for topic in RAW_TOPICS}
    expected = {
        f"{stage}-{kind}": source.max_message_bytes + 64 * 1024
        for stage, source in STAGE_INPUTS.items()
        for kind in ("dlq", "replays")
    }
    assert DEAD_LETTER_ROOM == 64 * 1024
    assert largest == expected


def test_topics_keyed_alike_have_as_many_partitions() -> None:
    counts: dict[str, set[int | None]] = {}
    for topic in MESSAGE_TOPICS:
        counts.setdefault(topic.key_is, set()).add(topic.partitions)
    assert {key: found for key, found in counts.items() if len(found) > 1} == {}
    assert all(counts[key] == {None} for key in ("host", "article_id", topics.URL_FRONTIER.key_is))


def test_every_stage_input_is_written_and_read_by_the_services_that_say_so() -> None:
    for stage, source in STAGE_INPUTS.items():
        assert stage in source.consumers
        assert source.producers


# AsyncAPI


def test_the_asyncapi_document_is_whole() -> None:
    document = read(ASYNCAPI)
    assert document["asyncapi"] == "3.0.0"
    assert re.fullmatch(r"\d+\.\d+\.\d+", document["info"]["version"])
    assert document["info"]["title"]
    assert document["channels"].keys() == {topic.name for topic in TOPICS}
    for topic in TOPICS:
        channel = document["channels"][topic.name]
        binding = channel["bindings"]["kafka"]
        policy = binding["topicConfiguration"]
        assert channel["address"] == topic.name
        assert channel["messages"]
        assert binding.get("partitions") == topic.partitions
        assert policy["max.message.bytes"] == topic.max_message_bytes
        assert policy["cleanup.policy"] == ["compact" if topic.compacted else "delete"]
        assert ("retention.ms" in policy) is not topic.compacted
    for operation in document["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert operation["channel"]["$ref"].startswith("#/channels/")
    for node in document["components"]["messages"].values():
        assert {"name", "contentType", "traits", "payload"} <= node.keys()
        assert node["bindings"]["kafka"]["key"]


def test_every_reference_of_the_asyncapi_document_resolves() -> None:
    document = read(ASYNCAPI)
    references = [node["$ref"] for node in nodes(document) if "$ref" in node]
    assert references
    for reference in references:
        file, _, pointer = reference.partition("#")
        found: Any = read(ASYNCAPI.parent / file) if file else document
        for step in filter(None, pointer.split("/")):
            assert step in found, f"{reference} leads nowhere"
            found = found[step]


def test_every_topic_is_written_and_read_by_some_operation() -> None:
    operations = read(ASYNCAPI)["operations"].values()
    for topic in TOPICS:
        actions = {o["action"] for o in operations if o["channel"]["$ref"] == f"#/channels/{topic.name}"}
        assert actions == {"send", "receive"}, topic.name
