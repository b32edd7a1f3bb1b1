"""Bank notifications: camt.054 of versions 02 and 08 are read alike, and of a document with a fault nothing is."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.channels.camt import BadStatement, read_camt
from core.payments.recon.bankline import LineKind
from core.payments.recon.reported import Reported, Statement
from tests.builders import NOON, PAYER_IBAN, SHOP_IBAN, money

REFERENCE = "RF391D22DT37MYAJE9SP7J"
STRUCTURED = (
    "<RmtInf><Strd><CdtrRefInf><Tp><CdOrPrtry><Cd>SCOR</Cd></CdOrPrtry></Tp>"
    f"<Ref>{REFERENCE}</Ref></CdtrRefInf></Strd></RmtInf>"
)


def ustrd(*lines: str) -> str:
    return "<RmtInf>" + "".join(f"<Ustrd>{line}</Ustrd>" for line in lines) + "</RmtInf>"


def document(*entries: str, version: str = "08", iban: str = SHOP_IBAN, kind: str = "054") -> bytes:
    outer, inner = {"054": ("BkToCstmrDbtCdtNtfctn", "Ntfctn"), "053": ("BkToCstmrStmt", "Stmt")}[kind]
    return f"""<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.{kind}.001.{version}"><{outer}>
  <GrpHdr><MsgId>M1</MsgId><CreDtTm>2026-10-30T12:00:00Z</CreDtTm></GrpHdr>
  <{inner}><Id>N1</Id><CreDtTm>2026-10-30T12:00:00Z</CreDtTm>
    <Acct><Id><IBAN>{iban}</IBAN></Id><Ccy>EUR</Ccy></Acct>
    {"".join(entries)}
  </{inner}></{outer}></Document>""".encode()


def entry_02(
    *, amount: str = "100.00", details: str = "", side: str = "CRDT", status: str = "BOOK", ref: str = "A1"
) -> str:
    """An entry as version 02 has it: a bare status, names straight under Dbtr, batch amounts in AmtDtls."""
    return f"""<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd><Sts>{status}</Sts>
      <BookgDt><Dt>2026-10-30</Dt></BookgDt><ValDt><Dt>2026-10-30</Dt></ValDt>
      {f"<AcctSvcrRef>{ref}</AcctSvcrRef>" if ref else ""}<BkTxCd><Domn><Cd>PMNT</Cd></Domn></BkTxCd>
      <NtryDtls>{details or detail_02()}</NtryDtls></Ntry>"""


def detail_02(*, refs: str = "<EndToEndId>NOTPROVIDED</EndToEndId>", amount: str = "", rest: str = STRUCTURED) -> str:
    amounts = f'<AmtDtls><TxAmt><Amt Ccy="EUR">{amount}</Amt></TxAmt></AmtDtls>' if amount else ""
    return f"""<TxDtls><Refs>{refs}</Refs>{amounts}
      <RltdPties><Dbtr><Nm>Maya Rossi</Nm></Dbtr><DbtrAcct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></DbtrAcct></RltdPties>
      {rest}</TxDtls>"""


def entry_08(
    *, amount: str = "100.00", details: str = "", side: str = "CRDT", status: str = "BOOK",
    booked: str = "<DtTm>2026-10-30T13:00:00+01:00</DtTm>",
) -> str:  # fmt: skip
    return f"""<Ntry><NtryRef>1</NtryRef><Amt Ccy="EUR">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>
      <Sts><Cd>{status}</Cd></Sts><BookgDt>{booked}</BookgDt><ValDt><Dt>2026-10-30</Dt></ValDt>
      <AcctSvcrRef>A1</AcctSvcrRef><NtryDtls>{details or detail_08()}</NtryDtls></Ntry>"""


def detail_08(*, ref: str = "T1", amount: str = "100.00", currency: str = "EUR", rest: str = STRUCTURED) -> str:
    return f"""<TxDtls><Refs><AcctSvcrRef>{ref}</AcctSvcrRef><EndToEndId>0P12345</EndToEndId></Refs>
      <Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>
      <RltdPties><Dbtr><Pty><Nm>Maya Rossi</Nm></Pty></Dbtr><DbtrAcct><Id><IBAN>{PAYER_IBAN}</IBAN></Id></DbtrAcct>
      </RltdPties>{rest}</TxDtls>"""


def read(body: bytes) -> list[Reported]:
    return [line for one in statements(body) for line in one.lines]


def statements(body: bytes) -> list[Statement]:
    return read_camt(body, SHOP_IBAN, NOON, "sepa")


def facts(body: bytes) -> list[Reported]:
    told = read(body)
    assert all(one.kind is LineKind.PAYMENT for one in told)
    return told


def debits(body: bytes) -> list[tuple[str, str, str]]:
    """Name, evidence, amount of the named debits."""
    return [(one.name, one.fact, str(one.gross)) for one in read(body) if one.kind is LineKind.REFUND]


@pytest.mark.parametrize(("body", "name"), [
    (document(entry_02(), version="02"), "A1"),
    (document(entry_08()), "T1"),
    (document(entry_08(), kind="053"), "T1"),
])  # fmt: skip
def test_a_credit_is_told_with_its_reference_amount_and_payer(body: bytes, name: str) -> None:
    (told,) = facts(body)
    assert (told.channel, told.fact, told.reference, told.at) == ("sepa", name, REFERENCE, NOON)
    assert (told.gross, told.kept.minor, told.firm) == (money("100.00 EUR"), 0, False)
    assert (told.debtor_account, told.debtor_name) == (PAYER_IBAN, "Maya Rossi")


@pytest.mark.parametrize(("remittance", "reference"), [
    (STRUCTURED, REFERENCE),
    (STRUCTURED.replace("RF391D22", "rf39 1d22 "), REFERENCE),
    (ustrd(REFERENCE), REFERENCE),
    (ustrd("RF39 1D22 DT37 MYAJ E9SP 7J"), REFERENCE),
    (ustrd("rf39 1d22 dt37 myaj e9sp 7j thank you"), REFERENCE),
    (ustrd(f"Order {REFERENCE} tea"), REFERENCE),
    (ustrd(f"/ROC/{REFERENCE}//URI/thanks"), REFERENCE),
    (ustrd("Invoice 7", REFERENCE), REFERENCE),
    (ustrd("Order RF391D22DT", "37MYAJE9SP7J tea"), REFERENCE),
    (ustrd("RF40 1D22 DT37"), "RF40 1D22 DT37"),
    (ustrd("for the tea"), "FOR THE TEA"),
    ("", ""),
])  # fmt: skip
def test_the_reference_is_found_in_its_field_or_in_what_the_payer_wrote(remittance: str, reference: str) -> None:
    for body in (
        document(entry_02(details=detail_02(rest=remittance)), version="02"),
        document(entry_08(details=detail_08(rest=remittance))),
    ):
        assert [fact.reference for fact in facts(body)] == [reference]


def test_a_batch_is_told_payment_by_payment_in_both_versions() -> None:
    old = document(
        entry_02(
            amount="30.00",
            details=detail_02(refs="<TxId>X1</TxId>", amount="10.00")
            + detail_02(refs="<TxId>X2</TxId>", amount="20.00"),
        ),
        version="02",
    )
    new = document(
        entry_08(amount="30.00", details=detail_08(ref="X1", amount="10.00") + detail_08(ref="X2", amount="20.00"))
    )
    for body in (old, new):
        assert [(fact.fact, str(fact.gross)) for fact in facts(body)] == [("X1", "EUR 10.00"), ("X2", "EUR 20.00")]


def test_the_parts_of_a_batch_without_names_of_their_own_are_told_apart() -> None:
    body = document(
        entry_02(amount="20.00", details=detail_02(amount="10.00") + detail_02(amount="10.00")), version="02"
    )
    assert [fact.fact for fact in facts(body)] == ["A1/0", "A1/1"]


def test_of_a_payment_sent_in_another_currency_the_amount_that_was_booked_counts() -> None:
    (fact,) = facts(document(entry_08(amount="92.11", details=detail_08(amount="100.00", currency="USD"))))
    assert fact.gross == money("92.11 EUR")


def test_a_line_number_is_no_name_of_a_payment_by_itself() -> None:
    one, other = (
        document(entry_02(ref=""), version="02").replace(b"<Id>N1</Id>", name)
        for name in (b"<Id>N1</Id>", b"<Id>N2</Id>")
    )
    assert facts(one)[0].fact != facts(other)[0].fact
    assert facts(one)[0].fact == facts(one)[0].fact


@pytest.mark.parametrize(
    ("written", "amount"), [("100", "100.00"), ("100.5", "100.50"), ("100.50000", "100.50"), ("0100.00", "100.00")]
)
def test_an_amount_may_have_as_many_decimals_as_iso_20022_allows(written: str, amount: str) -> None:
    (fact,) = facts(document(entry_08(amount=written)))
    assert fact.gross == money(f"{amount} EUR")


def test_an_entry_of_nothing_tells_nothing() -> None:
    assert read(document(entry_08(amount="0.00", details=detail_08(amount="0.00")), entry_08())) == read(
        document(entry_08())
    )


@pytest.mark.parametrize("status", ["PDNG", "INFO", "FUTR", ""])
def test_what_is_not_booked_is_not_told(status: str) -> None:
    assert read(document(entry_08(status=status))) == []
    assert read(document(entry_02(status=status), version="02")) == []


def test_the_debits_of_a_batch_are_told_apart() -> None:
    details = detail_02(refs="<EndToEndId>0P1</EndToEndId>", amount="10.00") + detail_02(
        refs="<EndToEndId>0P2</EndToEndId>", amount="10.00"
    )
    body = document(entry_02(amount="20.00", side="DBIT", details=details), version="02")
    assert debits(body) == [("0P1", "A1/0", "EUR -10.00"), ("0P2", "A1/1", "EUR -10.00")]


def test_a_debit_is_told_by_the_name_we_gave_the_transfer() -> None:
    assert debits(document(entry_08(side="DBIT"))) == [("0P12345", "T1", "EUR -100.00")]


@pytest.mark.parametrize(("booked", "at"), [
    ("<DtTm>2026-10-30T11:00:00Z</DtTm>", datetime(2026, 10, 30, 11, tzinfo=UTC)),
    ("<DtTm>2026-10-30T11:00:00.123</DtTm>", datetime(2026, 10, 30, 11, 0, 0, 123000, tzinfo=UTC)),
    ("<DtTm>2026-10-30T11:00:00+05:30</DtTm>", datetime(2026, 10, 30, 5, 30, tzinfo=UTC)),
    ("<DtTm>2026-10-30T13:00:00</DtTm>", NOON), ("<DtTm>2026-10-30T12:00:01Z</DtTm>", NOON),
    ("<DtTm>9999-12-31T23:59:59Z</DtTm>", NOON), ("<Dt>2026-10-28</Dt>", NOON),
    ("", NOON),
])  # fmt: skip
def test_a_payment_counts_as_made_when_it_was_booked_or_told(booked: str, at: datetime) -> None:
    (fact,) = facts(document(entry_08(booked=booked)))
    assert fact.at == at


def test_when_the_payers_bank_took_the_order_counts_before_the_booking() -> None:
    taken = "<RltdDts><AccptncDtTm>2026-10-30T10:00:00Z</AccptncDtTm></RltdDts>"
    (fact,) = facts(document(entry_08(details=detail_08(rest=STRUCTURED + taken))))
    assert fact.at == datetime(2026, 10, 30, 10, tzinfo=UTC)


@pytest.mark.parametrize("taken", ["2026-10-30T14:00:00", "2026-10-30T12:30:00Z"])
def test_a_payers_bank_whose_clock_is_ahead_does_not_make_its_payment_late(taken: str) -> None:
    dates = f"<RltdDts><AccptncDtTm>{taken}</AccptncDtTm></RltdDts>"
    (fact,) = facts(document(entry_08(details=detail_08(rest=STRUCTURED + dates))))
    assert fact.at == NOON


@pytest.mark.parametrize("refs", ["", "<EndToEndId/>", "<EndToEndId>NOTPROVIDED</EndToEndId>"])
def test_a_debit_without_a_name_of_ours_is_none_of_our_refunds(refs: str) -> None:
    (told,) = read(document(entry_02(side="DBIT", details=detail_02(refs=refs)), version="02"))
    assert (told.kind, told.name, told.gross) == (LineKind.OTHER, "", money("-100.00 EUR"))


def test_a_nameless_debit_has_its_place_in_the_statement_for_a_name() -> None:
    bare = entry_08(side="DBIT", details=detail_08(ref="")).replace("<AcctSvcrRef>A1</AcctSvcrRef>", "")
    bare = bare.replace("<NtryRef>1</NtryRef>", "").replace("0P12345", "NOTPROVIDED")
    assert [one.fact for one in read(document(bare, bare))] == ["N1/0/0", "N1/1/0"]


BALANCES = """<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">{amount}</Amt>
  <CdtDbtInd>{side}</CdtDbtInd><Dt><Dt>2026-10-30</Dt></Dt></Bal>"""


def balance(kind: str, amount: str, side: str = "CRDT") -> str:
    return BALANCES.format(kind=kind, amount=amount, side=side)


@pytest.mark.parametrize(("balances", "gap"), [
    (balance("OPBD", "50.00") + balance("CLBD", "150.00"), None),
    (balance("PRCD", "50.00") + balance("CLBD", "150.00"), None),
    (balance("OPBD", "20.00", "DBIT") + balance("CLBD", "80.00"), None),
    (balance("OPBD", "50.00") + balance("CLBD", "140.00"), "EUR -10.00"),
    (balance("OPBD", "50.00") + balance("CLBD", "50.00", "DBIT"), "EUR -200.00"),
    (balance("OPBD", "50.00") + balance("ITBD", "99.00"), None), ("", None),
])  # fmt: skip
def test_the_booked_entries_of_a_statement_explain_its_balances(balances: str, gap: str | None) -> None:
    body = document(balances, entry_08(), entry_08(status="PDNG"), kind="053")
    (told,) = statements(body)
    assert (told.final, told.document) == (True, "N1")
    assert (str(told.gap) if told.gap else None) == gap


def test_a_notification_tells_of_money_and_settles_nothing() -> None:
    (told,) = statements(document(entry_08()))
    assert (told.final, told.gap) == (False, None)


RETURNED = "<RtrInf><OrgnlBkTxCd><Prtry><Cd>X</Cd></Prtry></OrgnlBkTxCd><Rsn><Cd>AC04</Cd></Rsn></RtrInf>"
REIMBURSED = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>ICDT</Cd><SubFmlyCd>RRTN</SubFmlyCd></Fmly></Domn></BkTxCd>"


@pytest.mark.parametrize(("side", "kind"), [("CRDT", LineKind.RETURN), ("DBIT", LineKind.CHARGEBACK)])
@pytest.mark.parametrize("sign", ["reason", "code of the entry", "code of the detail", "reversal"])
def test_a_transfer_that_came_back_and_a_payment_that_was_taken_back(side: str, kind: LineKind, sign: str) -> None:
    detail = {"reason": STRUCTURED + RETURNED, "code of the detail": REIMBURSED + STRUCTURED}.get(sign, STRUCTURED)
    entry = entry_08(side=side, details=detail_08(rest=detail))
    if sign == "code of the entry":
        entry = entry.replace("<NtryDtls>", REIMBURSED + "<NtryDtls>")
    if sign == "reversal":
        entry = entry.replace("<Sts>", "<RvslInd>true</RvslInd><Sts>")
    (told,) = read(document(entry, kind="053"))
    assert (told.kind, told.name) == (kind, "0P12345"), "its name is that of the transfer that it undoes"
    assert told.gross == money("100.00 EUR" if side == "CRDT" else "-100.00 EUR")
    assert told.reason == ("AC04" if sign == "reason" else "")


def charge(amount: str, side: str = "DBIT", included: str = "true", currency: str = "EUR") -> str:
    return (
        f'<Chrgs><Rcrd><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<ChrgInclInd>{included}</ChrgInclInd></Rcrd></Chrgs>"
    )


@pytest.mark.parametrize(("charges", "side", "gross", "fee"), [
    (charge("1.50"), "CRDT", "101.50 EUR", "EUR 1.50"), (charge("1.50"), "DBIT", "-98.50 EUR", "EUR 1.50"),
    (charge("1.50", included="false"), "CRDT", "100.00 EUR", "EUR 0.00"),
    (charge("1.50", side="CRDT"), "CRDT", "100.00 EUR", "EUR 0.00"),
    (charge("1.50", currency="USD"), "CRDT", "100.00 EUR", "EUR 0.00"),
])  # fmt: skip
def test_a_charge_within_an_entry_is_its_fee(charges: str, side: str, gross: str, fee: str) -> None:
    (told,) = read(document(entry_08(side=side, details=detail_08(rest=charges + STRUCTURED)), kind="053"))
    assert (told.gross, str(told.kept)) == (money(gross), fee)
    assert told.gross - told.kept == money("100.00 EUR" if side == "CRDT" else "-100.00 EUR")


def test_the_banks_own_fee_is_known_by_its_code() -> None:
    fee = "<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>MDOP</Cd><SubFmlyCd>CHRG</SubFmlyCd></Fmly></Domn></BkTxCd>"
    entry = entry_08(side="DBIT").replace("<NtryDtls>", fee + "<NtryDtls>")
    (told,) = read(document(entry, kind="053"))
    assert (told.kind, told.gross) == (LineKind.FEE, money("-100.00 EUR"))


BOMB = b"""<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]>"""
GOOD = document(entry_08())


@pytest.mark.parametrize("body", [
    b"", b"not xml", b"<a/>", b"%PDF-1.7", GOOD[:300], b"\xff\xfe\x00", b"<a>" * 100_000,
    BOMB + GOOD.partition(b"?>")[2].replace(b"Maya Rossi", b"&c;"),
    b'<!DOCTYPE a SYSTEM "file:///etc/passwd">' + GOOD.partition(b"?>")[2],
    GOOD.replace(b"UTF-8", b"KOI-99"),
    GOOD.replace(b"camt.054", b"camt.052"), GOOD.replace(b"camt.054", b"pain.001"),
    GOOD.replace(b"iso:std", b"iso:sdt"),
    document(entry_08(), iban=PAYER_IBAN), document(entry_08(), iban=""), document(entry_08(), iban=SHOP_IBAN[:-1]),
    GOOD.replace(b"Ntfctn>", b"Ntfctx>"),
    document(entry_08(), entry_08(side="CREDIT")), document(entry_08(), entry_08(side="")),
    document(entry_08(), entry_08(amount="-1.00")), document(entry_08(), entry_08(amount="1.005")),
    document(entry_08(), entry_08(amount="")), document(entry_08(), entry_08(amount="1e3")),
    document(entry_08(), entry_08(booked="<DtTm>yesterday</DtTm>")),
    document(entry_08(booked="<DtTm>0001-01-01T00:00:00+14:00</DtTm>")),
    GOOD.replace(b'<Amt Ccy="EUR">', b'<Amt Ccy="EURO">'), GOOD.replace(b'<Amt Ccy="EUR">', b"<Amt>"),
    document(entry_02(amount="30.00", details=detail_02() + detail_02()), version="02"),
    GOOD.replace(b"AcctSvcrRef", b"Other").replace(b"NtryRef", b"Other"),
])  # fmt: skip
def test_of_a_document_with_a_fault_nothing_is_read(body: bytes) -> None:
    with pytest.raises(BadStatement) as fault:
        read(body)
    assert "Maya" not in str(fault.value) and "IT60" not in str(fault.value)


@given(st.binary())
def test_any_bytes_are_refused(body: bytes) -> None:
    with pytest.raises(BadStatement):
        read(body)


@given(st.integers(0, len(GOOD) - 1), st.binary(min_size=1, max_size=3))
def test_a_document_damaged_anywhere_is_read_or_refused(place: int, damage: bytes) -> None:
    try:
        for fact in facts(GOOD[:place] + damage + GOOD[place + len(damage) :]):
            assert fact.gross.minor > 0
            fact.at.astimezone(UTC)
    except BadStatement:
        pass
