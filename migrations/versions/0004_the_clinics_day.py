"""accounts and the logbook, disruptions, busy times, notes"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


NOTHING_BEFORE = "0" * 64  # what the first entry of the logbook is chained to


def upgrade() -> None:
    op.create_table(
        "log_heads",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("entry_id", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_heads")),
    )
    op.create_table(
        "roles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_roles")),
        sa.UniqueConstraint("name", name=op.f("uq_roles_name")),
    )
    op.bulk_insert(
        sa.table("log_heads", sa.column("id"), sa.column("entry_id"), sa.column("hash")),
        [{"id": 1, "entry_id": 0, "hash": NOTHING_BEFORE}],
    )
    op.bulk_insert(
        sa.table("roles", sa.column("name")),
        [{"name": "clinician"}, {"name": "receptionist"}, {"name": "administrator"}],
    )
    op.create_table(
        "patient_keys",
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("key", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_patient_keys_patient_id_patients")),
        sa.PrimaryKeyConstraint("patient_id", name=op.f("pk_patient_keys")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=True),
        sa.Column("fs_uniquifier", sa.String(), nullable=False),
        sa.Column("fs_webauthn_user_handle", sa.String(), nullable=True),
        sa.Column("tf_primary_method", sa.String(), nullable=True),
        sa.Column("tf_totp_secret", sa.String(), nullable=True),
        sa.Column("mf_recovery_codes", sa.JSON(), nullable=True),
        sa.Column("totp_counter", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinician_id"], ["clinicians.id"], name=op.f("fk_accounts_clinician_id_clinicians")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("clinician_id", name=op.f("uq_accounts_clinician_id")),
        sa.UniqueConstraint("email", name=op.f("uq_accounts_email")),
        sa.UniqueConstraint("fs_uniquifier", name=op.f("uq_accounts_fs_uniquifier")),
        sa.UniqueConstraint("fs_webauthn_user_handle", name=op.f("uq_accounts_fs_webauthn_user_handle")),
    )
    op.create_table(
        "busy_sources",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("url", sa.LargeBinary(), nullable=True),
        sa.Column("etag", sa.String(), nullable=True),
        sa.Column("last_modified", sa.String(), nullable=True),
        sa.Column("fetched_at", sa.BigInteger(), nullable=True),
        sa.Column("checked_at", sa.BigInteger(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("flagged", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinicians.id"], name=op.f("fk_busy_sources_clinician_id_clinicians")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busy_sources")),
    )
    with op.batch_alter_table("busy_sources") as batch:
        batch.create_index(batch.f("ix_busy_sources_checked_at"), ["checked_at"], unique=False)
        batch.create_index(batch.f("ix_busy_sources_clinician_id"), ["clinician_id"], unique=False)

    op.create_table(
        "clinician_feeds",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=False),
        sa.Column("names", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinicians.id"], name=op.f("fk_clinician_feeds_clinician_id_clinicians")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clinician_feeds")),
        sa.UniqueConstraint("clinician_id", name=op.f("uq_clinician_feeds_clinician_id")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_clinician_feeds_token_hash")),
    )
    op.create_table(
        "room_closures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("room_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_room_closures_room_id_rooms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_room_closures")),
    )
    with op.batch_alter_table("room_closures") as batch:
        batch.create_index(batch.f("ix_room_closures_room_id_ends_at"), ["room_id", "ends_at"], unique=False)

    op.create_table(
        "accounts_clinics",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_accounts_clinics_account_id_accounts")),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_accounts_clinics_clinic_id_clinics")),
        sa.PrimaryKeyConstraint("account_id", "clinic_id", name=op.f("pk_accounts_clinics")),
    )
    op.create_table(
        "accounts_roles",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("role_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_accounts_roles_account_id_accounts")),
        sa.ForeignKeyConstraint(["role_id"], ["roles.id"], name=op.f("fk_accounts_roles_role_id_roles")),
        sa.PrimaryKeyConstraint("account_id", "role_id", name=op.f("pk_accounts_roles")),
    )
    op.create_table(
        "busy_times",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("source_id", sa.Integer(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinicians.id"], name=op.f("fk_busy_times_clinician_id_clinicians")
        ),
        sa.ForeignKeyConstraint(["source_id"], ["busy_sources.id"], name=op.f("fk_busy_times_source_id_busy_sources")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_busy_times")),
    )
    with op.batch_alter_table("busy_times") as batch:
        batch.create_index(batch.f("ix_busy_times_clinician_id_ends_at"), ["clinician_id", "ends_at"], unique=False)
        batch.create_index(batch.f("ix_busy_times_source_id"), ["source_id"], unique=False)

    op.create_table(
        "disruptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=True),
        sa.Column("clinic_id", sa.Integer(), nullable=True),
        sa.Column("room_id", sa.Integer(), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.Integer(), nullable=True),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_disruptions_clinic_id_clinics")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinicians.id"], name=op.f("fk_disruptions_clinician_id_clinicians")
        ),
        sa.ForeignKeyConstraint(["made_by"], ["accounts.id"], name=op.f("fk_disruptions_made_by_accounts")),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_disruptions_room_id_rooms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disruptions")),
    )
    with op.batch_alter_table("disruptions") as batch:
        batch.create_index(batch.f("ix_disruptions_closed_at"), ["closed_at"], unique=False)

    op.create_table(
        "notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_notes_account_id_accounts")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_notes_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notes")),
    )
    with op.batch_alter_table("notes") as batch:
        batch.create_index(batch.f("ix_notes_patient_id"), ["patient_id"], unique=False)

    op.create_table(
        "passkeys",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("credential_id", sa.LargeBinary(), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.Integer(), nullable=False),
        sa.Column("transports", sa.JSON(), nullable=True),
        sa.Column("backup_state", sa.Boolean(), nullable=False),
        sa.Column("device_type", sa.String(), nullable=False),
        sa.Column("extensions", sa.String(), nullable=True),
        sa.Column("create_datetime", sa.BigInteger(), nullable=False),
        sa.Column("lastuse_datetime", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("usage", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["accounts.id"], name=op.f("fk_passkeys_user_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_passkeys")),
        sa.UniqueConstraint("credential_id", name=op.f("uq_passkeys_credential_id")),
    )
    with op.batch_alter_table("passkeys") as batch:
        batch.create_index(batch.f("ix_passkeys_user_id"), ["user_id"], unique=False)

    op.create_table(
        "staff_sessions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key_hash", sa.String(), nullable=False),
        sa.Column("browser", sa.String(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_staff_sessions_account_id_accounts")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_staff_sessions")),
        sa.UniqueConstraint("key_hash", name=op.f("uq_staff_sessions_key_hash")),
    )
    with op.batch_alter_table("staff_sessions") as batch:
        batch.create_index(batch.f("ix_staff_sessions_account_id_ended_at"), ["account_id", "ended_at"], unique=False)
        batch.create_index(batch.f("ix_staff_sessions_seen_at"), ["seen_at"], unique=False)

    op.create_table(
        "log_entries",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("patient_id", sa.Integer(), nullable=True),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("detail", sa.LargeBinary(), nullable=True),
        sa.Column("hash", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_log_entries_account_id_accounts")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_log_entries_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_log_entries_course_id_courses")),
        sa.ForeignKeyConstraint(["patient_id"], ["patients.id"], name=op.f("fk_log_entries_patient_id_patients")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_entries")),
    )
    with op.batch_alter_table("log_entries") as batch:
        batch.create_index(batch.f("ix_log_entries_account_id_id"), ["account_id", "id"], unique=False)
        batch.create_index(batch.f("ix_log_entries_patient_id_id"), ["patient_id", "id"], unique=False)

    op.create_table(
        "touched",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("disruption_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("proposal", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("others", sa.JSON(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=True),
        sa.Column("token_hash", sa.String(), nullable=True),
        sa.Column("answer_by", sa.BigInteger(), nullable=True),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_touched_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(
            ["disruption_id"], ["disruptions.id"], name=op.f("fk_touched_disruption_id_disruptions")
        ),
        sa.ForeignKeyConstraint(["hold_id"], ["holds.id"], name=op.f("fk_touched_hold_id_holds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_touched")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_touched_token_hash")),
    )
    with op.batch_alter_table("touched") as batch:
        batch.create_index(batch.f("ix_touched_appointment_id"), ["appointment_id"], unique=False)
        batch.create_index(batch.f("ix_touched_disruption_id"), ["disruption_id"], unique=False)
        batch.create_index(batch.f("ix_touched_hold_id"), ["hold_id"], unique=False)
        batch.create_index(batch.f("ix_touched_state_answer_by"), ["state", "answer_by"], unique=False)

    with op.batch_alter_table("appointments") as batch:
        batch.add_column(sa.Column("version", sa.Integer(), server_default="0", nullable=False))

    with op.batch_alter_table("changes") as batch:
        batch.add_column(sa.Column("account_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(batch.f("fk_changes_account_id_accounts"), "accounts", ["account_id"], ["id"])

    with op.batch_alter_table("courses") as batch:
        batch.add_column(sa.Column("name_key", sa.String(), server_default="", nullable=False))
        batch.create_index(batch.f("ix_courses_mobile"), ["mobile"], unique=False)

    _keep_name_keys()

    with op.batch_alter_table("fees") as batch:
        batch.add_column(sa.Column("charged_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("hours") as batch:
        batch.add_column(sa.Column("weeks", sa.String(), nullable=True))

    with op.batch_alter_table("patients") as batch:
        batch.create_index(batch.f("ix_patients_birth_date"), ["birth_date"], unique=False)

    with op.batch_alter_table("screenings") as batch:
        batch.add_column(sa.Column("read_at", sa.BigInteger(), nullable=True))
        batch.add_column(sa.Column("read_by", sa.Integer(), nullable=True))
        batch.create_foreign_key(batch.f("fk_screenings_read_by_accounts"), "accounts", ["read_by"], ["id"])

    with op.batch_alter_table("tasks") as batch:
        batch.add_column(sa.Column("appointment_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("clinic_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("done_by", sa.Integer(), nullable=True))
        batch.create_index(batch.f("ix_tasks_appointment_id"), ["appointment_id"], unique=False)
        batch.create_foreign_key(batch.f("fk_tasks_clinic_id_clinics"), "clinics", ["clinic_id"], ["id"])
        batch.create_foreign_key(
            batch.f("fk_tasks_appointment_id_appointments"), "appointments", ["appointment_id"], ["id"]
        )
        batch.create_foreign_key(batch.f("fk_tasks_done_by_accounts"), "accounts", ["done_by"], ["id"])


def _keep_name_keys() -> None:
    connection = op.get_bind()
    for course_id, name in connection.execute(sa.text("SELECT id, name FROM courses")).all():
        key = sa.text("UPDATE courses SET name_key = :key WHERE id = :id")
        connection.execute(key, {"key": name.casefold(), "id": course_id})


def downgrade() -> None:
    with op.batch_alter_table("tasks") as batch:
        batch.drop_constraint(batch.f("fk_tasks_done_by_accounts"), type_="foreignkey")
        batch.drop_constraint(batch.f("fk_tasks_appointment_id_appointments"), type_="foreignkey")
        batch.drop_constraint(batch.f("fk_tasks_clinic_id_clinics"), type_="foreignkey")
        batch.drop_index(batch.f("ix_tasks_appointment_id"))
        batch.drop_column("done_by")
        batch.drop_column("clinic_id")
        batch.drop_column("appointment_id")

    with op.batch_alter_table("screenings") as batch:
        batch.drop_constraint(batch.f("fk_screenings_read_by_accounts"), type_="foreignkey")
        batch.drop_column("read_by")
        batch.drop_column("read_at")

    with op.batch_alter_table("patients") as batch:
        batch.drop_index(batch.f("ix_patients_birth_date"))

    with op.batch_alter_table("hours") as batch:
        batch.drop_column("weeks")

    with op.batch_alter_table("fees") as batch:
        batch.drop_column("charged_at")

    with op.batch_alter_table("courses") as batch:
        batch.drop_index(batch.f("ix_courses_mobile"))
        batch.drop_column("name_key")

    with op.batch_alter_table("changes") as batch:
        batch.drop_constraint(batch.f("fk_changes_account_id_accounts"), type_="foreignkey")
        batch.drop_column("account_id")

    with op.batch_alter_table("appointments") as batch:
        batch.drop_column("version")

    with op.batch_alter_table("touched") as batch:
        batch.drop_index(batch.f("ix_touched_state_answer_by"))
        batch.drop_index(batch.f("ix_touched_hold_id"))
        batch.drop_index(batch.f("ix_touched_disruption_id"))
        batch.drop_index(batch.f("ix_touched_appointment_id"))

    op.drop_table("touched")
    with op.batch_alter_table("log_entries") as batch:
        batch.drop_index(batch.f("ix_log_entries_patient_id_id"))
        batch.drop_index(batch.f("ix_log_entries_account_id_id"))

    op.drop_table("log_entries")
    with op.batch_alter_table("staff_sessions") as batch:
        batch.drop_index(batch.f("ix_staff_sessions_seen_at"))
        batch.drop_index(batch.f("ix_staff_sessions_account_id_ended_at"))

    op.drop_table("staff_sessions")
    with op.batch_alter_table("passkeys") as batch:
        batch.drop_index(batch.f("ix_passkeys_user_id"))

    op.drop_table("passkeys")
    with op.batch_alter_table("notes") as batch:
        batch.drop_index(batch.f("ix_notes_patient_id"))

    op.drop_table("notes")
    with op.batch_alter_table("disruptions") as batch:
        batch.drop_index(batch.f("ix_disruptions_closed_at"))

    op.drop_table("disruptions")
    with op.batch_alter_table("busy_times") as batch:
        batch.drop_index(batch.f("ix_busy_times_source_id"))
        batch.drop_index(batch.f("ix_busy_times_clinician_id_ends_at"))

    op.drop_table("busy_times")
    op.drop_table("accounts_roles")
    op.drop_table("accounts_clinics")
    with op.batch_alter_table("room_closures") as batch:
        batch.drop_index(batch.f("ix_room_closures_room_id_ends_at"))

    op.drop_table("room_closures")
    op.drop_table("clinician_feeds")
    with op.batch_alter_table("busy_sources") as batch:
        batch.drop_index(batch.f("ix_busy_sources_clinician_id"))
        batch.drop_index(batch.f("ix_busy_sources_checked_at"))

    op.drop_table("busy_sources")
    op.drop_table("accounts")
    op.drop_table("patient_keys")
    op.drop_table("roles")
    op.drop_table("log_heads")
