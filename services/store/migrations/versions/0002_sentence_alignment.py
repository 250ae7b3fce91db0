"""Translations keep where each sentence stands, and which names they lack."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

# Columns with a constant default: Postgres rewrites no row, and a store of the version before goes on writing.
COLUMNS = """
ALTER TABLE translations
    ADD COLUMN sentences jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN names_missing text[] NOT NULL DEFAULT '{}';
COMMENT ON COLUMN translations.sentences IS
    'Sentence pairs: paragraph (null: the title), start and end, target_start and target_end in code points, flaw.';
COMMENT ON COLUMN translations.names_missing IS 'Ids of entities whose name in the target language is not there.';
"""


def upgrade() -> None:
    """Add the columns."""
    op.execute(COLUMNS)


def downgrade() -> None:
    """There is no way back: migrations only go forward."""
    raise NotImplementedError("migrations only go forward")
