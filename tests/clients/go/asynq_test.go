package clients

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/hibiken/asynq"
)

// silent keeps asynq's log out of the test's output.
type silent struct{}

func (silent) Debug(...any) {}
func (silent) Info(...any)  {}
func (silent) Warn(...any)  {}
func (silent) Error(...any) {}
func (silent) Fatal(...any) {}

type asynqJobs struct {
	t         *testing.T
	options   asynq.RedisClientOpt
	client    *asynq.Client
	inspector *asynq.Inspector
	mutex     sync.Mutex
	order     []string
}

func openAsynq(t *testing.T) *asynqJobs {
	s := startServer(t)
	options := asynq.RedisClientOpt{Addr: s.address(), DialTimeout: deadline, ReadTimeout: deadline, WriteTimeout: deadline}
	jobs := &asynqJobs{t: t, options: options, client: asynq.NewClient(options), inspector: asynq.NewInspector(options)}
	t.Cleanup(func() { jobs.client.Close(); jobs.inspector.Close() })
	return jobs
}

// work starts a worker that notes what it does, and fails what is named so as often as it says.
func (j *asynqJobs) work(concurrency int) *asynq.Server {
	worker := asynq.NewServer(j.options, asynq.Config{
		Concurrency: concurrency, Queues: map[string]int{"critical": 6, "default": 1}, StrictPriority: true,
		RetryDelayFunc:           func(int, error, *asynq.Task) time.Duration { return 0 },
		DelayedTaskCheckInterval: 50 * time.Millisecond, TaskCheckInterval: 10 * time.Millisecond,
		Logger: silent{}, LogLevel: asynq.FatalLevel,
	})
	check(j.t, worker.Start(asynq.HandlerFunc(j.handle)))
	j.t.Cleanup(worker.Shutdown)
	return worker
}

func (j *asynqJobs) handle(ctx context.Context, task *asynq.Task) error {
	tries, _ := asynq.GetRetryCount(ctx)
	if task.Type() == "fail" || (task.Type() == "third" && tries < 2) {
		return errors.New("not yet")
	}
	j.mutex.Lock()
	defer j.mutex.Unlock()
	j.order = append(j.order, string(task.Payload()))
	fmt.Fprintf(task.ResultWriter(), "did %s", task.Payload())
	return nil
}

func (j *asynqJobs) done() []string {
	j.mutex.Lock()
	defer j.mutex.Unlock()
	return append([]string(nil), j.order...)
}

func (j *asynqJobs) add(kind, payload string, options ...asynq.Option) *asynq.TaskInfo {
	j.t.Helper()
	return must[*asynq.TaskInfo](j.t)(j.client.Enqueue(asynq.NewTask(kind, []byte(payload)), options...))
}

func TestAsynqDoesEveryTaskOnce(t *testing.T) {
	jobs := openAsynq(t)
	jobs.work(8)
	jobs.work(8)
	var last *asynq.TaskInfo
	for number := range 300 {
		last = jobs.add("note", fmt.Sprint(number), asynq.Retention(long))
	}
	waitUntil(t, "all are done", func() bool { return len(jobs.done()) >= 300 })
	seen := map[string]int{}
	for _, each := range jobs.done() {
		seen[each]++
	}
	equal(t, "different ones", len(seen), 300)
	waitUntil(t, "all are kept as completed", func() bool {
		queue, err := jobs.inspector.GetQueueInfo("default")
		return err == nil && queue.Completed == 300 && queue.Processed == 300
	})
	equal(t, "result", string(must[*asynq.TaskInfo](t)(jobs.inspector.GetTaskInfo("default", last.ID)).Result), "did 299")
}

func TestAsynqPrioritiesUniqueAndScheduledTasks(t *testing.T) {
	jobs := openAsynq(t)
	jobs.add("note", "low")
	jobs.add("note", "high", asynq.Queue("critical"))
	jobs.add("note", "once", asynq.Unique(long))
	if _, err := jobs.client.Enqueue(asynq.NewTask("note", []byte("once")), asynq.Unique(long)); !errors.Is(err, asynq.ErrDuplicateTask) {
		t.Fatalf("got %v", err)
	}
	jobs.add("note", "named", asynq.TaskID("name"))
	if _, err := jobs.client.Enqueue(asynq.NewTask("note", nil), asynq.TaskID("name")); !errors.Is(err, asynq.ErrTaskIDConflict) {
		t.Fatalf("got %v", err)
	}
	late := jobs.add("note", "late", asynq.ProcessIn(time.Hour))
	jobs.add("note", "soon", asynq.ProcessIn(10*time.Millisecond))
	jobs.work(1)
	waitUntil(t, "five are done", func() bool { return len(jobs.done()) == 5 })
	equal(t, "first", jobs.done()[0], "high")
	equal(t, "scheduled", len(must[[]*asynq.TaskInfo](t)(jobs.inspector.ListScheduledTasks("default"))), 1)
	check(t, jobs.inspector.RunTask("default", late.ID))
	waitUntil(t, "the late one ran", func() bool { return len(jobs.done()) == 6 })
}

func TestAsynqRetriesAndArchives(t *testing.T) {
	jobs := openAsynq(t)
	jobs.work(4)
	jobs.add("third", "third", asynq.MaxRetry(5))
	waitUntil(t, "the third try succeeds", func() bool { return len(jobs.done()) == 1 })
	failing := jobs.add("fail", "never", asynq.MaxRetry(1))
	waitUntil(t, "it is archived", func() bool {
		archived, err := jobs.inspector.ListArchivedTasks("default")
		return err == nil && len(archived) == 1 && archived[0].ID == failing.ID && archived[0].LastErr == "not yet"
	})
	check(t, jobs.inspector.PauseQueue("default"))
	jobs.add("note", "paused")
	pending := must[[]*asynq.TaskInfo](t)(jobs.inspector.ListPendingTasks("default"))
	equal(t, "pending", len(pending), 1)
	check(t, jobs.inspector.UnpauseQueue("default"))
	waitUntil(t, "it goes on", func() bool { return len(jobs.done()) == 2 })
	equal(t, "deleted", must[int](t)(jobs.inspector.DeleteAllArchivedTasks("default")), 1)
}
