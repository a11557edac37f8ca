"""Page tokens: where a listing goes on, bound to the listing that gave them out.

The tag keeps a token from being taken for one of another listing, where it would name a place that means nothing. It
keeps no secret: whoever makes one up sees no more than the listing shows.
"""

from __future__ import annotations

import hashlib

from pmm.orchestrator.v1 import orchestrator_pb2 as pb

Paged = (
    pb.ListMindsRequest
    | pb.ListSessionsRequest
    | pb.ListCommitmentsRequest
    | pb.ListReflectionsRequest
    | pb.GetCommitmentThreadRequest
)
_BOUND = ("mind_id", "owner", "prefix", "status", "project", "commitment_id")
"""Fields that say what is listed."""
_TAG_BYTES = 6


def token(request: Paged, place: str | int) -> str:
    """What goes on at a place in the listing that is asked for; empty at the end, where there is none ("" or 0)."""
    return f"{_tag(request, str(place))}.{place}" if place else ""


def place(request: Paged) -> str:
    """Where the page that is asked for begins; empty for the first one. Raises ValueError: no token of this listing."""
    if not request.page_token:
        return ""
    tag, _, found = request.page_token.partition(".")
    if tag != _tag(request, found):
        raise ValueError("the token was not given out for this listing")
    return found


def _tag(request: Paged, place: str) -> str:
    listing = (type(request).__name__, *(str(getattr(request, name, "")) for name in _BOUND), place)
    return hashlib.blake2b("\x00".join(listing).encode(), digest_size=_TAG_BYTES).hexdigest()
