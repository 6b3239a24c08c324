// conf/examples as a reader would run them.
import { test } from 'node:test';

import { everyVerb } from './apps/verbs.mjs';
import { Scope } from './server.mjs';
import { IoRedisStore } from './stores.mjs';

test('every verb of the cache with ioredis', async (t) => {
  const scope = new Scope(t);
  const { client } = await IoRedisStore.open(scope, await scope.server());
  await everyVerb(client);
});
