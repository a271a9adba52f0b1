"""articles, comments and ratings; what a clinic's page and the finder tell"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "articles",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_articles")),
        sa.UniqueConstraint("slug", name=op.f("uq_articles_slug")),
    )
    op.create_table(
        "article_versions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("saved_at", sa.BigInteger(), nullable=False),
        sa.Column("saved_by", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_article_versions_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_article_versions")),
        sa.UniqueConstraint(
            "article_id", "language", "number", name=op.f("uq_article_versions_article_id_language_number")
        ),
    )
    op.create_table(
        "comments",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("answers_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("email", sa.LargeBinary(), nullable=True),
        sa.Column("email_hash", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("form", sa.String(), nullable=False),
        sa.Column("token_hash", sa.String(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["answers_id"], ["comments.id"], name=op.f("fk_comments_answers_id_comments")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_comments_article_id_articles")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
        sa.UniqueConstraint("form", name=op.f("uq_comments_form")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_comments_token_hash")),
    )
    with op.batch_alter_table("comments") as batch:
        batch.create_index(batch.f("ix_comments_answers_id"), ["answers_id"], unique=False)
        batch.create_index(
            batch.f("ix_comments_article_id_status_posted_at"), ["article_id", "status", "posted_at"], unique=False
        )
        batch.create_index(batch.f("ix_comments_status_posted_at"), ["status", "posted_at"], unique=False)
        batch.create_index(batch.f("ix_comments_email_hash_posted_at"), ["email_hash", "posted_at"], unique=False)

    op.create_table(
        "ratings",
        sa.Column("article_id", sa.Integer(), nullable=False),
        sa.Column("reader", sa.String(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("rated_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("stars BETWEEN 1 AND 5", name=op.f("ck_ratings_stars")),
        sa.ForeignKeyConstraint(["article_id"], ["articles.id"], name=op.f("fk_ratings_article_id_articles")),
        sa.PrimaryKeyConstraint("article_id", "reader", name=op.f("pk_ratings")),
    )
    op.create_table(
        "soonest",
        sa.Column("clinic_id", sa.Integer(), nullable=False),
        sa.Column("clinician_id", sa.Integer(), nullable=False),
        sa.Column("visit_at", sa.BigInteger(), nullable=True),
        sa.Column("first_visit_at", sa.BigInteger(), nullable=True),
        sa.Column("starts_at", sa.BigInteger(), nullable=True),
        sa.Column("ends_at", sa.BigInteger(), nullable=True),
        sa.Column("moved", sa.Integer(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["clinic_id"], ["clinics.id"], name=op.f("fk_soonest_clinic_id_clinics")),
        sa.ForeignKeyConstraint(["clinician_id"], ["clinicians.id"], name=op.f("fk_soonest_clinician_id_clinicians")),
        sa.PrimaryKeyConstraint("clinic_id", "clinician_id", name=op.f("pk_soonest")),
    )
    with op.batch_alter_table("clinicians") as batch:
        batch.add_column(sa.Column("hpr_number", sa.String(), nullable=True))

    with op.batch_alter_table("clinics") as batch:
        batch.add_column(sa.Column("toilet", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("quiet_room", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.add_column(sa.Column("parking", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("phone_hours", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("latitude", sa.Double(), nullable=True))
        batch.add_column(sa.Column("longitude", sa.Double(), nullable=True))
        batch.add_column(sa.Column("cover", sa.String(), nullable=True))
        batch.add_column(sa.Column("cover_alt", sa.JSON(), nullable=True))
        batch.add_column(sa.Column("facts_on", sa.Date(), nullable=True))

    with op.batch_alter_table("groups") as batch:
        batch.add_column(sa.Column("leading_article", sa.String(), nullable=True))
        batch.add_column(sa.Column("leading_words", sa.JSON(), nullable=True))

    with op.batch_alter_table("messages") as batch:
        batch.alter_column("course_id", existing_type=sa.Integer(), nullable=True)
        batch.create_index(batch.f("ix_messages_kind_made_at"), ["kind", "made_at"], unique=False)

    with op.batch_alter_table("tasks") as batch:
        batch.add_column(sa.Column("message", sa.LargeBinary(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("tasks") as batch:
        batch.drop_column("message")

    op.execute("DELETE FROM messages WHERE course_id IS NULL")
    with op.batch_alter_table("messages") as batch:
        batch.drop_index(batch.f("ix_messages_kind_made_at"))
        batch.alter_column("course_id", existing_type=sa.Integer(), nullable=False)

    with op.batch_alter_table("groups") as batch:
        batch.drop_column("leading_words")
        batch.drop_column("leading_article")

    with op.batch_alter_table("clinics") as batch:
        batch.drop_column("facts_on")
        batch.drop_column("cover_alt")
        batch.drop_column("cover")
        batch.drop_column("longitude")
        batch.drop_column("latitude")
        batch.drop_column("phone_hours")
        batch.drop_column("parking")
        batch.drop_column("quiet_room")
        batch.drop_column("toilet")

    with op.batch_alter_table("clinicians") as batch:
        batch.drop_column("hpr_number")

    op.drop_table("soonest")
    op.drop_table("ratings")
    with op.batch_alter_table("comments") as batch:
        batch.drop_index(batch.f("ix_comments_email_hash_posted_at"))
        batch.drop_index(batch.f("ix_comments_status_posted_at"))
        batch.drop_index(batch.f("ix_comments_article_id_status_posted_at"))
        batch.drop_index(batch.f("ix_comments_answers_id"))

    op.drop_table("comments")
    op.drop_table("article_versions")
    op.drop_table("articles")
