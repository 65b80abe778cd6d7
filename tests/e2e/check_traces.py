"""Reads requests of OTLP/HTTP in JSON, one per line, and writes their spans as JSON. Parses them with the messages of
opentelemetry-proto, which reject unknown fields and values of a wrong type."""

import base64
import json
import sys

from google.protobuf import json_format
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

IDS = {"traceId": 16, "spanId": 8, "parentSpanId": 8}


def with_bytes(value):
    """OTLP writes ids in hexadecimal, where Protobuf's own JSON has base64."""
    if isinstance(value, list):
        return [with_bytes(each) for each in value]
    if not isinstance(value, dict):
        return value
    out = {}
    for name, member in value.items():
        if name in IDS:
            raw = bytes.fromhex(member)
            assert len(raw) == IDS[name], (name, member)
            member = base64.b64encode(raw).decode()
        out[name] = with_bytes(member)
    return out


def text_of(value):
    return str(getattr(value, value.WhichOneof("value")))


def main():
    spans = []
    for line in sys.stdin:
        message = json_format.ParseDict(with_bytes(json.loads(line)), ExportTraceServiceRequest())
        for resource in message.resource_spans:
            service = {each.key: text_of(each.value) for each in resource.resource.attributes}["service.name"]
            for scope in resource.scope_spans:
                assert scope.schema_url == "https://opentelemetry.io/schemas/1.43.0", scope.schema_url
                for span in scope.spans:
                    assert 0 < span.start_time_unix_nano <= span.end_time_unix_nano, span
                    spans.append(
                        {
                            "service": service,
                            "name": span.name,
                            "kind": span.kind,
                            "trace": span.trace_id.hex(),
                            "id": span.span_id.hex(),
                            "parent": span.parent_span_id.hex(),
                            "status": span.status.code,
                            "links": [link.trace_id.hex() for link in span.links],
                            "attributes": {each.key: text_of(each.value) for each in span.attributes},
                        }
                    )
    json.dump(spans, sys.stdout)


main()
