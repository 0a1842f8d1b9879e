// Reporter for `node --test-reporter`: a line a test, its errors at once, and the totals as JSON on
// the last line, which run.mjs reads. A skipped test counts as failed: it proves nothing.
import { inspect } from 'node:util';

const indent = (text, by) => text.split('\n').map((line) => ' '.repeat(by) + line).join('\n');

/** The error as the test threw it, without the runner's own wrapping. */
function explain(error) {
  const cause = error?.cause ?? error;
  if (cause instanceof Error && cause.stack) {
    const inner = cause.cause ? `\ncause: ${inspect(cause.cause)}` : '';
    return cause.stack.replace(/^\s+at .*node:internal.*$\n?/gm, '') + inner;
  }
  return inspect(cause);
}

export default async function* report(source) {
  const totals = { passed: 0, failed: 0 };
  const names = [];
  for await (const { type, data } of source) {
    if (type === 'test:start') names[data.nesting] = data.name;
    if (type !== 'test:pass' && type !== 'test:fail') continue;
    const isSuite = data.details?.type === 'suite';
    const skipped = data.skip !== undefined;
    const ok = type === 'test:pass' && !skipped;
    // A suite or a file fails with its tests; it counts itself only when its own hooks fail.
    const derived = ['subtestsFailed'].includes(data.details?.error?.failureType);
    if (isSuite && (ok || derived)) continue;
    totals[ok ? 'passed' : 'failed'] += 1;
    const title = [...names.slice(0, data.nesting), data.name].join(' > ');
    yield `${ok ? 'ok    ' : 'NOT OK'} ${String(Math.round(data.details?.duration_ms ?? 0)).padStart(6)} ms  ${title}\n`;
    if (!ok) yield `${indent(skipped ? 'skipped' : explain(data.details?.error), 8)}\n`;
  }
  yield `${JSON.stringify(totals)}\n`;
}
