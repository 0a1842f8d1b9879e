// The templates that come with the program.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { expect } from '../lib/expect.mjs';
import { world } from '../lib/world.mjs';

const w = world();

describe('templates', () => {
  it('are listed on one page, each ready to become an agent', async () => {
    const { data, next_cursor: next } = expect(await w.ada.client.get('/v1/templates'), 200);
    assert.equal(next, null);
    assert.equal(new Set(data.map((t) => t.id)).size, data.length);
    for (const template of data) {
      assert.deepEqual(Object.keys(template), ['id', 'name', 'description', 'category', 'icon', 'config', 'sample_questions']);
      assert.deepEqual([template.config.provider, template.config.model], [undefined, undefined], template.id);
      const agent = expect(await w.ada.client.post('/v1/agents', { name: template.name, description: template.description, config: template.config }), 201);
      assert.deepEqual(agent.config, template.config, template.id);
    }
  });

  it('answer without anything more than a question', async () => {
    const { data } = expect(await w.ada.client.get('/v1/templates'), 200);
    for (const { id, config, sample_questions: [question] } of data) {
      const answer = expect(await w.ada.client.post('/v1/ai/preview', { config: { ...config, provider: 'sandbox' }, input_text: question }), 200);
      assert.doesNotMatch(answer.response, /\{\{/, id);
    }
  });

  it('are not sent again to who has them', async () => {
    const { etag } = (await w.ada.client.get('/v1/templates')).headers;
    const again = await w.ada.client.get('/v1/templates', { headers: { 'if-none-match': etag } });
    assert.deepEqual([again.status, again.body.length], [304, 0]);
    expect(await w.ada.client.get('/v1/templates', { headers: { 'if-none-match': '"other"' } }), 200);
  });
});
