"""A pocket bank with books of its own: it reads payment codes, pays, and tells the merchant by its own messages only.

It stands outside: it shares no code with the shop, and judges what the shop draws and believes. Routes, below /bank/:

For people and the page
    POST read               a picture (multipart, or raw image bytes) or {"text": payload} -> what it asks for
    POST pay                {person, payload, mode: right|late|wrong_amount|twice|no_reference, amount?, delay?, name?}
    GET  accounts/{person}  ?name=  both accounts with entries; opened with pocket money at the first look
    POST accounts/{person}/close
    GET  books              all accounts, bookings, totals (zero per currency)
For watching the messages
    GET  messages           newest first, with body and attempts
    POST messages/{id}/again, messages/{id}/forge   one more attempt, with the right or a wrong signature
    GET  camt054/{id}.xml   camt053/{id}.xml   pix_report/{id}.csv
    POST day-end            {lose?, fee_bp?}: writes the merchant's statement and Pix report since the last one, charges
                            the Pix fees, and sends both; `lose` leaves a line out of each, `fee_bp` is another Pix fee
    POST transfers/pix      {key, name, amount}: the merchant's people send a Pix on the bank's own screen
    POST transfers/{end-to-end id}/return   {reason?}: the other bank sends a transfer of the merchant's back
    POST config             {merchant_url?, secret?, api_key?, held?}
For the merchant, with Authorization: Bearer <api key>
    GET  pix/v2/pix?inicio&fim&txid   GET pix/v2/pix/{e2eid}                      the API Pix of Bacen
    PUT, GET pix/v2/pix/{e2eid}/devolucao/{id}
    POST sepa/pain001       pain.001 -> pain.002; a camt.054 with a DBIT entry follows
To the merchant, signed with X-Bank-Signature: t=<unix seconds>,v1=<hex HMAC-SHA256(secret, "<t>." + body)>
    POST {merchant_url}/bank/pix       Bacen's webhook JSON
    POST {merchant_url}/bank/camt054   camt.054.001.08
    POST {merchant_url}/bank/statement camt.053.001.08, and the Pix report as CSV
A message is tried again with a growing delay until it is answered 2xx; the queue survives a restart.
"""

import random
from pathlib import Path
from typing import Any

from bot.sandbox.bank.bank import Bank
from bot.sandbox.bank.desk import MerchantAccounts, Refused
from bot.sandbox.bank.messages import signature

__all__ = ["Bank", "MerchantAccounts", "Refused", "mount", "signature"]

DEMO_SECRET = "demo-bank-secret"  # noqa: S105  # play money on loopback; POST config changes it
DEMO_API_KEY = "demo-bank-key"


def mount(sandbox: Any, *, data: Path | None, bank: Bank | None = None, rng: random.Random | None = None) -> Bank:
    """Adds a bank to `sandbox.app` under /bank/, on the sandbox's clock, its books in `data`/bank.sqlite.

    `rng` makes its names of payments; by default nobody can guess them.
    """
    bank = bank or Bank(
        merchant_url=None,
        secret=DEMO_SECRET,
        api_key=DEMO_API_KEY,
        merchant=MerchantAccounts(),
        clock=sandbox.clock,
        db_path=data / "bank.sqlite" if data else None,
        rng=rng,
    )
    sandbox.app.add_subapp("/bank/", bank.app)
    return bank
