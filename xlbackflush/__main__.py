"""The command `xlbackflush`, and `python -m xlbackflush`: the command line in a process of its own."""

import gc
import os
import signal
import sys

#: new objects after which Python looks for circles of them. With its own 700, what a run imports would make it look seventy
#: times, and find none
_BEFORE_A_COLLECTION = 100_000


def process() -> int:
    """Run one command. Python looks for circles of objects seldom, and not at the end, where all memory goes anyway."""
    gc.set_threshold(_BEFORE_A_COLLECTION)
    # the threads that numpy's library of vectors starts wait for work in a circle; there is none that is worth it here
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # Ctrl+C may come while an object is half made, and what that says when it is thrown away helps nobody
    sys.unraisablehook = lambda fault: None
    code = 2
    try:
        from xlbackflush.cli.parser import main  # within reach of what catches Ctrl+C

        code = main()
    except KeyboardInterrupt:  # before a command began, or while it said how it ended
        if sys.stderr:
            sys.stderr.write("xlbackflush: Stopped.\n")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # what is done is done, and said
    gc.freeze()
    return code


if __name__ == "__main__":
    raise SystemExit(process())
