"""The vault seals with AES-256-GCM, opens only where it sealed, and says nothing of what it holds."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from storage.vault import Sealed, Vault

OLD, NEW = b"o" * 32, b"n" * 32
PLACE = "people.personal|1"


def a_vault() -> Vault:
    return Vault({"k1": OLD}, "k1")


@given(st.binary(max_size=300), st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_what_is_sealed_comes_back_where_it_was_sealed(data: bytes, place: str) -> None:
    vault = a_vault()
    assert vault.decrypt(vault.encrypt(data, place), place) == data


def test_the_same_text_is_never_sealed_the_same_way_twice() -> None:
    vault = a_vault()
    assert vault.encrypt(b"Visby", PLACE) != vault.encrypt(b"Visby", PLACE)


def test_a_blob_is_plain_aes_gcm_after_its_key_id_and_nonce() -> None:
    blob = Vault({"k1": OLD}, "k1", nonce=lambda size: b"\7" * size).encrypt(b"Visby", PLACE)
    assert blob[:16] == b"\x01\x02k1" + b"\7" * 12
    assert AESGCM(OLD).decrypt(b"\7" * 12, blob[16:], PLACE.encode()) == b"Visby"


@pytest.mark.parametrize("place", ["people.personal|2", "orders.personal|1", ""])
def test_a_blob_does_not_open_elsewhere(place: str) -> None:
    vault = a_vault()
    with pytest.raises(Sealed):
        vault.decrypt(vault.encrypt(b"Visby", PLACE), place)


def test_a_wrong_key_is_refused_without_a_word_of_the_data() -> None:
    blob = a_vault().encrypt(b"Visby", PLACE)
    for other in (Vault({"k1": NEW}, "k1"), Vault({"k2": OLD}, "k2")):
        with pytest.raises(Sealed) as caught:
            other.decrypt(blob, PLACE)
        assert "Visby" not in repr(caught.value) and caught.value.__context__ is None


@given(st.data())
def test_a_blob_that_was_tampered_with_does_not_open(data: st.DataObject) -> None:
    vault = a_vault()
    blob = vault.encrypt(b"Segelmakaregatan 7", PLACE)
    place = data.draw(st.integers(0, len(blob) - 1))
    bent = blob[:place] + bytes([blob[place] ^ data.draw(st.integers(1, 255))]) + blob[place + 1 :]
    with pytest.raises(Sealed):
        vault.decrypt(bent, PLACE)


@given(st.binary(max_size=20))
def test_what_was_never_a_blob_does_not_open(junk: bytes) -> None:
    with pytest.raises(Sealed):
        a_vault().decrypt(junk, PLACE)


def test_after_a_rotation_old_blobs_open_and_are_told_from_new_ones() -> None:
    old = a_vault()
    blob = old.encrypt(b"Visby", PLACE)
    rotated = Vault({"k1": OLD, "k2": NEW}, "k2")
    assert not blob.startswith(rotated.prefix)
    assert rotated.decrypt(blob, PLACE) == b"Visby"
    assert rotated.encrypt(b"Visby", PLACE).startswith(rotated.prefix)


@pytest.mark.parametrize(
    ("keys", "current"),
    [({}, "k1"), ({"k1": b"short"}, "k1"), ({"": OLD}, ""), ({"k" * 33: OLD}, "k" * 33), ({"ü": OLD}, "ü")],
)
def test_keys_that_cannot_be_are_refused(keys: dict[str, bytes], current: str) -> None:
    with pytest.raises(ValueError, match="key"):
        Vault(keys, current)


def test_a_vault_shows_no_key() -> None:
    assert "oooo" not in repr(a_vault())
