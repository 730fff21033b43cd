"""Sends metrics with StatsD clients and prints what they amount to: {"name{tag=value}": value}.

statsd_clients.py udp|tcp|dogstatsd PORT
statsd_clients.py dogstatsd-socket PATH
"""
import json
import sys
import time

which, where = sys.argv[1], sys.argv[2]
# Clients have names of their own before those of their metrics.
prefix = which.replace("-", "_")
want = {}


def tell(key, value):
    want[prefix + "." + key] = value


def count(key, value):
    key = prefix + "." + key
    want[key] = want.get(key, 0) + value


def unread():
    """Bytes that wait at the UDP socket of port `where`; 0 where the system does not say."""
    try:
        lines = open("/proc/net/udp").readlines()[1:]
    except OSError:
        return 0
    for line in lines:
        _, address, _, _, queues, *_ = line.split()
        if address.endswith(":%04X" % int(where)):
            return int(queues.split(":")[1], 16)
    return 0


def rest(i):
    # Datagrams are lost when they come faster than they are read.
    if i % 10 == 9:
        time.sleep(0.005)
        while which in ("udp", "dogstatsd") and unread():
            time.sleep(0.002)


if which in ("udp", "tcp"):
    import statsd

    kind = statsd.StatsClient if which == "udp" else statsd.TCPStatsClient
    client = kind("127.0.0.1", int(where), prefix=prefix)
    for i in range(1000):
        client.timing("time.%d" % i, i + 0.5)
        tell("time.%d{}" % i, i + 0.5)
        client.incr("calls.%d" % (i % 20), 2)
        count("calls.%d{}" % (i % 20), 2)
        client.gauge("level.%d" % i, i)
        tell("level.%d{}" % i, i)
        rest(i)
    client.decr("down", 4)
    count("down{}", -4)
    with client.pipeline() as pipe:
        for member in ("ann", "bob", "ann"):
            pipe.set("users", member)
        pipe.gauge("change", 10)
        pipe.gauge("change", -3, delta=True)
        pipe.gauge("change", 0.5, delta=True)
    tell("users{}", 2)
    tell("change{}", 7.5)
    client.close()
else:
    from datadog.dogstatsd import DogStatsd

    if which == "dogstatsd":
        client = DogStatsd(host="127.0.0.1", port=int(where), disable_telemetry=True, namespace=prefix)
    else:
        # The kernel lets ten datagrams wait; without a time-out the client drops the next.
        client = DogStatsd(
            socket_path=where,
            disable_telemetry=True,
            namespace=prefix,
            disable_buffering=False,
            socket_timeout=60,
        )
    for i in range(1000):
        tags = ["id:%d" % i, "kind:a_b"]
        client.distribution("dist", i / 4, tags=tags)
        tell("dist{id=%d,kind=a_b}" % i, i / 4)
        client.histogram("hist.%d" % i, i)
        tell("hist.%d{}" % i, i)
        client.increment("hits", 3, tags=["route:%d" % (i % 10)])
        count("hits{route=%d}" % (i % 10), 3)
        rest(i)
    client.gauge("free", 12.5, tags=["disk:/"])
    tell("free{disk=/}", 12.5)
    client.event("title", "an event is no metric")
    client.service_check("check", 0)
    client.flush()

print(json.dumps(want))
