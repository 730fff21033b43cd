"""Sends spans with the unmodified Python SDK and prints what it sent, one JSON line a span.

usage: app.py grpc|http ENDPOINT
"""

import json
import sys

from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace import Link, SpanContext, SpanKind, Status, StatusCode, TraceFlags

protocol, endpoint = sys.argv[1], sys.argv[2]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=endpoint, insecure=True)
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    exporter = OTLPSpanExporter(endpoint=endpoint + "/v1/traces")


def value(v):
    if isinstance(v, bool):
        return {"boolValue": v}
    if isinstance(v, int):
        return {"intValue": str(v)}
    if isinstance(v, float):
        return {"doubleValue": v}
    if isinstance(v, str):
        return {"stringValue": v}
    return {"arrayValue": {"values": [value(x) for x in v]}}


def attributes(a):
    return {k: value(v) for k, v in (a or {}).items()}


class Printer(SpanProcessor):
    def on_end(self, span):
        print(
            json.dumps(
                {
                    "traceId": format(span.context.trace_id, "032x"),
                    "spanId": format(span.context.span_id, "016x"),
                    "parentSpanId": format(span.parent.span_id, "016x") if span.parent else "",
                    "name": span.name,
                    "kind": span.kind.value + 1,
                    "start": str(span.start_time),
                    "end": str(span.end_time),
                    "attributes": attributes(span.attributes),
                    "events": [
                        {"time": str(e.timestamp), "name": e.name, "attributes": attributes(e.attributes)}
                        for e in span.events
                    ],
                    "links": [
                        {
                            "traceId": format(l.context.trace_id, "032x"),
                            "spanId": format(l.context.span_id, "016x"),
                            "attributes": attributes(l.attributes),
                        }
                        for l in span.links
                    ],
                    "statusCode": span.status.status_code.value,
                    "statusMessage": span.status.description or "",
                    "resource": attributes(span.resource.attributes),
                }
            )
        )


provider = TracerProvider(resource=Resource.create({"service.name": "python-app", "answer": 42}))
provider.add_span_processor(Printer())
provider.add_span_processor(BatchSpanProcessor(exporter))
tracer = provider.get_tracer("app", "1.2.3")

other = SpanContext(0xABCDEF, 0x1234, True, TraceFlags(1))
for i in range(5):
    with tracer.start_as_current_span(
        f"request {i}", kind=SpanKind.SERVER, links=[Link(other, {"why": "follows"})]
    ) as root:
        root.set_attributes(
            {
                "string": "grüße",
                "int": -(2**53) - 1,
                "float": 0.1,
                "whole": 2.0,
                "bool": True,
                "strings": ["a", "b"],
                "ints": [1, 2],
                "bools": [False, True],
            }
        )
        root.add_event("started", {"attempt": i, "ratio": 1.5})
        with tracer.start_as_current_span("call", kind=SpanKind.CLIENT) as child:
            child.set_attribute("peer", "db")
            if i % 2 == 0:
                child.set_status(Status(StatusCode.ERROR, "refused"))
        root.set_status(Status(StatusCode.OK))
provider.shutdown()
