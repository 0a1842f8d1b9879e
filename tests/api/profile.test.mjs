// Changing one's own account: the name, and the password with everything that hangs on it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { expect, expectProblem } from '../lib/expect.mjs';
import { PASSWORD, register, world } from '../lib/world.mjs';

const w = world();
const NEW = 'another horse battery staple';

const change = (client, body, options) => client.patch('/v1/auth/me', body, options);
const login = (email, password) => w.anonymous.post('/v1/auth/login', { email, password });
const actions = async (client) => expect(await client.get('/v1/activity?limit=100'), 200).data.map((r) => r.action);

describe('the name', () => {
  it('can be changed alone', async () => {
    const { client, user } = await register(w.anonymous);
    const before = expect(await client.get('/v1/auth/me'), 200);
    assert.equal(before.name, user.name);
    assert.deepEqual(expect(await change(client, { name: '  Countess  ' }), 200), { ...before, name: 'Countess' });
    assert.equal(expect(await client.get('/v1/auth/me'), 200).name, 'Countess');
    assert.equal((await actions(client))[0], 'auth.profile_changed');
  });

  it('stays when nothing is asked for', async () => {
    const { client } = await register(w.anonymous);
    const before = expect(await client.get('/v1/auth/me'), 200);
    assert.deepEqual(expect(await change(client, {}), 200), before);
    assert.ok(!(await actions(client)).includes('auth.profile_changed'));
    for (const body of [{ name: '' }, { name: ' ' }, { name: 'x'.repeat(101) }]) expectProblem(await change(client, body), 422, 'validation_failed', ['name']);
    expectProblem(await change(client, { email: 'x@mail.test' }), 422, 'validation_failed', ['email']);
  });
});

describe('the password', () => {
  it('ends every other session and stays with this one', async () => {
    const { client, email, token, refresh_token: refresh, reply } = await register(w.anonymous);
    const other = expect(await login(email, PASSWORD), 200);
    const otherClient = w.anonymous.as({ token: other.token });
    expect(await otherClient.get('/v1/auth/me'), 200);
    expect(await change(client, { current_password: PASSWORD, new_password: NEW }), 200);
    expectProblem(await otherClient.get('/v1/auth/me'), 401);
    expectProblem(await w.anonymous.post('/v1/auth/refresh', { refresh_token: other.refresh_token }), 401);
    expect(await w.anonymous.as({ token }).get('/v1/auth/me'), 200);
    expect(await w.anonymous.as({ cookie: reply.cookies[0].split(';')[0] }).get('/v1/auth/me'), 200);
    expect(await w.anonymous.post('/v1/auth/refresh', { refresh_token: refresh }), 200);
    expectProblem(await login(email, PASSWORD), 401, 'bad_credentials');
    expect(await login(email, NEW), 200);
    assert.ok((await actions(client)).includes('auth.password_changed'));
  });

  it('needs the current one', async () => {
    const { client, email } = await register(w.anonymous);
    const wrong = await change(client, { name: 'X', current_password: 'not the password', new_password: NEW });
    expectProblem(wrong, 422, 'validation_failed', ['current_password']);
    assert.ok(!wrong.text.includes('not the password') && !wrong.text.includes(NEW));
    expectProblem(await change(client, { new_password: NEW }), 422, 'validation_failed', ['current_password']);
    expectProblem(await change(client, { current_password: PASSWORD }), 422, 'validation_failed', ['new_password']);
    for (const weak of ['short', 'password123']) expectProblem(await change(client, { current_password: PASSWORD, new_password: weak }), 422, 'validation_failed', ['new_password']);
    assert.equal(expect(await client.get('/v1/auth/me'), 200).name, 'Ada Lovelace');
    expect(await login(email, PASSWORD), 200);
  });

  it('cannot be guessed quickly, nor changed with an API key', async () => {
    const { client } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    const { key } = expect(await client.post('/v1/api-keys', { name: 'k' }), 201);
    const keyClient = client.as({ apiKey: key });
    expectProblem(await change(keyClient, { current_password: PASSWORD, new_password: NEW }), 403, 'forbidden');
    expect(await change(keyClient, { name: 'By key' }), 200);
    const statuses = [];
    for (let i = 0; i < 12; i += 1) statuses.push((await change(client, { current_password: `guess ${i}`, new_password: NEW })).status);
    assert.deepEqual([...new Set(statuses)], [422, 429]);
    assert.ok(statuses.filter((s) => s === 422).length <= 10);
  });

  it('is not changed by another site, through the browser\'s cookie', async () => {
    const { reply } = await register(w.anonymous);
    const browser = w.anonymous.as({ cookie: reply.cookies[0].split(';')[0] });
    expectProblem(await change(browser, { name: 'X' }, { headers: { origin: 'https://evil.example' } }), 403, 'bad_origin');
    expect(await change(browser, { name: 'X' }, { headers: { origin: w.server.url } }), 200);
  });
});
