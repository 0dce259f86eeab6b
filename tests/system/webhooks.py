#!/usr/bin/env python3
"""A receiver of webhooks for the tests, over HTTPS.
    webhooks.py PORT CERT KEY FOLDER
Each POST to /NAME/... is one line of FOLDER/NAME, JSON with its headers and its body; what it answers
depends on NAME: hang never, redirect with 302 to /target, flood without end, gone with 404, busy with
429 the first two times, anything else with 200.
"""
import http.server
import json
import ssl
import sys
import threading
import time

port, certificate, key, folder = int(sys.argv[1]), *sys.argv[2:5]
lock = threading.Lock()
busy = set()


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def setup(self):
        # Here, in the thread of this connection: a client that is slow to greet holds up nobody.
        self.request = context.wrap_socket(self.request, server_side=True)
        super().setup()

    def log_message(self, *_):
        pass

    def note(self, name, entry):
        with lock, open(f"{folder}/{name}", "a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")

    def do_GET(self):
        self.note("got", {"path": self.path})
        self.answer(200)

    def do_POST(self):
        name = self.path.split("/")[1]
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        entry = {"at": time.time(), "headers": dict(self.headers.items()), "body": body}
        if name == "hang":
            self.note(name, entry)
            time.sleep(3600)
        elif name == "redirect":
            self.note(name, entry)
            self.answer(302, Location=f"https://{self.headers['Host']}/target")
        elif name == "flood":
            self.note(name, entry)
            self.flood()
        elif name == "busy" and len(busy) < 2 and body not in busy:
            busy.add(body)
            self.answer(429, **{"Retry-After": "1"})
        else:
            self.note(name, entry)
            self.answer(404 if name == "gone" else 200)

    def answer(self, status, **headers):
        self.send_response(status)
        for header, value in headers.items():
            self.send_header(header, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def flood(self):
        """A gigabyte; notes how much of it was taken."""
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        block = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
        sent = 0
        self.close_connection = True
        try:
            while sent < 1 << 30:
                self.wfile.write(block)
                sent += 0x10000
        except OSError:
            pass
        self.note("flooded", {"bytes": sent})


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)
http.server.ThreadingHTTPServer.daemon_threads = True
http.server.ThreadingHTTPServer(("127.0.0.1", port), Receiver).serve_forever()
