"""Addresses of the public internet, and all that are not."""

import socket

import pytest

from mmgic.download.addresses import PrivateAddress, is_plainly_private, is_public, public_socket


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"],
)
def test_public_ones(address: str) -> None:
    assert is_public(address) and not is_plainly_private(address)


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "172.31.255.255",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.1.1.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
        "2001:db8::1",
        "2001::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "2002:7f00:1::1",
        "2002:a00:1::1",
        "::127.0.0.1",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::7f00:1",
        "4000::1",
    ],
)
def test_private_ones(address: str) -> None:
    assert not is_public(address) and is_plainly_private(address)


@pytest.mark.parametrize(
    "host", ["localhost", "LocalHost.", "a.localhost", "127.1", "0x7f000001", "2130706433", "0177.1"]
)
def test_other_ways_to_write_this_machine(host: str) -> None:
    assert is_plainly_private(host)


@pytest.mark.parametrize("host", ["example.org", "8.8.2056", "134744072", "localhost.example.org", "1.example"])
def test_names_that_say_nothing(host: str) -> None:
    assert not is_plainly_private(host)


def test_a_socket_is_made_for_a_public_address_alone() -> None:
    kind = socket.SOCK_STREAM
    public_socket((socket.AF_INET, kind, socket.IPPROTO_TCP, "", ("1.1.1.1", 80))).close()
    with pytest.raises(PrivateAddress):
        public_socket((socket.AF_INET, kind, socket.IPPROTO_TCP, "", ("127.0.0.1", 80)))
    with pytest.raises(PrivateAddress):
        public_socket((socket.AF_INET6, kind, socket.IPPROTO_TCP, "", ("::ffff:127.0.0.1", 80, 0, 0)))
