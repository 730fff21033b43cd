# zipkin-python.py ENCODING URL COUNT: spans of py_zipkin, service python-ENCODING; one line of JSON a
# span with what was said of it.
import json
import sys
import time
import urllib.request

from py_zipkin import Encoding, Kind
from py_zipkin.transport import BaseTransportHandler
from py_zipkin.zipkin import ZipkinAttrs, zipkin_span
from py_zipkin.util import generate_random_128bit_string, generate_random_64bit_string

encoding, url, count = sys.argv[1:4]
encodings = {
    "v1": (Encoding.V1_JSON, "application/json"),
    "v2": (Encoding.V2_JSON, "application/json"),
    "proto": (Encoding.V2_PROTO3, "application/x-protobuf"),
}
kind, content_type = encodings[encoding]


class Post(BaseTransportHandler):
    def get_max_payload_bytes(self):
        return None

    def send(self, payload):
        body = payload if isinstance(payload, bytes) else payload.encode()
        request = urllib.request.Request(url, body, {"content-type": content_type})
        with urllib.request.urlopen(request) as answer:
            if answer.status != 202:
                raise RuntimeError(f"{answer.status}")


# py_zipkin tells the time of a root span by the clock alone.
now = 0.0
time.time = lambda: now

for n in range(int(count)):
    now = 1700000000.0 + n
    attrs = ZipkinAttrs(
        trace_id=generate_random_128bit_string(),
        span_id=generate_random_64bit_string(),
        parent_span_id=None,
        flags=None,
        is_sampled=True,
    )
    with zipkin_span(
        service_name=f"python-{encoding}",
        zipkin_attrs=attrs,
        span_name=f"op-{n}",
        transport_handler=Post(),
        encoding=kind,
        kind=Kind.CLIENT,
        port=8080,
        host="10.1.2.3",
        binary_annotations={"n": str(n), "text": f"größe {n}"},
    ) as span:
        span.add_annotation(f"note {n}", timestamp=now + 0.25)
        span.add_sa_binary_annotation(port=9000, service_name="back", host="10.9.8.7")
        now += 0.5
    print(json.dumps({"n": n, "traceId": attrs.trace_id, "spanId": attrs.span_id}))
