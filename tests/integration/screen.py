"""A terminal of a given size, driven by a tmux of its own, with a shell in it."""

import os
import subprocess


class Screen:
    """What a person would see, and the keys that they would press."""

    def __init__(self, folder, environment, width=80, height=24):
        self._socket = os.path.join(folder, "tmux")
        self._call("-f", "/dev/null", "new-session", "-d", "-x", str(width), "-y", str(height),
                   "env", "-i", "PS1=ready> ", "TERM=screen",
                   *[f"{name}={value}" for name, value in environment.items()], "sh", "-i")
        self._call("set-option", "-g", "status", "off")

    def close(self):
        self._call("kill-server", check=False)

    def _call(self, *arguments, check=True):
        # Its own locale decides whether what programs write is taken as UTF-8.
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8", "TERM": "screen"}
        done = subprocess.run(["tmux", "-u", "-S", self._socket, *arguments], env=environment,
                              capture_output=True, text=True, check=False, timeout=20)
        if check and done.returncode:
            raise RuntimeError(f"tmux {arguments}: {done.stderr}")
        return done.stdout

    def lines(self, color=False):
        """The lines on the screen, all of them, without blanks at their ends."""
        text = self._call("capture-pane", "-p", *(["-e"] if color else []))
        return [line.rstrip() for line in text.split("\n")[:-1]]

    def type(self, line):
        """A line, and Return."""
        self._call("send-keys", "-l", line)
        self._call("send-keys", "Enter")

    def press(self, *keys):
        """Keys by tmux's names: Up, PageDown, C-c, q."""
        self._call("send-keys", *keys)

    def resize(self, width, height):
        self._call("resize-window", "-x", str(width), "-y", str(height))

    @property
    def modes(self):
        """(whether the alternate screen is shown, whether the cursor is)"""
        shown = self._call("display-message", "-p", "#{alternate_on} #{cursor_flag}").split()
        return shown[0] == "1", shown[1] == "1"
