// The links that the server writes to people, out of its log: where no mail server is configured it
// puts them there for the operator.
import { parseLogLine } from './server.mjs';
import { within } from './time-and-ports.mjs';

/** The lines about mails to one address that the log of a server without a mail server has. */
export function loggedMails(server, to) {
  return server.log.split('\n').filter((line) => line.includes(' mail_not_sent '))
    .map(parseLogLine).filter((mail) => mail.to === to);
}

/** The link of the n-th mail of a kind to an address; waits for it. */
export async function loggedLink(server, kind, to, n = 1) {
  const until = Date.now() + within(5000);
  for (;;) {
    const mails = loggedMails(server, to).filter((mail) => mail.kind === kind);
    if (mails.length >= n) return mails[n - 1].link;
    if (Date.now() > until) throw new Error(`no mail ${n} of kind ${kind} to ${to}`);
    await new Promise((resolve) => { setTimeout(resolve, 10); });
  }
}

/** What a page finds behind `#token=` of a link. */
export const tokenOf = (link) => {
  const { hash } = new URL(link);
  if (!hash.startsWith('#token=')) throw new Error(`no token in ${link}`);
  return hash.slice('#token='.length);
};

export const loggedToken = async (server, kind, to, n) => tokenOf(await loggedLink(server, kind, to, n));
