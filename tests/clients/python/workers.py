"""Worker processes of job queues: started for a test, ended by pid."""

import contextlib
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
PATIENCE_S = 60


@contextlib.contextmanager
def worker(*arguments, **environment):
    """Runs `python -m <arguments>` until the block ends, then ends it as a supervisor would."""
    command = [sys.executable, "-m", *arguments]
    # A worker must not outlive a test runner that is killed.
    if shutil.which("setpriv"):
        command = ["setpriv", "--pdeathsig", "KILL", "--", *command]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, start_new_session=True,
                                   env={**os.environ, "PYTHONPATH": str(HERE), **environment})
        try:
            yield process
        except BaseException:
            log.seek(0)
            sys.stderr.write(log.read().decode("utf-8", "replace")[-8000:])
            raise
        finally:
            end(process)


def end(process):
    """Ends a worker and whatever it forked: they form a process group of their own."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            pass
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def kill(process):
    """Ends a worker and its children as a crash of the machine would."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
