"""One at a time for each of very many things, and nothing kept of those that nobody is at."""

from __future__ import annotations

import threading

from services.memory.keyed_locks import KeyedLocks


def test_a_lock_is_kept_while_it_is_held_and_no_longer() -> None:
    locks = KeyedLocks()
    for number in range(1_000):
        with locks.of(number):
            assert len(locks) == 1
    assert len(locks) == 0


def test_one_at_a_time_holds_the_lock_of_a_number_and_others_do_not_wait() -> None:
    locks = KeyedLocks()
    waits, order = threading.Event(), list[str]()

    def second() -> None:
        lock = locks.of(1)
        waits.set()
        with lock:
            order.append("second")

    with locks.of(1):
        thread = threading.Thread(target=second)
        thread.start()
        waits.wait()
        with locks.of(2):
            order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert len(locks) == 0
