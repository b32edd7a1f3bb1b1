"""What can be wrong with a catalogue, said in one line a fault."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator
from string import Formatter

from babel.messages import Catalog
from babel.messages.catalog import Message

# The tags Telegram's HTML mode knows. Anything else in a sentence is refused by Telegram, at the reader's cost.
TAGS = {"b", "strong", "i", "em", "u", "ins", "s", "strike", "del", "code", "pre", "a", "blockquote", "tg-spoiler"}
# English needs no translation: an empty msgstr means the msgid itself.
SOURCE = "en"

_TAG = re.compile(r"<(/?)([a-zA-Z][\w-]*)([^<>]*)>")
_LINK = re.compile(r' href="[^"<>]*"| expandable')


def faults(template: Catalog, catalogue: Catalog, language: str) -> Iterator[str]:
    """Every fault of `catalogue` against the code's own `template`."""
    said = {_key(message): message for message in template if message.id}
    known = {_key(message): message for message in catalogue if message.id}
    expected = Catalog(locale=language)
    if (catalogue.num_plurals, catalogue.plural_expr) != (expected.num_plurals, expected.plural_expr):
        yield f"{language}: Plural-Forms should be {expected.plural_forms}"
    for key, source in said.items():
        own = list(_sentence_faults(source))
        yield from (f"{language}: {key!r}: {fault}" for fault in own)
        if own:
            continue
        if key not in known:
            yield f"{language}: {key!r}: missing; run python -m locales update"
        elif type(known[key].id) is not type(source.id):
            yield f"{language}: {key!r}: the code and the catalogue disagree about its plural"
        else:
            yield from (f"{language}: {key!r}: {fault}" for fault in _translation_faults(known[key], language))
    for key in [*(known.keys() - said.keys()), *(_key(message) for message in catalogue.obsolete.values())]:
        yield f"{language}: {key!r}: obsolete, the code no longer says it"


def _key(message: Message) -> str:
    return str(message.id) if isinstance(message.id, str) else str(message.id[0])


def _forms(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, tuple | list) else (str(value or ""),)


def _sentence_faults(message: Message) -> Iterator[str]:
    for form in _forms(message.id):
        try:
            _holes(form)
        except ValueError as error:
            yield str(error)
        yield from _markup_faults(form)
    first, *others = _forms(message.id)
    # "{n} items" may be "One item": only the number may be left out of one form.
    if any(set(_holes(other)) - {"n"} != set(_holes(first)) - {"n"} for other in others):
        yield "its two forms name different parameters"


def _translation_faults(message: Message, language: str) -> Iterator[str]:
    sources, forms = _forms(message.id), _forms(message.string)
    if message.fuzzy:
        yield "fuzzy"
    if not all(forms):
        if language != SOURCE or any(forms):
            yield "not translated"
        return
    # The parameters of the general form: a translation may say "one" in words, but never lose a name or an amount.
    general = Counter(_holes(sources[-1]))
    for index, form in enumerate(forms):
        try:
            names = Counter(_holes(form))
        except ValueError as error:
            yield str(error)
            continue
        spare = {"n"} if len(sources) > 1 and len(forms) > 1 and index == 0 else set()
        if {k: v for k, v in names.items() if k not in spare} != {k: v for k, v in general.items() if k not in spare}:
            yield f"parameters differ: {sorted(general.elements())} became {sorted(names.elements())}"
        if _tags(form) != _tags(sources[-1]):
            yield f"tags differ: {sorted(_tags(sources[-1]).elements())} became {sorted(_tags(form).elements())}"
        yield from _markup_faults(form)


def _holes(form: str) -> list[str]:
    names = []
    for _literal, name, spec, conversion in Formatter().parse(form):
        if name is not None:
            if spec or conversion or not name.isidentifier():
                raise ValueError(f"only {{name}} may stand in a sentence: {form!r}")
            names.append(name)
    return names


def _tags(form: str) -> Counter[str]:
    return Counter(match[0] for match in _TAG.finditer(form))


def _markup_faults(form: str) -> Iterator[str]:
    """Tags Telegram would refuse: unknown, unclosed, crossed, with foreign attributes; bare < and &."""
    opened: list[str] = []
    for match in _TAG.finditer(form):
        closing, name, attributes = match[1], match[2].lower(), match[3]
        if name not in TAGS or (attributes and not _LINK.fullmatch(attributes)):
            yield f"Telegram does not know {match[0]}"
        elif not closing:
            opened.append(name)
        elif not opened or opened.pop() != name:
            yield f"{match[0]} closes nothing"
    if opened:
        yield f"<{opened[-1]}> is not closed"
    rest = _TAG.sub("", form)
    if "<" in rest or ">" in rest or re.search(r"&(?!(lt|gt|amp|quot|#\d+);)", rest) or html.unescape(rest) == "&":
        yield "a bare <, > or & is not HTML"
