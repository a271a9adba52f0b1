"""changes and fees, helpers, sign-ins, reminders, replies, outcomes, the waiting list"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts") as batch:
        batch.create_index(batch.f("ix_attempts_kind_key_made_at"), ["kind", "key", "made_at"], unique=False)
        batch.create_index(batch.f("ix_attempts_made_at"), ["made_at"], unique=False)

    op.create_table(
        "freed_times",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.Column("freed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_freed_times_clinic_id_clinics")),
        sa.ForeignKeyConstraint(
            ["clinician_id"], ["clinicians.id"], name=op.f("fk_freed_times_clinician_id_clinicians")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_freed_times")),
    )
    with op.batch_alter_table("freed_times") as batch:
        batch.create_index(batch.f("ix_freed_times_freed_at"), ["freed_at"], unique=False)

    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_changes_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    with op.batch_alter_table("changes") as batch:
        batch.create_index(batch.f("ix_changes_course_id_settled_at"), ["course_id", "settled_at"], unique=False)
        batch.create_index(batch.f("ix_changes_settled_at_due_at"), ["settled_at", "due_at"], unique=False)

    op.create_table(
        "helpers",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("email_key", sa.String(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("reminded", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_helpers_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_helpers")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_helpers_token_hash")),
    )
    with op.batch_alter_table("helpers") as batch:
        batch.create_index(batch.f("ix_helpers_course_id"), ["course_id"], unique=False)
        batch.create_index(batch.f("ix_helpers_email_key"), ["email_key"], unique=False)

    op.create_table(
        "outcomes",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("moment", sa.String(), nullable=False),
        sa.Column("answers", sa.LargeBinary(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_outcomes_course_id_courses")),
        sa.PrimaryKeyConstraint("course_id", "moment", name=op.f("pk_outcomes")),
    )
    op.create_table(
        "reminder_wishes",
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("week", sa.Boolean(), nullable=False),
        sa.Column("two_days", sa.Boolean(), nullable=False),
        sa.Column("morning", sa.Boolean(), nullable=False),
        sa.Column("by_mail", sa.Boolean(), nullable=False),
        sa.Column("by_sms", sa.Boolean(), nullable=False),
        sa.Column("quiet_from", sa.Integer(), nullable=False),
        sa.Column("quiet_until", sa.Integer(), nullable=False),
        sa.Column("questions", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_reminder_wishes_course_id_courses")),
        sa.PrimaryKeyConstraint("course_id", name=op.f("pk_reminder_wishes")),
    )
    op.create_table(
        "sign_ins",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=True),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("used_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_sign_ins_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_ins")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_sign_ins_token_hash")),
    )
    with op.batch_alter_table("sign_ins") as batch:
        batch.create_index(batch.f("ix_sign_ins_course_id"), ["course_id"], unique=False)
        batch.create_index(batch.f("ix_sign_ins_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "fees",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("change_id", sa.Integer(), nullable=True),
        sa.Column("amount", sa.Integer(), nullable=False),
        sa.Column("excused", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("waived_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_fees_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["change_id"], ["changes.id"], name=op.f("fk_fees_change_id_changes")),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_fees_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fees")),
    )
    with op.batch_alter_table("fees") as batch:
        batch.create_index(batch.f("ix_fees_appointment_id"), ["appointment_id"], unique=False)
        batch.create_index(batch.f("ix_fees_change_id"), ["change_id"], unique=False)
        batch.create_index(batch.f("ix_fees_course_id"), ["course_id"], unique=False)

    op.create_table(
        "reminders",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("rung", sa.String(), nullable=False),
        sa.Column("about_at", sa.BigInteger(), nullable=False),
        sa.Column("recipient", sa.String(), nullable=False),
        sa.Column("medium", sa.String(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_reminders_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_reminders_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reminders")),
        sa.UniqueConstraint(
            "course_id",
            "rung",
            "about_at",
            "recipient",
            "medium",
            name=op.f("uq_reminders_course_id_rung_about_at_recipient_medium"),
        ),
    )
    with op.batch_alter_table("reminders") as batch:
        batch.create_index(batch.f("ix_reminders_appointment_id"), ["appointment_id"], unique=False)

    op.create_table(
        "replies",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("appointment_id", sa.Integer(), nullable=False),
        sa.Column("answer", sa.String(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("stamped_at", sa.BigInteger(), nullable=False),
        sa.Column("proposed_start", sa.BigInteger(), nullable=True),
        sa.Column("proposed_end", sa.BigInteger(), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_replies_appointment_id_appointments")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
        sa.UniqueConstraint(
            "appointment_id",
            "sequence",
            "stamped_at",
            "answer",
            name=op.f("uq_replies_appointment_id_sequence_stamped_at_answer"),
        ),
    )
    with op.batch_alter_table("replies") as batch:
        batch.create_index(batch.f("ix_replies_appointment_id"), ["appointment_id"], unique=False)

    op.create_table(
        "waiters",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("course_id", sa.Integer(), nullable=True),
        sa.Column("appointment_id", sa.Integer(), nullable=True),
        sa.Column("query", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("offer_hours", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at", sa.BigInteger(), nullable=True),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("chances", sa.JSON(), nullable=False),
        sa.Column("woken_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_waiters_appointment_id_appointments")
        ),
        sa.ForeignKeyConstraint(["course_id"], ["courses.id"], name=op.f("fk_waiters_course_id_courses")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiters")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_waiters_token_hash")),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("waiters") as batch:
        batch.create_index(batch.f("ix_waiters_appointment_id"), ["appointment_id"], unique=False)
        batch.create_index(batch.f("ix_waiters_course_id"), ["course_id"], unique=False)
        batch.create_index(batch.f("ix_waiters_ended_at_created_at"), ["ended_at", "created_at"], unique=False)
        batch.create_index(batch.f("ix_waiters_until"), ["until"], unique=False)

    op.create_table(
        "waiting_offers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("waiter_id", sa.Integer(), nullable=False),
        sa.Column("hold_id", sa.Integer(), nullable=True),
        sa.Column("times", sa.JSON(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("answer", sa.String(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["hold_id"], ["holds.id"], name=op.f("fk_waiting_offers_hold_id_holds"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(["waiter_id"], ["waiters.id"], name=op.f("fk_waiting_offers_waiter_id_waiters")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_waiting_offers")),
    )
    with op.batch_alter_table("waiting_offers") as batch:
        batch.create_index(batch.f("ix_waiting_offers_answer_expires_at"), ["answer", "expires_at"], unique=False)
        batch.create_index(batch.f("ix_waiting_offers_hold_id"), ["hold_id"], unique=False)
        batch.create_index(batch.f("ix_waiting_offers_waiter_id"), ["waiter_id"], unique=False)

    with op.batch_alter_table("appointments") as batch:
        batch.create_index(batch.f("ix_appointments_starts_at"), ["starts_at"], unique=False)

    with op.batch_alter_table("courses") as batch:
        batch.add_column(sa.Column("email_key", sa.String(), nullable=True))
        batch.create_index(batch.f("ix_courses_email_key"), ["email_key"], unique=False)
    key_emails()

    with op.batch_alter_table("holds") as batch:
        batch.add_column(sa.Column("change_id", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("lapse_noted", sa.BigInteger(), nullable=True))
        batch.create_index(batch.f("ix_holds_change_id"), ["change_id"], unique=False)
        batch.create_foreign_key(batch.f("fk_holds_change_id_changes"), "changes", ["change_id"], ["id"])

    with op.batch_alter_table("messages") as batch:
        batch.add_column(sa.Column("medium", sa.String(), server_default="mail", nullable=False))
        batch.drop_index(batch.f("ix_messages_due_at_id"))
        batch.create_index(
            batch.f("ix_messages_due_at_id"),
            ["due_at", "id"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch.create_index(
            batch.f("ix_messages_written_at"),
            ["written_at"],
            unique=False,
            sqlite_where=sa.text("body IS NOT NULL"),
            postgresql_where=sa.text("body IS NOT NULL"),
        )


def key_emails() -> None:
    """Addresses in lower case by the same rule on every database: SQLite's knows the letters of ASCII alone."""
    courses = sa.table("courses", sa.column("id", sa.Integer), sa.column("email", sa.String), sa.column("email_key"))
    found = op.get_bind().execute(sa.select(courses.c.id, courses.c.email).where(courses.c.email.is_not(None)))
    keys = [{"course": course_id, "key": email.lower()} for course_id, email in found]
    keyed = courses.update().where(courses.c.id == sa.bindparam("course")).values(email_key=sa.bindparam("key"))
    if keys:
        op.get_bind().execute(keyed, keys)


def downgrade() -> None:
    with op.batch_alter_table("messages") as batch:
        batch.drop_index(batch.f("ix_messages_written_at"))
        batch.drop_index(batch.f("ix_messages_due_at_id"))
        batch.create_index(batch.f("ix_messages_due_at_id"), ["due_at", "id"], unique=False)
        batch.drop_column("medium")

    with op.batch_alter_table("holds") as batch:
        batch.drop_constraint(batch.f("fk_holds_change_id_changes"), type_="foreignkey")
        batch.drop_index(batch.f("ix_holds_change_id"))
        batch.drop_column("lapse_noted")
        batch.drop_column("change_id")

    with op.batch_alter_table("courses") as batch:
        batch.drop_index(batch.f("ix_courses_email_key"))
        batch.drop_column("email_key")

    with op.batch_alter_table("appointments") as batch:
        batch.drop_index(batch.f("ix_appointments_starts_at"))

    with op.batch_alter_table("waiting_offers") as batch:
        batch.drop_index(batch.f("ix_waiting_offers_waiter_id"))
        batch.drop_index(batch.f("ix_waiting_offers_hold_id"))
        batch.drop_index(batch.f("ix_waiting_offers_answer_expires_at"))

    op.drop_table("waiting_offers")
    with op.batch_alter_table("waiters") as batch:
        batch.drop_index(batch.f("ix_waiters_until"))
        batch.drop_index(batch.f("ix_waiters_ended_at_created_at"))
        batch.drop_index(batch.f("ix_waiters_course_id"))
        batch.drop_index(batch.f("ix_waiters_appointment_id"))

    op.drop_table("waiters")
    with op.batch_alter_table("replies") as batch:
        batch.drop_index(batch.f("ix_replies_appointment_id"))

    op.drop_table("replies")
    with op.batch_alter_table("reminders") as batch:
        batch.drop_index(batch.f("ix_reminders_appointment_id"))

    op.drop_table("reminders")
    with op.batch_alter_table("fees") as batch:
        batch.drop_index(batch.f("ix_fees_course_id"))
        batch.drop_index(batch.f("ix_fees_change_id"))
        batch.drop_index(batch.f("ix_fees_appointment_id"))

    op.drop_table("fees")
    with op.batch_alter_table("sign_ins") as batch:
        batch.drop_index(batch.f("ix_sign_ins_expires_at"))
        batch.drop_index(batch.f("ix_sign_ins_course_id"))

    op.drop_table("sign_ins")
    op.drop_table("reminder_wishes")
    op.drop_table("outcomes")
    with op.batch_alter_table("helpers") as batch:
        batch.drop_index(batch.f("ix_helpers_email_key"))
        batch.drop_index(batch.f("ix_helpers_course_id"))

    op.drop_table("helpers")
    with op.batch_alter_table("changes") as batch:
        batch.drop_index(batch.f("ix_changes_settled_at_due_at"))
        batch.drop_index(batch.f("ix_changes_course_id_settled_at"))

    op.drop_table("changes")
    with op.batch_alter_table("freed_times") as batch:
        batch.drop_index(batch.f("ix_freed_times_freed_at"))

    op.drop_table("freed_times")
    with op.batch_alter_table("attempts") as batch:
        batch.drop_index(batch.f("ix_attempts_made_at"))
        batch.drop_index(batch.f("ix_attempts_kind_key_made_at"))

    op.drop_table("attempts")
