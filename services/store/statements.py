"""The SQL of the store's one transaction, each statement for a whole batch."""

from __future__ import annotations

LIMIT_TIME = "SELECT set_config('statement_timeout', %s, true)"

# Sorted, so that two replicas wait for each other in one direction only. A row, not an advisory lock: a batch takes
# hundreds of them, and the server's lock table is small and shared.
LOCK_ARTICLES = """
    INSERT INTO ledger (article_id) SELECT id FROM unnest(%s::text[]) AS id ORDER BY id
    ON CONFLICT (article_id) DO NOTHING
"""
READ_LEDGER = """
    SELECT article_id, contents, gones, backs FROM ledger WHERE article_id = ANY (%s) ORDER BY article_id FOR UPDATE
"""
WRITE_LEDGER = """
    UPDATE ledger SET contents = told.contents, gones = told.gones, backs = told.backs
    FROM unnest(%s::text[], %s::int[], %s::int[], %s::int[]) AS told (article_id, contents, gones, backs)
    WHERE ledger.article_id = told.article_id
"""
FORGET_LOCKS = "DELETE FROM ledger WHERE article_id = ANY (%s) AND contents = 0"

ARTICLES_OF_URLS = "SELECT DISTINCT article_id FROM urls WHERE url_id = ANY (%s)"
WRITE_URLS = """
    INSERT INTO urls (url_id, url, article_id, seen_at)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[]) AS u (url_id, url, article_id, seen_at)
    ORDER BY url_id
    ON CONFLICT (url_id) DO UPDATE
    SET url = excluded.url, article_id = excluded.article_id, seen_at = excluded.seen_at
    WHERE (urls.seen_at, urls.article_id, urls.url) < (excluded.seen_at, excluded.article_id, excluded.url)
"""
WRITE_REJECTIONS = """
    INSERT INTO rejections (url_id, stage, reason, at, source, url, detail)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::timestamptz[], %s::text[], %s::text[], %s::text[])
        AS r (url_id, stage, reason, at, source, url, detail)
    ORDER BY 1, 2, 3, 4
    ON CONFLICT DO NOTHING
    RETURNING url_id, reason
"""
WRITE_OBSERVATIONS = """
    INSERT INTO observations (article_id, fetched_at, enriched_at, content_key, script, body_sha256, method)
    SELECT * FROM unnest(%s::text[], %s::timestamptz[], %s::timestamptz[], %s::text[], %s::text[], %s::text[],
                         %s::text[])
    ON CONFLICT DO NOTHING
    RETURNING article_id, fetched_at, enriched_at, content_key
"""
READ_OBSERVATIONS = """
    SELECT article_id, fetched_at, enriched_at, content_key, script, body_sha256, method
    FROM observations WHERE article_id = ANY (%s)
"""
READ_GONE = """
    SELECT urls.article_id, rejections.at FROM urls JOIN rejections USING (url_id)
    WHERE urls.article_id = ANY (%s) AND rejections.reason = 'gone'
"""

# Of two extractions of one content the later one counts, whichever arrives first.
WRITE_CONTENT = """
    INSERT INTO contents
        (article_id, content_key, fetched_at, enriched_at, language, script, title, lead, text, facts)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (article_id, content_key) DO UPDATE SET
        fetched_at = excluded.fetched_at, enriched_at = excluded.enriched_at, language = excluded.language,
        script = excluded.script, title = excluded.title, lead = excluded.lead, text = excluded.text,
        facts = excluded.facts
    WHERE (contents.fetched_at, contents.enriched_at) < (excluded.fetched_at, excluded.enriched_at)
"""
READ_CONTENTS = """
    SELECT article_id, content_key, fetched_at, enriched_at, language, script, title, lead, text, facts
    FROM contents WHERE article_id = ANY (%s)
"""
# An entity belongs to the text in which its mentions stand, so only the extraction that counts may replace them.
CURRENT_EXTRACTIONS = """
    SELECT article_id, content_key FROM contents
    JOIN unnest(%s::text[], %s::text[], %s::timestamptz[], %s::timestamptz[])
        AS given (article_id, content_key, fetched_at, enriched_at)
    USING (article_id, content_key, fetched_at, enriched_at)
"""
FORGET_ENTITIES = """
    DELETE FROM entities USING unnest(%s::text[], %s::text[]) AS gone (article_id, content_key)
    WHERE entities.article_id = gone.article_id AND entities.content_key = gone.content_key
"""
FORGET_MENTIONS = """
    DELETE FROM mentions USING unnest(%s::text[], %s::text[]) AS gone (article_id, content_key)
    WHERE mentions.article_id = gone.article_id AND mentions.content_key = gone.content_key
"""
FORGET_ACRONYMS = """
    DELETE FROM acronyms USING unnest(%s::text[], %s::text[]) AS gone (article_id, content_key)
    WHERE acronyms.article_id = gone.article_id AND acronyms.content_key = gone.content_key
"""
COPY_ENTITIES = """
    COPY entities (article_id, content_key, entity_id, type, name, name_en, same_as, confidence, kind, salience,
                   found_by, value, granularity, place) FROM STDIN
"""
COPY_MENTIONS = """
    COPY mentions (article_id, content_key, entity_id, type, start_at, end_at, surface, derived) FROM STDIN
"""
COPY_ACRONYMS = """
    COPY acronyms (article_id, content_key, acronym, long_form, entity_id) FROM STDIN
"""
# A translation that failed later does not displace one that succeeded.
WRITE_TRANSLATION = """
    INSERT INTO translations
        (article_id, content_key, target, engine, model, status, title, paragraphs, sentences, names_missing, seconds,
         detail, enriched_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT (article_id, content_key, target, engine, model) DO UPDATE SET
        status = excluded.status, title = excluded.title, paragraphs = excluded.paragraphs,
        sentences = excluded.sentences, names_missing = excluded.names_missing,
        seconds = excluded.seconds, detail = excluded.detail, enriched_at = excluded.enriched_at
    WHERE (array_position(ARRAY['failed', 'unavailable', 'unsupported', 'truncated', 'partial', 'ok'],
                          translations.status), translations.enriched_at)
        < (array_position(ARRAY['failed', 'unavailable', 'unsupported', 'truncated', 'partial', 'ok'],
                          excluded.status), excluded.enriched_at)
"""

# In order of content, after all article locks: whoever comes second waits here, and then sees who was first.
CLAIM_CONTENTS = """
    INSERT INTO originals (content_key, script, article_id)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::text[]) AS c (content_key, script, article_id)
    ORDER BY content_key, script
    ON CONFLICT DO NOTHING
"""
READ_HOLDERS = """
    SELECT o.content_key, o.script, o.article_id, contents.facts -> 'editions'
    FROM unnest(%s::text[], %s::text[]) AS wanted (content_key, script)
    JOIN originals AS o USING (content_key, script)
    LEFT JOIN contents ON contents.article_id = o.article_id AND contents.content_key = o.content_key
"""

FORGET_REVISIONS = """
    DELETE FROM revisions USING unnest(%s::text[], %s::int[]) AS known (article_id, count)
    WHERE revisions.article_id = known.article_id AND revisions.revision > known.count
"""
WRITE_REVISION = """
    INSERT INTO revisions (article_id, revision, content_key, valid_from, changed) VALUES (%s, %s, %s, %s, %s)
    ON CONFLICT (article_id, revision) DO UPDATE SET
        content_key = excluded.content_key, valid_from = excluded.valid_from, changed = excluded.changed
"""

ARTICLE_COLUMNS = (
    "article_id", "url", "canonical_url", "source", "host", "language", "script", "title", "lead", "text", "authors",
    "published_value", "published_precision", "published_at", "section", "tags", "image", "views", "first_fetched_at",
    "fetched_at", "enriched_at", "content_key", "revision", "duplicate_of", "gone_at", "search_title",
)  # fmt: skip
WRITE_ARTICLE = f"""
    INSERT INTO articles ({", ".join(ARTICLE_COLUMNS)}, search, stored_at)
    VALUES ({", ".join("%s" for _ in ARTICLE_COLUMNS)},
            setweight(to_tsvector('simple', %s), 'A') || setweight(to_tsvector('simple', %s), 'B'), %s)
    ON CONFLICT (article_id) DO UPDATE SET
    {", ".join(f"{c} = excluded.{c}" for c in (*ARTICLE_COLUMNS[1:], "search", "stored_at"))}
"""  # noqa: S608 - made of the constants above

WRITE_OUTBOX = "INSERT INTO outbox (ce_id, receipt) SELECT * FROM unnest(%s::text[], %s::jsonb[])"
READ_OUTBOX = "SELECT id, ce_id, receipt FROM outbox ORDER BY id LIMIT %s"
DELETE_OUTBOX = "DELETE FROM outbox WHERE id = ANY (%s)"
COUNT_OUTBOX = "SELECT count(*) FROM outbox"
ELECT = "SELECT pg_try_advisory_lock(%s)"
