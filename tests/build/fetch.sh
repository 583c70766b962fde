#!/bin/sh
# The fetcher: see fetch_test.py.
exec /usr/bin/python3 -B "$(dirname "$0")/fetch_test.py"
