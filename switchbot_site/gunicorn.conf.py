"""How gunicorn serves the site, here and on Render. Sizes come from the environment; GUNICORN_CMD_ARGS, which Render
may set, wins over this file, so the effective values are said at the start."""

from __future__ import annotations

from typing import Any

from switchbot_site.environment import Environment, read_env_file

read_env_file()
_env = Environment()
_address = _env("BIND_ADDRESS") or ("0.0.0.0" if _env("RENDER") else "127.0.0.1")  # noqa: S104  # Render's router is outside

bind = [f"[{_address}]:{_env('PORT')}" if ":" in _address else f"{_address}:{_env('PORT')}"]
worker_class = "gthread"
workers = _env("WEB_CONCURRENCY")
threads = _env("WEB_THREADS")
timeout = 60
graceful_timeout = 25  # below Render's maxShutdownDelaySeconds
keepalive = 5
preload_app = False  # a pool of connections does not survive a fork
accesslog = None  # each answer is the platform's to log; ours are warnings and errors
control_socket_disable = True  # nothing outside var/


def on_starting(server: Any) -> None:
    cfg = server.cfg
    server.log.info(
        "bind %s, %s workers (%s) with %s threads, timeout %s s, graceful_timeout %s s, preload_app %s",
        ", ".join(cfg.bind),
        cfg.workers,
        cfg.worker_class_str,
        cfg.threads,
        cfg.timeout,
        cfg.graceful_timeout,
        cfg.preload_app,
    )
