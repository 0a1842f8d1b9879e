// A mail server that keeps what it gets: a real SMTP server on a port of its own, which can also
// refuse, be slow, or leave.
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { simpleParser } from 'mailparser';
import { SMTPServer } from 'smtp-server';

import { run } from './process.mjs';
import { eventually } from './time-and-ports.mjs';

/** A certificate for localhost and 127.0.0.1 that signs itself: {key, cert, file, remove()}. */
export async function makeCertificate() {
  const dir = mkdtempSync(path.join(tmpdir(), 'agcert-'));
  const [key, cert] = [path.join(dir, 'key.pem'), path.join(dir, 'cert.pem')];
  await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
    '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1', '-keyout', key, '-out', cert]);
  return {
    key: readFileSync(key), cert: readFileSync(cert), file: cert,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}

const refusal = (code, text) => Object.assign(new Error(text), { responseCode: code });

/**
 * Options: `tls` a certificate, offered by STARTTLS, or from the first byte with `implicit`; `user`
 * and `password` that must be given; `answer(mail)` called before a mail is taken, which may wait
 * or throw refusal(code, text); `recipient(address)` likewise for its address.
 */
export class MailServer {
  constructor({ tls, implicit = false, user, password, answer, recipient } = {}) {
    this.mails = []; // {from, to, raw, parsed, secure, user}
    this.connections = 0;
    this.answer = answer;
    this.recipient = recipient;
    this.scheme = implicit ? 'smtps' : 'smtp';
    this.login = user ? `${encodeURIComponent(user)}:${encodeURIComponent(password)}@` : '';
    const off = [...(tls ? [] : ['STARTTLS']), ...(user ? [] : ['AUTH'])];
    this.smtp = new SMTPServer({
      secure: implicit, key: tls?.key, cert: tls?.cert, disabledCommands: off, authOptional: !user,
      disableReverseLookup: true, logger: false, closeTimeout: 100,
      onConnect: (session, done) => { this.connections += 1; done(); },
      onAuth: (auth, session, done) => done(null, auth.username === user && auth.password === password
        ? { user: auth.username } : { message: 'wrong user or password' }),
      onRcptTo: ({ address }, session, done) => Promise.resolve(address).then(this.recipient).then(() => done(), done),
      onData: (stream, session, done) => this.#take(stream, session).then(() => done(null, 'taken'), done),
    });
    this.smtp.on('error', () => {}); // clients that leave
  }

  async #take(stream, session) {
    const parts = [];
    for await (const part of stream) parts.push(part);
    const { mailFrom, rcptTo } = session.envelope;
    const raw = Buffer.concat(parts).toString('latin1');
    const mail = {
      from: mailFrom.address, to: rcptTo.map((r) => r.address), raw, secure: session.secure, user: session.user,
      helo: session.clearClientHostname ?? session.hostNameAppearsAs, parsed: await simpleParser(Buffer.concat(parts)),
    };
    await this.answer?.(mail, this);
    this.mails.push(mail);
  }

  async start(port = 0) {
    this.smtp.listen(port, '127.0.0.1');
    await once(this.smtp.server, 'listening');
    this.port = this.smtp.server.address().port;
    this.url = `${this.scheme}://${this.login}127.0.0.1:${this.port}`;
    return this;
  }

  /** The n-th mail to an address; waits for it. */
  async mailTo(address, n = 1, ms = 8000) {
    const to = () => this.mails.filter((mail) => mail.to.includes(address));
    await eventually(() => to().length >= n, { ms, what: `mail ${n} to ${address}` });
    return to()[n - 1];
  }

  async close() {
    await new Promise((resolve) => { this.smtp.close(resolve); });
  }
}

export const startMailServer = (options) => new MailServer(options).start();
export { refusal };

/** The link in a mail, as its text has it. */
export const linkIn = (mail) => /https?:\/\/\S+#token=\S+/.exec(mail.parsed.text)?.[0];

/**
 * Something on a port that speaks what `talk(socket)` says, such as nothing at all:
 * {url, connections, close()}.
 */
export async function startListener(talk = () => {}) {
  const sockets = new Set();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    listener.connections += 1;
    socket.on('close', () => sockets.delete(socket)).on('error', () => {});
    talk(socket);
  }).listen(0, '127.0.0.1');
  const listener = { connections: 0 };
  await once(server, 'listening');
  listener.url = `smtp://127.0.0.1:${server.address().port}`;
  listener.close = async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => { server.close(resolve); });
  };
  return listener;
}
