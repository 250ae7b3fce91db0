"""Creates the topics and brings their settings up to date: `python -m services.runtime.topics apply`."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.errors import KafkaError, TopicAlreadyExistsError, for_code
from pydantic import Field

from services.contracts.topics import FETCH_REQUESTS, TOPICS, URL_FRONTIER, RawTopic, Topic
from services.runtime.connection import Refused, client_options, refusal
from services.runtime.settings import RuntimeSettings, load, refuse

AnyTopic = Topic[Any] | RawTopic


class TopicSettings(RuntimeSettings):
    """How topics are made."""

    topics_partitions: int = Field(6, ge=1, description="of each topic whose contract leaves it open")
    topics_replication: int = Field(1, ge=1, description="3 in production")
    topics_wait_seconds: float = Field(60.0, ge=0, description="for the broker to answer")


@dataclass(frozen=True)
class Change:
    """What was done to a topic, or why it was refused."""

    topic: str
    what: str
    refused: bool = False


def configuration(topic: AnyTopic) -> dict[str, str]:
    """The topic's settings as the broker wants them."""
    settings = {"max.message.bytes": str(topic.max_message_bytes)}
    if topic.retention is None:
        # Small segments that are cleaned early: a reader that restores from the topic reads little.
        return settings | {
            "cleanup.policy": "compact",
            "segment.bytes": str(64 * 1024 * 1024),
            "segment.ms": str(3_600_000),
            "min.cleanable.dirty.ratio": "0.1",
        }
    return settings | {"cleanup.policy": "delete", "retention.ms": str(int(topic.retention.total_seconds() * 1000))}


async def apply(admin: AIOKafkaAdminClient, partitions: int, replication: int) -> list[Change]:
    """Create what is missing and set what differs; idempotent. A changed partition count is refused."""
    known = {t["topic"]: len(t["partitions"]) for t in await admin.describe_topics() if t["error_code"] == 0}
    changes: list[Change] = []
    for topic in TOPICS:
        wanted = topic.partitions or partitions
        if topic.name not in known:
            changes.append(await _create(admin, topic, wanted, replication))
            continue
        if not fits(topic.name, wanted, known):
            # A key's records would move to another partition, away from the state that belongs to them.
            what = f"has {known[topic.name]} partitions, not {wanted}; the count of a keyed topic is never changed"
            changes.append(Change(topic.name, what, refused=True))
        changes += await _configure(admin, topic)
    return changes


def fits(name: str, wanted: int, known: Mapping[str, int]) -> bool:
    """Whether a topic may keep the partitions that it has; those that `xabar frontier migrate` widens go together."""
    widened = [known.get(topic.name, 0) for topic in (FETCH_REQUESTS, URL_FRONTIER)]
    migrated = name in (FETCH_REQUESTS.name, URL_FRONTIER.name) and min(widened) == max(widened) > wanted
    return known[name] == wanted or migrated


async def _create(admin: AIOKafkaAdminClient, topic: AnyTopic, partitions: int, replication: int) -> Change:
    new = NewTopic(topic.name, partitions, replication, topic_configs=configuration(topic))
    answer = await admin.create_topics([new])
    for name, code, *rest in answer.topic_errors:
        if code == 0:
            return Change(name, f"created, {partitions} partitions")
        error = for_code(code)
        if error is TopicAlreadyExistsError:
            return Change(name, "created meanwhile by another")
        return Change(name, f"not created: {error.__name__} {rest[0] if rest else ''}".strip(), refused=True)
    return Change(topic.name, "not created: the broker said nothing of it", refused=True)


async def _configure(admin: AIOKafkaAdminClient, topic: AnyTopic) -> list[Change]:
    wanted = configuration(topic)
    resource = ConfigResource(ConfigResourceType.TOPIC, topic.name)
    [answer] = await admin.describe_configs([resource])
    found = {entry[0]: entry[1] for resources in answer.resources for entry in resources[4]}
    differing = {k: v for k, v in wanted.items() if found.get(k) != v}
    if not differing:
        return []
    await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, topic.name, configs=wanted)])
    said = ", ".join(f"{k} {found.get(k)} → {v}" for k, v in sorted(differing.items()))
    return [Change(topic.name, f"changed: {said}")]


async def connect(settings: RuntimeSettings, wait_seconds: float) -> AIOKafkaAdminClient:
    """A started admin client. Raises KafkaError when no broker answers in time, Refused when one turns us away."""
    options = client_options(settings)
    deadline = asyncio.get_running_loop().time() + wait_seconds
    while True:
        admin = AIOKafkaAdminClient(**options)
        try:
            await admin.start()
        except KafkaError:
            await admin.close()
            if turned_away := await refusal(settings):
                raise turned_away from None
            if asyncio.get_running_loop().time() > deadline:
                raise
            await asyncio.sleep(0.5)
        else:
            return admin


async def applied(settings: TopicSettings) -> list[Change]:
    """Connect, apply, disconnect. Raises KafkaError when no broker answers."""
    admin = await connect(settings, settings.topics_wait_seconds)
    try:
        return await apply(admin, settings.topics_partitions, settings.topics_replication)
    finally:
        await admin.close()


def main() -> None:
    """Apply the topics of the contracts; 1 when something was refused."""
    if sys.argv[1:] != ["apply"]:
        sys.exit("usage: python -m services.runtime.topics apply")
    settings = load(TopicSettings)
    try:
        client_options(settings)
    except ValueError as error:
        refuse(str(error))
    try:
        changes = asyncio.run(applied(settings))
    except Refused as error:
        refuse(str(error))
    except KafkaError as error:
        sys.exit(f"No Kafka broker answers at {settings.kafka_bootstrap_servers}: {error}")
    for change in changes:
        sys.stdout.write(f"{change.topic}: {change.what}\n")
    sys.stdout.write(f"{len(TOPICS)} topics, {len(changes)} changes\n")
    sys.exit(1 if any(change.refused for change in changes) else 0)


if __name__ == "__main__":
    main()
