"""Clients of redis-py with limits that a noisy machine never reaches."""

import redis
import redis.asyncio

PATIENT = {"socket_timeout": 60, "socket_connect_timeout": 60, "max_connections": 2000}


def connect(server, **options):
    return redis.Redis(host="127.0.0.1", port=server.port, **{**PATIENT, **options})


def connect_async(server, **options):
    return redis.asyncio.Redis(host="127.0.0.1", port=server.port, **{**PATIENT, **options})
