"""Is this code genuine? Every answer of the ladder, in its order; and what people may learn by asking."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from core.ids import OrderId, PersonId
from core.payments.instalments import plans as instalments
from core.payments.operations import Operation, OperationKind
from core.payments.outcomes import refuse_by_message
from core.payments.receipts import Misfit
from core.payments.receiving import take_in
from core.people import Tier
from core.qr import epc, pix, tlv
from core.qr.code import Problem
from core.qr.reference import creditor_reference, is_ours, marked, pix_txid
from core.risk import genuine
from core.risk.genuine import Kind, Standing, Verdict
from core.risk.issued import digest, fingerprint
from core.shop.checkout import cancel, expire_due, pay_otherwise, review
from core.shop.orders import Order, OrderState
from tests.builders import ADA, ASKED, LIN, MAYA, PIX, ROSA, SEPA, a_shop
from tests.world import World

THEIRS = "FR1420041010050500013M02606"
KEY = "123e4567-e12b-12d3-a456-426655440000"


def a_pix(key: str = KEY, name: str = "Loja do Ze", txid: str = "***", amount: str = "9.99", **more: str) -> str:
    """A static BR Code of anybody's."""
    account = tlv.build([("00", pix.GUID), ("01", key)])
    fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("54", amount), ("58", "BR")]
    fields += [("59", name), ("60", "Recife"), ("62", tlv.build([("05", txid)]))]
    return tlv.seal(tlv.build([*fields, *more.items()]))


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def order(world: World) -> Order:
    """Maya's, 12.50 EUR to pay by SEPA."""
    return world.orders(world.sells(ROSA, "12.50 EUR"))


def payload_of(world: World, order: Order) -> str:
    return world.charge(order.id).payload


def judged(world: World, payload: str | bytes, who: PersonId = MAYA) -> Verdict:
    data = payload if isinstance(payload, bytes) else payload.encode()
    return world.look(genuine.judge, world.shop, who, data)


def altered(world: World, order: Order, **changes: object) -> str:
    """The code of an order with parts of it changed."""
    mine = epc.parse(payload_of(world, order))
    parts = {"name": mine.name, "iban": mine.iban, "amount": mine.amount, "reference": mine.reference}
    return epc.build(**(parts | changes))  # type: ignore[arg-type]


# What is ours


def test_every_charge_leaves_one_row_under_the_digest_of_its_code(world: World, order: Order) -> None:
    rows = world.look(lambda uow: uow.issued.find())
    charge = world.charge(order.id)
    assert [(row.id, row.operation, row.order, row.person) for row in rows] == [
        (digest(charge.payload), charge.id, order.id, MAYA)
    ]


def test_a_code_that_a_channel_made_is_known_too() -> None:
    world = World(methods=(PIX, ASKED))
    order = world.orders(world.sells(ROSA, "12.50 EUR"))
    assert payload_of(world, order).startswith("code ")
    verdict = judged(world, payload_of(world, order))
    assert (verdict.kind, verdict.standing, verdict.order) == (Kind.OURS, Standing.UNPAID, order.id)


def test_our_code_is_ours_and_its_standing_follows_its_order(world: World, order: Order) -> None:
    code = payload_of(world, order)
    assert judged(world, code) == replace(judged(world, code), kind=Kind.OURS, standing=Standing.UNPAID, order=order.id)
    world.pays(order)
    assert judged(world, code).standing is Standing.PAID


def test_a_code_past_its_deadline_is_expired_before_and_after_the_clockwork_says_so(world: World, order: Order) -> None:
    world.clock.let_pass(hours=30)
    assert judged(world, payload_of(world, order)).standing is Standing.EXPIRED
    world.clock.let_pass(days=30)
    world.do(expire_due)
    assert world.order(order.id).state is OrderState.EXPIRED
    assert judged(world, payload_of(world, order)).standing is Standing.EXPIRED


def test_a_cancelled_order_s_code_is_cancelled(world: World, order: Order) -> None:
    world.do(cancel, MAYA, order.id)
    assert judged(world, payload_of(world, order)).standing is Standing.CANCELLED


def test_a_code_that_another_way_to_pay_took_the_place_of_is_replaced() -> None:
    world = World(methods=(PIX, SEPA))
    order = world.orders(world.sells(ROSA, "12.50 EUR"), by="pix")
    first = world.charge(order.id)

    assert world.do(refuse_by_message, "pix", first.reference, "AB03")
    world.clock.let_pass(minutes=1)
    world.do(pay_otherwise, MAYA, order.id, "sepa")
    assert judged(world, first.payload).standing is Standing.REPLACED
    assert judged(world, payload_of(world, order)).standing is Standing.UNPAID


def test_somebody_else_hears_that_it_is_ours_and_not_whose(world: World, order: Order) -> None:
    verdict = judged(world, payload_of(world, order), LIN)
    assert (verdict.kind, verdict.order) == (Kind.OURS, None)
    assert judged(world, payload_of(world, order), ADA).order == order.id


# What is not


@pytest.mark.parametrize(
    ("changes", "differs"),
    [
        ({"amount": Decimal("1250.00")}, ("amount",)),
        ({"name": "Helga Schmidt"}, ("payee",)),
        ({"bic": "COBADEFFXXX"}, ()),
    ],
    ids=["the amount", "the name", "only its writing"],
)
def test_what_differs_from_the_code_of_the_same_reference_is_named(
    world: World, order: Order, changes: dict[str, object], differs: tuple[str, ...]
) -> None:
    verdict = judged(world, altered(world, order, **changes))
    assert (verdict.kind, verdict.differs, verdict.order) == (Kind.CHANGED, differs, order.id)
    assert judged(world, altered(world, order, **changes), LIN).order is None


def test_one_bit_of_a_pix_code_is_damage(world: World) -> None:
    order = world.orders(world.sells(ROSA, "12.50 EUR"), by="pix")
    code = payload_of(world, order)
    assert judged(world, code).kind is Kind.OURS
    assert judged(world, code.replace("SAMPAN", "SAMPAM")).kind is Kind.DAMAGED
    assert judged(world, code + "0").kind is Kind.DAMAGED
    assert judged(world, code[:-1]).kind is Kind.DAMAGED


def test_our_account_without_a_reference_belongs_to_no_order(world: World, order: Order) -> None:
    assert judged(world, altered(world, order, reference="")).kind is Kind.UNTIED


def test_a_reference_that_we_did_not_make_is_known_by_its_mark_alone(world: World, order: Order) -> None:
    invented = creditor_reference(f"{order.id}ABCDE12345")
    assert judged(world, altered(world, order, reference=invented)).kind is Kind.FORGED
    lost = creditor_reference(marked(f"{order.id}ABCDE", world.shop.code_keys[0]))  # ours, and not in these books
    assert judged(world, altered(world, order, reference=lost)).kind is Kind.UNTIED


@pytest.mark.parametrize(
    ("changes", "likeness"),
    [
        ({}, ("name", "reference", "amount")),
        ({"name": "Helga Schmidt", "amount": Decimal("3.00")}, ("reference",)),
        ({"name": "Helga Schmidt", "reference": ""}, ("amount",)),
        ({"name": "SАMPAN  Gmbh & Co", "reference": "", "amount": Decimal("3.00")}, ("name",)),  # a Cyrillic А
        ({"name": "5AMPAN GMBH", "reference": "", "amount": Decimal("3.00")}, ("name",)),
    ],
)
def test_another_account_under_what_is_ours_is_a_look_alike(
    world: World, order: Order, changes: dict[str, object], likeness: tuple[str, ...]
) -> None:
    verdict = judged(world, altered(world, order, iban=THEIRS, **changes))
    assert (verdict.kind, verdict.likeness) == (Kind.LOOKALIKE, likeness)


def test_an_invented_reference_of_ours_on_another_account_is_nobody_s(world: World) -> None:
    code = epc.build(name="Helga Schmidt", iban=THEIRS, amount=Decimal(7), reference=creditor_reference("ABC123"))
    assert judged(world, code).kind is Kind.NOT_OURS


def test_a_reference_that_bears_our_mark_is_ours_on_any_account_though_these_books_do_not_know_it(world: World) -> None:
    lost = creditor_reference(marked("ABCDE12345ABCDE", world.shop.code_keys[0]))
    verdict = judged(world, epc.build(name="Helga Schmidt", iban=THEIRS, amount=Decimal(7), reference=lost))
    assert (verdict.kind, verdict.likeness) == (Kind.LOOKALIKE, ("reference",))


def test_the_amount_of_somebody_else_s_order_is_no_likeness(world: World, order: Order) -> None:
    code = epc.build(name="Helga Schmidt", iban=THEIRS, amount=Decimal("12.50"))
    assert judged(world, code, LIN).kind is Kind.NOT_OURS
    assert judged(world, code, MAYA).kind is Kind.LOOKALIKE


def location(name: str) -> str:
    """A dynamic BR Code: what it asks for is behind an address."""
    account = tlv.build([("00", pix.GUID), ("25", "pix.example/qr/v2/1")])
    fields = [("00", "01"), ("26", account), ("52", "0000"), ("53", "986"), ("58", "BR"), ("59", name)]
    return tlv.seal(tlv.build([*fields, ("60", "Recife"), ("62", tlv.build([("05", "***")]))]))


@pytest.mark.parametrize(
    ("payload", "kind", "host"),
    [
        (a_pix(), Kind.NOT_OURS, ""),
        (location("LOJA DO ZE"), Kind.BEHIND, "pix.example"),
        (location("SAMPAN LTDA"), Kind.LOOKALIKE, ""),
        ("https://qr.alipay.com/fkx12345", Kind.BEHIND, ""),
        ("weixin://wxpay/bizpayurl?pr=aIQrOYOzz", Kind.BEHIND, ""),
        ("https://sampan.example.evil.example/pay", Kind.LINK, "sampan.example.evil.example"),
        ("https://bank.example@evil.example/pay", Kind.LINK, "evil.example"),
        ("upi://mandate?pa=a@bank&pn=Somebody&am=10.00&cu=INR", Kind.MANDATE, ""),
        ("hello", Kind.TEXT, ""),
        ("BCD\n002\n1\nSCT\n\nHelga\nDE00", Kind.DAMAGED, ""),
    ],
)
def test_what_is_nothing_of_ours_is_called_by_its_name_and_never_safe(
    world: World, payload: str, kind: Kind, host: str
) -> None:
    verdict = judged(world, payload)
    assert (verdict.kind, verdict.host) == (kind, host)
    assert verdict.order is None and verdict.standing is None


def test_bytes_that_are_no_text_are_answered(world: World) -> None:
    assert judged(world, b"\xff\xfe\x00").kind is Kind.TEXT
    assert judged(world, b"0002\xff").kind is Kind.DAMAGED
    assert judged(world, "9" * 9000).kind is Kind.TEXT


def test_a_standing_order_in_our_name_is_a_trap(world: World) -> None:
    recurring = tlv.build([("00", pix.GUID), ("25", "pix.example/rec/1")])
    code = a_pix(key="pix@sampan.example", name="SAMPAN LTDA", **{"80": recurring})
    verdict = judged(world, code)
    assert verdict.kind is Kind.MANDATE and verdict.code and Problem.RECURRING in verdict.code.problems


# The mark


def test_the_bank_s_matching_goes_on_whatever_it_does_to_the_reference(world: World, order: Order) -> None:
    fact = world.fact(order)
    spaced = " ".join(fact.reference[at : at + 4] for at in range(0, len(fact.reference), 4)).lower()
    receipt = world.do(take_in, replace(fact, reference=spaced))
    assert receipt.misfit is Misfit.NONE and world.order(order.id).state is OrderState.PAID


def test_references_of_every_way_to_pay_bear_the_mark_and_fit_the_tightest_field(world: World) -> None:
    for by in ("sepa", "pix"):
        order = world.orders(world.sells(ROSA, "12.50 EUR"), by=by)
        reference = world.charge(order.id).reference
        assert is_ours(reference, world.shop.code_keys)
        assert len(reference.removeprefix("RF")) in (20, 22)


def test_a_mark_survives_a_new_key_as_long_as_the_old_one_is_known() -> None:
    for shape in (creditor_reference, pix_txid):
        reference = shape(marked("ABCDE12345", b"old"))
        assert is_ours(reference, [b"new", b"old"]) and not is_ours(reference, [b"new"])
        assert not is_ours(reference[:-1] + ("0" if reference[-1] != "0" else "1"), [b"old"])


def test_a_payment_of_a_reference_from_before_the_mark_finds_its_order(world: World, order: Order) -> None:
    older = creditor_reference(f"{order.id}ABCDEFGH")

    def as_before(uow, shop):  # type: ignore[no-untyped-def]
        charge = uow.operations.find(order=order.id, kind=OperationKind.CHARGE)[0]
        uow.operations.save(replace(charge, reference=older))

    world.do(as_before)
    assert not is_ours(older, world.shop.code_keys)
    world.pays(order)
    assert world.order(order.id).state is OrderState.PAID


def test_the_check_mark_is_of_every_byte_and_of_the_shop_s_key(world: World, order: Order) -> None:
    code, shop = payload_of(world, order), world.shop
    mark = fingerprint(shop, code)
    assert len(mark) == 7 and mark[3] == "-" and mark == judged(world, code).mark
    assert mark != fingerprint(shop, code + " ") != fingerprint(replace(shop, code_keys=(b"other",)), code)
    assert fingerprint(a_shop(), code) == mark


# The alarm


def reported(world: World, payload: str, who: PersonId = MAYA, picture: str = "") -> bool:
    verdict = judged(world, payload, who)
    return world.do(genuine.report, who, payload.encode(), verdict, picture)


def test_a_look_alike_is_told_to_the_admins_once_with_what_is_known_of_it(world: World, order: Order) -> None:
    forged = altered(world, order, iban=THEIRS)
    assert reported(world, forged)
    assert not reported(world, forged, LIN, picture="f" * 64)
    assert world.news(ADA) == ["lookalike"]
    (seen,) = world.look(lambda uow: uow.lookalikes.find())
    assert (seen.reporter, seen.account, seen.payee, seen.picture) == (MAYA, THEIRS, "Sampan GmbH", "f" * 64)


def test_a_forger_does_not_bury_the_admins(world: World, order: Order) -> None:
    for cents in range(1, 12):
        reported(world, altered(world, order, iban=THEIRS, amount=Decimal(cents) / 100))
    assert world.news(ADA) == ["lookalike"] * 5
    assert world.look(lambda uow: uow.lookalikes.count()) == 11
    world.clock.let_pass(days=2)
    reported(world, altered(world, order, iban=THEIRS, amount=Decimal(77)))
    assert world.news(ADA) == ["lookalike"]


# No live code stays in the chat


def in_parts(world: World) -> tuple[OrderId, Operation]:
    """An order of three parts whose second part has a code in the chat."""
    world.do(lambda uow, shop: uow.people.save(replace(uow.people.lock(MAYA), tier=Tier.REGULAR)))
    view = world.draft(world.sells(ROSA, "100.00 EUR"))
    order = world.confirm(world.do(review, MAYA, view.order.id, parts=3))
    world.pays(order)
    code = world.do(instalments.pay_next, MAYA, order.id)
    world.news(MAYA)
    return order.id, code


def test_a_part_s_code_leaves_the_chat_when_its_time_is_over(world: World) -> None:
    _, code = in_parts(world)
    assert judged(world, code.payload).standing is Standing.UNPAID
    world.clock.let_pass(days=60)
    world.do(instalments.end_codes)
    assert world.news(MAYA) == ["code_over"]
    assert judged(world, code.payload).standing is Standing.EXPIRED


def test_a_code_leaves_the_chat_before_its_channel_has_made_the_next_one() -> None:
    world = World(methods=(PIX, ASKED))
    order = world.orders(world.sells(ROSA, "12.50 EUR"), by="pix")
    world.do(lambda uow, shop: uow.orders.save(replace(uow.orders.lock(order.id), card_message=7)))
    assert world.do(refuse_by_message, "pix", world.charge(order.id).reference, "AB03")
    world.news(MAYA)
    world.do(pay_otherwise, MAYA, order.id, "sepa")
    assert world.news(MAYA) == ["code_over", "payment_card"]
