"""More than one writer of the same document: the dashboard, and a second host."""

from __future__ import annotations

import random
import time

from tests.faults.dashboard import dashboard
from tests.faults.registry import Setting, family
from tests.faults.result import Result
from tests.faults.world import World


@family("dashboard", "Dashboard writes while our line is cut", times=10, short=1)
def dashboard_goes_on(setting: Setting, result: Result) -> None:
    """Only our line is cut. The dashboard goes on changing keys of its own in PostgreSQL, and our writers theirs on the
    copy; both sides' writes must be there afterwards."""
    with World(setting.server) as world:
        with dashboard(world):
            world.start_usual()
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                time.sleep(random.uniform(0.1, 0.4))
                with world.outage(world.host.away, world.host.returns):
                    time.sleep(0.5)
                result.times += 1
                setting.say(result.times)
        world.account(result)


@family("two-hosts", "Two hosts, two journals, one database", times=10, short=1)
def two_hosts(setting: Setting, result: Result) -> None:
    """Both hosts lose their lines, one after the other, and come back in any order, with the dashboard writing all the
    time: three histories of one document."""
    with World(setting.server, hosts=2) as world:
        first, second = world.hosts
        with dashboard(world):
            world.start_usual(2, first)
            world.start_usual(2, second)
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                time.sleep(random.uniform(0.1, 0.4))
                one, other = (first, second) if result.times % 2 else (second, first)
                begin, end = (
                    (one.away, one.returns) if result.times % 3 != 2 else (one.proxy.frozen.set, one.proxy.thaw)
                )
                with world.outage(begin, end, one):
                    time.sleep(random.uniform(0.0, 0.5))
                    with world.outage(other.away, other.returns, other):
                        time.sleep(0.5)
                result.times += 1
                setting.say(result.times)
        world.account(result)
