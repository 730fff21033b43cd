"""The stock: a thread per request, a DNS question and a query of MariaDB. Nothing of tracing is in it."""

import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

import pymysql

host, port = sys.argv[1].split(":")


class Stock(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        click = parse_qs(urlparse(self.path).query).get("click", ["none"])[0]
        connection = pymysql.connect(host=f"c{click}.db.shop.test", user="root", database="shop")
        with connection, connection.cursor() as cursor:
            cursor.execute(f"SELECT amount AS c{click} FROM stock WHERE item = 'lamp'")
            (amount,) = cursor.fetchone()
        body = f"{amount}\n".encode()
        self.send_response(200)
        self.send_header("content-type", "text/plain")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


server = Server((host, int(port)), Stock)
print("ready", flush=True)
server.serve_forever()
