"""HTML from outside, made harmless: the desk's one list of what may be shown, by which it cleans all that it stores.

A plugin has to use none of it. It is here for those that read what the HTML says before they hand it over:
``sanitise(html)`` is what the desk would store, ``sanitise_with(html, {"*": {"class"}})`` has more attributes and is
not to be shown, and ``is_bearable(html)`` says whether it is small and flat enough to be taken apart. Tags in ``VOID``
have no end.
"""

from helpdesk.kernel.html import VOID, is_bearable, sanitise, sanitise_with

__all__ = ["VOID", "is_bearable", "sanitise", "sanitise_with"]
