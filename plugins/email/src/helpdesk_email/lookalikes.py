"""Owns the question whether an address is made to be read as another one.

A word of Latin and Cyrillic or Greek letters, or of full-width ones, is written by nobody but who wants to be taken for
somebody else. A word of one script is whoever it says, unless it looks like the desk's own address or domain: by
letters of another script, or by Latin ones and digits (``exarnple`` and ``examp1e`` for ``example``).
"""

import re
import unicodedata

from helpdesk_email.addresses import Mailbox

_SCRIPTS = frozenset({"LATIN", "CYRILLIC", "GREEK", "FULLWIDTH"})
_WORD = re.compile(r"[^\W_]+")
_ENCODED = re.compile(r"(?<![\w-])xn--([a-z0-9-]{1,59})(?![\w-])")
_LOOKS_LIKE = str.maketrans(
    "авгеёикмнопрстухьіїјѕѡѵӏԁԍԛԝһαβγεηικνορτυχω01ıłøđ", "abreeukmhonpctyxbiijswvldgqwhabyenikvoptuxwolilod"
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("cl", "d"))


def disguise(sender: Mailbox, *, own: str) -> str:
    """Return why the sender looks like somebody else, if so; ``own`` is the desk's address."""
    address, ours = _in_letters(sender.address), _in_letters(own)
    if not address or address == ours:
        return ""
    mixed = next((word for word in _WORD.findall(address) if _is_mixed(word)), None)
    if mixed is not None:
        return f"Its sender's address mixes letters of several alphabets in “{mixed}”: {sender.address}."
    domain, our_domain = address.rpartition("@")[2], ours.rpartition("@")[2]
    if _skeleton(address) == _skeleton(ours) or (domain != our_domain and _skeleton(domain) == _skeleton(our_domain)):
        return f"Its sender's address imitates {own}: {sender.address}."
    if not f".{domain}".endswith(f".{our_domain}") and _skeleton(ours) in _skeleton(sender.name):
        return f"Its sender calls themselves {own}, and writes from {sender.address}."
    return ""


def _in_letters(address: str) -> str:
    """Return the address in lower case, with its ``xn--`` labels as the letters that a reader is shown."""
    return _ENCODED.sub(lambda label: _from_punycode(label[1]) or label[0], address.lower())


def _from_punycode(label: str) -> str:
    try:
        return label.encode("ascii").decode("punycode")
    except UnicodeError:
        return ""


def _is_mixed(word: str) -> bool:
    scripts = {unicodedata.name(letter, "").partition(" ")[0] for letter in word} & _SCRIPTS
    return len(scripts) > 1 or "FULLWIDTH" in scripts


def _skeleton(text: str) -> str:
    """Return what the text looks like: small Latin letters without accents and blanks."""
    plain = filter(lambda letter: not unicodedata.combining(letter), unicodedata.normalize("NFKD", text.lower()))
    letters = "".join("".join(plain).translate(_LOOKS_LIKE).split())
    for pair, letter in _PAIRS:
        letters = letters.replace(pair, letter)
    return letters
