// What the tests of private pages share: what every page that they meet is looked at for, in its language, and all of those pages
// for the HTML checker at the end.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BASE, none } from './lib.mjs';

const require = createRequire(import.meta.url);
const axe = readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
const vnu = require.resolve('vnu-jar/build/dist/vnu.jar');
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice'];

/** The pages that the tests of one file meet, and what is wrong with them. `pictures`: where they are taken to; none if empty. */
export class Met {
  constructor(what, pictures) {
    Object.assign(this, { what, pictures, paths: [], faults: [], folder: mkdtempSync(join(tmpdir(), `windowshop-${what}-`)) });
    if (pictures) mkdirSync(pictures, { recursive: true });
  }

  end() { rmSync(this.folder, { recursive: true }); }

  /** Language and words of a page, which is kept for the HTML checker. Returns what says a fault of it. */
  async keep(tab, name, lang) {
    const say = fault => this.faults.push(`${name} (${lang}): ${fault}`);
    if (await tab.evaluate(() => document.documentElement.lang) !== lang) say('is in another language');
    if (/\[…\]|⟦|\{[a-z_]+\}/.test(await tab.locator('body').innerText())) say('lacks a message');
    const path = join(this.folder, `${this.paths.length}.html`);
    writeFileSync(path, await tab.content());
    this.paths.push(path);
    return say;
  }

  /** On a small phone, wide, and on a phone: what `touch` finds in the page, with a picture of the latter two. */
  async sizes(tab, [name, lang], say, touch, ...given) {
    for (const [width, height] of [[320, 640], [1280, 800], [360, 640]]) {
      await tab.setViewportSize({ width, height });
      (await tab.evaluate(touch, ...given)).forEach(fault => say(`at ${width} px ${fault}`));
      if (width !== 320) await this.picture(tab, `${name}-${lang}-${width}`);
    }
  }

  async picture(tab, name) {
    await tab.screenshot({ path: join(this.pictures, `${this.what}-${name}.png`), fullPage: true });
  }

  /** What axe finds. */
  async axe(tab, say) {
    await tab.evaluate(axe);
    const { violations } = await tab.evaluate(rules => window.axe.run(document, { runOnly: rules, resultTypes: ['violations'] }), RULES);
    violations.forEach(rule => rule.nodes.slice(0, 2).forEach(node => say(`${rule.id}: ${node.target.join(' ')} ${node.html.slice(0, 100)}`)));
  }

  /** Nothing was wrong since the last time. */
  none() { none(this.faults.splice(0)); }

  /** All of the pages, of which there must be more than this many, are valid HTML. */
  valid(least) {
    assert.ok(this.paths.length > least, `only ${this.paths.length} pages were seen`);
    const run = spawnSync('java', ['-Xss4m', '-jar', vnu, '--Werror', '--format', 'json', '--exit-zero-always', ...this.paths], { encoding: 'utf8', maxBuffer: 1 << 26 });
    assert.equal(run.status, 0, `${run.error ?? run.stderr.slice(0, 500)}`);
    none(JSON.parse(run.stderr).messages.map(message => `${message.url}: ${message.message} ${message.extract?.slice(0, 100) ?? ''}`));
  }
}

/** What an app shows for a key in base 32 (RFC 6238). */
export function shown(key, at = Date.now()) {
  const bits = [...key.replace(/ /g, '')].map(c => 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'.indexOf(c).toString(2).padStart(5, '0')).join('');
  const bytes = Buffer.from(bits.match(/.{8}/g).map(byte => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', bytes).update(step).digest();
  return String((mac.readUInt32BE(mac[19] & 15) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

/** Runs in the page: types and picks what is said, by question and row or by question; where nothing is, "none" or the first answer,
 * unless it may be left out. */
export function fill([answers, no, optional]) {
  for (const key of document.querySelector('input[name=on]')?.value.split(',') ?? []) {
    const question = key.split('.')[0];
    const said = answers[key] ?? answers[question] ?? (no.includes(question) ? 'none' : optional.includes(question) ? '' : undefined);
    const [date] = document.getElementsByName(`${key}.m`);
    const all = [...document.getElementsByName(key)];
    if (date) (said ?? '1/2/2020').split('/').forEach((part, i) => { document.getElementsByName(`${key}.${'mdy'[i]}`)[0].value = part; });
    else if (['radio', 'checkbox'].includes(all[0].type)) {
      const wanted = said === undefined ? [all[0].value] : said.split(',');
      all.forEach(choice => { if (wanted.includes(choice.value)) choice.checked = true; });
    } else if (all[0].tagName === 'SELECT') all[0].value = said ?? all[0].options[1].value;
    else all[0].value = said ?? (all[0].value || '1');
  }
}

/** From the shop, where people have searched for plans, to the page after sending; `said`: what `fill` types. */
export async function apply(tab, search, said, base = BASE) {
  const go = selector => Promise.all([tab.waitForNavigation({ waitUntil: 'load' }), tab.locator(selector).first().click()]);
  const place = () => new URL(tab.url()).pathname.split('/account/apply')[1]?.slice(1) ?? tab.url();
  await tab.goto(`${base}/plans?${search}`, { waitUntil: 'load' });
  for (const tick of (await tab.locator('article .foot input[name=plan]').all()).slice(0, 2)) await tick.check();
  await go('button[formaction$="/compare"]');
  await go('form[action$="/account/save"] button[formaction$="/account/apply/begin"]');
  await go('main form .buttons button');
  for (let pages = 0; !['check', 'sent'].includes(place()); pages++) {
    assert.ok(pages < 60, `no way on from ${place()}: ${await tab.locator('[role=alert]').allInnerTexts()}`);
    await tab.evaluate(fill, said);
    await go('main form[novalidate] .buttons button');
  }
  await tab.goto(`${base}/account/apply/sign`, { waitUntil: 'load' });
  await tab.evaluate(fill, said);
  await go('main form[novalidate] .buttons button');
  assert.equal(place(), 'sent', await tab.locator('main').innerText());
}

/** So many days ago, but in the year of the shipped sample: what lets people enroll from its own day does so for sixty days. */
export const lately = days => {
  const then = new Date(Math.min(Date.now() - days * 86_400_000, new Date(2026, 11, 31).getTime()));
  return `${then.getMonth() + 1}/${then.getDate()}/${then.getFullYear()}`;
};

/** What lets people enroll in the sample's year: in December coverage after a loss begins in the next year. */
export const EVENT = Date.now() < new Date(2026, 11, 1).getTime() ? 'loss_of_coverage' : 'court_order';
