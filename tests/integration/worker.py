"""Runs single tests on request: one JSON object per line in, one per line out.

A process of its own, so that several run at once, and so that one that hangs can be ended.
"""

import json
import os
import sys
import time
import unittest


class Outcome(unittest.TestResult):
    """What became of one test."""

    def __init__(self):
        super().__init__()
        self.verdict, self.text = "passed", []

    def _bad(self, test, error):
        self.verdict = "failed"
        self.text.append(self._exc_info_to_string(error, test).rstrip())

    def addFailure(self, test, err):
        self._bad(test, err)

    def addError(self, test, err):
        self._bad(test, err)

    def addSubTest(self, test, subtest, err):
        if err is not None:
            self._bad(subtest, err)

    def addSkip(self, test, reason):
        if self.verdict == "passed":
            self.verdict = "skipped"
        self.text.append(reason)


def run(name):
    outcome = Outcome()
    begin = time.monotonic()
    suite = unittest.defaultTestLoader.loadTestsFromName(name)
    for test in suite:
        test.run(outcome)
        if outcome.verdict == "failed":
            outcome.text.append(getattr(test, "logs", ""))
    return {"verdict": outcome.verdict, "seconds": time.monotonic() - begin,
            "text": "\n".join(outcome.text), "notes": getattr(test, "notes", [])}


def main():
    reply = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a test prints must not mix with the replies
    for line in sys.stdin:
        request = json.loads(line)
        os.environ.update(request["environment"])
        print(json.dumps(run(request["name"])), file=reply, flush=True)


if __name__ == "__main__":
    main()
