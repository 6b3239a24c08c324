package clients

import (
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestWriteThroughReachesTableAndCache(t *testing.T) {
	ctx, _, client := setup(t)
	store := &WriteThrough{client, &Table{}, 10 * time.Minute}
	check(t, store.Put(ctx, "a", "1"))
	equal(t, "cache", client.Get(ctx, "item:a").Val(), "1")
	check(t, client.FlushAll(ctx).Err())
	value, found, err := store.Get(ctx, "a")
	check(t, err)
	equal(t, "found", found, true)
	equal(t, "value", value, "1")
	equal(t, "cached again", client.Exists(ctx, "item:a").Val(), 1)
	_, found, err = store.Get(ctx, "missing")
	check(t, err)
	equal(t, "missing", found, false)
}

func TestWriteBehindLosesNoUpdateWhileFlushing(t *testing.T) {
	ctx, _, client := setup(t)
	store := &WriteBehind{client, &Table{}}
	const writers, writes = 4, 100
	var done atomic.Bool
	var writing, flushing sync.WaitGroup
	for writer := range writers {
		writing.Go(func() {
			for i := range writes {
				if err := store.Put(ctx, fmt.Sprintf("w%d:%d", writer, i%20), strconv.Itoa(i)); err != nil {
					t.Error(err)
				}
				if err := store.Add(ctx, "total", 1); err != nil {
					t.Error(err)
				}
			}
		})
	}
	flushing.Go(func() {
		for {
			last := done.Load()
			count, err := store.Flush(ctx, 7)
			if err != nil {
				t.Error(err)
				return
			}
			if count == 0 && last {
				return
			}
		}
	})
	writing.Wait()
	done.Store(true)
	flushing.Wait()
	total, _ := store.Table.Get("total")
	equal(t, "total", total, strconv.Itoa(writers*writes))
	for writer := range writers {
		for slot := range 20 {
			value, _ := store.Table.Get(fmt.Sprintf("w%d:%d", writer, slot))
			equal(t, "last write", value, strconv.Itoa(writes-20+slot))
		}
	}
}
