"""The web process: `python -m web.process`, started by the supervisor."""

import gc

if __name__ == "__main__":
    gc.disable()  # until run_child: nothing of what is imported goes, and looking for it takes a tenth of it

    from actors.host import run_child
    from web.lean import lean_imports

    with lean_imports():
        from web.serving import serve

    run_child(serve)
