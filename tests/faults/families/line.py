"""What happens to the line between a host and PostgreSQL."""

from __future__ import annotations

import random
import time

from tests.faults.registry import Setting, family
from tests.faults.result import Result
from tests.faults.world import World


@family("black-hole", "Black hole", times=10, short=1)
def black_hole(setting: Setting, result: Result) -> None:
    """The line takes every byte and delivers none, in both directions; new connections too. TCP sees nothing wrong."""
    with World(setting.server) as world:
        world.start_usual()
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.1, 0.4))
            with world.outage(world.host.proxy.frozen.set, world.host.proxy.thaw):
                time.sleep(0.5)
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("refused", "Port closed", times=10, short=1)
def refused(setting: Setting, result: Result) -> None:
    """All connections end with RST, and new ones are refused at once."""
    with World(setting.server) as world:
        world.start_usual()
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.1, 0.4))
            with world.outage(world.host.away, world.host.returns):
                time.sleep(0.5)
            result.times += 1
            setting.say(result.times)
        world.account(result)


#: A write's statement, and that of a transaction's end.
CUTS = [(words, when) for words in (b"UPDATE json_store", b"COMMIT") for when in ("before", "after", "silent")]


@family("cut-at-commit", "Line cut at COMMIT", times=120, short=6)
def cut_at_commit(setting: Setting, result: Result) -> None:
    """The line ends at a write's UPDATE or at a transaction's COMMIT: before it reaches the server, after the server has
    done it (its answer is lost), or it arrives and from then on the line is a black hole. The port stays open except
    for the black hole."""
    with World(setting.server) as world:
        world.start_usual()
        proxy = world.host.proxy
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.005, 0.05))
            words, when = CUTS[result.times % len(CUTS)]
            if when == "silent" and (result.times // len(CUTS)) % 2 == 0:

                def fall_silent(words: bytes = words) -> None:
                    proxy.cut_at(words, "silent")
                    proxy.happened.wait(5.0)

                with world.outage(fall_silent, proxy.thaw, hurry=True):
                    time.sleep(0.1)
            else:
                proxy.cut_at(words, when if when != "silent" else "after")
                proxy.happened.wait(5.0)
                if random.random() < 0.3:  # and the server is gone for good
                    with world.outage(world.host.away, world.host.returns, hurry=True):
                        time.sleep(0.05)
            world.wait_for(lambda: world.host.mode().backend == "postgres")
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("slow-line", "Slow line", times=8, short=1)
def slow_line(setting: Setting, result: Result) -> None:
    """Each packet is held up, in both directions: 5, 30 or 100 ms (calls get slower, and stay on PostgreSQL as long as they
    end in time), then 800 ms (no call can end in time: the host changes over and stays away until the line is fast)."""
    with World(setting.server) as world:
        world.start_usual()
        proxy = world.host.proxy

        def quick() -> None:
            proxy.delay = 0.0

        def slow() -> None:
            proxy.delay = 0.8

        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            for delay in (0.005, 0.03, 0.1):
                proxy.delay = delay
                time.sleep(0.4)
            quick()
            time.sleep(0.4)
            if result.times < setting.times:
                with world.outage(slow, quick):
                    time.sleep(1.0)
            result.times += 1
            setting.say(result.times)
        world.account(result)
