// Every page is valid HTML and the stylesheet valid CSS (Nu HTML checker, warnings count), nothing is left untranslated,
// and each page has the structure that all kinds of readers rely on.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE, PAGES, get, none, pageNamed } from './lib.mjs';

const jar = createRequire(import.meta.url).resolve('vnu-jar/build/dist/vnu.jar');
const texts = new Map();
const wrong = [];
let folder;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windowshop-html-'));
  for (const page of PAGES) {
    const answer = await get(page), lang = answer.headers.get('content-language');
    if (answer.status !== page.status) wrong.push(`${page.name}: answered ${answer.status}, not ${page.status}`);
    if (lang !== page.lang) wrong.push(`${page.name}: says that it is ${lang}`);
    texts.set(page, await answer.text());
  }
});
after(() => rmSync(folder, { recursive: true }));

/** What the checker reports about these files, [{ name, text }]. */
function check(files, kind, ...flags) {
  const paths = files.map(({ text }, i) => {
    const path = join(folder, `${i}.${kind}`);
    writeFileSync(path, text);
    return path;
  });
  const run = spawnSync('java', ['-Xss4m', '-jar', jar, '--Werror', '--format', 'json', '--exit-zero-always', ...flags, ...paths], { encoding: 'utf8', maxBuffer: 1 << 26 });
  assert.equal(run.status, 0, `the checker did not run: ${run.error ?? run.stderr.slice(0, 500)}`);
  // One line for each message, with its first location and the number of others.
  const said = new Map();
  for (const message of JSON.parse(run.stderr).messages) {
    const file = files[+/(\d+)\.\w+$/.exec(message.url ?? '')?.[1]];
    const words = `${message.subType ?? message.type}: ${message.message}`;
    const place = `${file?.name ?? '?'}, line ${message.lastLine}: ${message.extract?.replace(/\s+/g, ' ').slice(0, 120)}`;
    said.set(words, [...(said.get(words) ?? []), place]);
  }
  return [...said].map(([words, places]) => `${words} (${places.length} times, first in ${places[0]})`);
}

test('every page answers with its status and its language', () => none(wrong));

test(`${PAGES.length} pages are valid HTML`, () => none(check(PAGES.map(page => ({ name: page.name, text: texts.get(page) })), 'html')));

test('the stylesheets are valid CSS, and the one in the page is the one that the policy names', async () => {
  const [, href] = /<link rel="stylesheet" href="([^"]+)"/.exec(texts.get(pageNamed('glossary')));
  // The checker blocked this process for longer than the server keeps an idle connection: let it notice that.
  await new Promise(resolve => setTimeout(resolve, 50));
  const [inside, list] = [...texts.get(PAGES[0]).matchAll(/<style>([^<]*)<\/style>/g)].map(found => found[1]);
  const sheet = { name: href, text: await (await fetch(BASE + href)).text() };
  none(check([sheet, { name: 'inside', text: inside }, { name: 'list', text: list }], 'css', '--css'));
  const policy = (await get(PAGES[0])).headers.get('content-security-policy');
  for (const text of [inside, list]) {
    assert.ok(policy.includes(`'sha256-${createHash('sha256').update(text).digest('base64')}'`), policy);
  }
  for (const page of PAGES) assert.ok(texts.get(page).includes(`<style>${inside}</style>`), page.name);
});

test('no page lacks a word', () => {
  none(PAGES.flatMap(page => {
    const at = texts.get(page).indexOf('[…]');
    return at < 0 ? [] : [`${page.name}: […] after ${JSON.stringify(texts.get(page).slice(Math.max(0, at - 60), at))}`];
  }));
});

test('every page has its language, its title, one h1, its landmarks and a link to itself in the other language', () => {
  none(PAGES.flatMap(page => {
    const html = texts.get(page), faults = [];
    const count = pattern => (html.match(pattern) ?? []).length;
    const unless = (fine, words) => { if (!fine) faults.push(`${page.name}: ${words}`); };
    unless(html.startsWith('<!DOCTYPE html>'), 'does not begin with its doctype');
    unless(html.includes(`<html lang="${page.lang}">`), 'is not marked as its language');
    unless(/<title>[^<]{5,} \| Windowshop<\/title>/.test(html), 'has no title of its own');
    unless(count(/<h1[ >]/g) === 1, `has ${count(/<h1[ >]/g)} h1`);
    for (const landmark of ['header', 'main', 'footer']) unless(count(new RegExp(`<${landmark}[ >]`, 'g')) === 1, `has not one ${landmark}`);
    const other = page.lang === 'en' ? 'es' : 'en';
    unless(new RegExp(`<a [^>]*hreflang="${other}"[^>]*lang="${other}"|<a [^>]*lang="${other}"[^>]*hreflang="${other}"`).test(html), 'has no link to the other language');
    unless(!/<script| style=| on[a-z]+="/.test(html) && count(/<style/g) <= 2, 'has script inside, or more than its two styles');
    unless(/<meta name="description" content="[^"]{50,}">/.test(html), 'has no description');
    return faults;
  }));
});

test('titles and descriptions tell pages apart', () => {
  for (const lang of ['en', 'es']) {
    const named = ['home', 'list, one person', 'plan, without household', 'plan, every line', 'compare three', 'sheet', 'expected care', 'income helper', 'how, no income',
      'which county', 'another state’s marketplace', 'enroll', 'glossary', 'about prices', 'about costs', 'accessibility', 'privacy', 'away', 'not found', 'unreadable address'];
    for (const what of [/<title>([^<]*)/, /<meta name="description" content="([^"]*)"/]) {
      const found = named.map(name => what.exec(texts.get(pageNamed(name, lang)))[1]);
      assert.equal(new Set(found).size, found.length, found.join('\n'));
    }
  }
});
