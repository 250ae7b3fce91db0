"""The first tables: what was observed, what follows from it, what is searched, the receipts on their way out."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = """
-- One row per article: the lock under which it is folded, and how many receipts it has had.
CREATE TABLE ledger (
    article_id text PRIMARY KEY,
    contents integer NOT NULL DEFAULT 0,
    gones integer NOT NULL DEFAULT 0,
    backs integer NOT NULL DEFAULT 0
);
COMMENT ON TABLE ledger IS 'How many receipts each article has had; its row is the lock under which it is folded.';

CREATE TABLE urls (
    url_id text PRIMARY KEY,
    url text NOT NULL,
    article_id text NOT NULL,
    seen_at timestamptz NOT NULL
);
CREATE INDEX urls_article ON urls (article_id);
CREATE INDEX urls_url ON urls USING hash (url);
COMMENT ON TABLE urls IS 'Every URL under which an article was seen; url_id is the id that the URL alone would give.';

CREATE TABLE observations (
    article_id text NOT NULL,
    fetched_at timestamptz NOT NULL,
    enriched_at timestamptz NOT NULL,
    content_key text NOT NULL,
    script text NOT NULL,
    body_sha256 text NOT NULL,
    method text NOT NULL,
    PRIMARY KEY (article_id, fetched_at, enriched_at, content_key)
);
COMMENT ON TABLE observations IS 'Every extraction of every fetch; revisions and articles follow from these alone.';

CREATE TABLE contents (
    article_id text NOT NULL,
    content_key text NOT NULL,
    fetched_at timestamptz NOT NULL,
    enriched_at timestamptz NOT NULL,
    language text NOT NULL,
    script text NOT NULL,
    title text NOT NULL,
    lead text,
    text text NOT NULL,
    facts jsonb NOT NULL,
    PRIMARY KEY (article_id, content_key)
);
COMMENT ON TABLE contents IS 'Every content an article has had, as last extracted; facts is the rest of ParsedArticle.';

CREATE TABLE originals (
    content_key text NOT NULL,
    script text NOT NULL,
    article_id text NOT NULL,
    PRIMARY KEY (content_key, script)
);
COMMENT ON TABLE originals IS 'Which article showed a content first.';

CREATE TABLE revisions (
    article_id text NOT NULL,
    revision integer NOT NULL,
    content_key text NOT NULL,
    valid_from timestamptz NOT NULL,
    changed text[] NOT NULL,
    PRIMARY KEY (article_id, revision)
);
COMMENT ON TABLE revisions IS 'Which content an article had from when on, and which fields changed with it.';

CREATE TABLE articles (
    article_id text PRIMARY KEY,
    url text NOT NULL,
    canonical_url text NOT NULL,
    source text,
    host text NOT NULL,
    language text NOT NULL,
    script text NOT NULL,
    title text NOT NULL,
    lead text,
    text text NOT NULL,
    authors text[] NOT NULL,
    published_value text,
    published_precision text,
    published_at timestamptz,
    section text,
    tags text[] NOT NULL,
    image text,
    views bigint,
    first_fetched_at timestamptz NOT NULL,
    fetched_at timestamptz NOT NULL,
    enriched_at timestamptz NOT NULL,
    content_key text NOT NULL,
    revision integer NOT NULL,
    duplicate_of text,
    gone_at timestamptz,
    search_title text NOT NULL,
    search tsvector NOT NULL,
    stored_at timestamptz NOT NULL
);
CREATE INDEX articles_search ON articles USING gin (search);
CREATE INDEX articles_search_title ON articles USING gin (search_title gin_trgm_ops);
CREATE INDEX articles_published ON articles (published_at DESC NULLS LAST);
CREATE INDEX articles_source ON articles (source, published_at DESC NULLS LAST);
CREATE INDEX articles_content ON articles (content_key);
CREATE INDEX articles_url ON articles USING hash (url);
CREATE INDEX articles_canonical_url ON articles USING hash (canonical_url);
COMMENT ON TABLE articles IS 'The current revision of every article; a gone one keeps its row.';

CREATE TABLE translations (
    article_id text NOT NULL,
    content_key text NOT NULL,
    target text NOT NULL,
    engine text NOT NULL,
    model text NOT NULL,
    status text NOT NULL,
    title text,
    paragraphs text[] NOT NULL,
    seconds double precision NOT NULL,
    detail text,
    enriched_at timestamptz NOT NULL,
    PRIMARY KEY (article_id, content_key, target, engine, model)
);
COMMENT ON TABLE translations IS 'Translations of a content, the best that each engine and model gave.';

CREATE TABLE entities (
    article_id text NOT NULL,
    content_key text NOT NULL,
    entity_id text NOT NULL,
    type text NOT NULL,
    name text NOT NULL,
    name_en text,
    same_as jsonb NOT NULL,
    confidence double precision NOT NULL,
    PRIMARY KEY (article_id, content_key, entity_id, type)
);
CREATE INDEX entities_entity ON entities (entity_id);

CREATE TABLE mentions (
    article_id text NOT NULL,
    content_key text NOT NULL,
    entity_id text NOT NULL,
    type text NOT NULL,
    start_at integer NOT NULL,
    end_at integer NOT NULL,
    surface text NOT NULL,
    PRIMARY KEY (article_id, content_key, entity_id, type, start_at, end_at)
);
COMMENT ON TABLE mentions IS 'Code points in title, blank line, text of the content; end_at is exclusive.';

CREATE TABLE rejections (
    url_id text NOT NULL,
    stage text NOT NULL,
    reason text NOT NULL,
    at timestamptz NOT NULL,
    source text,
    url text NOT NULL,
    detail text NOT NULL,
    PRIMARY KEY (url_id, stage, reason, at)
);
CREATE INDEX rejections_at ON rejections (at);
CREATE INDEX rejections_source ON rejections (source, at);

CREATE VIEW source_rejections AS
    SELECT coalesce(source, '') AS source, stage, reason, count(*) AS pages, max(at) AS last_at
    FROM rejections GROUP BY 1, 2, 3;

CREATE TABLE outbox (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    ce_id text NOT NULL UNIQUE,
    receipt jsonb NOT NULL
);
COMMENT ON TABLE outbox IS 'Receipts that the broker has not acknowledged yet.';
"""


def upgrade() -> None:
    """Create everything."""
    # Past SQLAlchemy, which would take colons and percent signs for parameters.
    connection = op.get_bind().connection.driver_connection
    assert connection is not None
    connection.execute(TABLES)


def downgrade() -> None:
    """There is no way back: migrations only go forward."""
    raise NotImplementedError("migrations only go forward")
