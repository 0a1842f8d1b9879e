// The web pages: which file answers a path, in which form, and what a page may do.
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'node:test';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';

import { absentId, expectProblem } from '../lib/expect.mjs';
import { Client } from '../lib/http.mjs';
import { start } from '../lib/process.mjs';
import { exchange } from '../lib/raw.mjs';
import { ROOT, cli } from '../lib/server.mjs';
import { ATTRIBUTE, SCRIPT, STYLE, tinyExport } from '../lib/tiny-export.mjs';
import { world } from '../lib/world.mjs';

const ID = absentId();
const NAVIGATION = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };
const sha256 = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

let site;
const w = world({
  accounts: false,
  prepare: async (it) => {
    site = await tinyExport(ROOT);
    it.folder = await it.start({ AGENTGEN_WEB_DIR: site.dir });
    it.client = new Client(it.folder.url);
  },
});
after(() => {
  w.client?.close();
  site?.remove();
});

const get = (target, headers = {}) => w.client.get(target, { headers });
const content = (name) => Buffer.from(site.files[name]).toString();

/** The directives of a policy by name. */
function policyOf(reply) {
  const parts = reply.headers['content-security-policy'].split(';').map((part) => part.trim().split(/\s+/));
  return Object.fromEntries(parts.map(([name, ...values]) => [name, values]));
}

describe('a path', () => {
  it('leads to its file', async () => {
    const files = {
      '/': 'index.html',
      '/index.txt': 'index.txt',
      '/login': 'login.html',
      '/login.txt': 'login.txt',
      '/agents': 'agents.html',
      '/agents/__next._tree.txt': 'agents/__next._tree.txt',
      '/agents/new': 'agents/new.html',
      '/robots.txt': 'robots.txt',
      '/_next/static/chunks/3d4e5f.js': '_next/static/chunks/3d4e5f.js',
    };
    for (const [target, name] of Object.entries(files)) {
      const reply = await get(target);
      assert.equal(reply.status, 200, target);
      assert.equal(reply.text, content(name), target);
    }
  });

  it('with a parameter leads to the page exported for all of them', async () => {
    const files = {
      [`/agents/${ID}`]: 'agents/_.html',
      [`/agents/${ID}.txt`]: 'agents/_.txt',
      [`/agents/${ID}/__next._tree.txt`]: 'agents/_/__next._tree.txt',
      [`/agents/${ID}/edit`]: 'agents/_/edit.html',
      [`/agents/${ID}/edit.txt`]: 'agents/_/edit.txt',
      [`/agents/${ID}/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt`]: 'agents/_/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt',
      '/agents/new/edit': 'agents/_/edit.html',
      '/agents/k%C3%A4se%20und%20brot': 'agents/_.html',
      '/agents/_': 'agents/_.html',
      '/agents/%5F': 'agents/_.html',
      '/agents/%5f/%65dit': 'agents/_/edit.html',
    };
    for (const [target, name] of Object.entries(files)) {
      const reply = await get(target);
      assert.equal(reply.status, 200, target);
      assert.equal(reply.text, content(name), target);
    }
  });

  it('is the same with a query', async () => {
    for (const query of ['?_rsc=1abc', '?tab=x&_rsc=', '?', '?q=%zz', '?../../etc/passwd']) {
      assert.equal((await get(`/agents/${ID}.txt${query}`)).text, content('agents/_.txt'), query);
    }
  });

  it('with a slash at its end is told to go without', async () => {
    const moves = {
      '/agents/': '/agents',
      '/agents/?a=1&b=%20': '/agents?a=1&b=%20',
      [`/agents/${ID}/edit/`]: `/agents/${ID}/edit`,
      '/agents/k%C3%A4se%20%3Fa%23b%25/': '/agents/k%C3%A4se%20%3Fa%23b%25',
    };
    for (const [target, location] of Object.entries(moves)) {
      for (const method of ['GET', 'HEAD']) {
        const reply = await w.client.request(method, target);
        assert.deepEqual([reply.status, reply.headers.location, reply.body.length], [308, location, 0], target);
      }
      assert.equal((await get(location)).status, 200, location);
    }
  });

  it('of nothing is 404: a page for a browser that goes there, a problem for who asks for data', async () => {
    const targets = ['/nothing', '/nothing/', '/agents/x/y', '/agents/script.js', `/agents/${ID}/__next.other.txt`, '/Login', '/agents/.x', '/.hidden.txt'];
    for (const target of targets) {
      const reply = await get(target, NAVIGATION);
      assert.deepEqual([reply.status, reply.type, reply.text], [404, 'text/html', content('404.html')], target);
      assert.equal(reply.headers['cache-control'], 'no-store');
      assert.equal(reply.headers.etag, undefined);
      assert.match(reply.headers['content-security-policy'], /script-src 'self'/);
      const head = await w.client.request('HEAD', target, { headers: NAVIGATION });
      assert.deepEqual([head.status, head.body.length], [404, 0], target);
      for (const accept of [undefined, '*/*', 'text/x-component', 'image/avif,image/webp,*/*']) {
        expectProblem(await get(target, { accept }), 404, 'not_found');
      }
    }
    assert.equal((await get('/404')).status, 404);
    const again = await get('/nothing', { ...NAVIGATION, 'if-none-match': '*' });
    assert.deepEqual([again.status, again.text], [404, content('404.html')]);
  });

  it('of a script that is gone, and of the API, has no page', async () => {
    for (const target of ['/_next/static/chunks/none.js', '/_next/static/none.css', '/_next/x', '/v1', '/v1/', '/v1/nothing', '/v1/agents/x/y', '/v1/../v1/nothing']) {
      expectProblem(await get(target, NAVIGATION), 404, 'not_found');
    }
    for (const target of ['/health/', '/openapi.json/']) assert.equal((await get(target)).status, 404);
  });

  it('knows GET and HEAD alone', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      for (const target of ['/', '/agents', `/agents/${ID}`, '/agents/', '/favicon.ico']) {
        const reply = await w.client.request(method, target, { headers: NAVIGATION });
        expectProblem(reply, 405, 'method_not_allowed');
        assert.equal(reply.headers.allow, 'GET, HEAD');
      }
      expectProblem(await w.client.request(method, '/nothing', { headers: NAVIGATION }), 404, 'not_found');
    }
    for (const target of ['/', `/agents/${ID}`, '/logo.png']) {
      const [head, whole] = [await w.client.request('HEAD', target), await get(target)];
      assert.deepEqual([head.status, head.body.length], [200, 0]);
      for (const name of ['content-length', 'content-type', 'etag', 'content-security-policy']) assert.equal(head.headers[name], whole.headers[name], name);
    }
  });
});

describe('a hostile path', () => {
  const talk = (target, use) => exchange(w.folder.port, `GET ${target} HTTP/1.1\r\nHost: x\r\nAccept: text/html\r\n\r\n`, use);
  const targets = ['/..%2fsecret.txt', '/%2e%2e/secret.txt', '/../secret.txt', '/agents/../../secret.txt', '/agents/%2e%2e/%2e%2e/secret.txt', '/..;/secret.txt',
    '/..%5csecret.txt', '/..\\secret.txt', '/agents\\..\\..\\secret.txt', '/up/secret.txt', '/up', '/up/', '/link.txt', '/.hidden.txt', '/%2ehidden.txt',
    '/index.html.csp', '/csp.json', '/%00', '/index.html%00.txt', '/agents/%00', '/%0d%0aX-Injected:%201', '/agents/%0aX/', '/%ff', '/%zz', '/%',
    '//', '///', '//secret.txt', '//etc/passwd', '/etc/passwd', '/file:///etc/passwd', '//evil.example/', '//evil.example/..', '/\\evil.example/',
    '/%5cevil.example/', '/agents//', '/agents/./', '/./', '/agents/..', `/${'a/'.repeat(1000)}`, `/${'x'.repeat(4000)}`, `/agents/${'x'.repeat(4000)}`,
    `/${'../'.repeat(500)}etc/passwd`, `/${'%2e%2e/'.repeat(100)}etc/passwd`];

  it('leads out of nothing, neither here nor to another host', async () => {
    for (const target of targets) {
      await talk(target, async (c) => {
        const reply = await c.reply();
        assert.ok([200, 308, 400, 404].includes(reply.status), `${target.slice(0, 80)}: ${reply.status}`);
        assert.doesNotMatch(reply.text, /root:|hidden|unsafe|sha256/, target);
        assert.equal(reply.headers['x-injected'], undefined);
        if (reply.status === 308) assert.match(reply.headers.location, /^\/[a-z0-9_]/, target);
      });
    }
  });

  it('may be as long as addresses go', async () => {
    await talk(`/agents/${'x'.repeat(9000)}`, async (c) => assert.equal((await c.reply()).status, 414));
  });
});

describe('a file', () => {
  it('has the type of its name', async () => {
    const types = {
      '/': 'text/html; charset=utf-8',
      '/index.txt': 'text/plain; charset=utf-8',
      '/_next/static/chunks/0a1b2c.css': 'text/css; charset=utf-8',
      '/_next/static/chunks/3d4e5f.js': 'text/javascript; charset=utf-8',
      '/_next/static/media/font.0a1b.woff2': 'font/woff2',
      '/manifest.webmanifest': 'application/manifest+json',
      '/favicon.ico': 'image/x-icon',
      '/icon.svg': 'image/svg+xml',
      '/logo.png': 'image/png',
    };
    for (const [target, type] of Object.entries(types)) {
      const reply = await get(target);
      assert.deepEqual([reply.status, reply.headers['content-type']], [200, type], target);
      assert.equal(reply.headers['x-content-type-options'], 'nosniff');
      assert.equal(reply.headers['cross-origin-resource-policy'], 'same-origin');
    }
    assert.deepEqual((await get('/logo.png')).body, site.files['logo.png']);
  });

  it('whose name holds a hash is kept for a year, any other asked for again', async () => {
    for (const target of ['/_next/static/chunks/0a1b2c.css', '/_next/static/chunks/3d4e5f.js', '/_next/static/media/font.0a1b.woff2']) {
      assert.equal((await get(target)).headers['cache-control'], 'public, max-age=31536000, immutable', target);
    }
    for (const target of ['/', `/agents/${ID}`, '/agents.txt', '/favicon.ico', '/_next/static/build/_buildManifest.js']) {
      const reply = await get(target);
      assert.equal(reply.headers['cache-control'], 'no-cache', target);
      for (const tag of [reply.headers.etag, `"x", W/${reply.headers.etag}`, '*']) {
        const again = await get(target, { 'if-none-match': tag });
        assert.deepEqual([again.status, again.body.length, again.headers.etag], [304, 0, reply.headers.etag], target);
      }
      assert.equal((await get(target, { 'if-none-match': '"other"' })).status, 200);
    }
  });

  it('of a folder that changes is new at once', async () => {
    const file = path.join(site.dir, 'changing.txt');
    writeFileSync(file, 'one');
    const first = await get('/changing.txt');
    writeFileSync(file, 'two');
    const second = await get('/changing.txt', { 'if-none-match': first.headers.etag });
    assert.deepEqual([first.text, second.status, second.text], ['one', 200, 'two']);
    rmSync(file);
    expectProblem(await get('/changing.txt'), 404, 'not_found');
  });
});

describe('a page', () => {
  it('may run what it was exported with and nothing else', async () => {
    const policy = policyOf(await get('/'));
    assert.deepEqual(policy['default-src'], ["'none'"]);
    assert.deepEqual(policy['script-src'], ["'self'", sha256(SCRIPT)]);
    assert.deepEqual(policy['style-src'].slice(0, 4), ["'self'", "'unsafe-hashes'", sha256(STYLE), sha256(ATTRIBUTE)]);
    assert.equal(policy['style-src'][4], sha256(''), 'the hash of csp.json');
    const rest = { 'img-src': ["'self'", 'data:'], 'font-src': ["'self'"], 'connect-src': ["'self'"], 'manifest-src': ["'self'"], 'base-uri': ["'none'"],
      'form-action': ["'self'"], 'frame-ancestors': ["'none'"] };
    for (const [name, values] of Object.entries(rest)) assert.deepEqual(policy[name], values, name);
    assert.deepEqual(policyOf(await get('/login'))['script-src'], ["'self'"]);
    assert.deepEqual(policyOf(await get(`/agents/${ID}`))['style-src'], ["'self'", sha256('')]);
    assert.deepEqual(policyOf(await get('/login.txt'))['default-src'], ["'none'"]);
  });

  it('without a policy beside it may run its own', async () => {
    const bare = await tinyExport(ROOT, { policies: false });
    const server = await w.start({ AGENTGEN_WEB_DIR: bare.dir });
    const client = new Client(server.url);
    const policy = policyOf(await client.get('/'));
    assert.deepEqual(policy['script-src'], ["'self'", "'unsafe-inline'"]);
    assert.deepEqual(policy['default-src'], ["'none'"]);
    // The folder may go away and come back while the server runs, as it does when it is exported anew.
    bare.remove();
    expectProblem(await client.get('/'), 500);
    client.close();
  });
});

describe('the packer', () => {
  const pack = (...args) => start('python3', ['-B', path.join(ROOT, 'tools/pack_assets.py'), ...args]).ended;

  it('refuses a page that no policy can hold', async () => {
    const pages = {
      '<p onclick="go()">x</p>': /onclick/,
      [Array.from({ length: 60 }, (_, i) => `<script>${i}</script>`).join('')]: /60 scripts/,
    };
    for (const [html, complaint] of Object.entries(pages)) {
      const odd = await tinyExport(ROOT, { policies: false });
      writeFileSync(path.join(odd.dir, 'odd.html'), html);
      const { code, err } = await pack('--policies', odd.dir);
      odd.remove();
      assert.equal(code, 1, html.slice(0, 60));
      assert.match(err, complaint);
    }
  });

  it('refuses what is no hash beside the pages', async () => {
    for (const extra of [{ 'style-src': ["'unsafe-inline'"] }, { 'script-src': ['https://cdn.example'] }, { 'default-src': [] }]) {
      const odd = await tinyExport(ROOT, { policies: false });
      writeFileSync(path.join(odd.dir, 'csp.json'), JSON.stringify(extra));
      const { code, err } = await pack('--policies', odd.dir);
      odd.remove();
      assert.equal(code, 1, JSON.stringify(extra));
      assert.match(err, /csp\.json/);
    }
  });

  it('makes no release without pages', async () => {
    const out = path.dirname(site.dir);
    const { code, err } = await pack('--site', path.join(out, 'none'), '--blob', path.join(out, 'b'), '--table', path.join(out, 't'), '--blob-path', 'b', '--depfile', path.join(out, 'd'));
    assert.equal(code, 1);
    assert.match(err, /scripts\/web\.sh/);
  });
});

describe('a folder without pages', () => {
  it('is told at the start', async () => {
    const data = path.join(path.dirname(site.dir), 'data');
    for (const dir of [path.join(site.dir, 'nothing'), path.join(site.dir, 'agents'), path.join(site.dir, 'index.html')]) {
      const { code, err } = await cli(['serve', '--web-dir', dir], { env: { PORT: 0, AGENTGEN_DATA_DIR: data } });
      assert.equal(code, 78, err);
      assert.match(err, /holds no index\.html/);
    }
  });
});

describe('the pages in the program', () => {
  /** Every file that the program packs and refers to from its pages, read like a browser would. */
  async function crawl() {
    const seen = new Map();
    const queue = ['/', '/swagger'];
    while (queue.length > 0) {
      const target = queue.shift();
      if (seen.has(target)) continue;
      const reply = await w.anonymous.get(target, { headers: NAVIGATION });
      seen.set(target, reply);
      if (reply.type !== 'text/html') continue;
      for (const [, link] of reply.text.matchAll(/\s(?:src|href)="([^"#?]+)/g)) {
        const url = new URL(link.replaceAll('&amp;', '&'), w.server.url);
        if (url.origin === w.server.url) queue.push(url.pathname);
      }
    }
    return seen;
  }

  it('lead to files that are there', async () => {
    const seen = await crawl();
    assert.ok(seen.size >= 4, [...seen.keys()].join(' '));
    for (const [target, reply] of seen) {
      assert.equal(reply.status, 200, target);
      if (reply.type !== 'text/html') continue;
      const policy = policyOf(reply);
      assert.deepEqual(policy['default-src'], ["'none'"], target);
      assert.deepEqual(policy['frame-ancestors'], ["'none'"], target);
      assert.doesNotMatch(reply.headers['content-security-policy'], /unsafe-(inline|eval)|https?:|\*/, target);
      for (const [, script] of reply.text.matchAll(/<script(?![^>]*\ssrc=)[^>]*>([^]*?)<\/script>/g)) {
        assert.ok(policy['script-src'].includes(sha256(script)), `${target}: ${script.slice(0, 60)}`);
      }
    }
  });

  it('come in every form a client takes', async () => {
    for (const [target, reply] of await crawl()) {
      const plain = await w.anonymous.get(target, { headers: { 'accept-encoding': 'identity' } });
      assert.equal(plain.headers['content-encoding'], undefined, target);
      assert.deepEqual(plain.body, reply.body, target);
      const forms = { br: brotliDecompressSync, gzip: gunzipSync };
      for (const [coding, open] of Object.entries(forms)) {
        const packed = await w.anonymous.get(target, { headers: { 'accept-encoding': coding } });
        const opened = packed.headers['content-encoding'] ? open(packed.body) : packed.body;
        if (packed.headers['content-encoding']) assert.equal(packed.headers['content-encoding'], coding);
        assert.deepEqual(opened, plain.body, `${target} as ${coding}`);
        if (target.startsWith('/openapi')) continue;
        assert.match(packed.headers.vary, /accept-encoding/i, target);
        const again = await w.anonymous.get(target, { headers: { 'accept-encoding': coding, 'if-none-match': packed.headers.etag } });
        assert.equal(again.status, 304, target);
      }
    }
  });

  it('are the same for a slash more, a query more, and HEAD', async () => {
    assert.equal((await w.anonymous.get('/swagger/')).headers.location, '/swagger');
    const [page, query, head] = [await w.anonymous.get('/'), await w.anonymous.get('/?_rsc=1'), await w.anonymous.request('HEAD', '/')];
    assert.deepEqual([page.status, query.text, head.headers['content-length']], [200, page.text, page.headers['content-length']]);
  });

  it('are found beside those of a folder too', async () => {
    const reply = await get('/swagger');
    assert.equal(reply.text, (await w.anonymous.get('/swagger')).text);
    assert.equal((await get('/swagger/init.js')).type, 'text/javascript');
  });
});
