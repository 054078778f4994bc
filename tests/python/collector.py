"""A collector of traces: takes OTLP over HTTP, and prints each span as a line of JSON.

The first line is its address. It reads the bytes with the classes that OpenTelemetry itself makes
from its definition of the protocol.
"""

import json
from http.server import BaseHTTPRequestHandler, HTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)


def attributes(told):
    return {attribute.key: attribute.value.string_value for attribute in told}


def tell(request):
    for resource in request.resource_spans:
        service = attributes(resource.resource.attributes).get("service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                document = {
                    "service": service,
                    "trace": span.trace_id.hex(),
                    "span": span.span_id.hex(),
                    "parent": span.parent_span_id.hex(),
                    "name": span.name,
                    "kind": span.kind,
                    "from": span.start_time_unix_nano,
                    "until": span.end_time_unix_nano,
                    "failed": span.status.code == 2,
                    "attributes": attributes(span.attributes),
                    "events": [event.name for event in span.events],
                    "links": [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
                }
                print(json.dumps(document), flush=True)


class Collector(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        right = self.path == "/v1/traces"
        right = right and self.headers["Content-Type"] == "application/x-protobuf"
        if right:
            tell(ExportTraceServiceRequest.FromString(body))
        answer = ExportTraceServiceResponse().SerializeToString()
        self.send_response(200 if right else 400)
        self.send_header("Content-Type", "application/x-protobuf")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *said):
        pass


server = HTTPServer(("127.0.0.1", 0), Collector)
print(json.dumps(f"http://127.0.0.1:{server.server_port}/v1/traces"), flush=True)
server.serve_forever()
