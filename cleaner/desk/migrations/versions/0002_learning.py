"""Runs that learn from decisions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "learning_run",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("stage", sa.String(length=30), nullable=False),
        sa.Column("share", sa.Double(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("touched", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["model"], ["model_version.number"], name=op.f("fk_learning_run_model_model_version")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_learning_run")),
        sqlite_autoincrement=True,
    )
