"""Which addresses may be asked: a URL of a table must not reach into this machine, its network or its cloud's metadata.

The check stands where a socket is made for an address that was resolved a moment before, and so holds for every name, every
way to write an address and every hop of a redirect; there is no second look-up that could answer otherwise.
"""

import ipaddress
import socket
from typing import Any

AddressInfo = tuple[int, int, int, str, tuple[Any, ...]]

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


class PrivateAddress(OSError):
    """An address that is not of the public internet."""


def is_public(address: str) -> bool:
    """Whether an IP address is one of the public internet; so must be an IPv4 address inside an IPv6 one.

    Raises:
        ValueError: it is no IP address.
    """
    found = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped or found.sixtofour
        if found in _NAT64:
            inner = ipaddress.IPv4Address(int(found) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if found.is_site_local:
            return False
    return found.is_global and not found.is_multicast and not found.is_reserved


def public_socket(info: AddressInfo) -> socket.socket:
    """A socket for a resolved address.

    Raises:
        PrivateAddress: the address is not public.
    """
    family, kind, protocol, _, address = info
    if not is_public(str(address[0])):
        raise PrivateAddress("not an address of the public internet")
    return socket.socket(family, kind, protocol)


def is_plainly_private(host: str) -> bool:
    """Whether a host says by itself that it is private: an address in any notation, or a name of this machine.

    For requests through a proxy, which looks names up itself.
    """
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return not is_public(name)
    except ValueError:
        pass
    if name[:1].isdigit():  # 127.1, 0x7f000001, 2130706433: what the C library takes for an address
        try:
            return not is_public(socket.inet_ntoa(socket.inet_aton(name)))
        except OSError:
            pass
    return False
