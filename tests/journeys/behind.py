"""Behind the server: the same database without a browser, for stories that begin when something is booked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import Any

from booking.app import create_app
from booking.config import Settings
from booking.store.database import db
from tests.builders import TUESDAYS
from tests.journeys.visitor import Visitor
from tests.journeys.walks import Person
from tests.servers.web import LiveServer
from tests.web.pages import Links, booked_links


class Behind:
    def __init__(self, server: LiveServer) -> None:
        self.url = server.url
        self.app = create_app(Settings.from_environ(server.environ, machine_now=datetime.now(UTC)))

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """What is done inside is done in the application."""
        with self.app.app_context():
            yield
            db.session.remove()
            db.engine.dispose()

    def run(self, *command: str) -> None:
        result = self.app.test_cli_runner().invoke(args=list(command))
        assert result.exit_code == 0, result.output

    def book(self, person: Person, asked: Any = TUESDAYS, **changes: Any) -> Links:
        """A course of this person, at the times of the first plan."""
        birth_date = date(1979, 5, person.day)
        with self():
            return booked_links(
                self.app,
                asked=asked,
                name=person.name,
                birth_date=birth_date,
                email=person.email,
                mobile=None,
                **changes,
            )

    def at_course(self, visitor: Visitor, person: Person, asked: Any = TUESDAYS, **changes: Any) -> Links:
        """The visitor on the page of the person's new course."""
        links = self.book(person, asked, language=visitor.language, **changes)
        visitor.open(f"course/{links.token}")
        visitor.chosen = True
        return links
