package clients

import (
	"errors"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/bsm/redislock"
	"github.com/go-redis/redis_rate/v10"
	"github.com/go-redsync/redsync/v4"
	"github.com/go-redsync/redsync/v4/redis/goredis/v9"
)

const long = 10 * time.Minute

func TestRedsyncExcludesAndExtends(t *testing.T) {
	ctx, _, client := setup(t)
	locks := redsync.New(goredis.NewPool(client))
	owner := locks.NewMutex("lock", redsync.WithExpiry(long), redsync.WithTries(1))
	other := locks.NewMutex("lock", redsync.WithExpiry(long), redsync.WithTries(1))
	check(t, owner.LockContext(ctx))
	if other.LockContext(ctx) == nil {
		t.Fatal("two owners")
	}
	equal(t, "extended", must[bool](t)(owner.ExtendContext(ctx)), true)
	equal(t, "released", must[bool](t)(owner.UnlockContext(ctx)), true)
	check(t, other.LockContext(ctx))
	must[bool](t)(other.UnlockContext(ctx))

	var group sync.WaitGroup
	for range 16 {
		group.Go(func() {
			mutex := locks.NewMutex("lock", redsync.WithExpiry(long), redsync.WithTries(10_000),
				redsync.WithRetryDelay(5*time.Millisecond))
			for range 3 {
				if err := mutex.LockContext(ctx); err != nil {
					t.Error(err)
					return
				}
				count, _ := strconv.Atoi(client.Get(ctx, "count").Val())
				client.Set(ctx, "count", count+1, 0)
				if _, err := mutex.UnlockContext(ctx); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	equal(t, "count", client.Get(ctx, "count").Val(), "48")
}

func TestRedislockObtainsRefreshesReleases(t *testing.T) {
	ctx, _, client := setup(t)
	locker := redislock.New(client)
	lock := must[*redislock.Lock](t)(locker.Obtain(ctx, "lock", long, nil))
	if _, err := locker.Obtain(ctx, "lock", long, nil); !errors.Is(err, redislock.ErrNotObtained) {
		t.Fatalf("got %v", err)
	}
	check(t, lock.Refresh(ctx, 2*long, nil))
	if ttl := must[time.Duration](t)(lock.TTL(ctx)); ttl <= long {
		t.Fatalf("TTL %v", ttl)
	}
	check(t, lock.Release(ctx))
	if err := lock.Release(ctx); !errors.Is(err, redislock.ErrLockNotHeld) {
		t.Fatalf("got %v", err)
	}
}

func TestRedisRateLimitsWithItsOwnClock(t *testing.T) {
	ctx, _, client := setup(t)
	limiter := redis_rate.NewLimiter(client)
	limit := redis_rate.Limit{Rate: 10, Burst: 10, Period: 24 * time.Hour}
	allowed := 0
	for range 25 {
		allowed += must[*redis_rate.Result](t)(limiter.Allow(ctx, "anna", limit)).Allowed
	}
	equal(t, "allowed", allowed, 10)
	refused := must[*redis_rate.Result](t)(limiter.AllowN(ctx, "anna", limit, 3))
	equal(t, "refused", refused.Allowed, 0)
	if refused.RetryAfter <= 0 {
		t.Fatalf("retry after %v", refused.RetryAfter)
	}
	equal(t, "at most", must[*redis_rate.Result](t)(limiter.AllowAtMost(ctx, "bert", limit, 14)).Allowed, 10)
	check(t, limiter.Reset(ctx, "anna"))
	equal(t, "after reset", must[*redis_rate.Result](t)(limiter.Allow(ctx, "anna", limit)).Allowed, 1)
}
