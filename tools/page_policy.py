"""What a page of the web UI may do: its Content-Security-Policy, out of the page itself.

Next.js writes a few scripts into each page, and a style here and there. Each of them is allowed by
its hash, so nothing else that finds its way into a page runs.
"""
import base64
import hashlib
import json
import os
import re
import sys
from html.parser import HTMLParser

# Proxies keep the head of a reply in 4 KiB by default; this leaves room for the other fields.
POLICY_BYTES = 3072
EXTRA = 'csp.json'
HASH = re.compile(r"sha(256|384|512)-[A-Za-z0-9+/]+={0,2}\Z")


def hash_of(text):
    digest = hashlib.sha256(text.encode('utf-8')).digest()
    return 'sha256-' + base64.b64encode(digest).decode('ascii')


class Inline(HTMLParser):
    """Collects the hashes of what a page holds inline, in their order and each once."""

    def __init__(self, page):
        super().__init__(convert_charrefs=True)
        self.scripts, self.styles, self.attributes = {}, {}, {}
        self.page, self.inside, self.text = page, None, ''

    def handle_starttag(self, tag, attrs):
        for name, value in attrs:
            if name.startswith('on'):
                sys.exit(f'{self.page}: an attribute {name} of <{tag}> holds a script')
            if name == 'style' and value:
                self.attributes[hash_of(value)] = True
        if tag == 'style':
            self.inside, self.text = self.styles, ''
        elif tag == 'script' and not any(name == 'src' for name, _ in attrs):
            self.inside, self.text = self.scripts, ''

    def handle_data(self, data):
        if self.inside is not None:
            self.text += data

    def handle_endtag(self, tag):
        if tag in ('script', 'style') and self.inside is not None:
            if self.text:
                self.inside[hash_of(self.text)] = True
            self.inside = None


def extra_hashes(folder):
    """Hashes of styles that libraries insert while a page runs: {"style-src": ["sha256-..."]}."""
    path = os.path.join(folder, EXTRA)
    if not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as f:
        extra = json.load(f)
    for name, hashes in extra.items():
        if name not in ('script-src', 'style-src') or not all(HASH.match(h) for h in hashes):
            sys.exit(f'{path}: {name} holds something else than hashes of scripts or styles')
    return extra


def page_policy(page, data, extra):
    """The policy of the page `page`, its bytes being `data`."""
    inline = Inline(page)
    # A browser hashes what it has parsed, with one kind of line end.
    inline.feed(data.decode('utf-8').replace('\r\n', '\n').replace('\r', '\n'))
    inline.close()
    styles = {**inline.styles, **inline.attributes, **dict.fromkeys(extra.get('style-src', []))}
    scripts = {**inline.scripts, **dict.fromkeys(extra.get('script-src', []))}
    quoted = {name: ''.join(f" '{h}'" for h in hashes)
              for name, hashes in (('script', scripts), ('style', styles))}
    # Hashes hold for attributes only when this says so; it allows nothing by itself.
    attributes = " 'unsafe-hashes'" if inline.attributes else ''
    policy = (f"default-src 'none'; script-src 'self'{quoted['script']}; "
              f"style-src 'self'{attributes}{quoted['style']}; img-src 'self' data:; "
              "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
              "form-action 'self'; frame-ancestors 'none'")
    if len(policy) > POLICY_BYTES:
        sys.exit(f'{page}: its policy takes {len(policy)} bytes, more than {POLICY_BYTES}: '
                 f'{len(scripts)} scripts, {len(styles)} styles')
    return policy
