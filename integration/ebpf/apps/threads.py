# A server with a thread a connection that asks the backend in the way that the path says. Prints its
# port.  python3 threads.py BACKEND_PORT
import concurrent.futures
import http.client
import sys
import threading
import time
import urllib.parse
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

backend = int(sys.argv[1])
pool = concurrent.futures.ThreadPoolExecutor(4)
local = threading.local()
shared = [http.client.HTTPConnection("127.0.0.1", backend) for _ in range(4)]
locks = [threading.Lock() for _ in shared]


def fresh(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend}{path}") as answer:
        return answer.read()


def timeout(path):
    with urllib.request.urlopen(f"http://127.0.0.1:{backend}{path}", timeout=5) as answer:
        return answer.read()


def kept(path):
    if not hasattr(local, "connection"):
        local.connection = http.client.HTTPConnection("127.0.0.1", backend)
    local.connection.request("GET", path)
    return local.connection.getresponse().read()


def pooled(path):
    for i in range(1000000):
        lock = locks[i % len(locks)]
        if lock.acquire(timeout=0.01):
            try:
                shared[i % len(shared)].request("GET", path)
                return shared[i % len(shared)].getresponse().read()
            finally:
                lock.release()


def slept(path):
    time.sleep(0.003)
    return fresh(path)


def two(path):
    fresh(path)
    return kept(path)


def executor(path):
    return pool.submit(fresh, path).result()


ways = dict(fresh=fresh, timeout=timeout, kept=kept, pooled=pooled, slept=slept, two=two, executor=executor)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        token = urllib.parse.parse_qs(url.query)["t"][0]
        way = url.path.split("/")[1]
        body = ways[way](f"/b/{way}?t={token}")
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


server = Server(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
