package vault

import "cmp"

// cache keeps unwrapped keys that were used lately, in two generations: when
// the young one is full it becomes the old one and the old one is forgotten. It
// holds at least the last limit/2 keys used and at most limit. Its maps hold no
// pointers, so the garbage collector does not walk them.
type cache struct {
	limit      int
	young, old map[scopeHash]scopeKey
}

func newCache(limit int) cache {
	return cache{limit: max(cmp.Or(limit, DefaultCacheKeys), 2), young: map[scopeHash]scopeKey{}}
}

func (c *cache) get(h scopeHash) (scopeKey, bool) {
	if key, ok := c.young[h]; ok {
		return key, true
	}
	key, ok := c.old[h]
	if ok {
		c.put(h, key)
	}
	return key, ok
}

func (c *cache) put(h scopeHash, key scopeKey) {
	if len(c.young) >= c.limit/2 {
		c.old, c.young = c.young, make(map[scopeHash]scopeKey, c.limit/2)
	}
	c.young[h] = key
}
