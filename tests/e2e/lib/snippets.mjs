// The programs that a page shows, run as somebody would who copied them.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);
const LIMIT_MS = 20_000;

const HOW = {
  curl: (code) => ['sh', ['-c', code]],
  JavaScript: (code) => [process.execPath, ['--input-type=module', '-e', code]],
  Python: (code) => ['python3', ['-c', code]],
};

/** Where each begins, and the languages there are. */
export const SNIPPETS = { curl: /^curl /, JavaScript: /^const reply = await fetch/, Python: /^import json/ };

/** What a program prints. It fails as the program does. */
export async function runSnippet(language, code) {
  const [command, args] = HOW[language](code);
  const { stdout } = await run(command, args, { timeout: LIMIT_MS, env: { PATH: process.env.PATH } });
  return stdout;
}

/** The answer in what a program printed: JSON or events from curl, the bare text from the others. */
export function answerIn(language, printed) {
  if (language !== 'curl') return printed.trimEnd();
  if (printed.startsWith('{')) return JSON.parse(printed).response;
  const events = printed.split('\n\n').filter((event) => /^event: delta$/m.test(event));
  return events.map((event) => JSON.parse(/^data: (.*)$/m.exec(event)[1]).text).join('');
}
