"""Words that everybody says, whatever they speak of. English."""

from __future__ import annotations

COMMON = frozenset(
    (
        "about after again ago all also always and another any are because been before being between but can cannot "
        "come could day did didn does doing don't down each even ever every few for from gave get getting give going "
        "good got had has have having hello her here him his how i'm i've i'd i'll into its just keep kept know last "
        "later let like little look made make many maybe more most much must name need never new next nice not now "
        "off okay one only other our out over please really right said same saw say says see she should since some "
        "someone something soon still such take talk tell than thank thanks that that's the their them then there "
        "these they thing things think this those time today tomorrow too two use very want wants was way well "
        "went were what when where which while who why will with without work would year years yes yesterday yet you "
        "your"
    ).split()
)
