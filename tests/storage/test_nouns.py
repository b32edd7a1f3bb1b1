"""Every noun comes back from storage as it went in, whatever its fields say."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.mapping import Mapping
from storage.nouns import nouns
from storage.tables import table
from storage.vault import Vault
from tests.storage.things import values


class PutBack(Exception):
    """Ends the transaction without keeping anything."""


@pytest.mark.parametrize("name", nouns())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_a_thing_comes_back_as_it_went_in(store: Any, name: str, data: st.DataObject) -> None:
    noun = nouns()[name]
    thing = data.draw(values(noun.type))
    changed = data.draw(values(noun.type))
    key = getattr(thing, noun.key)
    seen: list[Any] = []

    def put_and_take(uow: Any) -> None:
        shelf = getattr(uow, name)
        assert shelf.add(thing) == thing
        seen.append(shelf.get(key))
        wanted = dataclasses.replace(changed, **{noun.key: key, "version": thing.version})
        seen.append(wanted)
        seen.append(shelf.save(wanted))
        seen.append(shelf.get(key))
        raise PutBack

    if thing.version < 2**62:
        with pytest.raises(PutBack):
            await store.write(put_and_take)
        read, _, saved, read_again = seen
        assert read == thing
        assert read_again == saved
        assert saved.version == thing.version + 1


def test_a_table_that_lacks_a_field_of_its_noun_is_told_at_the_start() -> None:
    vault = Vault({"k1": b"1" * 32}, "k1")
    with pytest.raises(TypeError, match=r"products and Person disagree; columns to add: \['currency'"):
        Mapping(nouns()["people"], table("products"), vault, texts=True)
