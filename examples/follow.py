"""Follow one country, body or person through the news of all languages: `python examples/follow.py xabar:un`."""

import asyncio
import contextlib
import os
import sys

from aiokafka import AIOKafkaConsumer

from services.contracts.articles import EnrichedArticle
from services.contracts.topics import ENRICHED_ARTICLES


async def follow(wanted: str) -> None:
    """Print a line for each article that names it, from the oldest kept to the newest, and wait for more."""
    consumer = AIOKafkaConsumer(
        ENRICHED_ARTICLES.name,
        bootstrap_servers=os.environ.get("KAFKA_BOOTSTRAP_SERVERS", "localhost:9092"),
        group_id=f"follow-{wanted.replace(':', '-')}",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
    )
    async with consumer:
        async for record in consumer:
            news = EnrichedArticle.decode(record.value)
            if any(entity.id == wanted for entity in news.entities):
                english = next((t.title for t in news.translations if t.target == "en" and t.title), "")
                print(news.language.tag, news.article.url, news.article.title, english, sep="\t", flush=True)
            await consumer.commit()  # after the work: what was not done is given again


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Which id? For one: python examples/follow.py iso3166:UZ. Ids: xabar kb show NAME")
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(follow(sys.argv[1]))
