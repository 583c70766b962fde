#!/bin/sh
# What Debian has of the libraries, and raising a pin: see vendor_test.py.
for tool in gpg apt-get dpkg; do
    command -v "$tool" >/dev/null 2>&1 || { echo "needs $tool" && exit 77; }
done
exec /usr/bin/python3 -B "$(dirname "$0")/vendor_test.py"
