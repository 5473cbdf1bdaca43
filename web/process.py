"""The web process: `python -m web.process`, started by the supervisor."""

import gc
import sys

SWITCH_S = 0.0005
"""A thread that computes (SQLite's, the index of words) keeps the loop's waiting no longer than this: at each
frame that it sends, the loop gives up Python's lock, and by default had it back after 5 ms."""

if __name__ == "__main__":
    sys.setswitchinterval(SWITCH_S)
    gc.disable()  # until run_child: nothing of what is imported goes, and looking for it takes a tenth of it

    from actors.host import run_child
    from web.lean import lean_imports

    with lean_imports():
        from web.serving import serve

    run_child(serve)
