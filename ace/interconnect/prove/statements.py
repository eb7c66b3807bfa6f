"""Split rendered files into their statements, each with its block and line, so that none goes unseen."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

TOP: Final = ""
"""The block of what stands outside of all blocks."""
_FRR_BLOCKS: Final = ("interface ", "router bgp ", "address-family ", "route-map ", "profile ")
_FRR_ENDS: Final = ("exit", "exit-address-family")
_NFT_BLOCKS: Final = ("table ", "set ", "chain ", "elements = {")


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement, in single spaces and without comments; `block` names the blocks around it, outermost first."""

    block: str
    text: str
    line: int


def of_frr(text: str) -> Iterator[Statement]:
    """The statements of a frr.conf. What opens a block stands in the block around it, `exit` in the block that it ends."""
    blocks: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = " ".join(line.split())
        if not words or words.startswith(("!", "#")):
            continue
        yield Statement(" > ".join(blocks), words, number)
        if words in _FRR_ENDS:
            blocks = blocks[:-1]
        elif words == "bfd" or words.startswith(_FRR_BLOCKS):
            blocks.append(words)


def of_nftables(text: str) -> Iterator[Statement]:
    """The statements of an nftables.conf: rules, settings of sets, and each element of a set."""
    blocks: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        words = " ".join(line.split("#")[0].split())
        if not words:
            continue
        if words.startswith("elements = { ") and words.endswith(" }"):  # on one line
            block = " > ".join([*blocks, "elements"])
            yield from (Statement(block, part.strip(), number) for part in words[13:-2].split(","))
        elif words == "}" and blocks:
            blocks = blocks[:-1]
        elif words.endswith("{") and words.startswith(_NFT_BLOCKS):
            name = words[:-1].strip().removesuffix(" =")
            blocks.append(name)
            if name != "elements":
                yield Statement(" > ".join(blocks[:-1]), name, number)
        elif blocks and blocks[-1] == "elements":
            yield from (
                Statement(" > ".join(blocks), part.strip(), number) for part in words.removesuffix(",").split(",")
            )
        else:
            yield Statement(" > ".join(blocks), words, number)


def of_wireguard(text: str) -> Iterator[Statement]:
    """The statements of a WireGuard file: section headers and settings."""
    section = TOP
    for number, line in enumerate(text.split("\n"), 1):
        words = " ".join(line.split())
        if not words or words.startswith("#"):
            continue
        if words.startswith("["):
            section = TOP
        yield Statement(section, words, number)
        if words.startswith("["):
            section = words
