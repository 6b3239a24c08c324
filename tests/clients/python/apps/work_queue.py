"""A work queue that loses no job: a worker moves a job to a list of its own, and takes it from there
when it is done. Jobs of a worker that died are put back."""

QUEUE = "jobs"
DONE = "jobs:done"


class Producer:
    def __init__(self, client):
        self.client = client

    def add(self, *jobs):
        """The length of the queue, as it was before any waiting worker took its job."""
        return self.client.lpush(QUEUE, *jobs)

    def add_atomically(self, jobs):
        with self.client.pipeline(transaction=True) as pipeline:
            for job in jobs:
                pipeline.lpush(QUEUE, job)
            return pipeline.execute()


class Worker:
    def __init__(self, client, name):
        self.client = client
        self.own = f"jobs:of:{name}"

    def take(self, timeout=0):
        """The oldest job, waited for; None when the timeout came first."""
        return self.client.blmove(QUEUE, self.own, timeout, "RIGHT", "LEFT")

    def finish(self, job):
        with self.client.pipeline(transaction=True) as pipeline:
            pipeline.lrem(self.own, 1, job)
            pipeline.rpush(DONE, job)
            pipeline.execute()

    def run(self, handle):
        """Works until it takes the job `stop`."""
        while True:
            job = self.take()
            if job != b"stop":
                handle(job)
            self.finish(job)
            if job == b"stop":
                return


def put_back(client, name):
    """The jobs of a dead worker, oldest first again."""
    count = 0
    while client.lmove(f"jobs:of:{name}", QUEUE, "LEFT", "RIGHT") is not None:
        count += 1
    return count
