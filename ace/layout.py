"""What lies where in a ROOT: the folder that holds the spec folder. Names only; nothing is read or made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Layout:
    """One ROOT. A `country` is a stack's name: `tn`."""

    root: Path

    @property
    def publications(self) -> Path:
        """The publications of all countries and hubs, which everybody may read."""
        return self.root / "publications"

    @property
    def lab_signers(self) -> Path:
        """The public keys that a lab's countries sign with, which everybody may read."""
        return self.root / "lab-signers"

    # ------------------------------------------------------------------------ below ROOT/.ace, for ROOT's owner alone

    @property
    def private(self) -> Path:
        """ROOT/.ace: all that follows lies below it."""
        return self.root / ".ace"

    @property
    def states(self) -> Path:
        """The folder of countries' states."""
        return self.private / "state"

    def state(self, country: str) -> Path:
        """The folder of a country's state."""
        return self.states / country

    @property
    def runs(self) -> Path:
        """The folder of run reports, and of Ansible's artefacts."""
        return self.private / "runs"

    @property
    def lab(self) -> Path:
        """The folder of this ROOT's lab."""
        return self.private / "lab"

    @property
    def lab_clouds_file(self) -> Path:
        """The lab's clouds.yaml."""
        return self.lab / "clouds.yaml"

    def lab_signing_key(self, country: str) -> Path:
        """The private key that a country of the lab signs with."""
        return self.lab / "signing" / country

    def facts(self, country: str) -> Path:
        """The public facts that a country's hosts reported."""
        return self.private / "facts" / f"{country}.json"

    @property
    def seen(self) -> Path:
        """The newest publication seen of each country and hub."""
        return self.private / "seen.json"

    @property
    def signers(self) -> Path:
        """The first keys seen of each country."""
        return self.private / "signers.json"

    def known_hosts(self, country: str) -> Path:
        """The pinned host keys of a country's hosts."""
        return self.private / "known_hosts" / country

    def ssh_config(self, country: str) -> Path:
        """How SSH reaches a country's hosts."""
        return self.private / "ssh" / f"{country}.conf"

    @property
    def passphrases(self) -> Path:
        """The folder of countries' passphrases."""
        return self.private / "passphrase"

    def passphrase(self, country: str) -> Path:
        """The passphrase of the secrets in a country's state."""
        return self.passphrases / country

    def worker(self, country: str) -> Path:
        """The command that starts a country's worker."""
        return self.private / "worker" / country

    @property
    def inputs_key(self) -> Path:
        """The key of the digests by which converged hosts are known."""
        return self.private / "inputs.key"

    @property
    def members(self) -> Path:
        """What `ace member` has under way."""
        return self.private / "members"

    def member(self, country: str) -> Path:
        """What `ace member` has under way for a country."""
        return self.members / country

    def fitness(self, country: str) -> Path:
        """A country's last whole fitness check."""
        return self.member(country) / "fitness.json"

    def policy_findings(self, country: str) -> Path:
        """What the policies found of a country when it was last deployed."""
        return self.private / "judged" / f"{country}.json"

    @property
    def exports(self) -> Path:
        """The archives of countries that left."""
        return self.private / "exports"

    @property
    def interconnect(self) -> Path:
        """The rendered files of gateways and hubs, as `ace interconnect render` writes them."""
        return self.private / "interconnect"

    @property
    def interconnect_applied(self) -> Path:
        """The rendered files of gateways and hubs that were applied last."""
        return self.private / "interconnect-applied"

    @property
    def catalogue(self) -> Path:
        """The catalogue's site."""
        return self.private / "catalogue"
