"""The address guard: which addresses are refused, however they are spelled."""

import pytest

from services.fetcher.web.addresses import Pin, read_pins, refusal, refusal_of_host


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
        "224.0.0.1", "255.255.255.255", "198.18.0.1", "192.0.2.1", "192.0.0.192", "168.63.129.16", "240.0.0.1",
        "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "2002:7f00:1::", "2002:a9fe:a9fe::1",
        "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:80ff:fffe",
        "no address", "",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    assert refusal(address)


@pytest.mark.parametrize(
    "address", ["93.184.216.34", "8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    assert refusal(address) is None


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "[::1]", "[::ffff:10.0.0.1]", "169.254.169.254", "2130706433", "0x7f000001", "0177.0.0.1", "127.1",
        "127.0.0.1.", "0", "0xa9.0xfe.0xa9.0xfe", "localhost", "a.localhost", "metadata.google.internal", "printer",
        "[64:ff9b::7f00:1]", "nas.local", "ROUTER.lan",
    ],
)  # fmt: skip
def test_a_host_that_is_local_in_any_spelling_is_not_asked_for_through_a_proxy(host: str) -> None:
    assert refusal_of_host(host)


@pytest.mark.parametrize("host", ["news.example", "8.8.8.8", "134744072", "[2606:4700::1111]", "locals.example"])
def test_a_public_host_may_be_asked_for_through_a_proxy(host: str) -> None:
    assert refusal_of_host(host) is None


def test_pins_are_read_with_lower_case_names_and_ports() -> None:
    assert read_pins("News.Example=127.0.0.1:81, v6.example=[::1]:82,") == {
        "news.example": Pin("127.0.0.1", 81),
        "v6.example": Pin("::1", 82),
    }


@pytest.mark.parametrize("text", ["x", "x=1.2.3.4", "x=host:80", "=1.2.3.4:80", "x=1.2.3.4:0", "x=1.2.3.4:web"])
def test_a_pin_that_cannot_be_read_is_named(text: str) -> None:
    with pytest.raises(ValueError, match="is not name=ip:port"):
        read_pins(text)
