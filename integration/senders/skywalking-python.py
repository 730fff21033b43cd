"""
An HTTP server under SkyWalking's agent for Python, with logs and meters.
usage: skywalking-python.py COLLECTOR PROTOCOL SERVICE. Prints its port; ends with its input, at once: what its agent has not
sent by then is lost.
"""
import logging
import os
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

from skywalking import agent, config

collector, protocol, service = sys.argv[1:]
config.init(
    agent_collector_backend_services=collector,
    agent_name=service,
    agent_instance_name=f'{service}-1',
    agent_protocol=protocol,
    agent_logging_level='CRITICAL',
    agent_log_reporter_active=True,
    agent_log_reporter_level='INFO',
    agent_meter_reporter_active=protocol == 'grpc',
    agent_meter_reporter_period=2,
    agent_profile_active=False,
)
agent.start()

from skywalking.decorators import runnable, trace  # after the agent has started

log = logging.getLogger('stock')
log.setLevel(logging.INFO)


@trace(op='count')
def count(n):
    if n % 10 == 7:
        raise ValueError(f'none left of {n}')
    return n


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        n = int(parse_qs(urlparse(self.path).query)['n'][0])
        log.info('asked for %d', n)
        status = 200
        try:
            count(n)
        except ValueError:
            status = 500
        thread = threading.Thread(target=runnable(op='later')(lambda: None))
        thread.start()
        thread.join()
        self.send_response(status)
        self.end_headers()
        self.wfile.write(b'done')

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128


server = Server(('127.0.0.1', 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(server.server_port, flush=True)
sys.stdin.read()
os._exit(0)
