"""Processes of their own that load nothing: they are forked from one, made at the first question, that has loaded all.

To load the application takes two seconds of a processor, to fork some milliseconds. What is forked has its own
environment, standard streams and process group, like a command that is started.
"""

from __future__ import annotations

import os
import runpy
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.reduction import DupFd
from threading import Lock
from typing import Any

_context = get_context("forkserver")
_context.set_forkserver_preload(["tests.servers.loaded"])


class Forked:
    """`python -m MODULE ARGUMENTS`, forked: `stdin` and `stdout` are its streams, in bytes."""

    def __init__(self, environ: Mapping[str, str], module: str, *arguments: str) -> None:
        theirs_in, ours_in = os.pipe()
        ours_out, theirs_out = os.pipe()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        streams = (_Descriptor(theirs_in), _Descriptor(theirs_out), _Descriptor(self._errors.fileno()))
        self._process = _context.Process(target=_run, args=(dict(environ), streams, module, arguments))
        self._process.start()
        os.close(theirs_in)
        os.close(theirs_out)
        self.stdin = os.fdopen(ours_in, "wb", buffering=0)
        self.stdout = os.fdopen(ours_out, "rb")
        self._asking = Lock()  # its end is told once, to whom asks first
        assert self._process.pid
        self.pid = self._process.pid

    @property
    def errors(self) -> bytes:
        """What it wrote to its standard error so far."""
        return os.pread(self._errors.fileno(), 1_000_000, 0)

    def poll(self) -> int | None:
        with self._asking:
            return self._process.exitcode

    def wait(self, seconds: float = 120) -> int:
        """Its exit code, negative if a signal ended it; TimeoutExpired if it goes on."""
        with self._asking:
            self._process.join(seconds)
            code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(str(self._process), seconds)
        return code

    def tell(self, words: bytes) -> bytes:
        """Writes to it and waits until it has ended; what it has written meanwhile."""
        self.stdin.write(words)
        self.stdin.close()
        written = self.stdout.read()
        self.wait()
        return written

    def send_signal(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it and all that it started, wherever they are."""
        with suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        self.send_signal(signal.SIGKILL)  # it may not have had the time to lead a group

    def end(self) -> None:
        """Kills it if it is still there, and gives back what it took."""
        self.kill()
        self.wait()
        for stream in (self.stdin, self.stdout, self._errors):
            stream.close()

    def __enter__(self) -> Forked:
        return self

    def __exit__(self, *_: object) -> None:
        self.end()


class _Descriptor:
    """An open file on its way into a forked process."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[Any, ...]:
        return _arrived, (DupFd(self.number),)


def _arrived(sent: Any) -> int:
    number: int = sent.detach()
    return number


def _run(environ: dict[str, str], streams: tuple[int, int, int], module: str, arguments: tuple[str, ...]) -> None:
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = os.fdopen(0), os.fdopen(1, "w"), os.fdopen(2, "w", buffering=1)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = [module, *arguments]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
