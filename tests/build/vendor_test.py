#!/usr/bin/python3
"""scripts/vendor against a signed archive of its own, below a temporary folder. No network."""

import hashlib
import io
import os
import shutil
import subprocess
import tarfile
import tempfile
import threading
import unittest
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SUITE = "trixie"
LOG = """thing (1.0-3) trixie-security; urgency=high

  * Fix CVE-2026-1111: a reply that is too long.
  * Something else.

 -- A <a@example> Thu, 01 Jan 2026 00:00:00 +0000

thing (1.0-2) trixie; urgency=medium

  * d/patches: CVE-2026-0002

 -- A <a@example> Thu, 01 Jan 2026 00:00:00 +0000

thing (1.0-1) trixie; urgency=medium

  * An old CVE-2020-0001.
"""


def archive(mode, top, **files):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:" + mode) as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(f"{top}/" + name.replace("__", "/").replace("_patch", ".patch"))
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return out.getvalue()


def debian(log=LOG, after="int b;"):
    change = f"--- a/a\n+++ b/a\n@@ -1 +1 @@\n-int a;\n+{after}\n"
    return archive("xz", "debian", changelog=log, patches__series="CVE-1.patch\n",
                   **{"patches__CVE-1_patch": change})


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


class Vendor(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        """One key for all: to make one takes a second."""
        cls.key = tempfile.TemporaryDirectory()
        os.chmod(cls.key.name, 0o700)
        cls.gpg("--quick-gen-key", "--passphrase", "", "Test <t@example>", "rsa2048", "sign", "never")

    @classmethod
    def tearDownClass(cls):
        subprocess.run(["gpgconf", "--homedir", cls.key.name, "--kill", "all"], check=False)
        cls.key.cleanup()

    @classmethod
    def gpg(cls, *arguments):
        return subprocess.run(["gpg", "--homedir", cls.key.name, "--batch", "--quiet", "--pinentry-mode", "loopback",
                               *arguments], check=True, capture_output=True).stdout

    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.root = Path(self.folder.name)
        self.tree = self.root / "tree"
        for name in ("scripts/vendor", "vendor/fetch"):
            (self.tree / name).parent.mkdir(parents=True)
            shutil.copy(ROOT / name, self.tree / name)
        (self.tree / "vendor" / "keys").mkdir()
        (self.tree / "vendor" / "keys" / f"debian-{SUITE}.asc").write_bytes(self.gpg("--armor", "--export"))
        self.mirror = self.root / "mirror" / "debian"
        (self.mirror / "pool").mkdir(parents=True)
        self.orig, self.sources = archive("gz", "thing-1.0", a="int a;\n"), ""
        handler = partial(Quiet, directory=self.root / "mirror")
        self.http = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()
        self.addCleanup(self.http.server_close)
        self.addCleanup(self.http.shutdown)
        self.lock()

    # --- the scene ----------------------------------------------------------------------------

    def lock(self, version="1.0-1"):
        self.text = ("# a comment\n\n[other]\nversion = 1.0\nurl = http://127.0.0.1:1/other-1.0.tar.gz\n"
                     f"sha256 = {'0' * 64}\ndebian = other 1.0-1 {SUITE}\nlicence = MIT\n\n"
                     "[thing]\nversion = 1.0\nurl = http://127.0.0.1:1/v1.0/thing-1.0.tar.gz\n"
                     f"sha256 = {hashlib.sha256(self.orig).hexdigest()}\ndebian = thing {version} {SUITE}\n"
                     f"debian_sha256 = {'1' * 64}\npatches = CVE-*\nlicence = MIT\n")
        (self.tree / "vendor" / "lock").write_text(self.text)

    def locked(self):
        return (self.tree / "vendor" / "lock").read_text()

    def offer(self, package, version, patch, orig=None, suffix="gz"):
        """A source package; tell() makes it known."""
        upstream = version.split("-")[0]
        files = {f"{package}_{version}.dsc": b"Format: 3.0 (quilt)\n",
                 f"{package}_{upstream}.orig.tar.{suffix}": orig or self.orig,
                 f"{package}_{version}.debian.tar.xz": patch}
        listed = {"Files": "md5", "Checksums-Sha256": "sha256"}
        self.sources += f"Package: {package}\nFormat: 3.0 (quilt)\nBinary: {package}\nArchitecture: any\n"
        self.sources += f"Version: {version}\nDirectory: pool\n"
        for field, kind in listed.items():
            self.sources += f"{field}:\n" + "".join(
                f" {hashlib.new(kind, body).hexdigest()} {len(body)} {name}\n" for name, body in files.items())
        self.sources += "\n"
        for name, body in files.items():
            (self.mirror / "pool" / name).write_bytes(body)

    def publish(self):
        """The index, signed."""
        dists = self.mirror / "dists" / SUITE
        (dists / "main" / "source").mkdir(parents=True)
        index = self.sources.encode()
        (dists / "main" / "source" / "Sources").write_bytes(index)
        release = (f"Origin: Test\nSuite: {SUITE}\nCodename: {SUITE}\nComponents: main\n"
                   "Date: Thu, 01 Jan 2026 00:00:00 UTC\nSHA256:\n"
                   f" {hashlib.sha256(index).hexdigest()} {len(index)} main/source/Sources\n")
        (self.root / "Release").write_text(release)
        (dists / "InRelease").write_bytes(self.gpg("--passphrase", "", "--clearsign", "-o", "-", self.root / "Release"))

    def run_it(self, *arguments):
        environment = {**os.environ, "VENDOR_MIRROR": f"http://127.0.0.1:{self.http.server_port}/debian",
                       "VENDOR_CACHE": str(self.root / "cache"), "no_proxy": "127.0.0.1"}
        for name in ("VENDOR_LOCK", "VENDOR_OFFLINE", "VENDOR_DIR", "RELEASE", "http_proxy"):
            environment.pop(name, None)
        done = subprocess.run([self.tree / "scripts" / "vendor", *arguments], env=environment, capture_output=True,
                              text=True, timeout=120)
        self.said = done.stdout + done.stderr
        return done.returncode

    def refused(self, version, *words):
        self.publish()
        self.assertEqual(1, self.run_it("raise", "thing", version), self.said)
        for word in words:
            self.assertIn(word, self.said)
        self.assertEqual(self.text, self.locked())

    # --- check --------------------------------------------------------------------------------

    def test_what_is_newer_and_why(self):
        self.offer("thing", "1.0-1", debian())
        self.offer("thing", "1.0-3", debian())
        self.offer("other", "1.0-1", debian())
        self.publish()
        self.assertEqual(0, self.run_it("check"), self.said)
        self.assertRegex(self.said, r"(?m)^other +1\.0-1 +the same$")
        self.assertRegex(self.said, r"(?m)^thing +1\.0-1 +1\.0-3 in trixie$")
        self.assertRegex(self.said, r"(?m)^ +Fix CVE-2026-1111: a reply that is too long\.$")
        self.assertIn("CVE-2026-0002", self.said)
        self.assertNotIn("CVE-2020-0001", self.said)
        self.assertNotIn("Something else", self.said)

    def test_newer_without_a_word_of_security(self):
        self.offer("thing", "1.0-2", debian("thing (1.0-2) trixie; urgency=low\n\n  * New.\n"))
        self.offer("other", "0.9-1", debian())
        self.publish()
        self.assertEqual(0, self.run_it("check"), self.said)
        self.assertIn("names no CVE since", self.said)
        self.assertRegex(self.said, r"(?m)^other +1\.0-1 +0\.9-1, which is older$")

    def test_an_archive_that_is_not_there(self):
        self.assertEqual(1, self.run_it("check"))
        self.assertIn("did not answer", self.said)

    def test_an_index_that_another_has_signed(self):
        self.offer("thing", "1.0-3", debian())
        self.publish()
        (self.tree / "vendor" / "keys" / f"debian-{SUITE}.asc").write_text(
            (ROOT / "vendor" / "keys" / f"debian-{SUITE}.asc").read_text())
        self.assertEqual(1, self.run_it("check"))
        self.assertIn("did not answer", self.said)
        self.assertEqual(1, self.run_it("raise", "thing", "1.0-3"))
        self.assertEqual(self.text, self.locked())

    # --- raise --------------------------------------------------------------------------------

    def test_another_revision(self):
        patch = debian()
        self.offer("thing", "1.0-3", patch)
        self.publish()
        self.assertEqual(0, self.run_it("raise", "thing", "1.0-3"), self.said)
        wanted = self.text.replace("thing 1.0-1", "thing 1.0-3").replace("1" * 64, hashlib.sha256(patch).hexdigest())
        self.assertEqual(wanted, self.locked())
        self.assertIn(f"-debian = thing 1.0-1 {SUITE}", self.said)
        self.assertIn(f"+debian = thing 1.0-3 {SUITE}", self.said)
        self.assertIn("patched: CVE-1.patch", self.said)
        self.assertFalse((self.tree / "build").exists(), "a build's own folder")

    def test_another_release(self):
        new = archive("gz", "thing-1.1", a="int a;\n", new="1")
        self.offer("thing", "1.1-1", debian(), new)
        self.publish()
        self.assertEqual(0, self.run_it("raise", "thing", "1.1-1"), self.said)
        text = self.locked()
        self.assertIn("version = 1.1\nurl = http://127.0.0.1:1/v1.1/thing-1.1.tar.gz\n"
                      f"sha256 = {hashlib.sha256(new).hexdigest()}\ndebian = thing 1.1-1 {SUITE}\n", text)
        self.assertEqual(self.text.split("[thing]")[0], text.split("[thing]")[0])

    def test_a_patch_that_does_not_apply(self):
        self.offer("thing", "1.0-3", debian(), archive("gz", "thing-1.0", a="int z;\n"))
        self.orig = archive("gz", "thing-1.0", a="int z;\n")
        self.lock()
        self.refused("1.0-3", "CVE-1.patch does not apply", "as it was")

    def test_other_bytes_of_the_same_release(self):
        self.offer("thing", "1.0-3", debian(), archive("gz", "thing-1.0", a="int evil;\n"))
        self.refused("1.0-3", "for the same version")

    def test_bytes_that_the_index_does_not_have(self):
        self.offer("thing", "1.0-3", debian())
        (self.mirror / "pool" / "thing_1.0-3.debian.tar.xz").write_bytes(debian(after="int evil;"))
        self.refused("1.0-3", "not signed")

    def test_packed_otherwise(self):
        self.offer("thing", "1.1-1", debian(), suffix="xz")
        self.refused("1.1-1", "packed otherwise")

    def test_not_upstream_s_own_archive(self):
        self.offer("thing", "1.1+dfsg-1", debian())
        self.refused("1.1+dfsg-1", "not upstream's own")

    def test_what_there_is_not(self):
        self.offer("thing", "1.0-3", debian())
        self.refused("1.0-9", "it has 1.0-3")
        self.assertEqual(1, self.run_it("raise", "nothing", "1"))
        self.assertIn("no [nothing]", self.said)
        self.assertEqual(2, self.run_it("raise", "thing", ""))
        self.assertEqual(2, self.run_it())


if __name__ == "__main__":
    unittest.main()
