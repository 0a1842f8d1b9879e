// The server's database from outside, for what no request can bring about.
import { query } from './postgres.mjs';
import { run } from './process.mjs';

export async function databaseFile(server) {
  return (await run('find', [server.dataDir, '-name', '*.db'])).trim().split('\n')[0];
}

/** Runs SQL that both databases understand; each row as the list of its columns' text. */
export async function sql(server, text) {
  if (server.kind === 'postgres') return query(server.databaseUrl, text, { org: '*' });
  const out = await run('sqlite3', ['-separator', '\x1f', '-cmd', '.timeout 5000', await databaseFile(server), text]);
  return out.split('\n').filter((line) => line !== '').map((line) => line.split('\x1f'));
}
