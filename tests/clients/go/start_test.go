package clients

import (
	"os/exec"
	"runtime"
	"sync"
)

var (
	starterOnce sync.Once
	starts      chan func()
)

// startOnLastingThread starts a command from one thread that lives as long as the process: the kernel
// sends a child its parent-death signal when the thread that started it ends.
func startOnLastingThread(command *exec.Cmd) error {
	starterOnce.Do(func() {
		starts = make(chan func())
		go func() {
			runtime.LockOSThread()
			for start := range starts {
				start()
			}
		}()
	})
	done := make(chan error)
	starts <- func() { done <- command.Start() }
	return <-done
}
