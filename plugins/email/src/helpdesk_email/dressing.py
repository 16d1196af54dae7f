"""Owns how HTML looks that goes out: a few rules for what mail programs draw badly, written into the elements.

Mail programs drop style sheets, so css-inline puts the rules into each element; what an element says of itself wins.
It reads nothing from anywhere. HTML that is built to grow goes out as it is.
"""

from css_inline import CSSInliner, InlineError

from helpdesk.sdk.html import is_bearable

RULES = """
table { border-collapse: collapse }
th, td { border: 1px solid #d0d5dd; padding: 4px 8px; text-align: left; vertical-align: top }
th { background-color: #f2f4f7 }
blockquote { margin: 8px 0; padding: 0 0 0 12px; border-left: 3px solid #d0d5dd; color: #475467 }
pre { padding: 8px 12px; background-color: #f2f4f7; font-family: monospace; white-space: pre-wrap }
code { padding: 1px 4px; background-color: #f2f4f7; font-family: monospace }
pre code { padding: 0 }
img { max-width: 100% }
"""

_inliner = CSSInliner(inline_style_tags=False, load_remote_stylesheets=False)


def dressed(html: str) -> str:
    """Return the HTML with the rules written into its elements."""
    if not is_bearable(html):
        return html
    try:
        return _inliner.inline_fragment(html, RULES)
    except InlineError:  # a style of its own that is no CSS
        return html
