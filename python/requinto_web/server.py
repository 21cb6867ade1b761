# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the application at an address, until a signal ends it."""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import signal
import socket
from collections.abc import Callable, Iterator

import uvicorn

from requinto.errors import RequintoError
from requinto_web.app import create_app
from requinto_web.limits import Settings

_BACKLOG = 256  # connections that wait to be accepted
_FINISHING_S = 1  # for which answers may go on when the server ends


def serve(
    settings: Settings, host: str, port: int, announce: Callable[[str], None]
) -> None:
    """Serve the page until a signal ends this process, as it would without a server.

    Parameters
    ----------
    settings : Settings
    host : str
        An address or name of this machine.
    port : int
        0 takes one that is free.
    announce : callable
        Called with the server's address once it answers.

    Raises
    ------
    RequintoError
        If the address cannot be used, or the folder.
    """
    logging.basicConfig(level=logging.ERROR, format="%(message)s")
    with contextlib.closing(_listen(host, port)) as listener:
        app = create_app(settings)
        store = app.state.services.store
        with store.open():
            config = uvicorn.Config(
                app,
                log_config=None,
                log_level="error",
                access_log=False,
                server_header=False,
                ws="none",
                lifespan="on",
                timeout_graceful_shutdown=_FINISHING_S,
            )
            address = f"http://{_in_address(host)}:{listener.getsockname()[1]}"
            server = _Server(config, lambda: announce(address))
            server.run(sockets=[listener])


def is_loopback(host: str) -> bool:
    """Return whether only this machine reaches an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _listen(host: str, port: int) -> socket.socket:
    """Return a socket at an address, or raise `RequintoError`."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(_BACKLOG)
        except BaseException:
            listener.close()
            raise
    except (OSError, UnicodeError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or error
        raise RequintoError(
            f"{_in_address(host)}:{port} cannot be served: {reason}; "
            "choose another --port, 0 for any that is free, or --host"
        ) from error
    return listener


def _in_address(host: str) -> str:
    return f"[{host}]" if ":" in host else host


class _Server(uvicorn.Server):
    """A server that says when it answers, and whose streams end when it does."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._announce()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self.config.app.state.services.library.stop()  # type: ignore[union-attr]
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """End at a hangup as at other signals, unless `nohup` has it ignored."""
        hangup = getattr(signal, "SIGHUP", None)
        with super().capture_signals():
            before = hangup and signal.getsignal(hangup)
            if hangup is None or before == signal.SIG_IGN:
                yield
                return
            signal.signal(hangup, self.handle_exit)
            try:
                yield
            finally:
                signal.signal(hangup, before)
