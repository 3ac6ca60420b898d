"""Listening sockets, taken before anything else is: an address in use is one clear line."""

import socket

from genkan.settings.values import SettingsRefused


def loopbacks(bind: str, port: int, advice: str = "") -> list[socket.socket]:
    """Listening sockets; for the default address on both loopbacks, since `localhost` is either.

    The second loopback may be missing, but if another program has it, that one would be sent what
    people type for us.
    """
    sockets = [listening(bind, port, advice)]
    if bind == "127.0.0.1" and _has_address("::1"):
        sockets.append(listening("::1", port, advice))
    return sockets


def listening(address: str, port: int, advice: str = "") -> socket.socket:
    """A listening socket; `SettingsRefused` with some advice when the address cannot be had."""
    try:
        bound = _bound(address, port)
        bound.listen()
    except OSError as error:
        raise SettingsRefused(
            f"cannot listen on {address}:{port}: {error.strerror}{advice}"
        ) from None
    return bound


def _has_address(address: str) -> bool:
    try:
        _bound(address, 0).close()
    except OSError:
        return False
    return True


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((address, port))
    except OSError:
        bound.close()
        raise
    return bound
