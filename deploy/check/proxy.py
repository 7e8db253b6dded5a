"""Tries deploy/haproxy.cfg with two small servers: one is killed under 500 webhooks, and no error may reach the client.

    python3 deploy/check/proxy.py [path of haproxy]

Loopback only, bounded in requests and time; ends all that it started. Prints one line a figure; exit code 1 on a fault.
"""

import collections
import concurrent.futures
import http.client
import http.server
import os
import signal
import socket
import subprocess
import sys
import threading
import time

CONFIG = os.environ.get("PROXY_CONFIG") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "haproxy.cfg")
REQUESTS, CLIENTS, KILL_AFTER = 500, 20, 150
WORK_SECS = 0.02  # so that requests are under way when their server dies


class Web(http.server.BaseHTTPRequestHandler):
    """What a web process shows a proxy; says its name, what it was told of the client, and how much came."""

    protocol_version = "HTTP/1.1"
    # Head and body leave in one write, as the program's do: killed between two, it would break off a reply of 200 that
    # no proxy can ask for again.
    wbufsize = -1

    def answer(self):
        if self.path == "/readyz":
            return self.reply(b"ok")
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if self.path == "/admin/die":  # the operator's command arrives, and we die before the answer
            with open(os.environ["ADMIN_LOG"], "a") as log:
                log.write("came\n")
            return os.kill(os.getpid(), signal.SIGKILL)
        time.sleep(WORK_SECS)
        last = (self.headers.get_all("x-forwarded-for") or ["none"])[-1].split(",")[-1].strip()
        self.reply(f"{os.environ['NAME']} {last} {len(body)}".encode())

    do_GET = do_POST = answer

    def reply(self, body):
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Many(http.server.ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True

    def handle_error(self, *_):
        """A client that went away is no news."""


def free_ports(count):
    held = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [it.getsockname()[1] for it in held]
    for it in held:
        it.close()
    return ports


def ask(method, path, body=None, headers=None, timeout=20):
    connection = http.client.HTTPConnection("127.0.0.1", PUBLIC, timeout=timeout)
    try:
        connection.request(method, path, body, headers or {})
        reply = connection.getresponse()
        return reply.status, reply.read().decode()
    except OSError as error:
        return type(error).__name__, ""
    except http.client.HTTPException as error:
        return type(error).__name__, ""
    finally:
        connection.close()


def listens(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_for(what, holds, secs):
    end = time.monotonic() + secs
    while time.monotonic() < end:
        if holds():
            return
        time.sleep(0.1)
    fault(f"{what}: not within {secs} s")


def fault(text):
    FAULTS.append(text)
    print(f"fault: {text}", flush=True)


def start_web(name, port):
    environment = dict(os.environ, NAME=name, ADMIN_LOG=ADMIN_LOG)
    started = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--web", str(port)], env=environment)
    STARTED.append(started)
    return started


def names(count):
    """Which servers answer `count` requests one after the other."""
    return {ask("GET", "/")[1].split(" ")[0] for _ in range(count)}


def main(haproxy):
    webs = {name: start_web(name, port) for name, port in (("one", WEB_PORTS[0]), ("two", WEB_PORTS[1]))}
    # First: a server that comes up later is given its share slowly (slowstart), and its end would prove little.
    wait_for("the servers listen", lambda: all(listens(port) for port in WEB_PORTS), 20)
    environment = dict(
        os.environ,
        LISTEN=f"127.0.0.1:{PUBLIC}",
        WEB1=f"127.0.0.1:{WEB_PORTS[0]}",
        WEB2=f"127.0.0.1:{WEB_PORTS[1]}",
    )
    STARTED.append(subprocess.Popen([haproxy, "-db", "-f", CONFIG], env=environment, stdout=subprocess.DEVNULL))
    wait_for("both answer", lambda: names(8) >= {"one", "two"}, 20)

    status, text = ask("GET", "/", headers={"x-forwarded-for": "6.6.6.6"})
    if (status, text.split(" ")[1:]) != (200, ["127.0.0.1", "0"]):
        fault(f"the web was told a wrong client: {status} {text}")
    if ask("GET", "/metrics")[0] != 404:
        fault("/metrics is open to the world")
    status, text = ask("POST", "/webhook", b"x" * (16 * 1024 * 1024))
    if (status, text.split(" ")[-1]) != (200, str(16 * 1024 * 1024)):
        fault(f"a body of 16 MiB did not pass: {status} {text}")
    else:
        print("a body of 16 MiB passes")

    # A server is killed under webhooks of different sizes.
    done, lock = collections.Counter(), threading.Lock()
    slowest = 0.0

    def post(number):
        nonlocal slowest
        body = b"x" * (200 + number % 7 * 3000)
        began = time.monotonic()
        status, text = ask("POST", "/webhook", body)
        with lock:
            slowest = max(slowest, time.monotonic() - began)
            done[(status, text.split(" ")[0])] += 1
            if sum(done.values()) == KILL_AFTER:
                webs["one"].kill()
        if status == 200 and text.split(" ")[-1] != str(len(body)):
            fault(f"a body of {len(body)} came as {text}")

    with concurrent.futures.ThreadPoolExecutor(CLIENTS) as pool:
        list(pool.map(post, range(REQUESTS)))
    webs["one"].wait()
    bad = sum(count for (status, _), count in done.items() if status != 200)
    shown = ", ".join(f"{status} by {name or 'the proxy'}: {count}" for (status, name), count in sorted(done.items(), key=str))
    print(f"{REQUESTS} webhooks, one of two servers killed at {KILL_AFTER}: {shown}; errors {bad}; slowest {slowest * 1000:.0f} ms")
    if bad:
        fault(f"{bad} errors reached the client")

    webs["one"] = start_web("one", WEB_PORTS[0])
    wait_for("the server that came back is used again", lambda: "one" in names(8), 20)

    # What an operator posts is sent once, even when its server dies with it.
    status, _ = ask("POST", "/admin/die", b"{}")
    with open(ADMIN_LOG) as log:
        came = len(log.readlines())
    print(f"an operator's post whose server dies: {status} for the client, came {came} time(s)")
    if came != 1 or status == 200:
        fault("an operator's post was sent again")

    for web in webs.values():
        web.kill()
        web.wait()
    began = time.monotonic()
    status, _ = ask("POST", "/webhook", b"{}")
    print(f"no server left: {status} after {time.monotonic() - began:.1f} s")
    if status != 503:
        fault(f"without a server the platform must hear 503, not {status}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--web"]:
        server = Many(("127.0.0.1", int(sys.argv[2])), Web)
        threading.Timer(120, lambda: os._exit(0)).start()  # never left behind, whatever becomes of our parent
        server.serve_forever()
        sys.exit(0)
    import tempfile

    FAULTS, STARTED = [], []
    PUBLIC, *WEB_PORTS = free_ports(3)
    with tempfile.TemporaryDirectory() as folder:
        ADMIN_LOG = os.path.join(folder, "admin")
        open(ADMIN_LOG, "w").close()
        try:
            main(sys.argv[1] if len(sys.argv) > 1 else "haproxy")
        finally:
            for started in STARTED:
                started.kill()
                started.wait()
    sys.exit(1 if FAULTS else 0)
