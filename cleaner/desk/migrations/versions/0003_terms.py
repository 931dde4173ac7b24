"""Policies without the terms that no policy takes any more: they stopped the gate."""

import sqlalchemy as sa
from alembic import op

from cleaner.types import is_term

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the change."""
    versions = sa.table("policy_version", sa.column("number", sa.Integer), sa.column("policy", sa.JSON))
    connection = op.get_bind()
    for number, policy in connection.execute(sa.select(versions.c.number, versions.c.policy)).all():
        terms = {name: list(filter(is_term, policy[name])) for name in ("allow", "deny")}
        if policy != policy | terms:
            changed = sa.update(versions).where(versions.c.number == number).values(policy=policy | terms)
            connection.execute(changed)
