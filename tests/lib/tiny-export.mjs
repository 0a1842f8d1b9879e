// A website of a few files in the form in which Next.js exports one, in a folder of its own.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { run } from './process.mjs';

export const SCRIPT = 'document.title = "it ran";';
export const STYLE = 'main { color: rgb(0, 128, 0) }';
export const ATTRIBUTE = 'color: red';

const page = (title, more = '') => `<!DOCTYPE html><html lang="en"><head><title>${title}</title>
<link rel="stylesheet" href="/_next/static/chunks/0a1b2c.css"></head><body><main>${title}</main>${more}
<script src="/_next/static/chunks/3d4e5f.js" async=""></script></body></html>\n`;

const FILES = {
  'index.html': page('Home', `<style>${STYLE}</style><script>${SCRIPT}</script><p style="${ATTRIBUTE}">x &amp; y</p>`),
  'index.txt': '0:home\n',
  'login.html': page('Login'),
  'login.txt': '0:login\n',
  '404.html': page('Nothing here'),
  'agents.html': page('Agents'),
  'agents.txt': '0:agents\n',
  'agents/__next._tree.txt': '0:tree of agents\n',
  'agents/new.html': page('New agent'),
  'agents/_.html': page('Agent'),
  'agents/_.txt': '0:agent\n',
  'agents/_/__next._tree.txt': '0:tree of agent\n',
  'agents/_/edit.html': page('Edit agent'),
  'agents/_/edit.txt': '0:edit\n',
  'agents/_/edit/__next.!KGFwcCk.agents.$d$id.edit.__PAGE__.txt': '0:page of edit\n',
  '_next/static/chunks/0a1b2c.css': 'main { margin: 0 }\n',
  '_next/static/chunks/3d4e5f.js': `globalThis.ran = true;\n${'// a line to compress\n'.repeat(200)}`,
  '_next/static/media/font.0a1b.woff2': Buffer.from('wOF2 0123456789'),
  '_next/static/build/_buildManifest.js': 'self.__BUILD_MANIFEST = {};\n',
  'manifest.webmanifest': '{"name":"agentgen"}\n',
  'favicon.ico': Buffer.from([0, 0, 1, 0]),
  'icon.svg': '<svg xmlns="http://www.w3.org/2000/svg"/>\n',
  'logo.png': Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'),
  'robots.txt': 'User-agent: *\n',
  '.hidden.txt': 'hidden\n',
  'csp.json': JSON.stringify({ 'style-src': ['sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='] }),
};

/** Writes it; {dir, files, remove()}. With `policies`, the packer writes those of the pages too. */
export async function tinyExport(root, { policies = true } = {}) {
  const base = mkdtempSync(path.join(tmpdir(), 'agweb-'));
  const dir = path.join(base, 'out');
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
    writeFileSync(path.join(dir, name), content);
  }
  writeFileSync(path.join(base, 'secret.txt'), 'root:secret\n');
  symlinkSync('/etc/passwd', path.join(dir, 'link.txt'));
  symlinkSync('..', path.join(dir, 'up'));
  if (policies) await run('python3', ['-B', path.join(root, 'tools/pack_assets.py'), '--policies', dir], { env: process.env });
  return { dir, files: FILES, remove: () => rmSync(base, { recursive: true, force: true }) };
}
