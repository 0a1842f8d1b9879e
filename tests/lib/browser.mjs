// A browser without a screen: it keeps cookies per site, sends them back, and goes where redirects
// send it. The server is reached by its public name, http://localhost:PORT, wherever that is.
import { Client } from './http.mjs';

class Jar {
  #cookies = new Map();

  take(headers) {
    for (const line of headers) {
      const [pair, ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      const gone = attributes.some((a) => /^max-age=0$/i.test(a)) || attributes.some((a) => /^expires=Thu, 01 Jan 1970/i.test(a));
      if (gone) this.#cookies.delete(name);
      else this.#cookies.set(name, pair.slice(name.length + 1));
    }
  }

  get(name) {
    return this.#cookies.get(name);
  }

  set(name, value) {
    this.#cookies.set(name, value);
  }

  delete(name) {
    this.#cookies.delete(name);
  }

  get header() {
    return [...this.#cookies].map(([name, value]) => `${name}=${value}`).join('; ') || undefined;
  }
}

export const SESSION = '__Host-agentgen_session';
export const VISITOR = '__Host-agentgen_oauth';

export class Browser {
  #elsewhere = new Map(); // jars of other sites, by origin

  constructor(server) {
    this.site = `http://localhost:${server.port}`;
    this.client = new Client(server.url);
    this.jar = new Jar();
  }

  /** A request to the server, from a page of its own. */
  async request(method, target, json) {
    const headers = { host: new URL(this.site).host, cookie: this.jar.header, origin: method === 'GET' ? undefined : this.site };
    const reply = await this.client.request(method, target, { json, headers });
    this.jar.take(reply.cookies);
    return reply;
  }

  get(target) {
    return this.request('GET', target);
  }

  post(target, json) {
    return this.request('POST', target, json);
  }

  delete(target) {
    return this.request('DELETE', target);
  }

  /** Goes to another site: {status, location, text}. */
  async away(url, init = {}) {
    const { origin } = new URL(url);
    if (!this.#elsewhere.has(origin)) this.#elsewhere.set(origin, new Jar());
    const jar = this.#elsewhere.get(origin);
    const reply = await fetch(url, { ...init, redirect: 'manual', headers: { ...init.headers, ...(jar.header ? { cookie: jar.header } : {}) } });
    jar.take(reply.headers.getSetCookie());
    const location = reply.headers.get('location');
    return { status: reply.status, location: location ? new URL(location, url).href : undefined, text: await reply.text() };
  }

  /** Loses the cookies of all other sites, and with them who somebody is there. */
  forgetElsewhere() {
    this.#elsewhere.clear();
  }

  /** The path and query on the server that an address elsewhere sent the browser to. */
  here(url) {
    if (!url?.startsWith(`${this.site}/`)) throw new Error(`${url} is not a place on ${this.site}`);
    return url.slice(this.site.length);
  }

  /** Begins a visit to a provider; the address of the provider's page. */
  async begin(provider, next) {
    const query = next === undefined ? '' : `?${new URLSearchParams({ next })}`;
    const reply = await this.get(`/v1/auth/oauth/${provider}${query}`);
    if (reply.status !== 302) throw new Error(`status ${reply.status}: ${reply.text}`);
    return reply.headers.location;
  }

  /** From the provider's page to the path the provider sends back to; `url` answers at once. */
  async approve(url) {
    const { status, location, text } = await this.away(url);
    if (status !== 302 && status !== 303) throw new Error(`the provider answered ${status}: ${text}`);
    return this.here(location);
  }

  /** The whole visit, to the reply of the callback. */
  async signIn(provider, next) {
    return this.get(await this.approve(await this.begin(provider, next)));
  }

  /** Begins a visit for the session: {reply, url}. */
  async link(provider, purpose = 'link', next = undefined) {
    const reply = await this.post(`/v1/auth/oauth/${provider}/link`, { purpose, next });
    return { reply, url: reply.status === 200 ? reply.json.url : undefined };
  }

  /** Signs in with a password. */
  async logIn(email, password) {
    return this.post('/v1/auth/login', { email, password });
  }

  close() {
    this.client.close();
  }
}
