"""Secrets open where they were sealed and nowhere else, survive rotation, and keys are never overwritten."""

import base64
import json
import time
from datetime import timedelta

import pytest
import time_machine
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from helpdesk.kernel import clock, crypto
from helpdesk.kernel.crypto import Keyring, PasswordHashes, UnreadableSecret
from helpdesk.kernel.errors import Invalid, Unauthenticated, Unavailable

RING = Keyring.generate()
CHEAP = PasswordHashes(time_cost=1, memory_cost=64, parallelism=1)


@given(plain=st.binary(max_size=2000), context=st.text(st.characters(codec="utf-8"), max_size=60))
def test_what_is_sealed_opens_with_its_context(plain: bytes, context: str) -> None:
    token = RING.seal(plain, context=context)
    assert RING.open(token, context=context) == plain
    assert RING.seal(plain, context=context) != token


SEALED = RING.seal(b"hunter2", context="field:1")


@given(place=st.integers(0, len(SEALED) - 1), letter=st.sampled_from("AB01-_.=é"))
def test_a_token_changed_or_cut_anywhere_does_not_open(place: int, letter: str) -> None:
    assume(letter != SEALED[place])
    for broken in (SEALED[:place] + letter + SEALED[place + 1 :], SEALED[:place], SEALED + letter):
        with pytest.raises(UnreadableSecret) as refused:
            RING.open(broken, context="field:1")
        assert refused.value.code == "UNREADABLE_SECRET"


def test_ciphertexts_swapped_between_rows_do_not_open() -> None:
    token = RING.seal(b"hunter2", context="channel_account:12:password")
    with pytest.raises(UnreadableSecret, match="another's place"):
        RING.open(token, context="channel_account:13:password")


def test_a_rotated_ring_opens_old_secrets_and_seals_with_the_new_key() -> None:
    old = RING.seal(b"secret", context="a")
    rotated = RING.rotated()
    new = rotated.seal(b"secret", context="a")
    assert rotated.open(old, context="a") == b"secret"
    assert (rotated.is_current(old), rotated.is_current(new)) == (False, True)
    with pytest.raises(UnreadableSecret, match="restore the old key"):
        RING.open(new, context="a")


def test_indexes_and_purpose_secrets_outlive_a_rotation_and_differ_by_context_and_ring() -> None:
    rotated = RING.rotated().rotated()
    index = RING.blind_index("kim@example.com", context="customer.email")
    assert rotated.blind_index("kim@example.com", context="customer.email") == index
    assert rotated.secret_for("jobs") == RING.secret_for("jobs")
    assert len(RING.secret_for("jobs")) == 32
    others = {
        RING.blind_index("lee@example.com", context="customer.email"),
        RING.blind_index("kim@example.com", context="field:7"),
        Keyring.generate().blind_index("kim@example.com", context="customer.email"),
    }
    assert len(others | {index}) == 4
    assert RING.secret_for("jobs") != RING.secret_for("sessions")


def test_a_ring_is_the_same_after_dump_and_load_and_prints_no_key() -> None:
    ring = RING.rotated()
    assert Keyring.load(ring.dump()) == ring
    for key in ring.keys:
        assert base64.b64encode(key.secret).decode() in ring.dump()
        assert repr(key.secret) not in repr(ring)


GOOD = base64.b64encode(b"k" * 32).decode()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no JSON"),
        ("{not json", "no JSON"),
        ("[" * 100_000, "no JSON"),
        ("[]", "at least one key"),
        ('{"id": "k1"}', "no list"),
        ("[1]", "entry 1 is no object"),
        (json.dumps([{"id": "k.1", "key": GOOD}]), "id of key 1"),
        (json.dumps([{"id": "k1", "key": GOOD}, {"id": "k2", "key": "c2hvcnQ="}]), "key 2 is not 32 bytes"),
        (json.dumps([{"id": "k1", "key": 5}]), "key 1 is not 32 bytes"),
        (json.dumps([{"id": "k1", "key": GOOD}, {"id": "k1", "key": GOOD}]), "the same id"),
    ],
)
def test_a_broken_keyring_is_refused_with_the_reason_and_without_the_key(text: str, reason: str) -> None:
    with pytest.raises(Invalid, match=reason) as refused:
        Keyring.load(text)
    assert refused.value.code == "BAD_KEYRING"
    assert GOOD not in str(refused.value)


def test_a_signed_link_carries_its_data_until_it_expires() -> None:
    with time_machine.travel(clock.now(), tick=False) as held:
        token = RING.sign({"file": 7}, purpose="download")
        held.shift(timedelta(seconds=300))
        assert RING.unsign(token, purpose="download", max_age_seconds=300) == {"file": 7}
        held.shift(timedelta(seconds=1))
        with pytest.raises(Unauthenticated, match="expired") as refused:
            RING.unsign(token, purpose="download", max_age_seconds=300)
    assert refused.value.code == "EXPIRED_TOKEN"


def test_a_link_from_a_machine_whose_clock_is_ahead_opens_but_not_one_from_next_year() -> None:
    with time_machine.travel(clock.now(), tick=False) as held:
        token = RING.sign("x", purpose="download")
        held.shift(timedelta(seconds=-30))
        assert RING.unsign(token, purpose="download", max_age_seconds=300) == "x"
        held.shift(timedelta(days=-365))
        with pytest.raises(Unauthenticated):
            RING.unsign(token, purpose="download", max_age_seconds=300)


def test_a_link_opens_after_a_rotation_but_not_for_another_purpose_or_ring() -> None:
    token = RING.sign([1, "두"], purpose="download")
    assert RING.rotated().unsign(token, purpose="download", max_age_seconds=60) == [1, "두"]
    for ring, purpose in ((RING, "survey"), (Keyring.generate(), "download")):
        with pytest.raises(Unauthenticated, match="not valid") as refused:
            ring.unsign(token, purpose=purpose, max_age_seconds=60)
        assert refused.value.code == "BAD_TOKEN"


@given(token=st.text(st.characters(), max_size=80))
def test_no_made_up_token_is_taken_for_a_signed_one(token: str) -> None:
    with pytest.raises(Unauthenticated):
        RING.unsign(token, purpose="download", max_age_seconds=60)
    with pytest.raises(UnreadableSecret):
        RING.open(token, context="a")


def test_tokens_are_long_unique_and_kept_as_hashes() -> None:
    tokens = {crypto.new_token("hdk_") for _ in range(100)}
    assert len(tokens) == 100
    token = tokens.pop()
    assert token.startswith("hdk_")
    assert len(base64.urlsafe_b64decode(token.removeprefix("hdk_") + "=")) == 32
    assert len(crypto.hash_token(token)) == 64
    assert token not in crypto.hash_token(token)
    assert crypto.hash_token(token) == crypto.hash_token(token) != crypto.hash_token(token + "x")


@given(password=st.text(st.characters(), max_size=30))
@settings(max_examples=30, deadline=None)
def test_a_password_verifies_against_its_hash_and_another_does_not(password: str) -> None:
    stored = CHEAP.hash(password)
    assert CHEAP.verify(stored, password)
    assert not CHEAP.verify(stored, password + "x")
    assert stored != CHEAP.hash(password)


def test_hangul_typed_on_another_keyboard_is_the_same_password() -> None:
    composed, decomposed = "비밀번호", "\u1107\u1175\u1106\u1175\u11af\u1107\u1165\u11ab\u1112\u1169"
    assert CHEAP.verify(CHEAP.hash(composed), decomposed)


@pytest.mark.parametrize("stored", [None, "", "x", "plaintext password", "$2b$12$abcdefghijklmnopqrstuv"])
def test_nobody_and_a_foreign_hash_are_wrong_passwords(stored: str | None) -> None:
    assert not CHEAP.verify(stored, "x")
    assert not CHEAP.verify(stored, "")


def test_a_damaged_hash_is_told_and_not_taken_for_a_wrong_password() -> None:
    damaged = CHEAP.hash("x")[:-5]
    with pytest.raises(Unavailable, match="reset"):
        CHEAP.verify(damaged + "!", "x")


def test_nobody_costs_the_same_memory_hard_work_as_somebody() -> None:
    hashes = PasswordHashes(time_cost=20, memory_cost=8192, parallelism=1)
    stored = hashes.hash("right")

    def work(against: str | None) -> float:
        """Return the least processor time of three tries: what others do on the machine does not count."""
        spent = []
        for _ in range(3):
            started = time.process_time()
            hashes.verify(against, "wrong")
            spent.append(time.process_time() - started)
        return min(spent)

    assert work(None) > work(stored) / 2


def test_a_password_past_the_limit_is_refused_when_set_and_wrong_when_tried() -> None:
    with pytest.raises(Invalid, match="1024"):
        CHEAP.hash("x" * 1025)
    assert not CHEAP.verify(CHEAP.hash("x" * 1024), "x" * 1025)


def test_the_process_wide_hashes_take_the_cost_they_are_given() -> None:
    crypto.use_passwords(CHEAP)
    stored = crypto.hash_password("사과")
    assert crypto.verify_password(stored, "사과")
    assert not crypto.verify_password(None, "사과")
    assert not crypto.password_needs_rehash(stored)
    crypto.use_passwords(PasswordHashes())
    assert crypto.password_needs_rehash(stored)


def test_the_process_has_one_keyring() -> None:
    crypto.use(lambda: RING)
    assert crypto.keyring() is RING
