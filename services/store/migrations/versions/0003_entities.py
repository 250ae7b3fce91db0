"""Entities say what sort they are, how much the article is about them and how they were found; acronyms are kept."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

# Columns with a constant default: Postgres rewrites no row, and a store of the version before goes on writing.
COLUMNS = """
ALTER TABLE entities
    ADD COLUMN kind text,
    ADD COLUMN salience double precision NOT NULL DEFAULT 0,
    ADD COLUMN found_by text NOT NULL DEFAULT 'list',
    ADD COLUMN value text,
    ADD COLUMN granularity text,
    ADD COLUMN place text;
COMMENT ON COLUMN entities.salience IS 'From 0 to 1: headline, place in the text, mentions.';
COMMENT ON COLUMN entities.value IS 'Dates, and when an event is: ISO 8601, an interval with a slash.';
COMMENT ON COLUMN entities.place IS 'Id of the place where an event is.';
ALTER TABLE mentions ADD COLUMN derived boolean NOT NULL DEFAULT false;
COMMENT ON COLUMN mentions.derived IS 'An adjective or the inhabitants of a place, not its name.';

CREATE TABLE acronyms (
    article_id text NOT NULL,
    content_key text NOT NULL,
    acronym text NOT NULL,
    long_form text NOT NULL,
    entity_id text,
    PRIMARY KEY (article_id, content_key, acronym)
);
COMMENT ON TABLE acronyms IS 'Short forms that a content explains itself.';
"""


def upgrade() -> None:
    """Add the columns and the table."""
    op.execute(COLUMNS)


def downgrade() -> None:
    """There is no way back: migrations only go forward."""
    raise NotImplementedError("migrations only go forward")
