"""Split rendered files into their statements, each with its block and line, so that none is overlooked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

TOP: Final = ""
"""The block of what stands outside of all blocks."""
_FRR_BLOCKS: Final = ("interface ", "router bgp ", "address-family ", "route-map ", "profile ")
_FRR_ENDS: Final = ("exit", "exit-address-family")
_NFT_BLOCKS: Final = ("table ", "set ", "chain ", "elements = {")


class Statement(NamedTuple):
    """One statement, in single spaces and without comments; `block` names the blocks around it, outermost first."""

    block: str
    text: str
    line: int


def of_frr(text: str) -> Iterator[Statement]:
    """The statements of a frr.conf. What opens a block stands in the block around it, `exit` in the block that it ends."""
    blocks: list[str] = []
    block = TOP
    for number, line in enumerate(text.split("\n"), 1):
        statement = " ".join(line.split())
        if not statement or statement.startswith(("!", "#")):
            continue
        yield Statement(block, statement, number)
        if statement in _FRR_ENDS:
            blocks = blocks[:-1]
        elif statement == "bfd" or statement.startswith(_FRR_BLOCKS):
            blocks.append(statement)
        else:
            continue
        block = " > ".join(blocks)


def of_nftables(text: str) -> Iterator[Statement]:
    """The statements of an nftables.conf: rules, settings of sets, and each element of a set."""
    blocks: list[str] = []
    for number, line in enumerate(text.split("\n"), 1):
        statement = " ".join(line.split("#")[0].split())
        if not statement:
            continue
        if statement.startswith("elements = { ") and statement.endswith(" }"):  # on one line
            block = " > ".join([*blocks, "elements"])
            yield from (Statement(block, part.strip(), number) for part in statement[13:-2].split(","))
        elif statement == "}" and blocks:
            blocks = blocks[:-1]
        elif statement.endswith("{") and statement.startswith(_NFT_BLOCKS):
            name = statement[:-1].strip().removesuffix(" =")
            blocks.append(name)
            if name != "elements":
                yield Statement(" > ".join(blocks[:-1]), name, number)
        elif blocks and blocks[-1] == "elements":
            yield from (
                Statement(" > ".join(blocks), part.strip(), number) for part in statement.removesuffix(",").split(",")
            )
        else:
            yield Statement(" > ".join(blocks), statement, number)
    if blocks:
        yield Statement(" > ".join(blocks), "(the file ends here)", text.count("\n") + 1)


def of_wireguard(text: str) -> Iterator[Statement]:
    """The statements of a WireGuard file: section headers and settings."""
    section = TOP
    for number, line in enumerate(text.split("\n"), 1):
        statement = " ".join(line.split())
        if not statement or statement.startswith("#"):
            continue
        if statement.startswith("["):
            section = TOP
        yield Statement(section, statement, number)
        if statement.startswith("["):
            section = statement
