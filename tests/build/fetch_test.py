#!/usr/bin/python3
"""vendor/fetch against servers of its own: what it takes, what it refuses, how long it waits. No network."""

import hashlib
import http.server
import io
import os
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
from pathlib import Path

FETCH = Path(__file__).resolve().parents[2] / "vendor" / "fetch"


def archive(**files):
    """A tarball as upstream makes them: everything in one folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo("thing-1.0/" + name.replace("_", "."))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


class Server:
    """Upstream: serves `files`, counts what it is asked."""

    def __init__(self):
        self.files, self.asked = {}, []
        server = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_HEAD(self):
                self.do_GET()

            def do_GET(self):
                server.asked.append((self.command, self.path))
                body = server.files.get(self.path)
                self.send_response(200 if body is not None else 404)
                self.end_headers()
                if body is not None and self.command == "GET":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.http = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.http.server_port}"
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Fetch(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        self.server = Server()
        self.addCleanup(self.server.close)
        self.body = archive(a_c="int a;")
        self.server.files["/thing-1.0.tar.gz"] = self.body

    def lock(self, *names, base=None, digest=None):
        text = ""
        for name in names or ("thing",):
            text += (
                f"[{name}]\nversion = 1.0\nurl = {base or self.server.url}/thing-1.0.tar.gz\n"
                f"sha256 = {digest or hashlib.sha256(self.body).hexdigest()}\n"
                f"debian = {name} 1.0-1 trixie\nlicence = MIT\n\n"
            )
        (self.root / "lock").write_text(text)

    def fetch(self, **environment):
        env = dict(
            os.environ,
            VENDOR_LOCK=str(self.root / "lock"),
            VENDOR_CACHE=str(self.root / "cache"),
            VENDOR_DIR=str(self.root / "build" / "vendor"),
            VENDOR_MIRROR="none",
        )
        env.update(environment)
        env.pop("http_proxy", None)
        began = time.monotonic()
        done = subprocess.run([FETCH], env=env, capture_output=True, text=True, timeout=120)
        self.seconds = time.monotonic() - began
        self.said = done.stdout + done.stderr
        return done.returncode

    def tree(self, name="thing"):
        return self.root / "build" / "vendor" / "src" / name

    def cached(self):
        return self.root / "cache" / "thing-1.0.tar.gz"

    def test_upstream_then_cache(self):
        self.lock()
        self.assertEqual(self.fetch(), 0, self.said)
        self.assertEqual((self.tree() / "a.c").read_text(), "int a;")
        self.assertIn("from upstream, as locked", (self.root / "build" / "vendor.manifest").read_text())
        self.server.asked.clear()
        (self.root / "build").rename(self.root / "gone")
        self.assertEqual(self.fetch(VENDOR_OFFLINE="1", RELEASE="1"), 0, self.said)
        self.assertTrue((self.tree() / "a.c").is_file())
        self.assertEqual(self.server.asked, [])

    def test_unpacked_already(self):
        self.lock()
        self.fetch()
        stamp = self.root / "build" / "vendor" / "thing.stamp"
        before = stamp.stat().st_mtime_ns
        self.assertEqual(self.fetch(VENDOR_OFFLINE="1"), 0, self.said)
        self.assertEqual((self.said, stamp.stat().st_mtime_ns), ("", before))

    def test_corrupted_in_the_cache(self):
        self.lock()
        self.fetch()
        self.cached().write_bytes(self.body[:-1] + b"x")
        (self.root / "build").rename(self.root / "gone")
        self.assertEqual(self.fetch(), 0, self.said)
        self.assertIn("does not have the sha256 of the lock: removed", self.said)
        self.assertEqual(self.cached().read_bytes(), self.body)

    def test_corrupted_in_the_cache_and_offline(self):
        self.lock()
        self.fetch()
        self.cached().write_bytes(b"x")
        (self.root / "build").rename(self.root / "gone")
        self.assertEqual(self.fetch(VENDOR_OFFLINE="1"), 1)
        self.assertIn("thing 1.0 is not to be had", self.said)
        self.assertFalse(self.tree().exists())

    def test_corrupted_upstream(self):
        self.lock(digest="0" * 64)
        self.assertEqual(self.fetch(), 1)
        self.assertIn("refused", self.said)
        self.assertFalse(self.tree().exists())
        self.assertFalse(self.cached().exists())

    def test_another_lock_unpacks_again(self):
        self.lock()
        self.fetch()
        self.body = archive(b_c="int b;")
        self.server.files["/thing-1.0.tar.gz"] = self.body
        self.lock()
        self.assertEqual(self.fetch(), 0, self.said)
        self.assertEqual([p.name for p in self.tree().iterdir()], ["b.c"])

    def test_upstream_that_never_answers(self):
        silent = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(silent.close)
        self.lock("one", "two", base=f"http://127.0.0.1:{silent.getsockname()[1]}")
        (self.root / "cache").mkdir()
        (self.root / "cache" / "two-1.0.tar.gz").write_bytes(self.body)
        self.assertEqual(self.fetch(), 1)
        self.assertLess(self.seconds, 12, self.said)
        # Once, by the probe, and not again.
        silent.settimeout(0)
        silent.accept()[0].close()
        self.assertRaises(BlockingIOError, silent.accept)

    def test_upstream_is_not_asked_again_after_a_failure(self):
        self.lock("one", "two")
        self.server.files.clear()
        self.assertEqual(self.fetch(), 1)
        self.assertEqual(len(self.server.asked), 1, self.server.asked)

    def test_archive_that_leaves_its_folder(self):
        self.body = archive(**{"../../../../evil_c": "int evil;"})
        self.server.files["/thing-1.0.tar.gz"] = self.body
        self.lock()
        self.assertEqual(self.fetch(), 1)
        self.assertIn("would leave its folder", self.said)
        self.assertEqual(list(self.root.rglob("evil.c")), [])

    def test_own_cache_cannot_be_written(self):
        self.lock()
        (self.root / "cache").write_text("a file")
        self.assertEqual(self.fetch(), 0, self.said)
        self.assertTrue((self.root / "build" / "vendor" / "cache" / "thing-1.0.tar.gz").is_file())

    def test_nowhere(self):
        self.lock()
        self.server.files.clear()
        # Nothing listens there.
        self.assertEqual(self.fetch(VENDOR_MIRROR="http://127.0.0.1:1/debian"), 1)
        self.assertIn("set VENDOR_MIRROR to a Debian mirror", self.said)
        self.assertIn(hashlib.sha256(self.body).hexdigest(), self.said)


if __name__ == "__main__":
    outcome = unittest.main(argv=[sys.argv[0], "-f"], exit=False, verbosity=0)
    sys.exit(0 if outcome.result.wasSuccessful() else 1)
