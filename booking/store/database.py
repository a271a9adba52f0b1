"""Database: the declarative base, the column types of our own, and how SQLite is opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import wraps
from itertools import chain
from sqlite3 import Connection as SqliteConnection
from typing import Any, Concatenate, ParamSpec, TypeVar

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, BigInteger, Connection, Dialect, Engine, MetaData, TypeDecorator, event
from sqlalchemy.orm import DeclarativeBase, Session, SessionTransaction, registry

from booking.domain.course import Departure, Deviation
from booking.domain.period import moment_of, seconds_of
from booking.domain.schedule import Name
from booking.domain.slot import Reason, ReasonKind

P = ParamSpec("P")
T = TypeVar("T")

BUSY_TIMEOUT_MS = 10_000

_ANSWERS = "answers"
_Answers = dict[tuple[Any, ...], tuple[frozenset[type], Any]]

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class UtcDateTime(TypeDecorator[datetime]):
    """An instant, kept as whole seconds since 1970-01-01 UTC: it sorts, compares and counts alike in every database.

    Refuses naive datetimes; gives aware ones in UTC.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else seconds_of(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else moment_of(value)


class NameColumn(TypeDecorator[Name]):
    """A `Name`, kept as JSON {language: text}."""

    impl = JSON
    cache_ok = True

    def process_bind_param(self, value: Name | None, dialect: Dialect) -> Mapping[str, str] | None:
        return None if value is None else dict(value.texts)

    def process_result_value(self, value: Mapping[str, str] | None, dialect: Dialect) -> Name | None:
        return None if value is None else Name.of(**value)


class DeviationColumn(TypeDecorator[Deviation]):
    """A `Deviation`, kept as JSON; the instant in seconds since 1970-01-01 UTC."""

    impl = JSON(none_as_null=True)
    cache_ok = True

    def process_bind_param(self, value: Deviation | None, dialect: Dialect) -> dict[str, Any] | None:
        return None if value is None else deviation_as_json(value)

    def process_result_value(self, value: dict[str, Any] | None, dialect: Dialect) -> Deviation | None:
        return None if value is None else deviation_from_json(value)


def deviation_as_json(value: Deviation) -> dict[str, Any]:
    reasons = [
        {"kind": reason.kind.value, "detail": dict(reason.detail.texts) if reason.detail else None}
        for reason in value.reasons
    ]
    return {"instead_of": seconds_of(value.instead_of), "departure": int(value.departure), "reasons": reasons}


def deviation_from_json(value: Mapping[str, Any]) -> Deviation:
    reasons = tuple(
        Reason(ReasonKind(reason["kind"]), Name.of(**reason["detail"]) if reason["detail"] else None)
        for reason in value["reasons"]
    )
    return Deviation(moment_of(value["instead_of"]), reasons, Departure(value["departure"]))


class Base(DeclarativeBase):
    registry = registry(
        metadata=MetaData(naming_convention=NAMING),
        type_annotation_map={datetime: UtcDateTime(), Name: NameColumn(), Deviation: DeviationColumn()},
    )


ONE_STATEMENT = {"render_nulls": True}
"""For rows inserted together: without it, rows with and without a value for a column go in statements of their own."""

db = SQLAlchemy(model_class=Base, disable_autonaming=True)


@event.listens_for(Engine, "connect")
def _open_sqlite(connection: object, record: object) -> None:
    """WAL, so that readers never wait for a writer; foreign keys on; transactions begun by us, not by the driver."""
    if not isinstance(connection, SqliteConnection):
        return
    connection.isolation_level = None
    for pragma in (
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
    ):
        connection.execute(f"PRAGMA {pragma}")


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    """Writing units take the write lock at once: a read that turns into a write later loses to "database is locked"."""
    if connection.dialect.name != "sqlite":
        return
    immediate = connection.get_execution_options().get("writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


def remembered(
    *tables: type[Base],
) -> Callable[[Callable[Concatenate[Session, P], T]], Callable[Concatenate[Session, P], T]]:
    """Asks a question once in a transaction, as long as its session writes no row of these tables.

    For what many parts of one page or one booking ask for and hardly anybody ever changes. The answer is shared: it is
    read, never written.
    """

    def mark(question: Callable[Concatenate[Session, P], T]) -> Callable[Concatenate[Session, P], T]:
        @wraps(question)
        def ask(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
            answers: _Answers = session.info.setdefault(_ANSWERS, {})
            key = (question, args, tuple(kwargs.items()))
            if key not in answers:
                answers[key] = (frozenset(tables), question(session, *args, **kwargs))
            answer: T = answers[key][1]
            return answer

        return ask

    return mark


@event.listens_for(Session, "after_flush")
def _forget_changed(session: Session, context: object) -> None:
    answers: _Answers = session.info.get(_ANSWERS, {})
    if answers:
        written = {type(row) for row in chain(session.new, session.dirty, session.deleted)}
        for key in [key for key, (tables, _) in answers.items() if tables & written]:
            del answers[key]


@event.listens_for(Session, "after_transaction_end")
def _forget(session: Session, transaction: SessionTransaction) -> None:
    """With the outermost transaction; each flush and savepoint ends one of its own, which means nothing here."""
    if transaction.parent is None:
        session.info.pop(_ANSWERS, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_undone(session: Session, transaction: SessionTransaction) -> None:
    """A savepoint that is rolled back may have been asked in."""
    session.info.pop(_ANSWERS, None)


def utc(moment: datetime) -> datetime:
    """`moment` to the whole second, in UTC, as the store gives it back."""
    return moment.astimezone(UTC).replace(microsecond=0)
