"""whose schedule an entry of the logbook is about; busy times by their end"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("busy_times") as batch:
        batch.create_index(batch.f("ix_busy_times_ends_at"), ["ends_at"], unique=False)

    with op.batch_alter_table("log_entries") as batch:
        batch.add_column(sa.Column("clinician_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("clinic_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            batch.f("fk_log_entries_clinician_id_clinicians"), "clinicians", ["clinician_id"], ["id"]
        )
        batch.create_foreign_key(batch.f("fk_log_entries_clinic_id_clinics"), "clinics", ["clinic_id"], ["id"])


def downgrade() -> None:
    with op.batch_alter_table("log_entries") as batch:
        batch.drop_constraint(batch.f("fk_log_entries_clinic_id_clinics"), type_="foreignkey")
        batch.drop_constraint(batch.f("fk_log_entries_clinician_id_clinicians"), type_="foreignkey")
        batch.drop_column("clinic_id")
        batch.drop_column("clinician_id")

    with op.batch_alter_table("busy_times") as batch:
        batch.drop_index(batch.f("ix_busy_times_ends_at"))
