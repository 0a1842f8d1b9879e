// ETag and If-Match: two editors never overwrite each other silently.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { unique, world } from '../lib/world.mjs';

const w = world();

const kinds = {
  agents: () => ({ name: unique('Agent'), config: {} }),
  prompts: () => ({ prompt_text: unique('Prompt') }),
};

for (const [kind, body] of Object.entries(kinds)) {
  describe(kind, () => {
    const create = async () => expect(await w.ada.client.post(`/v1/${kind}`, body()), 201);
    const put = (id, etag) => w.ada.client.put(`/v1/${kind}/${id}`, body(), { headers: { 'if-match': etag } });
    const remove = (id, etag) => w.ada.client.delete(`/v1/${kind}/${id}`, { headers: { 'if-match': etag } });
    const read = (id, headers) => w.ada.client.get(`/v1/${kind}/${id}`, { headers });

    it('carry the version as ETag', async () => {
      const { id } = await create();
      assert.equal((await read(id)).headers.etag, '"1"');
      assert.equal((await put(id, '"1"')).headers.etag, '"2"');
      assert.equal((await read(id)).headers.etag, '"2"');
    });

    it('are changed when the version is the one the editor saw', async () => {
      const { id } = await create();
      assert.equal(expect(await put(id, '"1"'), 200).version, 2);
      assert.equal(expect(await put(id, '"2"'), 200).version, 3);
      assert.equal((await remove(id, '"3"')).status, 204);
    });

    it('stay as they are when somebody else was faster', async () => {
      const { id } = await create();
      const theirs = expect(await put(id, '"1"'), 200);
      expectProblem(await put(id, '"1"'), 412, 'precondition_failed');
      expectProblem(await remove(id, '"1"'), 412, 'precondition_failed');
      expectProblem(await put(id, '"99"'), 412, 'precondition_failed');
      assert.deepEqual(expect(await read(id), 200), theirs);
    });

    it('are changed by exactly one of many editors at once', async () => {
      const { id } = await create();
      const replies = await Promise.all(Array.from({ length: 8 }, () => put(id, '"1"')));
      const statuses = replies.map((r) => r.status).sort();
      assert.deepEqual(statuses, [200, 412, 412, 412, 412, 412, 412, 412]);
      assert.equal(expect(await read(id), 200).version, 2);
    });

    it('count every change when no editor asks for a version', async () => {
      const { id } = await create();
      const replies = await Promise.all(Array.from({ length: 8 }, () => put(id, undefined)));
      const versions = replies.map((r) => expect(r, 200).version).sort((a, b) => a - b);
      assert.deepEqual(versions, [2, 3, 4, 5, 6, 7, 8, 9]);
    });

    it('take * for any version', async () => {
      const { id } = await create();
      expect(await put(id, '*'), 200);
    });

    it('do not take what is no version of theirs', async () => {
      const { id } = await create();
      for (const etag of ['1', 'W/"1"', '"x"', '"-1"', '""', '"1', '"99999999999999999999"']) {
        const reply = await put(id, etag);
        assert.ok([400, 412, 422].includes(reply.status), `${etag}: ${reply.status}`);
        expectProblem(reply, reply.status);
      }
      assert.equal(expect(await read(id), 200).version, 1);
    });

    it('are not sent again to who has them', async () => {
      const { id } = await create();
      const reply = await read(id, { 'if-none-match': '"1"' });
      assert.ok([200, 304].includes(reply.status), reply.text);
      if (reply.status === 304) assert.equal(reply.body.length, 0);
      expect(await read(id, { 'if-none-match': '"7"' }), 200);
    });
  });
}
