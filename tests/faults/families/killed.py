"""SIGKILL of processes that write, and of PostgreSQL."""

from __future__ import annotations

import os
import random
import signal
import time
from dataclasses import replace

from tests.faults.registry import Setting, family
from tests.faults.result import Result
from tests.faults.world import Worker, World

#: Seconds that a victim lives, at most, after its first acknowledged write.
LONGEST_LIFE = 0.06
VICTIMS = 3


def _raise_victims(world: World, lives: int) -> None:
    """Writers are born, and killed at random moments, `lives` of them one after the other in each of the slots."""
    host = world.host
    workers = [host.workers[f"A{number}"] for number in range(VICTIMS)]
    left = lives
    due = {worker.job.slot: 0.0 for worker in workers}
    while left:
        now = time.monotonic()
        for worker in workers:
            slot = worker.job.slot
            current = host.workers[slot]
            if current.alive and now >= due[slot]:
                world.kill(current)
                left -= 1
                if not left:
                    break
            if not current.alive:
                world.start(replace(current.job))
                due[slot] = time.monotonic() + 0.01 + random.uniform(0, LONGEST_LIFE)
        time.sleep(0.001)


def _begin(world: World) -> None:
    world.start_usual(VICTIMS, pause=0.0)


def _again(world: World) -> None:
    for number in range(VICTIMS):
        worker = world.host.workers[f"A{number}"]
        if not worker.alive:
            world.start(worker.job)


def _more(world: World, setting: Setting) -> None:
    """Let everybody live until there are enough acknowledged writes."""
    _again(world)
    time.sleep(0.3)
    world.wait_for(lambda: world.acknowledged() >= setting.acknowledged, 300.0)


@family("kill-writer-up", "SIGKILL of a writer, PostgreSQL up", times=1000, short=40)
def kill_writer_up(setting: Setting, result: Result) -> None:
    """Three writers at a time, each killed at a random moment of its work and replaced."""
    with World(setting.server) as world:
        _begin(world)
        while result.times < setting.times:
            lives = min(20, setting.times - result.times)
            _raise_victims(world, lives)
            result.times += lives
            setting.say(result.times)
        _more(world, setting)
        world.account(result)


@family("kill-writer-down", "SIGKILL of a writer, PostgreSQL down", times=1000, short=40)
def kill_writer_down(setting: Setting, result: Result) -> None:
    """The same on the copies, between journal and file too."""
    with World(setting.server) as world:
        _begin(world)
        with world.outage(world.host.away, world.host.returns, hurry=True, returns=False):
            while result.times < setting.times:
                lives = min(20, setting.times - result.times)
                _raise_victims(world, lives)
                result.times += lives
                setting.say(result.times)
            _more(world, setting)
        world.account(result)


@family("kill-writer-switch", "SIGKILL of a writer during a switch", times=1000, short=40)
def kill_writer_switch(setting: Setting, result: Result) -> None:
    """The line comes and goes all the time, while writers are killed: those that change the host over, and those that
    bring the copies back."""
    with World(setting.server) as world:
        _begin(world)
        host = world.host
        while result.times < setting.times:
            lives = min(6, setting.times - result.times)
            host.away()
            _raise_victims(world, lives // 2)
            host.returns()
            host.probe_now()
            _raise_victims(world, lives - lives // 2)
            result.times += lives
            setting.say(result.times)
            _again(world)
            world.wait_for(lambda: host.mode().backend == "postgres" and not host.mode().phase)
        _more(world, setting)
        world.account(result)


@family("kill-postgres", "SIGKILL or immediate stop of PostgreSQL", times=50, short=2)
def kill_postgres(setting: Setting, result: Result) -> None:
    """Under load; in turns all its processes are killed (the kernel's out-of-memory killer, a power cut of its machine)
    or it is told to stop at once. It comes back after crash recovery."""
    server = setting.own_server()
    assert server.cluster is not None
    cluster = server.cluster
    with World(server) as world:
        world.start_usual()
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.05, 0.4))
            end = server.kill if result.times % 2 == 0 else server.stop
            with world.outage(end, cluster.start):
                time.sleep(random.uniform(0.0, 0.3))
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("frozen-postgres", "PostgreSQL stopped dead (SIGSTOP)", times=5, short=1)
def frozen_postgres(setting: Setting, result: Result) -> None:
    """All its processes are halted: connections stay open, new ones are taken by the kernel, nobody answers. Then they go
    on, and with them the statements that were given up."""
    server = setting.own_server()
    assert server.cluster is not None

    def everybody(number: signal.Signals) -> None:
        for pid in server.processes():
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                pass

    with World(server) as world:
        world.start_usual()
        try:
            while result.times < setting.times or world.acknowledged() < setting.acknowledged:
                time.sleep(random.uniform(0.1, 0.4))
                with world.outage(lambda: everybody(signal.SIGSTOP), lambda: everybody(signal.SIGCONT)):
                    time.sleep(0.5)
                result.times += 1
                setting.say(result.times)
        finally:
            everybody(signal.SIGCONT)
        world.account(result)


@family("eight", "Eight processes write through a failover", times=10, short=1)
def eight(setting: Setting, result: Result) -> None:
    """Eight writers and a reader of one document, while the server's port closes or the line goes dead, in turns."""
    with World(setting.server) as world:
        world.start_usual(8, pause=0.03)
        proxy = world.host.proxy
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            time.sleep(random.uniform(0.2, 0.5))
            begin, end = (world.host.away, world.host.returns) if result.times % 2 else (proxy.frozen.set, proxy.thaw)
            with world.outage(begin, end):
                time.sleep(0.6)
            result.times += 1
            setting.say(result.times)
        world.account(result)


@family("killed-unnoted", "Killed between COMMIT and note, then an outage", times=40, short=2)
def killed_unnoted(setting: Setting, result: Result) -> None:
    """A writer dies when PostgreSQL has committed its write and nobody else has seen that yet; then the line is cut. The
    copy goes on without the write, which nobody was told of: back on PostgreSQL it must not win over acknowledged ones."""
    with World(setting.server) as world:
        world.start_usual()
        host = world.host
        while result.times < setting.times or world.acknowledged() < setting.acknowledged:
            living = list(host.workers.values())
            for worker in living:
                world.stop(worker)
            victim = world.start(world.job("count", "Av", kill_at="write.answered"))
            world.nursery.wait(victim.pid)
            victim.pid = 0
            del host.workers["Av"]

            def cut(workers: list[Worker] = living) -> None:
                host.away()
                for worker in workers:
                    world.start(worker.job)

            with world.outage(cut, host.returns, hurry=True):
                time.sleep(0.25)
            result.times += 1
            setting.say(result.times)
        world.account(result)
        if result.conflicts:
            result.problems.append("A write that nobody was told of came into conflict with acknowledged ones.")
