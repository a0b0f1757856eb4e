"""What may go wrong in a run without being the benchmark's own fault."""

from __future__ import annotations


class RunFailed(Exception):
    """A contestant did not start, did not answer as its protocol wants it, or did not store what was sent.

    The run is told of in the report, and the others go on.
    """
