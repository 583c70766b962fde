#!/bin/sh
# The page for the GX screen, without Qt: what is packed, the paths it reads, and its words. What it shows is tested by `make gui-test`.
cd "$(dirname "$0")/../.." || exit
exec /usr/bin/python3 -B -m unittest tests.gui.test_pack tests.gui.test_paths tests.gui.test_words
