package clients

import (
	"errors"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestCacheAsideSecondReadIsAHit(t *testing.T) {
	ctx, _, client := setup(t)
	cache, loads := &CacheAside{client, 100 * time.Second}, 0
	load := func() (string, error) { loads++; return "Grüße\x00", nil }
	for range 2 {
		equal(t, "value", must[string](t)(cache.Get(ctx, "product:1", load)), "Grüße\x00")
	}
	equal(t, "loads", loads, 1)
	if ttl := client.TTL(ctx, "product:1").Val(); ttl <= 0 || ttl > 100*time.Second {
		t.Fatalf("TTL %v", ttl)
	}
}

func TestCacheAsideLoadsAnExpiredEntryAgain(t *testing.T) {
	ctx, _, client := setup(t)
	cache, loads := &CacheAside{client, 50 * time.Millisecond}, 0
	load := func() (string, error) { loads++; return "value", nil }
	must[string](t)(cache.Get(ctx, "k", load))
	waitUntil(t, "it expires", func() bool { return errors.Is(client.Get(ctx, "k").Err(), redis.Nil) })
	must[string](t)(cache.Get(ctx, "k", load))
	equal(t, "loads", loads, 2)
}

func TestTwoHundredCallersLoadOnce(t *testing.T) {
	ctx, _, client := setup(t)
	cache := &CacheAside{client, 10 * time.Minute}
	var loads atomic.Int32
	load := func() (string, error) {
		loads.Add(1)
		time.Sleep(50 * time.Millisecond)
		return "value", nil
	}
	var group sync.WaitGroup
	for range 200 {
		group.Go(func() {
			if value, err := cache.GetOrSet(ctx, "product:1", load); err != nil || value != "value" {
				t.Errorf("%q, %v", value, err)
			}
		})
	}
	group.Wait()
	equal(t, "loads", loads.Load(), 1)
	equal(t, "locks left", client.Exists(ctx, "lock:product:1").Val(), 0)
}

func TestLoaderThatFailsReleasesItsLock(t *testing.T) {
	ctx, _, client := setup(t)
	cache, down := &CacheAside{client, time.Minute}, errors.New("source is down")
	_, err := cache.GetOrSet(ctx, "k", func() (string, error) { return "", down })
	equal(t, "error", err, down)
	equal(t, "keys", client.DBSize(ctx).Val(), 0)
}

func TestCallsAreKeptUnderAHashOfTheirArgument(t *testing.T) {
	ctx, _, client := setup(t)
	type size struct{ Width, Height int }
	calls := 0
	area := Cached(client, "area", time.Minute, func(s size) (int, error) {
		calls++
		return s.Width * s.Height, nil
	})
	for range 3 {
		equal(t, "area", must[int](t)(area(ctx, size{2, 3})), 6)
		equal(t, "area", must[int](t)(area(ctx, size{4, 5})), 20)
	}
	equal(t, "calls", calls, 2)
	equal(t, "entries", client.DBSize(ctx).Val(), 2)
}

func TestLockOnlyTheOwnerReleasesAndExtends(t *testing.T) {
	ctx, _, client := setup(t)
	owner := &LeaseLock{Client: client, Name: "lock", TTL: 10 * time.Minute}
	other := &LeaseLock{Client: client, Name: "lock", TTL: 10 * time.Minute}
	equal(t, "acquired", must[bool](t)(owner.TryAcquire(ctx)), true)
	equal(t, "second", must[bool](t)(other.TryAcquire(ctx)), false)
	equal(t, "foreign release", must[bool](t)(other.Release(ctx)), false)
	equal(t, "foreign extension", must[bool](t)(other.Extend(ctx, time.Hour)), false)
	equal(t, "extension", must[bool](t)(owner.Extend(ctx, time.Hour)), true)
	if client.PTTL(ctx, "lock").Val() <= 10*time.Minute {
		t.Fatal("not extended")
	}
	equal(t, "release", must[bool](t)(owner.Release(ctx)), true)
	equal(t, "second release", must[bool](t)(owner.Release(ctx)), false)
}

func TestLockIsLostByTimeout(t *testing.T) {
	ctx, _, client := setup(t)
	slow := &LeaseLock{Client: client, Name: "lock", TTL: 50 * time.Millisecond}
	next := &LeaseLock{Client: client, Name: "lock", TTL: 10 * time.Minute}
	equal(t, "acquired", must[bool](t)(slow.TryAcquire(ctx)), true)
	waitUntil(t, "the first owner runs out of time", func() bool {
		return must[bool](t)(next.TryAcquire(ctx))
	})
	equal(t, "late release", must[bool](t)(slow.Release(ctx)), false)
	equal(t, "owner", client.Get(ctx, "lock").Val(), next.token)
}

func TestSixtyFourWorkersExcludeEachOther(t *testing.T) {
	ctx, _, client := setup(t)
	const workers, rounds = 64, 5
	var inside, violations atomic.Int32
	var group sync.WaitGroup
	for range workers {
		group.Go(func() {
			lock := &LeaseLock{Client: client, Name: "lock", TTL: 10 * time.Minute}
			for range rounds {
				if err := lock.Acquire(ctx); err != nil {
					t.Error(err)
					return
				}
				if inside.Add(1) != 1 {
					violations.Add(1)
				}
				// A read-modify-write that two holders at once would tear.
				count, _ := strconv.Atoi(client.Get(ctx, "count").Val())
				client.Set(ctx, "count", count+1, 0)
				inside.Add(-1)
				if released, err := lock.Release(ctx); !released || err != nil {
					t.Errorf("release: %v, %v", released, err)
				}
			}
		})
	}
	group.Wait()
	equal(t, "violations", violations.Load(), 0)
	equal(t, "count", client.Get(ctx, "count").Val(), strconv.Itoa(workers*rounds))
}
