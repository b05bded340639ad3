"""American Soundex, as the National Archives describe it: names that sound alike have one code."""

from __future__ import annotations

_CODES = {
    letter: code
    for code, letters in enumerate(("BFPV", "CGJKQSXZ", "DT", "L", "MN", "R"), start=1)
    for letter in letters
}


def soundex(word: str) -> str:
    """The code of a word in upper-case letters; a word in another script is its own code.

    >>> soundex("ROBERT"), soundex("RUPERT"), soundex("ASHCRAFT"), soundex("TYMCZAK"), soundex("LEE")
    ('R163', 'R163', 'A261', 'T522', 'L000')
    """
    if not word.isascii() or not word[:1].isalpha():
        return word
    code, before = word[0], _CODES.get(word[0])
    for letter in word[1:]:
        here = _CODES.get(letter)
        if here is not None and here != before:
            code += str(here)
            if len(code) == 4:
                return code
        if letter not in "HW":  # they do not separate two letters of one code; vowels do
            before = here
    return code.ljust(4, "0")
