"""The folders in which the demo's people read their mail: one Maildir an address, as any mail program opens it.

Refuses addresses that are more than a file name, because anybody on the machine may send to the demo.
"""

import mailbox
import re
import threading
from pathlib import Path

from helpdesk.kernel.errors import Invalid

_ADDRESS = re.compile(r"(?!\.)[\w.+=-]{1,64}@(?!\.)[\w.-]{1,120}")


class Postbox:
    """The folder of all Maildirs."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self._root = root
        self._one_at_a_time = threading.Lock()  # two letters to a new address would both make its folder

    def deliver(self, address: str, raw: bytes) -> None:
        """Put a mail into the Maildir of the address, as new. Raises Invalid for one that cannot name a folder."""
        bare = address.strip().lower()
        if not _ADDRESS.fullmatch(bare):
            raise Invalid("The demo delivers to addresses of letters, digits and . + = _ - only.", code="BAD_EMAIL")
        with self._one_at_a_time:
            mailbox.Maildir(self._root / bare, create=True).add(raw)
