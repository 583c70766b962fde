"""Certificates for simulated https gateways, made by openssl for one test and then thrown away."""

import os
import ssl
import subprocess

CA_CONFIG = """[ca]
default_ca = this
[this]
dir = .
database = index.txt
new_certs_dir = .
serial = serial
default_md = sha256
policy = any
copy_extensions = none
unique_subject = no
[any]
commonName = supplied
"""
VALID = ("20200101000000Z", "20491231000000Z")
EXPIRED = ("20200101000000Z", "20210101000000Z")


class Authority:
    """A certificate authority in a folder."""

    def __init__(self, folder):
        self.folder = os.path.join(folder, "ca")
        os.makedirs(self.folder)
        self._write("ca.conf", CA_CONFIG)
        self._write("index.txt", "")
        self._write("serial", "01\n")
        self._new_key("ca.key")
        self._openssl("req", "-x509", "-new", "-key", "ca.key", "-out", "ca.pem", "-days", "3650",
                      "-subj", "/CN=Test authority", "-addext", "keyUsage=critical,keyCertSign")

    @property
    def file(self):
        """What a configuration names as CACert."""
        return os.path.join(self.folder, "ca.pem")

    def context(self, names, valid=VALID, version=None):
        """An SSLContext for a gateway of these names, such as "DNS:localhost,IP:127.0.0.1"."""
        name = f"server{len(os.listdir(self.folder))}"
        self._write(f"{name}.ext", f"subjectAltName={names}\nbasicConstraints=CA:false\n")
        self._new_key(f"{name}.key")
        self._openssl("req", "-new", "-key", f"{name}.key", "-out", f"{name}.csr",
                      "-subj", "/CN=gateway")
        self._openssl("ca", "-batch", "-config", "ca.conf", "-cert", "ca.pem", "-keyfile", "ca.key",
                      "-in", f"{name}.csr", "-out", f"{name}.pem", "-startdate", valid[0],
                      "-enddate", valid[1], "-extfile", f"{name}.ext", "-notext")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(os.path.join(self.folder, f"{name}.pem"),
                                os.path.join(self.folder, f"{name}.key"))
        if version:
            context.minimum_version = context.maximum_version = version
        return context

    def _new_key(self, name):
        self._openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name)

    def _write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def _openssl(self, *arguments):
        done = subprocess.run(["openssl", *arguments], cwd=self.folder, capture_output=True,
                              stdin=subprocess.DEVNULL, check=False)
        if done.returncode:
            raise RuntimeError(f"openssl {' '.join(arguments)}: {done.stderr.decode()}")
