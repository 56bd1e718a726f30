"""Network addresses: which belong to the open internet, and which an operator has listed."""

import ipaddress
from collections.abc import Sequence
from ipaddress import IPv4Network, IPv6Network

Networks = Sequence[IPv4Network | IPv6Network]

_NEVER = tuple(
    ipaddress.ip_network(network)
    for network in (
        "100.64.0.0/10",  # shared address space, and some clouds' metadata
        "168.63.129.16/32",  # a cloud's host channel
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "fec0::/10",
    )
)


def is_public(text: str) -> bool:
    """Whether a network address is one of the open internet, whatever way it is wrapped."""
    address = ipaddress.ip_address(text)
    if isinstance(address, ipaddress.IPv6Address):
        wrapped = _wrapped(address)
        if wrapped is not None:
            return is_public(str(wrapped))
    if any(address.version == network.version and address in network for network in _NEVER):
        return False
    return address.is_global and not address.is_multicast and not address.is_reserved


def _wrapped(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 one: mapped, compatible, translated (NAT64), or 6to4."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    number = int(address)
    if number >> 32 in {0, 0x0064FF9B << 64}:
        return ipaddress.IPv4Address(number & 0xFFFFFFFF)
    return None


def is_listed(text: str, networks: Networks) -> bool:
    """Whether a network address lies in one of the networks."""
    address = ipaddress.ip_address(text)
    return any(address.version == one.version and address in one for one in networks)
