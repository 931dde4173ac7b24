"""Titles are looked through as texts are: folded; and have no white space at their ends."""

import sqlalchemy as sa
from alembic import op

from cleaner.desk.gate import searchable

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    articles = sa.table("article", sa.column("number", sa.Integer), sa.column("title"), sa.column("words", sa.Text))
    connection = op.get_bind()
    titled = sa.select(articles.c.number, articles.c.title).where(articles.c.title != "")
    for number, title in connection.execute(titled).all():
        folded = searchable(title)
        words = f"{folded}\n" + articles.c.words if folded else articles.c.words
        connection.execute(
            sa.update(articles).where(articles.c.number == number).values(title=title.strip(), words=words)
        )
