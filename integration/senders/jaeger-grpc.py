# jaeger-grpc.py HOST PORT COUNT: spans of OpenTelemetry's SDK by its exporter for Jaeger's gRPC, one line
# of JSON a span.
import json
import sys

from opentelemetry.exporter.jaeger.proto.grpc import JaegerExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import SpanKind, Status, StatusCode

host, port, count = sys.argv[1:4]
provider = TracerProvider(resource=Resource({"service.name": "python-grpc", "region": "eu"}))
exporter = JaegerExporter(collector_endpoint=f"{host}:{port}", insecure=True)
provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=10_000))
tracer = provider.get_tracer("lib", "1.0")
# The exporter counts in doubles: whole and half seconds stay as they are.
start = 1_700_000_000_000_000_000
for n in range(int(count)):
    attributes = {"n": n, "text": f"größe {n}", "half": n + 0.5, "even": n % 2 == 0}
    span = tracer.start_span(
        f"op-{n}", kind=SpanKind.CLIENT, attributes=attributes, start_time=start
    )
    span.add_event(f"note {n}", {"size": n}, timestamp=start + 500_000_000)
    if n % 2 == 0:
        span.set_status(Status(StatusCode.ERROR))
    span.end(end_time=start + 1_000_000_000)
    context = span.get_span_context()
    ids = {"traceId": f"{context.trace_id:032x}", "spanId": f"{context.span_id:016x}"}
    print(json.dumps({"n": n, **ids}))
provider.shutdown()
