"""What a hostile template is stopped from doing. Source: SECURITY 0.9, F5."""

import time
from dataclasses import dataclass

import pytest
from jinja2 import DictLoader
from jinja2.exceptions import SecurityError, TemplateError
from markupsafe import Markup

from helpdesk.helpcenter.sandbox import LARGEST_OUTPUT, LARGEST_SOURCE, Exposed, Sandbox
from helpdesk.helpcenter.views import MenuEntry, Page, View


@dataclass(frozen=True)
class Visitor(View):
    """A view with more on it than its fields."""

    name: str
    tags: tuple[str, ...] = ()

    secret_key = "hunter2"

    def delete(self) -> str:
        raise AssertionError("a template ran a method")


class Row:
    """Something that is no view, such as a row of the database."""

    name = "row"

    def delete_instance(self) -> None:
        raise AssertionError("a template ran a method")


def render(source: str, **context: object) -> str:
    return Sandbox(DictLoader({"page": source})).render("page", context)


ESCAPES = [
    "{{ ''.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ''['__class__'] }}",
    "{{ visitor.__class__ }}",
    "{{ visitor['__init__'].__globals__ }}",
    "{{ visitor.delete() }}",
    "{{ visitor.secret_key }}",
    "{{ visitor|attr('secret_key') }}",
    "{{ row.delete_instance() }}",
    "{{ row.name }}",
    "{{ tell.function }}",
    "{{ tell.__call__('x') }}",
    "{{ tell.__globals__ }}",
    "{{ '{0.__class__}'.format(visitor) }}",
    "{{ '{0.__class__}'|format(visitor) }}",
    "{{ '%s' % visitor }}",
    "{{ self.__init__ }}",
    "{{ self._TemplateReference__context }}",
    "{{ loop }}{{ cycler.__init__ }}",
    "{{ lipsum.__globals__ }}",
    "{{ namespace() }}",
    "{{ joiner() }}",
    "{{ dict() }}",
    "{{ range(5) }}",
    "{{ environment }}",
    "{{ tags.append('x') }}",
    "{{ tags.sort() }}",
    "{{ data.update({}) }}",
    "{{ data.pop('a') }}",
    "{% macro m() %}{% endmacro %}{{ m._func }}",
    "{% macro m() %}{% endmacro %}{{ m.__globals__ }}",
    "{% for x in [1] %}{{ loop._iterator }}{% endfor %}",
    "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
    "{% autoescape false %}{{ html }}{% endautoescape %}",
    "{{ html|safe }}",
    "{% include '../../etc/passwd' %}",
    "{% import 'os' as os %}",
    "{{ visitor }}",
    "{{ visitor.nmae }}",
    "{{ missing }}",
    "{{ missing._undefined_exception }}",
    "{{ visitor.nmae['_undefined_obj'] }}",
]


@pytest.mark.parametrize("source", ESCAPES)
def test_template_reaches_nothing_but_its_views(source: str) -> None:
    context = {
        "visitor": Visitor("Kim"),
        "row": Row(),
        "tags": ["a"],
        "data": {"a": "b"},
        "html": "<script>",
        "tell": Exposed(lambda text: text),
    }
    with pytest.raises(TemplateError):
        render(source, **context)


DOUBLING_TEXT = "{% set a = 'aaaaaaaa' %}" + "{% set a = a ~ a %}" * 40
DOUBLING_BLOCK = "{% set a %}aaaaaaaa{% endset %}" + "{% set a %}{{ a }}{{ a }}{% endset %}" * 40
DOUBLING_LIST = "{% set a = [1] %}" + "{% set a = [a, a] %}" * 40
LARGE = "{% set a = many|join('xxxxxxxxxxxxxxxxxxxxxxxx') %}"
ABUSES = [
    "{{ 'a' * 300000000 }}",
    "{{ 'a' * 9 ** 9 }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ '%300000000d' % 1 }}",
    "{% set x = 999999999999 %}" + "{% set x = x * x %}" * 40,
    "{{ 'a'.ljust(300000000) }}",
    "{{ 'a'.center(300000000) }}",
    "{{ 'a'|center(300000000) }}",
    "{{ 'a\\n'|indent(300000000) }}",
    "{{ '{:300000000}'.format(1) }}",
    "{{ 1|round(1000000000) }}",
    "{{ [1]|batch(1000000000, 1)|list }}",
    "{{ lipsum(n=100000) }}",
    "{% for a in many %}{% for b in many %}{% for c in many %}{% endfor %}{% endfor %}{% endfor %}",
    "{% for a in many if false %}{% endfor %}" * 1000,
    "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}",
    "{% macro f() %}{{ f() }}{{ f() }}{% endmacro %}{{ f() }}",
    "{% block a %}{{ self.a() }}{% endblock %}",
    "{% include 'page' %}",
    "{% extends 'page' %}",
    "{% import 'page' as page %}",
    DOUBLING_TEXT,
    DOUBLING_TEXT.replace("~", "+"),
    DOUBLING_BLOCK,
    DOUBLING_LIST + "{{ a == a }}",
    DOUBLING_LIST + "{{ a|string }}",
    DOUBLING_LIST.replace("[", "(").replace("]", ")") + "{{ {a: 1} }}",
    LARGE + "{% set b = a|upper %}" * 2400,
    LARGE + "{% set b = a[::-1] %}" * 1400,
    LARGE + "{% set b = a ~ '' %}{% set c = a == b %}" * 700,
    "{% macro m() %}" + "x" * 200_000 + "{% endmacro %}" + "".join(f"{{% set a{n} = m() %}}" for n in range(2000)),
    "{% for a in many %}" + "x" * 1000 + "{% endfor %}",
    "x" * (LARGEST_SOURCE + 1),
    "{{ 1 }}" * 10_000,
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "not " * 5000 + "1 }}",
    "{{ a" + ".a" * 9000 + " }}",
]


@pytest.mark.parametrize("source", ABUSES, ids=lambda source: source[:40])
def test_abuse_is_stopped_within_a_second(source: str) -> None:
    sandbox = Sandbox(DictLoader({"page": source}))
    started = time.thread_time()
    with pytest.raises((TemplateError, RecursionError)):
        sandbox.render("page", {"many": [str(number) for number in range(9000)]})
    assert time.thread_time() - started < 1


def test_page_larger_than_two_megabytes_is_refused() -> None:
    with pytest.raises(SecurityError, match="larger than"):
        render("{{ a }}{{ a }}", a="x" * (LARGEST_OUTPUT // 2 + 1))


def test_text_of_a_visitor_is_escaped_and_never_evaluated() -> None:
    shown = render("{{ visitor.name }} {{ visitor.name ~ '!' }}", visitor=Visitor("<b>{{ 7*7 }}</b>"))
    assert shown == "&lt;b&gt;{{ 7*7 }}&lt;/b&gt; &lt;b&gt;{{ 7*7 }}&lt;/b&gt;!"


def test_only_sanitised_html_passes_unescaped() -> None:
    assert render("{{ body|safe }}{{ body }}", body=Markup("<b>x</b>")) == "<b>x</b><b>x</b>"


def test_html_joined_with_text_escapes_the_text() -> None:
    assert render("{{ body ~ name }}", body=Markup("<b>"), name="<i>") == "<b>&lt;i&gt;"


def test_ordinary_template_shows_what_it_should() -> None:
    source = (
        "{% macro item(entry) %}<a href='{{ entry.url }}'>{{ entry.title|upper }}</a>{% endmacro %}"
        "{% for entry in page.menu if entry.title != 'c' %}{{ loop.index }}/{{ loop.length }}{{ item(entry) }}"
        "{% else %}none{% endfor %}"
        "{% if 1 < 2 <= 2 and 'a' in ['a', 'b'] %}{{ 7 % 4 + 2 * 3 }}{% endif %}{{ 'abcdef'[1:3] }}{{ none }}"
        "{{ {'k': 'v'}.k }}{{ [1, 2]|join('-') }}"
    )
    page = Page("home", "Home", menu=(MenuEntry("a", "/a"), MenuEntry("b", "/b"), MenuEntry("c", "/c")))
    shown = render(source, page=page)
    assert shown == "1/2<a href='/a'>A</a>2/2<a href='/b'>B</a>9bcv1-2"


def test_loop_over_nothing_takes_its_else() -> None:
    assert render("{% for a in tags %}x{% else %}none{% endfor %}", tags=()) == "none"


def test_function_gets_texts_and_its_answer_is_escaped() -> None:
    assert render("{{ tell('<b>', n=2) }}", tell=Exposed(lambda text, n: text * n)) == "&lt;b&gt;&lt;b&gt;"


def test_budget_of_one_page_is_not_spent_by_the_next() -> None:
    sandbox = Sandbox(DictLoader({"page": "{% for a in many %}{% endfor %}done"}))
    for _ in range(3):
        assert sandbox.render("page", {"many": ["x"] * 60_000}) == "done"


@pytest.mark.parametrize("step", ["include", "extends"])
def test_templates_go_twenty_deep_and_no_deeper(step: str) -> None:
    chain = {f"t{number}": f"{{% {step} 't{number + 1}' %}}" for number in range(30)} | {"t30": "end"}
    sandbox = Sandbox(DictLoader(chain))
    assert sandbox.render("t10", {}) == "end"
    with pytest.raises(SecurityError, match="more than 20 deep"):
        sandbox.render("t9", {})


def test_templates_included_one_after_the_other_are_not_deep() -> None:
    sandbox = Sandbox(DictLoader({"page": "{% include 'part' %}" * 30, "part": "{% extends 'frame' %}", "frame": "x"}))
    assert sandbox.render("page", {}) == "x" * 30
