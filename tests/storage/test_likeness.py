"""Memory and SQLite answer alike whatever is asked of them in whatever order: verbs proven on one hold on the other."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.ports import Effect, UnitOfWork
from core.shop.catalogue import ProductState
from storage.memory import MemoryStore
from storage.sqlite import SqliteStore
from storage.vault import Vault
from tests.storage.things import a_product, later

_NAMES = st.sampled_from(["P1", "P2", "P3"])
_MINUTES = st.integers(0, 4)
_STEPS = st.one_of(
    st.tuples(st.just("add"), _NAMES, _MINUTES, st.integers(0, 3)),
    st.tuples(st.just("read"), _NAMES),
    st.tuples(st.just("save"), _NAMES, st.sampled_from(["title", "stock", "state"]), st.integers(0, 3)),
    st.tuples(st.just("shift"), _NAMES, st.integers(-2, 2), st.sampled_from([None, 3])),
    st.tuples(
        st.just("find"), st.sampled_from(list(ProductState)), st.booleans(), st.integers(1, 3), st.integers(0, 2)
    ),
    st.tuples(st.just("put"), st.sampled_from("abcd"), st.sampled_from(["", "maya", "lin"]), _MINUTES),
    st.tuples(st.just("lease"), _MINUTES, st.integers(1, 3)),
    st.tuples(st.just("done"), st.sampled_from("abcd")),
    st.tuples(st.just("again"), st.sampled_from("abcd"), _MINUTES),
    st.tuples(st.just("fail")),
)


def _change(product: Any, field: str, number: int) -> Any:
    return replace(
        product, **{field: {"title": f"Cup {number}", "state": list(ProductState)[number % 2]}.get(field, number)}
    )


def _take(uow: UnitOfWork, held: dict[str, Any], step: tuple[Any, ...]) -> Any:
    """One step; `held` is what the verb has read."""
    match step:
        case "add", name, minutes, stock:
            held[name] = uow.products.add(a_product(name, stock=stock, created_at=later(minutes)))
        case "read", name:
            held[name] = uow.products.need(name)
        case "save", name, field, number if name in held:
            held[name] = uow.products.save(_change(held[name], field, number))
        case "shift", name, by, most:
            return uow.products.shift(name, "stock", by, most=most)
        case "find", state, newest, limit, offset:
            return uow.products.find(state=state, newest=newest, limit=limit, offset=offset)
        case "put", key, lane, minutes:
            uow.outbox.put(Effect(key, "tell", lane, {}, later(minutes)))
        case "lease", minutes, limit:
            return uow.outbox.lease(later(minutes), later(minutes + 1), limit)
        case "done", key:
            uow.outbox.done([key], later(0))
        case "again", key, minutes:
            uow.outbox.again(key, later(minutes), "busy")
        case ("fail",):
            raise ZeroDivisionError
    return dict(held)


def _verb(uow: UnitOfWork, steps: list[tuple[Any, ...]]) -> list[Any]:
    held: dict[str, Any] = {}
    return [_take(uow, held, step) for step in steps] + [uow.products.find(), uow.outbox.waiting()]


async def _answer(store: Any, steps: list[tuple[Any, ...]]) -> Any:
    try:
        return await store.write(_verb, steps)
    except Exception as error:
        return type(error)


def _empty(unit: Any) -> None:
    for name in ("products", "outbox"):
        unit.link.run(f"DELETE FROM {name}")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(verbs=st.lists(st.lists(_STEPS, min_size=1, max_size=8), min_size=1, max_size=6))
async def test_memory_and_sqlite_answer_alike(
    shop_file: Path, vault: Vault, verbs: list[list[tuple[Any, ...]]]
) -> None:
    memory, sqlite = MemoryStore(), SqliteStore(shop_file, vault, inline=True)
    await sqlite.start()
    try:
        await sqlite.write(_empty)
        for steps in verbs:
            assert await _answer(memory, steps) == await _answer(sqlite, steps)
    finally:
        await sqlite.stop()
