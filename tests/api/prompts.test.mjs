// Saved prompts: create, read, replace, delete.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, assertNow, assertOrderedId, expect, expectProblem } from '../lib/expect.mjs';
import { world } from '../lib/world.mjs';

const w = world();

const post = (body) => w.ada.client.post('/v1/prompts', body);
const EXAMPLE = {
  prompt_text: 'Generate a professional email response to a client inquiry.',
  metadata: { category: 'Business', tags: ['email', 'client', 'professional'] },
};

describe('prompts', () => {
  it('take the documented example and answer it', async () => {
    const reply = await post(EXAMPLE);
    const prompt = expect(reply, 201);
    assert.deepEqual(Object.keys(prompt).sort(),
      ['created_at', 'id', 'metadata', 'prompt_text', 'updated_at', 'user_id', 'version']);
    assertOrderedId(prompt.id);
    assertNow(prompt.created_at);
    assert.deepEqual({ prompt_text: prompt.prompt_text, metadata: prompt.metadata }, EXAMPLE);
    assert.deepEqual([prompt.user_id, prompt.version, reply.headers.etag], [w.ada.user.id, 1, '"1"']);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 200), prompt);
  });

  it('need a text and nothing else', async () => {
    const prompt = expect(await post({ prompt_text: 'Hi' }), 201);
    assert.ok(prompt.metadata === null || typeof prompt.metadata === 'object');
    expectProblem(await post({}), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await post({ prompt_text: '' }), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await post({ prompt_text: 5 }), 422, 'validation_failed', ['prompt_text']);
  });

  it('are up to 64 KiB long, and kept to the last character', async () => {
    const text = `${'p'.repeat(65_535)}!`;
    assert.equal(expect(await post({ prompt_text: text }), 201).prompt_text, text);
    expectProblem(await post({ prompt_text: 'p'.repeat(65_537) }), 422, 'validation_failed', ['prompt_text']);
  });

  it('keep {{variables}}, new lines and any script as they came', async () => {
    const text = 'Hello {{name}},\n\tyour order {{ order }} — 日本語 🚀 "quoted" \\n \u0007';
    const { id } = expect(await post({ prompt_text: text }), 201);
    assert.equal(expect(await w.ada.client.get(`/v1/prompts/${id}`), 200).prompt_text, text);
  });

  it('hold metadata to what it is', async () => {
    const meta = (metadata) => post({ prompt_text: 'x', metadata });
    expectProblem(await meta({ category: 7 }), 422, 'validation_failed', ['metadata.category']);
    expectProblem(await meta({ tags: 'a' }), 422, 'validation_failed', ['metadata.tags']);
    expectProblem(await meta({ tags: [1] }), 422, 'validation_failed');
    expectProblem(await meta({ colour: 'red' }), 422, 'validation_failed', ['metadata.colour']);
    expectProblem(await meta([]), 422, 'validation_failed', ['metadata']);
    assert.deepEqual(expect(await meta({ tags: ['日本', 'b'] }), 201).metadata, { tags: ['日本', 'b'] });
    assert.deepEqual(expect(await meta({ category: 'Ops' }), 201).metadata, { category: 'Ops' });
  });

  it('refuse fields they do not know', async () => {
    expectProblem(await post({ ...EXAMPLE, name: 'x' }), 422, 'validation_failed', ['name']);
    expectProblem(await post({ ...EXAMPLE, user_id: absentId() }), 422, 'validation_failed', ['user_id']);
  });

  it('are replaced as a whole, and counted', async () => {
    const prompt = expect(await post(EXAMPLE), 201);
    const reply = await w.ada.client.put(`/v1/prompts/${prompt.id}`, { prompt_text: 'Shorter.' });
    const replaced = expect(reply, 200);
    assert.deepEqual([replaced.id, replaced.prompt_text, replaced.version, replaced.created_at, reply.headers.etag],
      [prompt.id, 'Shorter.', 2, prompt.created_at, '"2"']);
    assert.notDeepEqual(replaced.metadata, EXAMPLE.metadata);
    assert.deepEqual(expect(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 200), replaced);
    expectProblem(await w.ada.client.put(`/v1/prompts/${prompt.id}`, { metadata: {} }), 422, 'validation_failed', ['prompt_text']);
    expectProblem(await w.ada.client.put(`/v1/prompts/${absentId()}`, EXAMPLE), 404, 'not_found');
  });

  it('can be deleted', async () => {
    const prompt = expect(await post(EXAMPLE), 201);
    assert.equal((await w.ada.client.delete(`/v1/prompts/${prompt.id}`)).status, 204);
    expectProblem(await w.ada.client.get(`/v1/prompts/${prompt.id}`), 404, 'not_found');
    expectProblem(await w.ada.client.delete(`/v1/prompts/${prompt.id}`), 404, 'not_found');
    expectProblem(await w.ada.client.get(`/v1/prompts/${absentId()}`), 404, 'not_found');
  });
});
