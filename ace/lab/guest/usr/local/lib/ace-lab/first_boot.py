"""What cloud-init's basics do at a server's first boot: name, SSH keys, resolvers, user data.

Of a `#cloud-config` it honours hostname, fqdn, manage_etc_hosts, ssh_authorized_keys, write_files and runcmd, and states
on the console what else there was. User data that begins with `#!` is run.
"""

import base64
import grp
import json
import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import yaml

CLOUD = Path("/var/lib/cloud")
SEED = CLOUD / "seed" / "nocloud"
USER = "debian"
HONOURED = {"hostname", "fqdn", "manage_etc_hosts", "ssh_authorized_keys", "write_files", "runcmd", "ssh_pwauth"}


def main() -> None:
    """Settle this host."""
    facts = json.loads((SEED / "meta-data").read_text(encoding="utf-8"))
    user_data = (SEED / "user-data").read_bytes()
    config: dict[str, Any] = {}
    if user_data.startswith(b"#cloud-config"):
        config = yaml.safe_load(user_data) or {}
    elif user_data.strip() and not user_data.startswith(b"#!"):
        log("user data of this kind is not honoured")
    if left_out := sorted(set(config) - HONOURED):
        log(f"cloud-config: not honoured: {', '.join(left_out)}")
    name_it(config.get("hostname") or facts["local-hostname"], config.get("fqdn"))
    make_host_keys()
    let_in([*facts["public-keys"], *config.get("ssh_authorized_keys", ())])
    if facts["nameservers"]:
        lines = "".join(f"nameserver {server}\n" for server in facts["nameservers"])
        Path("/etc/resolv.conf").write_text(lines, encoding="utf-8")
    for file in config.get("write_files", ()):
        attempt(f"write_files {file.get('path')}", partial(write_file, file))
    for command in config.get("runcmd", ()):
        attempt(f"runcmd {command}", partial(run, command))
    if user_data.startswith(b"#!"):
        attempt("user data", partial(run_script, user_data))
    (CLOUD / "instance").mkdir(parents=True, exist_ok=True)
    (CLOUD / "instance" / "boot-finished").touch()


def log(text: str) -> None:
    """Write a line to the console."""
    print(f"first-boot: {text}", flush=True)


def attempt(what: str, work: Callable[[], None]) -> None:
    """One thing that fails must not keep the host from starting."""
    try:
        work()
    except Exception as error:
        log(f"{what}: failed: {error}")


def name_it(hostname: str, fqdn: str | None) -> None:
    """Be called so."""
    names = f"{fqdn} {hostname}" if fqdn and fqdn != hostname else hostname
    Path("/etc/hostname").write_text(f"{hostname}\n", encoding="utf-8")
    Path("/etc/hosts").write_text(
        f"127.0.0.1 localhost\n127.0.1.1 {names}\n::1 localhost ip6-localhost ip6-loopback\n", encoding="utf-8"
    )
    socket.sethostname(hostname)


def make_host_keys() -> None:
    """The host's own keys, made here; they never leave."""
    for kind in ("ed25519", "ecdsa"):
        file = Path(f"/etc/ssh/ssh_host_{kind}_key")
        if not file.exists():
            command = ["ssh-keygen", "-q", "-t", kind, "-N", "", "-C", f"root@{socket.gethostname()}", "-f", str(file)]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def let_in(keys: list[str]) -> None:
    """Let those who have these keys in as the image's user."""
    user = pwd.getpwnam(USER)
    folder = Path(user.pw_dir, ".ssh")
    folder.mkdir(mode=0o700, exist_ok=True)
    file = folder / "authorized_keys"
    file.write_text("".join(f"{key.strip()}\n" for key in dict.fromkeys(keys)), encoding="utf-8")
    file.chmod(0o600)
    for path in (folder, file):
        os.chown(path, user.pw_uid, user.pw_gid)


def write_file(entry: dict[str, Any]) -> None:
    """One entry of `write_files`."""
    content = entry.get("content", "")
    content = base64.b64decode(content) if entry.get("encoding") in ("b64", "base64") else content.encode()
    path = Path(entry["path"])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab" if entry.get("append") else "wb") as file:
        file.write(content)
    path.chmod(int(str(entry.get("permissions", "0644")), 8))
    if owner := entry.get("owner"):
        user, _, group = owner.partition(":")
        shutil.chown(path, user, group or grp.getgrgid(pwd.getpwnam(user).pw_gid).gr_name)


def run(command: str | list[str]) -> None:
    """One entry of `runcmd`: a shell's line or a list of arguments."""
    subprocess.run(command, shell=isinstance(command, str), check=True, stdin=subprocess.DEVNULL)


def run_script(text: bytes) -> None:
    """User data that is a program."""
    path = CLOUD / "instance" / "user-data"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text)
    path.chmod(0o700)
    subprocess.run([str(path)], check=True, stdin=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
