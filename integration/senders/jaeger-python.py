# jaeger-python.py HOST PORT COUNT: spans of jaeger-client for Python over UDP, one line of JSON a span.
import json
import sys
import time

from jaeger_client import Config

host, port, count = sys.argv[1:4]
config = Config(
    config={
        "sampler": {"type": "const", "param": 1},
        "local_agent": {"reporting_host": host, "reporting_port": int(port)},
        "reporter_flush_interval": 0.05,
        "generate_128bit_trace_id": True,
        "tags": {"region": "eu"},
    },
    service_name="python-shop",
    validate=True,
)
tracer = config.initialize_tracer()
for n in range(int(count)):
    span = tracer.start_span(f"op-{n}", start_time=1700000000.0)
    span.set_tag("span.kind", "client")
    span.set_tag("n", n)
    span.set_tag("text", f"größe {n}")
    span.set_tag("half", n + 0.5)
    span.set_tag("even", n % 2 == 0)
    if n % 2 == 0:
        span.set_tag("error", True)
    span.log_kv({"event": f"note {n}", "size": n}, timestamp=1700000000.002)
    span.finish(finish_time=1700000000.005)
    ids = {"traceId": f"{span.trace_id:032x}", "spanId": f"{span.span_id:016x}"}
    print(json.dumps({"n": n, **ids}))
    if n % 50 == 49:
        time.sleep(0.05)
time.sleep(1.5)
tracer.close()
time.sleep(1)
