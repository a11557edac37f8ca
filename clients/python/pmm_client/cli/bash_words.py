"""Bash cuts words at colons and equals signs before it asks what completes them; here they are put together."""

from __future__ import annotations

from collections.abc import MutableMapping

BEFORE = "_PMM_BEFORE_COLON"
"""The variable with what of the word stands on the line already and is not to be offered again: ``entity:``."""


def join_words(environ: MutableMapping[str, str]) -> None:
    """Where bash asks for completions, leave the words of its line as the shell would pass them to a command."""
    if environ.get("_PMM_COMPLETE") != "complete_bash":
        return
    at = int(environ["COMP_CWORD"])
    command, *cut = (*environ["COMP_WORDS"].split("\n")[: at + 1], "")[: at + 1]
    *words, last = _joined(cut) or [""]
    before, colon, last = last.rpartition(":") if _is_cut(cut) else ("", "", last)
    environ[BEFORE] = before + colon
    environ["COMP_WORDS"] = "\n".join([command, *words, last])
    environ["COMP_CWORD"] = str(len(words) + 1)


def _joined(cut: list[str]) -> list[str]:
    words: list[str] = []
    goes_on = False
    for piece in cut:
        is_colon = piece != "" and not piece.strip(":")
        if piece == "=" and words and words[-1].startswith("--"):
            words.append("")
            goes_on = True
            continue
        if words and piece and (goes_on or is_colon):
            words[-1] += piece
        else:
            words.append(piece)
        goes_on = is_colon
    return words


def _is_cut(cut: list[str]) -> bool:
    """Whether it was bash that cut the last word at a colon; in quotes it does not."""
    return any(piece and not piece.strip(":") for piece in cut[-2:]) and bool(cut[-1])
