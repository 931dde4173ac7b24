"""The tables of the desk."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    op.create_table(
        "article",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("reference", sa.String(length=200), nullable=False),
        sa.Column("format", sa.String(length=10), nullable=False),
        sa.Column("source", sa.LargeBinary(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("verdict", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("policy", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("submitted", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_article")),
        sa.UniqueConstraint("id", name=op.f("uq_article_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("article", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_article_origin_number"), ["origin", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_score"), ["score"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_state_number"), ["state", "number"], unique=False)
        batch_op.create_index(batch_op.f("ix_article_submitted"), ["submitted"], unique=False)

    op.create_table(
        "audit_entry",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("action", sa.String(length=30), nullable=False),
        sa.Column("subject", sa.String(length=200), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_audit_entry")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("audit_entry", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_audit_entry_action"), ["action"], unique=False)
        batch_op.create_index(batch_op.f("ix_audit_entry_at"), ["at"], unique=False)

    op.create_table(
        "idempotency_key",
        sa.Column("sender", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sender", "key", name=op.f("pk_idempotency_key")),
    )
    with op.batch_alter_table("idempotency_key", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_idempotency_key_at"), ["at"], unique=False)

    op.create_table(
        "model_change",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("model", sa.Integer(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_model_change")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "model_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("folder", sa.Text(), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_model_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "policy_version",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("policy", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("restores", sa.Integer(), nullable=True),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_policy_version")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "token",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("scopes", sa.String(length=50), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked", sa.DateTime(timezone=True), nullable=True),
        sa.Column("parent", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["parent"], ["token.number"], name=op.f("fk_token_parent_token")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_token")),
        sa.UniqueConstraint("digest", name=op.f("uq_token_digest")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("token", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_token_parent"), ["parent"], unique=False)

    op.create_table(
        "delivery",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("created", sa.DateTime(timezone=True), nullable=False),
        sa.Column("due", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("delivered", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_number"], ["article.number"], name=op.f("fk_delivery_article_number_article")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_delivery")),
        sa.UniqueConstraint("id", name=op.f("uq_delivery_id")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("delivery", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_delivery_article_number"), ["article_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_delivery_due"), ["due"], unique=False)

    op.create_table(
        "finding",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("start", sa.Integer(), nullable=False),
        sa.Column("end", sa.Integer(), nullable=False),
        sa.Column("cut_start", sa.Integer(), nullable=False),
        sa.Column("cut_end", sa.Integer(), nullable=False),
        sa.Column("quote", sa.LargeBinary(), nullable=False),
        sa.Column("category", sa.String(length=20), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("campaign", sa.String(length=200), nullable=False),
        sa.Column("edits", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["article_number"], ["article.number"], name=op.f("fk_finding_article_number_article")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_finding")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("finding", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_finding_article_number"), ["article_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_campaign_state"), ["campaign", "state"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_category"), ["category"], unique=False)
        batch_op.create_index(batch_op.f("ix_finding_state"), ["state"], unique=False)

    op.create_table(
        "decision",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("article_number", sa.Integer(), nullable=False),
        sa.Column("finding_number", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("start", sa.Integer(), nullable=True),
        sa.Column("end", sa.Integer(), nullable=True),
        sa.Column("note", sa.String(length=2000), nullable=False),
        sa.Column("undoes", sa.Integer(), nullable=True),
        sa.Column("bulk", sa.String(length=32), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=200), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["article_number"], ["article.number"], name=op.f("fk_decision_article_number_article")
        ),
        sa.ForeignKeyConstraint(
            ["finding_number"], ["finding.number"], name=op.f("fk_decision_finding_number_finding")
        ),
        sa.ForeignKeyConstraint(["undoes"], ["decision.number"], name=op.f("fk_decision_undoes_decision")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_decision")),
        sa.UniqueConstraint("undoes", name=op.f("uq_decision_undoes")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("decision", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_decision_article_number"), ["article_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_bulk"), ["bulk"], unique=False)
        batch_op.create_index(batch_op.f("ix_decision_finding_number"), ["finding_number"], unique=False)

    op.create_table(
        "reason",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("finding_number", sa.Integer(), nullable=False),
        sa.Column("code", sa.String(length=30), nullable=False),
        sa.Column("text", sa.String(length=200), nullable=False),
        sa.Column("contribution", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["finding_number"], ["finding.number"], name=op.f("fk_reason_finding_number_finding")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_reason")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("reason", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_reason_code"), ["code"], unique=False)
        batch_op.create_index(batch_op.f("ix_reason_finding_number"), ["finding_number"], unique=False)
        batch_op.create_index(batch_op.f("ix_reason_text"), ["text"], unique=False)
