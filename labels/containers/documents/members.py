"""Files inside files: members of an archive and attachments of a message are read as separate files, within bounds."""

from __future__ import annotations

import time
from dataclasses import replace

from ...findings import Findings

_DEEPEST = 3


class Members:
    """Reads members of one file into its findings; their labels are distinguished by the member's name."""

    def __init__(self, found: Findings) -> None:
        self.found = found

    @property
    def largest(self) -> int:
        """Bytes of the largest member that is still read."""
        return min(self.found.limits.inflated_bytes, self.found.spent.left)

    def read(self, name: str, content: bytes, media_type: str | None = None) -> None:
        """Reads one member. Raises BeyondLimitError where members together are larger than allowed."""
        from ...read import read_source

        found = self.found
        found.spent.unpack(len(content))
        if found.nesting >= _DEEPEST:
            found.refuse("members", f"nested deeper than {_DEEPEST}, which are not looked at")
            return
        inner = Findings(found.limits)
        inner.nesting = found.nesting + 1
        inner.spent = found.spent
        text = media_type if media_type is not None and media_type.startswith("text/") else None
        began = time.monotonic()
        labels = read_source(content, text, "metadata", inner)
        printable = "".join(c if c.isprintable() else "?" for c in name)[:120]
        for label in labels.labels:
            found.add(replace(label, carrier=f"member {printable}: {label.carrier}", span=None))
        for refusal in labels.refused:
            if refusal.what != "file":  # a format that is not known is none of the archive's concern
                found.refuse(f"member {printable}: {refusal.what}", refusal.why)
        for note in labels.notes:
            found.note(f"member {printable}: {note}")
        found.spent.take(time.monotonic() - began)
