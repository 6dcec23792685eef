"""A folder shown on a loopback port, compressed as a web server would."""

import functools
import gzip
import http.server
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path

TEXT = {".html", ".css", ".js", ".svg", ".json", ".txt", ".xml"}


@functools.lru_cache(maxsize=1000)
def _packed(path, changed):
    """Pack a file once, and again when it was changed."""
    return gzip.compress(path.read_bytes(), 6)


class _Handler(http.server.SimpleHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # keeps a connection, as a web server does
    disable_nagle_algorithm = True  # or a body waits until its head is acknowledged

    def log_message(self, *args):
        pass

    def do_GET(self):
        path = Path(self.translate_path(self.path))
        if path.is_dir():
            path /= "index.html"
        wants = "gzip" in self.headers.get("Accept-Encoding", "")
        if not (wants and path.is_file() and path.suffix in TEXT):
            return super().do_GET()
        body = _packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        return None


@contextmanager
def served(folder):
    """Serve `folder` on a free loopback port; yield its address, without a slash."""
    handler = partial(_Handler, directory=str(folder))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
