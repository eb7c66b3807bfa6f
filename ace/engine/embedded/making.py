"""Create a resource, once: an answer that never came is looked for before anything is sent again."""

from __future__ import annotations

import time
from dataclasses import dataclass

from ace.engine.contract import CloudError, Live
from ace.engine.embedded import recovery
from ace.engine.embedded.clouds import Clouds
from ace.engine.embedded.ledger import Ledger
from ace.engine.embedded.wanted import Wanted

_UNSURE = (0, 500, 502, 504)
"""Statuses (0: none) after which a create may have been carried out all the same."""
_ATTEMPTS = 3
_PAUSE_S = 0.5


@dataclass
class Maker:
    """Makes what is wanted. Thread-safe."""

    ledger: Ledger
    clouds: Clouds

    def make(self, wanted: Wanted, handle: object) -> Live:
        """Create it; when no answer says whether that was done, look, and try again if not.

        Raises:
            CloudError: It was refused; or nobody could tell (status 0), and the operation stays pending.
        """
        limited = self.clouds.within(wanted.resource("", {}), "create", handle)
        ends = time.monotonic() + (wanted.goal.custom_timeouts.get("create") or float("inf"))
        for attempt in range(_ATTEMPTS):
            try:
                return wanted.kind.create(limited, wanted.inputs)
            except CloudError as error:
                if error.made is not None or error.status not in _UNSURE:
                    raise
                if (found := self._lost(wanted, handle, error)) is not None:
                    return found
                last = attempt == _ATTEMPTS - 1 or time.monotonic() > ends
                if last or self.ledger.cancel.wait(_PAUSE_S * 2**attempt):
                    raise
        raise AssertionError("unreachable")

    def _lost(self, wanted: Wanted, handle: object, error: CloudError) -> Live | None:
        try:
            return recovery.lost(wanted.kind, handle, wanted.goal.type, wanted.inputs, self.ledger)
        except CloudError:
            raise CloudError(error.message, hint=error.hint) from None
