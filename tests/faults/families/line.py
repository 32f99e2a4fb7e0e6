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
