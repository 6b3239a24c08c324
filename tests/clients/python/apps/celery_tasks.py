"""Tasks of a Celery application; its server is named by APP_REDIS."""

import os
import time

import celery

URL = os.environ["APP_REDIS"]

app = celery.Celery("celery_tasks", broker=f"{URL}/0", backend=f"{URL}/1")
app.conf.update(
    broker_connection_retry_on_startup=True,
    broker_transport_options={"visibility_timeout": 600, "socket_timeout": 60,
                              "queue_order_strategy": "priority"},
    result_expires=600,
    task_default_queue="default",
    task_track_started=True,
    worker_send_task_events=True,
)


@app.task
def add(left, right):
    return left + right


@app.task
def total(values):
    return sum(values)


@app.task(bind=True, max_retries=5)
def third_time(self):
    if self.request.retries < 2:
        raise self.retry(countdown=0.05)
    return self.request.retries


@app.task
def fail():
    raise ValueError("as it should")


@app.task(bind=True)
def report(self, steps):
    """Tells its progress and waits to be seen until the key `seen` exists."""
    self.update_state(state="PROGRESS", meta={"steps": steps})
    broker = self.app.backend.client
    while not broker.exists("seen"):
        time.sleep(0.01)
    return "done"


@app.task(acks_late=True, reject_on_worker_lost=True)
def slow_once():
    """Never ends in the first worker that takes it."""
    store = app.backend.client
    if store.incr("slow_once") == 1:
        time.sleep(600)
    return "done"
