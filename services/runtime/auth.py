"""Bearer tokens from a TOML file, and whether a caller may make a call.

::

    [[token]]
    owner = "ana"
    token_sha256 = "…"            # or token = "…"; at least 16 characters
    minds = ["ana", "ana-*"]      # globs of mind ids
    scopes = ["mind.*", "memory.read"]

A client sends ``authorization: Bearer <token>``. Only digests are kept in memory.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import Message
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from services.runtime.caller import LOCAL, Caller
from services.runtime.errors import PermissionDenied, Unauthenticated
from services.runtime.scopes import Access, Reach
from services.runtime.settings import SettingsError

AUTHORIZATION = "authorization"
TOKEN_MIN_LENGTH = 16

_BEARER = re.compile(r"[Bb]earer +(\S+)")
_Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-fA-F]{64}$")]


class MissingToken(Unauthenticated):
    """No usable bearer token came with the call."""

    reason = "TOKEN_MISSING"


class UnknownToken(Unauthenticated):
    """The token is not in the tokens file."""

    reason = "TOKEN_UNKNOWN"


class ScopeMissing(PermissionDenied):
    """The token does not hold the scope."""

    reason = "SCOPE_MISSING"


class MindNotAllowed(PermissionDenied):
    """The token does not cover the mind, whether there is one of that name or not."""

    reason = "MIND_NOT_ALLOWED"


class _TokenEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    owner: str = Field(min_length=1, max_length=128)
    token: str | None = Field(None, min_length=TOKEN_MIN_LENGTH)
    token_sha256: _Digest | None = None
    minds: tuple[str, ...]
    scopes: tuple[str, ...]

    @model_validator(mode="after")
    def _one_of_them(self) -> _TokenEntry:
        if (self.token is None) == (self.token_sha256 is None):
            raise ValueError("needs either token or token_sha256")
        return self

    def digest(self) -> str:
        """SHA-256 of the token, lower-case hex."""
        return (self.token_sha256 or _digest(self.token or "")).lower()


class _TokensFile(BaseModel):
    model_config = ConfigDict(extra="forbid")

    token: list[_TokenEntry] = Field(min_length=1)


class Tokens:
    """The callers by the digest of their token."""

    def __init__(self, callers: Mapping[str, Caller]) -> None:
        self._callers = dict(callers)

    @classmethod
    def read(cls, path: Path) -> Tokens:
        """Read a tokens file. Raises SettingsError that names what is wrong, never a token."""
        try:
            content = _TokensFile.model_validate(tomllib.loads(path.read_text("utf-8")))
        except OSError as error:
            raise SettingsError([f"tokens file {path}: {error.strerror}"]) from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError):
            raise SettingsError([f"tokens file {path}: not valid TOML"]) from None
        except ValidationError as error:
            problems = [f"tokens file {path}: {_place(e['loc'])}: {e['msg']}" for e in error.errors()]
            raise SettingsError(problems) from None
        return cls({t.digest(): Caller(t.owner, t.minds, frozenset(t.scopes)) for t in content.token})

    def add(self, token: str, caller: Caller) -> None:
        """Let in a token that is in no file, such as the one that this process calls itself with."""
        self._callers[_digest(token)] = caller

    def caller(self, metadata: Iterable[tuple[str, Any]]) -> Caller:
        """Who sent this metadata. Raises MissingToken or UnknownToken."""
        header = next((value for key, value in metadata if key == AUTHORIZATION), "")
        match = _BEARER.fullmatch(header if isinstance(header, str) else "")
        if match is None:
            raise MissingToken("this server wants a token: send metadata 'authorization: Bearer <token>'")
        caller = self._callers.get(_digest(match[1]))
        if caller is None:
            raise UnknownToken("the token is not known to this server: check it, or ask the operator for one")
        return caller


def authenticate(tokens: Tokens | None, access: Access | None, metadata: Iterable[tuple[str, Any]]) -> Caller:
    """The caller, if it may make this kind of call. Without tokens everybody is LOCAL."""
    if tokens is None:
        return LOCAL
    if access is not None and access.scope is None:
        return LOCAL
    caller = tokens.caller(metadata)
    if access is None or access.scope is None:
        raise ScopeMissing("no scope allows this call")
    if not caller.may(access.scope):
        raise ScopeMissing(f"the token lacks the scope {access.scope}", scope=access.scope)
    return caller


def authorize(caller: Caller, access: Access | None, request: Message, *, is_first: bool = True) -> None:
    """Refuse a request about minds that the caller may not reach. Raises MindNotAllowed.

    In a stream of requests only the first has to name a mind.
    """
    if caller.may_reach_all() or access is None or access.reach is Reach.NONE:
        return
    named = [mind for mind in _named_minds(request) if mind]
    if not named and is_first and access.reach is Reach.NAMED:
        raise MindNotAllowed("the token does not cover all minds: name one that it covers")
    for mind in named:
        if not caller.may_reach(mind):
            raise MindNotAllowed("the token does not cover this mind", mind_id=mind)


@lru_cache(maxsize=1024)
def mind_fields(message: Descriptor) -> list[str]:
    """The fields of a request that name minds: ``mind_id``, ``…_mind_id``, ``mind_ids``."""
    return [
        field.name
        for field in message.fields
        if field.cpp_type == field.CPPTYPE_STRING
        and (field.name in ("mind_id", "mind_ids") or field.name.endswith("_mind_id"))
    ]


def _named_minds(request: Message) -> Iterator[str]:
    for name in mind_fields(request.DESCRIPTOR):
        value = getattr(request, name)
        if isinstance(value, str):
            yield value
        else:
            yield from value


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def _place(location: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in location)
