"""Comparison runs: Larder, redis-server and the bare echo server, one after the other, interleaved.

One module per subject, each with `add_arguments(parser)` and `run(arguments)`; `__main__` lists them.
The server runs alone on CPU 0 and the load on CPU 1 unless a module says otherwise. A machine's
absolute figures drift from run to run; the ratios within one run hold, and the median over the
rounds is what is printed.
"""
