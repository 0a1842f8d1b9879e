// Mails: what a real mail server gets, and what happens when it refuses, is slow, or is not there.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';

import { sql } from '../lib/database.mjs';
import { expect } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { loggedMails, tokenOf } from '../lib/mail.mjs';
import { cli, parseLogLine } from '../lib/server.mjs';
import { linkIn, MailServer, makeCertificate, refusal, startListener, startMailServer } from '../lib/smtp.mjs';
import { eventually, freePort, sleep } from '../lib/time-and-ports.mjs';
import { PASSWORD, register, unique, world } from '../lib/world.mjs';

const w = world({ accounts: false });
const FROM = 'Agents "R" us <agents@example.com>';
const SITE = 'https://agents.example.com';
const open = [];
let certificate;
before(async () => { certificate = await makeCertificate(); });
after(async () => {
  for (const closable of open) await closable.close();
  certificate.remove();
});

const opened = async (promise) => {
  const closable = await promise;
  open.push(closable);
  return closable;
};
const mailServer = (options) => opened(startMailServer(options));

const mailEnv = (url, more) => ({
  AGENTGEN_SMTP_URL: url, AGENTGEN_SMTP_STARTTLS: 'off', AGENTGEN_MAIL_FROM: FROM, AGENTGEN_PUBLIC_URL: SITE, ...more,
});

/** An agentgen that mails through `url`, and a client of it. */
async function serverFor(url, more, options) {
  const server = await w.start(mailEnv(url, more), options);
  return { server, client: await opened(new Client(server.url)) };
}

const events = (server, name) => server.log.split('\n').filter((line) => line.includes(` ${name} `)).map(parseLogLine);

describe('a mail', () => {
  let smtp;
  let at;
  before(async () => {
    smtp = await mailServer();
    at = await serverFor(smtp.url);
  });

  it('carries the link that proves an address, as text and as HTML', async () => {
    const { email, client } = await register(at.client, { name: 'Ada Lovelace' });
    const mail = await smtp.mailTo(email);
    assert.deepEqual([mail.from, mail.to, mail.helo], ['agents@example.com', [email], 'example.com']);
    const { parsed } = mail;
    assert.deepEqual(parsed.from.value, [{ address: 'agents@example.com', name: 'Agents "R" us' }]);
    assert.deepEqual(parsed.to.value.map((to) => to.address), [email]);
    assert.equal(parsed.subject, 'Confirm your e-mail address');
    assert.ok(Math.abs(parsed.date - Date.now()) < 60_000);
    assert.match(parsed.messageId, /^<[0-9a-f-]{36}@example\.com>$/);
    assert.equal(parsed.headers.get('auto-submitted'), 'auto-generated');
    assert.match(parsed.text, /^Hello Ada Lovelace,\n/);
    const link = linkIn(mail);
    assert.match(link, /^https:\/\/agents\.example\.com\/verify-email#token=agm_[\w-]{43}$/);
    assert.ok(parsed.html.includes(`<a href="${link}">`), parsed.html);
    assert.ok(mail.raw.split('\r\n').every((line) => line.length <= 78 && !/[\r\n]/.test(line)));
    assert.equal((await at.client.post('/v1/auth/verify-email', { token: tokenOf(link) })).status, 204);
    assert.equal(expect(await client.get('/v1/auth/me'), 200).email_verified, true);
    assert.deepEqual(loggedMails(at.server, email), []);
    assert.equal(expect(await at.client.get('/v1/auth/providers'), 200).mail, true);
    assert.ok(!at.server.log.includes(tokenOf(link)), 'no link in the log');
  });

  it('carries the link to a new password, and the notice that it was set', async () => {
    const { email } = await register(at.client);
    expect(await at.client.post('/v1/auth/forgot-password', { email }), 202);
    const token = tokenOf(linkIn(await smtp.mailTo(email, 2)));
    assert.equal((await at.client.post('/v1/auth/reset-password', { token, password: 'another horse battery' })).status, 204);
    const notice = await smtp.mailTo(email, 3);
    assert.equal(notice.parsed.subject, 'Your password was changed');
    assert.equal(linkIn(notice), undefined);
    expect(await at.client.post('/v1/auth/login', { email, password: 'another horse battery' }), 200);
  });

  it('that tells of a new password names what signs in without it', async () => {
    const other = await serverFor(smtp.url, { GOOGLE_CLIENT_ID: 'x', GOOGLE_CLIENT_SECRET: 'y', GITHUB_CLIENT_ID: 'x', GITHUB_CLIENT_SECRET: 'y' });
    const { email, client, user } = await register(other.client);
    const link = (n, provider, issuer) => sql(other.server, 'INSERT INTO identities (id, user_id, provider, issuer, subject, created_at) '
      + `VALUES ('00000000-0000-7000-8000-00000000000${n}', '${user.id}', '${provider}', '${issuer}', '${n}', '2026-01-01T00:00:00.000Z')`);
    const change = (from, to) => client.patch('/v1/auth/me', { current_password: from, new_password: to });
    expect(await change(PASSWORD, 'another horse battery'), 200);
    assert.doesNotMatch((await smtp.mailTo(email, 2)).parsed.text, /without one/);
    await link(1, 'google', 'https://accounts.google.com');
    await link(2, 'google', 'https://accounts.google.com');
    await link(3, 'github', 'https://github.com');
    await link(4, 'oidc', 'https://gone.example');
    expect(await change('another horse battery', PASSWORD), 200);
    assert.match((await smtp.mailTo(email, 3)).parsed.text, /without one, as before: Google \(2\), GitHub\./);
    expect(await other.client.post('/v1/auth/forgot-password', { email }), 202);
    await sql(other.server, `UPDATE users SET email_verified_at = '2026-01-01T00:00:00.000Z' WHERE id = '${user.id}'`);
    const token = tokenOf(linkIn(await smtp.mailTo(email, 4)));
    assert.equal((await other.client.post('/v1/auth/reset-password', { token, password: 'another horse battery' })).status, 204);
    assert.match((await smtp.mailTo(email, 5)).parsed.text, /Google \(2\), GitHub\./);
  });

  it('goes to both addresses when one is to replace the other', async () => {
    const { email, client } = await register(at.client);
    const next = `${unique('next')}@mail.test`;
    expect(await client.post('/v1/auth/change-email', { email: next }), 202);
    const notice = await smtp.mailTo(email, 2);
    assert.ok(notice.parsed.text.includes(next) && !linkIn(notice));
    const confirm = await smtp.mailTo(next);
    assert.ok(confirm.parsed.text.includes(email));
    assert.equal((await at.client.post('/v1/auth/verify-email', { token: tokenOf(linkIn(confirm)) })).status, 204);
    assert.equal((await smtp.mailTo(email, 3)).parsed.subject, 'Your e-mail address was changed');
  });

  it('goes to nobody whom the server does not know', async () => {
    const email = `${unique('nobody')}@mail.test`;
    expect(await at.client.post('/v1/auth/forgot-password', { email }), 202);
    const known = await register(at.client);
    await smtp.mailTo(known.email);
    assert.ok(!smtp.mails.some((mail) => mail.to.includes(email)));
  });

  it('shows a hostile name as text: no header, no recipient, no markup, no link', async () => {
    const names = [
      'Eve\r\nBcc: victim@mail.test\r\n\r\nfree money',
      '<a href="https://evil.example/">click</a>',
      '"><img src=https://evil.example/x.png>',
      'https://evil.example/login www.evil.example',
      '=?UTF-8?B?RXZl?= .\r\n.\r\nRCPT TO:<victim@mail.test>',
      `${'\u202e'}elpmaxe.live ${'😀'.repeat(40)}`,
    ];
    for (const name of names) {
      const { email } = await register(at.client, { name });
      const mail = await smtp.mailTo(email);
      assert.deepEqual(mail.to, [email]);
      assert.equal(mail.parsed.bcc, undefined);
      assert.equal(mail.parsed.subject, 'Confirm your e-mail address');
      assert.ok(!/<(img|a href="https?:\/\/evil)/.test(mail.parsed.html), mail.parsed.html);
      assert.ok(!/evil\.example/.test(mail.parsed.text) && !/https:\/\/evil/.test(mail.parsed.html), mail.parsed.text);
      assert.ok(linkIn(mail).startsWith(`${SITE}/verify-email#token=agm_`));
      assert.deepEqual(mail.parsed.attachments, []);
    }
    assert.ok(!smtp.mails.some((mail) => mail.to.includes('victim@mail.test')));
  });

  it('never carries a link to where a request said that the server is', async () => {
    const { email } = await register(at.client);
    const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', origin: 'https://evil.example' };
    await at.client.post('/v1/auth/forgot-password', { email }, { headers });
    const mail = await smtp.mailTo(email, 2);
    assert.ok(!mail.raw.includes('evil') && linkIn(mail).startsWith(`${SITE}/`));
  });
});

describe('a connection', () => {
  const tlsEnv = { SSL_CERT_FILE: undefined, AGENTGEN_SMTP_STARTTLS: 'required' };
  const trusting = () => ({ ...tlsEnv, SSL_CERT_FILE: certificate.file });

  it('becomes one with TLS before the password goes out', async () => {
    const smtp = await mailServer({ tls: certificate, user: 'agents@example.com', password: 'p@ss:w/rd %' });
    const { client } = await serverFor(smtp.url, trusting());
    const { email } = await register(client);
    const mail = await smtp.mailTo(email);
    assert.deepEqual([mail.secure, mail.user], [true, 'agents@example.com']);
  });

  it('has TLS from its first byte with smtps', async () => {
    const smtp = await mailServer({ tls: certificate, implicit: true, user: 'u', password: 'p' });
    const { client } = await serverFor(smtp.url, trusting());
    const { email } = await register(client);
    assert.equal((await smtp.mailTo(email)).secure, true);
  });

  it('is not used without TLS, with a certificate nobody vouches for, or with a wrong password', async () => {
    const plain = await mailServer();
    const unknown = await mailServer({ tls: certificate });
    const guarded = await mailServer({ tls: certificate, user: 'u', password: 'p' });
    const cases = [
      [plain, plain.url, trusting()],
      [unknown, unknown.url, tlsEnv],
      [guarded, guarded.url.replace('u:p@', 'u:wrong@'), trusting()],
    ];
    for (const [smtp, url, env] of cases) {
      const { server, client } = await serverFor(url, env);
      const { email } = await register(client);
      await eventually(() => events(server, 'mail_refused').length > 0, { what: 'the refusal in the log' });
      assert.deepEqual(smtp.mails.filter((mail) => mail.to.includes(email)), []);
      assert.ok(!server.log.includes('wrong@') && !/token=agm_/.test(server.log));
    }
  });

  it('takes TLS where it is offered, and does without where it is optional', async () => {
    for (const tls of [certificate, undefined]) {
      const smtp = await mailServer({ tls });
      const { client } = await serverFor(smtp.url, { ...trusting(), AGENTGEN_SMTP_STARTTLS: 'optional' });
      const { email } = await register(client);
      assert.equal((await smtp.mailTo(email)).secure, tls !== undefined);
    }
  });

  it('is not made to an address that nobody may dial', async () => {
    const { server, client } = await serverFor('smtp://169.254.169.254:25');
    await register(client);
    await eventually(() => events(server, 'mail_failed').length > 0);
    assert.match(server.log, /not one that may be dialled/);
  });
});

describe('a mail server that', () => {
  it('is down for a moment gets the mail when it is back', async () => {
    const port = await freePort();
    const { server, client } = await serverFor(`smtp://127.0.0.1:${port}`);
    const { email, reply } = await register(client);
    assert.equal(reply.status, 201);
    await eventually(() => events(server, 'mail_refused').length > 0);
    const back = await opened(new MailServer().start(port));
    await back.mailTo(email, 1, 8000);
    assert.deepEqual(events(server, 'mail_failed'), []);
  });

  it('refuses an address for good is not asked again', async () => {
    const smtp = await mailServer({ recipient: () => { throw refusal(550, 'no such mailbox'); } });
    const { server, client } = await serverFor(smtp.url);
    const { email } = await register(client);
    const [failed] = await eventually(() => { const e = events(server, 'mail_failed'); return e.length > 0 && e; });
    assert.deepEqual([failed.kind, failed.to, failed.tries], ['verify', email, '1']);
    await sleep(2500);
    assert.equal(smtp.connections, 1);
  });

  it('refuses for now is asked again', async () => {
    let refusals = 0;
    const smtp = await mailServer({ answer: () => { refusals += 1; if (refusals === 1) throw refusal(451, 'try later'); } });
    const { client } = await serverFor(smtp.url);
    const { email } = await register(client);
    await smtp.mailTo(email);
    assert.equal(refusals, 2);
  });

  it('is slow makes no request slow, nor others\' mails lost', async () => {
    let goOn;
    const slow = new Promise((resolve) => { goOn = resolve; });
    const smtp = await mailServer({ answer: () => slow });
    const { server, client } = await serverFor(smtp.url);
    const accounts = await Promise.all([1, 2, 3].map(() => register(client)));
    for (const { email } of accounts) assert.equal((await client.post('/v1/auth/forgot-password', { email })).status, 202);
    assert.deepEqual(smtp.mails, [], 'nobody waited for a mail');
    goOn();
    for (const { email } of accounts) await smtp.mailTo(email, 2);
    const done = (text) => /^agentgen_mails_sent_total 6$/m.test(text) && /^agentgen_mails_queued 0$/m.test(text);
    await eventually(async () => done((await client.get('/metrics')).text), { what: 'six mails in the metrics' });
    assert.ok(server.running);
  });

  it('says nothing, leaves, or talks nonsense harms nobody', async () => {
    const talks = [
      () => {},
      (socket) => socket.destroy(),
      (socket) => socket.end('220 hello\r\n'),
      (socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'),
      (socket) => socket.write(`220-${'x'.repeat(100_000)}`),
      (socket) => socket.write('220-a\r\n'.repeat(10_000)),
    ];
    await Promise.all(talks.map(async (talk) => {
      const listener = await opened(startListener(talk));
      const { server, client } = await serverFor(listener.url, { AGENTGEN_DRAIN_TIMEOUT_MS: 500 });
      const { reply } = await register(client);
      assert.equal(reply.status, 201);
      await eventually(() => listener.connections > 0);
      expect(await client.get('/ready'), 200);
      await server.terminate();
    }));
  });

  it('is slow when the server stops gets what it takes within the drain time', async () => {
    const smtp = await mailServer({ answer: () => sleep(700) });
    const { server, client } = await serverFor(smtp.url);
    const { email } = await register(client);
    await eventually(() => smtp.connections > 0);
    await server.terminate();
    assert.equal(smtp.mails.filter((mail) => mail.to.includes(email)).length, 1);

    const silent = await opened(startListener());
    const other = await serverFor(silent.url, { AGENTGEN_DRAIN_TIMEOUT_MS: 1000 });
    const { email: lost } = await register(other.client);
    await register(other.client);
    await eventually(() => silent.connections > 0);
    const from = performance.now();
    await other.server.terminate();
    assert.ok(performance.now() - from < 6000, `${performance.now() - from} ms`);
    assert.match(other.server.log, /mail_(failed|lost) kind=verify/);
    assert.ok(other.server.log.includes(lost));
  });

  it('never answers makes mails wait, and nobody else', async () => {
    const silent = await opened(startListener());
    const { server, client } = await serverFor(silent.url, { AGENTGEN_DRAIN_TIMEOUT_MS: 500 });
    const { client: own } = await register(client);
    for (let i = 0; i < 12; i += 1) await register(client);
    const metrics = (await client.get('/metrics')).text;
    assert.match(metrics, /^agentgen_mails_queued 12$/m);
    expect(await own.get('/v1/auth/me'), 200);
    await server.terminate();
  });
});

describe('without a mail server', () => {
  it('links are in the log, and the configuration says so', async () => {
    const { server, client } = await w.startWithAccount({ AGENTGEN_PUBLIC_URL: SITE });
    const { email } = await register(client);
    const [mail] = loggedMails(server, email);
    assert.equal(mail.level, 'warn');
    assert.equal(mail.kind, 'verify');
    assert.match(mail.link, /^https:\/\/agents\.example\.com\/verify-email#token=agm_/);
    assert.ok(!(await client.get('/metrics')).text.includes('agentgen_mails'));
    assert.equal(expect(await client.as().get('/v1/auth/providers'), 200).mail, false);
  });
});

describe('the configuration', () => {
  const check = (env) => cli(['check-config'], { env: { JWT_SECRET: 'x'.repeat(16) + unique('secret-') + unique(), ...env } });

  it('is refused where a password would go out in clear, or nobody is the sender', async () => {
    const wrong = [
      mailEnv('smtp://user:pass@mail.example.com'),
      mailEnv('smtp://user:pass@mail.example.com', { AGENTGEN_SMTP_STARTTLS: 'optional' }),
      mailEnv('smtp://user@mail.example.com', { AGENTGEN_SMTP_STARTTLS: 'required' }),
      mailEnv('smtp://mail.example.com', { AGENTGEN_MAIL_FROM: undefined }),
      mailEnv('smtp://mail.example.com', { AGENTGEN_MAIL_FROM: 'nobody' }),
      mailEnv('smtp://mail.example.com', { AGENTGEN_MAIL_FROM: 'A <a@b.example>, B <b@b.example>' }),
      mailEnv('http://mail.example.com'), mailEnv('mail.example.com:25'), mailEnv('smtp://'),
      mailEnv('smtp://mail.example.com/path'), mailEnv('smtp://mail.example.com?x=1'), mailEnv('smtp://mail.example.com:99999'),
      mailEnv('smtps://u:p%0d%0aRSET@mail.example.com'),
    ];
    for (const env of wrong) {
      const end = await check(env);
      assert.equal(end.code, 78, `${JSON.stringify(env)}\n${end.out}${end.err}`);
      assert.ok(!(end.out + end.err).includes(':pass@'));
    }
  });

  it('is taken where it makes sense', async () => {
    for (const env of [mailEnv('smtp://127.0.0.1:25'), mailEnv('smtps://user:pass@mail.example.com'),
      mailEnv('smtp://u%40x:p%2Fq@mail.example.com:2525', { AGENTGEN_SMTP_STARTTLS: 'required', AGENTGEN_MAIL_FROM: 'agents@example.com' })]) {
      const end = await check(env);
      assert.equal(end.code, 0, end.out + end.err);
      assert.ok(!/:pass@|p%2Fq/.test(end.out + end.err), 'the password is not shown');
    }
  });

  it('is tried out by `agentgen mail test`', async () => {
    const smtp = await mailServer();
    const test = (env, to = 'someone@mail.test') => cli(['mail', 'test', to], { env });
    const end = await test(mailEnv(smtp.url));
    assert.equal(end.code, 0, end.err);
    assert.equal((await smtp.mailTo('someone@mail.test')).parsed.subject, 'A test of mails');
    for (const [env, to, words] of [[{}, undefined, /no mail server/], [mailEnv(`smtp://127.0.0.1:${await freePort()}`), undefined, /cannot be connected/],
      [mailEnv(smtp.url), 'a@b.test\nRCPT TO:<c@d.test>', /not an e-mail address/]]) {
      const bad = await test(env, to);
      assert.notEqual(bad.code, 0);
      assert.match(bad.err, words);
    }
    assert.equal(smtp.mails.length, 1);
  });
});
