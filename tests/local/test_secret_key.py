"""The kept secret key: one for all, also when several processes start at once."""

import multiprocessing

from switchbot_site.secret_key import kept_secret_key

STARTERS = 8


def _start(path, barrier, results):
    barrier.wait(30)
    results.put(kept_secret_key(path))


def test_processes_starting_at_once_end_with_one_key(tmp_path):
    context = multiprocessing.get_context("fork")
    path, barrier, results = tmp_path / "var" / "secret_key", context.Barrier(STARTERS), context.Queue()
    starters = [context.Process(target=_start, args=(path, barrier, results)) for _ in range(STARTERS)]
    for starter in starters:
        starter.start()
    keys = [results.get(timeout=30) for _ in starters]
    for starter in starters:
        starter.join(30)
    assert set(keys) == {path.read_text()}
    assert len(keys[0]) >= 50
    assert path.stat().st_mode & 0o777 == 0o600
    assert [entry.name for entry in path.parent.iterdir()] == ["secret_key"]


def test_the_key_stays(tmp_path):
    assert kept_secret_key(tmp_path / "key") == kept_secret_key(tmp_path / "key")
