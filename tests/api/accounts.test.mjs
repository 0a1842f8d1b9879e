// Links in mails and what they prove: an address, a new address, a new password.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { absentId, expect, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { clientFrom } from '../lib/http.mjs';
import { loggedLink, loggedMails, loggedToken } from '../lib/mail.mjs';
import { connect } from '../lib/raw.mjs';
import { eventually } from '../lib/time-and-ports.mjs';
import { createOrganisation, PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world();

// Every test comes from an address of its own, so that none uses up what another may do.
let address = 0;
beforeEach(() => {
  address += 1;
  w.anonymous.close();
  w.anonymous = clientFrom(w.server.url, `127.0.7.${address}`);
});

const NEW = 'another horse battery staple';

const mailed = (kind, to, n) => loggedToken(w.server, kind, to, n);
const post = (path, body) => w.anonymous.post(`/v1/auth/${path}`, body);
const verify = (token) => post('verify-email', { token });
const reset = (token, password = NEW) => post('reset-password', { token, password });
const login = (email, password) => post('login', { email, password });
const me = async (client) => expect(await client.get('/v1/auth/me'), 200);
const actions = async (client) => expect(await client.get('/v1/activity?limit=100'), 200).data.map((r) => r.action);

function expectLink(reply, code) {
  const problem = expectProblem(reply, 422, 'validation_failed', ['token']);
  assert.equal(problem.errors.find((e) => e.field === 'token').code, code, reply.text);
}

async function forgot(email) {
  const sent = loggedMails(w.server, email).filter((mail) => mail.kind === 'reset').length;
  expect(await post('forgot-password', { email }), 202);
  return mailed('reset', email, sent + 1);
}

/** The last link is as old as if it had been asked for that long ago. */
const age = (account, purpose) => sql(w.server, `UPDATE email_tokens SET expires_at = created_at
  WHERE user_id = '${account.user.id}' AND purpose = '${purpose}'`);

/** Makes every session of the account one that signed in long ago. */
async function forgetLogin(account) {
  const long = "'2020-01-01T00:00:00.000Z'";
  await sql(w.server, `UPDATE sessions SET authenticated_at = ${long} WHERE user_id = '${account.user.id}'`);
  await eventually(async () => Date.parse((await me(account.client)).recent_until) < Date.now(), { ms: 8000 });
}

describe('an address', () => {
  it('is proved by the link that registering mails, once', async () => {
    const { client, email } = await register(w.anonymous);
    assert.equal((await me(client)).email_verified, false);
    assert.match(await loggedLink(w.server, 'verify', email), /^http:\/\/localhost:\d+\/verify-email#token=agm_[\w-]{43}$/);
    const token = await mailed('verify', email);
    assert.equal((await verify(token)).status, 204);
    assert.equal((await me(client)).email_verified, true);
    expectLink(await verify(token), 'used');
    const log = await actions(client);
    assert.equal(log.filter((action) => action === 'auth.email_verified').length, 1);
  });

  it('gets another link when it is asked for, until it is proved', async () => {
    const { client, email } = await register(w.anonymous);
    expect(await client.post('/v1/auth/resend-verification'), 202);
    const [first, second] = [await mailed('verify', email), await mailed('verify', email, 2)];
    assert.notEqual(first, second);
    assert.equal((await verify(second)).status, 204);
    expectProblem(await client.post('/v1/auth/resend-verification'), 409, 'conflict');
  });

  it('is not proved by a link that has expired, is for something else, or is none', async () => {
    const account = await register(w.anonymous);
    const token = await mailed('verify', account.email);
    await age(account, 'verify');
    expectLink(await verify(token), 'expired');
    expectLink(await verify(await forgot(account.email)), 'unknown');
    for (const bad of ['x', 'agm_', `${token}x`, token.slice(0, -1), account.token.slice(0, 200), `agm_${'A'.repeat(43)}`]) expectLink(await verify(bad), 'unknown');
    expectProblem(await verify(''), 422, 'validation_failed', ['token']);
    assert.equal((await me(account.client)).email_verified, false);
  });

  it('of somebody suspended is not proved', async () => {
    const account = await register(w.anonymous);
    const token = await mailed('verify', account.email);
    await sql(w.server, `UPDATE users SET status = 'suspended' WHERE id = '${account.user.id}'`);
    expectLink(await verify(token), 'unknown');
    expect(await post('forgot-password', { email: account.email }), 202);
    assert.deepEqual(loggedMails(w.server, account.email).map((m) => m.kind), ['verify']);
  });

  it('is stored as a hash alone', async () => {
    const account = await register(w.anonymous);
    const token = await mailed('verify', account.email);
    const of = `FROM email_tokens WHERE user_id = '${account.user.id}'`;
    assert.deepEqual(await sql(w.server, `SELECT count(*) ${of}`), [['1']]);
    // Bytes of a hash may be printed as more than one line.
    const rows = await sql(w.server, `SELECT * ${of}`);
    assert.ok(!JSON.stringify(rows).includes(token.slice(4)));
  });
});

describe('a forgotten password', () => {
  it('is replaced by a link, which ends every session and proves the address', async () => {
    const account = await register(w.anonymous);
    const other = expect(await login(account.email, PASSWORD), 200);
    const cookie = w.anonymous.as({ cookie: account.reply.cookies[0].split(';')[0] });
    const token = await forgot(account.email);
    assert.equal((await reset(token)).status, 204);
    for (const client of [account.client, w.anonymous.as({ token: other.token }), cookie]) expectProblem(await client.get('/v1/auth/me'), 401);
    for (const { refresh_token } of [account, other]) expectProblem(await post('refresh', { refresh_token }), 401);
    expectProblem(await login(account.email, PASSWORD), 401, 'bad_credentials');
    const { token: fresh } = expect(await login(account.email, NEW), 200);
    const client = w.anonymous.as({ token: fresh });
    assert.equal((await me(client)).email_verified, true);
    assert.ok((await actions(client)).includes('auth.password_reset'));
    await eventually(() => loggedMails(w.server, account.email).some((m) => m.kind === 'password_changed' && m.link === ''));
    expectLink(await reset(token, PASSWORD), 'used');
    expect(await login(account.email, NEW), 200);
  });

  it('is asked for by the address in any case', async () => {
    const { email } = await register(w.anonymous);
    expect(await post('forgot-password', { email: ` ${email.toUpperCase()} ` }), 202);
    assert.equal((await reset(await mailed('reset', email))).status, 204);
  });

  it('is not replaced by a weak one, and the link can be used again then', async () => {
    const { email } = await register(w.anonymous);
    const token = await forgot(email);
    for (const weak of ['short', 'password123', '']) {
      const reply = await reset(token, weak);
      expectProblem(reply, 422, 'validation_failed', ['password']);
      assert.ok(!reply.text.includes(token));
    }
    assert.equal((await reset(token)).status, 204);
  });

  it('has one link at a time, for an hour', async () => {
    const account = await register(w.anonymous);
    const first = await forgot(account.email);
    const second = await forgot(account.email);
    expectLink(await reset(first), 'used');
    await age(account, 'reset');
    expectLink(await reset(second), 'expired');
    expect(await login(account.email, PASSWORD), 200);
    const [[created, expires]] = await sql(w.server, `SELECT created_at, expires_at FROM email_tokens
      WHERE user_id = '${account.user.id}' AND purpose = 'verify'`);
    assert.equal(Date.parse(expires) - Date.parse(created), 24 * 3_600_000);
  });

  it('is not replaced by a link that proves an address, nor by another account\'s for this one', async () => {
    const [one, two] = [await register(w.anonymous), await register(w.anonymous)];
    expectLink(await reset(await mailed('verify', one.email)), 'unknown');
    assert.equal((await reset(await forgot(one.email))).status, 204);
    expect(await login(two.email, PASSWORD), 200);
    for (const field of ['email', 'user_id']) {
      expectProblem(await post('reset-password', { token: 'x', password: NEW, [field]: two.email }), 422, 'validation_failed', [field]);
    }
  });

  it('lets one of several uses at once through', async () => {
    const { email } = await register(w.anonymous);
    const token = await forgot(email);
    const replies = await Promise.all([1, 2, 3].map((n) => reset(token, `${NEW} ${n}`)));
    const won = replies.map((r, i) => (r.status === 204 ? i + 1 : 0)).filter(Boolean);
    assert.equal(won.length, 1, replies.map((r) => r.status).join());
    expect(await login(email, `${NEW} ${won[0]}`), 200);
  });

  it('leaves no session to who was just signing in with the old one', async () => {
    const account = await register(w.anonymous);
    const token = await forgot(account.email);
    // The reset is first in the queue for hashing; the others have read the old hash when it is done.
    const logins = () => Array.from({ length: 12 }, () => login(account.email, PASSWORD));
    const [done, ...replies] = await Promise.all([reset(token), ...logins()]);
    assert.equal(done.status, 204);
    for (const reply of replies) {
      assert.ok([200, 401, 503].includes(reply.status), reply.text);
      if (reply.status === 200) expectProblem(await w.anonymous.as({ token: reply.json.token }).get('/v1/auth/me'), 401);
    }
    assert.equal(Number((await sql(w.server, `SELECT count(*) FROM sessions WHERE user_id = '${account.user.id}' AND revoked_at IS NULL`))[0][0]), 0);
  });

  it('answers the same for an address nobody has, and as fast', async () => {
    const { email } = await register(w.anonymous);
    const known = await post('forgot-password', { email });
    const unknown = await post('forgot-password', { email: `${unique('nobody')}@mail.test` });
    for (const reply of [known, unknown]) expect(reply, 202);
    assert.equal(withoutRequestId(known), withoutRequestId(unknown));
    assert.deepEqual(Object.keys(known.headers).sort(), Object.keys(unknown.headers).sort());
    for (const bad of ['nobody', '@', 'x'.repeat(200)]) expect(await post('forgot-password', { email: bad }), 202);

    const times = { known: [], unknown: [] };
    for (let i = 0; i < 25; i += 1) {
      times.known.push((await post('forgot-password', { email })).ms);
      times.unknown.push((await post('forgot-password', { email: `${unique('nobody')}@mail.test` })).ms);
    }
    const [least, none] = [Math.min(...times.known), Math.min(...times.unknown)];
    assert.ok(Math.abs(least - none) < Math.max(least, none) * 0.6 + 0.5, `${least} ms known, ${none} ms unknown`);
  });

  it('of an account whose address was never proved takes the keys of whoever made it', async () => {
    const squatted = await register(w.anonymous);
    const { key } = expect(await squatted.client.post('/v1/api-keys', { name: 'squatter' }), 201);
    const { key: shared } = expect(await squatted.client.post('/v1/api-keys', { name: 'squatter', scopes: ['org:read'], shared: true }), 201);
    expect(await w.anonymous.as({ apiKey: shared }).get('/v1/org'), 200);
    assert.equal((await reset(await forgot(squatted.email))).status, 204);
    expectProblem(await w.anonymous.as({ apiKey: key }).get('/v1/auth/me'), 401);
    // In what is the person's own, nobody else's key stays, whomever it was made for.
    expectProblem(await w.anonymous.as({ apiKey: shared }).get('/v1/org'), 401);

    const owned = await register(w.anonymous);
    assert.equal((await verify(await mailed('verify', owned.email))).status, 204);
    const { key: own } = expect(await owned.client.post('/v1/api-keys', { name: 'own' }), 201);
    assert.equal((await reset(await forgot(owned.email))).status, 204);
    expect(await w.anonymous.as({ apiKey: own }).get('/v1/auth/me'), 200);
  });

  it('says what else it ended: keys, in the log of their organisation, linked sign-ins and a block', async () => {
    const squatted = await register(w.anonymous);
    const made = async () => expect(await squatted.client.post('/v1/api-keys', { name: 'k' }), 201).id;
    const own = await made();
    const org = await createOrganisation(squatted);
    const there = [await made(), await made()].sort();
    const { user: { id, org_id: home } } = squatted;
    const at = '2026-01-01T00:00:00.000Z';
    await sql(w.server, `INSERT INTO identities (id, user_id, provider, issuer, subject, email, created_at, last_used_at)
      VALUES ('${id}', '${id}', 'oidc', 'https://idp.test', '${id}', 'x@mail.test', '${at}', '${at}');
      INSERT INTO sign_in_blocks (id, kind, subject, reason, failures, created_at, expires_at)
      VALUES ('${id}', 'account', '${squatted.email}', 'x', 5, '${at}', '2099-01-01T00:00:00.000Z')`);
    assert.equal((await reset(await forgot(squatted.email))).status, 204);
    const log = async (where) => (await sql(w.server, `SELECT action, details FROM activity_logs WHERE ${where} AND user_id = '${id}'
      AND action IN ('api_key.revoked', 'identity.unlinked', 'block.lifted') ORDER BY seq`)).map(([action, details]) => [action, JSON.parse(details)]);
    const revoked = (ids) => ['api_key.revoked', { because: 'auth.password_reset', user_id: id, count: ids.length, api_key_ids: ids }];
    assert.deepEqual(await log(`org_id = '${home}'`), [revoked([own]), ['identity.unlinked', { provider: 'oidc' }]]);
    const [[action, details]] = await log(`org_id = '${org.id}'`);
    assert.deepEqual([action, { ...details, api_key_ids: details.api_key_ids.sort() }], revoked(there));
    assert.deepEqual(await log("org_id = '00000000-0000-0000-0000-000000000000'"), [['block.lifted', { by: 'password reset', user_id: id }]]);
  });

  it('voids every other link, so that no door stays open', async () => {
    const account = await register(w.anonymous);
    const next = `${unique('thief')}@mail.test`;
    expect(await account.client.post('/v1/auth/change-email', { email: next }), 202);
    const [change, proof] = [await mailed('change_confirm', next), await mailed('verify', account.email)];
    assert.equal((await reset(await forgot(account.email))).status, 204);
    for (const token of [change, proof]) expectLink(await verify(token), 'used');

    const changed = await register(w.anonymous);
    const pending = await forgot(changed.email);
    expect(await changed.client.patch('/v1/auth/me', { current_password: PASSWORD, new_password: NEW }), 200);
    expectLink(await reset(pending), 'used');
  });
});

describe('a new address', () => {
  it('is the account\'s once its link was followed, and the old one hears of it', async () => {
    const account = await register(w.anonymous);
    const next = `${unique('next')}@mail.test`;
    expect(await account.client.post('/v1/auth/change-email', { email: next.toUpperCase() }), 202);
    assert.equal((await me(account.client)).email, account.email);
    expectProblem(await login(next, PASSWORD), 401);
    await eventually(() => loggedMails(w.server, account.email).some((m) => m.kind === 'change_notice'));
    const token = await mailed('change_confirm', next);
    assert.equal((await verify(token)).status, 204);
    const after = await me(account.client);
    assert.deepEqual([after.email, after.email_verified], [next, true]);
    expect(await login(next, PASSWORD), 200);
    expectProblem(await login(account.email, PASSWORD), 401);
    await eventually(() => loggedMails(w.server, account.email).some((m) => m.kind === 'address_changed'));
    expectLink(await verify(token), 'used');
    const log = await actions(account.client);
    for (const action of ['auth.email_change_asked', 'auth.email_changed']) assert.ok(log.includes(action), action);
  });

  it('voids links to the old one', async () => {
    const account = await register(w.anonymous);
    const next = `${unique('next')}@mail.test`;
    const [proof, newPassword] = [await mailed('verify', account.email), await forgot(account.email)];
    expect(await account.client.post('/v1/auth/change-email', { email: next }), 202);
    assert.equal((await verify(await mailed('change_confirm', next))).status, 204);
    expectLink(await verify(proof), 'used');
    expectLink(await reset(newPassword), 'used');
  });

  it('replaces one that was asked for before', async () => {
    const account = await register(w.anonymous);
    const [first, second] = [`${unique('one')}@mail.test`, `${unique('two')}@mail.test`];
    for (const email of [first, second]) expect(await account.client.post('/v1/auth/change-email', { email }), 202);
    expectLink(await verify(await mailed('change_confirm', first)), 'used');
    assert.equal((await verify(await mailed('change_confirm', second))).status, 204);
  });

  it('cannot be another account\'s, neither when asked for nor by then', async () => {
    const account = await register(w.anonymous);
    expectProblem(await account.client.post('/v1/auth/change-email', { email: w.bob.email.toUpperCase() }), 409, 'email_taken');
    const next = `${unique('raced')}@mail.test`;
    expect(await account.client.post('/v1/auth/change-email', { email: next }), 202);
    const token = await mailed('change_confirm', next);
    await register(w.anonymous, { email: next });
    expectProblem(await verify(token), 409, 'email_taken');
    assert.equal((await me(account.client)).email, account.email);
    expectProblem(await account.client.post('/v1/auth/change-email', { email: account.email }), 422, 'validation_failed', ['email']);
    for (const email of ['x', 'a@b\r\nBcc: c@d.test', 'a@b.test, c@d.test', 'Ann <a@b.test>']) {
      expectProblem(await account.client.post('/v1/auth/change-email', { email }), 422, 'validation_failed', ['email']);
    }
  });

  it('wants a recent sign-in, which the password renews and a key never has', async () => {
    const account = await register(w.anonymous);
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    const email = `${unique('next')}@mail.test`;
    expectProblem(await w.anonymous.as({ apiKey: key }).post('/v1/auth/change-email', { email }), 403, 'forbidden');
    await forgetLogin(account);
    expectProblem(await account.client.post('/v1/auth/change-email', { email }), 403, 'reauthentication_required');
    assert.ok(Date.parse((await me(account.client)).recent_until) < Date.now());
    expectProblem(await account.client.post('/v1/auth/reauthenticate', { password: 'not it' }), 422, 'validation_failed', ['password']);
    expectProblem(await account.client.post('/v1/auth/change-email', { email }), 403, 'reauthentication_required');
    assert.equal((await account.client.post('/v1/auth/reauthenticate', { password: PASSWORD })).status, 204);
    assert.ok(Date.parse((await me(account.client)).recent_until) > Date.now());
    expect(await account.client.post('/v1/auth/change-email', { email }), 202);
    const log = await actions(account.client);
    for (const action of ['auth.reauthenticated', 'auth.reauthentication_failed']) assert.ok(log.includes(action), action);
  });

  it('of a session is not renewed by another account\'s password, nor by a key', async () => {
    const [account, other] = [await register(w.anonymous), await register(w.anonymous, { password: NEW })];
    await forgetLogin(account);
    expectProblem(await account.client.post('/v1/auth/reauthenticate', { password: NEW }), 422);
    assert.equal((await other.client.post('/v1/auth/reauthenticate', { password: NEW })).status, 204);
    expectProblem(await account.client.post('/v1/auth/change-email', {}), 403, 'reauthentication_required');
    const { key } = expect(await account.client.post('/v1/api-keys', { name: 'k' }), 201);
    expectProblem(await w.anonymous.as({ apiKey: key }).post('/v1/auth/reauthenticate', { password: PASSWORD }), 403, 'forbidden');
  });
});

describe('an account without a password', () => {
  const passwordless = async () => {
    const account = await register(w.anonymous);
    await sql(w.server, `UPDATE users SET password_hash = NULL WHERE id = '${account.user.id}'`);
    return account;
  };

  it('sets one after a recent sign-in', async () => {
    const account = await passwordless();
    assert.equal((await me(account.client)).has_password, false);
    expectProblem(await account.client.post('/v1/auth/reauthenticate', { password: PASSWORD }), 409, 'conflict');
    expectProblem(await account.client.patch('/v1/auth/me', { new_password: NEW, current_password: 'x' }), 422, 'validation_failed', ['current_password']);
    expect(await account.client.patch('/v1/auth/me', { new_password: NEW }), 200);
    expect(await login(account.email, NEW), 200);
    assert.equal((await me(account.client)).has_password, true);
    expectProblem(await account.client.patch('/v1/auth/me', { new_password: PASSWORD }), 422, 'validation_failed', ['current_password']);
  });

  it('does not without one', async () => {
    const account = await passwordless();
    await forgetLogin(account);
    expectProblem(await account.client.patch('/v1/auth/me', { new_password: NEW }), 403, 'reauthentication_required');
    expectProblem(await login(account.email, NEW), 401);
  });
});

describe('sessions', () => {
  const list = async (client) => expect(await client.get('/v1/auth/sessions'), 200).data;

  it('are of a client whose name is long, or no text', async () => {
    const { client, email } = await register(w.anonymous);
    const body = JSON.stringify({ email, password: PASSWORD });
    for (const [sent, told] of [[`a${'é'.repeat(200)}`, `a${'é'.repeat(149)}`], ['é'.repeat(150), 'é'.repeat(150)], [Buffer.from('Gr\xfc\xdfe', 'latin1'), '']]) {
      const c = await connect(w.server.port);
      c.write(Buffer.concat(['POST /v1/auth/login HTTP/1.1\r\nHost: x\r\nUser-Agent: ', sent,
        `\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`].map((part) => Buffer.from(part))));
      assert.equal((await c.reply()).status, 200);
      c.destroy();
      assert.equal((await list(client))[0].user_agent, told);
    }
  });

  it('are listed with where they come from, and which is this one', async () => {
    const account = await register(w.anonymous);
    const reply = await w.anonymous.post('/v1/auth/login', { email: account.email, password: PASSWORD }, { headers: { 'user-agent': 'Probe/1.0' } });
    const second = w.anonymous.as({ token: expect(reply, 200).token });
    const [newest, oldest] = await list(account.client);
    assert.deepEqual([newest.current, oldest.current], [false, true]);
    assert.deepEqual([newest.user_agent, newest.ip], ['Probe/1.0', `127.0.7.${address}`]);
    assert.deepEqual(Object.keys(newest).sort(), ['created_at', 'current', 'expires_at', 'id', 'ip', 'last_used_at', 'user_agent']);
    assert.equal((await list(second)).find((s) => s.current).id, newest.id);
    const page = expect(await second.get('/v1/auth/sessions?limit=1'), 200);
    assert.equal(page.data.length, 1);
    const rest = expect(await second.get(`/v1/auth/sessions?limit=1&cursor=${page.next_cursor}`), 200);
    assert.deepEqual([rest.data[0].id, rest.next_cursor], [oldest.id, null]);
  });

  it('end one by one, at once', async () => {
    const account = await register(w.anonymous);
    const other = expect(await login(account.email, PASSWORD), 200);
    const client = w.anonymous.as({ token: other.token });
    const { id } = (await list(account.client)).find((s) => !s.current);
    await me(client);
    assert.equal((await account.client.delete(`/v1/auth/sessions/${id}`)).status, 204);
    expectProblem(await client.get('/v1/auth/me'), 401);
    expectProblem(await post('refresh', { refresh_token: other.refresh_token }), 401);
    assert.deepEqual((await list(account.client)).map((s) => s.current), [true]);
    expectProblem(await account.client.delete(`/v1/auth/sessions/${id}`), 404, 'not_found');
    assert.ok((await actions(account.client)).includes('auth.session_ended'));
  });

  it('end all but this one', async () => {
    const account = await register(w.anonymous);
    const others = [];
    for (let i = 0; i < 3; i += 1) others.push(expect(await login(account.email, PASSWORD), 200));
    assert.equal((await account.client.delete('/v1/auth/sessions')).status, 204);
    for (const { token } of others) expectProblem(await w.anonymous.as({ token }).get('/v1/auth/me'), 401);
    await me(account.client);
    assert.ok((await actions(account.client)).includes('auth.sessions_ended'));
  });

  it('of others cannot be ended, nor any with a key', async () => {
    const [one, two] = [await register(w.anonymous), await register(w.anonymous)];
    const [theirs] = await list(two.client);
    const [foreign, absent] = [await one.client.delete(`/v1/auth/sessions/${theirs.id}`), await one.client.delete(`/v1/auth/sessions/${absentId()}`)];
    expectProblem(foreign, 404, 'not_found');
    assert.equal(withoutRequestId(foreign), withoutRequestId(absent));
    await me(two.client);
    const { key } = expect(await one.client.post('/v1/api-keys', { name: 'k' }), 201);
    const keyed = w.anonymous.as({ apiKey: key });
    for (const reply of [await keyed.get('/v1/auth/sessions'), await keyed.delete('/v1/auth/sessions'), await keyed.delete(`/v1/auth/sessions/${theirs.id}`)]) {
      expectProblem(reply, 403, 'forbidden');
    }
    await me(one.client);
  });
});

describe('mails to one address', () => {
  it('are not used up by who asks for others that look like it', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const client = clientFrom(server.url, '127.0.8.3');
    const name = unique('ada');
    const account = await register(client, { email: `${name}@mail.test` });
    await sql(server, `UPDATE users SET email_verified_at = created_at WHERE id = '${account.user.id}'`);
    await register(client, { email: `${name}+a@mail.test` });
    const ask = async (email) => expect(await client.as().post('/v1/auth/forgot-password', { email }), 202);
    for (const tag of ['+a', '+b', '+c', '+a', '+b', '+c', '+a', '+a']) await ask(`${name}${tag}@mail.test`);
    await ask(account.email);
    await loggedToken(server, 'reset', account.email);
    const others = () => loggedMails(server, `${name}+a@mail.test`).filter((m) => m.kind === 'reset').length;
    await eventually(() => others() >= 3);
    assert.equal(others(), 3);
  });

  it('are few, whoever asks, and nobody is told', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const client = clientFrom(server.url, '127.0.8.1');
    const account = await register(client);
    for (let i = 0; i < 6; i += 1) expect(await client.as().post('/v1/auth/forgot-password', { email: account.email }), 202);
    const statuses = [];
    for (let i = 0; i < 5; i += 1) statuses.push((await account.client.post('/v1/auth/resend-verification')).status);
    assert.deepEqual(statuses, [202, 202, 429, 429, 429], 'the one of registering counts');
    await eventually(() => loggedMails(server, account.email).filter((m) => m.kind === 'reset').length >= 3);
    const kinds = loggedMails(server, account.email).map((m) => m.kind).sort();
    assert.deepEqual(kinds, ['reset', 'reset', 'reset', 'verify', 'verify', 'verify']);
    const other = await register(client);
    const refused = [];
    for (let i = 0; i < 5; i += 1) refused.push((await account.client.post('/v1/auth/change-email', { email: `${unique('n')}@mail.test` })).status);
    assert.deepEqual(refused, [202, 202, 202, 429, 429], 'the notices to the present address count');
    expect(await other.client.post('/v1/auth/change-email', { email: `${unique('n')}@mail.test` }), 202);
    client.close();
  });

  it('are few, also when accounts come and go, or differ by what is behind a plus', async () => {
    const { server, client: admin } = await w.startWithAccount({ AGENTGEN_RATE_LIMITS: true });
    const client = clientFrom(server.url, '127.0.8.2');
    const name = unique('victim');
    const verify = (email) => loggedMails(server, email).filter((mail) => mail.kind === 'verify').length;
    for (let i = 0; i < 5; i += 1) {
      const account = await register(client, { email: `${name}@mail.test` });
      assert.equal((await account.client.delete('/v1/auth/me')).status, 204);
    }
    const tagged = await register(client, { email: `${name}+1@mail.test` });
    await register(client, { email: `${name}+2@mail.test` });
    const other = await register(client);
    await eventually(() => verify(other.email) === 1);
    assert.equal(verify(`${name}@mail.test`), 3);
    for (const email of [`${name}+1@mail.test`, `${name}+2@mail.test`]) assert.equal(verify(email), 0);
    assert.ok(!server.log.includes('account_deleted'), 'the address was never proved');
    for (const status of [202, 202, 202, 429]) assert.equal((await admin.post(`/v1/admin/users/${tagged.user.id}/reset-password`)).status, status);
    client.close();
  });

  it('and accounts from one address are as few as what else writes them', async () => {
    const server = await w.start({ AGENTGEN_RATE_LIMITS: true });
    const client = clientFrom(server.url, '127.0.8.3');
    const replies = await Promise.all(Array.from({ length: 40 }, () => client.post('/v1/auth/register', {})));
    const refused = replies.filter((reply) => reply.status === 429);
    assert.ok(refused.length >= 8 && refused.length <= 10, `${refused.length}`);
    for (const reply of refused) expectProblem(reply, 429, 'rate_limited');
    client.close();
  });
});

describe('mass assignment', () => {
  it('changes nothing but what one\'s own account has to offer', async () => {
    const { client } = await register(w.anonymous);
    for (const [field, value] of Object.entries({ role: 'admin', status: 'active', email_verified: true, email: 'x@mail.test', org_id: absentId(), plan: 'premium', password_hash: 'x', deleted_at: null })) {
      expectProblem(await client.patch('/v1/auth/me', { [field]: value }), 422, 'validation_failed', [field]);
      const body = { name: 'M', email: `${unique('m')}@mail.test`, password: PASSWORD, [field]: value };
      if (field !== 'email') expectProblem(await post('register', body), 422, 'validation_failed', [field]);
    }
    const account = await me(client);
    assert.deepEqual([account.role, account.email_verified, account.org.plan], ['user', false, 'free']);
  });
});
