"""Whose key is it: what consoles show, what is pinned, when a console is asked."""

from __future__ import annotations

from ace.services.host_keys import HostKey, Pin, on_console, parse_key, pinned, read_pins, to_ask, write_pins

ED1 = "AAAAC3NzaC1lZDI1NTE5AAAAIMagmiocBiFGW8nUmVWZhfo6YefrBqU94kxn2wyUmyA0"
ED2 = "AAAAC3NzaC1lZDI1NTE5AAAAIBJCPh5Oug3P3m1TrBnqILx9zCoF/P7BmpFTO8A54/+G"
KEY1, KEY2 = HostKey("ssh-ed25519", ED1), HostKey("ssh-ed25519", ED2)
GW1, GW2 = "gw1.tunis-1.tn", "gw2.tunis-1.tn"
BLOCK = f"""-----BEGIN SSH HOST KEY KEYS-----
ssh-ed25519 {ED1} root@gw1
-----END SSH HOST KEY KEYS-----
"""


def test_keys_are_read_between_cloud_init_s_markers() -> None:
    assert on_console(f"[  OK  ] Started sshd\nssh-ed25519 {ED2} not me\n{BLOCK}login: ") == (KEY1,)


def test_what_a_console_puts_around_lines_does_not_matter() -> None:
    log = "".join(f"\x1b[0mci-info: {line}\r\n" for line in BLOCK.splitlines())
    assert on_console(log) == (KEY1,)


def test_a_block_that_is_still_being_written_is_no_block_yet() -> None:
    assert on_console(BLOCK.split("-----END", maxsplit=1)[0]) == ()
    assert on_console("") == ()


def test_the_newest_whole_block_counts() -> None:
    assert on_console(BLOCK + BLOCK.replace(ED1, ED2)) == (KEY2,)


def test_what_is_no_key_is_left_out() -> None:
    assert parse_key("ssh-ed25519 AAAA") is None
    assert parse_key(f"ssh-rsa {ED1}") is None, "the blob says another type"
    assert parse_key("ssh-ed25519 not*base64") is None
    assert on_console(BLOCK.replace(ED1, "$(reboot)")) == ()


def test_pins_are_known_hosts_lines_that_name_the_server() -> None:
    pins = {GW1: Pin(GW1, "0a1b-2c", (KEY1,))}
    text = write_pins(pins.values())
    assert f"{GW1} ssh-ed25519 {ED1} instance:0a1b-2c\n" in text
    assert read_pins(text) == pins


def test_the_console_is_asked_of_new_hosts_and_of_new_servers_alone() -> None:
    pins = {GW1: Pin(GW1, "server-1", (KEY1,))}
    assert to_ask(pins, {GW1: "server-1", GW2: "server-2"}) == (GW2,)
    assert to_ask(pins, {GW1: "server-3"}) == (GW1,)


def test_a_pin_made_by_hand_is_believed_whatever_server_it_is() -> None:
    pins = read_pins(f"{GW1} ssh-ed25519 {ED1}\n")
    assert to_ask(pins, {GW1: "server-9"}) == ()


def test_a_server_built_anew_is_pinned_anew_and_one_that_is_gone_forgotten() -> None:
    pins = {GW1: Pin(GW1, "server-1", (KEY1,)), GW2: Pin(GW2, "server-2", (KEY1,))}
    assert pinned(pins, {GW1: "server-3"}, {GW1: (KEY2,)}) == {GW1: Pin(GW1, "server-3", (KEY2,))}


def test_lines_that_somebody_else_wrote_do_no_harm() -> None:
    assert read_pins("# hello\n@cert-authority * ssh-ed25519 x\n|1|hash|hash ssh-ed25519 y\n\njunk\n") == {}
