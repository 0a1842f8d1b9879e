// The matrix: every route of the route table, for every kind of principal, by every carrier of a
// credential, with an id of their own, of somebody else's and of nobody's. What is expected follows
// from the route's own row; a row that says too little for that fails here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { absentId, expectProblem, withoutRequestId } from '../lib/expect.mjs';
import { makers } from '../lib/makers.mjs';
import { principals } from '../lib/principals.mjs';
import { sampleBody } from '../lib/sample.mjs';
import { cli, openapiDocument } from '../lib/server.mjs';
import { unique, world } from '../lib/world.mjs';

const w = world({ prepare });
let document;
let routes;
let everybody;
let make;

/** What ends the session or the membership that the tests stand on; they have tests of their own. */
const ENDS = ['logout', 'leaveOrganization'];
const PARAMETERS = { provider: 'sandbox', slug: 'A'.repeat(22) };
const HAS_ID = '{id}';
/** Bodies that say what their schema alone does not ask for. */
const BODIES = { updateMember: { role: 'viewer' } };

async function prepare() {
  document = await openapiDocument();
  routes = JSON.parse((await cli(['routes', '--json'])).out);
  everybody = await principals(w);
  make = makers(w, everybody);
}

const title = (route, who, carrier, id) => `${route.method} ${route.path} for ${who.name}, ${carrier.name}${id ? `, id ${id}` : ''}`;

function call(carrier, route, id = absentId()) {
  const path = route.path.replace(HAS_ID, id).replace(/\{(\w+)\}/g, (_, name) => PARAMETERS[name] ?? 'none');
  // Without an id in the path an empty body is refused before anything is made.
  const json = route.path.includes(HAS_ID) ? BODIES[route.id] ?? sampleBody(document, route, unique('m')) : sampleBody(document, route, 'm') && {};
  return carrier.client.request(route.method, path, { json });
}

/** What a row says of this principal by this carrier: 'open', 'ended', or a status with its code. */
function verdict(route, who, carrier) {
  if (route.permission === 'public') return 'open';
  if (!carrier.credential) return [401, 'unauthenticated'];
  if (who.ended) return 'ended';
  if (!route.credentials.includes(carrier.credential)) return [403, 'forbidden'];
  if (!carrier.permissions.has(route.permission)) return [403, 'forbidden'];
  if (carrier.agent && route.agent_keys === 'none') return [403, 'forbidden'];
  if (route.recent) return carrier.credential === 'api_key' ? [403, 'forbidden'] : [403, 'reauthentication_required'];
  return 'open';
}

function assertVerdict(reply, expected, what) {
  if (expected === 'ended') assert.ok([401, 403].includes(reply.status), `${what}: ${reply.status} ${reply.text}`);
  else if (Array.isArray(expected)) {
    assert.equal(reply.status, expected[0], `${what}: ${reply.text}`);
    expectProblem(reply, ...expected);
  } else assert.ok(reply.status < 500 && ![401, 403].includes(reply.status), `${what}: ${reply.status} ${reply.text}`);
}

/** The id of one's own: of a key for one agent, that agent or a run of it. */
async function ownId(route, who, carrier) {
  if (carrier.agent && route.agent_keys === 'path') {
    await who.account.client.post(`/v1/agents/${carrier.agent.id}/restore`);
    return carrier.agent.id;
  }
  if (carrier.agent && route.agent_keys === 'run') {
    return (await who.account.client.post('/v1/ai/generate', { agent_id: carrier.agent.id, input_text: 'x' })).json.run_id;
  }
  return make[route.resource].own(who);
}

/** Foreign and absent are one answer; one's own is there. */
async function checkIds(route, who, carrier) {
  const expected = verdict(route, who, carrier);
  const absent = await call(carrier, route);
  const what = title(route, who, carrier);
  if (expected !== 'open') {
    assertVerdict(absent, expected, what);
  } else {
    assert.equal(absent.status, 404, `${what}: ${absent.text}`);
    expectProblem(absent, 404, 'not_found');
  }
  const foreign = await make[route.resource].foreign?.();
  if (foreign) {
    const reply = await call(carrier, route, foreign);
    assert.equal(withoutRequestId(reply), withoutRequestId(absent), title(route, who, carrier, 'of somebody else'));
    assert.equal(reply.headers['content-length'], absent.headers['content-length'], what);
  }
  // What is refused is refused before anything is looked for.
  const own = expected === 'open' ? await ownId(route, who, carrier) : undefined;
  if (!own) return;
  const reply = await call(carrier, route, own);
  // A key of the organisation created nothing: what only a creator may do is refused to it.
  if (carrier.shared && reply.status === 403) return;
  assertVerdict(reply, 'open', title(route, who, carrier, 'of their own'));
  assert.notEqual(reply.status, 404, title(route, who, carrier, 'of their own'));
}

/** Runs `check` for every principal and carrier at each of these routes; tells of all that is wrong at once. */
async function each(rows, check) {
  const wrong = [];
  let checked = 0;
  for (const route of rows) {
    for (const who of everybody.people) {
      for (const carrier of who.carriers) {
        checked += 1;
        await check(route, who, carrier).catch((e) => wrong.push(e.message.slice(0, 500)));
      }
    }
  }
  assert.equal(wrong.length, 0, `${wrong.length} of ${checked} are wrong:\n${wrong.slice(0, 20).join('\n\n')}`);
  return checked;
}

describe('the matrix', () => {
  it('has what it needs of every row', () => {
    assert.ok(routes.length > 80);
    for (const route of routes) {
      if (route.path.includes(HAS_ID)) assert.ok(make[route.resource], `${route.id}: no maker of '${route.resource}' in tests/lib/makers.mjs`);
      assert.ok(route.permission === 'public' || route.credentials.length > 0, route.id);
      for (const [, name] of route.path.matchAll(/\{(\w+)\}/g)) assert.ok(name === 'id' || PARAMETERS[name], `${route.id}: no value for {${name}}`);
    }
  });

  it('opens each route to whom its row opens it, by every carrier, and to nobody else', async () => {
    const rows = routes.filter((r) => !r.path.includes(HAS_ID) && !ENDS.includes(r.id));
    const checked = await each(rows, async (route, who, carrier) => {
      // Who shows a credential where none is wanted is no other case.
      if (route.permission === 'public' && carrier.credential) return;
      assertVerdict(await call(carrier, route), verdict(route, who, carrier), title(route, who, carrier));
    });
    assert.ok(checked > 1000, `${checked}`);
  });

  it('takes what is another\'s for what is not there, by every carrier', async () => {
    const rows = routes.filter((r) => r.path.includes(HAS_ID) && r.permission !== 'public');
    assert.ok(await each(rows, checkIds) > 500);
  });
});
