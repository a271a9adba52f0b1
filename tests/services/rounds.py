"""A worker of the waiting list as a process of its own: `python -m tests.services.rounds`, one round after another."""

from __future__ import annotations

from booking.app import create_app
from tests.services.waiters import round_of_the_worker


def main() -> None:
    with create_app().app_context():
        print("ready", flush=True)
        while True:
            round_of_the_worker()


if __name__ == "__main__":
    main()
