// Row-level security: whether the server is behind it, and what a connection meets that says nothing.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { asSuperuser, query } from '../lib/postgres.mjs';
import { DB_KIND } from '../lib/server.mjs';
import { createAgent, world } from '../lib/world.mjs';

const w = world();

// SQLite has none.
if (DB_KIND === 'postgres') describe('row-level security', () => {
  it('shows no tenant\'s row to a connection that says nothing, and one tenant\'s to one that names it', async () => {
    await createAgent(w.ada.client);
    await createAgent(w.bob.client);
    const url = w.server.databaseUrl;
    const count = async (options) => Number((await query(url, 'SELECT count(*) FROM ai_agents', options))[0][0]);
    assert.equal(await count(), 0);
    assert.equal(await count({ org: w.ada.user.org_id }), 1);
    assert.ok(await count({ org: '*' }) >= 2);
    for (const table of ['organizations', 'memberships', 'activity_logs']) {
      assert.deepEqual(await query(url, `SELECT count(*) FROM ${table}`), [['0']], table);
    }
    await assert.rejects(query(url, `UPDATE ai_agents SET org_id = '${w.bob.user.org_id}'`, { org: w.ada.user.org_id }),
      /row-level security/);
  });

  it('is warned about when the server\'s role passes it', async () => {
    const other = await w.start({}, { databaseUrl: asSuperuser(w.server.databaseUrl) });
    await other.waitForLog(/warn row_security_bypassed/);
  });
});

describe('without a superuser', () => {
  it('nothing is said about row-level security', () => {
    assert.ok(!w.server.log.includes('row_security_bypassed'));
  });
});
