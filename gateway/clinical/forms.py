"""Which form of the factor tables a drug is in, by its dose form and route as lists and messages state them.

Those of RxNorm ("Extended Release Oral Tablet", "Transdermal System") and of the FDA's directory ("TABLET, COATED"
with route "ORAL") are understood. What is given by injection, rectally or on the skin has a form without any factor.
"""

from __future__ import annotations

import re
from typing import Final

from gateway.model import Drug

ORAL: Final = "oral"
TRANSDERMAL: Final = "transdermal"
OTHER: Final = "other"
"""A form that is known, and for which no table has a factor."""

_BUCCAL_TABLET: Final = "buccal/SL tablet, lozenge/troche"
_BUCCAL_FILM: Final = "buccal film, oral (mucosal) spray"
_SUBLINGUAL: Final = "SL tablet or film"
_BELBUCA: Final = "buccal film (Belbuca)"

_WORD: Final = re.compile(r"[a-z]+")
_NOT_SWALLOWED: Final = {
    "injectable", "injection", "intramuscular", "intravenous", "subcutaneous", "epidural", "intrathecal", "syringe",
    "implant", "rectal", "suppository", "topical", "vaginal", "ophthalmic", "gel", "cream", "ointment", "cartridge",
    "inhalation", "respiratory", "enema", "parenteral",
}  # fmt: skip
_MUCOSAL: Final = {"sublingual", "buccal", "mucosal", "transmucosal", "lozenge", "troche", "oromucosal"}
_SWALLOWED: Final = {
    "oral", "tablet", "capsule", "solution", "suspension", "syrup", "elixir", "concentrate", "granules", "tab", "cap",
    "tablets", "capsules", "liquid", "pellet", "pellets",
}  # fmt: skip


def forms_of(drug: Drug) -> tuple[str, ...]:
    """The forms of the tables that the drug may be in; empty when nothing tells.

    A solution or a liquid counts as oral only when the route says so: it may be one for injection. A strength in
    mcg/h is a patch's.
    """
    words = set(_WORD.findall(f"{drug.dose_form or ''} {drug.route or ''}".casefold()))
    if words & {"transdermal", "patch"} or any(i.unit == "mcg/h" for i in drug.ingredients):
        return (TRANSDERMAL,)
    if words & _NOT_SWALLOWED:
        return (OTHER,)
    if "nasal" in words or "intranasal" in words:
        return ("nasal spray", "nasal")
    if words & _MUCOSAL:
        return _mucosal(words)
    if "spray" in words:
        return (_BUCCAL_FILM,) if "oral" in words else ()
    if "oral" in words or words & (_SWALLOWED - {"solution", "liquid", "suspension", "concentrate"}):
        return (ORAL,)
    return (OTHER,) if words and not words & _SWALLOWED else ()


def _mucosal(words: set[str]) -> tuple[str, ...]:
    if words & {"film", "spray"}:
        return (_BUCCAL_FILM, _BELBUCA) if "buccal" in words else (_BUCCAL_FILM, _SUBLINGUAL)
    return (_BUCCAL_TABLET, _SUBLINGUAL)
