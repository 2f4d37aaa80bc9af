#!/usr/bin/env python3
"""An operator at a terminal: runs a command on a pseudo-terminal, waits for words, types answers.

    terminal.py WORDS ANSWER [WORDS ANSWER …] -- COMMAND…

Prints what the terminal showed; exits with the command's code, 98 if words never came, 99 if the command did not end.
An answer of `^D` or `^C` is that key.
"""
import os
import pty
import select
import signal
import sys
import time

PATIENCE_SECONDS = 60
KEYS = {"^D": b"\x04", "^C": b"\x03"}


def main():
    split = sys.argv.index("--")
    script, command = sys.argv[1:split], sys.argv[split + 1 :]
    talk = list(zip(script[::2], script[1::2]))
    child, terminal = pty.fork()
    if child == 0:
        os.execvp(command[0], command)
    shown, looked = b"", 0
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        if talk and talk[0][0].encode() in shown[looked:]:
            looked = len(shown)
            answer = talk.pop(0)[1]
            os.write(terminal, KEYS.get(answer, answer.encode() + b"\n"))
        if not select.select([terminal], [], [], 0.05)[0]:
            continue
        try:
            more = os.read(terminal, 1 << 16)
        except OSError:  # EIO: the command has gone
            more = b""
        if not more:
            break
        shown += more
    else:
        os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    sys.stdout.write(shown.decode(errors="replace"))
    if os.WIFSIGNALED(status):
        return 99
    return 98 if talk else os.WEXITSTATUS(status)


if __name__ == "__main__":
    sys.exit(main())
